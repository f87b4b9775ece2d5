"""Clinical decisions and personal data that are asked for: what the program says no to, by topic.

The answers are in `assistant/wording/fixed_sentences.py`. Tried from top to bottom, the first topic that fits wins.
"""

import re

_WHO = r"(?:he|she|they|him|her|them|it|this|that|(?:the|this|my) (?:patient|person|man|woman|guy|kid|child|lady))"
_EARLIER = (
    r"(?:(?:the |her |his |their |my |an? )*(?:last|previous|prior|priors|old|earlier|former)(?: (?:ct|scan|exam\w*"
    r"|one|study"
    r"|time|visit|year|month|week|imaging|check\w*))?|before|(?:last )?(?:january|february|march|april|june|july|august"
    r"|september|october|november|december|christmas|easter|summer|winter|spring|autumn))"
)
DECLINED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("treatment", (
        r"treat(?:ment|ed|s|ing|able)?|therap(?:y|ies)|surgery|operate|operable|resect\w*|chemo\w*|radiotherapy"
        r"|irradiat\w*",
        r"medicat\w*|medicines?|drugs?|steroids?|pills?|tablets|dose|dosage|prescri\w*|ablat\w*|antibiotics?|cure[ds]?"
        r"|curable",
        r"manag(?:e|ement)|(?:cut|take|taken|get) (?:it|this) out(?! of)",
    )),
    ("prognosis", (
        r"prognos\w*|surviv\w*|life expect\w*|mortality|outcomes?|recurrence|recur|spread|deadly|fatal",
        r"how (?:long|much time|many years) .*(?:live|left|got|remain\w*)|remain\w* to live|live (?:long|much longer"
        r"|normal\w*)",
        rf"{_WHO} (?:still )?(?:has|have) left|(?:time|years|months) (?:is |are )?left",
        r"going to die|will (?:\w+ ){1,2}die|die from|(?<!i am )dying(?! to)|kill (?:him|her|them|me)|(?:make"
        r"|pull\w*) (?:it )?through",
        r"(?:get|become) (?:better|worse)|(?:his|her|their|the patient's|what are the) (?:chances|odds)|how (?:will"
        r"|does|would) (?:this|it|that)"
        r" (?:all )?end",
    )),
    ("malignancy", (
        r"cancer\w*|malign\w*|benign|carcinoma|oncolog\w*|metasta(?:sis|tic|sized)|tumou?r or not|b9|lethal|life[- "
        r"]threatening",
        r"dangerous|harmless|worr(?:y|ied|ying|isome)|serious|aggressive|suv|stag(?:e|ing)|bad news|is (?:\w+ "
        r"){0,2}grave",
        r"bad (?:one|thing|guy|kind|type)(?=\W*$)|good[- ]*or[- ]*bad|(?:good|bad)[- ]natured|chances? (?:of|that)",
        rf"(?:(?:going to|gonna|will) be|(?:will|is|are) {_WHO} (?:going to )?(?:be )?)(?: )?(?:ok|okay|fine|all? "
        rf"?right)",
    )),
    ("diagnosis", (
        r"(?:have|has|had|got|gets?|suffer\w*(?: from)?|sick with|ill with) (?:an? |the )?(?:\w+ )?(?!hepat|angio"
        r"|ha?emangi|lip"
        r"|thym|sarc)\w*(?:oma|omas|itis|osis|emia|aemia|culosis|monia|abscess)",
        r"what does (?:he|she|the patient|this patient|this guy|this man|this woman) have|suffering from|which "
        r"(?:disease|illness)"
        r"|what (?:disease|illness)|what (?:is|are) wrong|diagnos\w*|(?:final|definit\w+|most likely) dx",
        r"is (?:it|this|that) (?:an? )?(?:hcc|fnh|rcc|gist|nsclc|sclc|tb|nhl)(?: or \w+)?",
    )),
    ("next step", (
        r"biops\w*|(?:stick|put|get) a needle|refer (?:him|her|them|the patient)|next steps?|urgent|emergency|mri|pet"
        r"|recommend\w*",
        r"follow[- ]?up (?:scan|imaging|interval|ct|mri)|f/u (?:ct|mri?|scan|in)|(?:need|needs|require\w*|want\w*) "
        r"(?:a |any )?follow[- ]?up"
        r"|(?:when|how often|how soon|how many months) .*\b(?:scan|control|check|image|rescan|come back)",
        r"should (?:i|we|he|she|they)\b(?! (?:look|start|click|use|ask|see|search|upload|mark|draw|begin|know|learn"
        r"|expect|read"
        r"|remember|put|trust|believe|type|say|give|write|enter|press))",
        r"what (?:do|should) (?:i|we) do(?! first| here| now)|(?:send|discharge|let) (?:him|her|them|the patient) "
        r"(?:home|go)",
    )),
    ("growth", (
        r"growing|growth|doubling time|over time|grows?|grew|grown(?!-?ups?)|shrunk|has (?:it|this|that|mine) changed",
        rf"(?:bigger|larger|smaller|differ\w*|changed?|new|there|progress\w*|compar\w*|volume|than|against|versus"
        rf"|vs)\b.*\b(?:since|than|to|with"
        rf"|from|in|on|at|against|versus|vs|already)\b.* {_EARLIER}(?=\W*$)|(?:there|present|visible) {_EARLIER}|any "
        rf"change (?:since|from|to|against)\b",
        r"(?:got|become|gotten|has|is)\b.*\b(?:bigger|larger|smaller)\b.*\b(?:since|or not)\b|(?:bigger|larger"
        r"|smaller) than (?:before|last)",
        r"(?:progress\w*|stable|regress\w*) (?:or|vs) (?:\w+ ){0,2}(?:progress\w*|stable|regress\w*)",
    )),
    ("organ", (
        r"^(?:which|what) organ (?:is (?:this|it|that)|(?:am|are) (?:i|we) (?:looking at|seeing))(?: here| there)?\W*$",
    )),
    ("identity", (
        r"(?:patients?'?s?|his|her|the|their) (?:full |real |first |last )?(?:name|address|birthday|birth ?date|date "
        r"of birth|phone"
        r"|id number|mrn)|patient (?:name|id)|accession|(?:give|tell) me the name|identity of",
        r"how is (?:the |this )?(?:patient|person) called|how is called the|(?:patient|he|she) (?:is )?called|what is "
        r"(?:he|she) called",
        r"whose (?:scans?|ct|stud(?:y|ies)|images?|files?|lesion is (?:this|it|that)|is (?:this|it|that))|whose\W*$",
        r"who is (?:the|this) (?:patient|person|man|woman)|who (?:he|she) is|who is (?:he|she)\W*$|(?:mr|mrs|ms"
        r"|miss)\.? \w+"
        r"|where (?:he|she|they|the patient) lives?|which hospital(?!'s (?:ct|scanner|machine))",
    )),
)  # fmt: skip

