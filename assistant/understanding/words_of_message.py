"""What is found in the words of a message itself, beside what a reader makes of them.

Before any reader reads it: pasted data, thanks, another language, and lesion ids. Afterwards, since the call language
does not carry it: what is undone, the name a region is to have, the form of a report, the level of a lesson, the
numbers of a display window, the slice of a pixel and which of two numbers is its row, what stands beside the picture,
and conditions of suggestions that no tool can keep.
"""

import re
import unicodedata
from dataclasses import replace

from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.beside_words import asked_beside
from assistant.understanding.type_words import ORGAN_WORDS, TYPE_WORDS
from assistant.understanding.words_of_cases import CASE_INTENTS, CASE_READ_AS, own_cases, record_of_case
from assistant.understanding.words_of_reports import NOTE, SEGMENTATION, as_note, regions_named, without_left_out
from tools.domain.view import OVERLAYS, ViewChange
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
_TO_REGION = re.compile(
    r"\W*(?:(?:please|now|can you|could you) )*(?:show(?: me)?|select|go to|jump to|bring up|take me to|back to) "
    r"(?:region |lesion )?r ?(\d{1,4})(?:,? please)?\W*",
    re.IGNORECASE,
)
_STUDENT = re.compile(r"\b(?:students?|beginners?|novices?)\b|\b(?:in |more )simpl\w+", re.IGNORECASE)
_LEVEL = re.compile(
    r"\W*(?:(?:please|now|and|can you|could you|explain|tell|teach|say|it|that|this|the lesson|again|me) )*"
    r"(?:(?:for|to|at|on) (?:an?|the|my)? ?(?:(?:medical )?students?|residents?|beginners?|registrars?|radiologists?)"
    r"(?:['’]s?)?(?: level)?|in simple(?:r)? (?:words|terms))(?: please)?\W*",
    re.IGNORECASE,
)
_QUIZ_BUTTONS = re.compile(r"\b(?:stop|end|quit|leave|exit|cancel|close|share|link|send)\b", re.IGNORECASE)
_COMPOSITION = re.compile(r"\b(?:calcif\w+|calcium|fat(?:ty)?|cystic|solid|fluid|necro\w+)\b", re.IGNORECASE)
_DISEASE = re.compile(r"\b(?:malign\w+|benign|cancer\w*|tumou?rs?|dangerous|harmless|serious|bad)\b", re.IGNORECASE)
_PROVEN = re.compile(r"\b(?:proven|proved|confirmed|biops\w+|histolog\w+|patholog\w+)\b", re.IGNORECASE)
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
_UNKNOWN_WINDOW = re.compile(r"\b(?:stroke|subdural|infarct|angio\w*|cta|vascular|temporal|fossa)\b", re.IGNORECASE)
_BY_NUMBER = re.compile(r"\bby \d+", re.IGNORECASE)
_REGION_BACK = re.compile(
    r"\b(?:(?:bring|get|put|take|give|want|need|have)(?: me)? (?:\w+ ){0,2}?(?P<a>r ?\d{1,4}) back"
    r"|(?:bring|get|put|give)(?: me)? back (?:\w+ ){0,2}?(?P<b>r ?\d{1,4})"
    r"|(?:restore|undelete|recover|reinstate) (?:\w+ ){0,2}?(?P<c>r ?\d{1,4}))\b",
    re.IGNORECASE,
)
_DENSER = re.compile(r"\b(?:denser|(?:more|less) dense|brighter|darker|difference\b.*\bdensit\w+)\b", re.IGNORECASE)
_SPREAD = re.compile(r"\b(?:standard deviation|sd)\b", re.IGNORECASE)
_FILTER_OUT = re.compile(r"\bfilters?\b(?: \w+)? (?:out|off|away)\b|\b(?:remove|drop|lift|clear)\b.*\bfilters?\b", re.I)
_BETWEEN = re.compile(
    r"\b(?:how (?:far|many (?:mm|cm|millimet\w+|centimet\w+))|distance|gap)\b.*\b(?:between|apart)\b", re.IGNORECASE
)
_OTHER_UNIT = re.compile(r"\b(?:cm[²2]?|centimet\w+|inch(?:es)?)\b", re.IGNORECASE)
_KEEP = re.compile(r"\bkeep\b", re.IGNORECASE)
_SAVE = re.compile(r"\b(?:save|store|cases?|collection|as)\b", re.IGNORECASE)
_HITS = re.compile(r"\b(?:hits|results|matches)\b", re.IGNORECASE)
_REDO = re.compile(r"\bre-?do(?:ne|ing)?\b", re.IGNORECASE)
_OVERLAYS = re.compile(
    r"\W*(?:please )?(?:(?P<hide>hide) (?:everything|all)|show everything)(?:,? again|,? please)*\W*", re.IGNORECASE
)
_THEIR_DATA = (
    r"(?:(?:my|our|these|the|patients?['’]?s?) (?:data|images?|files?|uploads?|scans?)|what i upload(?:ed)?)\b"
)
_DATA_KEPT = re.compile(
    rf"^\W*(?:what (?:happens|becomes)\b.*{_THEIR_DATA}"
    rf"|(?=(?:do|does|did|are|is|will|where|who|how long)\b.*\b{_THEIR_DATA}).*"
    r"\b(?:ke(?:ep|pt)|stor(?:e|es|ed)|saved?|shar(?:e|ed)|sees?|deleted?|private|safe|secure|protected|anonymi[sz]ed"
    r"|leaves?|go(?:es)?|sent|uploaded)\b)",
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
    r"\b(?:in|within|inside|of|with|on|along) (?!(?:this|my) (?:abdomen|chest|thorax|pelvis|head|neck)\b)"
    rf"(?:the |my |his |her |this |left |right |upper |lower |both )*"
    rf"(?:{_ORGANS})\b(?! (?:window|kernel|settings?|series|ct|scan))",
    re.IGNORECASE,
)


