"""Reading one request slot by slot: sizes, ages, sex, scope, types, counts, regions, hits.

Every reader finds what it knows, blanks it out, and returns what it means, so that nothing is read twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

from assistant import lexicon as lex
from tools.atlas import Scope

FilterName = Literal["type", "sex", "age", "size", "scope"]
Sex = Literal["F", "M"]
SHOW_MORE = 10
NUMBER = r"(\d+(?:\.\d+)?)"
BLANK = " \x00 "


@dataclass(frozen=True)
class RegionRef:
    """A region somebody speaks of: by id, by place in the list, by size, or all of them."""

    kind: Literal["id", "nth", "largest", "smallest", "this", "other", "all", "last"]
    region_id: str = ""
    n: int = 0


@dataclass(frozen=True)
class HitRef:
    """A hit somebody speaks of: by rank (1 is the closest), by id, or in words."""

    kind: Literal["rank", "id", "last", "largest", "smallest", "oldest", "youngest"]
    n: int = 0
    lesion_id: str = ""


@dataclass
class Slots:
    """What was read so far, and the text that is left."""

    text: str
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    min_age: int | None = None
    max_age: int | None = None
    sex: Sex | None = None
    scope: Scope | None = None
    types: list[str] = field(default_factory=list)  # to search in
    left_out: list[str] = field(default_factory=list)  # types not to search in
    named: list[str] = field(default_factory=list)  # types named without being a filter ("this liver lesion")
    unknown_types: list[str] = field(default_factory=list)
    k: int | None = None
    more: int = 0  # how many hits more than last time
    cleared: set[FilterName] = field(default_factory=set)
    clear_all: bool = False
    regions: list[RegionRef] = field(default_factory=list)
    hits: list[HitRef] = field(default_factory=list)
    nth: int | None = None
    age_like_patient: bool = False
    size_like_region: bool = False
    unclear: str = ""
    unread: tuple[str, ...] = ()  # numbers that nothing explains

    @property
    def has_person_or_size(self) -> bool:
        return any(
            v is not None
            for v in (self.sex, self.min_age, self.max_age, self.min_size_mm, self.max_size_mm, self.scope)
        ) or (self.age_like_patient or self.size_like_region)

    @property
    def has_filters(self) -> bool:
        """Something that narrows a search was said."""
        return bool(self.types or self.left_out or self.has_person_or_size or self.k)

    @property
    def any(self) -> bool:
        """Anything at all was read."""
        return bool(
            self.has_filters
            or self.cleared
            or self.clear_all
            or self.regions
            or self.hits
            or self.nth
            or self.unclear
            or self.unread
        )

    def take(self, pattern: str, use: Callable[[re.Match[str]], bool | None]) -> bool:
        """Blank out every match that `use` accepts (by not returning False)."""
        taken = False

        def one(match: re.Match[str]) -> str:
            nonlocal taken
            if use(match) is False:
                return match.group()
            taken = True
            return BLANK

        self.text = re.sub(pattern, one, self.text)
        return taken


def read_slots(text: str, ids: tuple[str, ...] = (), atlas_types: tuple[str, ...] = ()) -> Slots:
    """All slots of one normalised request. `ids` are the lesion ids behind the words idref0, idref1, …"""
    slots = Slots(text)
    _ids(slots, ids)
    _clears(slots)
    _scope(slots)
    _sizes(slots)
    _ages(slots)
    _region_and_hit_references(slots)
    _counts(slots)
    _sex(slots)
    _types(slots, atlas_types)
    left = re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-])", slots.text)
    slots.unread = tuple(left)
    return slots


def _ids(slots: Slots, ids: tuple[str, ...]) -> None:
    slots.take(
        r"(?:(?:lesion|case|hit|id|record|number) )?\bidref(\d+)\b",
        lambda m: slots.hits.append(HitRef("id", lesion_id=ids[int(m.group(1))])),
    )
    slots.take(r"\b(?:region |roi )?r ?(\d{1,3})\b", lambda m: slots.regions.append(RegionRef("id", f"R{m.group(1)}")))
    slots.take(r"\b(?:region|roi)(?: number| no\.?| #)? ?#?(\d{1,3})\b",
               lambda m: slots.regions.append(RegionRef("id", f"R{m.group(1)}")))  # fmt: skip


def _clears(slots: Slots) -> None:
    def drop(name: FilterName) -> Callable[[re.Match[str]], None]:
        return lambda _: slots.cleared.add(name)

    everything = (
        r"\b(?:without|no|remove|clear|drop|forget|reset|lift|delete|take off|undo)(?: (?:all|any|the|of|those|these|my))*"
        r" (?:filters?|restrictions?|limits?|constraints?|criteria)\b|\bunfiltered\b"
    )
    if slots.take(everything, lambda _: None):
        slots.clear_all = True
    for name, words in lex.FILTER_NAMES.items():
        if name == "scope":
            continue
        key = cast(FilterName, name)
        if name == "type":
            slots.take(rf"\b{lex.ANY} {words}(?:{lex.LIMIT})?\b", drop(key))
        else:
            slots.take(rf"\b{lex.ANY}(?: patient| upper| lower)? {words}(?:{lex.LIMIT})?\b", drop(key))
        slots.take(rf"\b(?:of|for|in) (?:any|all) {words}\b", drop(key))
    slots.take(r"\b(?:both|either) (?:sex(?:es)?|genders?)\b", drop("sex"))
    slots.take(rf"\b(?:{lex.SEX_WORDS['M']} and|{lex.SEX_WORDS['M']} or) {lex.SEX_WORDS['F']}\b", drop("sex"))
    slots.take(rf"\b(?:{lex.SEX_WORDS['F']} and|{lex.SEX_WORDS['F']} or) {lex.SEX_WORDS['M']}\b", drop("sex"))
    slots.take(r"\bnot (?:only|just) (?:the |in |from )*(?:wom[ae]n|females?|m[ae]n|males?)\b", drop("sex"))


def _scope(slots: Slots) -> None:
    for pattern, scope in sorted(lex.SCOPES, key=lambda row: row[0].startswith("(?:not|except"), reverse=True):
        if slots.take(rf"\b{pattern}(?!\w)", lambda _: None):
            slots.scope = cast(Scope, scope)
            return


# -- sizes ---------------------------------------------------------------------------------------------------------
def _mm(value: str, unit: str) -> float:
    size = float(value) * (10 if unit == "cm" else 1)
    return int(size) if size == int(size) else round(size, 2)


def _sizes(slots: Slots) -> None:
    unit = r"(mm|cm)"

    def between(m: re.Match[str]) -> None:
        low, low_unit, high, high_unit = m.groups()
        ends = sorted((_mm(low, low_unit or high_unit), _mm(high, high_unit)))
        slots.min_size_mm, slots.max_size_mm = ends[0], ends[1]

    def at_least(m: re.Match[str]) -> None:
        slots.min_size_mm = _mm(m.group(1), m.group(2))

    def at_most(m: re.Match[str]) -> None:
        slots.max_size_mm = _mm(m.group(1), m.group(2))

    def about(m: re.Match[str]) -> None:
        size = _mm(m.group(1), m.group(2))
        slots.min_size_mm, slots.max_size_mm = round(0.8 * size, 1), round(1.2 * size, 1)

    slots.take(rf"(?:between |from )?{NUMBER} ?(mm|cm)? ?(?:and|to|-) ?{NUMBER} ?{unit}\b", between)
    slots.take(rf"{NUMBER} ?{unit} (?:or|and) (?:more|larger|bigger|above|over|up|greater|longer)\b", at_least)
    slots.take(rf"{NUMBER} ?{unit}\+", at_least)
    slots.take(rf"{NUMBER} ?{unit} (?:or|and) (?:less|smaller|under|below|shorter)\b", at_most)
    slots.take(rf"(?<![\w]){lex.LESS} ?{NUMBER} ?{unit}\b", at_most)
    slots.take(rf"(?<![\w]){lex.MORE} ?{NUMBER} ?{unit}\b", at_least)
    slots.take(rf"(?:{lex.ABOUT} )?{NUMBER} ?{unit}\b(?: in (?:size|diameter))?", about)
    # no unit, but a word of size: millimetres are meant
    slots.take(rf"\b(?:larger|bigger|longer) than {NUMBER}(?! ?years)\b", lambda m: _set(slots, "min_size_mm", m))
    slots.take(rf"\b(?:smaller|shorter) than {NUMBER}(?! ?years)\b", lambda m: _set(slots, "max_size_mm", m))
    if slots.take(r"\b(?:of )?(?:the )?(?:same|similar|comparable) sizes?\b|\bsimilarly sized\b", lambda _: None):
        slots.size_like_region = True
    if match := re.search(
        r"\b(?:only|just)?(?: the)? ?(small|tiny|large|big|huge) (?:ones|lesions|cases|nodules)\b", slots.text
    ):
        slots.unclear = match.group(1)


def _set(slots: Slots, name: str, match: re.Match[str]) -> None:
    setattr(slots, name, _mm(match.group(1), "mm"))


# -- ages ----------------------------------------------------------------------------------------------------------
def _ages(slots: Slots) -> None:
    def span(low: int | None, high: int | None) -> None:
        slots.min_age = low if low is not None else slots.min_age
        slots.max_age = high if high is not None else slots.max_age

    def plausible(*ages: str) -> bool:
        return all(float(a) == int(float(a)) and 0 <= float(a) <= 120 for a in ages)

    def between(m: re.Match[str]) -> bool:
        low, high = m.group(1), m.group(2)
        if not plausible(low, high):
            return False
        span(*sorted((int(low), int(high))))
        return True

    def bound(is_min: bool) -> Callable[[re.Match[str]], bool]:
        def use(m: re.Match[str]) -> bool:
            if not plausible(m.group(1)):
                return False
            span(int(m.group(1)), None) if is_min else span(None, int(m.group(1)))
            return True

        return use

    def decade(m: re.Match[str]) -> None:
        part, first = (m.group(1) or "").strip(" -"), int(m.group(2))
        low, high = lex.DECADE_PART[part]
        span(first + low, first + high)

    def decades(m: re.Match[str]) -> None:
        span(int(m.group(1)), int(m.group(2)) + 9)

    def about(m: re.Match[str]) -> bool:
        if not plausible(m.group(1)):
            return False
        span(int(m.group(1)) - 5, int(m.group(1)) + 5)
        return True

    def exact(m: re.Match[str]) -> bool:
        if not plausible(m.group(1)):
            return False
        span(int(m.group(1)), int(m.group(1)))
        return True

    def years_from(m: re.Match[str]) -> bool:
        low, high = m.group(1), m.group(2)
        return between(m) if plausible(low, high) else False

    old = r"(?: ?(?:-| )?years?(?:(?:-| )old)?s?| years of age| of age)?"
    said_old = r"(?: ?(?:-| )?years?(?:(?:-| )old)?s?| years of age| of age)"
    aged = r"(?:aged?|ages|age of|patients? aged|(?:who )?(?:is|are|was|were))?"
    slots.take(r"\b(?:in (?:their|her|his|the) )?([1-9]0)s (?:and|or|to|-) (?:in (?:their|the) )?([1-9]0)s\b", decades)
    slots.take(r"\b(?:in (?:their|her|his|the) )?(early|mid|late)?(?:[ -])?(?:in (?:their|the) )?([1-9]0)'?s\b", decade)
    if slots.take(r"\b(?:of )?(?:the )?(?:same|similar|comparable) age(?: group)?s?\b|\bas old as (?:this|the) patient\b",
                  lambda _: None):  # fmt: skip
        slots.age_like_patient = True
    slots.take(rf"\b(?:{aged} )?(?:between|from) (\d+){old} (?:and|to|-) (\d+){old}", years_from)
    slots.take(rf"\b{aged} ?(\d+) ?(?:-|to|and) ?(\d+){said_old}", between)
    slots.take(r"\b(?:aged?|ages) (\d+) ?(?:-|to|and) ?(\d+)\b", between)
    slots.take(
        rf"\b(?:{aged} )?(\d+){old} ?(?:\+|(?:and|or) (?:older|over|above|up|more|beyond)\b|plus\b|upwards?\b)",
        bound(True),
    )
    slots.take(rf"\b(?:{aged} )?(\d+){old} (?:and|or) (?:younger|under|below|less)\b", bound(False))
    before = rf"(?<![\w])(?:{aged} )?"
    not_counted = rf"(?! ?(?:%|percent|hu\b|slices?|of (?:them|these|those)|(?:\w+ )?(?:{lex.CASE[3:-1]})\b))"
    slots.take(rf"{before}{lex.LESS} (?:the age of |age )?(\d+)\b{old}{not_counted}", bound(False))
    slots.take(rf"{before}{lex.MORE} (?:the age of |age )?(\d+)\b{old}{not_counted}", bound(True))
    slots.take(rf"\b(?:aged )?{lex.ABOUT} (?:the age of )?(\d+)\b{old}{not_counted}", about)
    slots.take(rf"\b(\d+){said_old}", exact)
    slots.take(r"\b(?:aged|age) (\d+)\b", exact)
    slots.take(r"(?<![\d.])([1-9]\d) ?(?:-|to) ?([1-9]\d)(?![\d.]| ?(?:%|hu\b))", between)  # a bare range is of years
    for phrase, (low, high) in lex.AGE_PHRASES:
        # "old women" is an age and a sex: leave the sex to be read
        def use(m: re.Match[str], low: int | None = low, high: int | None = high) -> None:
            span(low, high)
            for sex, words in lex.SEX_WORDS.items():
                if re.search(rf"\b{words}\b", m.group()):
                    slots.sex = cast(Sex, sex)

        slots.take(rf"\b(?:the )?{phrase}\b(?! visits?| stud| scans?)", use)


# -- regions and hits ----------------------------------------------------------------------------------------------
_NTH = r"(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|\d{1,2}(?:st|nd|rd|th))"


def _ordinal(word: str) -> int:
    """1 for first or 1st; -1 for last."""
    if word == "last":
        return -1
    return lex.ORDINALS.get(word) or int(re.sub(r"\D", "", word))


def _region_and_hit_references(slots: Slots) -> None:
    region, hits = slots.regions.append, slots.hits.append
    noun = r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|examples?|look-?alikes?|patients?|records?)"
    near = r"(?:closest|nearest|most similar|best|top|most alike)"

    def nth_hit(m: re.Match[str]) -> None:
        n = _ordinal(m.group(1))
        hits(HitRef("last") if n == -1 else HitRef("rank", n=n))

    def nth_region(m: re.Match[str]) -> None:
        n = _ordinal(m.group(1))
        region(RegionRef("last") if n == -1 else RegionRef("nth", n=n))

    def nth_one(m: re.Match[str]) -> None:
        slots.nth = _ordinal(m.group(1))

    slots.take(rf"\b(?:the )?{_NTH}[ -]{near}(?: (?:{noun}|one|lesion))?\b", nth_hit)
    slots.take(rf"(?:\b(?:the )?(?:{noun}|rank|number|no\.?|nr\.?|lesion) ?)?#(\d{{1,2}})\b",
               lambda m: hits(HitRef("rank", n=int(m.group(1)))))  # fmt: skip
    slots.take(rf"\b(?:{noun}|rank|number|no\.?|nr\.?) (\d{{1,2}})\b(?! ?(?:mm|cm|years|%))",
               lambda m: hits(HitRef("rank", n=int(m.group(1)))))  # fmt: skip
    if re.search(r"\b(?:compare|describe|details?|tell|differ\w*)\b", slots.text):
        slots.take(rf"\b(?:the )?(?:first|top|{near}) (\d) (?:{noun}|ones)\b|\b(?:the )?(\d) {near}(?: {noun}| ones)?\b",
                   lambda m: slots.hits.extend(HitRef("rank", n=n + 1) for n in range(min(5, int(m.group(1) or m.group(2))))))  # fmt: skip
    slots.take(rf"\b(?:the )?{_NTH} {noun}\b", nth_hit)
    slots.take(rf"\b(?:the )?{_NTH} (?:region|roi|box|suggestion|click)\b", nth_region)
    if re.search(r"\b(?:compare|against|with|versus|vs|than|about|describe|open|details?|old|size|sex|show(?: me)?|from"
                 r"|between|is|and|see|of|explain|difference)\b", slots.text):  # fmt: skip
        slots.take(rf"\b(?:the |its |their )(?:very )?{near}(?: (?:{noun}|one|lesion|atlas lesion|of them))?\b(?! \d)",
                   lambda _: hits(HitRef("rank", n=1)))  # fmt: skip
    slots.take(rf"\b(?:the )(?:{near}) (?:hit|case|match|result|neighbou?r|one|lesion)\b(?! \d)",
               lambda _: hits(HitRef("rank", n=1)))  # fmt: skip
    for words, kind in (("oldest", "oldest"), ("youngest", "youngest")):
        slots.take(rf"\b(?:the )?{words} (?:{noun}|one|wom[ae]n|m[ae]n)\b",
                   lambda _, kind=kind: hits(HitRef(cast(Literal["oldest", "youngest"], kind))))  # fmt: skip
    for words, kind in (("(?:biggest|largest)", "largest"), ("smallest", "smallest")):
        slots.take(rf"\b(?:the )?{words} {noun}\b",
                   lambda _, kind=kind: hits(HitRef(cast(Literal["largest", "smallest"], kind))))  # fmt: skip
    slots.take(r"\b(?:the )?(?:bigger|biggest|larger|largest)(?: (?:one|region|lesion|nodule|mass|spot))?\b(?! than)(?! ones)",
               lambda _: region(RegionRef("largest")))  # fmt: skip
    slots.take(r"\b(?:the )?(?:smaller|smallest|littler)(?: (?:one|region|lesion|nodule|mass|spot))?\b(?! than)(?! ones)",
               lambda _: region(RegionRef("smallest")))  # fmt: skip
    slots.take(r"\b(?:all|each|every|both)(?: of)?(?: the| my| these)? (?:\d+ )?(?:regions?|rois?|of them|boxes|suggestions?)\b"
               r"|\bboth\b(?! sex| gender)|\beach of them\b|\ball of them\b|\bevery region\b", lambda _: region(RegionRef("all")))  # fmt: skip
    slots.take(r"\bthe other (?:one|region|lesion|nodule)\b", lambda _: region(RegionRef("other")))
    slots.take(rf"\b(?:the |that |this )?{_NTH} (?:one|lesion|nodule|spot|mass)\b", nth_one)
    slots.take(r"(?:^|\b(?:and|about|same for|now|then|do) )(?:the )?" + _NTH + r"$", nth_one)
    slots.take(r"\b(?:this|that|the|my|selected|current|marked) (?:selected |current |marked )?(?:region|roi|spot|box|lesion"
               r"|nodule|mass|finding|abnormality|lump|thing|area|shadow|opacity|density|one)\b(?! types?)",
               lambda _: region(RegionRef("this")))  # fmt: skip


_PLACE = r"(?:regions?|rois?|places?|spots?|candidates?|suggestions?|findings?)"


# -- how many ------------------------------------------------------------------------------------------------------
def _counts(slots: Slots) -> None:
    def use(m: re.Match[str]) -> bool:
        number = next(g for g in m.groups() if g)
        slots.k = int(number)
        return True

    near = r"(?:closest|nearest|most similar|most alike|best|top|similar|nearest neighbou?r|other|more)"
    adjectives = r"(?:(?!\x00)(?!than|mm|cm|years|%|hu\b)[a-z-]+ ){0,3}?"
    def more(m: re.Match[str]) -> None:
        slots.more = int(m.group(1) or SHOW_MORE)

    noun = r"(?: (?:cases?|hits?|results?|examples?|of (?:them|these)))?"
    if slots.take(rf"\b(?:a few |some |give me |show me |even )*(?:(\d{{1,2}}) )?more{noun}$", more):
        return
    slots.take(r"\b(?:at most |up to |only |just )*(\d{1,3}) of (?:them|these|those)\b", use)
    slots.take(r"\b(?:just|only|exactly) (\d{1,2})$", use)
    slots.take(r"\b(?:top|best|first|closest|nearest)[ -]?(\d{1,3})\b(?! ?(?:mm|cm|years))", use) or slots.take(
        rf"\b(?:only |just |exactly )?(?:the )?(\d{{1,3}}) (?:of )?(?:the )?{near}\b", use
    ) or slots.take(
        rf"\b(?:only |just |exactly )?(?:the )?(\d{{1,3}})(?= {adjectives}(?:{lex.CASE}|{_PLACE})\b)", use
    ) or slots.take(r"\bk ?= ?(\d{1,3})\b|\blimit(?:ed)?(?: to)? (\d{1,3})\b", use)
    if slots.k is None and slots.take(
        r"\b(?:the|a) single (?:best|closest|nearest|most similar)(?: (?:hit|case|match|one))?\b|\b(?:just|only) (?:the )?(?:best|closest|"
        r"nearest|most similar)(?: (?:hit|case|match|one))?\b", lambda _: None):  # fmt: skip
        slots.k = 1


# -- sex and types -------------------------------------------------------------------------------------------------
def _sex(slots: Slots) -> None:
    other: dict[str, Sex] = {"F": "M", "M": "F"}
    for sex, words in lex.SEX_WORDS.items():
        if slots.take(rf"\b{lex.EXCEPT} (?:the |any |from |in )*{words}\b", lambda _: None):
            slots.sex = other[sex]
    for sex, words in lex.SEX_WORDS.items():
        if slots.take(rf"\b(?:(?:only|just) )?(?:in |from |for |of |among )?(?:only )?{words}\b", lambda _: None):
            slots.sex = slots.sex or cast(Sex, sex)
    slots.take(r"\bsex ?[:=]? ?(f|m)\b", lambda m: setattr(slots, "sex", m.group(1).upper()))


def _types(slots: Slots, atlas_types: tuple[str, ...]) -> None:
    """Types to search in, to leave out, or only named. Types of the atlas win over the built-in words."""
    vocabulary: dict[str, tuple[str, ...]] = {
        name: (re.escape(name.lower()).replace(r"\ ", "[- ]").replace(r"\-", "[- ]") + "s?",) for name in atlas_types
    }
    lower = {name.lower(): name for name in atlas_types}
    for name, words in lex.TYPE_WORDS.items():
        key = lower.get(name, name)
        vocabulary[key] = (*vocabulary.get(key, ()), *words)
    patterns = {name: "(?:" + "|".join(words) + ")" for name, words in vocabulary.items()}
    # the longest wording first: "abdominal wall" before "abdominal"
    marks: list[tuple[int, int, str]] = []
    for name, pattern in patterns.items():
        marks += [(m.start(), m.end(), name) for m in re.finditer(rf"(?<![\w-]){pattern}(?![\w])", slots.text)]
        marks += [(m.start(), m.end(), name) for m in re.finditer(rf"(?<=\bnon-){pattern}(?![\w])", slots.text)]
    chosen: list[tuple[int, int, str]] = []
    for start, end, name in sorted(marks, key=lambda m: (m[0] - m[1], m[0])):
        if all(end <= s or start >= e for s, e, _ in chosen):
            chosen.append((start, end, name))
    leaving_out = False
    last_end = 0
    for start, end, name in sorted(chosen):
        between = slots.text[last_end:start]
        if re.search(rf"(?:^|[^\w]){lex.EXCEPT}[ -](?:(?:in|from|the|any|of|show|me) )*$", slots.text[:start]):
            leaving_out = True
        elif not re.fullmatch(r"\W*(?:lesions?|nodules?)?(?:,|and|or|nor|/|&|\s|\x00|the|in|from)*", between):
            leaving_out = False
        last_end = end
        named_only = re.search(
            r"\b(?:this|that|my|these|those|(?:(?:similar|close|comparable|identical) to|like|resembles?) (?:the|an?))(?: \w+)? $",
            slots.text[:start],
        ) and re.match(rf" ?{lex.LESION}\b|$", slots.text[end:])
        target = slots.left_out if leaving_out else slots.named if named_only else slots.types
        if name not in target:
            target.append(name)
        if atlas_types and name not in atlas_types and name not in slots.unknown_types and not named_only:
            slots.unknown_types.append(name)
    for start, end, _ in sorted(chosen, reverse=True):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]
