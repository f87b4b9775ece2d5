"""What to do about a request: which tools, in which order, with which arguments.

Each kind of request is a generator that reads like a recipe: it yields the calls it needs, gets their facts back, and
returns the words of its part of the answer. `plan_turn` replays the recipes over the results there already are, so
that planning is a pure function of the messages, and a turn that another model began can be finished here.
"""

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistant import patterns, wording
from assistant.slots import HitRef, RegionRef
from assistant.state import PastSearch, TurnState
from assistant.understanding import Request, Wanted, understand
from tools.results import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    StudyFacts,
)

MOST_HITS = 50
FAR_CLOSER = 2.0  # times, when a bare number could replace more than one bound
FOLLOWING = ("refine", "compare")  # requests that go on with the region spoken of last
FILTER_ARGS: dict[str, tuple[str, ...]] = {
    "type": ("lesion_types",),
    "sex": ("sex",),
    "age": ("min_age", "max_age"),
    "size": ("min_size_mm", "max_size_mm"),
    "scope": ("scope",),
}


@dataclass(frozen=True)
class Call:
    """A tool call to make."""

    name: str
    args: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.name} {json.dumps(self.args, sort_keys=True)}"


@dataclass(frozen=True)
class Result:
    """What came of a call: the facts, or the sentence that says why not. `evidence` is its number, 0 if unknown."""

    facts: Facts | None
    failure: str = ""
    evidence: int = 0


@dataclass(frozen=True)
class Reply:
    """The finished answer. `asks` when it is a question back, to be read together with what the person says next."""

    text: str
    asks: bool = False


class AskBackError(Exception):
    """The request can mean several things: the message is the question."""


class CannotDoError(Exception):
    """The request cannot be met: the message says why and what to do instead."""


Recipe = Generator[Call, Facts, str]
Understand = Callable[[str, TurnState], Sequence[Request]]


@dataclass
class Turn:
    """What is known while a turn is planned: the state before it, and what its calls brought."""

    state: TurnState
    message: str
    regions: dict[str, RegionFacts] = field(default_factory=dict)
    searches: dict[str, PastSearch] = field(default_factory=dict)  # newest last
    focus: str | None = None  # the region this message is about
    suggested: bool = False  # regions were proposed in this turn, nobody had pointed at one
    hit: str | None = None
    cautioned: bool = False  # in this turn
    evidence: int = 0  # number of the newest result

    def __post_init__(self) -> None:
        self.regions = {r.region_id: r for r in self.state.regions}
        self.searches = {s.facts.region_id: s for s in reversed(self.state.searches)}

    def learn(self, call: Call, result: Result) -> None:
        """Take in what a call brought."""
        facts, self.evidence = result.facts, result.evidence
        if isinstance(facts, RegionsFound):
            self.regions.update({r.region_id: r for r in facts.regions})
        elif isinstance(facts, RegionFacts):
            self.regions[facts.region_id] = facts
            self.focus = facts.region_id
        elif isinstance(facts, SearchFacts):
            self.searches.pop(facts.region_id, None)
            self.searches[facts.region_id] = PastSearch(evidence=result.evidence, args=call.args, facts=facts)
            self.focus = facts.region_id
        elif isinstance(facts, ComparisonFacts):
            self.focus, self.hit = facts.region.region_id, facts.lesion.lesion_id
        elif isinstance(facts, LesionFacts):
            self.hit = facts.lesion_id

    @property
    def last_search(self) -> PastSearch | None:
        return next(reversed(self.searches.values()), None)

    @property
    def last_tool(self) -> str:
        return self.state.last_calls[-1].name if self.state.last_calls else ""


