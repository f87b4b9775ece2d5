"""Which regions of the study a request is about."""

from collections.abc import Generator

from assistant.core.requests import RegionRef, Request
from assistant.planning.context import Call, ClarificationNeededError, PlanningContext, RequestRefusedError
from assistant.wording import fixed_sentences as remarks
from tools.domain.facts import Facts, RegionsFound

FOLLOWING = ("refine", "compare")  # requests that go on with the region spoken of last


def need_study(turn: PlanningContext) -> None:
    """Raises what to say while no study is open."""
    if turn.state.study is None:
        raise RequestRefusedError(remarks.NO_STUDY)


def region_ids(request: Request, turn: PlanningContext) -> Generator[Call, Facts, list[str]]:
    """The regions a request is about; proposes some when there are none."""
    need_study(turn)
    if request.regions and request.regions[0].kind == "id":
        return [pointed_region(ref, turn) for ref in request.regions]
    if not turn.regions:
        found = yield Call("find_regions", {})
        assert isinstance(found, RegionsFound)
        if not found.regions:
            raise RequestRefusedError(remarks.NOTHING_FOUND)
        turn.suggested = True
    if any(ref.kind == "all" for ref in request.regions):
        return list(turn.regions)
    if request.regions:
        return list(dict.fromkeys(pointed_region(ref, turn) for ref in request.regions))
    if request.nth is not None and not request.hits and len(turn.regions) > 1:
        return [_nth_region(request.nth, turn)]
    return [_default_region(turn, request.intent in FOLLOWING)]


def pointed_region(ref: RegionRef, turn: PlanningContext) -> str:
    """The region a reference points at. Raises what to say when there is none, or more than one."""
    regions = list(turn.regions.values())
    if ref.kind == "id":
        if ref.region_id not in turn.regions:
            raise RequestRefusedError(remarks.no_such_region(ref.region_id, list(turn.regions)))
        return ref.region_id
    if ref.kind in ("nth", "last"):
        return _nth_region(ref.n or -1, turn)
    if ref.kind in ("largest", "smallest"):
        measured = sorted(regions, key=lambda r: r.long_axis_mm if r.long_axis_mm is not None else r.area_mm2 or 0.0)
        return measured[-1 if ref.kind == "largest" else 0].region_id
    current = _default_region(turn)
    if ref.kind == "other":
        others = [r.region_id for r in regions if r.region_id != current]
        if len(others) == 1:
            return others[0]
        raise ClarificationNeededError(remarks.which_region(others or [current]))
    return current


def _nth_region(n: int, turn: PlanningContext) -> str:
    ids = [r for r in turn.state.last_found if r in turn.regions] or list(turn.regions)
    if n == -1:
        return ids[-1]
    if not 1 <= n <= len(ids):
        raise RequestRefusedError(remarks.no_such_region(f"number {n}", ids))
    return ids[n - 1]


def _default_region(turn: PlanningContext, follow_up: bool = False) -> str:
    """The region of this message, the selected one, the one spoken of last, else the best suggestion."""
    state = turn.state
    newest = (state.selected, state.last_region) if state.selection_changed else (state.last_region, state.selected)
    for region_id in (turn.focus, *(newest if follow_up else newest[::-1] if not state.selection_changed else newest)):
        if region_id in turn.regions:
            return region_id
    marked = [r.region_id for r in turn.regions.values() if r.origin != "suggested"]
    if len(marked) > 1:
        raise ClarificationNeededError(remarks.which_region(marked))
    best = max(turn.regions.values(), key=lambda r: r.score if r.score is not None else 2.0)
    return best.region_id
