"""Questions about the series on the screen, words that ask for another series or image, and questions of hits.

What is asked of a series is a topic of `describe_study`: plane, kernel, phase, compression, date and the like; `slice`
is where a region lies. A series is named by number, by place ("other", "next", "prior") or by what it is ("coronal",
"soft"). Of hits on the screen it is asked how many, under which filters, and how mine compares; while nothing was
searched the same words ask for something else, and `intent_of_clause.py` reads them then.
"""

import re

from assistant.core.requests import Intent
from assistant.core.turn_state import TurnState
from assistant.understanding.rules.clauses import Slots

_SERIES = (
    r"(?:series|stack|scan|stud(?:y|ies)|exam(?:ination)?s?|ct|acquisition|reconstruction|recon|reformat|images|kernel"
    r"|phase|volume)"
)
_EXAMINATION = r"(?:scan|stud(?:y|ies)|exam(?:ination)?|ct|imaging)"
_SHOW = (
    r"(?:(?:please|can you|could you|would you|now|and|then|ok|okay|let us|let me|i want to|i would like to|to)[, ]+)*"
    r"(?:(?:switch|change|go|jump|move|turn|swap|flip|open|show|load|display|bring|put|view|see|look|use|take|select"
    r"|choose|pick|give|get|what about|how about|back|over)(?: (?:me|us|back|over|up|to|at|on|please))*[, ]+)?"
    r"(?:to )?(?:the |an? |my |her |his |this patient's |that )?"
)
_TOWARDS = (
    r"(?:[, ]+(?:please|instead|now|again|on (?:the )?screen|up|too|for me|of (?:this|the) (?:patient|upload)))*\W*"
)
_PRIOR = rf"(?:previous|older|earlier|old|former|last year's|comparison) {_EXAMINATION}"
_CHOICES: tuple[tuple[str, str], ...] = (
    ("prior", rf"prior(?: {_SERIES})?|{_PRIOR}"),
    ("newest", rf"(?:newest|latest|current|newer|most recent|recent) {_SERIES}"),
    ("other", rf"other {_SERIES}"),
    ("next", rf"next {_SERIES}"),
    ("previous", r"previous (?:series|stack|reconstruction)"),
    ("last", r"last (?:series|stack)"),
    ("axial", rf"(?:axials?|transverse)(?: (?:{_SERIES}|one))?"),
    ("coronal", rf"coronals?(?: (?:{_SERIES}|one))?"),
    ("sagittal", rf"sagittals?(?: (?:{_SERIES}|one))?"),
    ("soft", rf"soft(?:[- ]tissue)? (?:kernel|reconstruction|recon)(?: {_SERIES})?"),
    ("sharp", rf"(?:sharp|bone|lung) (?:kernel|reconstruction|recon)(?: {_SERIES})?"),
    ("contrast", r"(?:contrast|contrast[- ]enhanced|enhanced|post[- ]contrast) (?:series|scan|phase)"),
    ("plain", r"(?:plain|native|non[- ]?contrast|unenhanced|pre[- ]contrast) (?:series|scan|phase)"),
)
_NUMBERED = re.compile(
    rf"{_SHOW}(?:(?:series|stack)(?: (?:number|no\.?|nr\.?))?[ #]*(?P<n>\d{{1,3}})|(?P<nth>1st|first|\d+(?:nd|rd|th)"
    rf"|second|third|fourth) (?:series|stack)){_TOWARDS}"
)
_CHOSEN = tuple((topic, re.compile(rf"{_SHOW}(?:{words}){_TOWARDS}")) for topic, words in _CHOICES)
_BARE = ("axial", "coronal", "sagittal")  # alone they may answer nothing: "coronal" shows, "axial or coronal" asks
_NTH = {"1st": 1, "first": 1, "second": 2, "third": 3, "fourth": 4}