def plan_turn(
    message: str, state: TurnState, results: Mapping[str, Result], read: Understand = understand
) -> Call | Reply:
    """The next call to make, or the answer. `results` are this turn's, by `Call.key`; `read` understands."""
    turn = Turn(state, message)
    parts: list[str] = []
    for request in read(message, state):
        try:
            recipe = RECIPES[request.intent](request, turn)
            call = next(recipe)
            while True:
                result = results.get(call.key)
                if result is None:
                    return call
                turn.learn(call, result)
                if result.facts is None:
                    raise CannotDoError(result.failure)
                call = recipe.send(result.facts)
        except StopIteration as done:
            parts.append(done.value)
        except AskBackError as question:
            return Reply(wording.joined([*parts, str(question)]), asks=True)
        except CannotDoError as reason:
            parts.append(str(reason))
    return Reply(wording.joined(parts))


# -- which region, which hit ---------------------------------------------------------------------------------------
def _need_study(turn: Turn) -> None:
    if turn.state.study is None:
        raise CannotDoError(wording.NO_STUDY)


def _region_ids(request: Request, turn: Turn) -> Generator[Call, Facts, list[str]]:
    """The regions a request is about; proposes some when there are none."""
    _need_study(turn)
    if request.regions and request.regions[0].kind == "id":
        return [_region_id(ref, turn) for ref in request.regions]
    if not turn.regions:
        found = yield Call("find_regions", {})
        assert isinstance(found, RegionsFound)
        if not found.regions:
            raise CannotDoError(wording.NOTHING_FOUND)
        turn.suggested = True
    if any(ref.kind == "all" for ref in request.regions):
        return list(turn.regions)
    if request.regions:
        return list(dict.fromkeys(_region_id(ref, turn) for ref in request.regions))
    if request.nth is not None and not request.hits and len(turn.regions) > 1:
        return [_nth_region(request.nth, turn)]
    return [_default_region(turn, request.intent in FOLLOWING)]


def _region_id(ref: RegionRef, turn: Turn) -> str:
    regions = list(turn.regions.values())
    if ref.kind == "id":
        if ref.region_id not in turn.regions:
            raise CannotDoError(wording.no_such_region(ref.region_id, list(turn.regions)))
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
        raise AskBackError(wording.which_region(others or [current]))
    return current


def _nth_region(n: int, turn: Turn) -> str:
    ids = [r for r in turn.state.last_found if r in turn.regions] or list(turn.regions)
    if n == -1:
        return ids[-1]
    if not 1 <= n <= len(ids):
        raise CannotDoError(wording.no_such_region(f"number {n}", ids))
    return ids[n - 1]


def _default_region(turn: Turn, follow_up: bool = False) -> str:
    """The region of this message, the selected one, the one spoken of last, else the best suggestion."""
    state = turn.state
    newest = (state.selected, state.last_region) if state.selection_changed else (state.last_region, state.selected)
    for region_id in (turn.focus, *(newest if follow_up else newest[::-1] if not state.selection_changed else newest)):
        if region_id in turn.regions:
            return region_id
    marked = [r.region_id for r in turn.regions.values() if r.origin != "suggested"]
    if len(marked) > 1:
        raise AskBackError(wording.which_region(marked))
    best = max(turn.regions.values(), key=lambda r: r.score if r.score is not None else 2.0)
    return best.region_id


def _search(region_id: str, turn: Turn) -> Generator[Call, Facts, SearchFacts]:
    """The search of a region there is already, else a plain one."""
    past = turn.searches.get(region_id)
    if past is not None:
        return past.facts
    found = yield Call("search_similar_lesions", {"region_id": region_id})
    assert isinstance(found, SearchFacts)
    return found


