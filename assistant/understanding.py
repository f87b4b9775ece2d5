"""From a message to requests: which intent, which filters, which region, which hit. Deterministic and table-driven."""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Literal, cast

from assistant import lexicon as lex
from assistant import patterns
from assistant.clauses import Clause, called_off, clauses, complains, unwanted
from assistant.declined import declined, disease_word
from assistant.hit_questions import asked_of_hits, compares_with_mine, sets_beside
from assistant.intents import PURPOSE, first_intent, likely_intent
from assistant.normalise import normalise
from assistant.reading import read_slots
from assistant.slots import FilterName, HitRef, RegionRef, Sex, Slots
from assistant.state import TurnState
from tools.atlas import Scope

Intent = Literal[
    "search", "what", "describe_study", "find_regions", "measure", "compare", "describe_lesion", "atlas", "explain",
    "report", "why", "how_sure", "count_hits", "filters", "help", "thanks", "greeting", "out_of_scope", "refine",
    "undo", "unknown",
]  # fmt: skip
SMALL_TALK = ("thanks", "greeting")
SAID_ONCE = (
    "help",
    "why",
    "how_sure",
    "filters",
    "count_hits",
    "find_regions",
)  # asked twice in one message, they are answered once
MAX_REQUESTS = 6  # in one message
LONGEST_RESET = 12  # words: a longer message that happens to hold "no restrictions" asks for something else


