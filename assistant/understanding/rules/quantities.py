"""Sizes, ages and numbers of hits, as people say them.

Every number (or range) of a request is found first, then its dimension is settled from what stands around it: its
unit, the words right after it, the words before it, and what the number before it was about. A comparison on either
side makes it a bound. What nothing explains stays unread, and is asked about.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from assistant.core import patterns
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import BLANK, Slots
from assistant.understanding.rules.quantities_in_words import (
    Bound,
    compare,
    read_age_phrases,
    read_counts_in_words,
    read_decades,
    read_likeness,
    set_remarks_aside,
    turned,
)

Dimension = Literal["age", "size", "count", "ignored", ""]

MM = {"mm": 1.0, "cm": 10.0, "inch": 25.4}
AROUND_SIZE, AROUND_AGE_YEARS = 0.2, 5  # what "about" allows either way
OLDEST_YEARS = 120
ADULT_YEARS = 18  # from here on "around 50" alone is an age
FEWEST_YEARS = 13  # below, a bare bound such as "at most 8" is hardly an age

_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(?: ?-?(mm|cm|inch)\b(?:-?sized)?)"
_YEARS = r"(?: ?-?(years?(?:[- ]?olds?)?(?: of age)?\b| of age\b))"
_TO = r"(?: ?(?:-|to|until|till|through|thru|up to|and) ?-?)"
_WRITTEN = re.compile(
    rf"(?<![\w.#]){_NUMBER}(?:{_UNIT}|{_YEARS})?(?:-?(?P<to>{_TO}){_NUMBER}(?![\w.])?(?:{_UNIT}"
    rf"|{_YEARS})?)?(?![\w%])(?!\.\d)"
)
_BETWEEN = re.compile(r"\b(?:between|from|of|ranges?|aged?|ages|anywhere)(?: (?:the )?(?:ages?|sizes?|years|of))*:? ?$")
_CHANGING = re.compile(
    rf"\b{lex.CHANGE}\b[\w ]*? from $"
    r"|\b(?:bump|raise|lower|increase|decrease|extend|change|move|shift|push|switch|reduce|widen) (?:it |the |that )?$"
)


@dataclass
class Quantity:
    """A number as it was written, with the text around it up to its neighbours."""

    start: int
    end: int
    low: float
    high: float | None  # of a range
    unit: str  # mm, cm, inch, years or nothing
    low_unit: str
    left: str
    right: str
    dimension: Dimension = ""
    bound: Bound = ""
    said: Bound = ""  # before a negation turned it round
    words: str = ""  # of comparison, before the number

    @property
    def whole(self) -> bool:
        return all(n is None or n == int(n) for n in (self.low, self.high))


def read_quantities(slots: Slots) -> None:
    """Sizes in mm, ages in years, counts; words of age such as "octogenarians" too."""
    set_remarks_aside(slots)
    read_decades(slots)
    read_counts_in_words(slots)
    before: Dimension = ""
    used: list[tuple[int, int]] = []
    written = [(q, *_compare(q)) for q in _written(slots.text)]
    for quantity, start, end in written:
        if any(_echoes(quantity, other) for other, *_ in written):
            used.append((start, end))
            continue
        quantity.dimension = _dimension(quantity, before)
        if not quantity.dimension:
            continue
        if quantity.dimension == "count" and (first := _FIRST.search(quantity.left)):
            start = min(start, quantity.start - len(quantity.left) + first.start())  # "the top 3" points at no hit
        if _USE[quantity.dimension](slots, quantity):
            used.append((start, end))
            if quantity.dimension in ("age", "size"):
                before = quantity.dimension
    for start, end in reversed(used):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]
    read_age_phrases(slots)
    read_likeness(slots)
    slots.unread = tuple(re.findall(r"(?<![\w.#-])\d+(?:\.\d+)?(?![\w.-])", slots.text))


def _echoes(q: Quantity, other: Quantity) -> bool:
    """ "From 40 on, not until 40", "above 80, so without the 80 year olds": the same number only once more."""
    if q is other or q.low != other.low or q.high is not None or other.high is not None or not other.bound:
        return False
    return not q.bound or (q.bound != q.said and other.bound == other.said)


def _written(text: str) -> Iterator[Quantity]:
    spans: list[tuple[int, int, str, str | None, str, str]] = []
    for match in _WRITTEN.finditer(text):
        first, low_unit, low_years, second, unit, years = match.group(1, 2, 3, 5, 6, 7)
        start, end = match.span()
        if second and not _is_range(match, text[:start]):
            # two numbers that only stand beside each other: take the first, look at the second on its own
            end = match.end(3) if low_years else match.end(2) if low_unit else match.end(1)
            spans += [(start, end, first, None, low_unit or ("years" if low_years else ""), "")]
            spans += [(match.start(5), match.end(), second, None, unit or ("years" if years else ""), "")]
            continue
        own = low_unit or ("years" if low_years else "")
        last = unit or ("years" if years else "")
        if (
            second and match.group("to").strip() in ("to", "up to") and _CHANGING.search(text[:start])
        ):  # "raise it from 60 to 70": the second is what is wanted
            spans.append((start, end, second, None, last or own, ""))
        else:
            spans.append((start, end, first, second, last if second else own, own))
    for i, (start, end, low, high, unit, low_unit) in enumerate(spans):
        left = text[spans[i - 1][1] if i else 0 : start]
        right = text[end : spans[i + 1][0] if i + 1 < len(spans) else len(text)]
        yield Quantity(start, end, float(low), float(high) if high else None, unit or "", low_unit or "", left, right)


def _is_range(match: re.Match[str], before: str) -> bool:
    joint = match.group("to").strip()
    if joint in ("and", "up to"):
        both_sizes = joint == "up to" and bool(match.group(2))
        alone = not patterns.search(
            r"[a-z]{3}", patterns.compiled(r"\b(?:i )?(?:meant?|mean|sorry|wait|rather)\b").sub("", before)
        )
        return bool(_BETWEEN.search(before)) or both_sizes or (joint == "and" and alone and not match.group(6))
    return not (joint == "-" and match.group("to") != "-" and before.rstrip().endswith(","))


def _compare(q: Quantity) -> tuple[int, int]:
    """Settle the bound of a quantity; the span it takes with the words of comparison."""
    found = compare(q.left, q.right)
    q.bound, q.said, q.words = found.bound, found.said, found.words
    return q.start - found.left, q.end + found.right


# -- dimensions ------------------------------------------------------------------------------------------------------
_NO_FILTER_RIGHT = re.compile(r"^ ?(?:%|percent|hu\b|slices?\b|of \d|weeks?\b|days?\b|months?\b|minutes?\b|times\b)")
_NO_FILTER_LEFT = re.compile(
    r"\b(?:slices?|series|image|ward|room|bed|seg|segment|grade|figure|step|turn|part|level|page|chapter|case"
    r" no)(?: number)? $"
    r"|\b(?:instead of|rather than|no need for|not(?! over| under| more| less)|version|like i am|i am|as if i were) $"
)
_AGE_RIGHT = re.compile(
    rf"^(?:{lex.OR_MORE}|{lex.OR_LESS})? ?(?:years?|-year|or older|or younger|(?:and|or) (?:old|young|eld)er|of"
    rf" age|when scanned)\b"
    r"|^ ?(?:and|or) (?:older|younger|elder)"
)
_SIZE_RIGHT = re.compile(
    r"^ ?(?:(?:or|and) (?:larger|bigger|longer|smaller|shorter|wider)|in (?:size|diameter|length)|across|long\b|wide\b)"
)
_ADJECTIVES = r"(?:(?!\x00|than|years|but\b|with\b|in\b|from\b|for\b|of\b|is\b|are\b)[a-z-]+ ){0,5}?"
_COUNT_RIGHT = re.compile(
    rf"^ ?(?:of )?(?:the )?(?:{_ADJECTIVES}(?:{lex.CASE}|{lex.PLACE}|{lex.COUNTED})\b|of (?:them|these|those)\b"
    r"|(?:closest|nearest|most similar|most alike|best|top|similar|more\b|other\b|comparable|alike)"
    r"|(?:is|are|will|would|should) (?:be )?(?:enough|plenty|sufficient|do|suffice|fine|ok|okay|good)\b|max\b$"
    r"|instead of\b|at the outside\b|(?:(?:extra|supplementary|additional|further) )+)"
)
_AGE_LEFT = re.compile(
    rf"\b(?:older|younger|elder|aged?|ages?(?: (?:of|between|from))?|born|(?:{lex.PEOPLE})(?: (?:who|that|is"
    rf"|are|be|being|with|at|of|only"
    rf"|not|should|aged))*)[ :=<>]*$"
)
_SIZE_LEFT = re.compile(
    r"\b(?:larger|bigger|longer|smaller|shorter|wider|sizes?|sized|diameters?|(?:long )?ax[ie]s|length|measuring"
    r"|measures?"
    r"|extent)(?: (?:should|must|is|are|be|of|than|as))*[ :=<>]*$"
)
_FIRST = re.compile(r"\b(?:the )?(?:top|best|closest|nearest) $")
_OR_SO = re.compile(r"^,? or (?:so|thereabouts)")
_COUNT_LEFT = re.compile(
    r"(?:\b(?:top|best|first|closest|nearest|limit(?:ed)?(?: (?:it|that|this|them|the list|hits|results))?(?: to|"
    r" at)?|k|n|fewer"
    r"|number of (?:hits|results|cases|matches)|results?|hits?|matches|count|max_regions"
    r"|(?:trim|cut|shorten|reduce|cap|shrink|cut down|boil down|whittle)(?:p?ed|med)?"
    r"(?: (?:it|this|that|them|the|list|hits|results|number|down|of))*(?: (?:to|at))?)|\bx)[- :=]*(?:only|just"
    r"|to)? ?$"
)
_COUNT_ASKED = re.compile(
    r"(?:^|\b(?:show|give|find|get|list|want|need|take|pull|fetch|retrieve|display|bring|see|have|only|just"
    r"|exactly|like|about"
    r"|keep|send|say|make (?:it|that|them)(?: only| just)|it to|that to|us|me|up to|on|at most|at least))(?: (?:me"
    r"|us|up))? ?$"
)
_ALONE = re.compile(
    r"^\W*(?:only|just|instead|then|now|cases|thanks|thank you|for now|will be enough|would be enough)?\W*(?:$|,|\.|;)"
)


_COMPARED = (
    ("age", re.compile(r"\b(?:older|elder|younger|age|youngest|oldest|eldest)")),
    ("size", re.compile(r"\b(?:larger|bigger|longer|smaller|shorter|size|diameter|smallest|largest|biggest|longest)")),
    ("count", re.compile(r"\bfewer")),
)


def _dimension(q: Quantity, before: Dimension) -> Dimension:
    """What a number is about; nothing if nobody can tell."""
    if q.unit in MM or q.low_unit in MM:
        return "size"
    if q.unit == "years":
        return "age"
    if _NO_FILTER_RIGHT.search(q.right) or (not q.bound and _NO_FILTER_LEFT.search(q.left)):
        return "ignored"
    # "older than": the comparison itself says what is compared
    for dimension, words in _COMPARED:
        if words.search(q.words):
            return cast(Dimension, dimension)
    left = q.left[: len(q.left) - len(q.words)]
    if q.words:
        at = turned(left)[0]
        if patterns.search(
            r"\b(?:nobody|no one|no-one|noone|anyone|anybody|everyone|everybody|people"
            r"|patients?)\b",
            left[at:],
        ):
            return "age"
        left = left[:at]
    if _AGE_RIGHT.search(q.right):
        return "age"
    if _SIZE_RIGHT.search(q.right):
        return "size"
    likely_age = "over" in (q.bound, q.said) or "under" in (q.bound, q.said)
    likely_age = likely_age and q.low >= FEWEST_YEARS
    after = _OR_SO.sub("", q.right)
    fits = not (q.bound and q.low >= FEWEST_YEARS and patterns.match(r" (?:will|would|is|are)\b", after))
    if q.high is None and fits and _COUNT_RIGHT.search(after) and not likely_age:
        return "count"
    for dimension, words in (("size", _SIZE_LEFT), ("age", _AGE_LEFT), ("count", _COUNT_LEFT)):
        if words.search(left) and not (dimension == "count" and (likely_age or q.high is not None)):
            return cast(Dimension, dimension)
    if before and (q.bound or q.high is not None):
        return before
    asked = _COUNT_ASKED.search(q.left) and _ALONE.search(q.right)
    fewest = 0 if not q.left.strip() else 1 if q.bound else 4
    if q.bound in ("", "at most") and q.high is None and q.whole and asked and q.low < FEWEST_YEARS * fewest:
        return "count"
    if q.bound and q.whole and (q.bound != "about" or q.low >= ADULT_YEARS):
        return "age" if q.low >= FEWEST_YEARS else "count" if q.bound == "at most" else ""
    if q.high is not None and q.whole and 10 <= q.low < q.high < 100:
        return "age"
    if (
        not q.bound
        and q.high is None
        and q.whole
        and q.low <= 50
        and not q.left.strip()
        and q.start
        and not q.right.strip(" .")
    ):
        return "count"  # "liver f >60 5": a last number by itself
    return ""


# -- what to do with them --------------------------------------------------------------------------------------------
def _use_size(slots: Slots, q: Quantity) -> bool:
    unit = MM.get(q.unit) or MM.get(q.low_unit) or 1.0
    low_unit = MM.get(q.low_unit, unit)
    low = _plain(q.low * low_unit)
    if q.high is not None:
        slots.min_size_mm, slots.max_size_mm = sorted((low, _plain(q.high * unit)))
    elif q.bound in ("at least", "over"):
        slots.min_size_mm = low
    elif q.bound in ("at most", "under") or patterns.search(rf"\b{lex.WIDEN}\b.* $", q.left):
        slots.max_size_mm = low
    else:
        slots.min_size_mm, slots.max_size_mm = round((1 - AROUND_SIZE) * low, 1), round((1 + AROUND_SIZE) * low, 1)
    return True


def _use_age(slots: Slots, q: Quantity) -> bool:
    """Years are whole, so "over 60" begins at 61."""
    if not q.whole or max(q.low, q.high or 0) > OLDEST_YEARS:
        return False
    age = int(q.low)
    if q.high is not None:
        slots.min_age, slots.max_age = sorted((age, int(q.high)))
    elif q.bound in ("at least", "over"):
        slots.min_age = age + (q.bound == "over")
    elif q.bound in ("at most", "under"):
        slots.max_age = age - (q.bound == "under")
    elif q.bound == "about":
        slots.min_age, slots.max_age = age - AROUND_AGE_YEARS, age + AROUND_AGE_YEARS
    else:
        slots.min_age = slots.max_age = age
    return True


def _use_count(slots: Slots, q: Quantity) -> bool:
    if not q.whole or q.low < 1:
        return False
    if patterns.match(r" ?(?:more|further|additional)\b(?! than)", q.right):
        slots.more = int(q.low)
    else:
        slots.k = int(q.high or q.low)
    return True


_USE: dict[Dimension, Callable[[Slots, Quantity], bool]] = {
    "size": _use_size, "age": _use_age, "count": _use_count, "ignored": lambda _, __: True,
}  # fmt: skip


def _plain(size_mm: float) -> float:
    return int(size_mm) if size_mm == int(size_mm) else round(size_mm, 2)