def _lesion_ids(request: Request, turn: Turn) -> Generator[Call, Facts, list[str]]:
    """The atlas lesions a request is about, by id or by their place among the hits."""
    refs = list(request.hits)
    if not refs and request.nth is not None:
        refs = [HitRef("last") if request.nth == -1 else HitRef("rank", n=request.nth)]
    if refs and all(ref.kind == "id" for ref in refs):
        return [ref.lesion_id for ref in refs]
    spoken_of = turn.hit or turn.state.last_lesion
    if not refs and spoken_of:
        return [spoken_of]
    by_id = [r for r in request.regions if r.kind == "id"]
    past = turn.searches.get(_region_id(by_id[0], turn)) if by_id else turn.last_search
    if past is not None:
        facts = past.facts
    else:
        region_id = (yield from _region_ids(request, turn))[0]
        facts = yield from _search(region_id, turn)
        if request.intent != "compare":  # there was no list to point at: show it
            raise CannotDoError(_found(facts, turn))
    if not facts.hits:
        raise CannotDoError(wording.NO_HITS_TO_NAME)
    if not refs:
        return [facts.hits[0].lesion_id]
    return list(dict.fromkeys(_hit(ref, facts) for ref in refs))


def _hit(ref: HitRef, facts: SearchFacts) -> str:
    hits = facts.hits
    if ref.kind == "id":
        return ref.lesion_id
    if ref.kind == "last":
        return hits[-1].lesion_id
    if ref.kind == "rank":
        if not 1 <= ref.n <= len(hits):
            raise CannotDoError(wording.no_such_hit(ref.n, len(hits)))
        return hits[ref.n - 1].lesion_id
    value: Callable[[HitFacts], float | None] = (
        (lambda h: h.long_axis_mm) if ref.kind in ("largest", "smallest") else (lambda h: h.age_years)
    )
    known = sorted((h for h in hits if value(h) is not None), key=lambda h: value(h) or 0)
    if not known:
        raise CannotDoError(wording.NOT_RECORDED)
    return known[-1 if ref.kind in ("largest", "oldest") else 0].lesion_id


# -- searching -----------------------------------------------------------------------------------------------------
_BUILDS_ON = re.compile(
    r"^(?:and|but|now|only|just|same|what about|how about|instead|also|ok|okay|then|or|again|ditto|likewise)\b"
    r"|\b(?:only|instead|those|of these|of "
    r"them|same|again|too|also|ditto|likewise|as before|keep|still|now|bump|widen|narrow|restrict|limit|extend|more)\b"
)
_ANEW = re.compile(
    r"\bsimilar|\bresembl|\blook(?:s|ing)?[- ]?(?:a?like|most like)|\blike (?:this|it|that|mine|r\d)|\bcomparable"
    r"|\bmatch|\bneighbou?r|\bquery\b|\bnew search\b|\bknn\b|\bsimilarity"
    r"|\bseen (?:this|it)|\bfresh\b|\b(?:with|of) (?:the same|this) (?:sort|kind|thing)|\bwhat\b"
)
_ADDS = re.compile(
    r"\b(?:also|include|including|add|as well|too|plus|additionally|reinstate|allow|again|back"
    r"|re-?add|re-?include|bring|permit|readmit|put)\b(?!.*\bonly\b)"
)


def _search_args(request: Request, turn: Turn, region_id: str, inherit: bool) -> dict[str, Any]:
    """The arguments of a search: what was said, over what the last search had where the request builds on it."""
    before = dict(turn.last_search.args) if inherit and turn.last_search else {}
    before.pop("region_id", None)
    cleared = set(request.cleared)
    if _ADDS.search(request.text) and before.get("sex") and request.wanted.sex not in (None, before["sex"]):
        cleared.add("sex")  # "and men too", after women
    for name in cleared:
        for argument in FILTER_ARGS[name]:
            before.pop(argument, None)
    for argument in [a for a in before if request.cleared_end and a.startswith(f"{request.cleared_end}_")]:
        before.pop(argument)
    if "type" in request.cleared and "sex" in request.cleared:
        before.pop("k", None)  # everything was lifted
    if request.corrects:
        for end, other in (("min", "max"), ("max", "min")):
            for what in ("age", "size_mm"):
                if (
                    getattr(request.wanted, f"{end}_{what}") is not None
                    and getattr(request.wanted, f"{other}_{what}") is None
                ):
                    before.pop(f"{other}_{what}", None)
    said = request.wanted.said()
    if "sex" in cleared - request.cleared:
        said.pop("sex")
    types = before.get("lesion_types")
    if request.left_out and types:
        said["lesion_types"] = [t for t in types if t not in request.left_out] or said.get("lesion_types")
    elif types and said.get("lesion_types") and _ADDS.search(request.text) and not request.left_out:
        said["lesion_types"] = list(dict.fromkeys([*types, *(request.wanted.lesion_types or ())]))
    args = {**before, **said}
    for low, high in (("min_age", "max_age"), ("min_size_mm", "max_size_mm")):
        if args.get(low) is not None and args.get(high) is not None and args[low] > args[high]:
            args.pop(high if low in said else low)  # the newer bound wins
    if request.more and turn.last_search:
        args["k"] = min(MOST_HITS, turn.last_search.facts.asked_k + request.more)
    args["k"] = min(args.get("k", 0), MOST_HITS)
    if not args["k"]:
        args.pop("k")
    return {"region_id": region_id, **args}


