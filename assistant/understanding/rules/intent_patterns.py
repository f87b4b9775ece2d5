"""How each kind of request is recognised: patterns on a normalised request, one way of saying it a line.

Tried from top to bottom, the first that fits wins; `understanding.py` corrects the choice by what the slots hold.
"""

import re

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

# What something is for says nothing of what it is: "its size, for my report table".
PURPOSE = re.compile(
    r",? \bfor (?:(?:my|our|a|an|the|his|her|some|tomorrow's|next week's) )?(?:[\w-]+ ){0,2}?(?:comparisons?|lectures?"
    r"|talks?"
    r"|slides?|seminars?|class|homework|thesis|papers?|presentations?|ppt|posters?|tables?|students?|teaching"
    r"|didactic reasons"
    r"|boards?|conference|rounds|mdt|journal club|stats|scripts?|logbook|case book)\b(?: (?:in|on|at|of) (?:my|our"
    r"|the) \w+)?"
)

_THANKED = (
    r"\b(?:thanks?|thank you|thx|tnx|thnx|tks|ty|ta (?:mate|very much|love)|^ta|cheers|much appreciated|merci"
    r"|danke|gracias)\b"
)
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("thanks", (
        r"^(?:(?:well|ok|great|right),? )*(?:that is (?:it|all|that|everything)|i am (?:done|all set))(?: (?:for "
        r"(?:now|today)|then|from me))?\W*$",
    )),
    ("other", (
        r"^(?!.*\b(?:similar|lesions?|look-?alikes?|resembl\w+|matches)\b).*\b(?:weather|rain(?:ing|y)?|restaurants?"
        r"|pizzas?|music|songs?|jokes?|poems?|recipes?|football|soccer|translat\w+"
        r"|twitter|tweet\w*|facebook|instagram|whats?app|e-?mail\w*|stock (?:price|market)|exchange rate|horoscope"
        r"|paracetamol"
        r"|ibuprofen|capital of|president|news|bitcoin|netflix|youtube|spotify|lottery|taxi|flights?|hotels?)\b",
        r"\bwho (?:won|is winning|wins)\b|\bwhat time is it\b|^(?:please )?(?:order|book|schedule|phone|page) "
        r"(?!(?:them|it|these|those|by|(?:the )?(?:hits|results|list))\b)\w+|^(?:please )?(?:delete|erase|destroy) "
        r"(?!(?:the |this "
        r"|that |my"
        r" |all |any )*(?:filters?|limits?|last|previous|age|sex|size|type|restrictions?|criteria|change|bound"
        r"|conditions?)\b)"
        r".*\b(?:from|files?|database|atlas|disk|server|upload|stud(?:y|ies)|account|patient)\b",
    )),
    ("undo", (
        r"^(?:(?:no|ok|okay|and|hm+|please|sorry|oh|actually|can you|could you|let us|now) ,?)*(?:go |step |take"
        r" (?:me |us )?|switch |bring (?:me |us |it )?|move |roll |turn )?(?:one step |1 step"
        r" )?back(?:wards?)?\b(?! (?:of|pain|to the (?:start|beginning)|into|in\b))",
        r"\b(?:undo|revert(?! (?:with|back|to me))|unwind|roll ?back|rewind|backtrack|take back|take (?:that|this"
        r"|it) back|go back|back up one|backspace|ctrl[- +]?z)\b|\b(?:reverse|cancel|retract|withdraw|undoing)"
        r" (?:that|this|it|the last|my last|the previous)\b|^(?:scratch|strike|forget|delete) (?:that|this|it)(?:"
        r" last (?:one|filter|step|bit))?\W*$",
        r"\b(?:previous|last|former|earlier|prior) (?:one|search|step|results?|state|version|filter|list|view"
        r"|settings?|query|hits|selection)(?! (?:hit|in))\b.*\b(?:again|back|return|restore|reinstate|redo)\b"
        r"|\b(?:restore|return to|redo|repeat|bring up|back to|show(?: me)?|reload|want) (?:the |my )?(?:previous"
        r"|former|earlier|prior) (?:one|search|step|results?|state|version|filter|list|view|settings?|query|hits"
        r"|selection)\b",
        r"\b(?:as|like|how|what) (?:it|that|they) (?:was|were|had been|looked) (?:before|earlier|previously)\b"
        r"|\bstep (?:back|again back)|\bone (?:step )?back\b|\b(?:liked|preferred|want) (?:it|that|the \w+)"
        r" (?:better |more )?before\b|\b(?:last|previous) (?:step|filter|change) .*(?:back\w*|away|off|undone)\b"
        r"|\bbefore the last (?:change|filter|step)\b",
        r"\b(?:scrap|scratch|cancel|drop|forget|remove|reverse|revoke|take away|ditch|discard) (?:that |this |the |my "
        r")?"
        r"(?:(?:very )?(?:last|latest|recent|just now)(?: \w+)? (?:change|step|edit|move|tweak|one|command|thing)"
        r"|what i (?:just )?"
        r"(?:did|said|changed)|just now one)\b",
        r"\b(?:return|go|get|take|bring|put|switch)s?\b(?: (?:me|us|it|this|that|things|them|everything))?(?: back)? "
        r"(?:to )?(?:(?:what|how|where) "
        r"(?:it|we|that|this|they|i|things)?|as|(?:to )?the way (?:it|that|things)|behind)(?: \w+)? ?(?:was|were|had"
        r"|stood|been|looked|had been)?"
        r"\W*(?:before(?: (?:it|that|this))?|a (?:moment|minute|second) ago|earlier|previously)?(?=\W*$|,)",
        r"\b(?:liked|preferred) the (?:previous|last|earlier|old|former) \w+",
    )),
    ("filters", (
        r"\b(?:which|what) filters?\b(?!.*\b(?:can|could|may|might|support\w*|possible|in general|available|exist"
        r"|understand)\b)",
        r"\bfilters? (?:are|is) (?:on|active|set|applied)\b",
    )),
    ("report", (
        r"\b(?:report|structured report|write[- ]?up|dicom[- ]sr)\b(?! by)",
        r"\b(?:export|save|download)\b|\b(?:print|document) (?:it|this|everything|all)\b|\bpacs\b|\bprintable\b"
        r"|\bpdf\b",
        r"\bsummar(?:y|ise|ize) (?:document|file|as)\b|\bprint(?:ed|out| out|-out)\b|\bhard copy\b|\b(?:write|type"
        r"|draw) (?:me )?(?:up|out|a summary|an? letter)\b",
        r"\bwrite (?:it|this|that|everything) (?:up|down)\b",
        r"^(?:an? |as |in |the )*(?:html|json|sr|dicom[- ]sr|dicom|pdf)(?: (?:is|would be|format|version|file"
        r"|export|one|then|instead|better|rather)\b.*)?$",
        r"\b(?:write|type|written|wrote|put|writing)(?: \w+){0,3} (?:up|down)\b|\bput (?:it|this|that|everything"
        r"|all)? ?(?:\w+ )?(?:in|into|on) (?:writing|paper|a (?:file|document))|\bpaperwork\b|\bfor (?:the|my|our)"
        r" (?:records?|files|chart)\b",
        r"\bas (?:an? )?(?:html|json|sr|dicom|pdf)\b|\bjson\b|\bhtml\b|\bweb ?page\b|\bmachine[- ]readable\b",
        r"\b(?:in|into|as) an? (?:\w+ )?(?:document|file|pdf)\b|\bneed an? (?:\w+ )?document\b|\bprotocol (?:with|of) "
        r"(?:the|this|these)"
        r" results?\b",
    )),
    ("compare", (
        r"\bdistinguish\w*\b|\bsets? .* apart\b|\bsimilarit(?:y|ies) (?:to|with|between)\b",
        r"\bcompar(?:e|es|ed|ing|ison|isons)\b",
        r"\bversus\b|\bvs\.?(?!\w)|\bstacks? up\b|\balongside\b|\bhow (?:alike|close|similar) (?:is|are)\b",
        r"\b(?:against|similarity (?:to|with)) (?:the|hit|idref|number|#)",
        r"\bside[- ]by[- ]side\b|\bnext to\b|\bput .* beside\b",
        r"\bdifferences? (?:between|to|from|with)\b|\b(?:differs?|different) (?:from|to|than)\b",
        r"\bhow (?:does|do|is|are) .* differ",
        r"\b(?:hold|put|set|place|lay|stack|line|match|check) .* (?:against|beside|next to|alongside|up (?:to|with"
        r"|against)) (?:mine|ours|my|our|it|that|this|hit|the)\b|\bwhat differences?\b|\bdifferent (?:between"
        r"|about)\b",
        r"\bput .* (?:beside|alongside|next to|against)\b|\bhow (?:does|do|would|did) .* (?:measure|stack|hold) up"
        r" (?:to|against|with)\b|\bjuxtapose\b|\brelat(?:e|ive) to (?:hit|the (?:first|second|third|closest|best"
        r"|nearest))|\bdiff\b",
        r"\bin common\b|\bspot the differences?\b|\bcontrast (?:it|this|that|r\d) (?:with|to|and)\b",
    )),
    ("how_sure", (
        r"\breliable\b|\btrustworthy\b",
        r"\bhow (?:sure|confident|certain|reliable|likely)\b",
        r"\b(?:are you|you) (?:really )?(?:sure|certain|confident)\b",
        r"\bcan (?:i|we|one) (?:trust|rely|believe|count)\b|\bshould (?:i|we|one) (?:trust|believe)\b"
        r"|(?<!before i )(?<!^i )\btrust(?:ed)? (?:this|that|it|you)\b(?! have)|\bhow (?:much"
        r" )?(?:certainty|trust)\b|\bsure about\b|\bcertainty\b|\bprobabilit\w+\b|\bhow strong\b",
        r"\bcan i trust\b|\bconfidence\b",
        r"\bhow (?:convincing|solid|sound|robust|trustworthy|believable|firm|strong|tight|safe)\b",
        r"\bhow good (?:is|are) (?:the|these|that|those) match|\bis (?:that|this|it) (?:just |only )?an? guess\b"
        r"|\btrustable\b|\buncertain\w*\b|\bguess(?:ing|work)?\b.*\b(?:know|sure|certain)\b"
        r"|\b(?:believe|swallow|buy) (?:this|that|it|these|them)\b",
        r"\b(?:would|do|can) you (?:really )?(?:bet|swear|vouch|put money|stand (?:by|behind))\b|\byou (?:are|is) "
        r"(?:really |quite |so )?(?:sure"
        r"|certain|confident)\b|\bfaith\b|\bconvinced\b|\bshot in the dark\b|\b(?:just|only|merely|or) an? (?:lucky "
        r"|wild )?(?:guess|hunch)\b"
        r"|\bdead certain\b|\b(?:guess|match|answer|result|call|verdict) (?:an? )?(?:firm|solid|safe|good|strong|sound"
        r"|certain) one\b"
        r"|\bis (?:that|this|it|the \w+) an? (?:firm|solid|safe|sound|sure|certain)\b|\bis (?:that|this|it) (?:certain"
        r"|sure|definite)\b"
        r"|\bhow many percent\b.*\bsure\b|\berror bars?\b|\bmargin of error\b",
    )),
    ("why", (
        r"^(?:but |and |so )?why\b|\bwhy (?:do|did|is|are|not|does)\b|\bhow come\b",
        r"\bhow do you know\b|\bis (?:that|this|it) based\b|\bhow did you (?:get|decide|come|find|arrive|reach)\b",
        r"\bbased on what\b|\bon what (?:basis|grounds)\b|\bwhat (?:makes|made) (?:you|it|this|that|these|them"
        r"|those)\b",
        r"\b(?:based|base|on the basis|on basis|depend\w*|rely|relies) (?:\w+ ){0,3}(?:on|of) (?:what|which)\b|\bwhat "
        r"(?:do|did|does) (?:you|it) base\b"
        r"|\bhow (?:you|it) (?:arrived|came up|got|picked|chose|ended up|found|selected|ranked)\b|\bwhy (?:there|them"
        r"|these|those|that one)\b"
        r"|\bfrom where (?:you|do you|such|this|that|these|the)\b|\bhow comes?\b|\bhow did .* (?:make|get|end up|land"
        r"|come) "
        r"(?:it )?(?:in|on|to|into)?\b.*\b(?:list|here|there|top|first|place)\b|\bwhat is .* doing (?:there|here"
        r"|in)\b\bwhat (?:is|was) the (?:logic|thinking"
        r"|reasoning)\b",
        r"\bwhat (?:led|brought|leads|convinced|drives)\b|\bon what (?:is|do|does|are)\b|\bwhat for reason\b"
        r"|\bwhere (?:does|do|did) (?:that|this|you|it) (?:come from|get)|\bwhere do you (?:get|take|have) (?:that"
        r"|this|it)\b|\bbut why\b|\bhow so\b|\bsays who\b|\bwhy\W*$|\bgrounds for\b",
        r"\brationale\b|\bwhat is behind\b|\bwhat tells you\b|\bprove it\b|\bshow your work\b|(?<!no )(?<!didactic "
        r")\breason(?:s|ing)?\b"
        r"|\bjustif(?:y|ication)\b|\bwhat is (?:the|your) evidence\b",
        r"\bexplain (?:yourself|that|this(?! (?:lesion )?type| organ)|your answer|the result|the answer)\b",
        r"\bwhat speaks (?:for|against)\b|\bwhat supports\b",
    )),
    ("count_hits", (
        r"\bhow many (?:hits|results|matches|of the (?:hits|results)) (?:are|were|is|did|do|have)\b|\bhow many did"
        r" you (?:find|get)\b",
        r"\bhow many of (?:them|these|those|the (?:\d+ )?(?:hits|cases|results|matches))\b",
    )),
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
        _THANKED,
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

