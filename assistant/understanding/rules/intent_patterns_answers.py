"""How requests about the conversation itself are recognised: its answers, filters, hits and report.

One way of saying it a line, on a normalised request; `intent_patterns.py` puts them in order.
"""

THANKED = (
    r"\b(?:thanks?|thank you|thx|tnx|thnx|tks|ty|ta (?:mate|very much|love)|^ta|cheers|much appreciated|merci"
    r"|danke|gracias)\b"
)
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
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
        r"^(?:an? |as |in |the )*(?:html|json|sr|dicom[- ](?:sr|seg)|dicom|seg|pdf|markdown|plain text)"
        r"(?: (?:is|would be|format|version|file"
        r"|export|one|then|instead|better|rather)\b.*)?$",
        r"\b(?:write|type|written|wrote|put|writing)(?: \w+){0,3} (?:up|down)\b|\bput (?:it|this|that|everything"
        r"|all)? ?(?:\w+ )?(?:in|into|on) (?:writing|paper|a (?:file|document))|\bpaperwork\b|\bfor (?:the|my|our)"
        r" (?:records?|files|chart)\b",
        r"\bas (?:an? )?(?:html|json|sr|seg|dicom|pdf|markdown|(?:plain )?text)\b"
        r"|\bdicom[- ]seg\b|\bmarkdown\b|\bjson\b|\bhtml\b|\bweb ?page\b|\bmachine[- ]readable\b",
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
)  # fmt: skip