def _find_similar(request: Request, turn: Turn, inherit: bool) -> Recipe:
    if request.unknown_types:
        raise CannotDoError(wording.no_such_type(request.unknown_types[0], turn.state.atlas_types))
    if request.unclear and not request.wanted.said() and not request.cleared:
        raise AskBackError(wording.how_unclear(request.unclear))
    if request.unread:
        request = _with_number(request, turn, inherit)
    w = request.wanted
    for low, high in ((w.min_age, w.max_age), (w.min_size_mm, w.max_size_mm)):
        if low is not None and high is not None and low > high:
            raise AskBackError(wording.CONTRADICTION)
    parts: list[str] = [wording.NOT_A_FILTER] if request.not_applied else []
    if (request.wanted.k or 0) > MOST_HITS:
        parts.append(wording.MOST_HITS_SHOWN)
    for region_id in (yield from _region_ids(request, turn)):
        args = _search_args(request, turn, region_id, inherit)
        facts = yield Call("search_similar_lesions", args)
        assert isinstance(facts, SearchFacts)
        parts.append(
            _found(facts, turn, asked_type=request.types[0] if request.intent == "what" and request.types else None)
        )
    return wording.joined(parts)


def _found(facts: SearchFacts, turn: Turn, asked_type: str | None = None) -> str:
    """A search in words; the caution comes once a conversation."""
    caution = not turn.state.cautioned and not turn.cautioned
    turn.cautioned = True
    others = [r for r in turn.regions.values() if r.region_id != facts.region_id] if turn.suggested else []
    return wording.search_answer(
        facts,
        turn.regions[facts.region_id],
        evidence=turn.evidence,
        suggested=turn.suggested,
        others=others,
        asked_type=asked_type,
        atlas_types=turn.state.atlas_types,
        caution=caution,
    )


_CHANGES = re.compile(r"\b(?:make|change|bump|set|raise|lower|increase|decrease|extend|instead|rather|go)\b")


def _with_number(request: Request, turn: Turn, inherit: bool) -> Request:
    """ "Make it 70": a bare number replaces the one bound there is. Otherwise nobody knows what it means."""
    before = turn.last_search.args if inherit and turn.last_search else {}
    bounds = [name for name in ("min_age", "max_age", "min_size_mm", "max_size_mm", "k") if name in before]
    value = float(request.unread[0])
    instead = patterns.search(r"(?:not|instead of|rather than) (\d+)", request.text)
    if instead:
        bounds = [name for name in bounds if abs(float(before[name]) - float(instead.group(1))) <= 1] or bounds
    if not bounds and turn.last_search and inherit and value <= MOST_HITS:
        bounds = ["k"]
        before = {**before, "k": turn.last_search.facts.asked_k}
    bound = _nearest_bound({name: float(before[name]) for name in bounds}, value)
    changes = (
        _CHANGES.search(request.text)
        or patterns.match(r"\W*[\d.]+(?:$|,)", request.text)
        or instead
        or request.corrects
    )
    if not changes or not bound or len(request.unread) != 1 or request.wanted.said():
        raise AskBackError(wording.what_number(request.unread[0]))
    said = {bound: value if "size" in bound and value != int(value) else int(value)}
    return replace(request, wanted=Wanted(**said), unread=())  # type: ignore[arg-type]


