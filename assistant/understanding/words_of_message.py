"""What requests take from the words of the message itself, which the call language does not carry.

What is undone, the name a region is to have, the form of a report, the level of a lesson, the numbers of a display
window, the slice of a pixel and which of two numbers is its row, what stands beside the picture, and conditions of
suggestions that no tool can keep.
"""

import re
from dataclasses import replace

from assistant.core.requests import RegionRef, Request
from assistant.understanding.beside_words import asked_beside
from assistant.understanding.type_words import ORGAN_WORDS, TYPE_WORDS
from tools.domain.view import ViewChange
from tools.domain.windows import DISPLAY_WINDOWS, Window

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
_NOTE = re.compile(
    r"\W*(?:(?:please|can you|could you|i want|i need|write|make|save|give|get|me|us|it|this|down|as) )*"
    r"(?:an?|the|my) (?:\w+ )?notes?(?: (?:please|of (?:this|it|that|the \w+)|for (?:the|my) \w+))?\W*",
    re.IGNORECASE,
)
_STUDENT = re.compile(r"\b(?:students?|beginners?|novices?)\b|\b(?:in |more )simpl\w+", re.IGNORECASE)
_LEVEL = re.compile(
    r"\W*(?:(?:please|now|and|can you|could you|explain|tell|teach|say|it|that|this|the lesson|again|me) )*"
    r"(?:(?:for|to|at|on) (?:an?|the|my)? ?(?:(?:medical )?students?|residents?|beginners?|registrars?|radiologists?)"
    r"(?:['’]s?)?(?: level)?|in simple(?:r)? (?:words|terms))(?: please)?\W*",
    re.IGNORECASE,
)
_WIDTH = r"\bw(?:w|idth|indow(?: width)?)?(?:\b\W{0,3}(?:of |to |is )?|(?=\d))(?P<w>\d{1,4})\b"
_HU = r"(?P<l>(?:[−-]|minus)? ?\d{1,4})\b"
_CENTRE = rf"(?:\b(?:w?[lc]|level|cent(?:er|re))(?:\b[^\w−-]{{0,3}}(?:of |to |at |is )?|(?=[\d−-]))){_HU}"
_WINDOW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_WIDTH}.{{0,12}}?{_CENTRE}",
        rf"{_CENTRE}.{{0,12}}?{_WIDTH}",
        rf"\b(?:window|w/l)\W{{1,3}}(?:to |at |of )?(?P<w>\d{{2,4}})\b(?: ?[/,] ?| over | )?{_HU}",
    )
)
_REGION_BACK = re.compile(
    r"\b(?:(?:bring|get|put|take|give|want|need|have)(?: me)? (?:\w+ ){0,2}?(?P<a>r ?\d{1,4}) back"
    r"|(?:bring|get|put|give)(?: me)? back (?:\w+ ){0,2}?(?P<b>r ?\d{1,4})"
    r"|(?:restore|undelete|recover|reinstate) (?:\w+ ){0,2}?(?P<c>r ?\d{1,4}))\b",
    re.IGNORECASE,
)
_INSTEAD = (
    "compare",
    "search",
    "what",
    "refine",
    "unknown",
    "describe_study",
    "select_series",
    "undo",
    "describe_lesion",
)
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
    if request.intent == "explain" and _STUDENT.search(message):
        return replace(request, topic="student")
    if request.view is not None and request.view.window is not None:
        return _with_window(request, request.view.window, message)
    if request.intent == "density":
        named, point = _SLICE.search(message), request.point
        if point is not None and _ROW_FIRST.search(message):
            point = point[::-1]
        return replace(request, point=point, slice=int(named[1]) if named else None)
    return request


def _beyond_the_language(message: str) -> Request | None:
    """Read what has no word in the call language: what stands beside the picture, a region brought back by its name,
    a note, the last lesson for others."""
    if (beside := asked_beside(message)) is not None:
        return Request("beside", topic=beside)
    if back := _REGION_BACK.search(message):
        named = (back["a"] or back["b"] or back["c"]).upper().replace(" ", "")
        return Request("undo", topic="region", regions=(RegionRef("id", named),))
    if _NOTE.fullmatch(message):
        return Request("report", topic="text")
    if _LEVEL.fullmatch(message):
        return Request("explain", topic="student" if _STUDENT.search(message) else "resident")
    return None


def given_name(message: str, alone: bool = True) -> str:
    """Find the name that a message gives: what is in quotes, else what follows "rename R1 to"; empty where none is."""
    if quoted := _QUOTED.search(message):
        return (quoted[1] or quoted[2]).strip()
    for pattern in _NAMING:
        if found := pattern.search(message):
            name = found["name"] if alone else _NEXT_REQUEST.split(found["name"])[0]
            return _COURTESY.sub("", name).strip()
    return ""


def window_said(message: str) -> Window | None:
    """Find the width and level, in HU, that a message gives a display window; None where it does not give both."""
    found = next((match for pattern in _WINDOW if (match := pattern.search(message))), None)
    if found is None or int(found["w"]) == 0:
        return None
    level = found["l"].lower().replace("minus", "-").replace("−", "-").replace(" ", "")
    return Window(float(found["w"]), float(level))


def _with_window(request: Request, read: Window, message: str) -> Request:
    """Give the view the window whose numbers were said; one that was misread is asked for again, not shown."""
    if (said := window_said(message)) is not None:
        return replace(request, view=ViewChange(window=said))
    numbers = {float(number) for number in re.findall(r"\d+", message)}
    misread = len(numbers) > 1 and not {read.width_hu, abs(read.level_hu)} <= numbers
    if misread and read not in DISPLAY_WINDOWS.values():
        return Request("not_yet", topic="window", thanked=request.thanked)
    return request


def with_conditions(requests: tuple[Request, ...], message: str) -> tuple[Request, ...]:
    """Put what the call language has no word for in the place of what a reader made of it, and note what is asked of
    suggested places and cannot be kept: an organ, enlarged nodes.

    A question for enlarged nodes in the scan is one for suggestions, not for the atlas.
    """
    if (meant := _beyond_the_language(message)) is not None:
        kept = tuple(r for r in requests if r.intent not in _INSTEAD) if len(requests) > 1 else ()
        return (*kept, replace(meant, thanked=any(r.thanked for r in requests)))
    nodes = _NODES.fullmatch(message)
    if nodes and len(requests) == 1 and (nodes["in_scan"] or requests[0].intent in ("search", "unknown")):
        requests = (Request("find_regions"),)
    unkept = ("nodes",) if nodes else ("organ",) if _IN_ORGAN.search(message) else ()
    return tuple(replace(r, unkept=unkept) if r.intent == "find_regions" else r for r in requests)
