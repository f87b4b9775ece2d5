"""Words an answer may use without evidence, and words it may not.

A sentence that claims nothing checkable must be made of plain connecting words. A word of medicine, of anatomy or of
certainty is a claim that no tool of ours can support, wherever it stands.
"""

import re

# Findings, diseases, actions, history, place, change, certainty: none of it is in any evidence.
TERMS = re.compile(
    r"""\b(?:
    \w*(?:oma|omas|omata|itis|osis|oses|emia|aemia|ectomy|plasia|plastic|pathy|pathies|scopy|blastic|lytic|cytic)
    |malignan\w*|benign\w*|cancer\w*|carcino\w*|tumou?rs?|neoplas\w*|metasta\w*|cyst\w*|abscess\w*|infect\w*|inflam\w*
    |h(?:a)?emorrhag\w*|bleed\w*|fractur\w*|thromb\w*|embol\w*|necro\w*|calcif\w*|fibro\w*|edema|oedema|effusion\w*
    |spicul\w*|lobulat\w*|irregular\w*|circumscribed|ill-defined|well-defined|margins?|borders?|edges?|rim|septa\w*|septations?
    |smooth|capsul\w*|cavit\w*|homogen\w*|heterogen\w*|hypodens\w*|hyperdens\w*|isodens\w*|hypoatten\w*|hyperatten\w*
    |attenuat(?!ion\b)\w*|enhanc\w*|washout|vascular\w*|perfus\w*|opacit\w*|consolidat\w*|texture|spread\w*|invas\w*|invad\w*|infiltrat\w*
    |adjacent|abut\w*|encas\w*|compress\w*|displac\w*|obstruct\w*|dilat\w*|thicken\w*|swollen|enlarged|lymph\w*|nod(?:al|es?)
    |left|right|upper|lower|anterior|posterior|lateral|medial|superior|inferior|central|peripheral|apical|basal|lobes?|segments?
    |right-sided|left-sided|bilateral|unilateral|vessels?|veins?|arter(?:y|ies|ial)|aort\w*|ducts?|bowel|spleen|pancrea\w*
    |adrenals?|thyroid|brain|cerebr\w*|heart|cardiac|pleura\w*|bronch\w*|prostat\w*|ovar\w*|uter(?:us|ine)|bladder|spine|spinal
    |vertebr\w*|ribs?|femur|skull|breasts?|diagnos(?:is|es|ed|tic)|disease\w*|patholog\w*|histolog\w*|prognos\w*|surviv\w*|mortality
    |treat\w*|therap\w*|surg\w*|operat\w+|resect\w*|chemo\w*|radioth\w*|drugs?|medicat\w*|dose\w*|antibiotic\w*|biops\w*|aspirat\w*
    |recommend\w*|advis(?:e|ed|able)|should|must|urgent\w*|immediate\w*|emergen\w*|refer(?:ral|red)|follow-up|follow\ up
    |surveillance|mri|pet
    |histor(?:y|ical)|smok\w*|alcohol|symptom\w*|pain\w*|fever|cough|weight\ loss|trauma|injur\w*|pregnan\w*
    |diabet\w*|hypertens\w*
    |grow(?:n|th|ing|s)?|grew|stable|unchanged|progress\w*|regress\w*|doubl(?:ed|ing)|increas(?:ed|ing)|decreas(?:ed|ing)
    |normal|abnormal\w*|healthy|dangerous|harmless|serious\w*|worr\w*|concern\w*|suspicio\w*|alarming|reassur\w*|incidental\w*
    |definite\w*|certain(?:ly|ty)?|undoubtedly|doubt\w*|proves?|proven|confirm\w*|conclusive\w*|obvious\w*|guarantee\w*|always|never
    |typical\w*|characteristic\w*|classic\w*|pathognomonic|stag(?:e|ed|ing)|grade[ds]?|risk\w*|probabl[ey]|likelihood|rare|common
    |lived|died|die|dead|hospital\w*|clinic|scanner|contrast\w*|born|birth\w*|named
    |(?:patient|his|her|their)(?:'s)?\ names?|race|ethnic\w*|caucasian|asian|african
    |radiologists?|experts?|physicians?|doctors?|studies\ show|research\ shows|literature|published|guidelines?
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)

# Saying what one does not do is no claim.
REFUSAL = re.compile(
    r"\b(?:I|we|this tool|the assistant|Lesion Search|it)\b[^.;]{0,40}\b(?:cannot|can't|can not|do not|don't|does not"
    r"|am not able|is not able|am unable|never|will not|won't)\b"
    r" (?:reliably |really |safely )?(?:to )?(?:tell|say|judge|decide|diagnos\w+|recommend|advise|assess|predict"
    r"|determine|know|record|replace|make|give|offer|comment|answer|see one|identify)\b"
    r"|\bthe (?:files?|header) (?:do|does|did) not (?:say|state|name|number|tell|give)\b"
    r"|\bnot something I can\b|\bnot a (?:medical )?(?:diagnosis|finding|device|opinion)\b|\bbelongs to the treating "
    r"team\b|\bno diagnosis\b"
    r"|\bnot (?:a substitute|meant|intended) for\b",
    re.IGNORECASE,
)

# Medical words that the program's own subject needs.
NAMED_THINGS = re.compile(
    r"\bnot a diagnosis\b|\bnot (?:disease|findings?)\b|\bsegmentation\b|\bstud(?:y|ies) gives?\b", re.IGNORECASE
)

_PLAIN = """
a about above across actually add after again against ago agree agreement agrees alike all allow allowed allows
alone along already also also-suggested although among an and another answer answered answers any anything apart
appear appearance appearances appears applied applies apply are aren't around as ask asked asking at atlas atlas's
atlases available away back based be because been before behind being below beneath beside best better between both
box boxes bring broader build builds built but by call called came can cannot case case-by-case cases caution
cautious change changed check checked choose chosen cite cited click clicked close closer closest cm column come
comes comparable compare compared compared-with compares comparing comparison comparisons comprise consider consist
consists contain contained contains conversation could count counted counts covers ct data dataset deeper
demonstration describe described describes description detail details dicom differ difference differences different
differently differs disagree disagrees distance distances do does doesn't doing don't done down draw drawn drop
dropped e each earlier
education educational eg either else empty encoder encoder's enough even every everything evidence
example examples except exclude excluded excluding explain explained explains explanation facts far features few
file files filter filter's filtered filters find finding findings finds first fit fits for found from full further g
gallery gave general get give given gives glad go good group groups had happy has have having he hello help helpful
her here here's hers hi his hit hits hold holds how however html hu i i've ie if image images in include included
includes including index inside instead interpret interpreted into is isn't it it's its itself json just keep keeps
kept kind kinds know last leave leaves leaving left-out lesion lesion's lesion-search lesions less let let's lift
lifted like likeness limit limited limits list listed little look look-alike look-alikes looked looking looks loosen
made main make makes many mark marked match matched matches may me mean meaning means meanwhile measure measured
measurement measurements measures message might missing mixed mm more most much my narrow near nearby nearest nearly
need needed needs next no none nor not note nothing now number numbers of off offer on once one ones only open
opened or order other others otherwise our out over overall overview own part parts pass passed passes past patient
patient's patients person phrase picture pictures place places please point pointed points possible program purposes
put question questions range rank ranked rather read reading ready real really reason reasons record recorded
records refer reference region region's regions related remaining remove removed report reports research research-
only resemblance resemble resembles resembling rest restricted result results return returned same save say says
scan scans screen score scores sd search searched searches searching second section see seen select selected series set
several share shared shares she short show showed showing shown shows similar similarities similarity simply since
size sizes slice slices so some something source sources spacing speak speaks specific split sr step still studies
study study's such suggest suggested suggestion suggestions suggests summary support supported supports sure
synthetic take taken takes teaching tell tells than thank thanks that that's the their them themselves then there
therefore these they thing things this those though three through thus tie ties to together told too took tool tools
top total treat try turn two type types under understand understood unknown unless until up upload uploaded upon us
use used uses using very view visible visual visually vote votes vs want was way ways we weigh weighs weight welcome
well were what whatever when where whether which while who whole whose why wider will with within without word words
work works would write written x yes yet you your yours
"""
PLAIN = frozenset(_PLAIN.split())

_CLAUSE = re.compile(r"[;:]|,? but |, however|, yet ")


def asserted(sentence: str) -> str:
    """Strip a sentence of the clauses that only decline, and of the program's own set phrases."""
    return " ; ".join(NAMED_THINGS.sub(" ", c) for c in _CLAUSE.split(sentence) if not REFUSAL.search(c))


def unsupported_terms(sentence: str, supported: frozenset[str]) -> list[str]:
    """List the medical or over-certain words of a sentence that no evidence holds; none where it only declines."""
    return [m.group() for m in TERMS.finditer(asserted(sentence)) if m.group().lower() not in supported]


def unfamiliar_words(sentence: str, supported: frozenset[str]) -> list[str]:
    """List the words that are neither plain nor in the evidence."""
    words = re.findall(r"[A-Za-z][A-Za-z'’-]{2,}", asserted(sentence))
    return [w for w in words if (low := w.lower().replace("’", "'")) not in PLAIN and low not in supported]
