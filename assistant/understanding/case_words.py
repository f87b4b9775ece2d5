"""What a message says of a case to be saved or changed: its type in the message's own words, not the atlas's.

The readers know the types that the atlas has; a new one is named only by the words that stand behind "as" or "to".
"""

import re
from dataclasses import replace

from assistant.core.requests import CaseWords, Request
from encoder.names import is_name

_INTENTS = ("save", "edit", "cases")
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
    r"\b(?:cases?|collection|teaching|mine|my|own|example|favou?rites?|file|pdf|png|image|report)\b", re.I
)
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
    if request.intent not in _INTENTS:
        return request
    words = CaseWords(
        lesion_type=_type(request.intent, message) or next(iter(request.types), None),
        confirmed_by=next((word for word, said in _CONFIRMED.items() if said.search(message)), None),
        difficulty=next((word for word, said in _DIFFICULTY.items() if said.search(message)), None),
    )
    return replace(request, case=words)


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