def _nearest_bound(bounds: dict[str, float], value: float) -> str:
    """The bound a new number replaces: the only one, or the one it is far closer to than to the others."""
    ratios = sorted((max(value, now) / max(1e-6, min(value, now)), name) for name, now in bounds.items())
    if not ratios or (len(ratios) > 1 and ratios[0][0] * FAR_CLOSER > ratios[1][0]):
        return ""
    return ratios[0][1]


def search(request: Request, turn: Turn) -> Recipe:
    """A search in words of likeness starts anew; one that only names filters goes on with those there are."""
    goes_on = bool(_BUILDS_ON.search(request.text)) or not _ANEW.search(request.text)
    other_region = bool(request.regions) and request.regions[0].kind == "id"
    inherit = goes_on and not (
        other_region and not patterns.search(r"\b(?:same|only|ditto|likewise|again)\b", request.text)
    )
    return (yield from _find_similar(request, turn, inherit))


def what(request: Request, turn: Turn) -> Recipe:
    if request.nth is not None and not request.regions and turn.searches and len(turn.regions) < 2:
        return (yield from describe_lesion(request, turn))
    plain = Request("what", request.text, regions=request.regions, nth=request.nth, types=request.types)
    return (yield from _find_similar(plain, turn, inherit=False))


def refine(request: Request, turn: Turn) -> Recipe:
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
    return (yield from _find_similar(request, turn, inherit=True))


def undo(request: Request, turn: Turn) -> Recipe:
    """The search as it was before the last change."""
    trail = turn.state.trail
    if len(trail) < 2:
        raise CannotDoError(wording.NOTHING_BEFORE if trail else wording.NOTHING_SEARCHED)
    facts = yield Call("search_similar_lesions", dict(trail[-2]))
    assert isinstance(facts, SearchFacts)
    return wording.joined([wording.WENT_BACK, _found(facts, turn)])


# -- the other recipes ---------------------------------------------------------------------------------------------
def describe_study(request: Request, turn: Turn) -> Recipe:
    _need_study(turn)
    facts = yield Call("describe_study", {})
    assert isinstance(facts, StudyFacts)
    return wording.study_answer(facts)


def find_regions(request: Request, turn: Turn) -> Recipe:
    _need_study(turn)
    count = request.wanted.k or request.wanted.max_age  # "max 8" alone reads like an age
    facts = yield Call("find_regions", {"max_regions": min(20, count)} if count else {})
    assert isinstance(facts, RegionsFound)
    return wording.regions_answer(facts)


def measure(request: Request, turn: Turn) -> Recipe:
    measured = []
    if (
        not request.regions
        and request.nth is None
        and len(turn.regions) > 1
        and patterns.search(r"\b(?:they|them|these)\b(?<!of these)(?<!of them)", request.text)
    ):
        request = replace(request, regions=(RegionRef("all"),))
    for region_id in (yield from _region_ids(request, turn)):
        facts = yield Call("measure_region", {"region_id": region_id})
        assert isinstance(facts, RegionFacts)
        measured.append(facts)
    return wording.measure_answer(measured, suggested=turn.suggested)


def compare(request: Request, turn: Turn) -> Recipe:
    _need_study(turn)
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
        raise AskBackError(wording.COMPARE_WITH_WHAT)
    region_ids = yield from _region_ids(Request("compare", request.text, regions=request.regions), turn)
    turn.focus = region_ids[0]
    parts = []
    for lesion_id in (yield from _lesion_ids(request, turn)):
        facts = yield Call("compare_lesion", {"region_id": region_ids[0], "lesion_id": lesion_id})
        assert isinstance(facts, ComparisonFacts)
        parts.append(wording.comparison_answer(facts, suggested=turn.suggested))
    return wording.joined(parts)


