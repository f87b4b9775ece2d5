"""What a request points at: regions of the study and hits of the last search."""

import re
from collections.abc import Callable
from typing import Literal

from assistant.core import patterns
from assistant.core.patterns import ORDINALS
from assistant.core.requests import HitRef, RegionRef
from assistant.understanding.rules.clauses import Slots

_NTH = (
    r"((?:very )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|bottom)"
    r"|\d{1,2}(?:st|nd|rd|th))"
)
_HIT = (
    r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|look-?alikes?|patients?|records?|pictures?"
    r"|images?|thumbnails?"
    r"|rows?|entr(?:y|ies)|items?|pics?|doubles?|twins?|doppelg[aä]ngers?)"
)
_IN_LIST = (
    r"(?: (?:in|of|on|from) (?:that|the|this|your|my) (?:list|row|gallery|results?|hits|hit list|line"
    r"|ranking|table|page|lot|bunch|batch))"
)
_NEAR = (
    r"(?:closest|nearest|most similar|best|top|most alike|winning|leading|highest[- ]ranked|top[- ]ranked|most"
    r" resembling)"
)
_NUMBER = r"(?:number|no|nr|num)"
_SPOT = r"(?:region|roi|box|lesion|nodule|mass|finding|spot|area|place|suggestion|candidate|focus|blob|mark)"
_MOST_HITS = 5  # "compare with the first five"

# Asking about a hit, so that "the closest" is one; "show the closest" alone asks for a search.
_ABOUT_A_HIT = re.compile(
    r"\b(?:compare|against|with|versus|vs|than|about|put|line|beside|next|alongside|facts|info|describe|open|details?"
    r"|old|size|sex|show(?: me)?|from|between|is"
    r"|and|see|of|explain|difference)\b"
)
_COMPARES = re.compile(r"\b(?:compar\w+|put|differ\w*|side by side|beside|against|versus|vs|alongside)\b")
_MINE = re.compile(r"\b(?:my|our|the) (?:lesion|spot|region|nodule|one)\b|\bmine\b|\bours\b")
_AMONG_HITS = (
    rf"(?: (?:of|among|in|from) (?:these |those |all |them |the |that |this |my )*(?:{_HIT}|lot|bunch|list|set|group"
    rf"|gallery|pack|row|crowd))"
)
_NOT_THAT = re.compile(
    rf"\bnot (?:with |to |by |in |for |about )*(?:the |that |this )?(?:r ?\d+|{_NTH}(?: {_HIT}| one| region|"
    rf" lesion)?|that|this|closest|nearest)(?: one)?(?=,|:| but|;)"
)
_SEVERAL_HITS = re.compile(r"\b(?:compare|describe|details?|tell|differ\w*)\b")

_OLDEST = r"(?:oldest|eldest|most (?:senior|aged|elderly)|highest aged)"
_YOUNGEST = r"(?:youngest|youngster|most (?:junior|young)|spring chicken)"
_LARGEST = r"(?:biggest|largest|most big|greatest|most large)"
_SMALLEST = r"(?:smallest|tiniest|most small|littlest)"
_HITS_IN_WORDS: tuple[tuple[str, Literal["largest", "smallest", "oldest", "youngest"]], ...] = (
    (rf"(?:the )?{_OLDEST} (?:{_HIT}|one|that one|wom[ae]n|m[ae]n){_AMONG_HITS}?", "oldest"),
    (rf"(?:the )?{_YOUNGEST} (?:{_HIT}|one|that one|wom[ae]n|m[ae]n){_AMONG_HITS}?", "youngest"),
    (
        rf"(?:(?:the|who is(?: the)?|whose|is|show me(?: the)?) {_OLDEST}|{_OLDEST}{_AMONG_HITS})(?! allowed| may| "
        rf"must| should| can)",
        "oldest",
    ),
    (
        rf"(?:(?:the|who is(?: the)?|whose|is|show me(?: the)?) {_YOUNGEST}|{_YOUNGEST}{_AMONG_HITS})(?! allowed| may"
        rf"| must| should| can)",
        "youngest",
    ),
    (rf"(?:the )?{_LARGEST} (?:{_HIT}|(?:one |lesion )?(?:of them )?{_AMONG_HITS[4:-1]})", "largest"),
    (rf"(?:the )?{_SMALLEST} (?:{_HIT}|(?:one |lesion )?(?:of them )?{_AMONG_HITS[4:-1]})", "smallest"),
    (rf"(?:which|what) {_HIT} (?:is|has|shows) (?:the )?(?:{_LARGEST}|greatest)(?: (?:diameter|size|one))?", "largest"),
    (rf"(?:which|what) {_HIT} (?:is|has|shows) (?:the )?{_SMALLEST}(?: (?:diameter|size|one))?", "smallest"),
)
_SIZE_NOUN = r"(?: (?:one|region|lesion|nodule|mass|spot))?\b(?! than)(?! ones)"
_REGIONS_IN_WORDS: tuple[tuple[str, Literal["largest", "smallest", "all", "other", "last"]], ...] = (
    (rf"(?:the )?(?:bigger|biggest|larger|largest){_SIZE_NOUN}", "largest"),
    (rf"(?:the )?(?:smaller|smallest|littler|lesser|tinier){_SIZE_NOUN}", "smallest"),
    (r"(?:the |^)(?:big|large) (?:one|region|lesion|nodule|mass|spot)\b", "largest"),
    (r"(?:the |^)(?:small|little|tiny) (?:one|region|lesion|nodule|mass|spot)\b", "smallest"),
    (r"(?:which|what)(?: one| region| lesion)? is (?:the )?(?:bigg|larg|small|long|dens)\w+", "all"),
    (r"the (?:latest|newest|most recent) (?:one|region|box|click)\b", "last"),
    (r"the (?:last )?(?:one|region|lesion) i (?:just )?(?:clicked|drew|marked|selected)\b", "last"),
    (
        r"(?:all|each|every|both)(?: of)?(?: the| my| these)? (?:\d+ )?(?:regions?|rois?|of them|boxes|suggestions?)\b",
        "all",
    ),
    (r"both\b(?! sex| gender)|each of them\b|all of them\b|every region\b", "all"),
    (r"the other (?:one|region|lesion|nodule)\b|the other$", "other"),
)
_THIS = (
    rf"\bthe {_SPOT}\b(?! types?)",
    r"\b(?:this|that|my|our|selected|current|marked)(?: (?:selected|current|marked|little|white|dark|gr[ae]y|big"
    r"|small|round|weird|odd))*"
    r" (?:region|roi|spot|box|lesion|nodule|mass|finding|abnormality|lump|thing|area|shadow|opacity|density|one"
    r"|dot|blob|ball"
    r"|patch|bump|structure|object|cyst|tumou?r|growth|marking)\b(?! types?)",
    r"\b(?:mine|ours)\b",
)


