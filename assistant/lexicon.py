"""The words of the domain: what people say, and what it means here. Tables only, no logic."""

# -- lesion types ------------------------------------------------------------------------------------------------
# DeepLesion's eight coarse types and how people name them: organ, adjective, common findings. Regular expressions on
# lower-case text. "nodule", "mass" and "cyst" alone are not here: they occur everywhere.
TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "soft tissue": (
        r"soft[- ]tissues?", r"chest wall", r"abdominal wall", r"body wall", r"muscles?", r"muscular", r"intramuscular",
        r"subcutaneous", r"cutaneous", r"skin", r"axilla", r"axillary", r"breasts?", r"lipomas?", r"sarcomas?", r"neck",
        r"thyroid",
    ),
    "bone": (
        r"bones?", r"bony", r"osseous", r"skeletal", r"skeleton", r"vertebral?", r"vertebrae", r"spine", r"spinal",
        r"ribs?", r"sclerotic", r"lytic", r"osteolytic", r"osteoblastic", r"blastic", r"femoral", r"femur", r"sacrum",
        r"sternum",
    ),
    "mediastinum": (
        r"mediastinum", r"mediastinal", r"hilar", r"hilum", r"paratracheal", r"subcarinal", r"thymus", r"thymic",
        r"thymomas?",
    ),
    "liver": (
        r"livers?", r"hepatic", r"intrahepatic", r"hepatocellular", r"hcc", r"hepatomas?",
        r"(?:liver |hepatic )?ha?emangiomas?",
    ),
    "lung": (
        r"lungs?", r"pulmonary", r"intrapulmonary", r"bronchial", r"ground[- ]glass(?: opacit(?:y|ies))?", r"ggos?",
    ),
    "kidney": (
        r"kidneys?", r"renal(?: cell)?", r"rcc", r"nephric", r"angiomyolipomas?",
    ),
    "pelvis": (
        r"pelvis", r"pelvic", r"ovar(?:y|ies|ian)", r"uterus", r"uterine", r"bladder", r"prostat(?:e|ic)", r"rectal",
        r"rectum", r"adnexal?", r"iliac",
    ),
    "abdomen": (
        r"abdomen", r"abdominal", r"intra-?abdominal", r"mesenter(?:y|ic)", r"peritone(?:um|al)",
        r"retroperitone(?:um|al)", r"pancrea(?:s|tic)", r"spleen", r"splenic", r"adrenals?", r"gall ?bladder", r"bowel",
        r"stomach", r"gastric", r"colon",
    ),
}  # fmt: skip

# Words that are typed often enough to be worth correcting, when nothing else fits.
_SPELLED = """
under only many between
liver hepatic lung lungs pulmonary kidney kidneys renal bone bones osseous mediastinum mediastinal abdomen abdominal
pelvis pelvic tissue women female females male males lesion lesions nodule nodules similar measure compare
comparison describe explain report region regions suggest closest nearest patient patients older younger smaller
larger bigger between without except excluding exclude filter filters study series slices atlas cases results hits
second third years millimeters centimeters largest smallest treatment prognosis malignant benign export search looks
resemble resembles tissue elderly fifties sixties seventies diameter hounsfield density
"""
SPELLED_OUT = tuple(_SPELLED.split())

# Correct English that looks like a misspelling of the above; never "corrected".
_CORRECT = """
accept at atlas beneath between big bigger biggest bond boner bones bonus born care cares case chess clean clear
cleared close closer compared compares comparing conclude deliver dense density described describes destiny done
exceed exceeding exceeds excellent except exclude excluded expect expert explained explains exported exports extent
filter filtered gone hid hint his hit hits identity include included includes including issue issues kidding kind
kindly kinds lane large larger last legion lesson lessons like liked likes line lines lingo live lived lives living
lone long looked looking looks lunge lunges mail make males man mare mate mates meal measured measurement
measurements measures measuring men near nearer none old one ones order ordered orders pale patently patience port
press real really reason reasons region regional renal reported reports research result river search searched season
second seconds seek seem seems seen series serious similarity similarly slice sliced small sport studied study
sturdy suggest suggested suggestion suggestions suggests tale than that their them then there these they thing
things think thinks this those tissues with within without woman year yes yet young
"""
NOT_A_TYPO = frozenset(_CORRECT.split())