def describe_lesion(request: Request, turn: Turn) -> Recipe:
    parts = []
    for lesion_id in (yield from _lesion_ids(request, turn)):
        facts = yield Call("describe_lesion", {"lesion_id": lesion_id})
        assert isinstance(facts, LesionFacts)
        hit = next((h for s in turn.searches.values() for h in s.facts.hits if h.lesion_id == facts.lesion_id), None)
        parts.append(wording.lesion_answer(facts, hit))
    return wording.joined(parts)


def atlas(request: Request, turn: Turn) -> Recipe:
    group_by = request.topic or ("sex" if request.wanted.sex and not request.types else "")
    said = group_by and (group_by != "lesion_type" or patterns.search(r"\b(?:by|per|each)\b", request.text))
    facts = yield Call("describe_atlas", {"group_by": group_by} if said else {})
    assert isinstance(facts, AtlasFacts)
    asked = request.types or (("F" if request.wanted.sex == "F" else "M",) if request.wanted.sex else ())
    return wording.atlas_answer(facts, asked)


def explain(request: Request, turn: Turn) -> Recipe:
    if not request.types:
        raise CannotDoError(wording.which_type(turn.state.atlas_types))
    parts = []
    for lesion_type in request.types:
        facts = yield Call("explain_lesion_type", {"lesion_type": lesion_type})
        assert isinstance(facts, LessonFacts)
        parts.append(wording.lesson_answer(facts))
    return wording.joined(parts)


def report(request: Request, turn: Turn) -> Recipe:
    _need_study(turn)
    facts = yield Call("write_report", {"format": request.topic} if request.topic else {})
    assert isinstance(facts, ReportFacts)
    return wording.report_answer(facts)


def why(request: Request, turn: Turn) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return wording.why_answer(past.facts, turn.regions.get(past.facts.region_id), past.evidence, request.types)


def how_sure(request: Request, turn: Turn) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return wording.sureness_answer(past.facts)


def count_hits(request: Request, turn: Turn) -> Recipe:
    past = _past_search(request, turn)
    yield from ()
    return wording.count_answer(past.facts, request.wanted)


def filters(request: Request, turn: Turn) -> Recipe:
    yield from ()
    return wording.filters_answer(turn.last_search.facts if turn.last_search else None)


def _past_search(request: Request, turn: Turn) -> PastSearch:
    by_id = next((r.region_id for r in request.regions if r.kind == "id"), None)
    past = turn.searches.get(by_id) if by_id else turn.last_search
    if past is None:
        raise CannotDoError(wording.NOTHING_SEARCHED if turn.state.study else wording.NO_STUDY)
    return past


def _said(text: Callable[[Request, Turn], str]) -> Callable[[Request, Turn], Recipe]:
    def recipe(request: Request, turn: Turn) -> Recipe:
        yield from ()
        return text(request, turn)

    return recipe


RECIPES: dict[str, Callable[[Request, Turn], Recipe]] = {
    "search": search,
    "what": what,
    "refine": refine,
    "undo": undo,
    "describe_study": describe_study,
    "find_regions": find_regions,
    "measure": measure,
    "compare": compare,
    "describe_lesion": describe_lesion,
    "atlas": atlas,
    "explain": explain,
    "report": report,
    "why": why,
    "how_sure": how_sure,
    "count_hits": count_hits,
    "filters": filters,
    "out_of_scope": _said(lambda request, turn: wording.decline(request.topic, turn.state)),
    "help": _said(lambda _, turn: wording.help_text(turn.state)),
    "thanks": _said(lambda _, turn: wording.THANKS),
    "greeting": _said(lambda _, turn: wording.greeting(turn.state)),
    "unknown": _said(lambda _, turn: wording.not_understood(turn.state)),
}