def read_ids(slots: Slots, ids: tuple[str, ...]) -> None:
    """Lesion ids (behind the words idref0, idref1, …) and region ids; "not R1, but R2" is about R2."""
    slots.take(_NOT_THAT.pattern, lambda _: None)
    slots.take(
        r"(?:(?:lesion|case|hit|id|record|number) )?\bidref(\d+)\b",
        lambda m: slots.hits.append(HitRef("id", lesion_id=ids[int(m.group(1))])),
    )
    by_number: Callable[[re.Match[str]], None] = lambda m: slots.regions.append(  # noqa: E731
        RegionRef("id", f"R{int(m.group(1))}")
    )
    slots.take(r"\b(?:region |roi )?r ?(\d{1,3})\b", by_number)
    slots.take(
        r"\b(?:region|roi|lesion|spot|nodule|finding|box|mark)(?: number| no\.?| #)? ?#?(\d{1,3})\b"
        r"(?! ?(?:mm|cm|years|to|-))",
        by_number,
    )


def read_numbered(slots: Slots) -> None:
    """Numbers that point and do not count: "#3", "hit 2", "the larger of my 2 regions"."""
    hits = slots.hits.append
    of_some = patterns.compiled(rf"\b(\w+) of (?:the|my|these|those|your) \d(?: {_SPOT}s?)?\b")
    slots.text = of_some.sub(r"\1 one", slots.text)
    slots.take(
        rf"(?:\b(?:the )?(?:{_HIT}|rank|{_NUMBER}|lesion) ?)?#(\d{{1,2}})\b",
        lambda m: hits(HitRef("rank", n=int(m.group(1)))),
    )
    slots.take(
        rf"\b(?<!have )(?<!has )(?<!had )(?<!yet to )(?<!ve )(?<!who )(?:{_HIT}(?<!s)|rank)(?: {_NUMBER})? "
        rf"(\d{{1,2}})\b(?! ?(?:mm|cm|years|%|is|to\b|-))",
        lambda m: hits(HitRef("rank", n=int(m.group(1)))),
    )
    slots.take(
        rf"\b(?:the )?{_NUMBER} (\d{{1,2}})\b(?! ?(?:mm|cm|years|%|of))",
        lambda m: setattr(slots, "nth", int(m.group(1))),
    )
    slots.take(
        r"\b(?:all|each|every|both)(?: of)?(?: the| my| these| those)? (?:\d+ )?(?:regions?|rois?|boxes|marks"
        r"|spots|suggestions?|places)\b|\ball (?:of )?(?:the |them )?\d\W*$"
        r"|\b(?:my|the) (?:\d+ )?(?:regions|marks|boxes|spots) (?:that )?(?:i|we)(?: have)? (?:just )?(?:marked"
        r"|drawn|drew|clicked|made|set)\b",
        lambda _: slots.regions.append(RegionRef("all")),
    )
    if _SEVERAL_HITS.search(slots.text):

        def first_hits(m: re.Match[str]) -> None:
            slots.hits.extend(HitRef("rank", n=n + 1) for n in range(min(_MOST_HITS, int(m.group(1)))))

        slots.take(rf"\b(?:the )?(?:first|{_NEAR}) (\d)(?: {_HIT}| ones)?\b", first_hits)
        slots.take(rf"\b(?:the )?(\d) {_NEAR}(?: {_HIT}| ones)?\b", first_hits)