_IMAGE = re.compile(
    r"\b(?:image|img|im|instance|picture|frame|bild)(?: (?:number|no\.?|nr\.?))?[ #:]*(?P<n>\d{1,5})\b"
    r"(?! ?(?:mm|cm|hits?|times|%|years|similar|most|closest))"
)
_OTHER_VIEWER = re.compile(
    r"\b(?:pacs|ris|workstation|other viewer|osirix|horos|slices?|files?|of \d+|go to|jump|same)\b"
)
_PLACE = r"(?:slice|image|cut|level|instance)"
_CUTS = r"\b(?:slices?|layers?|cuts?|images?|sections?|reconstruction)\b"
_WHERE = re.compile(
    rf"\b(?:which|what)(?: is the)? {_PLACE}(?:s|[ -]?(?:number|no\.?|index))?\b"
    r"(?= (?:is|are|was|does|do|on|in|shows?|has|for|of|contains?|am|would|number|it|this|that|r ?\d)|\W*$)"
    r"(?!.*\b(?:thick|spac|gap|interval|apart|quality|best|should|similar|kind|type)\w*)"
    rf"|\bon (?:which|what) {_PLACE}\b|\b{_PLACE} number (?:of|for|is)\b|\bsame {_PLACE}\b"
    r"|\b(?:slice|image) of (?:r ?\d+|the (?:lesion|region))\b|^where (?:is|are|do i find) r ?\d+(?: located)?\W*$"
)
_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("date", (
        r"\bwhen (?:was|were|is|did|has|exactly was)\b.*\b(?:scan\w*|ct|stud(?:y|ies)|exam\w*|imag\w+|picture|done"
        r"|taken|made|acquired|performed|recorded|shot)\b",
        r"\b(?:what|which) (?:date|day|year|month)\b|\bhow long ago\b|\bhow recent\b",
        r"\b(?:date|day|year) of (?:the |this )?(?:scan|ct|stud(?:y|ies)|exam\w*|acquisition|images?)\b",
        r"\b(?:scan|study|exam\w*|acquisition) (?:date|year)\b",
        r"\bhow old (?:is|are) (?:this|the|these|that) (?:scan|ct|stud(?:y|ies)|exam\w*|images?|series|pictures?)\b",
        r"\bis (?:this|it|the (?:scan|ct|study)) (?:an? )?(?:recent|old|current|new)"
        r"(?: (?:one|scan|ct|study|exam\w*))?\W*$",
    )),
    ("phase", (
        r"\b(?:arterial|portal|venous|nephrographic|corticomedullary|excretory|equilibrium)\b",
        r"\b(?:which|what|contrast|late|delayed|early) phases?\b|\bphase of (?:the )?contrast\b|^phase\W*$",
    )),
    ("plane", (
        r"\b(?:axial|coronal|sagittal|transverse|oblique)\b|\bplane of\b|^(?:plane|orientation)\W*$",
        r"\b(?:which|what) (?:\w+ )?(?:plane|orientation)\b",
    )),
    ("kernel", (
        r"\bkernels?\b|\b(?:reconstruction|recon) (?:algorithm|filter)\b|\b(?:sharp|soft) or (?:sharp|soft)\b",
    )),
    ("lossy", (r"\bloss(?:y|less)?\b|\bcompress(?:ed|ion)\b|\bjpe?g(?: ?2000)?\b",)),
    ("thickness", (
        rf"\bthick(?:ness)?\b(?=.*{_CUTS})|{_CUTS}.*\bthick(?:ness)?\b|^thickness\W*$",
    )),
    ("contrast", (
        r"\b(?:iv|with|without|any|is|was|got|given|has|had)(?: \w+)? contrast\b(?! (?:with|to|it|this|and)\b)",
        r"\bcontrast(?:[- ](?:agent|medium|enhanced|used|given|scan))|^contrast\W*$|\b(?:non[- ]?)?enhanced or\b",
    )),
    ("kind", (
        r"\b(?:is|are) (?:this|it|that|these|they|the (?:images?|series|slices?|scan)).*\b(?:mip|maximum intensity"
        r"|average|derived|originals?|secondary capture|screen ?(?:shot|copy|capture)|locali[sz]er|scout|topogram"
        r"|reformat\w*)\b",
    )),
    ("series", (
        r"\b(?:which|what|how many|list|all|other|number of)(?: (?:the|of the|other))* series\b",
        rf"\bis there (?:a|another|an older|any other) (?:prior|series|{_EXAMINATION})\b",
    )),
)  # fmt: skip
_TOPIC_WORDS = tuple((topic, re.compile("|".join(words))) for topic, words in _TOPICS)
# beside one of these a question is about more than its topics: all of the study is described
_MORE = re.compile(
    r"\b(?:age|old is (?:he|she|the patient)|sex|gender|male|female|man|woman|patient's|about (?:the|this|my) patient"
    r"|how many (?!series)|number of (?!series)|modality|body part|spacing|pixels?|matrix|resolution|kvp?|voltage|facts"
    r"|details|info\w*|everything|describe|summar\w+|protocol|kind of|scanner|vendor|manufactur\w+|tell me|gantry"
    r"|tilt\w*|demographics)\b"
)
_ABOUT_SOMETHING_ELSE = re.compile(
    r"\b(?:find|search|similar|look-?alikes?|lesions? (?:in|from|of|like)|only|cases?|atlas|hits?|match\w*|exclude"
    r"|filter\w*|measur\w*|diameter|axis|axes|size|long|grow\w*|grown|chang\w*|bigger|larger|smaller|compar\w*|should"
    r"|next scan|again|explain|teach|typical\w*|report|export|save|years?)\b"
)
_LIST = (
    r"(?:(?:all |any |most |one )*(?:of )?(?:these|those|them|(?:the|my|your|this|that|our) (?:\w+ )?(?:list|hits?"
    r"|results?|matches|lot|bunch|gallery|row|selection|set|ones|group|page)))"
)
_NOT_COUNTED = (  # what "how many" asks for in the scan, in the atlas, or of somebody's time
    r"(?:mms?|cms?|millim\w*|centim\w*|hu|hounsfield|slices?|images?|series|layers?|cuts?|frames?|years?|months?"
    r"|weeks?|days?|percent|%|regions?|rois?|spots?|places?|pixels?|voxels?|filters?|types?|kinds?|organs?|sources?"
    r"|questions?|can i|may i|should i)"
)
_COUNT = re.compile(
    rf"\bhow many (?!(?:\w+ )?{_NOT_COUNTED}\b)|\bhow many\W*$|^(?:(?:please|and|now|so|then|can you|could you|just"
    rf"|up) )*"
    rf"(?:count|tally)\b|\b(?:what|which) (?:share|proportion|percentage|fraction|part)\b"
    rf"|\b(?:number|tally|share|proportion|percentage|fraction) of\b.*\b(?:among|in|of|within) {_LIST}"
    rf"|^(?:(?:is|are|was|were|do|does|did|has|have|there|you|show|{_LIST}|the) )*(?:any|anyone|anybody|hold "
    rf"any\w*)\b.*"
    rf"\b(?:among|amongst|in|of|within|under|inside) {_LIST}|^(?:of|among|in|out of) {_LIST}.*\bhow many\b"
    r"|^(?:what )?(?:share|proportion|percentage|fraction) (?:that|who|of|is|are)\b|^tally of\b|\bwhat is the (?:total"
    r"|count|number|tally)\b|^(?:the )?(?:number|total|count) of (?:the )?(?:hits"
    r"|results|matches|those)\b|\bwhat number of (?:them|these|those|the)\b"
)
_ATLAS = re.compile(
    r"\b(?:atlas|data ?base|collection|library|cohort|inventory|reference|archive|repository|index(?:ed)?|stock|on file"
    r"|do you (?:have|hold|know|keep|store)|(?:have|do) you got|you (?:have|hold)|altogether|scan|ct|stud(?:y|ies))\b"
)
_FILTER = r"(?:filters?|criteri(?:a|on)|constraints?|restrictions?|conditions?|settings?|limits?|limitations?)"
_NARROWED = r"(?:filter(?:ing|ed)|limit(?:ing|ed)|restrict(?:ing|ed)|narrow(?:ing|ed)|searching with)"
_FILTERS = re.compile(
    rf"\b(?:active|current|present) {_FILTER}\b|\b{_FILTER} (?:summary|overview|status)\b|\b(?:my|the) (?:search"
    rf"|current) {_FILTER}\b"
    rf"|\b{_FILTER}\b.{{0,30}}\b(?:on(?= right| now| rn| at|\W*$)|active|apply|applied|in (?:place|use|force|effect)"
    rf"|made "
    rf"with|right now|presently"
    rf"|currently|at (?:present|the moment)|for this (?:search|list)|(?:is|are) (?:set|there|used))\b"
    rf"|\b(?:what|which)(?: all)?(?: the)? {_FILTER} (?:is|are|am|do|did|have|was|were)\b|^is (?:there )?(?:any|a) "
    rf"{_FILTER}\b"
    rf"|\bwhat (?:am|are|was|were|is|did) (?:i|we|you|this|it|the|these)\b.{{0,20}}\b{_NARROWED}\b"
    r"|^(?:(?:so|and),? )*(?:is|are|am) (?:i|we|you|it|this|these|they|the \w+)(?: (?:still|currently|now|only))+ "
    r".{0,20}"
    rf"\b(?:{_NARROWED}|looking at|searching|seeing|showing|only)\b|^is (?:the|this|my) (?:search|list) (?:\w+ "
    rf")?{_NARROWED}\b"
    r"|\bwhat (?:(?:have|did) i|i(?: have)?) (?:got )?(?:set|excluded|ruled out|left out|filtered|restricted)\b"
    r"|\bwhat (?:did|have) (?:we|i) narrow"
    r"|^(?:is|are) there (?:still |any )*(?:an? )?(?:\w+ )?(?:limit|filter|restriction)s?\b.*\b(?:set|on|there|active"
    r"|still)\b"
    r"|\bis any (?:filter|limit|restriction)\b|\bwhat is (?:currently |still |now )*(?:applied|active|filtered)\b"
    r"|\bwhat (?:did|have|do|am) i (?:\w+ )?filter\w*\b|\bfilter-?wise\b"
)
_NO_FILTERS_QUESTION = re.compile(
    r"\b(?:no|without|drop|clear|remove|lift|reset|get rid|can i|may i|could i|do you|in general|possible)\b"
)
_OWN = re.compile(
    r"\b(?:mine|ours|me and|(?:what|the one|the lesion|the region) i (?:drew|marked|clicked|boxed)|(?:my|our|this|the "
    r"marked) (?:\w+ )?(?:lesion|region|spot|scan|nodule|one|mass|case|box|finding)"
    r"|(?:my|our)"
    r" patient's(?: lesion| one)?|r\d)\b"
)
_BESIDE = re.compile(
    r"\b(?:compar\w*|contrast\w*|differ\w*|diffs?|beside|alongside|next to|side (?:by|to|at|with) side|(?:at|on|to) "
    r"the side of"
    r"|shoulder to shoulder|in common|shares?|shared|separat\w*|apart|(?:put|hold|set|line|stack)\w* .*\b(?:up|against"
    r"|with)"
    r"|against|versus|vs|in (?:one|the same|1) (?:view|picture|window|screen)|\w+er than)\b"
)


