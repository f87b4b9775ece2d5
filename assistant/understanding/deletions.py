"""Delete what was asked for and nothing else, whatever the network made of a message.

Nothing is deleted where it asks how that is done, says not to, or speaks of something that is neither a region nor an
own case. Which of both is meant, the words say, or what was spoken of last.
"""

import re
from dataclasses import replace

from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.words_of_reports import regions_named

_DELETE = (
    r"(?:delet\w+|remov\w+|eras\w+|dismiss\w*|discard\w*|get(?:ting)? rid|throw\w*|wip(?:e|ed|ing)"
    r"|clear(?:ed|ing)?|drop(?:ped|ping)?|bin|scrap|trash|deletion)\b"
)
_ASKS = (
    r"(?:how (?:do|can|could|would|to)|what (?:happens|if)|was|were|did|have|has|why|(?:can|could) (?:i|we)"
    r"|is it possible)"
)
_DELETES = re.compile(rf"\b{_DELETE}", re.IGNORECASE)
_NOT_TO_DELETE = re.compile(
    rf"\b(?:(?:do not|don['’]?t|never)(?: \w+){{0,3}}?|(?:not|without)(?: \w+)?) {_DELETE}"
    rf"|\b{_ASKS}\b[^.,;!]*\b{_DELETE}",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"\b{_DELETE} (?:(?:the|all|my|its|of|these|those|r ?\d+(?:['’]s)?) )*"
    r"(?:outlines?|contours?|labels?|names?|search(?:es)?|measurements?|rulers?|filters?|results?|hits?|match(?:es)?"
    r"|heat ?map|chat|conversation)\b|\W*clear(?: it| this| all| everything)?\W*$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\b(?:hits?|results?|match(?:es)?|list|look-?alikes?|neighbou?rs?)\b", re.IGNORECASE)
_CASES = re.compile(r"\b(?:cases?|collection|saved|teaching file|library)\b", re.IGNORECASE)
_ALL_BUT = re.compile(
    r"\b(?:everything|all|every \w+|the (?:others?|rest))\b.{0,15}\b(?:except|but|apart from|other than|besides)\b",
    re.IGNORECASE,
)
_BUT_THESE = re.compile(r"\b(?:except|but|apart from|other than|besides)\b(.*)", re.IGNORECASE)
_SUGGESTED = re.compile(r"\bsuggest\w+\b", re.IGNORECASE)
_ALL_THESE = re.compile(
    rf"\b{_DELETE} (?:(?:all|both)(?: (?:of )?(?:them|these|those|two|three|four|five|six))?"
    r"|(?:them|these|those) all)\b",
    re.IGNORECASE,
)
_CASE_TOOLS = ("list_cases", "save_case", "edit_case")


def all_but(message: str) -> Request | None:
    """Read a request to delete all regions but those it names, which readers take for a filter; None for others."""
    names_regions = _DELETES.match(message.strip()) and _ALL_BUT.search(message) and not _CASES.search(message)
    kept = _kept(message)
    return Request("remove", regions=kept) if names_regions and kept and not _NOT_TO_DELETE.search(message) else None


def _kept(message: str) -> tuple[RegionRef, ...]:
    """List the regions that a message leaves out of a deletion."""
    named = _BUT_THESE.search(message)
    return tuple(RegionRef("all but", ref.region_id) for ref in regions_named(named[1])) if named else ()


def only_as_asked(request: Request, message: str, state: TurnState) -> Request:
    """Return a request to delete as it was asked for: of a region, of an own case, of all but one, or of nothing."""
    if request.intent not in ("remove", "delete_case"):
        return request
    nothing = Request("not_yet", topic="deletion", thanked=request.thanked)
    if _NOT_TO_DELETE.search(message) or _PART.search(message):
        return nothing
    last = state.last_calls[-1].name if state.last_calls else ""
    of_cases = bool(_CASES.search(message)) or last in _CASE_TOOLS
    if request.intent == "remove":
        if _CASES.search(message) and not any(ref.kind == "id" for ref in request.regions):
            return replace(request, intent="delete_case", regions=())
        if _ALL_BUT.search(message):
            return replace(request, regions=_kept(message) or request.regions)
        if _SUGGESTED.search(message) and any(ref.kind == "all" for ref in request.regions):
            suggested = [r.region_id for r in state.regions if r.origin == "suggested"]
            return replace(request, regions=tuple(RegionRef("id", name) for name in suggested) or request.regions)
        if _ALL_THESE.search(message):
            last_found = [name for name in state.last_found if state.region(name)]
            return replace(request, regions=tuple(RegionRef("id", n) for n in last_found) or (RegionRef("all"),))
        return request
    if not of_cases:
        if _LISTED.search(message):
            return nothing
        place = request.nth or next((ref.n for ref in request.hits if ref.kind == "rank"), None)
        return replace(request, intent="remove", hits=(), nth=place)
    return request if _DELETES.search(message) else replace(request, intent="edit")
