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
SPELLED_OUT = [
    "liver",
    "hepatic",
    "lung",
    "lungs",
    "pulmonary",
    "kidney",
    "kidneys",
    "renal",
    "bone",
    "bones",
    "osseous",
    "mediastinum",
    "mediastinal",
    "abdomen",
    "abdominal",
    "pelvis",
    "pelvic",
    "tissue",
    "women",
    "female",
    "females",
    "male",
    "males",
    "lesion",
    "lesions",
    "nodule",
    "nodules",
    "similar",
    "measure",
    "compare",
    "comparison",
    "describe",
    "explain",
    "report",
    "region",
    "regions",
    "suggest",
    "closest",
    "nearest",
    "patient",
    "patients",
    "older",
    "younger",
    "smaller",
    "larger",
    "bigger",
    "between",
    "without",
    "except",
    "excluding",
    "exclude",
    "filter",
    "filters",
    "study",
    "series",
    "slices",
    "atlas",
    "cases",
    "results",
    "hits",
    "second",
    "third",
    "years",
    "millimeters",
    "centimeters",
    "largest",
    "smallest",
    "treatment",
    "prognosis",
    "malignant",
    "benign",
    "export",
    "search",
    "looks",
    "resemble",
    "resembles",
    "tissue",
    "elderly",
    "fifties",
    "sixties",
    "seventies",
    "diameter",
    "hounsfield",
    "density",
]

# Correct English that looks like a misspelling of the above; never "corrected".
NOT_A_TYPO = frozenset(
    ["live", "lives", "lived", "living", "deliver", "river", "long", "lunges", "long", "lunge", "lingo", "lone", "lane", "bonus", "bond", "born", "boner", "gone", "none", "done", "one", "ones", "woman", "man", "men", "mail", "mare", "pale", "meal", "tale", "make", "males", "like", "liked", "likes", "line", "lines", "kind", "kinds", "kindly", "kidding", "chess", "press", "lesson", "lessons", "legion", "regional", "region", "reason", "reasons", "season", "measured", "measures", "measuring", "measurement", "measurements", "compared", "compares", "comparing", "compared", "described", "describes", "explained", "explains", "reported", "reports", "sport", "port", "patience", "patently", "old", "order", "orders", "ordered", "young", "bigger", "biggest", "big", "small", "large", "larger", "close", "closer", "near", "nearer", "similarly", "similarity", "case", "care", "cares", "clear", "cleared", "clean", "hint", "hits", "hit", "hid", "his", "this", "that", "they", "them", "then", "than", "there", "their", "these", "those", "thing", "things", "think", "thinks", "result", "second", "seconds", "seen", "seem", "seems", "seek", "tissues", "issue", "issues", "search", "searched", "research", "looked", "looking", "looks", "filter", "filtered", "atlas", "at", "last", "series", "serious", "slice", "sliced", "study", "studied", "sturdy", "year", "yes", "yet", "without", "within", "with", "bones", "renal", "real", "really", "region", "exclude", "excluded", "include", "included", "includes", "including", "conclude", "expert", "exports", "exported", "extent", "expect", "except", "accept", "excellent", "between", "beneath", "density", "dense", "destiny", "identity", "suggest", "suggested", "suggests", "suggestion", "suggestions", "biggest"]
)  # fmt: skip

LESION = r"(?:lesions?|nodules?|mass(?:es)?|tumou?rs?|findings?|spots?|lumps?|abnormalit(?:y|ies)|cysts?|metastas[ei]s)"
CASE = (
    r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|lesions?|nodules?|mass(?:es)?|look-?alikes?|ones?"
    r"|patients?|records?)"
)

# -- people --------------------------------------------------------------------------------------------------------
SEX_WORDS: dict[str, str] = {
    "F": r"(?:wom[ae]n|females?|ladies|lady|girls?|mothers?|grandmothers?)",
    "M": r"(?:m[ae]n|males?|gentlem[ae]n|boys?|guys?|fathers?|grandfathers?)",
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
UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
}  # fmt: skip