LESION = r"(?:lesions?|nodules?|mass(?:es)?|tumou?rs?|findings?|spots?|lumps?|abnormalit(?:y|ies)|cysts?|metastas[ei]s)"
CASE = (
    r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|lesions?|nodules?|mass(?:es)?|look-?alikes?|ones?"
    r"|patients?|records?)"
)

# -- people --------------------------------------------------------------------------------------------------------
SEX_WORDS: dict[str, str] = {
    "F": r"(?:wom[ae]ns?|females?|ladies|lady|girls?|gals?|mothers?|grandmothers?)",
    "M": r"(?:m[ae]ns?|males?|gentlem[ae]n|boys?|guys?|dudes?|blokes?|fellows?|fathers?|grandfathers?)",
}

# Phrases of age and the inclusive years they stand for.
AGE_PHRASES: tuple[tuple[str, tuple[int | None, int | None]], ...] = (
    (r"sexagenarians?", (60, 69)),
    (r"septuagenarians?", (70, 79)),
    (r"octogenarians?", (80, 89)),
    (r"nonagenarians?", (90, 99)),
    (r"middle[- ]aged?", (40, 64)),
    (r"young adults?", (18, 39)),
    (r"(?:elderly|seniors?|geriatric|pensioners|retirees|aged patients|old people|old patients|old wom[ae]n|old m[ae]n"
     r"|older (?:people|patients|adults|wom[ae]n|m[ae]n|persons)|the old)", (65, None)),
    (r"(?:children|child|kids?|pa?ediatrics?|minors)", (None, 17)),
    (r"(?:teenagers?|teens|adolescents?)", (13, 19)),
    (r"(?:infants?|babies)", (None, 1)),
    (r"(?:young|younger) (?:people|patients|wom[ae]n|m[ae]n|persons|ones)", (None, 39)),
    (r"adults?", (18, None)),
)  # fmt: skip

DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fourties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80, "nineties": 90,
}  # fmt: skip
DECADE_PART = {"": (0, 9), "early": (0, 3), "mid": (4, 6), "late": (7, 9)}

# -- numbers -------------------------------------------------------------------------------------------------------
_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
UNITS = tuple(_UNITS.split())
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
}  # fmt: skip

# Bounds. Sizes are continuous, so both kinds mean the same for them; years are whole, so "over 60" begins at 61.
_NONE = r"(?:nothing|nobody|no one|none|not|no)"
_BIG = r"(?:over|above|beyond|past|older than|more than|greater than|larger than|bigger than|longer than)"
_LITTLE = r"(?:under|below|younger than|less than|fewer than|smaller than|shorter than)"
AT_LEAST = rf"(?:at least|a minimum of|minimum|min\.?|from|starting at|{_NONE} {_LITTLE}|>=|=>|≥)"
AT_MOST = rf"(?:at most|up to|a maximum of|maximum|max\.?|until|{_NONE} {_BIG}|<=|=<|≤)"
OVER = rf"(?:{_BIG}|exceeding|>)"
UNDER = rf"(?:{_LITTLE}|not yet|<)"
ABOUT = r"(?:around|about|approximately|approx\.?|roughly|circa|ca\.?|some|~)"

