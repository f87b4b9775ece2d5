"""From a message to requests: which intent, which filters, which region, which hit. Deterministic and table-driven."""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Literal, cast

from assistant import lexicon as lex
from assistant.intents import first_intent
from assistant.normalise import clauses, normalise
from assistant.reading import read_slots
from assistant.slots import FilterName, HitRef, RegionRef, Slots
from assistant.state import TurnState
from tools.atlas import Scope

Intent = Literal[
    "search", "what", "describe_study", "find_regions", "measure", "compare", "describe_lesion", "atlas", "explain",
    "report", "why", "how_sure", "count_hits", "filters", "help", "thanks", "greeting", "out_of_scope", "refine",
    "unknown",
]  # fmt: skip
SMALL_TALK = ("thanks", "greeting")
MAX_REQUESTS = 6  # in one message


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
    not_applied: str = ""  # a property the atlas does not record, such as "malignant"
    unclear: str = ""  # a filter that was meant but cannot be read, such as "small"
    unread: tuple[str, ...] = ()  # numbers whose meaning is open


def understand(message: str, state: TurnState) -> tuple[Request, ...]:
    """The requests of one message, in order. A reply to a question of ours is read together with what it answers."""
    requests = _read(message, state)
    if state.open_question is not None and all(r.intent in ("refine", "unknown") for r in requests):
        together = _read(f"{state.open_question} {message}", state)
        if not any(r.unread or r.unclear for r in together):  # else the reply stands on its own
            requests = together
    return requests


def _read(message: str, state: TurnState) -> tuple[Request, ...]:
    text, ids = _lesion_ids(message[:2000], state)
    names = {word for name in state.atlas_types for word in re.findall(r"[a-z]+", name.lower())}
    requests: list[Request] = []
    for clause in clauses(normalise(text, names))[:MAX_REQUESTS]:
        request = _request(clause, ids, state, first=not requests)
        before = requests[-1] if requests else None
        if _NOT_WANTED.search(clause):
            continue
        if before is not None and _only_points(before) and not _points(request):
            requests[-1] = replace(request, regions=before.regions, hits=before.hits, nth=before.nth)
        elif before is not None and before.intent == request.intent == "atlas" and not before.topic:
            requests[-1] = request
        elif before is not None and request.intent == "refine" and before.intent in ("search", "what", "refine"):
            if _another(before, request):
                requests.append(replace(_joined(request, replace(before, regions=(), wanted=Wanted())), intent="search",
                                        wanted=_over(before.wanted, request.wanted)))  # fmt: skip
            else:
                requests[-1] = _joined(before, request)
        elif before is not None and request.intent == "unknown" and not request.unclear:
            continue  # a remark beside a request that was understood
        else:
            requests.append(request)
    serious = [r for r in requests if r.intent not in (*SMALL_TALK, "unknown")]
    return tuple(serious or requests[:1] or [Request("unknown", message)])


_NOT_WANTED = re.compile(
    r"^(?:skip|no need (?:for|to)|do not|leave out|without|never mind) (?:the |a |any )?(?:measur|report|compar"
    r"|describ)"
)


def _points(request: Request) -> bool:
    return bool(request.regions or request.hits or request.nth)


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


def _lesion_ids(message: str, state: TurnState) -> tuple[str, tuple[str, ...]]:
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
    r"|\d+-\d+(?:mm|cm|y|yo)?"
    r"|\d+-(?:year|yr|y|mm|cm|slice)s?(?:-olds?)?|cv-?\d+|(?:[a-z]+-)?\d+(?:mm|cm)-?\w*"
)


def _looks_like_id(token: str) -> bool:
    """Letters and digits with a joint or a leading zero, as ids have; not a size, an age or a region."""
    if _NO_ID.fullmatch(token) or len(token) < 4 or not re.fullmatch(r"[\w.:/|-]+", token):
        return False
    digits, joints = bool(re.search(r"\d", token)), bool(re.search(r"[_:/|-]", token))
    return digits and (joints or bool(re.fullmatch(r"[A-Za-z]{1,6}\d{3,}", token)))


