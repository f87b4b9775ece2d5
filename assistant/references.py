"""What a request points at: regions of the study and hits of the last search."""

import re
from collections.abc import Callable
from typing import Literal

from assistant import lexicon as lex
from assistant.slots import HitRef, RegionRef, Slots

_NTH = r"(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|\d{1,2}(?:st|nd|rd|th))"
_HIT = r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|look-?alikes?|patients?|records?)"
_NEAR = r"(?:closest|nearest|most similar|best|top|most alike)"
_NUMBER = r"(?:number|no\.?|nr\.?)"
_SPOT = r"(?:region|roi|box|lesion|nodule|mass|finding)"
_MOST_HITS = 5  # "compare with the first five"

# Asking about a hit, so that "the closest" is one; "show the closest" alone asks for a search.
_ABOUT_A_HIT = re.compile(
    r"\b(?:compare|against|with|versus|vs|than|about|describe|open|details?|old|size|sex|show(?: me)?|from|between|is"
    r"|and|see|of|explain|difference)\b"
)
_SEVERAL_HITS = re.compile(r"\b(?:compare|describe|details?|tell|differ\w*)\b")

_HITS_IN_WORDS: tuple[tuple[str, Literal["largest", "smallest", "oldest", "youngest"]], ...] = (
    (rf"(?:the )?oldest (?:{_HIT}|one|wom[ae]n|m[ae]n)", "oldest"),
    (rf"(?:the )?youngest (?:{_HIT}|one|wom[ae]n|m[ae]n)", "youngest"),
    (rf"(?:the )?(?:biggest|largest) {_HIT}", "largest"),
    (rf"(?:the )?smallest {_HIT}", "smallest"),
)
_SIZE_NOUN = r"(?: (?:one|region|lesion|nodule|mass|spot))?\b(?! than)(?! ones)"
_REGIONS_IN_WORDS: tuple[tuple[str, Literal["largest", "smallest", "all", "other", "last"]], ...] = (
    (rf"(?:the )?(?:bigger|biggest|larger|largest){_SIZE_NOUN}", "largest"),
    (rf"(?:the )?(?:smaller|smallest|littler){_SIZE_NOUN}", "smallest"),
    (r"the (?:big|large) (?:one|region|lesion|nodule|mass|spot)\b", "largest"),
    (r"the (?:small|little|tiny) (?:one|region|lesion|nodule|mass|spot)\b", "smallest"),
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
    r"\b(?:this|that|my|selected|current|marked) (?:selected |current |marked )?(?:region|roi|spot|box|lesion|nodule"
    r"|mass|finding|abnormality|lump|thing|area|shadow|opacity|density|one)\b(?! types?)",
)


def read_ids(slots: Slots, ids: tuple[str, ...]) -> None:
    """Lesion ids (behind the words idref0, idref1, …) and region ids."""
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


def read_single(slots: Slots) -> None:
    """Read "just the closest one": a number of hits, not a hit that is spoken of."""
    noun = r"(?: (?:hit|case|match|one))?"
    near = r"(?:best|closest|nearest|most similar)"
    if re.search(r"\b(?:compar\w+|describe|about|details?|than|differ\w*)\b", slots.text):
        return
    if slots.take(rf"\b(?:(?:the|a) single|(?:just|only)(?: the)?) {near}{noun}\b", lambda _: None):
        slots.k = 1


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

    def numbered_hit(m: re.Match[str]) -> None:
        hits(HitRef("rank", n=int(m.group(1))))

    def first_hits(m: re.Match[str]) -> None:
        count = int(m.group(1) or m.group(2))
        slots.hits.extend(HitRef("rank", n=n + 1) for n in range(min(_MOST_HITS, count)))

    def closest(_: re.Match[str]) -> None:
        hits(HitRef("rank", n=1))

    slots.take(rf"\b(?:the )?{_NTH}[ -]{_NEAR}(?: (?:{_HIT}|one|lesion))?\b", nth_hit)
    slots.take(rf"(?:\b(?:the )?(?:{_HIT}|rank|{_NUMBER}|lesion) ?)?#(\d{{1,2}})\b", numbered_hit)
    slots.take(rf"\b(?:{_HIT}|rank|{_NUMBER}) (\d{{1,2}})\b(?! ?(?:mm|cm|years|%))", numbered_hit)
    if _SEVERAL_HITS.search(slots.text):
        slots.take(rf"\b(?:the )?(?:first|{_NEAR}) (\d) (?:{_HIT}|ones)\b", lambda m: first_hits(m))
        slots.take(rf"\b(?:the )?(\d) {_NEAR}(?: {_HIT}| ones)?\b", lambda m: first_hits(m))
    slots.take(
        rf"\b(?:the )?{_NTH} (?:and|or) (?:the )?{_NTH} (?:{_HIT})\b",
        lambda m: slots.hits.extend(HitRef("rank", n=_ordinal(word)) for word in m.groups()),
    )
    slots.take(rf"\b(?:the )?{_NTH} {_HIT}\b", nth_hit)
    slots.take(rf"\b(?:the )?{_NTH} (?:region|roi|box|suggestion|click)\b", nth_region)
    if _ABOUT_A_HIT.search(slots.text):
        noun = rf"(?: (?:{_HIT}|one|lesion|atlas lesion|of them))?"
        slots.take(rf"\b(?:the|its|their) (?:very )?{_NEAR}{noun}\b(?! \d)", closest)
    slots.take(rf"\bthe {_NEAR} (?:hit|case|match|result|neighbou?r|one|lesion)\b(?! \d)", closest)
    for words, hit_kind in _HITS_IN_WORDS:
        slots.take(rf"\b{words}\b", lambda _, kind=hit_kind: hits(HitRef(kind)))  # type: ignore[misc]
    for words, region_kind in _REGIONS_IN_WORDS:
        slots.take(rf"\b(?:{words})", lambda _, kind=region_kind: region(RegionRef(kind)))  # type: ignore[misc]
    slots.take(rf"\b(?:the |that |this )?{_NTH} (?:one|lesion|nodule|spot|mass)\b", nth_one)
    slots.take(rf"(?:^|\b(?:and|about|for|now|then|do) )(?:the )?{_NTH}$", nth_one)
    for words in _THIS:
        slots.take(words, lambda _: region(RegionRef("this")))


def _ordinal(word: str) -> int:
    """1 for first or 1st; -1 for last."""
    if word == "last":
        return -1
    return lex.ORDINALS.get(word) or int(re.sub(r"\D", "", word))