_TOPICS = tuple((topic, re.compile(rf"\b(?:{'|'.join(words)})(?!\w)")) for topic, words in DECLINED)
_DISEASE = dict(_TOPICS)["malignancy"]
_LIKENESS = re.compile(r"\b(?:similar|look-?alikes?|resembl\w+|match(?:es)?|hits?)\b")
_SEARCHES = re.compile(r"\b(?:find|show|search|list|similar|retrieve|get|only|cases?|matches)\b")
_POINTS = re.compile(
    r"\b(?:is|are|says?|call|could|will) (?:it|this|that|these|mine)\b|\b(?:this|it) (?:is|malignant|benign)\b"
)
_NAMED = re.compile(r"\b(?:name|address|called|identity)\b")


def declined(clause: str, about_hit: bool = False, no_study: bool = False) -> str:
    """The topic of a request that is declined, else nothing. Of a hit, sex and age may be asked, not the name."""
    for topic, words in _TOPICS:
        if not words.search(clause):
            continue
        spared = (
            (topic == "diagnosis" and "differential" in clause)
            or (topic == "identity" and about_hit and not _NAMED.search(clause))
            or (topic == "growth" and (about_hit or _LIKENESS.search(clause)))
            or (topic == "next step" and no_study)  # "what do I do first?"
            # "find malignant liver lesions" is a search; its adjective is said not to be applied
            or (topic == "malignancy" and _SEARCHES.search(clause) and not _POINTS.search(clause))
        )
        if not spared:
            return topic
    return ""


def names_disease(clause: str) -> bool:
    """Tell whether a disease is named, such as "malignant", that no filter can hold."""
    return bool(_DISEASE.search(clause))
