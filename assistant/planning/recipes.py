"""The recipes beside searching: one for each kind of request."""

from dataclasses import replace

from assistant.core import patterns
from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import PastSearch
from assistant.planning.context import Call, ClarificationNeededError, PlanningContext, Recipe, RequestRefusedError
from assistant.planning.recipes_search import find_similar
from assistant.planning.resolve_lesions import lesion_ids
from assistant.planning.resolve_regions import need_study, region_ids
from assistant.wording import fact_answers as fact_wording
from assistant.wording import fixed_sentences as remarks
from assistant.wording import search_answers as search_wording
from assistant.wording.phrases import joined
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    StudyFacts,
)


def what(request: Request, turn: PlanningContext) -> Recipe:
    if request.nth is not None and not request.regions and turn.searches and len(turn.regions) < 2:
        return (yield from describe_lesion(request, turn))
    plain = Request("what", request.text, regions=request.regions, nth=request.nth, types=request.types)
    return (yield from find_similar(plain, turn, inherit=False))


def refine(request: Request, turn: PlanningContext) -> Recipe:
    """Only a filter, a region or a hit was said: it changes what was asked last."""
    last = turn.last_tool
    only_pointing = not (request.wanted.said() or request.cleared or request.cleared_end or request.more)
    if only_pointing and request.hits:
        return (yield from (compare if last == "compare_lesion" else describe_lesion)(request, turn))
    if only_pointing and request.nth is not None and not request.regions:
        if last == "compare_lesion":
            return (yield from compare(request, turn))
        if last == "describe_lesion" or len(turn.regions) < max(2, request.nth):
            return (yield from describe_lesion(request, turn))
    if only_pointing and (request.regions or request.nth is not None) and last == "measure_region":
        return (yield from measure(request, turn))
    if request.types and last == "explain_lesion_type" and len(request.wanted.said()) <= 1:
        return (yield from explain(request, turn))
    if (
        request.wanted.said()
        and last == "describe_atlas"
        and not turn.searches
        and set(request.wanted.said()) <= {"lesion_types", "sex"}
    ):
        return (yield from atlas(request, turn))
    return (yield from find_similar(request, turn, inherit=True))


def describe_study(request: Request, turn: PlanningContext) -> Recipe:
    need_study(turn)
    facts = yield Call("describe_study", {})
    assert isinstance(facts, StudyFacts)
    return fact_wording.study_answer(facts)


def find_regions(request: Request, turn: PlanningContext) -> Recipe:
    need_study(turn)
    count = request.wanted.k or request.wanted.max_age  # "max 8" alone reads like an age
    facts = yield Call("find_regions", {"max_regions": min(20, count)} if count else {})
    assert isinstance(facts, RegionsFound)
    return fact_wording.regions_answer(facts)


def measure(request: Request, turn: PlanningContext) -> Recipe:
    measured = []
    if (
        not request.regions
        and request.nth is None
        and len(turn.regions) > 1
        and patterns.search(r"\b(?:they|them|these)\b(?<!of these)(?<!of them)", request.text)
    ):
        request = replace(request, regions=(RegionRef("all"),))
    for region_id in (yield from region_ids(request, turn)):
        facts = yield Call("measure_region", {"region_id": region_id})
        assert isinstance(facts, RegionFacts)
        measured.append(facts)
    return fact_wording.measure_answer(measured, suggested=turn.suggested)


def compare(request: Request, turn: PlanningContext) -> Recipe:
    need_study(turn)
    several = len(request.regions) > 1 or (any(r.kind == "all" for r in request.regions) and len(turn.regions) > 1)
    if several and not request.hits:
        return (yield from measure(request, turn))
    if (
        not request.hits
        and request.nth is None
        and not turn.searches
        and turn.hit is None
        and turn.state.last_lesion is None
        and turn.regions
    ):
        raise ClarificationNeededError(remarks.COMPARE_WITH_WHAT)
    region_id, *_ = yield from region_ids(Request("compare", request.text, regions=request.regions), turn)
    turn.focus = region_id
    parts = []
    for lesion_id in (yield from lesion_ids(request, turn)):
        facts = yield Call("compare_lesion", {"region_id": region_id, "lesion_id": lesion_id})
        assert isinstance(facts, ComparisonFacts)
        parts.append(fact_wording.comparison_answer(facts, suggested=turn.suggested))
    return joined(parts)


def describe_lesion(request: Request, turn: PlanningContext) -> Recipe:
    parts = []
    for lesion_id in (yield from lesion_ids(request, turn)):
        facts = yield Call("describe_lesion", {"lesion_id": lesion_id})
        assert isinstance(facts, LesionFacts)
        hit = next((h for s in turn.searches.values() for h in s.facts.hits if h.lesion_id == facts.lesion_id), None)
        parts.append(fact_wording.lesion_answer(facts, hit))
    return joined(parts)


def atlas(request: Request, turn: PlanningContext) -> Recipe:
    group_by = request.topic or ("sex" if request.wanted.sex and not request.types else "")
    said = group_by and (group_by != "lesion_type" or patterns.search(r"\b(?:by|per|each)\b", request.text))
    facts = yield Call("describe_atlas", {"group_by": group_by} if said else {})
    assert isinstance(facts, AtlasFacts)
    asked = request.types or (("F" if request.wanted.sex == "F" else "M",) if request.wanted.sex else ())
    return fact_wording.atlas_answer(facts, asked)


def explain(request: Request, turn: PlanningContext) -> Recipe:
    if not request.types:
        raise RequestRefusedError(remarks.which_type(turn.state.atlas_types))
    parts = []
    for lesion_type in request.types:
        facts = yield Call("explain_lesion_type", {"lesion_type": lesion_type})
        assert isinstance(facts, LessonFacts)
        parts.append(fact_wording.lesson_answer(facts))
    return joined(parts)


def report(request: Request, turn: PlanningContext) -> Recipe:
    need_study(turn)
    facts = yield Call("write_report", {"format": request.topic} if request.topic else {})
    assert isinstance(facts, ReportFacts)
    return fact_wording.report_answer(facts)


def why(request: Request, turn: PlanningContext) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return search_wording.why_answer(past.facts, turn.regions.get(past.facts.region_id), past.evidence, request.types)


def how_sure(request: Request, turn: PlanningContext) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return search_wording.sureness_answer(past.facts)


def count_hits(request: Request, turn: PlanningContext) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return search_wording.count_answer(past.facts, request.wanted)


def filters(request: Request, turn: PlanningContext) -> Recipe:
    yield from ()
    return search_wording.filters_answer(turn.last_search.facts if turn.last_search else None)


def _past_search(request: Request, turn: PlanningContext) -> PastSearch:
    by_id = next((r.region_id for r in request.regions if r.kind == "id"), None)
    past = turn.searches.get(by_id) if by_id else turn.last_search
    if past is None:
        raise RequestRefusedError(remarks.NOTHING_SEARCHED if turn.state.study else remarks.NO_STUDY)
    return past