def _request(clause: str, ids: tuple[str, ...], state: TurnState, first: bool) -> Request:
    slots = read_slots(clause, ids, state.atlas_types)
    kind = _out_of_scope(clause, slots)
    intent = "out_of_scope" if kind else _intent(clause, slots, state)
    topic = kind or _topic(intent, clause)
    start_over = bool(re.search(lex.START_OVER, clause))
    cleared: set[FilterName] = set(slots.cleared)
    if slots.clear_all or start_over:
        cleared |= {"type", "sex", "age", "size", "scope"}
        intent = "refine" if intent in ("unknown", "filters", "search") else intent
    return Request(
        intent=intent,
        text=clause,
        wanted=_wanted(slots, state),
        cleared=frozenset(cleared),
        cleared_end=slots.cleared_end,
        regions=tuple(slots.regions),
        hits=tuple(slots.hits),
        nth=slots.nth,
        types=(*slots.types, *slots.named),
        left_out=tuple(slots.left_out),
        unknown_types=tuple(slots.unknown_types),
        topic=topic,
        follow_up=bool(re.search(lex.FOLLOW_UP, clause)) or not first,
        more=slots.more,
        not_applied=_not_applied(clause) if not kind else "",
        unclear=slots.unclear,
        unread=slots.unread,
    )


def _not_applied(clause: str) -> str:
    match = re.search(rf"\b(?:{dict(lex.OUT_OF_SCOPE)['malignancy']})\b", clause)
    return match.group() if match else ""


def _wanted(slots: Slots, state: TurnState) -> Wanted:
    types: tuple[str, ...] | None = tuple(slots.types) or None
    if slots.left_out:
        kept = types or state.atlas_types
        types = tuple(t for t in kept if t not in slots.left_out) or None
    min_age, max_age = slots.min_age, slots.max_age
    if slots.age_like_patient and state.study and state.study.age_years is not None:
        min_age, max_age = max(0, state.study.age_years - 5), state.study.age_years + 5
    min_size, max_size = slots.min_size_mm, slots.max_size_mm
    region = state.region(state.selected or state.last_region or "") or next(iter(state.regions), None)
    if slots.size_like_region and region and region.long_axis_mm:
        min_size, max_size = round(0.75 * region.long_axis_mm, 1), round(1.25 * region.long_axis_mm, 1)
    return Wanted(types, slots.sex, min_age, max_age, min_size, max_size, slots.scope, slots.k)


_SEARCHES = re.compile(r"\b(?:find|show|search|list|similar|retrieve|get|only|cases?|matches)\b")
_POINTS = re.compile(
    r"\b(?:is|are|says?|call|could|will) (?:it|this|that|these)\b|\b(?:this|it) (?:is|malignant|benign)\b"
)


def _out_of_scope(clause: str, slots: Slots) -> str:
    for kind, words in lex.OUT_OF_SCOPE:
        if re.search(rf"\b(?:{words})\b", clause):
            if kind == "diagnosis" and re.search(r"differential", clause):
                continue
            if kind == "malignancy" and _SEARCHES.search(clause) and not _POINTS.search(clause):
                continue  # "find malignant liver lesions" is a search; its adjective is said not to be applied
            return kind
    return ""


def _topic(intent: Intent, clause: str) -> str:
    table = {"report": lex.REPORT_FORMATS, "atlas": lex.GROUPINGS}.get(intent, ())
    return next((value for words, value in table if re.search(words, clause)), "")


