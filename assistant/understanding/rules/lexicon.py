"""The words of the domain: what people say, and what it means here. Tables only, no logic."""

# Words that are typed often enough to be worth correcting, besides those of the other tables.
_SPELLED = """
abnormal about also anyone anything atlas back because benign between bigger biggest both cancel cancer cases
centimeters closest compare comparison confident density describe diameter difference different document eight
eighties eighty elderly eleven everyone everything evidence example examples except exclude excluding explain export
female females fifteen fifties fifty filter filters find first forties forty fourth from gentlemen give have hepatic
hits hounsfield html include instead json just keep know ladies larger largest learn leave lesion lesions like longer
look lookalike lookalikes looks lymphoma make male males malignant many masses matter matters measure mediastinal
mediastinum metastases metastasis millimeters more most nearest need neighbor neighbors neighbour neighbours ninety
nodule nodules number older once only other others overview patient patients please previous prognosis regardless
region regions report resemble resembles resembling results reverse same search second series seven seventies seventy
show similar sixties sixty slices smaller smallest some something strange study suggest suggestions summary suspicious
teach tell than thanks that them then these third thirties thirty this those three tissue treatment tumor tumour
twelve twenty twins under undo want weird what when where which with without woman women years younger
"""
SPELLED_OUT = frozenset(_SPELLED.split())

LESION = r"(?:lesions?|nodules?|mass(?:es)?|tumou?rs?|findings?|spots?|lumps?|abnormalit(?:y|ies)|cysts?|metastas[ei]s)"
CASE = (
    r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|lesions?|nodules?|mass(?:es)?|look-?alikes?|ones?"
    r"|patients?|records?)"
)

# -- people --------------------------------------------------------------------------------------------------------
SEX_WORDS: dict[str, str] = {
    "F": r"(?:wom[ae]ns?|females?|femal|feminine|ladies|lady|ladys|girls?|gals?|mothers?|grandmothers?|grannies"
         r"|wives|womenfolk|womankind)",
    "M": r"(?:m[ae]ns?|males?|masculine|gentlem[ae]n|gents?|boys?|guys?|dudes?|blokes?|fellows?|fellas?|lads?|fathers?"
         r"|grandfathers?|chaps?|husbands?|menfolk)",
}  # fmt: skip
PEOPLE = (
    r"patients?|people|persons?|folks?|adults?|subjects?|individuals?|someone|anyone|anybody|nobody|everyone|wom[ae]n"
    r"|m[ae]n|females?|males?|ladies|lady|gentlem[ae]n|gents|guys?|girls?|boys?|those|f|m"
)

# Phrases of age and the inclusive years they stand for.
AGE_PHRASES: tuple[tuple[str, tuple[int | None, int | None]], ...] = (
    (r"quinquagenarians?", (50, 59)),
    (r"quadragenarians?", (40, 49)),
    (r"centenarians?", (100, None)),
    (r"sexagenarians?", (60, 69)),
    (r"septuagenarians?", (70, 79)),
    (r"octogenarians?", (80, 89)),
    (r"nonagenarians?", (90, 99)),
    (r"middle[- ]aged?", (40, 64)),
    (r"young adults?", (18, 39)),
    (r"(?:elderly|seniors?|geriatric|pensioners|retirees|aged patients|old wom[ae]n|old m[ae]n"
     r"|older (?:adults|wom[ae]n|m[ae]n))", (65, None)),
    (r"(?:children|childs?|kids?|pa?ediatrics?|minors|underage|under-?18s)", (None, 17)),
    (r"(?:teenagers?|teenaged?|teens|adolescents?)", (13, 19)),
    (r"(?:infants?|babies)", (None, 1)),
    (r"(?:adults?|grown-?ups?)", (18, None)),
)  # fmt: skip