def with_words(request: Request, message: str, alone: bool) -> Request:
    """Complete a request: the name it gives, its pixel with the slice, a deletion that is undone, a report as SEG.

    `alone`: it is the only request of the message, so that a name without quotes goes on to its end.
    """
    if request.intent == "rename":
        return replace(request, name=given_name(message, alone))
    if request.intent == "undo" and _REDO.search(message):
        return Request("not_yet", topic="redo", thanked=request.thanked)
    if request.intent == "undo" and _DELETION.search(message):
        return replace(request, topic="region")
    if request.intent == "report" and alone:
        regions = request.regions or regions_named(message)
        return replace(request, regions=regions, topic="dicom-seg" if SEGMENTATION.search(message) else request.topic)
    if request.intent == "cases" and _HITS.search(message):
        return Request("refine", goes_on=True, thanked=request.thanked)
    if request.intent == "quiz" and _QUIZ_BUTTONS.search(message):
        return Request("not_yet", topic="quiz buttons", thanked=request.thanked)
    if request.topic == "malignancy" and _COMPOSITION.search(message) and not _DISEASE.search(message):
        return replace(request, intent="densities", topic="")
    if "disease" in request.unmet and _PROVEN.search(message):
        return replace(request, unmet=tuple("proof" if one == "disease" else one for one in request.unmet))
    if request.intent == "explain" and _STUDENT.search(message):
        return replace(request, topic="student")
    if request.view is not None and (request.view.window or request.view.window_step):
        named_otherwise = _UNKNOWN_WINDOW.search(message) and window_said(message) is None
        if named_otherwise or (request.view.window_step and _BY_NUMBER.search(message)):
            return Request("not_yet", topic="window", thanked=request.thanked)
    if request.view is not None and request.view.window is not None:
        return _with_window(request, request.view.window, message)
    if request.intent in ("measure", "compare") and not request.topic and _DENSER.search(message):
        return replace(request, topic="density")
    if request.intent == "out_of_scope" and _SPREAD.search(message):
        return Request("densities", thanked=request.thanked)
    if request.intent == "refine" and request.left_out and _FILTER_OUT.search(message):
        return replace(request, left_out=(), wanted=replace(request.wanted, lesion_types=None),
                       cleared=frozenset({"type"}))  # fmt: skip
    if request.intent == "density":
        named, point = _SLICE.search(message), request.point
        if point is not None and _ROW_FIRST.search(message):
            point = point[::-1]
        return replace(request, point=point, slice=int(named[1]) if named else None)
    return request


