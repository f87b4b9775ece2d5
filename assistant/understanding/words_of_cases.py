"""What a message says of own cases: their type, how they were confirmed, how hard they are, and that a note is meant.

The type of a case stands in the message's own words (readers know the types of the atlas; a new one is named only by
what stands behind "as" or "to").
"""

import re
from dataclasses import replace

from assistant.core.requests import CaseWords, HitRef, Request
from encoder.names import is_name

CASE_INTENTS = ("save", "edit", "cases")
_OWN_CASES = re.compile(
    r"\b(?:my|our|own)(?: own| saved| teaching)? cases?\b|\bcases? (?:i|we) (?:have )?saved\b", re.I
)
_OWN_ID = re.compile(r"\bown-[0-9a-f]{4,}\b", re.I)
CASE_READ_AS = ("out_of_scope", "unknown", "describe_lesion", "rename")
_DONE_TO_CASES = re.compile(
    r"\b(?:save|keep|store|add|put|edit|change|correct|mark|set|delete|remove|similar|like|compare|search)\b", re.I
)
_AFTER = {  # where the type stands
    "save": re.compile(r"\bas\s+(?:an?\s+|the\s+|another\s+)?(?P<type>[^,.;:!?\n\"“”]+)", re.I),
    "edit": re.compile(r"\b(?:to|as|is|be)\s+(?:really\s+)?(?:an?\s+|the\s+)?(?P<type>[^,.;:!?\n\"“”]+)", re.I),
}
_ENDS = re.compile(  # where it ends
    r"\s+(?:(?:to|in|into|for|of|with|under|called|named|and|please|pls|from|by|on|which|that|because)\b.*"
    r"|(?:confirmed|proven|proved|biops\w+)\b.*|(?:lesion|case|finding)s?)$",
    re.I,
)
_NO_TYPE = re.compile(
    r"\b(?:easy|medium|hard|difficult\w*|tricky|simple|proven|opinions?|patholog\w+|histolog\w+|follow[- ]?up|cases?"
    r"|collection|teaching|mine|my|own|example|favou?rites?|file|pdf|png|image|report)\b",
    re.I,
)
_CASE_NOTE = re.compile(r"\b(?:notes?|comments?|remarks?)\b", re.I)
_CONFIRMED = {
    "pathology": re.compile(r"\b(?:patholog|histolog|biops|resect|surg)\w*", re.I),
    "follow-up": re.compile(r"\bfollow(?:ed)?[ -]?up\b", re.I),
    "opinion": re.compile(r"\bopinions?\b", re.I),
}
_DIFFICULTY = {
    "easy": re.compile(r"\b(?:easy|simple)\b", re.I),
    "medium": re.compile(r"\b(?:medium|moderate)(?:ly)? (?:difficult|hard|difficulty)|\bmedium\b", re.I),
    "hard": re.compile(r"\b(?:hard|difficult|tricky)\b", re.I),
}


def with_case_words(request: Request, message: str) -> Request:
    """Add what a message says of a case to a request about one; any other request stays as it is."""
    if request.intent not in CASE_INTENTS:
        return request
    confirmed_by = next((word for word, said in _CONFIRMED.items() if said.search(message)), None)
    difficulty = next((word for word, said in _DIFFICULTY.items() if said.search(message)), None)
    lesion_type = _type(request.intent, message)
    if lesion_type is None and not (request.intent == "edit" and (confirmed_by or difficulty)):
        lesion_type = next(iter(request.types), None)  # "medium difficulty" is not of the mediastinum
    noted = bool(_CASE_NOTE.search(message))
    return replace(request, case=CaseWords(lesion_type, confirmed_by, difficulty, noted))


def _type(intent: str, message: str) -> str | None:
    """Find the type that is named, as it is written; None where none stands in the place of one."""
    pattern = _AFTER.get(intent)
    found = pattern.search(message) if pattern else None
    if found is None:
        return None
    name = found.group("type").strip()
    while (shorter := _ENDS.sub("", name).strip()) != name:
        name = shorter
    return name if name and is_name(name) and not _NO_TYPE.search(name) else None


def record_of_case(message: str) -> Request | None:
    """Read what is said of an own case that is named: how it was confirmed, how hard it is."""
    named = _OWN_ID.findall(message)
    told = with_case_words(Request("edit", hits=tuple(HitRef("id", lesion_id=one.lower()) for one in named)), message)
    return told if named and (told.case.confirmed_by or told.case.difficulty or told.case.noted) else None


def own_cases(message: str) -> Request | None:
    """Read a question for own cases by how they were confirmed."""
    if _OWN_CASES.search(message) and not _DONE_TO_CASES.search(message):
        asked = with_case_words(Request("cases"), message)
        return asked if asked.case.confirmed_by else None
    return None
