"""What a message asks to stand beside the picture: other planes, another series, another study, or nothing any more.

The call language has no word for it, so that it is read from the message itself; a lesion beside a hit is a comparison,
which the readers know.
"""

import re

from tools.domain.planes import PLANES

_SCANS = r"(?:series|stacks?|stud(?:y|ies)|scans?|exam(?:ination)?s?|cts?|priors?|planes?|views?|recon\w*)"
_BESIDE = re.compile(
    r"\b(?:side[- ]by[- ]side|beside(?! me| us)|next to(?! me| us)|alongside(?! me| us))\b"
    rf"|\bcompare (?:the |these |my )?(?:both|two)(?: \w+)? {_SCANS}\b",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"\b{_SCANS}\b", re.IGNORECASE)
_LESIONS = re.compile(
    r"\b(?:hits?|cases?|lesions?|nodules?|mass(?:es)?|regions?|match\w*|closest|nearest|best|atlas|examples?|similar\w*"
    r"|mine|ours|r ?\d+|patients?|types?|size|mm|cm)\b|#",
    re.IGNORECASE,
)
_PLANES = re.compile(rf"\b(?:{'|'.join(PLANES)})\b", re.IGNORECASE)
_PLANES_ALONE = re.compile(
    rf"\W*(?:(?:please|can you|show|me|add|open|with|give|display|the|a|both) )*(?:{'|'.join(PLANES)})"
    rf"(?: (?:view|plane))?(?: and |, |/| & )(?:the )?(?:{'|'.join(PLANES)})"
    r"(?: (?:views?|planes?|too|please))*\W*",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"\b(?:series|stack)(?: (?:number|no\.?))?[ #]*(\d{1,3})\b(?:(?: and| &|,) (\d{1,3})\b)?", re.IGNORECASE
)
_PRIOR = re.compile(r"\b(?:priors?|(?:previous|older|earlier|old) (?:stud\w+|scan|exam\w*|ct|one))\b", re.IGNORECASE)
_STUDY = re.compile(r"\b(?:stud(?:y|ies)|exam(?:ination)?s?)\b", re.IGNORECASE)
_ALONE = re.compile(
    r"\W*(?:(?:please|now|show|just|only|me|back|to|and|ok) )*"
    r"(?:(?:the )?(?:picture|image|axial) (?:alone|only|by itself)"
    r"|(?:close|remove|hide|end|stop|no(?: more)?) (?:the )?"
    r"(?:side[- ]by[- ]side(?: view)?|(?:other|second) (?:planes?|views?|series|study|pane)"
    r"|(?:series|study|planes?|views?|scan) (?:beside|next to) (?:it|this|the (?:picture|image))))(?: please)?\W*",
    re.IGNORECASE,
)


def asked_beside(message: str) -> str | None:
    """Say what is to stand beside the picture; None where nothing is asked of it.

    That is planes (`coronal+sagittal`), series by their numbers (`2`, `1+2`), the `prior`, another `study`, whatever
    `other` there is, or nothing (``).
    """
    if _ALONE.fullmatch(message):
        return ""
    planes = tuple(dict.fromkeys(word.lower() for word in _PLANES.findall(message)))
    if _PLANES_ALONE.fullmatch(message):
        return "+".join(planes)
    if not _BESIDE.search(message) or _LESIONS.search(message):
        return None
    if planes and not re.search(r"\bseries\b", message, re.IGNORECASE):
        return "+".join(planes)
    if not _NAMED.search(message):
        return None
    if numbers := _NUMBERS.findall(message):
        return "+".join(dict.fromkeys(number for pair in numbers for number in pair if number))
    return "prior" if _PRIOR.search(message) else "study" if _STUDY.search(message) else "other"
