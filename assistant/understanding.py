"""From a message to requests: which intent, which filters, which region, which hit. Deterministic and table-driven."""

import re
from dataclasses import dataclass, field, fields
from typing import Literal, cast

from assistant import lexicon as lex
from assistant.intents import first_intent
from assistant.normalise import clauses, normalise
from assistant.slots import FilterName, HitRef, RegionRef, Slots, read_slots
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
        requests = _read(f"{state.open_question} {message}", state)
    return requests


def _read(message: str, state: TurnState) -> tuple[Request, ...]:
    text, ids = _lesion_ids(message[:2000], state)
    names = {word for name in state.atlas_types for word in re.findall(r"[a-z]+", name.lower())}
    requests: list[Request] = []
    for clause in clauses(normalise(text, names))[:MAX_REQUESTS]:
        request = _request(clause, ids, state, first=not requests)
        before = requests[-1] if requests else None
        if before is not None and request.intent == "refine" and before.intent in ("search", "what", "refine"):
            requests[-1] = _joined(before, request)
        elif before is not None and request.intent == "unknown" and not request.unclear:
            continue  # a remark beside a request that was understood
        else:
            requests.append(request)
    serious = [r for r in requests if r.intent not in (*SMALL_TALK, "unknown")]
    return tuple(serious or requests[:1] or [Request("unknown", message)])


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
    r"(?i)[<>=≥≤~]*\d+(?:[.,]\d+)?(?:mm|cm|hu|y|yo|yrs?|years?|st|nd|rd|th|s|%)?\+?|r\d+|e\d+|#\d+|top-?\d+|k=\d+|\d+-\d+(?:mm|cm|y|yo)?"
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
    if found == "measure":
        if about_hit:
            found = "describe_lesion"
        elif slots.has_filters and re.search(r"\b(?:find|show|list|similar|search|only|like|cases?|lesions)\b", clause):
            found = "search"
    if found == "unknown" and about_hit:
        found = "describe_lesion" if re.search(_DESCRIBES, clause) else "refine"
    if found in ("describe_study", "what", "explain", "search", "find_regions") and about_hit:
        if (
            slots.k is None
            and re.search(
                r"\b(?:describe|tell|about|details?|info\w*|open|what|who|how old|is the|is it|show|explain|facts|which|sex|age|more)\b",
                clause,
            )
        ) or found in ("what", "describe_study", "explain"):
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


_DESCRIBES = r"^(?:is|are|was)\b|\b(?:describe|tell|about|details?|info\w*|open|what|who|how old|is the|is it|show|explain|facts|which|sex|age|more)\b"


def _is_search(clause: str, slots: Slots) -> bool:
    """ "Find lesions" asks for places in the scan; with likeness, a filter on people, or a number of cases, for hits."""
    if re.search(
        r"\b(?:similar|like (?:this|that|it|r\d)|resembl\w*|look-?alike|match\w*|neighbou?rs?|closest|nearest|atlas)\b",
        clause,
    ):
        return True
    in_scan = re.search(
        r"\b(?:in|on) (?:the|this|my) (?:scan|study|ct|image|series|slice)|regions?|suspicious|abnormal\w*|candidates?|suggest\w*|propos\w*\b",
        clause,
    )
    return slots.has_filters and not in_scan


def _is_lesson(clause: str) -> bool:
    """ "What is a liver lesion?", "tell me about pelvic lesions", "what are …"."""
    if re.search(r"\b(?:similar|closest|nearest|show|find|this|that|only|it)\b", clause):
        return False
    return bool(
        re.search(
            r"\bwhat (?:is|are) (?:an? |the )?(?!this|that|it)|\b(?:tell me (?:more )?about|about|describe) (?:an? |the )?[\w -]*lesions?\b"
            r"|\btell me (?:something |more )?about\b|\bteach\b|\bknow about\b|\bdescribe (?:typical|an?) ",
            clause,
        )  # fmt: skip
    )


def _joined(before: Request, after: Request) -> Request:
    """A request and the filters that follow it in the same message."""
    said = {**{f.name: getattr(before.wanted, f.name) for f in fields(Wanted)}, **{
        f.name: v for f in fields(Wanted) if (v := getattr(after.wanted, f.name)) is not None
    }}  # fmt: skip
    return Request(
        intent=before.intent,
        text=f"{before.text}, {after.text}",
        wanted=Wanted(**said),
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