def _beyond_the_language(message: str) -> Request | None:
    """Read what has no word in the call language: what stands beside the picture, a region brought back by its name,
    the last lesson for others; a region to go to; all that is drawn; what becomes of what was uploaded."""
    if (beside := asked_beside(message)) is not None:
        return Request("beside", topic=beside)
    if back := _REGION_BACK.search(message):
        named = (back["a"] or back["b"] or back["c"]).upper().replace(" ", "")
        return Request("undo", topic="region", regions=(RegionRef("id", named),))
    if there := _TO_REGION.fullmatch(message):
        return Request("measure", regions=(RegionRef("id", f"R{there[1]}"),), topic="slice")
    if drawn := _OVERLAYS.fullmatch(message):
        return Request("view", view=ViewChange(hide=OVERLAYS) if drawn["hide"] else ViewChange(show=OVERLAYS))
    if _DATA_KEPT.search(message):
        return Request("not_yet", topic="data")
    if _LEVEL.fullmatch(message):
        return Request("explain", topic="student" if _STUDENT.search(message) else "resident")
    return None


_SAME_SEX = re.compile(
    r"\b(?:same|matching|match(?:es|ed)?(?: the| my)?(?: patient['’]?s?)?) (?:sex|gender)\b|\b(?:sex|gender)[- ]match",
    re.I,
)
_OF_AGE = re.compile(r"\b(?:ages?|aged|old\w*|young\w*|years?|peers?|\d+)\b", re.I)
_OF_SIZE = re.compile(
    r"\d|\b(?:sizes?|sized|dimensions?|diameters?|axis|axes|length|measur\w+|big\w*|larg\w+|small\w*|long\w*|short\w*|tiny"
    r"|huge|giant|mini\w*|little|massive|(?:sub)?(?:centi|milli)met\w+|inch\w*|exceed\w*|(?:sub)?cm|mm|volume|extent|thick\w*|wide\w*)\b",
    re.IGNORECASE,
)
_PIXEL = re.compile(r"\bx\W{0,3}\d{1,5}\W{1,4}(?:and )?y\W{0,3}\d{1,5}\b|[(\[] ?\d{1,5} ?[,; ] ?\d{1,5} ?[)\]]", re.I)
_SIMILARITY = re.compile(r"\b(?:similarit\w+|score)\b[^.;]*\d", re.I)


def like_the_patient(request: Request, message: str, state: TurnState) -> Request:
    """Give a search the patient's sex where that was meant, and no limit where a similarity or a pixel was."""
    if request.intent not in ("search", "refine", "count_hits"):
        return request
    if _SAME_SEX.search(message):
        sex = state.study.sex if state.study else None
        wanted = replace(request.wanted, sex=sex if sex in ("F", "M") else None)
        if not _OF_AGE.search(message):
            wanted = replace(wanted, min_age=None, max_age=None)
        request = replace(request, wanted=wanted, unclear=request.unclear if wanted.sex else "same sex")
    said = request.wanted
    if (said.min_size_mm is not None or said.max_size_mm is not None) and not _OF_SIZE.search(message):
        request = replace(request, wanted=replace(said, min_size_mm=None, max_size_mm=None))
    if _PIXEL.search(message):
        bare = replace(request.wanted, min_age=None, max_age=None, min_size_mm=None, max_size_mm=None)
        request = replace(request, wanted=bare, unmet=(*request.unmet, "pixel"), unread="")
    if _SIMILARITY.search(message):
        unsized = replace(request.wanted, min_size_mm=None, max_size_mm=None)
        request = replace(request, wanted=unsized, unmet=(*request.unmet, "similarity"), unread="")
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
    if len(requests) == 1 and requests[0].intent in CASE_READ_AS and (meant := record_of_case(message)) is not None:
        return (replace(meant, thanked=requests[0].thanked),)
    if NOTE.search(message):
        requests = as_note(requests, message)
    requests = without_left_out(requests, message)
    if _BETWEEN.search(message) and all(r.intent in ("measure", "compare") for r in requests):
        requests = (Request("distance", regions=regions_named(message), thanked=requests[0].thanked),)
    if _KEEP.search(message) and not _SAVE.search(message) and any(r.intent == "remove" for r in requests):
        requests = tuple(replace(r, intent="accept") if r.intent == "save" else r for r in requests)
    if _OTHER_UNIT.search(message) and any(r.intent in ("measure", "distance", "volume") for r in requests):
        requests = (*requests, Request("not_yet", topic="units"))
    if not any(r.intent in CASE_INTENTS for r in requests) and (meant := own_cases(message)) is not None:
        return (replace(meant, thanked=any(r.thanked for r in requests)),)
    nodes = _NODES.fullmatch(message)
    if nodes and len(requests) == 1 and (nodes["in_scan"] or requests[0].intent in ("search", "unknown")):
        requests = (Request("find_regions"),)
    unkept = ("nodes",) if nodes else ("organ",) if _IN_ORGAN.search(message) else ()
    return tuple(replace(r, unkept=unkept) if r.intent == "find_regions" else r for r in requests)


