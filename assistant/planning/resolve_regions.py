"""Reference resolution: which regions of the study a request is about."""

from collections.abc import Generator

from assistant.core.requests import RegionRef, Request
from assistant.planning.context import Call, ClarificationNeededError, PlanningContext, RequestRefusedError
from assistant.wording import fixed_sentences
from tools.domain.facts import Facts, RegionsFound

FOLLOWING = ("refine", "compare")  # requests that go on with the region spoken of last


def require_study(context: PlanningContext) -> None:
    """Raise RequestRefusedError while no study is open."""
    if context.state.study is None:
        raise RequestRefusedError(fixed_sentences.NO_STUDY)


def resolve_regions(request: Request, context: PlanningContext) -> Generator[Call, Facts, list[str]]:
    """Resolve the regions of a request; suggest some when there are none.

    Raises RequestRefusedError where a reference points at nothing, ClarificationNeededError where at several.
    """
    require_study(context)
    if request.regions and request.regions[0].kind == "id":
        return [resolve_region(ref, context) for ref in request.regions]
    if not context.regions:
        found = yield Call("find_regions", {})
        assert isinstance(found, RegionsFound)
        if not found.regions:
            raise RequestRefusedError(fixed_sentences.NOTHING_FOUND)
        context.suggested = True
    if any(ref.kind == "all" for ref in request.regions):
        return list(context.regions)
    if request.regions:
        return list(dict.fromkeys(resolve_region(ref, context) for ref in request.regions))
    if request.nth is not None and not request.hits and len(context.regions) > 1:
        return [_nth_region(request.nth, context)]
    return [_default_region(context, request.intent in FOLLOWING)]


def resolve_region(ref: RegionRef, context: PlanningContext) -> str:
    """Resolve one reference. Raises as `resolve_regions` does."""
    regions = list(context.regions.values())
    if ref.kind == "id":
        if ref.region_id not in context.regions:
            raise RequestRefusedError(fixed_sentences.no_such_region(ref.region_id, list(context.regions)))
        return ref.region_id
    if ref.kind in ("nth", "last"):
        return _nth_region(ref.n or -1, context)
    if ref.kind in ("largest", "smallest"):
        measured = sorted(regions, key=lambda r: r.long_axis_mm if r.long_axis_mm is not None else r.area_mm2 or 0.0)
        return measured[-1 if ref.kind == "largest" else 0].region_id
    current = _default_region(context)
    if ref.kind == "other":
        others = [r.region_id for r in regions if r.region_id != current]
        if len(others) == 1:
            return others[0]
        raise ClarificationNeededError(fixed_sentences.which_region(others or [current]))
    return current


def _nth_region(n: int, context: PlanningContext) -> str:
    """Return the n-th region, from 1, of the suggestions last shown, else of all; -1 is the last."""
    ids = [r for r in context.state.last_found if r in context.regions] or list(context.regions)
    if n == -1:
        return ids[-1]
    if not 1 <= n <= len(ids):
        raise RequestRefusedError(fixed_sentences.no_such_region(f"number {n}", ids))
    return ids[n - 1]


def _default_region(context: PlanningContext, follow_up: bool = False) -> str:
    """Return the region of this message, the selected one, the one spoken of last, else the best suggestion.

    A follow-up prefers the region spoken of last, unless another was selected since.
    """
    state = context.state
    newest = (state.selected, state.last_region) if state.selection_changed else (state.last_region, state.selected)
    for region_id in (
        context.focus,
        *(newest if follow_up else newest[::-1] if not state.selection_changed else newest),
    ):
        if region_id in context.regions:
            return region_id
    marked = [r.region_id for r in context.regions.values() if r.origin != "suggested"]
    if len(marked) > 1:
        raise ClarificationNeededError(fixed_sentences.which_region(marked))
    best = max(context.regions.values(), key=lambda r: r.score if r.score is not None else 2.0)
    return best.region_id
