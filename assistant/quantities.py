"""Sizes, ages and numbers of hits, as people say them."""

import re
from collections.abc import Callable
from typing import cast

from assistant import lexicon as lex
from assistant.slots import NUMBER, SHOW_MORE, Sex, Slots


# -- sizes ---------------------------------------------------------------------------------------------------------
def _mm(value: str, unit: str) -> float:
    size = float(value) * (10 if unit == "cm" else 1)
    return int(size) if size == int(size) else round(size, 2)


def read_sizes(slots: Slots) -> None:
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
    if re.search(r"\b(?:extend|widen|raise|increase|stretch|expand)\b", slots.text):
        slots.take(rf"\b(?:up )?to {NUMBER} ?{unit}\b", at_most)
    for words, use in ((lex.AT_LEAST, at_least), (lex.AT_MOST, at_most), (lex.OVER, at_least), (lex.UNDER, at_most)):
        slots.take(rf"(?<![\w]){words} ?{NUMBER} ?{unit}\b", use)
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
def read_ages(slots: Slots) -> None:
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

    def bound(is_min: bool, beyond: int = 0) -> Callable[[re.Match[str]], bool]:
        """A bound at the number, or one year beyond it: "over 60" begins at 61."""

        def use(m: re.Match[str]) -> bool:
            if not plausible(m.group(1)):
                return False
            age = int(m.group(1))
            span(age + beyond, None) if is_min else span(None, age - beyond)
            return True

        return use

    def plausible_only(m: re.Match[str]) -> bool:  # a remark about the patient, not a filter
        return plausible(m.group(1))

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
    if slots.take(r"\b(?:of )?(?:the )?(?:same|similar|comparable) age(?: group)?s?\b|\bas old as (?:this|the) "
                  r"patient\b",
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
    slots.take(
        rf"\b(?:guy|patient|man|woman|he|she|who|lady|person) is (\d+)\b{old}(?! ?(?:or|and|to|-))", plausible_only
    )
    for words, is_min, beyond in (
        (lex.AT_LEAST, True, 0), (lex.AT_MOST, False, 0), (lex.OVER, True, 1), (lex.UNDER, False, 1),
    ):  # fmt: skip
        slots.take(rf"{before}{words} ?(?:the age of |age )?(\d+)\b{old}{not_counted}", bound(is_min, beyond))
    slots.take(rf"\b(?:aged )?{lex.ABOUT} (?:the age of )?(\d+)\b{old}{not_counted}", about)
    slots.take(rf"\b(\d+){said_old}", exact)
    slots.take(r"\b(?:aged|age) (\d+)\b", exact)
    slots.take(r"(?<![\d.])([1-9]\d) ?(?:-|to) ?([1-9]\d)(?![\d.]| ?(?:%|hu\b))", between)  # a bare range is of years
    for phrase, (low, high) in lex.AGE_PHRASES:
        # "old women" is an age and a sex: leave the sex to be read
        def use(m: re.Match[str], low: int | None = low, high: int | None = high) -> None:
            if slots.min_age is None and slots.max_age is None:  # "adults aged 30 to 50": the numbers say more
                span(low, high)
            for sex, words in lex.SEX_WORDS.items():
                if re.search(rf"\b{words}\b", m.group()):
                    slots.sex = cast(Sex, sex)

        slots.take(rf"\b(?:the )?{phrase}\b(?! visits?| stud| scans?)", use)


_PLACE = r"(?:regions?|rois?|places?|spots?|candidates?|suggestions?|findings?)"


# -- how many ------------------------------------------------------------------------------------------------------
def read_counts(slots: Slots) -> None:
    def use(m: re.Match[str]) -> bool:
        number = next(g for g in m.groups() if g)
        slots.k = int(number)
        return True

    near = r"(?:closest|nearest|most similar|most alike|best|top|similar|nearest neighbou?r|other|more)"
    adjectives = r"(?:(?!\x00)(?!than|mm|cm|years|%|hu\b)[a-z-]+ ){0,3}?"

    def more(m: re.Match[str]) -> None:
        slots.more = int(m.group(1) or SHOW_MORE)

    slots.take(r"(?<=\d) instead of \d{1,3}\b", lambda _: None)
    if slots.take(r"\b(?:the )?next (?:(\d{1,2})|ones|hits|cases|results)\b", more):
        return
    noun = r"(?: (?:cases?|hits?|results?|examples?|of (?:them|these)))?"
    if slots.take(rf"\b(?:a few |some |give me |show me |even )*(?:(\d{{1,2}}) )?more{noun}$", more):
        return
    slots.take(r"\b(?:at most |up to |only |just )*(\d{1,3}) of (?:them|these|those)\b", use)
    slots.take(r"\b(?:give me|show|show me|list|find|get|want|need|take) (\d{1,2})$", use)
    slots.take(r"\b(?:just|only|exactly) (\d{1,2})$|\bx ?(\d{1,2})$", use)
    slots.take(r"\b(?:top|best|first|closest|nearest)[ -]?(\d{1,3})\b(?! ?(?:mm|cm|years))", use) or slots.take(
        rf"\b(?:only |just |exactly )?(?:the )?(\d{{1,3}}) (?:of )?(?:the )?{near}\b", use
    ) or slots.take(
        rf"\b(?:only |just |exactly )?(?:the )?(\d{{1,3}})(?= {adjectives}(?:{lex.CASE}|{_PLACE})\b)", use
    ) or slots.take(r"\b[kn] ?= ?(\d{1,3})\b|\blimit(?:ed)?(?: to)? (\d{1,3})\b", use)
