"""Recipes that search: anew, with the filters there are, or as before the last change."""

from collections.abc import Generator

from assistant.core.requests import Request
from assistant.planning.context import Call, ClarificationNeededError, PlanningContext, Recipe, RequestRefusedError
from assistant.planning.resolve_regions import region_ids
from assistant.planning.search_arguments import goes_on, search_args, with_number
from assistant.wording import fixed_sentences as remarks
from assistant.wording.phrases import joined
from assistant.wording.search_answers import search_answer
from tools.domain.facts import Facts, SearchFacts
from tools.settings import get_settings


def search(request: Request, turn: PlanningContext) -> Recipe:
    """A search in words of likeness starts anew; one that only names filters goes on with those there are."""
    return (yield from find_similar(request, turn, inherit=goes_on(request)))


def find_similar(request: Request, turn: PlanningContext, inherit: bool) -> Recipe:
    """Search for each region asked about; `inherit` keeps the filters of the last search."""
    if request.unknown_types:
        raise RequestRefusedError(remarks.no_such_type(request.unknown_types[0], turn.state.atlas_types))
    if request.unclear and not request.wanted.said() and not request.cleared:
        raise ClarificationNeededError(remarks.how_unclear(request.unclear))
    if request.unread:
        request = with_number(request, turn, inherit)
    w = request.wanted
    for low, high in ((w.min_age, w.max_age), (w.min_size_mm, w.max_size_mm)):
        if low is not None and high is not None and low > high:
            raise ClarificationNeededError(remarks.CONTRADICTION)
    parts: list[str] = [remarks.NOT_A_FILTER] if request.not_applied else []
    if (request.wanted.k or 0) > get_settings().max_hits:
        parts.append(remarks.MOST_HITS_SHOWN)
    for region_id in (yield from region_ids(request, turn)):
        args = search_args(request, turn, region_id, inherit)
        facts = yield Call("search_similar_lesions", args)
        assert isinstance(facts, SearchFacts)
        parts.append(
            in_words(facts, turn, asked_type=request.types[0] if request.intent == "what" and request.types else None)
        )
    return joined(parts)


def in_words(facts: SearchFacts, turn: PlanningContext, asked_type: str | None = None) -> str:
    """A search in words; the caution comes once a conversation."""
    caution = not turn.state.cautioned and not turn.cautioned
    turn.cautioned = True
    others = [r for r in turn.regions.values() if r.region_id != facts.region_id] if turn.suggested else []
    return search_answer(
        facts,
        turn.regions[facts.region_id],
        evidence=turn.evidence,
        suggested=turn.suggested,
        others=others,
        asked_type=asked_type,
        atlas_types=turn.state.atlas_types,
        caution=caution,
    )


def undo(request: Request, turn: PlanningContext) -> Recipe:
    """The search as it was before the last change."""
    trail = turn.state.trail
    if len(trail) < 2:
        raise RequestRefusedError(remarks.NOTHING_BEFORE if trail else remarks.NOTHING_SEARCHED)
    facts = yield Call("search_similar_lesions", dict(trail[-2]))
    assert isinstance(facts, SearchFacts)
    return joined([remarks.WENT_BACK, in_words(facts, turn)])


def plain_search(region_id: str, turn: PlanningContext) -> Generator[Call, Facts, SearchFacts]:
    """The search of a region there is already, else a plain one."""
    past = turn.searches.get(region_id)
    if past is not None:
        return past.facts
    found = yield Call("search_similar_lesions", {"region_id": region_id})
    assert isinstance(found, SearchFacts)
    return found
