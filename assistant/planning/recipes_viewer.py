"""The recipes of what is seen and kept: the view of the series, regions accepted and removed, and what lies between."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.core.requests import RegionRef, Request
from assistant.planning.context import (
    ClarificationNeededError,
    PlanningContext,
    Recipe,
    RequestRefusedError,
    require_study,
    resolve_region,
    resolve_regions,
    stated,
    stated_of_each,
)
from assistant.planning.recipes import resolve_series
from assistant.planning.recipes_search import undo as undo_search
from assistant.wording import fixed_sentences
from tools.domain.planes import PLANES
from tools.domain.view import ViewChange
from tools.domain.windows import DISPLAY_WINDOWS


def view(request: Request, context: PlanningContext) -> Recipe:
    """Change how the viewer shows the series."""
    require_study(context)
    assert context.state.study is not None
    change = request.view or ViewChange()
    slices = context.state.study.slices
    if change.slice is not None and change.slice < 1:  # the last or the middle one
        change = replace(change, slice=slices if change.slice < 0 else slices // 2 + 1)
    if request.regions:
        change = replace(change, zoom_on=resolve_region(request.regions[0], context))
    return (yield from stated("set_view", dict(_arguments(change))))


def beside(request: Request, context: PlanningContext) -> Recipe:
    """Put other planes, another series or another study beside the picture, or nothing any more."""
    require_study(context)
    topic, series = request.topic, context.series
    if set(planes := topic.split("+")) <= {"", *PLANES}:
        return (yield from stated("set_view", {"planes": [plane for plane in planes if plane]}))
    if topic == "study" or (topic in ("other", "prior") and len(series) < 2):
        which = "study"
    elif topic in ("other", "prior"):  # of several others: the one behind it in the list
        which = str(resolve_series("next" if topic == "other" else topic, context))
    else:
        which = next((n for n in planes if int(n) != context.series_number), planes[0])
    return (yield from stated("set_view", {"beside": which}))


def _arguments(change: ViewChange) -> Iterator[tuple[str, object]]:
    """List what is to change as the arguments of the tool."""
    named = next((name.lower() for name, one in DISPLAY_WINDOWS.items() if one == change.window), None)
    if named is not None:
        yield "window", named
    elif change.window is not None:
        yield from (("width_hu", change.window.width_hu), ("level_hu", change.window.level_hu))
    for name in ("slice", "slices_on", "window_step", "zoom", "zoom_on", "save_picture"):
        if value := getattr(change, name):
            yield name, value
    for name in ("show", "hide"):
        if value := getattr(change, name):
            yield name, list(value)


def remove(request: Request, context: PlanningContext) -> Recipe:
    """Delete regions, or dismiss suggested ones: those that are named, or the one on the screen."""
    return (yield from _of_each("remove_region", _chosen(request, context)))


def accept(request: Request, context: PlanningContext) -> Recipe:
    """Accept suggested regions as the user's own."""
    return (yield from _of_each("accept_region", _chosen(request, context)))


def distance(request: Request, context: PlanningContext) -> Recipe:
    """Measure between two regions: those named, the one named and the selected one, or the only two there are."""
    require_study(context)
    ids = list(dict.fromkeys(resolve_region(ref, context) for ref in request.regions if ref.kind != "all"))
    if len(ids) < 2:
        others = [r for r in context.regions if r not in ids]
        if len(ids) + len(others) < 2:
            raise RequestRefusedError(fixed_sentences.TWO_REGIONS)
        if context.state.selected in others and ids:
            others = [context.state.selected]  # type: ignore[list-item]
        if len(ids) + len(others) > 2:
            raise ClarificationNeededError(fixed_sentences.which_region(others))
        ids += others
    return (yield from stated("measure_distance", {"region_id": ids[0], "other_region_id": ids[1]}))


def densities(request: Request, context: PlanningContext) -> Recipe:
    """Say how the densities inside regions are spread."""
    return (yield from _of_each("describe_densities", (yield from resolve_regions(request, context))))


def volume(request: Request, context: PlanningContext) -> Recipe:
    """Measure regions over the slices."""
    return (yield from _of_each("measure_volume", (yield from resolve_regions(request, context))))


def density(request: Request, context: PlanningContext) -> Recipe:
    """Read one pixel: the one that is named, else the one that is pointed at."""
    require_study(context)
    column, row = request.point or (None, None)
    said = {"column": column, "row": row, "slice": request.slice}
    return (yield from stated("read_density", {name: value for name, value in said.items() if value is not None}))


def rename(request: Request, context: PlanningContext) -> Recipe:
    """Name the region that is meant."""
    chosen = _chosen(request, context)
    if not request.name:
        raise ClarificationNeededError(fixed_sentences.WHICH_NAME)
    return (yield from stated("rename_region", {"region_id": chosen[0], "name": request.name}))


def undo(request: Request, context: PlanningContext) -> Recipe:
    """Take back what was done last: a region deleted or outlined anew, else a change of the search."""
    if not context.state.changed_last and request.topic != "region":
        return (yield from undo_search(request, context))
    named = next(({"region_id": ref.region_id} for ref in request.regions if ref.kind == "id"), {})
    return (yield from stated("undo_change", named))


def _of_each(tool: str, region_ids: Sequence[str]) -> Recipe:
    """Call a tool for each of these regions; what it states is the answer."""
    return stated_of_each(tool, ({"region_id": region_id} for region_id in region_ids))


def _chosen(request: Request, context: PlanningContext) -> list[str]:
    """Resolve the regions that something is done to; nothing is done to one that was not meant.

    Raises RequestRefusedError where there is none, ClarificationNeededError where none is named or selected.
    """
    require_study(context)
    if not context.regions:
        raise RequestRefusedError(fixed_sentences.NO_REGION)
    if any(ref.kind == "all" for ref in request.regions):
        return list(context.regions)
    if kept := {ref.region_id for ref in request.regions if ref.kind == "all but"}:
        if missing := kept - set(context.regions):
            raise RequestRefusedError(fixed_sentences.no_such_region(min(missing), list(context.regions)))
        if not (others := [region for region in context.regions if region not in kept]):
            raise RequestRefusedError(fixed_sentences.NO_OTHER_REGION)
        return others
    selected = context.state.selected
    if any(ref.kind == "other" for ref in request.regions):
        if selected not in context.regions:
            raise ClarificationNeededError(fixed_sentences.which_region(list(context.regions)))
        return [region for region in context.regions if region != selected]
    refs = list(request.regions)
    if request.nth is not None:
        refs.append(RegionRef("nth", n=request.nth))
    if not refs:
        if selected not in context.regions and len(context.regions) > 1:
            raise ClarificationNeededError(fixed_sentences.which_region(list(context.regions)))
        return [selected if selected in context.regions else next(iter(context.regions))]  # type: ignore[list-item]
    return list(dict.fromkeys(resolve_region(ref, context) for ref in refs))
