"""Recipes that search: anew, with the filters there are, or as before the last change; and a search's arguments."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from assistant.core.requests import FilterSpec, Request
from assistant.planning.context import (
    Call,
    ClarificationNeededError,
    PlanningContext,
    Recipe,
    RequestRefusedError,
    resolve_regions,
)
from assistant.wording import fixed_sentences
from assistant.wording.phrases import joined
from assistant.wording.search_answers import search_answer
from tools.domain.facts import Facts, SearchFacts
from tools.settings import get_settings

MIN_BOUND_RATIO = 2.0  # how much closer to one bound a bare number must be than to any other it could replace
FILTER_ARGS: dict[str, tuple[str, ...]] = {
    "type": ("lesion_types",),
    "sex": ("sex",),
    "age": ("min_age", "max_age"),
    "size": ("min_size_mm", "max_size_mm"),
    "scope": ("scope",),
}


def find_similar(request: Request, context: PlanningContext) -> Recipe:
    """Search for each region asked about, anew or going on with the filters there are."""
    if request.unknown_type:
        raise RequestRefusedError(fixed_sentences.no_such_type(context.state.atlas_types))
    if request.unclear and not request.wanted.said() and not request.cleared:
        raise ClarificationNeededError(fixed_sentences.how_unclear(request.unclear))
    if request.unread:
        request = with_bare_number(request, context)
    w = request.wanted
    for low, high in ((w.min_age, w.max_age), (w.min_size_mm, w.max_size_mm)):
        if low is not None and high is not None and low > high:
            raise ClarificationNeededError(fixed_sentences.CONTRADICTION)
    parts: list[str] = [(fixed_sentences.UNMET | fixed_sentences.NO_FILTER)[kind] for kind in request.unmet]
    if request.unclear:  # beside filters that are clear
        parts.append(fixed_sentences.how_unclear(request.unclear))
    if (request.wanted.k or 0) > get_settings().max_hits:
        parts.append(fixed_sentences.HIT_LIMIT_NOTE)
    for region_id in (yield from resolve_regions(request, context)):
        args = search_args(request, context, region_id)
        facts = yield Call("search_similar_lesions", args)
        assert isinstance(facts, SearchFacts)
        parts.append(
            describe_search(
                facts, context, asked_type=request.types[0] if request.intent == "what" and request.types else None
            )
        )
    return joined(parts)


def describe_search(facts: SearchFacts, context: PlanningContext, asked_type: str | None = None) -> str:
    """Put a search in words; the caution comes once a conversation."""
    caution = not context.state.cautioned and not context.cautioned
    context.cautioned = True
    others = [r for r in context.regions.values() if r.region_id != facts.region_id] if context.suggested else []
    return search_answer(
        facts,
        context.regions[facts.region_id],
        evidence=context.evidence,
        suggested=context.suggested,
        others=others,
        asked_type=asked_type,
        atlas_types=context.state.atlas_types,
        caution=caution,
    )


def undo(request: Request, context: PlanningContext) -> Recipe:
    """Repeat the search as it was before the last change."""
    trail = context.state.trail
    if len(trail) < 2:
        raise RequestRefusedError(fixed_sentences.NOTHING_BEFORE if trail else fixed_sentences.NOTHING_TO_UNDO)
    facts = yield Call("search_similar_lesions", dict(trail[-2]))
    assert isinstance(facts, SearchFacts)
    return joined([fixed_sentences.WENT_BACK, describe_search(facts, context)])


def plain_search(region_id: str, context: PlanningContext) -> Generator[Call, Facts, SearchFacts]:
    """Return the search of a region there is already, else make one without filters."""
    past = context.searches.get(region_id)
    if past is not None:
        return past.facts
    found = yield Call("search_similar_lesions", {"region_id": region_id})
    assert isinstance(found, SearchFacts)
    return found


def search_args(request: Request, context: PlanningContext, region_id: str) -> dict[str, Any]:
    """Build the arguments of a search: what was said, over what the last search had where the request builds on it."""
    before = dict(context.last_search.args) if request.goes_on and context.last_search else {}
    before.pop("region_id", None)
    for name in request.cleared:
        for argument in FILTER_ARGS[name]:
            before.pop(argument, None)
    for argument in [a for a in before if request.cleared_end and a.startswith(f"{request.cleared_end}_")]:
        before.pop(argument)
    if "type" in request.cleared and "sex" in request.cleared:
        before.pop("k", None)  # everything was lifted
    said = request.wanted.said()
    types = before.get("lesion_types")
    if request.left_out and types:
        said["lesion_types"] = [t for t in types if t not in request.left_out] or said.get("lesion_types")
    elif request.adds_types and types and said.get("lesion_types"):
        said["lesion_types"] = list(dict.fromkeys([*types, *(request.wanted.lesion_types or ())]))
    elif request.adds_types and request.goes_on and context.last_search and not types and len(said) == 1:
        said.pop("lesion_types", None)  # "bone too", where every type is searched already
    args = {**before, **said}
    for low, high in (("min_age", "max_age"), ("min_size_mm", "max_size_mm")):
        if args.get(low) is not None and args.get(high) is not None and args[low] > args[high]:
            args.pop(high if low in said else low)  # the newer bound wins
    if request.more and context.last_search:
        args["k"] = min(get_settings().max_hits, context.last_search.facts.asked_k + request.more)
    args["k"] = min(args.get("k", 0), get_settings().max_hits)
    if not args["k"]:
        args.pop("k")
    return {"region_id": region_id, **args}


def with_bare_number(request: Request, context: PlanningContext) -> Request:
    """Let a bare number ("make it 70") replace the one bound there is.

    Raises ClarificationNeededError where it could be more than one thing.
    """
    before = context.last_search.args if request.goes_on and context.last_search else {}
    bounds = [name for name in ("min_age", "max_age", "min_size_mm", "max_size_mm", "k") if name in before]
    value = float(request.unread)
    if not bounds and context.last_search and request.goes_on and value <= get_settings().max_hits:
        bounds = ["k"]
        before = {**before, "k": context.last_search.facts.asked_k}
    bound = _nearest_bound({name: float(before[name]) for name in bounds}, value)
    if not bound or request.wanted.said():
        raise ClarificationNeededError(fixed_sentences.what_number(request.unread))
    said = {bound: value if "size" in bound and value != int(value) else int(value)}
    return replace(request, wanted=FilterSpec(**said), unread="")  # type: ignore[arg-type]


def _nearest_bound(bounds: dict[str, float], value: float) -> str:
    """Name the bound a number replaces: the only one, or one far closer to it than the others; else empty."""
    for low, high in (("min_age", "max_age"), ("min_size_mm", "max_size_mm")):
        if low in bounds and high in bounds and not bounds[low] < value < bounds[high]:
            bounds.pop(low if value >= bounds[high] else high)  # a lower bound cannot lie above the upper
    ratios = sorted((max(value, now) / max(1e-6, min(value, now)), name) for name, now in bounds.items())
    if not ratios or (len(ratios) > 1 and ratios[0][0] * MIN_BOUND_RATIO > ratios[1][0]):
        return ""
    return ratios[0][1]
