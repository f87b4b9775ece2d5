"""What requests take from the words of the message itself, which the call language does not carry.

What is undone, the name a region is to have, a report as SEG, the slice of a pixel and which of two numbers is its row,
and conditions of suggestions that no tool can keep.
"""

import re
from dataclasses import replace

from assistant.core.requests import Request
from assistant.understanding.type_words import ORGAN_WORDS, TYPE_WORDS

_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{1,200})[\"“”„«»]|(?<!\w)['‘]([^'’]{1,200})['’](?!\w)")
_REGION = (
    r"(?:r ?\d+|it|this|that|(?:the |my |this |that )?(?:\w+ ){0,2}(?:one|region|lesion|nodule|spot|mark|finding|roi))"
)
_NAMING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:call|name)(?: {_REGION})?,?:? (?P<name>.+)$",
        r"\b(?:rename|relabel|label|change|set|renamed|relabel+ed|labelled)\b.*? (?:to|as|into)\b:? (?P<name>.+)$",
        r"\b(?:called|named|the name|the label)\b:? (?P<name>.+)$",
        rf"\b(?:rename|relabel|label) {_REGION},?:? (?P<name>.+)$",
    )
)
_COURTESY = re.compile(r"(?:[\s,.!]|\b(?:please|pls|plz|now|for me|thanks|thank you)\b)+$", re.IGNORECASE)
_NEXT_REQUEST = re.compile(r"(?:,|;|\band\b|\bthen\b)+ (?=\w+ )", re.IGNORECASE)
_DELETION = re.compile(
    r"\b(?:deletion|(?:deleted|removed|dismissed) (?:region|lesion|mark|one|r ?\d+))\b", re.IGNORECASE
)
_SLICE = re.compile(r"\bslice(?: number| no\.?)?[ #]*(\d{1,5})\b", re.IGNORECASE)
_ROW_FIRST = re.compile(r"\b(?:row|y)\b\W*\d+.*\b(?:col\w*|x)\b\W*\d+", re.IGNORECASE)
_SEGMENTATION = re.compile(r"\b(?:dicom[- ]?)?seg\b", re.IGNORECASE)
_NODES = re.compile(
    r"\W*(?:(?:please|can you|could you|do you|i want to|let me|see|find|show|me|look for|search for|check for|spot"
    r"|(?P<in_scan>where are|are there|is there|any)|an?|some|the|all) )*"
    r"(?:(?:enlarged|swollen|pathological|big|large|suspicious|abnormal) (?:lymph )?(?:nodes?|glands?)"
    r"|(?:lymph)?adenopathy)(?: (?:here|there|anywhere|[io]n (?:this|the|my) \w+))*\W*",
    re.IGNORECASE,
)
_ORGANS = "|".join(word for table in (TYPE_WORDS, ORGAN_WORDS) for words in table.values() for word in words)
_IN_ORGAN = re.compile(
    rf"\b(?:in|within|inside|of|with|on|along) (?:the |my |his |her |this |left |right |upper |lower |both )*"
    rf"(?:{_ORGANS})\b(?! (?:window|kernel|settings?|series|ct|scan))",
    re.IGNORECASE,
)


def with_words(request: Request, message: str, alone: bool) -> Request:
    """Complete a request: the name it gives, its pixel with the slice, a deletion that is undone, a report as SEG.

    `alone`: it is the only request of the message, so that a name without quotes goes on to its end.
    """
    if request.intent == "rename":
        return replace(request, name=given_name(message, alone))
    if request.intent == "undo" and _DELETION.search(message):
        return replace(request, topic="region")
    if request.intent == "report" and alone and _SEGMENTATION.search(message):
        return replace(request, topic="dicom-seg")
    if request.intent == "density":
        named, point = _SLICE.search(message), request.point
        if point is not None and _ROW_FIRST.search(message):
            point = point[::-1]
        return replace(request, point=point, slice=int(named[1]) if named else None)
    return request


def given_name(message: str, alone: bool = True) -> str:
    """Find the name that a message gives: what is in quotes, else what follows "rename R1 to"; empty where none is."""
    if quoted := _QUOTED.search(message):
        return (quoted[1] or quoted[2]).strip()
    for pattern in _NAMING:
        if found := pattern.search(message):
            name = found["name"] if alone else _NEXT_REQUEST.split(found["name"])[0]
            return _COURTESY.sub("", name).strip()
    return ""


def with_conditions(requests: tuple[Request, ...], message: str) -> tuple[Request, ...]:
    """Note what is asked of suggested places and cannot be kept: an organ, enlarged nodes.

    A question for enlarged nodes in the scan is one for suggestions, not for the atlas.
    """
    nodes = _NODES.fullmatch(message)
    if nodes and len(requests) == 1 and (nodes["in_scan"] or requests[0].intent in ("search", "unknown")):
        requests = (Request("find_regions"),)
    unkept = ("nodes",) if nodes else ("organ",) if _IN_ORGAN.search(message) else ()
    return tuple(replace(r, unkept=unkept) if r.intent == "find_regions" else r for r in requests)
