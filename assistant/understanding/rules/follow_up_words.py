"""Words that say how a request goes on with what there was, turned into fields of the request.

"And men too" adds, "put the women back" lifts, "make it 70" replaces a bound: after this nothing reads words any more.
"""

import re
from dataclasses import dataclass, fields, replace

from assistant.core import patterns
from assistant.core.requests import FilterName, RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.preprocess import has_thanks


@dataclass(frozen=True)
class ClauseRequest(Request):
    """A request while its message is being read: with its words."""

    text: str = ""
    follow_up: bool = False  # builds on the request before


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