def is_data(message: str) -> bool:
    """Tell whether a message holds data instead of words, such as a pasted tool call or the tags of a transcript."""
    return bool(_DATA.search(message))


_DATA = re.compile(
    r'\{\s*"|"\s*:\s*[\["{]|<\||</?(?:user|assistant|system|human|tool\w*)\b[^<>]*>|^\s*(?:system|assistant|developer)\s*:',
    re.IGNORECASE,
)


def has_thanks(message: str) -> bool:
    """Tell whether a message holds a word of thanks."""
    return bool(re.search(THANKED, message.casefold()))


THANKED = (
    r"\b(?:thanks?|thank you|thx|tnx|thnx|tks|ty|ta (?:mate|very much|love)|^ta|cheers|much appreciated|merci"
    r"|danke|gracias)\b"
)


# words that stand in almost any request, and in no English one
_FOREIGN = """
aehnliche ahnliche bitte das der dieser eine frauen gross haut ist laesion laesionen lasionen leber lunge manner messe
mit nieren nur oder ohne sind suche uber und unter vergleiche wie zeig zeige avec celle ceci cette dans des est femmes
foie hommes mesure mesurer montre montrez ou poumon quelle semblables seulement similaires sont trouve trouvez une
vous busca buscar con donde esta esto hombres lesiones mas mayores menores mide mostrar muestra mujeres parecidas
pulmon similares tamano cerca confronta donne fegato lesione lesioni misura mostra mostrami polmone questa questo
simili trova uomini figado homens isto lesao lesoes mais mostre mulheres pulmao semelhantes
"""
_FOREIGN_WORDS = frozenset(_FOREIGN.split())
_ENGLISH = """
a an and any are find for from how is it like me my of only or over please show similar that the this to under what
where which with you
"""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())


def is_foreign(message: str) -> bool:
    """Tell whether a message is in another language than English: it has common words of one, and none of English."""
    plain = unicodedata.normalize("NFKD", message.casefold())
    words = set(re.findall(r"[a-z]+", "".join(c for c in plain if not unicodedata.combining(c))))
    return bool(words & _FOREIGN_WORDS) and not words & _ENGLISH_WORDS


def lesion_ids(message: str, state: TurnState) -> tuple[str, tuple[str, ...]]:
    """Replace the lesion ids of a message by idref0, idref1, … so that nothing else reads their digits."""
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
    r"(?i)\d+/-?\d+|[<>=≥≤~]*\d+(?:[.,]\d+)?(?:mm|cm|hu|y|yo|yrs?|years?|st|nd|rd|th|s|%)?\+?|r\d+|e\d+|#\d+|top-?\d+|k=\d+"
    r"|\d+(?:\.\d+)?-\d+(?:\.\d+)?(?:mm|cm|y|yo|yrs?|years?)?|\d0s-\d0s"
    r"|[wl][-−]?\d+|\d+-(?:year|yr|y|mm|cm|slice)s?(?:-olds?)?|cv-?\d+|(?:[a-z]+-)?\d+(?:mm|cm)-?\w*|(?:under|over)-\d+s?"
)


def _looks_like_id(token: str) -> bool:
    """Recognise letters and digits with a joint or a leading zero, as ids have; not a size, an age or a region."""
    if _NO_ID.fullmatch(token) or len(token) < 4 or not re.fullmatch(r"[\w.:/|-]+", token):
        return False
    digits, joints = bool(re.search(r"\d", token)), bool(re.search(r"[_:/|-]", token))
    return digits and (joints or bool(re.fullmatch(r"[A-Za-z]{1,6}\d{3,}", token)))