# -- leaving out ---------------------------------------------------------------------------------------------------
EXCEPT = (
    r"(?:!=|≠"
    r"|(?:remove|take out|filter out|get rid of|avoid|disregard|discard|rule out|kick out|cut)(?: the| any| all)?"
    r"|none (?:in|from|of)(?: the)?|nothing (?:in|from|of)(?: the)?|excl\b|outside(?: of)?(?: the)?|forget(?: "
    r"about)?(?: the)?|do not (?:want|show|include)(?: me)?(?: the| any)?|not(?! only)(?: the| any| from the| in "
    r"the)?|no|except(?: for)?(?: the)?|excluding(?: the)?|exclude(?: the)?"
    r"|without(?: (?:the )?(?:ones?|those|cases|lesions) (?:in|of|from))?(?: the| any)?|other than|anything but"
    r"|everything but|all but|but not|leave out(?: the)?"
    r"|leaving out(?: the)?|ignore(?: the)?|ignoring(?: the)?|skip(?: the)?|minus|omit(?: the)?|omitting(?: the)?"
    r"|drop(?: the)?|non|hide(?: the)?|apart from(?: the)?|besides(?: the)?|rather than|instead of|never)"
)
ANY = (
    r"(?:any|all|every|whatever|regardless of(?: the)?|irrespective of(?: the)?|no matter(?: what| the)?|ignore(?: "
    r"the)?"
    r"|ignoring(?: the)?|without(?: the| an?| any)?|drop(?: the)?|remove(?: the)?|forget(?: about)?(?: the)?|no"
    r"|lift(?: the)?|clear(?: the)?|never mind(?: the)?|delete(?: the)?|leave out(?: the)?|undo(?: the)?)"
)
LIMIT = r"(?: (?:limits?|filters?|restrictions?|bounds?|constraints?|range|criteri(?:on|a)|condition|group))"

FILTER_NAMES: dict[str, str] = {
    "age": r"ages?",
    "sex": r"(?:sex(?:es)?|genders?)",
    "size": r"sizes?",
    "type": r"(?:lesion )?(?:types?|organs?|kinds?)",
    "scope": r"(?:scopes?|patient)",
}

SCOPES: tuple[tuple[str, str], ...] = (
    (r"do not (?:leave|exclude|skip|drop|ignore|forget)(?: out)? (?:this|the same) patient(?: out)?", "all"),
    (r"(?:leave|take|keep) (?:this|the same) patient out", "cross-patient"),
    (r"(?:from |in |of |within |only )*(?:the |this )?same (?:patient|person|individual)(?:'s)?(?: only)?",
     "same-patient"),
    (r"(?:from |in |of |within )(?:only )?(?:this|that) (?:patient|person)(?:'s)?(?: only| own| alone)*(?! over| "
     r"under)",
     "same-patient"),
    (r"(?:this|the|his|her|their) (?:patient's )?(?:own )?(?:prior|previous|earlier|older|other) (?:visits?|stud(?:y"
     r"|ies)"
     r"|scans?|exams?|lesions)", "same-patient"),
    (r"this patient's(?: own)?", "same-patient"),
    (r"(?:from |in |across |of )*(?:all|every|any)(?: the)? (?:patients?|people|persons?)"
     r"(?: including (?:this|the same) (?:one|patient))?", "all"),
    (r"(?:in |from |of |across )*(?:everyone|everybody)\b(?:[, ]+this patient (?:too|as well|included))?", "all"),
    (r"this (?:patient|one) (?:too|as well|included)", "all"),
    (r"(?:including|include|also|plus|even|add) (?:from )?(?:this|the same|that) (?:patient|one|person)", "all"),
    (r"(?:from |in |across |of |only )*(?:the )?(?:other|different|another|unrelated|someone else's) (?:patients?"
     r"|people"
     r"|persons?|individuals?)", "cross-patient"),
    (r"(?:cross|inter)[- ]patients?", "cross-patient"),
    (r"(?:intra|within)[- ](?:the )?(?:same )?patient", "same-patient"),
    (r"(?:from |in |of )?(?:someone|somebody|anyone|anybody) else(?:'s)?", "cross-patient"),
    (r"(?:irrespective|regardless) of (?:the )?patient|no matter (?:the|which) patient", "all"),
    (r"same-patient", "same-patient"),
    (r"(?:not|except|excluding|exclude|without|leave out|leaving out|other than|do not include|not including|ignore) "
     r"(?:from |of |in )?(?:this|the same) "
     r"(?:patient|person)", "cross-patient"),
)  # fmt: skip

