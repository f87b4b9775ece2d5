"""Questions that hits on the screen raise: how many of them, under which filters they were found, how mine compares.

The same words ask for something else while nothing was searched, and `intents.py` reads them then.
"""

import re

from assistant.understanding.rules.slots import Slots

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