def study_question(clause: str, state: TurnState) -> tuple[Intent, str] | None:
    """Return what a request asks of the study: an intent and its topic, or None where it asks something else.

    `select_series` has the series as topic, `find_image` the number, `measure` the topic `slice`; `describe_study`
    its topics joined with `+`, with `all` among them where the rest is asked too.
    """
    if (number := _NUMBERED.fullmatch(clause)) is not None:
        nth = number.group("nth")
        return "select_series", number.group("n") or str(_NTH.get(nth, re.sub(r"\D", "", nth)))
    for topic, words in _CHOSEN:
        if words.fullmatch(clause) and not (clause in _BARE and len(state.series) < 2):
            return "select_series", topic
    image = _IMAGE.search(clause)
    if image is not None and (_OTHER_VIEWER.search(clause) or _names_no_hit(int(image.group("n")), state)):
        return "find_image", image.group("n")
    slice_ = re.search(r"\bslice(?: number)? (\d{1,5})\b", clause)
    if slice_ is not None and re.search(r"\b(?:image|instance|pacs)\b", clause):
        return "find_image", f"slice {slice_.group(1)}"
    if _WHERE.search(clause):
        return "measure", "slice"
    if _ABOUT_SOMETHING_ELSE.search(clause):
        return None
    topics = [topic for topic, words in _TOPIC_WORDS if words.search(clause)]
    if not topics:
        return None
    if "phase" in topics and "contrast" in topics:
        topics.remove("contrast")
    return "describe_study", "+".join(["all", *topics] if _MORE.search(clause) else topics)


def _names_no_hit(number: int, state: TurnState) -> bool:
    """Tell whether "image 3" cannot be the third hit."""
    return not state.searches or number > len(state.searches[0].facts.hits)


def asked_of_hits(clause: str) -> str:
    """`count_hits` or `filters` where a clause asks that of the hits that are shown, else nothing."""
    if _COUNT.search(clause) and not _ATLAS.search(clause):
        return "count_hits"
    return "filters" if _FILTERS.search(clause) and not _NO_FILTERS_QUESTION.search(clause) else ""


def sets_beside(clause: str) -> bool:
    """Whether a clause asks what two lesions share, or sets them side by side."""
    return bool(_BESIDE.search(clause))


def compares_with_mine(clause: str, slots: Slots) -> bool:
    """Whether a hit and the own lesion are named, and words that set them side by side."""
    return bool((slots.hits or slots.nth) and _OWN.search(clause) and _BESIDE.search(clause))