# -- what we do not do ---------------------------------------------------------------------------------------------
# kind of request -> words that mark it. The kinds are answered in wording.py.
OUT_OF_SCOPE: tuple[tuple[str, str], ...] = (
    ("treatment", r"treat(?:ment|ed|s|ing|able)?|therap(?:y|ies)|surgery|operate|operable|resect\w*|chemo\w*"
                  r"|radiotherapy|medicat\w*|drugs?|dose|dosage|prescri\w*|ablat\w*|antibiotics?|cure[ds]?|curable"
                  r"|manag(?:e|ement)"),
    ("prognosis", r"prognos\w*|surviv\w*|life expectancy|how long (?:does|do|has|have|will|can|could) .*(?:live|left)"
                  r"|going to die|will (?:\w+ ){1,2}die|die from|dying|deadly|fatal|outcome|recurrence|spread"),
    ("malignancy", r"cancer\w*|malignan\w*|benign|carcinoma|dangerous|harmless|metasta(?:sis|tic|sized)|tumou?r or not"
                   r"|worr(?:y|ied|ying|isome)|serious|aggressive|suv|stag(?:e|ing)|bad news|lethal"
                   r"|life[- ]threatening|chances? (?:of|that)|going to be (?:ok|okay|fine|all ?right)"),
    ("diagnosis", r"diagnos\w*|which disease|what disease|what (?:is|are) wrong"),
    ("next step", r"biops\w*|follow[- ]?up (?:scan|imaging|interval|ct|mri)|recommend\w*|should (?:i|we|he|she"
                  r"|they)\b(?! (?:look|start|click|use|ask|see|search|upload|mark|draw|begin|know|learn|expect|read"
                  r"|remember))"
                  r"|what (?:do|should) (?:i|we) do|refer (?:him|her|them|the patient)|next steps?|urgent|emergency"
                  r"|mri|pet"),
    ("growth", r"has (?:it|this|that) (?:grown|changed|shrunk)|growing|growth rate|doubling time|over time"),
    ("identity", r"(?:patient's|his|her|the) (?:name|address|birthday|birth ?date|date of birth|phone|id number|mrn)"
                 r"|patient name|patient id|whose\b|(?:give|tell) me the name|who is (?:the|this) (?:patient|person"
                 r"|man|woman)|which hospital|accession"),
)  # fmt: skip

# -- what is asked for, and how it follows what was asked before -------------------------------------------------
REPORT_FORMATS: tuple[tuple[str, str], ...] = (
    (r"\b(?:dicom[- ]?sr|dicom[- ]structured|structured report|sr|dicom)\b", "dicom-sr"),
    (r"\bjson\b", "json"),
    (r"\bhtml\b", "html"),
)
GROUPINGS: tuple[tuple[str, str], ...] = (
    (r"\b(?:sex|sexes|gender|genders|wom[ae]n|females?|m[ae]n|males?)\b", "sex"),
    (r"\b(?:body[- ]?(?:parts?|regions?|sites?)|anatom\w+|locations?)\b", "body_part"),
    (r"\b(?:sources?|origins?|datasets?|data ?sets?|come from|comes from|where .* from)\b", "source"),
    (r"\b(?:types?|kinds?|organs?|lesion types?|categor\w+)\b", "lesion_type"),
)

# Words that tie a message to the one before it.
FOLLOW_UP = (
    r"^(?:and|but|also|now|only|just|what about|how about|same|instead|or|then|again|with|without|no|not|ok|okay"
    r"|actually"
    r"|sorry|i meant?|rather|exclude|excluding|include|including|limit|restrict|filter|drop|remove|make (?:it|that)"
    r"|narrow"
    r"|those|keep|in|from|for|under|over|older|younger|smaller|larger|bigger|less|more|at least|at most|between|aged"
    r"|any|all"
    r"|the)\b|\b(?:instead|as well|too|this time|of (?:them|those|these)|those|again)\b|\bonly\b"
)
START_OVER = (
    r"\b(?:start(?:ing)? (?:over|again|fresh|from scratch)|from scratch|reset|begin again|back to the start|clear "
    r"(?:everything|all))\b"
)
