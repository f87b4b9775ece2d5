"""Sizes, ages and numbers of hits, as people say them.

Every number (or range) of a request is found first, then its dimension is settled from what stands around it: its
unit, the words right after it, the words before it, and what the number before it was about. A comparison on either
side makes it a bound. What nothing explains stays unread, and is asked about.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from assistant import lexicon as lex
from assistant import patterns
from assistant.slots import BLANK, SHOW_MORE, Sex, Slots

Dimension = Literal["age", "size", "count", "ignored", ""]
Bound = Literal["at least", "at most", "over", "under", "about", ""]

MM = {"mm": 1.0, "cm": 10.0, "inch": 25.4}
AROUND_SIZE, AROUND_AGE_YEARS = 0.2, 5  # what "about" allows either way
OLDEST_YEARS = 120
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
_CHANGING = re.compile(rf"\b{lex.CHANGE}\b[\w ]*? (?:from )?$")


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

    @property
    def whole(self) -> bool:
        return all(n is None or n == int(n) for n in (self.low, self.high))


def read_quantities(slots: Slots) -> None:
    """Sizes in mm, ages in years, counts; words of age such as "octogenarians" too."""
    _remarks(slots)
    _decades(slots)
    _counts_in_words(slots)
    before: Dimension = ""
    used: list[tuple[int, int]] = []
    for quantity in _written(slots.text):
        start, end = _compare(quantity)
        quantity.dimension = _dimension(quantity, before)
        if not quantity.dimension:
            continue
        if _USE[quantity.dimension](slots, quantity):
            used.append((start, end))
            if quantity.dimension in ("age", "size"):
                before = quantity.dimension
    for start, end in reversed(used):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]
    _age_phrases(slots)
    _like_the_patient(slots)
    slots.unread = tuple(re.findall(r"(?<![\w.#-])\d+(?:\.\d+)?(?![\w.-])", slots.text))


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
        if second and _CHANGING.search(text[:start]):  # "raise it from 60 to 70": the second is what is wanted
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


# -- comparisons -----------------------------------------------------------------------------------------------------
_SKIP = (
    r"(?: |:|=|\(|the|an?|age[ds]?|ages|of|than|about|years?|sizes?|to|at|in|that|is|exactly|value|someone"
    r"|those|patients?)*"
)
_LEFT: tuple[tuple[Bound, re.Pattern[str]], ...] = tuple(
    (cast(Bound, bound), re.compile(rf"(?:(?<!\w)(?=\w)|(?!\w))(?:{words}){_SKIP}$"))
    for bound, words in (
        ("at least", lex.AT_LEAST), ("at most", lex.AT_MOST), ("over", lex.OVER), ("under", lex.UNDER),
        ("about", lex.ABOUT),
    )
)  # fmt: skip
_RIGHT: tuple[tuple[Bound, re.Pattern[str]], ...] = tuple(
    (cast(Bound, bound), re.compile(rf"^ ?(?:{words})(?!\w)"))
    for bound, words in (("at least", lex.OR_MORE), ("at most", lex.OR_LESS))
)
_NEGATED = re.compile(
    rf"(?:^|[^\w])(?:not|no|nobody|nothing|none|never|neither|nor|no one|no-one|noone|{lex.LEAVE_OUT})"
    rf"(?: (?:of|them|those|the|any|anyone|anybody|anything|everyone|everybody|everything|all|ones?|that|which|who"
    rf"|is|are"
    rf"|was|were|be|being|a|patients?|people|persons?|lesions?|nodules?|cases?|results?|hits?|get|go|goes|women"
    rf"|men|even|and|or))*\W*$"
)
_FLIPPED: dict[Bound, Bound] = {"over": "at most", "under": "at least", "at least": "under", "at most": "over"}


def _compare(q: Quantity) -> tuple[int, int]:
    """Settle the bound of a quantity; the span it takes with the words of comparison."""
    start, end = q.start, q.end
    found: list[tuple[int, Bound]] = [(m.start(), b) for b, p in _LEFT if (m := p.search(q.left))]
    if found:
        at, q.bound = min(found, key=lambda f: (f[0], f[1]))
        q.said = q.bound
        start = q.start - len(q.left) + at
        if (no := _NEGATED.search(q.left[:at])) and q.bound in _FLIPPED:
            q.bound = _FLIPPED[q.bound]
            start = q.start - len(q.left) + no.start()
    for bound, pattern in _RIGHT:
        if (match := pattern.search(q.right)) and (not q.bound or q.bound == "about"):
            q.bound = bound
            end = q.end + match.end()
            no = _NEGATED.search(q.left)
            if no and bound in _FLIPPED:
                q.bound = _FLIPPED[bound]
                start = q.start - len(q.left) + no.start()
    return start, end


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
    r"|instead\b)"
)
_AGE_LEFT = re.compile(
    rf"\b(?:older|younger|elder|aged?|ages|born|(?:{lex.PEOPLE})(?: (?:who|that|is|are|be|being|with|at|of|only"
    rf"|not|should|aged))*)[ :=<>]*$"
)
_SIZE_LEFT = re.compile(
    r"\b(?:larger|bigger|longer|smaller|shorter|wider|sizes?|sized|diameters?|(?:long )?ax[ie]s|length|measuring"
    r"|measures?"
    r"|extent)(?: (?:should|must|is|are|be|of|than|as))*[ :=<>]*$"
)
_COUNT_LEFT = re.compile(
    r"(?:\b(?:top|best|first|closest|nearest|limit(?:ed)?(?: (?:it|that|this|them|the list|hits|results))?(?: to|"
    r" at)?|k|n|fewer"
    r"|number of (?:hits|results|cases|matches)|results?|hits?|matches|count|max_regions)|\bx)[- :=]*(?:only|just"
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


def _dimension(q: Quantity, before: Dimension) -> Dimension:
    """What a number is about; nothing if nobody can tell."""
    if q.unit in MM or q.low_unit in MM:
        return "size"
    if q.unit == "years":
        return "age"
    if _NO_FILTER_RIGHT.search(q.right) or (not q.bound and _NO_FILTER_LEFT.search(q.left)):
        return "ignored"
    left = q.left
    for _, pattern in _LEFT:
        if match := pattern.search(left):
            # "older than": the comparison itself says what is compared
            said = match.group()
            if patterns.search(r"\b(?:older|younger|age)", said):
                return "age"
            if patterns.search(r"\b(?:larger|bigger|longer|smaller|shorter|size)", said):
                return "size"
            if patterns.search(r"\bfewer", said):
                return "count"
            left = left[: match.start()]
            if no := _NEGATED.search(left):
                left = left[: no.start()]
            break
    if _AGE_RIGHT.search(q.right):
        return "age"
    if _SIZE_RIGHT.search(q.right):
        return "size"
    likely_age = "over" in (q.bound, q.said) or "under" in (q.bound, q.said)
    likely_age = likely_age and q.low >= FEWEST_YEARS
    if q.high is None and _COUNT_RIGHT.search(q.right) and not likely_age:
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
    if q.bound and q.bound != "about" and q.whole:
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


# -- in words --------------------------------------------------------------------------------------------------------
def _remarks(slots: Slots) -> None:
    """ "This guy is 72": said of the patient, not asked of the hits."""
    one = rf"(?:my|this|the|our|a) (?:{lex.PEOPLE})|he|she"
    slots.take(
        rf"\b(?:{one})(?: here)? (?:is|was|being) (?:an? )?\d+(?:[- ]years?)?(?:[- ]old)?s?\b(?: (?:years old|man"
        rf"|woman|lady"
        r"|male|female|gentleman|guy|patient))?(?! ?(?:or|and|to|-|\+))",
        lambda _: None,
    )


def _decades(slots: Slots) -> None:
    whose = r"(?:in (?:their|her|his|the|late) )?"

    widens = patterns.search(rf"\b{lex.WIDEN}\b[\w ]* to ", slots.text)

    def years(m: re.Match[str]) -> None:
        first, part, last, beyond = m.group("first"), m.group("part"), m.group("last"), m.group("beyond")
        low, high = lex.DECADE_PART[(part or "").strip(" -")]
        slots.min_age, slots.max_age = int(first) + low, int(last or first) + (9 if last else high)
        if widens:
            slots.min_age = None
        if beyond:
            if patterns.search(r"old|up|over|above|on|beyond", beyond):
                slots.max_age = None
            else:
                slots.min_age = None

    slots.take(
        rf"\b{whose}(?:the )?(?P<part>early|mid|middle|late)?[ -]?{whose}(?P<first>[1-9]0)'?s\b"
        rf"(?: ?(?:and|or|to|-|through|until|&) ?{whose}(?:the )?(?:early |mid |late )?(?P<last>[1-9]0)'?s\b)?"
        r"(?P<beyond> (?:and|or) (?:older|over|above|up|upwards?|beyond|younger|below|under)\b| ?\+| onwards?\b)?",
        years,
    )


def _counts_in_words(slots: Slots) -> None:
    """ "Just the closest one", "a few more", "the next ones"."""
    near = r"(?:best|closest|nearest|most similar|top)"
    pointing = patterns.search(r"\b(?:compar\w+|describe|about|details?|differ\w*|against|versus|vs)\b", slots.text)
    noun = r"(?: (?:hit|case|match|one|lesion|result|neighbou?r|look-?alike))?"
    if not pointing and slots.take(
        rf"\b(?:(?:the|a|1) single|(?:just|only|exactly)(?: the| 1)?) {near}{noun}\b(?! \d)", lambda _: None
    ):
        slots.k = 1

    def more(m: re.Match[str]) -> None:
        slots.more = int(m.group(1) or SHOW_MORE)

    noun = (
        r"(?: (?:similar |such |of )*(?:cases?|hits?|results?|examples?|lesions?|matches|of (?:them|these)|them"
        r"|look-?alikes?))?"
    )
    slots.take(r"\b(?:the )?next (?:(\d{1,2})|ones|hits|cases|results|page|batch)\b(?! slide)", more) or slots.take(
        rf"\b(?:a few |some |give me |show |show me |even |any |see |get |load |list )+(?:(\d{{1,2}})"
        rf" )?more{noun}\W*$",
        more,
    ) or slots.take(rf"^\W*(?:and |now )?(?:(\d{{1,2}}) )?more{noun}\W*$", more)


def _age_phrases(slots: Slots) -> None:
    for phrase, (low, high) in lex.AGE_PHRASES:
        match = patterns.search(
            rf"\b(?:the )?{phrase}\b(?! visits?| stud| scans?| films?| exams?| images?)", slots.text
        )
        if match is None:
            continue
        before, after = slots.text[: match.start()], slots.text[match.end() :]
        if patterns.search(
            rf"(?:^|\W)(?:not|no|never|{lex.LEAVE_OUT})(?: (?:the|any|for|from|in|of))* $", before
        ) or patterns.match(rf" (?:(?:too|also|are|is) )*{lex.EXCEPTED}", after):
            # "no children" is a bound; what only takes a middle part away cannot be one
            low, high = (
                (high + 1 if low is None and high is not None else None),
                (low - 1 if high is None and low else None),
            )
            if low is None and high is None:
                slots.take(rf"\b(?:the )?{phrase}\b", lambda _: None)
                continue
        if slots.min_age is None and slots.max_age is None:  # "adults aged 30 to 50": the numbers say more
            slots.min_age, slots.max_age = low, high
            slots.cleared.add("age")  # a group replaces whatever range there was
        for sex, words in lex.SEX_WORDS.items():  # "old women" is an age and a sex
            if patterns.search(rf"\b{words}\b", match.group()):
                slots.sex = cast(Sex, sex)
        slots.text = slots.text[: match.start()] + BLANK + slots.text[match.end() :]


def _like_the_patient(slots: Slots) -> None:
    if slots.take(
        r"\b(?:of |at |with |in )?(?:about |roughly )?(?:the |a )?(?:same|similar|comparable|her|his|my patient's)"
        r" age(?: group)?s?\b"
        r"|\b(?:as old as|the age of) (?:this|the|my) patient\b|\bage[- ]matched\b",
        lambda _: None,
    ):
        slots.age_like_patient = True
    if slots.take(
        r"\b(?:of |with |in )?(?:about |roughly )?(?:the |a )?(?:same|similar|comparable) (?:sizes?|diameters?"
        r"|dimensions?)\b"
        r"|\bsimilarly sized\b|\bsimilar[- ]sized\b|\bequally (?:big|large)\b|\bas (?:big|large|small) as (?:mine"
        r"|this|it)\b",
        lambda _: None,
    ):
        slots.size_like_region = True
    vague = r"(small|tiny|little|large|big|huge|old|young)(?:er|est)?"
    match = patterns.search(
        rf"\b(?:only|just)(?: the)? {vague}\W*$|\b(?:only |just )?(?:the )?{vague} (?:ones|lesions|cases|nodules"
        rf"|people|patients|persons|folks)\b",
        slots.text,
    )
    if (
        match
        and slots.min_size_mm is None
        and slots.max_size_mm is None
        and slots.min_age is None
        and slots.max_age is None
    ):
        slots.unclear = match.group(1) or match.group(2)
    bare = patterns.search(r"^\W*(?:and |even |but |now |only )*(smaller|larger|bigger|older|younger)\W*$", slots.text)
    if bare:
        slots.unclear = bare.group(1)