def _intent(clause: str, slots: Slots, state: TurnState) -> Intent:
    """The first intent of the table that fits, corrected by what was read in the slots."""
    found = first_intent(clause)
    about_hit = bool(slots.hits)
    pointing = bool(slots.regions) or bool(re.search(r"\b(?:this|that|it|here)\b", clause))
    typed = bool(slots.types or slots.named or slots.left_out)
    if found == "why" and re.search(r"\bexplain\b", clause) and typed and not pointing:
        found = "explain"
    if found == "compare" and not about_hit and re.search(r"\bcomparable\b", clause):
        found = "search"
    if about_hit and slots.regions and re.search(r"\b\w+er than\b", clause):
        found = "compare"
    if found == "atlas" and any(h.kind == "id" for h in slots.hits):
        found = "describe_lesion"
    if found == "compare" and re.search(r"\batlas\b", clause) and not about_hit:
        found = "atlas"
    if found == "measure" and re.search(r"\bslices?\b", clause):
        found = "describe_study"
    if any(r.kind == "all" for r in slots.regions) and re.search(r"\b(?:which|what)(?: \w+)? is \w+er\b", clause):
        found = "measure"
    if typed and re.search(r"\b(?:does|is|could|might|would|can) (?:it|this|that)\b", clause) and found in _ASKING:
        found = "what"
    if (
        found == "unknown"
        and len(slots.types) > 1
        and re.search(r"^[\w -]+ or [\w -]+$", clause)
        and not _NARROWS.search(clause)
    ):
        found = "what"  # "liver or kidney?": a filter would beg the question
    if found == "measure":
        if about_hit:
            found = "describe_lesion"
        elif slots.has_filters and re.search(r"\b(?:find|show|list|similar|search|only|like|cases?|lesions)\b", clause):
            found = "search"
    if found == "unknown" and about_hit:
        found = "describe_lesion" if re.search(_DESCRIBES, clause) else "refine"
    described = slots.k is None and bool(re.search(_DESCRIBES, clause))
    if about_hit and (
        found in ("what", "describe_study", "explain") or (found in ("search", "find_regions") and described)
    ):
        found = "describe_lesion"
    if found == "find_regions" and (slots.regions or _is_search(clause, slots)):
        found = "search"
    if found == "explain" and not typed:
        found = "what" if pointing else ("why" if re.search(r"\bexplain\b", clause) else "unknown")
    if found == "explain" and slots.has_person_or_size:
        found = "search"
    if found in ("what", "unknown", "search") and typed and not slots.regions and _is_lesson(clause):
        found = "explain"
    if found == "unknown" and (slots.any or slots.more):
        found = "refine"
    if (
        found == "what"
        and slots.has_filters
        and not re.search(r"\b(?:is|are|could|might|may) (?:it|this|that)\b|what (?:is|could|might)", clause)
    ):
        found = "refine"
    if found in ("thanks", "greeting") and slots.any:
        found = "refine"
    return cast(Intent, found)


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
    if re.search(
        r"\b(?:similar|like (?:this|that|it|r\d)|resembl\w*|look-?alike|match\w*|neighbou?rs?|closest|nearest|atlas)\b",
        clause,
    ):
        return True
    in_scan = re.search(
        r"\b(?:in|on) (?:the|this|my) (?:scan|study|ct|image|series|slice)|regions?|suspicious|abnormal\w*"
        r"|candidates?|suggest\w*|propos\w*\b",
        clause,
    )
    return slots.has_filters and not in_scan


def _is_lesson(clause: str) -> bool:
    """Whether a type is asked about as such: "what is a liver lesion?", "tell me about pelvic lesions"."""
    return not _NO_LESSON.search(clause) and bool(_LESSON.search(clause))


_NO_LESSON = re.compile(r"\b(?:similar|closest|nearest|show|find|this|that|only|it)\b")
_LESSON = re.compile(
    r"\bwhat (?:is|are) (?:an? |the )?(?!this|that|it)|\b(?:about|describe) (?:an? |the )?[\w -]*lesions?\b"
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
        more=before.more or after.more,
        not_applied=before.not_applied or after.not_applied,
        unclear=before.unclear or after.unclear,
        unread=before.unread + after.unread,
    )