def read_references(slots: Slots) -> None:
    """Read "the second hit", "#3", "the closest", "the bigger one", "this lesion"."""
    region, hits = slots.regions.append, slots.hits.append

    def nth_hit(m: re.Match[str]) -> None:
        n = _ordinal(m.group(1))
        hits(HitRef("last") if n == -1 else HitRef("rank", n=n))

    def nth_region(m: re.Match[str]) -> None:
        n = _ordinal(m.group(1))
        region(RegionRef("last") if n == -1 else RegionRef("nth", n=n))

    def nth_one(m: re.Match[str]) -> None:
        slots.nth = _ordinal(m.group(1))

    def closest(_: re.Match[str]) -> None:
        hits(HitRef("rank", n=1))

    slots.take(r"\b(?:the |that |this )?runner[- ]?up(?:'s)?\b", lambda _: hits(HitRef("rank", n=2)))
    slots.take(r"\b(?:the )?(?:one|hit|case|lesion|picture) (?:at|on) the (?:very )?top\b", closest)
    slots.take(
        r"\b(?:the )?(?:one|hit|case|lesion|picture) (?:at|on) the (?:very )?(?:bottom|end)\b",
        lambda _: hits(HitRef("last")),
    )
    slots.take(r"\b(?:the )?(?:winner|front-?runner|leader)(?:'s)?\b", closest)
    slots.take(rf"\b(?:on|about|of|with|to|open|describe|beside) {_NEAR} (?:{_HIT})\b(?! \d)", closest)
    slots.take(rf"\b(?:the )?(?:one )?ranked {_NTH}\b", nth_hit)
    slots.take(rf"\b(?:the )?{_NTH} place\b(?! (?:to|in the scan))", nth_hit)
    slots.take(rf"\b(?:the )?{_NTH}[ -]{_NEAR}(?: (?:{_HIT}|one|lesion))?\b", nth_hit)
    slots.take(
        rf"\b(?:the )?{_NTH} (?:and|or) (?:the )?{_NTH} (?:{_HIT})\b",
        lambda m: slots.hits.extend(HitRef("rank", n=_ordinal(word)) for word in m.groups()),
    )
    slots.take(
        rf"\b(?:the |that |this |your )?{_NTH} (?:{_HIT}{_IN_LIST}?|(?:one |lesion |of them )?{_IN_LIST[4:-1]})(?!\w)",
        nth_hit,
    )
    slots.take(
        rf"\b(?:the |my |your )?{_NTH} (?:region|roi|box|suggestion|click|mark|marking|candidate|proposal|place"
        rf"|area|focus)\b",
        nth_region,
    )
    if _ABOUT_A_HIT.search(slots.text):
        noun = rf"(?: (?:{_HIT}|one|lesion|atlas lesion|of them))?"
        slots.take(rf"\b(?:the|its|their) (?:very )?{_NEAR}{noun}\b(?! \d)", closest)
    slots.take(rf"\bthe {_NEAR} (?:hit|case|match|result|neighbou?r|one|lesion)\b(?! \d)", closest)
    slots.take(
        r"\b(?:with|to|against|beside|versus|vs|than|next to|alongside) (?:that|this|it)(?: (?:one|hit|case"
        r"|lesion))?\b",
        lambda _: None,
    ) if (_COMPARES.search(slots.text) and (slots.regions or _MINE.search(slots.text))) else None
    for words, hit_kind in _HITS_IN_WORDS:
        slots.take(rf"\b{words}\b", lambda _, kind=hit_kind: hits(HitRef(kind)))  # type: ignore[misc]
    for words, region_kind in _REGIONS_IN_WORDS:
        slots.take(rf"\b(?:{words})", lambda _, kind=region_kind: region(RegionRef(kind)))  # type: ignore[misc]
    slots.take(
        rf"\b(?:the |that |this |my )?{_NTH} (?:one|lesion|nodule|spot|mass|finding|thing|of (?:them|these|those))\b",
        nth_one,
    )
    slots.take(
        rf"(?:^|\b(?:and|about|for|now|then|do|to|with|against|of|on|in|by|what is|only|just|is|describe|compare"
        rf"|measure|open|show|me|not|but|no|or|like) |, )"
        rf"(?:the |that )?{_NTH}(?=\W*$|[,:;]| \d| (?:please|then|too|also|instead|again|now|in detail|look|differ\w*"
        rf"|shares?|with mine|and mine)\b)",
        nth_one,
    )
    slots.take(rf"\bthe {_NTH}(?= (?:is|was|has|an?|ranked|looks?|seems|what|who|how)\b)", nth_one)
    for words in _THIS:
        slots.take(words, lambda _: region(RegionRef("this")))


def _ordinal(word: str) -> int:
    """1 for first or 1st; -1 for last."""
    word = word.removeprefix("very ")
    if word in ("last", "final", "bottom"):
        return -1
    return ORDINALS.get(word) or int(re.sub(r"\D", "", word))