MORE = (
    r"(?:over|above|older than|more than|greater than|larger than|bigger than|longer than|at least|a minimum of|minimum"
    r"|min\.?|from|beyond|exceeding|not (?:smaller|less|younger) than|no (?:smaller|less|younger) than|past|>=|=>|≥|>)"
)
LESS = (
    r"(?:under|below|younger than|less than|fewer than|smaller than|shorter than|at most|up to|a maximum of|maximum"
    r"|max\.?|not (?:over|above|larger|bigger|older|more) than|no (?:larger|bigger|older|more) than|not over|until"
    r"|<=|=<|≤|<)"
)
ABOUT = r"(?:around|about|approximately|approx\.?|roughly|circa|ca\.?|some|~)"

# -- leaving out ---------------------------------------------------------------------------------------------------
EXCEPT = (
    r"(?:not(?! only)(?: the| any| from the| in the)?|no|except(?: for)?(?: the)?|excluding(?: the)?|exclude(?: the)?"
    r"|without(?: the| any)?|other than|anything but|everything but|all but|but not|leave out(?: the)?"
    r"|leaving out(?: the)?|ignore(?: the)?|ignoring(?: the)?|skip(?: the)?|minus|omit(?: the)?|omitting(?: the)?"
    r"|drop(?: the)?|non|hide(?: the)?|apart from(?: the)?|besides(?: the)?|rather than|instead of|never)"
)
ANY = (
    r"(?:any|all|every|whatever|regardless of(?: the)?|irrespective of(?: the)?|no matter(?: what| the)?|ignore(?: the)?"
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
    (r"(?:from |in |of |within |only )*(?:the |this )?same (?:patient|person|individual)(?:'s)?(?: only)?",
     "same-patient"),
    (r"(?:from |in |of |within )(?:only )?(?:this|that) (?:patient|person)(?:'s)?(?: only| own| alone)*(?! over| under)",
     "same-patient"),
    (r"(?:this|the|his|her|their) (?:patient's )?(?:own )?(?:prior|previous|earlier|older|other) (?:visits?|stud(?:y|ies)"
     r"|scans?|exams?|lesions)", "same-patient"),
    (r"this patient's(?: own)?", "same-patient"),
    (r"(?:from |in |across |of )*(?:all|every|any)(?: the)? (?:patients?|people|persons?)"
     r"(?: including (?:this|the same) (?:one|patient))?", "all"),
    (r"(?:including|also|plus|even) (?:from )?(?:this|the same|that) (?:patient|one|person)", "all"),
    (r"(?:from |in |across |of |only )*(?:the )?(?:other|different|another|unrelated|someone else's) (?:patients?|people"
     r"|persons?|individuals?)", "cross-patient"),
    (r"(?:cross|inter)[- ]patients?", "cross-patient"),
    (r"same-patient", "same-patient"),
    (r"(?:not|except|excluding|exclude|without|leave out|leaving out|other than) (?:from )?(?:this|the same) "
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
                   r"|worr(?:y|ied|ying|isome)|serious|aggressive|suv|stag(?:e|ing)|bad news"),
    ("diagnosis", r"diagnos\w*|which disease|what disease|what (?:is|are) wrong"),
    ("next step", r"biops\w*|follow[- ]?up (?:scan|imaging|interval|ct|mri)|recommend\w*|should (?:i|we|he|she|they)\b(?! (?:look|start|click|use|ask|see|search|upload|mark|draw|begin))"
                  r"|what (?:do|should) (?:i|we) do|refer (?:him|her|them|the patient)|urgent|emergency|mri|pet"),
    ("growth", r"has (?:it|this|that) (?:grown|changed|shrunk)|growing|growth rate|doubling time|over time"),
    ("identity", r"(?:patient's|his|her|the) (?:name|address|birthday|birth ?date|date of birth|phone|id number|mrn)"
                 r"|patient name|patient id|who is (?:the|this) (?:patient|person|man|woman)|which hospital|accession"),
)  # fmt: skip

