"""How requests for the tools, for help and for nothing are recognised: atlas, measurements, study, search, lessons.

One way of saying it a line, on a normalised request; `intent_patterns.py` puts them in order.
"""

from assistant.understanding.rules.intent_patterns_answers import THANKED
from assistant.understanding.rules.lexicon import LESION

_STUDY = r"(?:stud(?:y|ies)|scan|series|ct|case|image|images|exam|examination|upload|dicom|file|dataset|volume|stack)"
_ATLAS = (
    r"(?:atlas|database|data base|collection|library|cohort|inventory|reference set|archive|repository|index"
    r"|stock|catalogue?|dataset of yours|data ?base|pool)"
)
_ODD = (
    r"(?:suspicious|suspect|abnormal|conspicuous|weird|strange|odd|unusual|rare|wrong|off|interesting|noteworthy"
    r"|remarkable|striking|peculiar|funny|fishy|notable"
    r"|jump(?:s|ing)? out|stand(?:s|ing)? out|stick(?:s|ing)? out|pop(?:s|ping)? (?:out|up)|catch(?:es)? (?:the"
    r"|your|an) eye|eye-?catching|attention|problem(?:atic)?|notice|noticeable"
    r"|dodgy|iffy|off-colou?r|sinister|pathological|patholog(?:y|ies)|disease|not right|not normal|worth (?:a "
    r"(?:closer )?look|looking|checking|seeing|attention)|deserv\w+|attention|bad)"
)
_SPOTS = (
    r"(?:regions?|rois?|candidates?|suggestions?|places?|spots?|findings?|foci|areas?|sites?|proposals?|hot"
    r" ?spots?|targets?|abnormalit(?:y|ies)|anomal(?:y|ies))"
)
_THIS = r"(?:this|it|that|r\d|\x00)"

WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("atlas", (
        rf"\bhow (?:many|much|big|large)\b.*\b(?:{_ATLAS[3:-1]}|indexed|on file|do you (?:have|hold|know|store"
        rf"|keep)|you have|have you|you got|in store)\b",
        rf"\b(?:split|break ?down|distribut\w+|divided|grouped?|counts?|composition|mix|spread out|sorted|list)"
        rf" .*\b{_ATLAS}\b|\b{_ATLAS}\b.*\b(?:split|broken|distribut\w+|divided|grouped?|mix|sorted)\b",
        rf"^(?!.*\b(?:similar|like|resembl\w*|match\w*|looks?|twins?|alike)\b).*\b(?:what|which|who)\b.* (?:in"
        rf"|inside|within|does|do|is) (?:the|your|this|that) {_ATLAS}\b(?!.*\b(?:similar|like (?:this|mine|it)"
        rf"|resembl\w*|match\w*)\b)",
        rf"^(?:and |now )?(?:(?:the|your) )?{_ATLAS}\b.*\b(?:by|per)\b|\b(?:by|per) (?:sex|gender|body[- ]part"
        rf"|source|type|organ)\W*$",
        r"\bhow many (?!slices|images|series|regions|mm|cm)\b.*\b(?:atlas|database|collection|library|cohort"
        r"|inventory|reference set|do you (?:have|know|hold)"
        r"|are there|in total|altogether|total|lesions|cases|patients|types|women|men|females|males|examples)\b",
        r"\batlas\b(?=.*\b(?:contain|hold|have|has|made|what|about|describe|counts?|composition|contents?|include|cover"
        r"|large|big|size|break|by|per)\b)",
        r"\b(?:what|which|describe|about|count|show|contents? of|tell|size of|how big is)\b.*"
        r"\b(?:the|your|this) (?:atlas|database|collection|library|cohort|inventory|reference set)\b",
        r"\b(?:what|which) (?:lesion )?(?:types|kinds|organs|body parts)\b(?! of (?:questions?|things?|requests?"
        r"|commands?|files?|stuff))(?!.* (?:this|it) (?:is|look|be|resembl))",
        r"\b(?!number of (?:slices|images|series))(?:numbers?|counts?|breakdown|break down|distribution|tally"
        r"|statistics?|stats)\b.*"
        r"\b(?:by|per|of|atlas|lesions|types?|sex|each)\b",
        r"\batlas (?:overview|contents?|counts?|statistics?|stats|size|composition|please)\b|^(?:the )?atlas$",
        r"\bwhere (?:do|does|did|are|is|were)\b.*\b(?:get|got|obtain\w*|taken?|collect\w*) .*\b(?:cases|lesions"
        r"|data|examples|images|these|those|them)\b|\b(?:proportion|percentage|share|fraction|ratio) of (?:your"
        r"|the|all)\b|\b(?:by|per) (?:origin|provenance|source)\b",
        r"\bwhere (?:do|does|did|are|is) .*\b(?:come|comes) from\b",
        rf"^(?!.*\b(?:similar|like (?:this|it|mine|that|r\d)|resembl\w*|match\w*|look\w*|twins?|alike|compar\w+|find"
        rf"|search|show|this (?:lesion|one|thing)"
        rf"|such)\b).*\b(?:is|are|does|do|did|have|has|how|any|which|what)\b.*\b{_ATLAS}\b",
        rf"\b(?:table|list|overview|tell me about|numbers?|origins?|describe|sources?) .*\b(?:{_ATLAS[3:-1]}"
        rf"|reference cases)\b|\b(?:male|female)[ /-]+(?:to )?(?:fe)?male (?:split|ratio|mix)\b"
        r"|\b(?:fe)?male (?:vs|versus|or|and) (?:fe)?male\b.*\bcases\b",
        r"\b(?:have you|do you (?:have|hold|keep)|you (?:have|hold))\b(?!.*\b(?:similar|like|resembl\w*"
        r"|match\w*)\b).*\b(?:on file|in (?:store|stock)|indexed"
        r"|overall|how many)\b|\bhow (?:large|big) (?:a|of a|is the) pool\b|\bpublic (?:data ?sets?|sources?|data)\b"
        r"|\bwhat\b.*\bcomparing (?:it |this )?against\b"
        r"|\b(?:reference|atlas) (?:cases?|lesions?|patients?) (?:divided|split|spread|distributed|grouped|made up)\b",
    )),
    ("measure", (
        r"\bhow (?:much|many) (?:is|are|does|do|it|measure|measures)\b.*\b(?:measure|across|long|wide|size|mm|cm)"
        r"|\bhow much (?:it )?(?:measures?|big|long|large)|\bhow (?:far|long) (?:across|is it)|\bcalliper"
        r"|\bcaliper|\bmillimet|\b(?:what|which) size\b|\bwhat is (?:its|the|their) (?:max\w*|diameter|extent"
        r"|attenuation)|\b(?:the|its|give|need|share|and|both|me|get) (?:the )?sizes?\b(?! (?:filter|limit|range"
        r"|bound|restriction|does|is not|criter|between|over|under|no ))",
        r"\bmeasur(?:e|es|ed|ing|ement|ements)\b|\brecist\b",
        r"\bhow (?:big|large|long|wide|dense|bright|thick|broad|small)\b|\bhow (?:many |much |few )?(?:mm|cm"
        r"|millimet\w*|centimet\w*|inch(?:es)?|hu|hounsfield)\b"
        r"|\b(?:what|which) (?:mm|cm|millimet\w*|centimet\w*)\b|\bhow (?:whopping|huge|massive|tiny|great|fat|deep"
        r"|tall)\b|\b(?:a |the )?(?:ruler|tape measure"
        r"|measuring tape)\b",
        r"^is (?:it|this|that|mine|the \w+) (?:already |even |really |well |just )*(?:over|under|above|below|larger "
        r"than|bigger than|smaller than|more than|less than"
        r"|at least)?\W*(?:\d+(?:\.\d+)?|an?|half an?) ?(?:mm|cm|inch)",
        r"\bdimensions?\b|\bdiam(?:eters?)?\b|\b(?:width|length|extent|cm across|mm across)\b|\b(?:long|short) "
        r"ax[ie]s\b",
        r"\bwhat (?:is the |is its |are the )?(?:exact )?(?:size|area|axes|hu)\b|\b(?:size|area|density|extent) of\b"
        r"|^(?:the )?size\b|: ?sizes?\b|^(?:r\d+|both|all)?\W*(?:sizes?|axes|axis|mm|cm|hu|dimensions)\W*$",
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
        r"(?:slices?|images?|series)\b",
        r"\bdemographics\b|\bresolution\b|\bvoxels?\b|\bacquisition\b|\bthickness\b|\bmatrix\b|\bmodality\b|\bis "
        r"(?:it|this) (?:an? )?(?:ct|mri?|pet|x-?ray)\b|\b(?:iv|with|without|any|is|has|was|got|given) (?:\w+"
        r" )?contrast\b|\bcontrast (?:agent|medium|phase|scan|enhanced|used|given)\b|^\W*contrast\W*$|\bkvp?\b"
        r"|\btube voltage\b|\bgantry\b",
        r"\b(?:what|which) body (?:part|region)\b|\bbody part\b(?!s)",
        r"\bwhat (?:did|have) i (?:upload|load|open)",
        r"\bwhat (?:is|am i looking) (?:loaded|open|uploaded|on (?:the )?screen)\b",
        r"\b(?:age|sex|gender|old)\b.*\b(?:of|is|for) (?:the|this|my|our|that) (?:patient|person|guy|man|woman"
        r"|lady)\b|\b(?:what|which|how old)\b.*\b(?:patient|person|guy|man|woman|lady)(?:'s)? .*\b(?:age|sex"
        r"|gender)\b|\bpatient (?:age|sex|gender|info\w*|data|facts|details)\b|\bwho (?:is|are) we (?:scanning"
        r"|looking)|\bhow old is (?:he|she|the person|the man|the woman|the guy)\b|\bhow old (?:(?:the|this|my|is"
        r"|are|was|a) )*(?:patient|person|guy)\b",
        rf"\b(?:which|what) (?:\w+ )?{_STUDY} (?:is|are|do|did|am)\b|\bwhat (?:kind|sort|type) of (?:\w+"
        rf" )?{_STUDY}\b|\btell me (?:something )?about (?:the|this|my) (?:patient|{_STUDY})\b|\b(?:describe"
        rf"|introduce|present) (?:the|this|my) patient\b|\b(?:kernel|reconstruction|protocol|scan (?:facts|details"
        rf"|parameters|info\w*)|how thick\b.*\b(?:slice|layer|cut|image)|(?:image|slice|layer|cut)s?\b.* how thick"
        rf"|how many (?:layers?|frames|cuts|pictures))\b",
        r"\bhow old is (?:the|this|my) patient\b|\b(?:age|sex) of (?:the|this) patient\b|\bpatient'?s? (?:age|sex)\b",
        r"\b(?:male or female|female or male|man or (?:a )?woman|woman or (?:a )?man)\b(?=.*\bpatient\b)",
        r"\bis (?:the|this|my) patient (?:a )?(?:male|female|man|woman)\b",
        r"\b(?:the|what|which|whose|ct|kind of|sort of|type of|scan) (?:\w+ )?scanner\b|\bscanner (?:make|model|type"
        r"|vendor|brand"
        r"|manufacturer)\b|\bmanufactur\w+\b|\bvendor\b|\b(?:ct|scan\w*)"
        r" machine\b|\bapparatus\b|\bwho (?:made|built|makes)\b.*\bmachine\b|\bhow far apart\b.*\bslices?\b"
        r"|\bslices?\b.*\bapart\b|\brecon\b|\bheader\b|\b(?:thin|thick)[- ](?:cuts?|slices?|sections?)\b|\bmaker "
        r"please\b",
        r"\b(?:male|man|boy|m|he|guy) or (?:is (?:it|this|that) )?(?:an? )?(?:female|woman|girl|f|she|lady)\b"
        r"|\b(?:female|woman|girl|f|she|lady) or (?:is (?:it|this|that) )?"
        r"(?:an? )?(?:male|man|boy|m|he|guy)\b",
        r"\bhow old is mine\b|\bhow old is my\b|\bhow (?:much age|many years)\b.*\b(?:patient|person|him|her|he|she)\b"
        r"|\b(?:patient|person|he|she)\b.*\bhow (?:much age|many years|old)\b"
        rf"|\b(?:age|sex|gender)\b.*\b(?:recorded|stored|written|noted|given)\b|\b(?:basics|facts|essentials|details"
        rf"|info\w*) (?:of|on|about) (?:the|this|my) {_STUDY}\b",
    )),
    ("find_regions", (
        rf"\b(?:any|anything|something|somewhere|where|things?|stuff|what|whatever|everything|nothing)\b(?:"
        rf" \w+){{0,6}} {_ODD}\b(?! like)",
        rf"\b{_ODD} (?:\w+ )?(?:{_SPOTS[3:-1]}|lesions?|nodules?|things?|stuff|bits?"
        rf"|structures?)\b(?!.*\b(?:similar|closest|nearest)\b)|\b(?:place|spot|area|region)s?\b(?: \w+){{0,3}}"
        rf" {_ODD}\b",
        r"\b(?:run|do|start|try|perform|use|launch)\b.*\b(?:detection|detector|auto\w*|region (?:finder|proposal)"
        r"|cad)\b|\bdetection\b|\bregion proposals?\b",
        rf"\b(?:mark|point out|point at|indicate|highlight|flag|circle|outline|pick|choose|select|propose|suggest"
        rf"|recommend|nominate|show|find|detect|locate|list|give|spot|identify)\b(?: \w+){{0,4}} (?:\d+ )?(?:\w+"
        rf" ){{0,2}}{_SPOTS}\b(?!.*\b(?:similar|look-?alikes?|resembl\w+|like (?:this|it|that|mine)|closest"
        rf"|nearest)\b)",
        r"\b(?:mark|show|tell|highlight|flag|point out|circle) (?:me |us )?(?:what|whatever|anything|something"
        r"|where|everything)\b(?! (?:this|it|that|r\d) (?:is|looks?|resembles?|could|might)|.*\b(?:similar"
        r"|looks?\b|resembl\w+|atlas|comparable|alike|that one|one is)\b| you (?:can do|know|can|have)| (?:is|are) "
        r"(?:this|it|that)|.*\blesions?"
        r" (?:is|are)\b)",
        r"\bwhat (?:would|do|should|could) (?:you|i|we) (?:look at|mark|click|point|check|examine) (?:first|here"
        r"|next)\b|\b(?:no idea|not sure|do not know|do not see|cannot (?:see|find)|unsure|idea) (?:\w+ )*where"
        r" (?:\w+ )*(?:look|begin|start|click|lesion|nodule|it is)\b|\bwhere (?:do|should|would|could|shall|can"
        r"|must|to|might) (?:\w+ )?(?:begin|start|look|click|focus)\b(?! (?:explain|teach|learn|read)\w*)",
        r"\b(?:do|can|could|did) you (?:see|spot|notice|find|detect) (?:any|some|a |anything|something|more"
        r"|other)(?!.*\b(?:similar|like (?:this|it|mine)|resembl\w+|other patients)\b)|\byou see (?:any"
        r"|some)thing\b",
        r"\b(?:look|search) for (?:it|them|one|lesions?) (?:yourself|for me|please)\b|\b(?:not|nothing) "
        r"marked\b.*\b(?:do|mark|find|help)\b|\bmarked (?:any|no)thing\b"
        r"|\bmark (?:it|one|them|some|something) (?:for|yourself)\b|\b(?:cannot|do not) (?:find|see|spot) (?:it|the "
        r"\w+|any\w*)\b",
        r"\bwhere to (?:look|click|start|begin)\b|\bsomething to look at\b|\b(?:which|what) (?:places|spots|areas"
        r"|regions)\b",
        r"\b(?:find|suggest|propose|detect|mark|locate|spot|identify|show|list|see|point out|look for|search for|search"
        r"|highlight|any|give|are there|is there)\b.*\b(?:regions?|rois?|suspicious|abnormal|abnormalit(?:y|ies)"
        r"|candidates?|suggestions?|places?|spots?|findings?|worth (?:a look|looking))\b",
        r"\bwhere (?:else )?(?:should|do|can|could|might|would) (?:i|we|you) (?:look|start|see|click)\b|\bwhat should "
        r"i look at\b",
        rf"\bwhere(?:abouts)? (?:here )?(?:is|are|sits?|lies?)(?: there)? (?:the |any |my |this )?(?:{LESION}|{_SPOTS}"
        rf"|disease|patholog(?:y|ies)|tumou?rs?|problem)\b"
        rf"|\b{LESION} where\b|\bwhere {LESION}\b|\bzones?\b.*\bsuspect\w*\b|\bsuspect\w* zones?\b",
        rf"\b(?:find|detect|mark|locate|look for|search for|are there|is there|see|any|propose|suggest)\b"
        rf"(?: all| any| the| me| some| other| more| a)* (?:\d+ )?{LESION}\b"
        rf"(?: (?:in|on) (?:the|this|my|these|that) (?:whole |entire )?{_STUDY}|(?: here)?$)",
        r"\banything (?:else )?(?:suspicious|abnormal|there|to see|wrong|interesting|worth|unusual)\b",
        rf"\b(?:search|scan|check|go through|screen|look through) (?:the |this |my )(?:whole |entire )?{_STUDY}\b",
        r"\bsuggest(?:ions)?\b|\bpropos\w+\b|^\W*(?:\d+ |some |the |a few )?(?:spots|regions|places|suggestions"
        r"|candidates|rois)\W*$|\bwhat stands out\b|\b(?:did|do|have|am) i miss(?:ed|ing)?\b|\bhot ?spots?\b"
        r"|\bauto[- ]?detect\w*\b|\bpoint me to\b|\bwhere to look\b",
    )),
    ("explain", (
        r"\b(?:read|reading|learn|study|know|knowledge|understand|hear|revise|review|refresh\w*|introduc\w+"
        r"|introduction|lecture|tutorial|overview|summary|facts|background|theory|basics|primer|info\w*|notes"
        r"|educat\w*|instruct\w*|curious)\b.*\b(?:about|on|of|regarding|over|to|for|concerning|the"
        r"|knowledge)\b.*(?:\x00|lesions?|nodules?|mass(?:es)?|tumou?rs?|mediastin\w+|liver|lung|kidney|bone"
        r"|pelvi\w+|abdom\w+|soft|renal|hepatic|pulmonary|osseous)",
        r"\bwhat (?:should|must|do|does|would|can|could) (?:i|we|one|you|someone|students?|a \w+) (?:\w+"
        r" ){0,2}(?:know|learn|understand|look for|expect|see|remember|tell)\b",
        r"\b(?:quick|short|brief|simple|long|baby|easy) (?:version|summary|words|overview|rundown) (?:on|of"
        r"|about)\b|\bintroduce\b|\bquick lesson\b|\bwalk me through\b(?! using| how)|\bgive (?:me|us) (?:a |the "
        r")?(?:short "
        r"|quick |brief |little |mini |small )*(?:lesson|rundown|intro\w*|lowdown|low-?down|run-?through|gist"
        r"|briefing|story)\b|\beli5\b|\b101\b|\bcheat ?sheet\b|\bhow do (?:i|you|we) (?:recogni[sz]e|tell|spot)\b"
        r"|\btypical (?:features|appearance|look|signs)\b",
        r"\bbrush (?:me )?up\b|\b(?:mini|little|short|quick)[- ]lecture\b|\bwhat is (?:actually )?meant by\b|\btheory "
        r"(?:behind|of|on)\b|\bhide under\b"
        r"|\bto (?:learn|know) about\b|\bunderstand (?:by|under)\b|\bunder an? .*\bunderstand\b|\bhow (?:is|are) "
        r"called\b|\bwhat (?:is|are)\b.*\bgenerally\b"
        r"|\bwhat is (?:this|that) (?:lesion )?(?:type|kind|sort)\b.*\babout\b",
        r"\bbackground (?:reading|info\w*|knowledge)\b|\b(?:general|basic) (?:facts|info\w*|knowledge|features)\b"
        r"|\btypical (?:for|of|in)\b|\bcrash course\b|\bfor dummies\b|\brun me through\b"
        r"|\bwhat (?:is|are|makes) .* (?:typical|characteristic)\b",
        r"\bcounts? as\b|\bhow (?:is|are) (?!it|this|that|they|these|the\b).*\b(?:measured|reported|seen|defined)\b",
        r"\bteach(?:ing)?\b|\blessons?\b|\brefresh\b|\bwhat means\b|\bexplain\b(?!.*\bhow (?:to|i|this|it|you)\b)"
        r"|\blearn about\b|\bdefin(?:e|ition)\b",
        r"\b(?:characteristics?|features?|appearances?|signs?|hallmarks?|mimics?|pitfalls?|properties) of\b",
        r"\bin a nutshell\b|\bkey (?:facts|features|points)\b|\brecogni[sz]e\b|\bpearls\b|\bbasics\b|\bprimer\b"
        r"|\bcrash course\b|\bbackground on\b",
        r"\bknow about\b|\bmimics?\b|\bpitfalls?\b|\btextbook\b",
        r"\bin general\b|\bgenerally speaking\b|\bwhat causes\b|\bcomes? about\b|\busually present\b"
        r"|\b(?:falls?|belongs?) under\b|\bcovers? as\b|\bgo over\b|\bglossary\b|\bmeaning\W*$|\bexplained\W*$"
        r"|\bdifferent (?:kinds|sorts)\b|\bmean (?:by|when they say)\b|\bintro(?:duction)? to\b"
        r"|\bwhat exactly (?:is|are) (?!it\b|this\b|that\b|r\d|these\b)|\bwhat are (?:they|those)\b(?= exactly|,? in)",
        r"\bhow (?:do|does|would|should) .* (?:look|appear|present)\b|\bwhat (?:do|does|would|should) .* look like\b",
    )),
    ("help", (
        r"^(?:help(?! (?:me|us) (?:find|see|look|with|under|to|out)\b)|\?|menu|commands?|usage|instructions?)\b"
        r"|\bhelp me$",
        r"\bwhat (?:can|could|do) (?:you|i|we) (?:do|ask|offer|help)\b|\bwhat (?:else )?(?:is possible|are my "
        r"options)\b",
        r"\bhow (?:do|can|does|should) (?:i|you|this|it)(?: \w+)? (?:use|work|start|begin|ask|help)",
        r"\bhow (?:does|do) (?:this|it|you)(?: \w+)? work\b|\bhow does all (?:this|that|of this) work\b|\bhow all "
        r"this works\b|\bwho are you\b|\bwhat are you\b|\bwhat is it (?:that )?you\b.*\bdo\b|\bwhich files\b|\bwhat "
        r"(?:kind of )?files\b"
        r"|\bhow does the (?:\w+ )?(?:search|retrieval|ranking|similarity|app|tool|program)(?: \w+)? work\b",
        r"\bhow (?:does|can|do|should|would) (?:one|anyone|i|we|you) (?:use|operate|work|handle)\b|\bhow (?:i|we|one) "
        r"(?:can |could |do )?(?:use|operate|work)\b|\bdo i (?:click|type)\b"
        r"|\b(?:may|can|could|might|would|should) (?:i|we|one) (?:ask|say|type|tell you|use)\b.*\b(?:you|general)\b"
        r"|\b(?:what|which) (?:\w+ ){0,3}(?:questions?|filters?|commands?|things?|stuff)"
        r" (?:can|could|may|might|should) (?:i|we|one)\b|\bwhat (?:would|should|could) i (?:ask|say|type)\b"
        r"|\bfilters?\b.*\b(?:in general|support\w*|available|possible)\b",
        r"\b(?:you are|are you|you) capable of\b|\bwhat you (?:know how to|can|could|are able to)(?: all)? do\b(?! "
        r"(?:with|for|about) (?:this|it|that) (?:lesion|spot))|\byour (?:capabilities|abilities|features|functions)\b"
        r"|\bfirst time (?:here|user|using)\b|\b(?:newbie|new here|new to this)\b|\bnow what\W*$|\bwhat now\W*$"
        r"|\binstructions\b|\b(?:quick|user|short|little) (?:guide|tour|manual|tutorial)\b"
        r"|\bwalk me through (?:using|how)\b|\bfor what (?:serves?|is) (?:this|the|it)\b|\bhow (?:it|this|that) "
        r"(?:works|marches|goes)\b|\bwhat (?:else|more|all) (?:can|could) (?:you|i|we) do\b"
        r"|\bwhat (?:do|should) (?:i|we) do (?:first|here|now)\b|\bwhat is this (?:thing )?(?:good )?for\W*$"
        r"|\bmanual\b",
        r"\b(?:tips?|advice|hints?) (?:on|for|about) (?:how|using)\b|\bexplain (?:me |to me )?how (?:to|this|it|i)\b"
        r"|\bhow to (?:use|work with|operate|start|search|ask)\b|\bsupposed to (?:type|do|say|click|ask)\b"
        r"|\bnext thing i (?:click|do|type)\b|\band now\W*$|\bi am (?:a bit |totally |completely )?(?:lost|stuck"
        r"|confused)\b|\bshow me (?:the ropes|around)\b|\bget(?:ting)? started\b"
        r"|\bwhat (?:kind|sort|type)s? of (?:questions?|things?|requests?|commands?)\b",
        r"\bwhat is (?:lesion search|this tool|this app|this)(?: for)? (?:tool|app|for)\b",
    )),
    ("search", (
        r"\b(?:doppelg\w+|twins?|siblings?|relatives?|cousins?|counterparts?|peers?|analog(?:ue)?s?|lookers?"
        r"|equals|equivalents?|kindred|alikes?|brothers?)\b",
        r"\b(?:friends|buddies|look the same|looks the same|same look)\b|\bwho else\b|\b(?:others?|anyone|anybody"
        r"|someone|somebody|more|ones|cases|patients|anything|something|pictures|any|one|similar) (?:\w+ )?(?:with"
        r"|like|of|that have|who have|have|has|had) (?:the |a |one of )?(?:same|this|these|that|it|such|a similar"
        r"|similar|mine|those)\b|\bone of these\b|\bsame (?:sort|kind|type) of (?:thing|lesion|finding|spot)\b",
        r"\b(?:seen|had|have|has|come across|encountered|met|saw|find) (?:\w+ ){0,4}(?:like|similar|alike"
        r"|comparable|before)\b|\bwhere have (?:we|you) seen\b|\bprecedents?\b|\bseen before\b|\bends? up (?:close"
        r"|near)\b|\bquery\b|\bre-?run\b|\brun (?:it|that|the search|a search)\b|\bsearch again\b|\bditto\b",
        r"\b(?:find|look for|show|search|see)\b.*\bsame\b",
        r"\bsimilar(?:ly|ities|s)?\b|\bresembl\w*\b|\bcomparable\b|\blook-?alikes?\b|\bsame kind\b|\bmost alike\b",
        rf"\b(?:look|looking|looks)(?: most| more)? (?:like|alike) (?:this|it|that|these|r\d|\x00)|\b(?:like|as) "
        rf"{_THIS}",
        r"\bcomparables?\b|\bcomps\b|\bmatch(?:es|ing)?\b|\bneighbou?rs?\b|\bclosest\b|\bnearest\b|\bhits\b|\bcases "
        r"like\b",
        r"\bseen (?:this|it|something|anything|one|that)?(?: like this| before)",
        r"\bsearch\b|\bretriev\w+\b",
        r"\b(?:find|show|list|give|get|fetch|bring|display|see)\b.*\b(?:cases?|examples?|lesions?|nodules?|hits?"
        r"|mass(?:es)?|tumou?rs?|ones|results?|patients?|records?)\b",
    )),
    ("what", (
        r"\bwhether (?:it|this|that)\b|\bsimilar (?:with|to) (?:which|what) (?:kind|type|organ)|\bto what is (?:it"
        r"|this|that)\b|\bwhat is (?:it|this|that) similar to",
        r"\borigin\b|\bfor what (?:do|would) you (?:hold|take)\b|\bwhat do you (?:hold|take) (?:this|it|that)\b"
        r"|\bwhat (?:would|do) you call (?:this|it|that)\b|\bname (?:this|it|that)\b|\bbelongs? to (?:what"
        r"|which)\b|\bwhere (?:does|do|would|could) (?:this|it|that) (?:\w+ )?(?:belong|come|fit|originate|arise)"
        r"|\bmake of (?:this|it|that)\b|\bwhat have (?:i|we) (?:got|here|marked)",
        r"\bwhat (?:\w+ )?(?:kind|sort|type) of (?:a )?(?:thing|lesion|finding|nodule|mass|animal|beast|stuff)\b"
        r"|\bwhat (?:does|do|did|would|might|could|may) (?:\w+ ){0,6}(?:resemble|look|remind|be|represent"
        r"|correspond|suggest)\b|\bwhat (?:\w+ ){0,6}(?:resembles?|looks like)\b|\bremind\w* you\b|\bbest guess\b"
        r"|\bfirst guess\b",
        r"^id\b|\binterpretation\b|\bimpression\b",
        r"\bwhat (?:would|do|should|could|might|can) (?:\w+ ){1,5}(?:call|say|name|label|take) (?:this|it|that|r\d"
        r"|the region)\b|\b(?:which|what) (?:of the )?(?:\d+ |your |\w+ )?(?:categor\w+|class(?:es)?"
        r"|types?|groups?)\b.*\b(?:it|this|that|r\d|mine)\b|\blabel (?:this|it|that|r\d)\b|\b(?:have|has|having) the "
        r"(?:look|appearance|air) of\b|\bput a name (?:on|to) (?:it|this|that)\b|\bwhat do you reckon\b|\bwhat "
        r"(?:could|might|can|may|would) (?:r\d|the \w+ one) be\b|\bwhat r\d (?:is|might|could|may)\b|\bwhich way "
        r"(?:would|do) you lean\b|\byour verdict\b",
        r"^(?:is|are) (?:the|my|our|this) (?:\w+ ){0,3}(?:one|region|lesion|nodule|mass|spot)\b|\b(?:this|it|that"
        r"|r\d) is what\b|\bpossibility of (?:an? )?\w+|\bwhat thing\b|^what is the (?:other|second|first|bigger"
        r"|smaller|larger)"
        r" (?:one|region|lesion)\b",
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
        r"\b(?:grateful|appreciated?|helpful|obliged|kind of you|most kind|well done|all (?:i|we) need\w*|that"
        r" will be all|that is all|no more questions|over and out|have a (?:nice|good)|see you|i am off(?= to| now"
        r"|\W*$)|good ?night|ciao"
        r"|adios|tsch[uü]ss)\b",
        THANKED,
        r"^(?:great|perfect|nice|good job|well done|ok|okay|cool|got it|excellent|super|wonderful|awesome|that is all"
        r"|bye|goodbye)\b",
    )),
    ("greeting", (
        r"^(?:hi+|hiya|yo|sup|hey+|hell?o+|hullo|gr[uü]ezi|servus|(?:a |very )*(?:good )?(?:morning|evening"
        r"|afternoon)(?= (?:all|everyone"
        r"|everybody|there|folks|team)|\W|$)|good (?:morning|afternoon|evening|day)|hallo|greetings|dear|howdy|moin"
        r"|bonjour|hola)\b",
    )),
)  # fmt: skip
