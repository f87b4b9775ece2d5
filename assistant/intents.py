"""How each kind of request is recognised: patterns on a normalised request, one way of saying it a line.

Tried from top to bottom, the first that fits wins; `understanding.py` corrects the choice by what the slots hold.
"""

import re

from assistant.lexicon import LESION

_STUDY = r"(?:stud(?:y|ies)|scan|series|ct|case|image|images|exam|examination|upload|dicom|file|dataset|volume|stack)"
_THIS = r"(?:this|it|that|r\d|\x00)"

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("filters", (
        r"\b(?:which|what) filters?\b",
        r"\bfilters? (?:are|is) (?:on|active|set|applied)\b",
    )),
    ("report", (
        r"\b(?:report|structured report|write[- ]?up|dicom[- ]sr)\b(?! by)",
        r"\b(?:export|save|download)\b|\b(?:print|document) (?:it|this|everything|all)\b|\bpacs\b|\bprintable\b"
        r"|\bpdf\b",
        r"\bsummar(?:y|ise|ize) (?:document|file|as)\b",
        r"\bwrite (?:it|this|that|everything) (?:up|down)\b",
        r"\bas (?:an? )?(?:html|json|sr|dicom|pdf)\b",
    )),
    ("compare", (
        r"\bdistinguish\w*\b|\bsets? .* apart\b|\bsimilarit(?:y|ies) (?:to|with|between)\b",
        r"\bcompar(?:e|es|ed|ing|ison|isons)\b",
        r"\bversus\b|\bvs\.?(?!\w)|\bstacks? up\b|\balongside\b|\bhow (?:alike|close|similar) (?:is|are)\b",
        r"\b(?:against|similarity (?:to|with)) (?:the|hit|idref|number|#)",
        r"\bside[- ]by[- ]side\b|\bnext to\b|\bput .* beside\b",
        r"\bdifferences? (?:between|to|from|with)\b|\b(?:differs?|different) (?:from|to|than)\b",
        r"\bhow (?:does|do|is|are) .* differ",
        r"\bin common with\b|\bcontrast (?:it|this|that|r\d) (?:with|to|and)\b",
    )),
    ("how_sure", (
        r"\breliable\b|\btrustworthy\b",
        r"\bhow (?:sure|confident|certain|reliable|likely)\b",
        r"\b(?:are you|you) (?:really )?(?:sure|certain|confident)\b",
        r"\bcan i trust\b|\bconfidence\b",
        r"\bhow good (?:is|are) (?:the|these|that|those) match",
    )),
    ("why", (
        r"^(?:but |and |so )?why\b|\bwhy (?:do|did|is|are|not|does)\b|\bhow come\b",
        r"\bhow do you know\b|\bis (?:that|this|it) based\b|\bhow did you (?:get|decide|come|find|arrive|reach)\b",
        r"\bbased on what\b|\bon what (?:basis|grounds)\b|\bwhat makes (?:you|it|this)\b",
        r"\brationale\b|\bwhat is behind\b|\bwhat tells you\b|\bprove it\b|\bshow your work\b|\breason(?:s|ing)?\b"
        r"|\bjustif(?:y|ication)\b|\bwhat is (?:the|your) evidence\b",
        r"\bexplain (?:yourself|that|this(?! (?:lesion )?type| organ)|your answer|the result|the answer)\b",
        r"\bwhat speaks (?:for|against)\b|\bwhat supports\b",
    )),
    ("count_hits", (
        r"\bhow many of (?:them|these|those|the (?:\d+ )?(?:hits|cases|results|matches))\b",
    )),
    ("atlas", (
        r"\bhow many (?!slices|images|series|regions|mm|cm)\b.*\b(?:atlas|database|collection|library|cohort"
        r"|inventory|reference set|do you (?:have|know|hold)"
        r"|are there|in total|altogether|total|lesions|cases|patients|types|women|men|females|males|examples)\b",
        r"\batlas\b(?=.*\b(?:contain|hold|have|has|made|what|about|describe|counts?|composition|contents?|include|cover"
        r"|large|big|size|break|by|per)\b)",
        r"\b(?:what|which|describe|about|count|show|contents? of|tell|size of|how big is)\b.*"
        r"\b(?:the|your|this) (?:atlas|database|collection|library|cohort|inventory|reference set)\b",
        r"\b(?:what|which) (?:lesion )?(?:types|kinds|organs|body parts)\b(?!.* (?:this|it) (?:is|look|be|resembl))",
        r"\b(?!number of (?:slices|images|series))(?:numbers?|counts?|breakdown|break down|distribution|tally"
        r"|statistics?|stats)\b.*"
        r"\b(?:by|per|of|atlas|lesions|types?|sex|each)\b",
        r"\batlas (?:overview|contents?|counts?|statistics?|stats|size|composition|please)\b|^(?:the )?atlas$",
        r"\bwhere (?:do|does|did|are|is) .*\b(?:come|comes) from\b",
    )),
    ("measure", (
        r"\bmeasur(?:e|es|ed|ing|ement|ements)\b|\brecist\b",
        r"\bhow (?:big|large|long|wide|dense|bright|thick|broad|small)\b|\bhow (?:many |much )?(?:mm|cm)\b",
        r"\bdimensions?\b|\bdiam(?:eters?)?\b|\b(?:width|length|extent|cm across|mm across)\b|\b(?:long|short) "
        r"ax[ie]s\b",
        r"\bwhat (?:is the |is its |are the )?(?:exact )?(?:size|area|axes|hu)\b|\b(?:size|area|density|extent) of\b"
        r"|^(?:the )?size\b",
        r"\bits (?:size|density|area|extent|diameter)\b|\bis (?:it|this) (?:dense|big|large|small|long)\b",
        r"\bhounsfield\b|\b(?:mean|average|median|min|max|minimum|maximum)? ?(?:hu|density|attenuation)\b",
    )),
    ("describe_study", (
        rf"\b(?:describe|about|summari[sz]e|overview of|info(?:rmation)? (?:on|about)|details? (?:of|on|about))\b(?: "
        rf"me| us)?"
        rf" (?:the |this |my |our |that )?(?:whole |entire |ct |uploaded |current |loaded )*{_STUDY}\b",
        rf"\b(?:what|which) (?:kind|type|sort) of (?:ct |dicom )?{_STUDY}\b|\bwhat {_STUDY} (?:is|am|do)\b",
        rf"\bwhat is (?:this|the|my) {_STUDY}\b|\b{_STUDY} (?:facts|info|details|data|overview|summary)\b",
        rf"\bwhat (?:can you (?:tell|say)|do (?:you|we) know)\b.*\b(?:the|this|my) {_STUDY}\b",
        r"\bslice (?:thickness|spacing|gap)\b|\bpixel (?:spacing|size)\b|\bspacing\b|\b(?:how many|number of) "
        r"(?:slices|images|series)\b",
        r"\bdemographics\b|\bresolution\b|\bvoxels?\b|\bacquisition\b|\bthickness\b|\bmatrix\b|\bmodality\b|\bis "
        r"(?:it|this) (?:an? )?(?:ct|mri?|pet|x-?ray)\b|\bcontrast\b|\bkvp?\b|\btube voltage\b|\bgantry\b",
        r"\b(?:what|which) body (?:part|region)\b|\bbody part\b(?!s)",
        r"\bwhat (?:did|have) i (?:upload|load|open)",
        r"\bwhat (?:is|am i looking) (?:loaded|open|uploaded|on (?:the )?screen)\b",
        r"\bhow old is (?:the|this|my) patient\b|\b(?:age|sex) of (?:the|this) patient\b|\bpatient'?s? (?:age|sex)\b",
        r"\b(?:male or female|female or male|man or (?:a )?woman|woman or (?:a )?man)\b(?=.*\bpatient\b)",
        r"\bis (?:the|this) patient (?:a )?(?:male|female|man|woman)\b",
    )),
    ("find_regions", (
        r"\bwhere to (?:look|click|start|begin)\b|\bsomething to look at\b|\b(?:which|what) (?:places|spots|areas"
        r"|regions)\b",
        r"\b(?:find|suggest|propose|detect|mark|locate|spot|identify|show|list|see|point out|look for|search for|search"
        r"|highlight|any|give|are there|is there)\b.*\b(?:regions?|rois?|suspicious|abnormal|abnormalit(?:y|ies)"
        r"|candidates?|suggestions?|places?|spots?|findings?|worth (?:a look|looking))\b",
        r"\bwhere (?:else )?(?:should|do|can|could|might|would) (?:i|we|you) (?:look|start|see|click)\b|\bwhat should "
        r"i look at\b",
        r"\bwhere (?:is|are) (?:the |any )?(?:lesions?|nodules?|mass(?:es)?|findings?|abnormalit(?:y|ies))\b",
        rf"\b(?:find|detect|mark|locate|look for|search for|are there|is there|see|any|propose|suggest)\b"
        rf"(?: all| any| the| me| some| other| more| a)* (?:\d+ )?{LESION}\b"
        rf"(?: (?:in|on) (?:the|this|my|these|that) (?:whole |entire )?{_STUDY}|(?: here)?$)",
        r"\banything (?:else )?(?:suspicious|abnormal|there|to see|wrong|interesting|worth|unusual)\b",
        rf"\b(?:search|scan|check|go through|screen|look through) (?:the |this |my )(?:whole |entire )?{_STUDY}\b",
        r"\bsuggest(?:ions)?\b|\bwhat stands out\b|\b(?:did|do|have|am) i miss(?:ed|ing)?\b|\bhot ?spots?\b"
        r"|\bauto[- ]?detect\w*\b|\bpoint me to\b|\bwhere to look\b",
    )),
    ("explain", (
        r"\bcounts? as\b|\bhow (?:is|are) (?!it|this|that|they|these|the\b).*\b(?:measured|reported|seen|defined)\b",
        r"\bteach(?:ing)?\b|\blessons?\b|\brefresh\b|\bwhat means\b|\bexplain\b|\blearn about\b|\bdefin(?:e|ition)\b",
        r"\b(?:characteristics?|features?|appearances?|signs?|hallmarks?|mimics?|pitfalls?|properties) of\b",
        r"\bin a nutshell\b|\bkey (?:facts|features|points)\b|\brecogni[sz]e\b|\bpearls\b|\bbasics\b|\bprimer\b"
        r"|\bcrash course\b|\bbackground on\b",
        r"\bknow about\b|\bmimics?\b|\bpitfalls?\b|\btextbook\b",
        r"\bhow (?:do|does|would|should) .* (?:look|appear|present)\b|\bwhat (?:do|does|would|should) .* look like\b",
    )),
    ("help", (
        r"^(?:help|\?|menu|commands?|usage|instructions?)\b|\bhelp me$",
        r"\bwhat (?:can|could|do) (?:you|i|we) (?:do|ask|offer|help)\b|\bwhat (?:else )?(?:is possible|are my "
        r"options)\b",
        r"\bhow (?:do|can|does|should) (?:i|you|this|it)(?: \w+)? (?:use|work|start|begin|ask|help)",
        r"\bhow (?:does|do) (?:this|it|you) work\b|\bwho are you\b|\bwhat are you\b",
        r"\bwhat is (?:lesion search|this tool|this app|this)(?: for)? (?:tool|app|for)\b",
    )),
    ("search", (
        r"\b(?:find|look for|show|search|see)\b.*\bsame\b",
        r"\bsimilar(?:ly|ities|s)?\b|\bresembl\w*\b|\bcomparable\b|\blook-?alikes?\b|\bsame kind\b|\bmost alike\b",
        rf"\b(?:look|looking|looks)(?: most| more)? (?:like|alike) (?:this|it|that|these|r\d|\x00)|\b(?:like|as) "
        rf"{_THIS}",
        r"\bmatch(?:es|ing)?\b|\bneighbou?rs?\b|\bclosest\b|\bnearest\b|\bhits\b|\bcases like\b",
        r"\bseen (?:this|it|something|anything|one|that)?(?: like this| before)",
        r"\bsearch\b|\bretriev\w+\b",
        r"\b(?:find|show|list|give|get|fetch|bring|display|see)\b.*\b(?:cases?|examples?|lesions?|nodules?|hits?"
        r"|mass(?:es)?|tumou?rs?|ones?|results?|patients?|records?)\b",
    )),
    ("what", (
        r"^id\b|\binterpretation\b|\bimpression\b",
        rf"\bwhat (?:is|was) (?:{_THIS}|here|there|the (?:marked |selected |current )?(?:region|box|thing|{LESION}))"
        rf"|\bwhat (?:could|might|can|may|would) {_THIS}",
        r"\bidentify\b|\bclassify\b|\bcharacteri[sz]e\b|\bdifferential\b|\bddx\b",
        r"\b(?:what|which|who) (?:kind|type|sort|organ|lesion type)\b",
        r"\bwhat (?:am|are|is) (?:i|we) (?:looking at|seeing|dealing)\b|\bwhat have we (?:got )?here\b|\bwhat (?:it"
        r"|this|that) (?:is|might|could|may)\b",
        r"\bwhat (?:i am|we are) (?:looking at|seeing|dealing)\b",
        r"\bwhat am i (?:looking at|seeing)\b|\bwhat do you (?:think|see|make|say)\b|\bany idea",
        r"\byour (?:opinion|impression|thoughts|guess)\b",
        rf"\blooks? like\b|\b(?:is|are|could|might|may|can|was) {_THIS}",
        rf"\btell me about {_THIS}|\bdescribe {_THIS}|\bwhat about (?:this|it)\b",
        r"\b(?:analy[sz]e|evaluate|assess|read|interpret|examine|check|look at)\b",
        r"^(?:this|here|and this|and here)$",
    )),
    ("thanks", (
        r"\b(?:thanks?|thank you|thx|ty|cheers|much appreciated|merci|danke|gracias)\b",
        r"^(?:great|perfect|nice|good job|well done|ok|okay|cool|got it|excellent|super|wonderful|awesome|that is all"
        r"|bye|goodbye)\b",
    )),
    ("greeting", (
        r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|hallo|greetings|dear|howdy|moin|bonjour|hola)\b",
    )),
)  # fmt: skip

INTENTS = tuple((intent, re.compile("|".join(f"(?:{p})" for p in patterns))) for intent, patterns in _WORDS)


def first_intent(clause: str) -> str:
    """The first intent whose words are in a request, else `unknown`."""
    return next((intent for intent, words in INTENTS if words.search(clause)), "unknown")