INTENTS = tuple((intent, re.compile("|".join(f"(?:{p})" for p in patterns))) for intent, patterns in _WORDS)


def thanked(message: str) -> bool:
    """Whether there is a word of thanks in it."""
    return bool(re.search(_THANKED, message.casefold()))


def first_intent(clause: str) -> str:
    """The first intent whose words are in a request, else `unknown`; `other` is a subject we know nothing of."""
    return next((intent for intent, words in INTENTS if words.search(clause)), "unknown")


# Words that tell what is meant when nothing above fits the whole message.
_HINTS: tuple[tuple[str, str], ...] = (
    ("how_sure", r"sure|certain\w*|confiden\w*|trust\w*|doubt\w*|believ\w*|bet|reliab\w*|guess\w*|convinc\w*|plausib\w*"
                 r"|accura\w*|credib\w*"),
    ("why", r"why|reason\w*|because|basis|grounds|evidence|justif\w*|arguments?|logic|rationale"),
    ("undo", r"back|previous|undo\w*|revert\w*|restore\w*|before|earlier"),
    ("filters", r"filters?|filtered|criteri\w+|restrict\w*|constraint\w*|settings?|limits?|limited"),
    ("report", r"reports?|document|export\w*|pdf|save|paper|protocol"),
    ("measure", r"mms?|cms?|millimet\w*|centimet\w*|sizes?|big|large|long|wide|diameters?|dimensions?|volume|density"
                r"|ruler"),
    ("describe_study", r"scanner|slices?|header|dicom|machine|scan|ct|contrast|resolution|series|study|how old"),
    ("find_regions", r"mark|click|suspicious|spots?|abnormal\w*|patholog\w*|detect\w*"),
    ("atlas", r"collection|reference|library|atlas|data ?base|archive"),
    ("explain", r"learn\w*|teach\w*|lecture|basics|theory|textbook"),
    ("help", r"help\w*|use|used|using|tool|app|program\w*|software|type|ask|start|begin|functions?|features?|works?"),
    ("search", r"similar\w*|alike|like|same|compar\w+|equals?|resembl\w*|such"),
)  # fmt: skip
_AFTER_A_SEARCH = ("how_sure", "why", "undo", "filters")
_HINT_WORDS = tuple((intent, re.compile(rf"\b(?:{words})\b")) for intent, words in _HINTS)


def likely_intent(message: str, searched: bool) -> str:
    """What a message that fits no pattern is most likely about, by single words; else `unknown`."""
    return next(
        (
            intent
            for intent, words in _HINT_WORDS
            if words.search(message) and (searched or intent not in _AFTER_A_SEARCH)
        ),
        "unknown",
    )