# -- intents -------------------------------------------------------------------------------------------------------
# Tried from top to bottom on a normalised request; the first that fits wins. `understanding.py` adds what depends on
# more than words.
_STUDY = r"(?:stud(?:y|ies)|scan|series|ct|case|image|images|exam|examination|upload|dicom|file|dataset|volume|stack)"
_ME = r"(?: me| us)?"
INTENTS: tuple[tuple[str, str], ...] = (
    ("filters", r"\b(?:which|what) filters?\b|\bfilters? (?:are|is) (?:on|active|set|applied)\b"),
    ("report", r"\b(?:report|structured report|write[- ]?up|dicom[- ]sr)\b(?! by)|\b(?:export|save|download)\b"
               r"|\bsummar(?:y|ise|ize) (?:document|file|as)\b|\bwrite (?:it|this|that|everything) (?:up|down)\b"
               r"|\bas (?:an? )?(?:html|json|sr|dicom|pdf)\b"),
    ("compare", r"\bcompar(?:e|es|ed|ing|ison|isons)\b|\bversus\b|\bvs\.?(?!\w)|\bside[- ]by[- ]side\b"
                r"|\bdifferences? (?:between|to|from|with)\b|\b(?:differs?|different) (?:from|to|than)\b|\bnext to\b"
                r"|\bhow (?:does|do|is|are) .* differ|\bin common with\b|\bput .* beside\b"),
    ("how_sure", r"\bhow (?:sure|confident|certain|reliable|likely)\b|\b(?:are you|you) (?:really )?(?:sure|certain|confident)\b"
                 r"|\bcan i trust\b|\bconfidence\b|\bhow good (?:is|are) (?:the|these|that|those) match"),
    ("why", r"^(?:but |and |so )?why\b|\bhow come\b|\bwhy (?:do|did|is|are|not|does)\b|\bhow do you know\b|\bbased on what\b"
            r"|\bon what (?:basis|grounds)\b|\bwhat makes (?:you|it|this)\b|\breason(?:s|ing)?\b|\bjustif(?:y|ication)\b"
            r"|\bwhat is (?:the|your) evidence\b|\bexplain (?:yourself|that|this(?! (?:lesion )?type| organ)|your answer|the result|the answer)\b"
            r"|\bhow did you (?:get|decide|come|find|arrive|reach)\b|\bwhat speaks (?:for|against)\b|\bwhat supports\b"),
    ("count_hits", r"\bhow many of (?:them|these|those|the (?:\d+ )?(?:hits|cases|results|matches))\b"),
    ("atlas", r"\bhow many (?!slices|images|series|regions)\b.*\b(?:atlas|database|collection|library|do you (?:have|know|hold)|are there|in total|altogether"
              r"|total|lesions|cases|patients|types|women|men|females|males|examples)\b|\batlas\b(?=.*\b(?:contain|hold|have"
              r"|has|made|what|about|describe|counts?|composition|contents?|include|cover|large|big|size|break|by|per)\b)|\bwhere (?:do|does|did|are|is) .*\b(?:come|comes|from)\b"
              r"|\b(?:what|which|describe|about|count|show|contents? of|tell)\b.*\b(?:the|your|this) (?:atlas|database|collection|library)\b"
              r"|\b(?:what|which) (?:lesion )?(?:types|kinds|organs|body parts)\b(?!.* (?:this|it) )"
              r"|\b(?:numbers?|counts?|breakdown|break down|distribution|tally|statistics?|stats)\b.*\b(?:by|per|of|atlas|lesions|types?|sex|each)\b"
              r"|\batlas (?:overview|contents?|counts?|statistics?|stats|size|composition|please)\b|^(?:the )?atlas$"),
    ("measure", r"\bmeasur(?:e|es|ed|ing|ement|ements)\b|\bhow (?:big|large|long|wide|dense|bright|thick|broad|small)\b|\bdimensions?\b"
                r"|\bdiameters?\b|\bwhat (?:is the |is its |are the )?(?:exact )?(?:size|area|axes|hu)\b|\bsize of\b|\bsize\?|\bhounsfield\b"
                r"|\b(?:mean|average|median|min|max|minimum|maximum)? ?(?:hu|density|attenuation)\b|\b(?:long|short) ax[ie]s\b|\bhow (?:many )?(?:mm|cm)\b"
                r"|\bits? (?:size|density|area)\b|\brecist\b|^(?:the )?size\b"),
    ("describe_study", rf"\b(?:describe|about|summari[sz]e|overview of|info(?:rmation)? (?:on|about)|details? (?:of|on|about))\b{_ME} (?:the |this |my |our |that )?"
                       rf"(?:whole |entire |ct |uploaded |current |loaded )*{_STUDY}\b|\b(?:what|which) (?:kind|type|sort) of (?:ct |dicom )?{_STUDY}\b"
                       rf"|\bwhat (?:{_STUDY}) (?:is|am|do)\b|\bslice (?:thickness|spacing|gap)\b|\bpixel (?:spacing|size)\b|\bspacing\b|\bhow many (?:slices|images|series)\b"
                       rf"|\bmodality\b|\b(?:what|which) body (?:part|region)\b|\bbody part\b(?!s)|\bwhat (?:did|have) i (?:upload|load|open)|\bcontrast\b|\bkvp?\b|\btube voltage\b"
                       rf"|\bwhat is (?:this|the|my) {_STUDY}\b|\bgantry\b|\bwhat (?:is|am i looking) (?:loaded|open|uploaded|on (?:the )?screen)\b|\bhow old is (?:the|this|my) patient\b"
                       rf"|\bpatient'?s? (?:age|sex)\b|\b(?:age|sex) of (?:the|this) patient\b|\bis (?:the|this) patient (?:a )?(?:male|female|man|woman)\b|\bstudy (?:facts|info|details)\b"
                       rf"|\bwhat (?:can you (?:tell|say)|do (?:you|we) know)\b.*\b(?:the|this|my) {_STUDY}\b"),
    ("find_regions", rf"\b(?:find|suggest|propose|detect|mark|locate|spot|identify|show|list|see|point out|look for|search for|search|highlight|any|give|are there|is there)\b.*"
                     rf"\b(?:regions?|rois?|suspicious|abnormal|abnormalit(?:y|ies)|candidates?|suggestions?|places?|spots?|findings?|worth (?:a look|looking))\b"
                     rf"|\bwhere (?:should|do|can|could|might|would) (?:i|we|you) (?:look|start|see|click)\b|\bwhere (?:is|are) (?:the |any )?(?:lesions?|nodules?|mass(?:es)?|findings?|abnormalit(?:y|ies))\b"
                     rf"|\b(?:find|detect|mark|locate|look for|search for|are there|is there|see|any|propose|suggest)\b(?: all| any| the| me| some| other| more| a)* (?:\d+ )?{LESION}\b(?: (?:in|on) (?:the|this|my|these|that) (?:whole |entire )?{_STUDY}|(?: here)?$)"
                     rf"|\banything (?:else )?(?:suspicious|abnormal|there|to see|wrong|interesting|worth|unusual)\b|\bwhat should i look at\b|\b(?:search|scan|check|go through|screen|look through) (?:the |this |my )(?:whole |entire )?{_STUDY}\b"
                     rf"|\bsuggest(?:ions)?\b"),
    ("explain", r"\bteach\b|\bexplain\b|\blearn about\b|\bdefin(?:e|ition)\b|\b(?:characteristics?|features?|appearances?|signs?|hallmarks?) of\b"
                r"|\bhow (?:do|does|would|should) .* (?:look|appear|present)\b|\bwhat (?:do|does|would|should) .* look like\b|\bwhat (?:is|are) (?:an? |the )?(?:typical |usual )?\x00 ?"),
    ("help", r"^(?:help|\?|menu|commands?|usage|instructions?)\b|\bwhat (?:can|could|do) (?:you|i|we) (?:do|ask|offer|help)\b|\bhow (?:do|can|does|should) (?:i|you|this|it)(?: \w+)? (?:use|work|start|begin|ask|help)"
             r"|\bhow (?:does|do) (?:this|it|you) work\b|\bwho are you\b|\bwhat are you\b|\bwhat is (?:lesion search|this tool|this app|this)(?: for)? (?:tool|app|for)\b|\bhelp me\b|\bwhat (?:else )?(?:is possible|are my options)\b"),
    ("search", r"\bsimilar(?:ly|ities)?\b|\bresembl\w*\b|\b(?:look|looking|looks)(?: most| more)? (?:like|alike) (?:this|it|that|these|r\d|\x00)|\blook-?alikes?\b|\bmatch(?:es|ing)?\b|\bneighbou?rs?\b"
               r"|\bcomparable\b|\bseen (?:this|it|something|anything|one|that)?(?: like this| before)|\b(?:like|as) (?:this|that|it|r\d)\b|\bsame kind\b|\bsearch\b|\bclosest\b|\bnearest\b|\bmost alike\b|\bretriev\w+\b"
               r"|\b(?:find|show|list|give|get|fetch|bring|display|see)\b.*\b(?:cases?|examples?|lesions?|nodules?|hits?|mass(?:es)?|tumou?rs?|ones?|results?|patients?|records?)\b|\bhits\b|\bsimilars\b|\bcases like\b"),
    ("what", r"\bwhat (?:is|was) (?:this|it|that|here|there|the|r\d|\x00)|\bwhat (?:could|might|can|may|would) (?:this|it|that|r\d|\x00)|\bidentify\b|\bclassify\b|\bcharacteri[sz]e\b"
             r"|\b(?:what|which|who) (?:kind|type|sort|organ|lesion type)\b|\bdifferential\b|\bddx\b|\bwhat am i (?:looking at|seeing)\b|\bwhat do you (?:think|see|make|say)\b|\byour (?:opinion|impression|thoughts|guess)\b"
             r"|\b(?:looks?|look) like\b|\b(?:is|are|could|might|may|can|was) (?:it|this|that|r\d|\x00)\b.*|\bany idea|\btell me about (?:this|it|that|r\d|\x00)\b|\b(?:analy[sz]e|evaluate|assess|read|interpret|examine|check|look at)\b"
             r"|\bwhat about (?:this|it)\b|^(?:this|here|and this|and here)$|\bdescribe (?:this|it|that|r\d|\x00)"),
    ("thanks", r"\b(?:thanks?|thank you|thx|ty|cheers|much appreciated|merci|danke|gracias)\b|^(?:great|perfect|nice|good job|well done|ok|okay|cool|got it|excellent|super|wonderful|awesome|that is all|bye|goodbye)\b"),
    ("greeting", r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|hallo|greetings|dear|howdy|moin|bonjour|hola)\b"),
)  # fmt: skip

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
    r"^(?:and|but|also|now|only|just|what about|how about|same|instead|or|then|again|with|without|no|not|ok|okay|actually"
    r"|sorry|i meant?|rather|exclude|excluding|include|including|limit|restrict|filter|drop|remove|make (?:it|that)|narrow"
    r"|those|keep|in|from|for|under|over|older|younger|smaller|larger|bigger|less|more|at least|at most|between|aged|any|all"
    r"|the)\b|\b(?:instead|as well|too|this time|of (?:them|those|these)|those|again)\b|\bonly\b"
)
START_OVER = r"\b(?:start(?:ing)? (?:over|again|fresh|from scratch)|from scratch|reset|begin again|back to the start|clear (?:everything|all))\b"