@dataclass(frozen=True)
class Wanted:
    """Filters as a person said them; None was not said. Bounds are inclusive, sizes are the long axis in mm."""

    lesion_types: tuple[str, ...] | None = None
    sex: Literal["F", "M"] | None = None
    min_age: int | None = None
    max_age: int | None = None
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    scope: Scope | None = None
    k: int | None = None

    def said(self) -> dict[str, object]:
        """Only what was said, named as the search tool's arguments."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}


@dataclass(frozen=True)
class Request:
    """One thing asked for."""

    intent: Intent
    text: str
    wanted: Wanted = field(default_factory=Wanted)
    cleared: frozenset[FilterName] = frozenset()  # filters to lift
    cleared_end: Literal["", "min", "max"] = ""  # a lower or upper bound to lift
    regions: tuple[RegionRef, ...] = ()
    hits: tuple[HitRef, ...] = ()
    nth: int | None = None  # "the second one": a region or a hit, whichever fits
    types: tuple[str, ...] = ()  # types that were named, as filters or not
    left_out: tuple[str, ...] = ()
    unknown_types: tuple[str, ...] = ()
    topic: str = ""  # group_by, report format, or kind of out-of-scope request
    follow_up: bool = False  # builds on the request before
    more: int = 0  # how many hits more than last time
    corrects: bool = False  # begins as a correction: the range it gives replaces the whole range there was
    not_applied: str = ""  # a property the atlas does not record, such as "malignant"
    unclear: str = ""  # a filter that was meant but cannot be read, such as "small"
    unread: tuple[str, ...] = ()  # numbers whose meaning is open


def understand(message: str, state: TurnState) -> tuple[Request, ...]:
    """The requests of one message, in order. A reply to a question of ours is read together with what it answers."""
    requests = _read(message, state)
    if state.open_question is not None and all(r.intent in ("refine", "unknown") for r in requests):
        together = _read(f"{state.open_question}. {message}", state)
        if not any(r.unread or r.unclear for r in together):  # else the reply stands on its own
            requests = together
    return requests


def _read(message: str, state: TurnState) -> tuple[Request, ...]:
    if _NOT_WORDS.search(message):
        return (Request("unknown", message),)
    text, ids = lesion_ids(message[:2000], state)
    names = {word for name in state.atlas_types for word in re.findall(r"[a-z]+", name.lower())}
    requests: list[Request] = []
    correcting = False
    said = clauses(normalise(text, names))[: 2 * MAX_REQUESTS]
    for number, clause in enumerate(said):
        if complains(clause.text) and number + 1 < len(said):
            continue
        if patterns.fullmatch(
            r"not (?:the )?(?:r ?\d+|(?:first|second|third|last)(?: \w+)?|this|that)(?: one)?", clause.text
        ):
            continue
        if requests and called_off(clause.text):
            last = requests.pop()
            requests += (
                [replace(Request("refine", last.text), regions=last.regions, hits=last.hits, nth=last.nth)]
                if _points(last)
                else []
            )
            continue
        if unwanted(clause.text):
            correcting = correcting or clause.repairs
            requests = [r for r in requests if r.intent != first_intent(clause.text)]  # "measure it. No, don't measure"
            continue
        request = _request(clause.text, ids, state, first=not requests)
        _take_in(request, replace(clause, repairs=clause.repairs or correcting), requests)
        correcting = False
    serious = [r for r in requests if r.intent not in (*SMALL_TALK, "unknown")]
    serious = [r for r in serious if not _remarks(r)] or serious
    if (
        not serious
        and requests
        and all(r.intent == "unknown" and not r.unclear and first_intent(r.text) != "other" for r in requests)
    ):
        likely = likely_intent(requests[0].text, searched=bool(state.searches))
        requests[0] = replace(requests[0], intent=cast(Intent, likely))
    return tuple(serious[:MAX_REQUESTS] or requests[:1] or [Request("unknown", message)])


_NOT_WORDS = re.compile(r'\{\s*"|"\s*:\s*[\["{]')  # data, such as a tool call somebody pasted


def _take_in(request: Request, clause: Clause, requests: list[Request]) -> None:
    """Add a request to those before it, or let it complete or correct the last of them."""
    before = requests[-1] if requests else None
    if before is None:
        requests.append(request)
    elif before.intent == "out_of_scope" and _TAG.fullmatch(clause.text):
        pass  # "should they start chemo, what do you reckon?"
    elif clause.repairs and before.intent not in SMALL_TALK:
        requests[-1] = _corrected(before, request)
    elif _only_points(before) and not _points(request) and not (before.follow_up and request.intent == "report"):
        told = (
            request.intent in ("unknown", "what", "search", "explain")
            and before.regions == ()
            and _TELLS.search(request.text)
        )
        intent = "describe_lesion" if told or (before.hits and request.intent in _OF_THE_HIT) else request.intent
        intent = before.intent if intent == "unknown" else intent
        intent = "compare" if before.hits and before.regions and sets_beside(request.text) else intent
        requests[-1] = replace(request, intent=intent, regions=before.regions, hits=before.hits, nth=before.nth)
    elif before.intent == request.intent == "atlas" and not before.topic:
        requests[-1] = request
    elif before.intent == "describe_lesion" and not _points(request) and _TELLS.search(request.text):
        pass  # "who is the closest, and what do we know about it?"
    elif before.intent == request.intent == "describe_study":
        pass
    elif before.intent == request.intent == "out_of_scope" and before.topic == request.topic:
        pass  # "will he survive, how long has he got?"
    elif (
        before.intent == request.intent
        and request.intent in SAID_ONCE
        and not (request.wanted.said() and before.wanted.said())
        and not request.types
    ):
        requests[-1] = replace(before, wanted=_over(before.wanted, request.wanted))
    elif (
        before.intent == "why"
        and before.wanted.said()
        and request.intent in ("refine", "search")
        and _asks_anew(request)
    ):
        requests[-1] = request  # "why only lungs? show all organs"
    elif before.intent == request.intent == "measure" and not _points(request):
        pass
    elif before.intent == request.intent == "report" and not (before.topic and request.topic):
        requests[-1] = before if before.topic else request
    elif (
        request.intent == "count_hits"
        and not request.wanted.said()
        and before.intent in ("refine", "search", "what")
        and _ASKS_ALOUD.search(request.text)
        and not _ORDERS.search(before.text)
    ):
        requests[-1] = replace(before, intent="count_hits")  # "the women: how many are they?"
    elif (
        before.intent == request.intent == "search"
        and not before.wanted.said()
        and not before.follow_up
        and not _another(before, request)
    ):
        requests[-1] = replace(
            request, regions=request.regions or before.regions, nth=request.nth or before.nth
        )  # said again in full
    elif _only_points(before) and not request.hits and all(r.kind == "this" for r in request.regions):
        requests[-1] = replace(request, regions=before.regions, hits=before.hits, nth=before.nth)
    elif before.intent in ("measure", "compare", "describe_lesion") and _only_points(request) and not _points(before):
        requests[-1] = replace(before, regions=request.regions, hits=request.hits, nth=request.nth)
    elif before.intent == "find_regions" and request.intent == "refine" and set(request.wanted.said()) == {"k"}:
        requests[-1] = replace(before, wanted=request.wanted)
    elif request.intent == "refine" and before.intent in ("search", "what", "refine"):
        if _another(before, request):
            plain = replace(before, regions=(), wanted=Wanted())
            requests.append(
                replace(_joined(request, plain), intent="search", wanted=_over(before.wanted, request.wanted))
            )
        else:
            requests[-1] = _joined(before, request)
    elif (
        before.intent == "refine"
        and request.intent in ("search", "what")
        and before.wanted.said()
        and not _points(before)
    ):
        requests[-1] = replace(
            _joined(request, before), intent=request.intent, wanted=_over(before.wanted, request.wanted)
        )
    elif request.intent != "unknown" or request.unclear:  # else a remark beside a request that was understood
        requests.append(request)


def _corrected(before: Request, after: Request) -> Request:
    """What was said, with what it was corrected to: another intent replaces it, a slot replaces that slot."""
    if after.intent in SMALL_TALK or (after.intent == "unknown" and not after.unclear):
        return before
    explicit = after.intent not in ("refine", "unknown")
    if explicit and before.intent not in (after.intent, "refine", "unknown", "search", "what"):
        return after
    if len(after.unread) == 1 and not after.wanted.said():  # "give me 20, no, 12"
        after = replace(after, wanted=_with_number(before.wanted, float(after.unread[0])), unread=())
    before = replace(before, wanted=_with_end(before.wanted, after.wanted))
    joined = _joined(before, after)
    return replace(
        joined,
        intent=after.intent if explicit or before.intent == "unknown" else before.intent,
        regions=after.regions or (() if after.nth is not None else before.regions),
        hits=after.hits or (() if after.nth is not None else before.hits),
        nth=after.nth if _points(after) else before.nth,
        types=after.types or before.types,
        left_out=after.left_out if after.types or after.left_out else before.left_out,
        topic=after.topic if explicit else before.topic,
        unread=after.unread,
    )


def _with_end(before: Wanted, after: Wanted) -> Wanted:
    """Without a bound that is taken back: "over 60, sorry, under 60" is no range."""
    gone: dict[str, None] = {}
    for one, other in (("min_age", "max_age"), ("max_age", "min_age"), ("min_size_mm", "max_size_mm"),
                       ("max_size_mm", "min_size_mm")):  # fmt: skip
        said, now = (getattr(before, one), getattr(before, other)), (getattr(after, one), getattr(after, other))
        if said[0] is not None and said[1] is None and now[0] is None and now[1] is not None:
            gone[one] = None
    return replace(before, **gone)  # type: ignore[arg-type]


def _with_number(wanted: Wanted, value: float) -> Wanted:
    """The one number that was said, said anew."""
    numbers = [n for n in ("k", "min_age", "max_age", "min_size_mm", "max_size_mm") if getattr(wanted, n) is not None]
    return Wanted(**{numbers[0]: value if "size" in numbers[0] else int(value)}) if len(numbers) == 1 else Wanted()  # type: ignore[arg-type]


def _points(request: Request) -> bool:
    return bool(request.regions or request.hits or request.nth)


def _asks_anew(request: Request) -> bool:
    return bool(request.wanted.said() or request.cleared or request.cleared_end)


def _remarks(request: Request) -> bool:
    """ "Two last things", "I drew both": a number or a place in passing, beside requests that say what is wanted."""
    return (
        request.intent == "refine"
        and not (
            request.wanted.said()
            or request.cleared
            or request.cleared_end
            or request.more
            or request.unclear
            or request.hits
            or request.nth
        )
        and not request.follow_up
    )


def _only_points(request: Request) -> bool:
    """ "The first region, …": what the rest of the message is about."""
    return request.intent == "refine" and _points(request) and not request.wanted.said() and not request.cleared


def _another(before: Request, after: Request) -> bool:
    """ "… for R1 in women and for R2 in men": a second search rather than a filter of the first."""
    other_region = bool(after.regions) and bool(before.regions) and after.regions != before.regions
    return other_region or (before.wanted.sex is not None and after.wanted.sex not in (None, before.wanted.sex))


def _over(before: Wanted, after: Wanted) -> Wanted:
    """What was said first, overridden by what was said next."""
    values = {f.name: getattr(before, f.name) for f in fields(Wanted)}
    values |= {f.name: v for f in fields(Wanted) if (v := getattr(after, f.name)) is not None}
    return Wanted(**values)


def lesion_ids(message: str, state: TurnState) -> tuple[str, tuple[str, ...]]:
    """Lesion ids of the message, replaced by idref0, idref1, … so that nothing else reads their digits."""
    known = {h.lesion_id.lower(): h.lesion_id for s in state.searches for h in s.facts.hits}
    ids: list[str] = []

    def use(match: re.Match[str]) -> str:
        token = match.group().strip(".,;:?!()[]\"'")
        tail = match.group()[match.group().find(token) + len(token) :] if token else ""
        if token.lower() not in known and not _looks_like_id(token):
            return match.group()
        ids.append(known.get(token.lower(), token))
        return f" idref{len(ids) - 1}{tail.replace(']', '').replace(')', '')} "

    return re.sub(r"\S+", use, message), tuple(ids)


_NO_ID = re.compile(
    r"(?i)[<>=≥≤~]*\d+(?:[.,]\d+)?(?:mm|cm|hu|y|yo|yrs?|years?|st|nd|rd|th|s|%)?\+?|r\d+|e\d+|#\d+|top-?\d+|k=\d+"
    r"|\d+(?:\.\d+)?-\d+(?:\.\d+)?(?:mm|cm|y|yo|yrs?|years?)?|\d0s-\d0s"
    r"|\d+-(?:year|yr|y|mm|cm|slice)s?(?:-olds?)?|cv-?\d+|(?:[a-z]+-)?\d+(?:mm|cm)-?\w*|(?:under|over)-\d+s?"
)


def _looks_like_id(token: str) -> bool:
    """Letters and digits with a joint or a leading zero, as ids have; not a size, an age or a region."""
    if _NO_ID.fullmatch(token) or len(token) < 4 or not patterns.fullmatch(r"[\w.:/|-]+", token):
        return False
    digits, joints = bool(patterns.search(r"\d", token)), bool(patterns.search(r"[_:/|-]", token))
    return digits and (joints or bool(patterns.fullmatch(r"[A-Za-z]{1,6}\d{3,}", token)))


def _request(clause: str, ids: tuple[str, ...], state: TurnState, first: bool) -> Request:
    slots = read_slots(
        _CORRECTS.sub("", clause, count=1) if _CORRECTS.match(clause) else clause, ids, state.atlas_types
    )
    of_hits = _superlatives(clause, slots, state)
    kind = declined(clause, about_hit=bool(slots.hits), no_study=state.study is None)
    intent = "out_of_scope" if kind else _intent(clause, slots, state)
    topic = kind or _topic(intent, clause)
    start_over = bool(patterns.search(lex.START_OVER, clause))
    cleared: set[FilterName] = set(slots.cleared)
    if (slots.clear_all or start_over) and not (intent == "filters" and asked_of_hits(clause)):
        cleared |= {"type", "sex", "age", "size", "scope"}
        short = len(clause.split()) <= LONGEST_RESET
        intent = (
            "refine"
            if intent in ("unknown", "filters", "search", *SMALL_TALK) and (short or intent != "unknown")
            else intent
        )
    return Request(
        intent=intent,
        text=clause,
        wanted=_wanted(slots, state),
        cleared=frozenset(cleared),
        cleared_end=slots.cleared_end,
        regions=() if of_hits else tuple(slots.regions),
        hits=of_hits or tuple(slots.hits),
        nth=slots.nth,
        types=(*slots.types, *slots.named),
        left_out=tuple(slots.left_out),
        unknown_types=tuple(slots.unknown_types),
        topic=topic,
        follow_up=bool(patterns.search(lex.FOLLOW_UP, clause)) or not first,
        more=slots.more,
        corrects=first and bool(_CORRECTS.match(clause)),
        not_applied="" if kind else disease_word(clause),
        unclear=slots.unclear,
        unread=slots.unread,
    )


def _superlatives(clause: str, slots: Slots, state: TurnState) -> tuple[HitRef, ...]:
    """ "Which one is the biggest?", with hits on the screen and one region only: among the hits."""
    match = patterns.search(r"\bthe (big|larg|small|tini|most big|most small)\w*est\b|\bthe most (big|small)\b", clause)
    if not match or not state.searches or len(state.regions) > 1 or slots.hits or slots.has_filters:
        return ()
    return (HitRef("largest" if patterns.search(r"big|larg", match.group()) else "smallest"),)


_CORRECTS = re.compile(
    r"(?:(?:no|nope|oh|ay|ah|hm)[,.]+ |(?:ay no|no wait|sorry|correction|oops|whoops|wait|scratch that|strike that"
    r"|(?:no )?i (?:meant?|mean)|rather|actually"
    r"|my (?:bad|mistake))\b[,:. ]*)+"
)


_OTHER: dict[str, Sex] = {"F": "M", "M": "F"}


def _wanted(slots: Slots, state: TurnState) -> Wanted:
    types: tuple[str, ...] | None = tuple(slots.types) or None
    if slots.left_out:
        types = tuple(t for t in types or state.atlas_types if t not in slots.left_out) or None
    before = last.args if (last := state.search_of(None)) else {}
    sex = slots.sex
    if slots.other_sex:
        sex = _OTHER.get(str(before.get("sex") or (state.study.sex if state.study else "")))
    min_age, max_age = slots.min_age, slots.max_age
    kept = slots.ages_as_before and ("min_age" in before or "max_age" in before)
    if slots.age_like_patient and not kept and state.study and state.study.age_years is not None:
        min_age, max_age = max(0, state.study.age_years - 5), state.study.age_years + 5
    min_size, max_size = slots.min_size_mm, slots.max_size_mm
    region = state.region(state.selected or state.last_region or "") or next(iter(state.regions), None)
    if slots.size_like_region and region and region.long_axis_mm:
        min_size, max_size = round(0.75 * region.long_axis_mm, 1), round(1.25 * region.long_axis_mm, 1)
    return Wanted(types, sex, min_age, max_age, min_size, max_size, slots.scope, slots.k)


def _topic(intent: Intent, clause: str) -> str:
    table = {"report": lex.REPORT_FORMATS, "atlas": lex.GROUPINGS}.get(intent, ())
    return next((value for words, value in table if patterns.search(words, clause)), "")


def _intent(clause: str, slots: Slots, state: TurnState) -> Intent:
    """The first intent of the table that fits, corrected by what was read in the slots."""
    purposeless = PURPOSE.sub("", clause)
    found = (asked_of_hits(purposeless) if state.searches else "") or first_intent(purposeless)
    if found in ("other", "count_hits") or (found == "filters" and asked_of_hits(purposeless)):
        return "unknown" if found == "other" else cast(Intent, found)
    if compares_with_mine(purposeless, slots):
        return "compare"
    if (
        state.searches
        and slots.nth
        and not slots.regions
        and len(state.regions) < max(2, slots.nth)
        and found in ("describe_study", "unknown", "what")
    ):
        return "describe_lesion"
    about_hit = bool(slots.hits)
    pointing = bool(slots.regions) or bool(patterns.search(r"\b(?:this|that|it|here)\b", clause))
    typed = bool(slots.types or slots.named or slots.left_out)
    if found == "why" and patterns.search(r"\bexplain\b", clause) and typed and not pointing:
        found = "explain"
    if found == "compare" and not about_hit and patterns.search(r"\bcomparable\b", clause):
        found = "search"
    if about_hit and slots.regions and patterns.search(r"\b\w+er than\b", clause):
        found = "compare"
    if found == "atlas" and any(h.kind == "id" for h in slots.hits):
        found = "describe_lesion"
    if (
        found == "compare"
        and not about_hit
        and patterns.search(
            r"\batlas\b|\b(?:tell|what|split|how|where|sort)\b.*\b(?:collection|data ?base|library|cohort|comparing "
            r"(?:it )?(?:against|to|with))\b"
            r"|\bsplit\b.*\b(?:collection|data ?base|library)",
            clause,
        )
    ):
        found = "atlas"
    if len(state.regions) > 1 and _WHICH_IS_LARGER.search(clause) and not about_hit:
        return "measure"
    if found == "measure" and patterns.search(r"\bslices?\b", clause):
        found = "describe_study"
    if any(r.kind == "all" for r in slots.regions) and patterns.search(r"\b(?:which|what)(?: \w+)? is \w+er\b", clause):
        found = "measure"
    if (
        typed
        and patterns.search(r"\b(?:does|is|could|might|would|can) (?:it|this|that)\b", clause)
        and found in _ASKING
    ):
        found = "what"
    if (
        found == "unknown"
        and len(slots.types) > 1
        and patterns.search(r"^[\w -]+ or [\w -]+$", clause)
        and not _NARROWS.search(clause)
    ):
        found = "what"  # "liver or kidney?": a filter would beg the question
    if patterns.search(
        r"\b(?:this|it|that|mine|my \w+|r\d+)\b.*\b(?:count|qualify|pass|classify|classified|go|fit|belong)(?:s"
        r"|es)? (?:as|under|into|in with|among|to) (?:one|an?|the|these|those)\b",
        clause,
    ):
        found = "what"
    lifted = slots.cleared - {"age"} and not patterns.search(
        r"\b(?:fe)?male or (?:fe)?male\b|\b(?:wo)?man or (?:a )?(?:wo)?man\b", clause
    )
    if (lifted or slots.cleared_end) and found in ("measure", "describe_study", "what", "unknown", "filters"):
        found = "refine"
    if slots.cleared and found in ("unknown", "filters"):
        found = "refine"
    last = state.last_calls[-1].name if state.last_calls else ""
    if (
        found == "describe_study"
        and last in ("describe_lesion", "compare_lesion")
        and pointing
        and not patterns.search(r"\b(?:stud(?:y|ies)|scan|my patient)\b", clause)
    ):
        found = "describe_lesion"
    if (
        found == "what"
        and _AND_THAT.search(clause)
        and (slots.nth or any(r.kind != "this" for r in slots.regions))
        and not typed
    ):
        found = "refine"
    if found == "atlas" and _LIKENESS.search(clause) and not patterns.search(r"\bhow many\b", clause):
        found = "search"
    if found == "undo" and (
        slots.types
        or slots.left_out
        or slots.sex
        or slots.k
        or slots.scope
        or slots.min_age
        or slots.max_age
        or slots.cleared
    ):
        found = "refine"  # "go back to all ages" says what it goes back to
    sized = slots.min_size_mm is not None or slots.max_size_mm is not None
    if (
        found == "measure"
        and sized
        and not patterns.search(r"\bhow\b|\bmeasure\b|^is (?:it|this|that|mine|the)\b", clause)
    ):
        found = "refine"
    if found == "search" and about_hit and slots.k is None and not _SEARCH_VERB.search(slots.text):
        found = "describe_lesion" if patterns.search(_DESCRIBES, clause) else "refine"
    if (
        slots.nth
        and not slots.regions
        and found in ("search", "what", "unknown", "explain", "describe_study")
        and _TELLS.search(clause)
    ):
        found = "describe_lesion"
    if about_hit and patterns.search(r"\bdifferen(?:t|ce|ces)\b", clause):
        found = "compare"
    if found == "find_regions" and any(r.kind == "all" for r in slots.regions):
        found = "measure"
    if found == "measure":
        if about_hit:
            found = "describe_lesion"
        elif slots.has_filters and patterns.search(
            r"\b(?:find|show|list|similar|search|only|like|cases?|lesions)\b", clause
        ):
            found = "search"
    if found == "unknown" and about_hit:
        found = "describe_lesion" if patterns.search(_DESCRIBES, clause) else "refine"
    described = slots.k is None and bool(patterns.search(_DESCRIBES, clause))
    if about_hit and (
        found in ("what", "describe_study", "explain") or (found in ("search", "find_regions") and described)
    ):
        found = "describe_lesion"
    named = any(r.kind != "this" for r in slots.regions)
    if found == "find_regions" and (named or _is_search(clause, slots)):
        found = "search"
    if found == "explain" and not typed and not _THIS_TYPE.search(clause):
        found = "what" if pointing else ("why" if patterns.search(r"\bexplain\b", clause) else "unknown")
    if found == "explain" and (slots.has_person_or_size or _LIKE_MINE.search(clause)):
        found = "search"
    if (
        found == "describe_study"
        and (slots.min_age or slots.max_age)
        and not patterns.search(r"\b(?:how|what|which)\b", clause)
    ):
        found = "search" if _LIKE_MINE.search(clause) else "refine"
    if found in ("what", "unknown", "search") and typed and not slots.regions and _is_lesson(clause):
        found = "explain"
    if found == "unknown" and (slots.any or slots.more):
        found = "refine"
    if (
        found == "what"
        and slots.has_filters
        and not patterns.search(
            r"\b(?:is|are|could|might|may) (?:it|this|that)\b|what (?:is|could|might)|\bwhether\b", clause
        )
    ):
        found = "refine"
    if found == "greeting" and slots.unread and not slots.has_filters:
        return "greeting"  # "morning, third coffee here"
    if found in ("thanks", "greeting") and slots.any:
        found = "refine"
    return cast(Intent, found)


_WHICH_IS_LARGER = re.compile(
    r"^(?:which|what)\b(?=.*\b(?:r\d\b.*\br\d|my (?:\d )?(?:lesions|regions|spots)|of (?:the )?2|of the regions))"
    r".*\b(?:bigger|larger|smaller|longer|denser|wider|biggest|largest|smallest|longest|densest)\b"
)
_LIKE_MINE = re.compile(
    r"\b(?:look-?alikes?(?! of)|resembl\w+ (?:mine|this|it|r\d)|comparables?|similar (?:ones?|lesions?|cases?|to)"
    r"|lesions? "
    r"like (?:mine|this|it))\b"
)
_THIS_TYPE = re.compile(
    r"\b(?:this|that)(?: lesion)? (?:type|kind|sort)\b(?! of (?!lesions?\b))|\blesions? (?:of|like) (?:this|that) "
    r"(?:type|kind|sort)\b"
)
_LIKENESS = re.compile(r"\b(?:similar|match(?:es)?|resembl\w*|looks? (?:like|alike)|twins?|alike)\b")
_SEARCH_VERB = re.compile(
    r"\b(?:find|search|show|look for|get|list|retrieve|fetch|give|bring|pull|display|similar"
    r"|resembl\w*|like (?:this|it))\b"
)
_OF_THE_HIT = ("unknown", "what", "describe_study", "explain")  # asked after a hit was named, it is asked of the hit
_ORDERS = re.compile(r"\b(?:only|just|limit|restrict|filter|find|search|keep|exclude|drop|remove|without|similar)\b")
_TAG = re.compile(r"(?:or |and )?(?:what do you (?:reckon|think|say)|do you (?:reckon|think)|what say you)\W*")
_ASKS_ALOUD = re.compile(r"^(?:and )?how many(?: \w+){0,4}\W*$")
_TELLS = re.compile(
    r"\b(?:records?|details?|data|info\w*|facts|tell|describe|story|known?|introduce|everything|all) (?:\w+"
    r" )*(?:it|that|this|of|about|on|me|to|number|\x00)\b|\b(?:know|known|tell|say) (?:\w+ )*(?:about|of|on) (?:it"
    r"|that|this)"
    r"|\bwhat is (?:known|it|that)\b|\bdetails?\b"
)
_AND_THAT = re.compile(
    r"^(?:and|what about|how about|ditto)\b(?: how (?:is|about)| what about| what is)?(?: (?:it|that))?(?: (?:by"
    r"|with|for|in|of|at))?\W*(?:the |with )?\W*(?:\w+ ?){0,3}$"
)
_ASKING = ("search", "what", "unknown")
_NARROWS = re.compile(
    r"\b(?:only|just|show|find|search|similar|in|from|also|include|exclude|not|no|without|cases?|lesions)\b"
)
_DESCRIBES = (
    r"^(?:is|are|was)\b|\b(?:describe|tell|about|details?|info\w*|open|what|who|how old|is the|is it|show|explain"
    r"|facts|which|sex|age|more)\b"
)


def _is_search(clause: str, slots: Slots) -> bool:
    """Whether "find …" asks for hits: it speaks of likeness, or filters. "Find lesions" asks for places in the scan."""
    if patterns.search(
        r"\b(?:similar|like (?:this|that|it|r\d)|resembl\w*|look-?alike|match\w*|neighbou?rs?|closest|nearest|atlas)\b",
        clause,
    ):
        return True
    in_scan = patterns.search(
        r"\b(?:in|on) (?:the|this|my) (?:scan|study|ct|image|series|slice)|regions?|suspicious|abnormal\w*"
        r"|candidates?|suggest\w*|propos\w*\b",
        clause,
    )
    narrows = bool(slots.types or slots.left_out or slots.has_person_or_size)
    if slots.sex or slots.scope or slots.min_age is not None or slots.max_age is not None:
        return True  # of patients, so of the atlas
    return narrows and not in_scan


def _is_lesson(clause: str) -> bool:
    """Whether a type is asked about as such: "what is a liver lesion?", "tell me about pelvic lesions"."""
    return not _NO_LESSON.search(clause) and bool(_LESSON.search(clause))


_NO_LESSON = re.compile(
    r"\b(?:similar|alike|look-?alikes?(?! of)|closest|nearest|show|find|this|that|only|it|my|mine|r\d)\b"
)
_LESSON = re.compile(
    r"\bwhat (?:on earth )?(?:is|are) (?:it )?(?:an? |the )?(?!this|that|it\b)|\b(?:about|describe) (?:an? |the"
    r" )?[\w -]*lesions?\b"
    r"|\btell me (?:something |more )?about\b|\bteach\b|\bknow about\b|\bdescribe (?:typical|an?) "
)


def _joined(before: Request, after: Request) -> Request:
    """A request and the filters that follow it in the same message."""
    return Request(
        intent=before.intent,
        text=f"{before.text}, {after.text}",
        wanted=_over(before.wanted, after.wanted),
        cleared=before.cleared | after.cleared,
        regions=before.regions or after.regions,
        hits=before.hits or after.hits,
        nth=before.nth or after.nth,
        types=before.types or after.types,
        left_out=before.left_out or after.left_out,
        unknown_types=before.unknown_types or after.unknown_types,
        follow_up=before.follow_up,
        corrects=before.corrects,
        more=before.more or after.more,
        not_applied=before.not_applied or after.not_applied,
        unclear=before.unclear or after.unclear,
        unread=before.unread + after.unread,
    )
