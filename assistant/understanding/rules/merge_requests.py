"""Clauses of one message that belong together: a filter after its search, a correction, the same thing said again.

Words that say how a request goes on with what there was become fields of it ("and men too" adds, "put the women back"
lifts, "make it 70" replaces a bound): after `as_data` nothing reads words any more.
"""

import re
from dataclasses import dataclass, fields, replace

from assistant.core import patterns
from assistant.core.requests import SMALL_TALK, FilterName, FilterSpec, RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.rules.clauses import Clause
from assistant.understanding.rules.intent_of_clause import TELLS
from assistant.understanding.rules.questions import sets_beside
from assistant.understanding.words_of_message import has_thanks

SAID_ONCE = (
    "help",
    "why",
    "how_sure",
    "filters",
    "count_hits",
    "find_regions",
)  # asked twice in one message, they are answered once


@dataclass(frozen=True)
class ClauseRequest(Request):
    """A request while its message is being read: with its words."""

    text: str = ""
    follow_up: bool = False  # builds on the request before


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


def as_data(request: ClauseRequest, state: TurnState, message: str) -> Request:
    """Read the words of a request that say how it goes on, in this state, and leave the words behind."""
    text = request.text
    goes_on = request.intent == "refine" or (request.intent == "search" and _keeps_filters(request))
    last = state.search_of(None)
    before = dict(last.args) if last is not None and goes_on else {}
    cleared: set[FilterName] = set(request.cleared)
    wanted, left_out = request.wanted, request.left_out
    alone = bool(before) and len(wanted.said()) == 1
    other_sex = before.get("sex") and wanted.sex not in (None, before["sex"])
    if _ADDS_SEX.search(text) and other_sex:  # "and men too", after women
        cleared.add("sex")
        wanted = replace(wanted, sex=None)
    elif alone and "sex" not in before and _BACK.search(text):  # "put the women back"
        wanted = replace(wanted, sex=None)
    types = before.get("lesion_types")
    if left_out and _LETS_GO.search(text) and (set(types) <= set(left_out) if types else "type" in cleared):
        cleared.add("type")  # "drop the liver bit", where only the liver was searched
        wanted, left_out = replace(wanted, lesion_types=None), ()
    regions, topic = request.regions, request.topic
    together = not regions and request.nth is None and len(state.regions) > 1
    if request.intent == "measure" and not topic and together and _THEY.search(text):
        regions = (RegionRef("all"),)
    if request.intent == "atlas" and topic == "lesion_type" and not patterns.search(r"\b(?:by|per|each)\b", text):
        topic = ""
    instead = patterns.search(r"(?:not|instead of|rather than) (\d+)", text) if request.unread else None
    bare = _CHANGES.search(text) or patterns.match(r"\W*[\d.]+(?:$|,)", text) or instead or request.corrects
    kept = {f.name: getattr(request, f.name) for f in fields(Request)}
    return Request(
        **kept
        | {
            "wanted": wanted,
            "cleared": frozenset(cleared),
            "left_out": left_out,
            "regions": regions,
            "topic": topic,
            "goes_on": goes_on,
            "adds_types": bool((_ADDS if types else _ADDS_TYPE).search(text)) and not left_out,
            "replaces": bool(request.unread and bare),
            "instead_of": float(instead.group(1)) if instead else None,
            "thanked": has_thanks(message),
        }
    )


def _keeps_filters(request: ClauseRequest) -> bool:
    """Tell whether a search in these words keeps the filters of the last one."""
    if request.more:
        return True
    builds_on = bool(_BUILDS_ON.search(request.text)) or not _ANEW.search(request.text)
    other_region = bool(request.regions) and request.regions[0].kind == "id"
    return builds_on and not (other_region and not _REPEATS.search(request.text))


_THEY = re.compile(r"\b(?:they|them|these)\b(?<!of these)(?<!of them)")
_BUILDS_ON = re.compile(
    r"^(?:and|but|now|only|just|same|what about|how about|instead|also|ok|okay|then|or|again|ditto|likewise)\b"
    r"|\b(?:only|instead|those|of these|of "
    r"them|same|again(?! for )|too|also|ditto|likewise|as before|keep|still|now|re-?run|repeat|re-?do|bump"
    r"|widen|narrow|restrict|limit|extend|more)\b"
)
_ANEW = re.compile(
    r"\bsimilar|\bresembl|\blook(?:s|ing)?[- ]?(?:a?like|most like)|\blike (?:this|it|that|mine|r\d)|\bcomparable"
    r"|\bmatch|\bneighbou?r|\bquery\b|\bnew search\b|\bknn\b|\bsimilarity"
    r"|\bseen (?:this|it)|\bfresh\b|\b(?:with|of) (?:the same|this) (?:sort|kind|thing)|\bwhat\b"
)
_REPEATS = re.compile(r"\b(?:same|only|ditto|likewise|again|re-?run|repeat|re-?do)\b")
_TOO = (
    r"also|include|including|add(?:s|ed|ing)?|as well|too|plus|additionally|along with|on top|join\w*|permit"
    r"|(?:to|in) the mix"
)
_THROW_IN = r"(?:throw|toss) (?:\w+ ){0,3}in"
_AGAIN = r"reinstate|allow|re-?add|re-?include|readmit"
_ADDS = re.compile(rf"\b(?:{_TOO}|{_AGAIN}|again|back|bring|put|widen|{_THROW_IN})\b(?!.*\bonly\b)")
_ADDS_TYPE = re.compile(rf"\b(?:{_TOO}|put in|put \w+ (?:\w+ )?inside|widen|{_THROW_IN})\b(?!.*\bonly\b)")
_BACK = re.compile(r"\b(?:put|let|bring|take|allow) .*\bback\b")
_LETS_GO = re.compile(r"\b(?:drop|forget|lose|scrap|ditch|never mind)\b.*\b(?:bit|part|thing|any \w+|anywhere)\b")
_ADDS_SEX = re.compile(rf"\b(?:{_TOO}|{_AGAIN}|back(?: in)?)\b(?!.*\bonly\b)")
_CHANGES = re.compile(
    r"\b(?:make|change|bump|set|raise|lower|increase|decrease|extend|instead|rather|go|try|push|take|say)\b"
)