DECADE_PART = {"": (0, 9), "early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9)}

# -- numbers -------------------------------------------------------------------------------------------------------
# Bounds. Sizes are continuous, so both kinds mean the same for them; years are whole, so "over 60" begins at 61.
OVER = (
    r"over|above|beyond|past|after|older|elder|more|greater|larger|bigger|longer|taller|wider|higher|exceed(?:s"
    r"|ing|ed)?"
    r"|upwards? of|surpass(?:es|ing)|north of|on the wrong side of|majors? of|>"
)
UNDER = (
    r"under|below|beneath|younger|less|fewer|smaller|shorter|lower|before|short of|south of|not yet|sub(?=[ -])"
    r"|tinier|thinner|narrower"
    r"|yet to (?:turn|reach|hit|be)"
    r"|not even|minors of|<"
)
AT_LEAST = (
    r"(?:a |the |of )?minimum(?: (?:age|size|diameter))?|(?<!\d )min|at (?:the (?:very )?)?least|from|start(?:s|ing)?"
    r" (?:at|from|with)|begin(?:s|ning)? (?:at|with|from)|turned|already|reach(?:ed|es|ing)?|g[eo]t(?:s"
    r"|ting)? to|limited downwards? to|>=|since"
    r"|lower (?:limit|bound|end|border|edge|threshold)(?: (?:of|at|to|is|may be|can be|should be|shall be|must be"
    r"|be|now))*|not? (?:less|fewer)"
)
AT_MOST = (
    r"(?:a |the |of )?maximum(?: (?:age|size|diameter))?|(?<!\d )max|at (?:the (?:very )?)?most|up to(?: and "
    r"including)?"
    r"|(?:until|till)(?: and (?:with|including))?|no further than|draw the line at|limited upwards? to|"
    r"(?<=diameters )to|(?<=sizes )to|(?<=ages )to"
    r"|(?:end|stop)(?:s|ing|ping)? (?:at|with)|cut(?: \w+)? off at"
    r"|within|<=|no more|no greater|upper (?:limit|bound|end)"
    r"|capp?(?:ed)?(?: (?:it|that|them))?|ceiling|as (?:old|large|big|long) as"
)
ABOUT = (
    r"around|roundabout|near(?:ly)?|about|approximately|approx|roughly|circa|ca|some|something like|~"
    r"|in the region of|close to|more or less"
)
OR_MORE = (
    r"(?:\+|if not (?:older|more|bigger|larger|higher)\b|at the (?:youngest|lowest|smallest|shortest|very least)\b"
    r"|(?:(?:wide|long|big|large|old|across|of age) )?(?:and|or|&|on) (?:older|wider|elder|over|above|up"
    r"(?:wards?)?|more|beyond|larger|bigger|longer|greater"
    r"|higher|plus|better|after)\b"
    r"|(?:and )?upwards?\b|(?:years )?on(?:wards?)?\b(?! (?:the|this|a)\b)|plus\b|(?:at )?(?:the )?(?:minimum"
    r"|least)\b|min\b"
    r"|(?:(?:is|as|being|would be|should be) )?(?:a |an |the |my )?(?:more \w+ )?(?:lower (?:limit|bound)|minimum)\b)"
)
OR_LESS = (
    r"(?:at the (?:oldest|eldest|highest|largest|biggest|longest|latest|outside)\b"
    r"|(?:(?:wide|long|big|large|old|across|of age) )?(?:and|or|&) (?:younger|under|below|less|smaller|shorter"
    r"|lower|fewer|down(?:wards?)?|beneath)\b|(?:(?:at|of)"
    r" )?(?:the )?(?:maximum|most|max)\b(?! \w+ similar)|tops\b"
    r"|(?:(?:is|as|being|would be|should be) )?(?:a |an |the |my )?(?:more \w+ )?(?:upper (?:limit|bound|end)"
    r"|maximum|max|cap|ceiling)\b)"
)
CHANGE = (
    r"(?:make|change|bump|set|raise|lower|increase|decrease|extend|instead|rather|go|move|shift|prepone|postpone"
    r"|reduce|relax|tighten"
    r"|switch|push|drop|adjust|update|correct)"
)
WIDEN = r"(?:extend|widen|raise|increase|stretch|expand|enlarge|relax|loosen|push|up)"

# What is counted: hits have their own word list (CASE), these are places of a scan and plain pieces.
PLACE = (
    r"(?:regions?|rois?|places?|spots?|areas?|candidates?|suggestions?|findings?|foci|focus|sites?|points?"
    r"|proposals?|targets?)"
)
COUNTED = (
    r"(?:nos|pieces?|items?|entries|pictures?|images?|pics|thumbnails?|rows|lines|boxes|siblings?|twins?"
    r"|doppelg[aä]ngers?|relatives?|others|hits)"
)

# -- leaving out ---------------------------------------------------------------------------------------------------
LEAVE_OUT = (
    r"(?:excluding|exclude|except(?: for)?|without|leave out|leaving out|leave aside|omit|omitting|skip|drop|hide"
    r"|ignore|ignoring"
    r"|remove|take out|filter out|cut(?: out| off)?"
    r"|discard|disregard|avoid|get rid of|kick out"
    r"|throw(?! in| \w+ in|ing)(?: away| out)?|toss(?! in)|lose|strike|scrap|scratch|no need(?: for| of)?|cannot stand"
    r"|can not stand|cancel|subtract|dump"
    r"|chuck(?: out)?|sack|bin|nix|eliminate|minus|bar"
    r"|barring|forget(?: about)?|rule out|retire|strip(?: out)?|purge|delete|weed out|reject|leave off|take away"
    r"|put aside|set aside|put off|pull out|take off|quit|rm|spare (?:me|us)|dispense with|do away with|steer clear of"
    r"|excepted|screen out|keep out|cross (?:off|out)|strike off"
    r"|could not care less about|(?:dropp|remov|discard|hid|skipp|exclud|cutt|throw)ing(?! in)(?: out| off| away)?)"
)
# Words that leave out what follows them ...
EXCEPT = (
    rf"(?:!=|≠|<>|{LEAVE_OUT}|none|nothing|excl|outside(?: of)?|do not (?:want|show|include|need|care(?: about|"
    rf" for)?|give|list|bother with|take|use|like|search|look (?:in|at)|bring)(?: me)?"
    r"|(?<!is )(?<!are )not(?! only| just| necessarily| sure)|(?:is|are|was|be) not|no(?! limit| matter| more|"
    r" restriction)|other than|anything but|everything but|all but|but not|non|apart from|aside from"
    r"|besides|rather than|instead of|never|neither|nor|as opposed to|everything except|not interested in|(?:do"
    r"|does|are|is|did) not (?:come|originate|stem|lie|sit|belong|live|occur)|nobody with|no longer)"
)
# ... with words like these in between,
EXCEPT_FILLER = (
    r"(?:the|an?|any|all|from|in|of|for|to|by|with|me|left|right|those|these|them|ones?|lesions?|cases?|hits?|nodules?"
    r"|results?|whatever|anything|everything"
    r"|comes?|coming|originat\w+|that|which|is|are|were|be|show|include|see|located|arising|either|kind|type"
    r"|patients?|people|who|thing|things|stuff|search)"
)
# ... and words that leave out what stands before them.
EXCEPTED = (
    r"(?:out of the question\b"
    r"|out\b(?! of (?:the|all|those|these|\d))|aside\b|excluded\b|off\b(?! the)|omitted\b|removed\b|gone\b"
    r"|away\b|neither\b|unnecessary\b|will not do\b|make no sense\b|makes no sense\b"
    r"|(?:of )?no (?:use|good|interest)\b|not (?:of )?(?:any )?(?:use|interest)\b|no more\b(?! than)|not any ?more\b"
    r"|no longer\b"
    r"|(?:can|could|should"
    r"|may|must|has to|have to|ought to|will|to) (?:go|leave|be (?:left out|excluded|removed|dropped|skipped"
    r"|omitted|ignored|hidden"
    r"|discarded|taken (?:out|off|away)|thrown (?:out|away)|filtered out|cut|binned|gone|kept out))\b"
    r"|(?:need|should|must|do|does|is|are|can|may|shall)(?: not|n't)(?: (?:be|to be|get|really|very))*(?:"
    r" (?:needed|wanted|shown|included|welcome|interesting|relevant|required"
    r"|necessary|listed|counted|considered|appear|count|interest me|matter|there|here|in (?:the list|there|here)|be in"
    r"|(?:turn|show|come) up|on the list))\b"
    r"|(?:i |we )?(?:do|does) not (?:need|want|care|like|interest)\b|not (?:needed|want(?:ed)?|please|welcome"
    r"|interesting|required|shown|included)\b|no thanks\b|unwanted\b)"
)
# Lifting a filter: words before its name or after it.
LIFT = (
    r"(?:quit\w*|nix|kill|any|all|every|whatever|whichever|regardless|irrespective|independent(?:ly)?|no matter"
    r"|unrestricted|ignor\w+|without|drop\w*|remov\w+|forget\w*|scratch\w*|scrap\w*|lift\w*"
    r"|clear\w*|never mind|delet\w+|undo|cancel\w*|reset\w*|ditch\w*|lose|los\w+ the|relax\w*|discard\w*"
    r"|disregard\w*|dump\w*|omit\w*|do away with|can do without|releas\w*|eras\w+|abandon\w*|skip\w*|waiv\w+|loosen\w*"
    r"|take \w* ?(?:off|away|out)"
    r"|leave (?:out|aside|off)|leave \w+(?: \w+){0,2} (?:out|aside|off)|get rid|do not (?:restrict|limit|filter"
    r"|care|mind|use|apply|consider|bother)|stop (?:restricting|limiting|filtering)|no longer (?:restrict|limit"
    r"|filter)"
    r"|unlimited|no(?: more)?|not (?:\w+ )?(?:fussy|picky|strict) about|open up|free up|turn off|switch off"
    r"|disable|throw out|let go of)"
)
LIFTED = (
    r"(?:(?:is |are |be |also |now |has |have |with )*(?:any|no (?:limits?|restrictions?|matter|filters?"
    r"|constraints?|importance)|unlimited|unrestricted|off|out|irrelevant|open|free|not important|unimportant"
    r"|whatever|all|none|both"
    r"|does not matter|do not matter|makes? no difference|does not count|no longer (?:matters?|counts?|relevant"
    r"|important)|immaterial"
    r"|either|whichever|not relevant|do not care|i do not care|gone|away|again away|cleared|removed|dropped|lifted"
    r"|wide open|anything goes|n/a))"
)
LIMIT = (
    r"(?: (?:limits?|limitations?|filters?|restrictions?|bounds?|constraints?|conditions?|range|criteri(?:on"
    r"|a)|groups?|thing|bit|part|requirements?|cut-?offs?|settings?|one|of (?:the )?patients?))"
)

FILTER_NAMES: dict[str, str] = {
    "age": r"(?:patient )?ages?",
    "sex": r"(?:patient )?(?:sex(?:es)?|genders?)",
    "size": r"(?:lesion )?(?:sizes?|diameters?|dimensions?)",
    "type": r"(?:lesion )?(?:types?|organs?|kinds?|categor(?:y|ies)|anatom(?:y|ical sites?)|locations?|body sites?)",
    "scope": r"(?:scopes?|patient)",
}

# Whose lesions. The same patient, others, or everybody; `filters.py` reads negations and combinations.
_PERSON = r"(?:patients?|persons?|individuals?|subjects?|guys?|man|woman|lady|gentleman|people|folks?|case)"
_EARLIER = r"(?:prior|previous|earlier|older|old|past|former|preceding|last)"
_VISITS = (
    r"(?:visits?|stud(?:y|ies)|scans?|exams?|examinations?|films?|cts?|imaging|series|time ?points?|records?"
    r"|history|images)"
)
_OWN = r"(?:this|the|his|her|their|my|that|own)"
SAME_PATIENT = (
    rf"(?:the |this |that |my |our |his |her |one and the )*(?:very )?(?:same|own) {_PERSON}(?:'s)?(?: own)?|(?:this"
    rf"|the|my|that)"
    rf" (?:very )?(?:patient|person)(?:'s|s)? own"
    rf"|(?:this|that|my) (?:very )?(?:patient|person)(?:'s)?|(?:his|her|their|the patient's) (?:very )?own|him|her"
    rf"|himself|herself"
    rf"|(?:{_OWN} (?:patient's )?)+(?:own )?(?:{_EARLIER}|other) (?:{_VISITS}|lesions|nodules|findings|spots)"
    rf"|{_EARLIER} {_VISITS}|priors"
    r"|(?:intra|within|same|single)[- ](?:the )?(?:same )?patient(?:'s)?"
)
OTHER_PATIENTS = (
    rf"(?:the )?(?:other|different|another|foreign|strange|unrelated|someone else's|separate|new|distinct"
    rf"|non-identical|further) (?:\w+ )?{_PERSON}(?:'s)?"
    r"|(?:someone|somebody|anyone|anybody|people|patients|everyone|everybody|who) else(?:'s)?|strangers?|(?:cross"
    r"|inter|between)[- ]patients?|others"
)
ALL_PATIENTS = (
    r"(?:absolutely )?(?:all|every|any|each|both)(?: of)?(?: the| my| our| these)?(?: \w+)? ?(?:patients?|people"
    r"|persons?|individuals?|subjects?|folks)"
    r"|everyone|everybody|all comers|the (?:whole|entire|full|complete) (?:atlas|database|collection|cohort)"
    r"|anyone at all|anybody at all"
    r"|all[- ]patients?|patient (?:does not|doesn't) matter|(?:irrespective|regardless) of (?:the )?patient|no"
    r" matter (?:the|which|whose) patient|whichever patient|any patient"
)

# -- what is asked for, and how it follows what was asked before -------------------------------------------------
REPORT_FORMATS: tuple[tuple[str, str], ...] = (
    (r"\b(?:dicom[- ]?seg|seg|segmentations?)\b", "dicom-seg"),
    (r"\b(?:dicom[- ]?sr|dicom[- ]structured|structured report|sr|dicom)\b", "dicom-sr"),
    (r"\bjson\b", "json"),
    (r"\bhtml\b", "html"),
    (r"\b(?:markdown|md)\b", "markdown"),
    (r"\b(?:plain[- ]text|text(?= (?:file|report|format|note))|txt)\b|\bas (?:a )?text\b", "text"),
)
GROUPINGS: tuple[tuple[str, str], ...] = (
    (r"\b(?:m ?/ ?f|f ?/ ?m|masculine|feminine|sex|sexes|gender|genders|wom[ae]n|females?|m[ae]n|males?)\b", "sex"),
    (r"\b(?:body[- ]?(?:parts?|regions?|sites?)|anatom\w+|locations?)\b", "body_part"),
    (
        r"\b(?:sources?|origins?|datasets?|data ?sets?|come from|comes from|where\b.*\b(?:get|got|taken)|where .*"
        r" from)\b",
        "source",
    ),
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
