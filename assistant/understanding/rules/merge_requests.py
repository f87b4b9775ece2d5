"""Clauses of one message that belong together: a filter after its search, a correction, the same thing said again."""

import re
from dataclasses import fields, replace

from assistant.core.requests import SMALL_TALK, FilterSpec
from assistant.understanding.rules.clauses import Clause
from assistant.understanding.rules.follow_up_words import ClauseRequest
from assistant.understanding.rules.hit_questions import sets_beside
from assistant.understanding.rules.intent_of_clause import TELLS

SAID_ONCE = (
    "help",
    "why",
    "how_sure",
    "filters",
    "count_hits",
    "find_regions",
)  # asked twice in one message, they are answered once


def take_in(request: ClauseRequest, clause: Clause, requests: list[ClauseRequest]) -> None:
    """Add a request to those before it, or let it complete or correct the last of them."""
    before = requests[-1] if requests else None
    if before is None:
        requests.append(request)
    elif before.intent == "out_of_scope" and _TAG.fullmatch(clause.text):
        pass  # "should they start chemo, what do you reckon?"
    elif clause.repairs and before.intent not in SMALL_TALK:
        requests[-1] = _corrected(before, request)
    elif _only_points(before) and not points(request) and not (before.follow_up and request.intent == "report"):
        told = (
            request.intent in ("unknown", "what", "search", "explain")
            and before.regions == ()
            and TELLS.search(request.text)
        )
        intent = "describe_lesion" if told or (before.hits and request.intent in _OF_THE_HIT) else request.intent
        intent = before.intent if intent == "unknown" else intent
        intent = "compare" if before.hits and before.regions and sets_beside(request.text) else intent
        requests[-1] = replace(request, intent=intent, regions=before.regions, hits=before.hits, nth=before.nth)
    elif before.intent == request.intent == "atlas" and not before.topic:
        requests[-1] = request
    elif before.intent == "describe_lesion" and not points(request) and TELLS.search(request.text):
        pass  # "who is the closest, and what do we know about it?"
    elif before.intent == "find_image" and request.intent == "measure" and request.topic == "slice":
        requests[-1] = replace(before, regions=before.regions or request.regions)  # "image 22, is that the same slice?"
    elif before.intent == request.intent == "describe_study":
        requests[-1] = replace(before, topic=_topics(before.topic, request.topic))
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
    elif before.intent == request.intent == "measure" and not points(request):
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
    elif before.intent in ("measure", "compare", "describe_lesion") and _only_points(request) and not points(before):
        requests[-1] = replace(before, regions=request.regions, hits=request.hits, nth=request.nth)
    elif before.intent == "find_regions" and request.intent == "refine" and set(request.wanted.said()) == {"k"}:
        requests[-1] = replace(before, wanted=request.wanted)
    elif request.intent == "refine" and before.intent in ("search", "what", "refine"):
        if _another(before, request):
            plain = replace(before, regions=(), wanted=FilterSpec())
            requests.append(
                replace(_joined(request, plain), intent="search", wanted=_over(before.wanted, request.wanted))
            )
        else:
            requests[-1] = _joined(before, request)
    elif (
        before.intent == "refine"
        and request.intent in ("search", "what")
        and before.wanted.said()
        and not points(before)
    ):
        requests[-1] = replace(
            _joined(request, before), intent=request.intent, wanted=_over(before.wanted, request.wanted)
        )
    elif request.intent != "unknown" or request.unclear:  # else a remark beside a request that was understood
        requests.append(request)


def _topics(before: str, after: str) -> str:
    """Join what is asked of the study in two clauses; a clause without a topic asks for all of it."""
    topics = dict.fromkeys([*(before or "all").split("+"), *(after or "all").split("+")])
    return "" if [*topics] == ["all"] else "+".join(topics)


def _corrected(before: ClauseRequest, after: ClauseRequest) -> ClauseRequest:
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
        nth=after.nth if points(after) else before.nth,
        types=after.types or before.types,
        left_out=after.left_out if after.types or after.left_out else before.left_out,
        topic=after.topic if explicit else before.topic,
        unread=after.unread,
    )


def _with_end(before: FilterSpec, after: FilterSpec) -> FilterSpec:
    """Without a bound that is taken back: "over 60, sorry, under 60" is no range."""
    gone: dict[str, None] = {}
    for one, other in (("min_age", "max_age"), ("max_age", "min_age"), ("min_size_mm", "max_size_mm"),
                       ("max_size_mm", "min_size_mm")):  # fmt: skip
        said, now = (getattr(before, one), getattr(before, other)), (getattr(after, one), getattr(after, other))
        if said[0] is not None and said[1] is None and now[0] is None and now[1] is not None:
            gone[one] = None
    return replace(before, **gone)  # type: ignore[arg-type]


def _with_number(wanted: FilterSpec, value: float) -> FilterSpec:
    """The one number that was said, said anew."""
    numbers = [n for n in ("k", "min_age", "max_age", "min_size_mm", "max_size_mm") if getattr(wanted, n) is not None]
    if len(numbers) != 1:
        return FilterSpec()
    return FilterSpec(**{numbers[0]: value if "size" in numbers[0] else int(value)})  # type: ignore[arg-type]


def points(request: ClauseRequest) -> bool:
    """Whether a request names a region or a hit."""
    return bool(request.regions or request.hits or request.nth)


def _asks_anew(request: ClauseRequest) -> bool:
    return bool(request.wanted.said() or request.cleared or request.cleared_end)


def remarks(request: ClauseRequest) -> bool:
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


def _only_points(request: ClauseRequest) -> bool:
    """ "The first region, …": what the rest of the message is about."""
    return request.intent == "refine" and points(request) and not request.wanted.said() and not request.cleared


def _another(before: ClauseRequest, after: ClauseRequest) -> bool:
    """ "… for R1 in women and for R2 in men": a second search rather than a filter of the first."""
    other_region = bool(after.regions) and bool(before.regions) and after.regions != before.regions
    return other_region or (before.wanted.sex is not None and after.wanted.sex not in (None, before.wanted.sex))


def _over(before: FilterSpec, after: FilterSpec) -> FilterSpec:
    """What was said first, overridden by what was said next."""
    values = {f.name: getattr(before, f.name) for f in fields(FilterSpec)}
    values |= {f.name: v for f in fields(FilterSpec) if (v := getattr(after, f.name)) is not None}
    return FilterSpec(**values)


_OF_THE_HIT = ("unknown", "what", "describe_study", "explain")  # asked after a hit was named, it is asked of the hit


_ORDERS = re.compile(r"\b(?:only|just|limit|restrict|filter|find|search|keep|exclude|drop|remove|without|similar)\b")


_TAG = re.compile(r"(?:or |and )?(?:what do you (?:reckon|think|say)|do you (?:reckon|think)|what say you)\W*")


_ASKS_ALOUD = re.compile(r"^(?:and )?how many(?: \w+){0,4}\W*$")


def _joined(before: ClauseRequest, after: ClauseRequest) -> ClauseRequest:
    """A request and the filters that follow it in the same message."""
    return ClauseRequest(
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
        unmet=before.unmet or after.unmet,
        unclear=before.unclear or after.unclear,
        unread=before.unread + after.unread,
    )
