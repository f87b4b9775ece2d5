"""The recipes beside searching, one for each kind of request; and which lesions and series one is about."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from assistant.core.requests import FilterSpec, HitRef, Request
from assistant.core.turn_state import PastSearch
from assistant.planning.context import (
    Call,
    ClarificationNeededError,
    PlanningContext,
    Recipe,
    RequestRefusedError,
    require_study,
    resolve_region,
    resolve_regions,
    stated,
)
from assistant.planning.recipes_search import describe_search, find_similar, plain_search
from assistant.wording import fact_answers, fixed_sentences, search_answers, study_answers
from assistant.wording.phrases import joined
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    ImageFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesFacts,
    SeriesSelected,
    StudyFacts,
)
from tools.domain.planes import PLANES


def what(request: Request, context: PlanningContext) -> Recipe:
    """Say what a region looks like, by a plain search; "what is #2" describes the hit."""
    if request.nth is not None and not request.regions and context.searches and len(context.regions) < 2:
        return (yield from describe_lesion(request, context))
    wanted = FilterSpec(k=request.wanted.k)
    plain = Request("what", wanted, regions=request.regions, nth=request.nth, types=request.types)
    return (yield from find_similar(plain, context))


def refine(request: Request, context: PlanningContext) -> Recipe:
    """Change what was asked last, where only a filter, a region or a hit was said."""
    last = context.last_tool
    only_pointing = not (request.wanted.said() or request.cleared or request.cleared_end or request.more)
    if only_pointing and request.hits:
        return (yield from (compare if last == "compare_lesion" else describe_lesion)(request, context))
    if only_pointing and request.nth is not None and not request.regions:
        if last == "compare_lesion":
            return (yield from compare(request, context))
        if last == "describe_lesion" or len(context.regions) < max(2, request.nth):
            return (yield from describe_lesion(request, context))
    if only_pointing and (request.regions or request.nth is not None) and last == "measure_region":
        return (yield from measure(request, context))
    if request.types and last == "explain_lesion_type" and len(request.wanted.said()) <= 1:
        return (yield from explain(request, context))
    if (
        request.wanted.said()
        and last == "describe_atlas"
        and not context.searches
        and set(request.wanted.said()) <= {"lesion_types", "sex"}
    ):
        return (yield from atlas(request, context))
    return (yield from find_similar(request, context))


def describe_study(request: Request, context: PlanningContext) -> Recipe:
    """Describe the open study."""
    require_study(context)
    facts = yield Call("describe_study", {})
    assert isinstance(facts, StudyFacts)
    topics = [topic for topic in request.topic.split("+") if topic]
    asked = study_answers.topics_answer(facts, [topic for topic in topics if topic != "all"])
    return asked if topics and "all" not in topics else joined([fact_answers.study_answer(facts), asked])


def select_series(request: Request, context: PlanningContext) -> Recipe:
    """Bring another series to the screen."""
    require_study(context)
    if request.topic in PLANES and not any(series.plane == request.topic for series in context.series):
        return (yield from stated("set_view", {"planes": [request.topic]}))  # cut from the series on the screen
    facts = yield Call("select_series", {"series": resolve_series(request.topic, context)})
    assert isinstance(facts, SeriesSelected)
    return study_answers.selected_answer(facts)


def find_image(request: Request, context: PlanningContext) -> Recipe:
    """Find an image of the file among the slices, and say whether the region asked about lies on it."""
    require_study(context)
    what, _, n = request.topic.rpartition(" ")
    facts = yield Call("find_image", {} if n == "here" else {what or "image_number": int(n)})
    assert isinstance(facts, ImageFacts)
    if n == "here" or what == "slice":
        return study_answers.slice_answer(facts)
    named = next((r.region_id for r in request.regions if r.kind == "id"), "")
    marked = [named, context.state.selected or "", context.state.last_region or "", *list(context.regions)[:1]]
    region = next((context.regions[r] for r in marked if r in context.regions), None)
    return study_answers.image_answer(facts, region if what == "" else None)


def place(request: Request, context: PlanningContext) -> Recipe:
    """Say on which slice a region lies."""
    require_study(context)
    if not context.regions:
        raise RequestRefusedError(fixed_sentences.NO_REGION_TO_PLACE)
    places = []
    for region_id in (yield from resolve_regions(request, context)):
        facts = yield Call("measure_region", {"region_id": region_id})
        assert isinstance(facts, RegionFacts)
        places.append(study_answers.place_answer(facts))
    return " ".join(places)


def find_regions(request: Request, context: PlanningContext) -> Recipe:
    """Suggest regions of the study."""
    require_study(context)
    facts = yield Call("find_regions", {"max_regions": min(20, request.wanted.k)} if request.wanted.k else {})
    assert isinstance(facts, RegionsFound)
    return joined(
        [*(fixed_sentences.UNKEPT[condition] for condition in request.unkept), fact_answers.regions_answer(facts)]
    )


def measure(request: Request, context: PlanningContext) -> Recipe:
    """Measure one region or several."""
    if request.topic == "slice":
        return (yield from place(request, context))
    measured = []
    for region_id in (yield from resolve_regions(request, context)):
        facts = yield Call("measure_region", {"region_id": region_id})
        assert isinstance(facts, RegionFacts)
        measured.append(facts)
    return fact_answers.measure_answer(measured, context.suggested, by_density=request.topic == "density")


def compare(request: Request, context: PlanningContext) -> Recipe:
    """Compare a region with atlas lesions, or regions with each other."""
    require_study(context)
    several = len(request.regions) > 1 or (any(r.kind == "all" for r in request.regions) and len(context.regions) > 1)
    if several and not request.hits:
        return (yield from measure(request, context))
    if (
        not request.hits
        and request.nth is None
        and not context.searches
        and context.hit is None
        and context.state.last_lesion is None
        and context.regions
    ):
        raise ClarificationNeededError(fixed_sentences.COMPARE_WITH_WHAT)
    region_id, *_ = yield from resolve_regions(Request("compare", regions=request.regions), context)
    context.focus = region_id
    parts = []
    for lesion_id in (yield from resolve_lesions(request, context)):
        facts = yield Call("compare_lesion", {"region_id": region_id, "lesion_id": lesion_id})
        assert isinstance(facts, ComparisonFacts)
        parts.append(fact_answers.comparison_answer(facts, suggested=context.suggested))
    return joined(parts)


def describe_lesion(request: Request, context: PlanningContext) -> Recipe:
    """Describe atlas lesions."""
    parts = []
    for lesion_id in (yield from resolve_lesions(request, context)):
        facts = yield Call("describe_lesion", {"lesion_id": lesion_id})
        assert isinstance(facts, LesionFacts)
        hit = next((h for s in context.searches.values() for h in s.facts.hits if h.lesion_id == facts.lesion_id), None)
        parts.append(fact_answers.lesion_answer(facts, hit))
    return joined(parts)


def atlas(request: Request, context: PlanningContext) -> Recipe:
    """Count the atlas one way."""
    group_by = request.topic or ("sex" if request.wanted.sex and not request.types else "")
    facts = yield Call("describe_atlas", {"group_by": group_by} if group_by else {})
    assert isinstance(facts, AtlasFacts)
    asked = request.types or (("F" if request.wanted.sex == "F" else "M",) if request.wanted.sex else ())
    return fact_answers.atlas_answer(facts, asked)


def explain(request: Request, context: PlanningContext) -> Recipe:
    """Teach lesion types."""
    taught = tuple(
        str(call.args["lesion_type"])
        for call in context.state.last_calls
        if call.name == "explain_lesion_type" and "lesion_type" in call.args  # a model may have made it without
    )
    types = request.types or (taught if request.topic else ())  # the last lesson, for others
    if not types:
        named = fixed_sentences.no_lesson if request.unknown_type else fixed_sentences.which_type
        raise RequestRefusedError(named(context.state.atlas_types))
    level = {"level": request.topic} if request.topic else {}
    parts = []
    for lesion_type in types:
        facts = yield Call("explain_lesion_type", {"lesion_type": lesion_type, **level})
        assert isinstance(facts, LessonFacts)
        parts.append(fact_answers.lesson_answer(facts))
    return joined(parts)


def report(request: Request, context: PlanningContext) -> Recipe:
    """Write the report, of the regions that are named or of all."""
    require_study(context)
    args: dict[str, Any] = {"format": request.topic} if request.topic else {}
    if request.regions and all(ref.kind != "all" for ref in request.regions):
        args["region_ids"] = list(dict.fromkeys(resolve_region(ref, context) for ref in request.regions))
    facts = yield Call("write_report", args)
    assert isinstance(facts, ReportFacts)
    return fact_answers.report_answer(facts)


def why(request: Request, context: PlanningContext) -> str:
    """Give the reasons behind a search there was."""
    past = _past_search(request, context)
    return search_answers.why_answer(
        past.facts, context.regions.get(past.facts.region_id), past.evidence, request.types
    )


def how_sure(request: Request, context: PlanningContext) -> str:
    """Say how sure a search there was is."""
    return search_answers.sureness_answer(_past_search(request, context).facts)


def count_hits(request: Request, context: PlanningContext) -> str:
    """Count hits of a search there was."""
    return search_answers.count_answer(_past_search(request, context).facts, request.wanted)


def filters(request: Request, context: PlanningContext) -> str:
    """Say the filters of the last search."""
    return search_answers.filters_answer(context.last_search.facts if context.last_search else None)


def _past_search(request: Request, context: PlanningContext) -> PastSearch:
    """Return the search a question is about. Raises RequestRefusedError when there was none."""
    by_id = next((r.region_id for r in request.regions if r.kind == "id"), None)
    past = context.searches.get(by_id) if by_id else context.last_search
    if past is None:
        raise RequestRefusedError(fixed_sentences.NOTHING_SEARCHED if context.state.study else fixed_sentences.NO_STUDY)
    return past


def resolve_lesions(request: Request, context: PlanningContext) -> Generator[Call, Facts, list[str]]:
    """Resolve the atlas lesions of a request: by id, by place among the hits, or the one spoken of last.

    Searches first where there are no hits yet. Raises RequestRefusedError where a reference points at nothing.
    """
    refs = list(request.hits)
    if not refs and request.nth is not None:
        refs = [HitRef("last") if request.nth == -1 else HitRef("rank", n=request.nth)]
    if refs and all(ref.kind == "id" for ref in refs):
        return [ref.lesion_id for ref in refs]
    spoken_of = context.hit or context.state.last_lesion
    if not refs and spoken_of:
        return [spoken_of]
    by_id = [r for r in request.regions if r.kind == "id"]
    past = context.searches.get(resolve_region(by_id[0], context)) if by_id else context.last_search
    if request.intent == "compare" and context.focus:
        past = context.searches.get(context.focus)  # never with a hit of another region's search
    if past is not None:
        facts = past.facts
    else:
        region_id = (yield from resolve_regions(request, context))[0]
        facts = yield from plain_search(region_id, context)
        if request.intent != "compare":  # there was no list to point at: show it
            raise RequestRefusedError(describe_search(facts, context))
    if not facts.hits:
        raise RequestRefusedError(fixed_sentences.NO_HITS_TO_NAME)
    if not refs:
        return [facts.hits[0].lesion_id]
    return list(dict.fromkeys(_resolve_hit(ref, facts) for ref in refs))


def _resolve_hit(ref: HitRef, facts: SearchFacts) -> str:
    """Resolve one reference among the hits of a search."""
    hits = facts.hits
    if ref.kind == "id":
        return ref.lesion_id
    if ref.kind == "last":
        return hits[-1].lesion_id
    if ref.kind == "rank":
        if not 1 <= ref.n <= len(hits):
            raise RequestRefusedError(fixed_sentences.no_such_hit(ref.n, len(hits)))
        return hits[ref.n - 1].lesion_id
    value: Callable[[HitFacts], float | None] = (
        (lambda h: h.long_axis_mm) if ref.kind in ("largest", "smallest") else (lambda h: h.age_years)
    )
    known = sorted((h for h in hits if value(h) is not None), key=lambda h: value(h) or 0)
    if not known:
        raise RequestRefusedError(fixed_sentences.NOT_RECORDED)
    return known[-1 if ref.kind in ("largest", "oldest") else 0].lesion_id


def resolve_series(topic: str, context: PlanningContext) -> int:
    """Resolve a number, a place ("other", "next", "prior") or a trait ("coronal") to the number of a series.

    Raises RequestRefusedError where there is none, ClarificationNeededError where there are several.
    """
    series, now = context.series, context.series_number
    if topic.isdigit():
        return int(topic)  # the tool says which there are
    if len(series) < 2:
        raise RequestRefusedError(fixed_sentences.NO_PRIOR if topic == "prior" else fixed_sentences.ONE_SERIES)
    others = [s for s in series if s.number != now]
    if topic in ("next", "previous", "last"):
        return {"next": now % len(series) + 1, "previous": (now - 2) % len(series) + 1, "last": len(series)}[topic]
    if topic == "prior":
        return _prior(series, now)
    if topic == "newest":
        return next((s.number for s in series if not s.years_before_newest), 1)
    fitting = others if topic == "other" else [s for s in series if _is(topic, s)]
    if not fitting:
        raise RequestRefusedError(study_answers.no_such_series(topic, series))
    if len(fitting) == 1 or topic != "other":
        return next((s.number for s in fitting if s.number != now), fitting[0].number)
    raise ClarificationNeededError(study_answers.which_series(fitting))


def _prior(series: Sequence[SeriesFacts], now: int) -> int:
    """Find the first series of the next older examination. Raises RequestRefusedError where there is none."""
    ages = {s.number: s.years_before_newest or 0.0 for s in series}
    older = [s for s in series if ages[s.number] > ages[now]]
    if not older:
        raise RequestRefusedError(fixed_sentences.NO_PRIOR)
    return min(older, key=lambda s: (ages[s.number], s.number)).number


def _is(topic: str, series: SeriesFacts) -> bool:
    """Tell whether a series is what was asked for: a plane, a kernel, with or without contrast."""
    if topic in ("contrast", "plain"):
        return series.contrast is (topic == "contrast")
    return topic in (series.plane, series.kernel)
