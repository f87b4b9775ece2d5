"""Recipes that search: anew, with the filters there are, or as before the last change."""

from collections.abc import Generator

from assistant.core.requests import Request
from assistant.planning.context import Call, ClarificationNeededError, PlanningContext, Recipe, RequestRefusedError
from assistant.planning.resolve_regions import resolve_regions
from assistant.planning.search_arguments import search_args, with_bare_number
from assistant.wording import fixed_sentences
from assistant.wording.not_yet import UNMET
from assistant.wording.phrases import joined
from assistant.wording.search_answers import search_answer
from tools.domain.facts import Facts, SearchFacts
from tools.settings import get_settings


def find_similar(request: Request, context: PlanningContext) -> Recipe:
    """Search for each region asked about, anew or going on with the filters there are."""
    if request.unknown_types:
        raise RequestRefusedError(fixed_sentences.no_such_type(request.unknown_types[0], context.state.atlas_types))
    if request.unclear and not request.wanted.said() and not request.cleared:
        raise ClarificationNeededError(fixed_sentences.how_unclear(request.unclear))
    if request.unread:
        request = with_bare_number(request, context)
    w = request.wanted
    for low, high in ((w.min_age, w.max_age), (w.min_size_mm, w.max_size_mm)):
        if low is not None and high is not None and low > high:
            raise ClarificationNeededError(fixed_sentences.CONTRADICTION)
    parts: list[str] = [UNMET[kind] for kind in request.unmet]
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
