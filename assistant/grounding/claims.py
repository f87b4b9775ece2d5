"""What a sentence claims: numbers with units, counts, shares, ids, types, people, comparisons. No judgement here.

The reader goes over a sentence from the most specific wording to the least and masks what it has read with a filler of
the same length, so that positions stay true and nothing is read twice. A digit that nothing has read is a claim too.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.core.number_words import UNITS
from tools.atlas.confidence import LIMIT_WORDS

Kind = Literal[
    "lesion", "region", "evidence", "unknown_id", "file", "patient_key", "group_count", "slice", "pixels", "share",
    "all",
    "delta", "comparison", "like_size", "age_bound", "size_bound", "age", "sex", "people", "size", "size_pair", "area",
    "hu", "percent", "similarity", "score", "geometry", "rank", "closest", "count", "confidence", "no_type", "no_hits",
    "no_vote", "no_region", "no_rank", "same_patient", "other_patients", "type", "number", "body_part",
    "limit",
]  # fmt: skip
MASK = "\x00"
NUM = r"(\d+(?:\.\d+)?)"
WORDS = {word: n for n, word in enumerate(UNITS) if n}
COUNT = rf"(\d+|{'|'.join(WORDS)})"
CASE_NOUN = (
    r"(?:(?:retrieved |similar |matching |atlas |found )?"
    r"(?:hits?|cases?|match(?:es)?|results?|neighbou?rs?|look-?alikes?|retrieved lesions?))"
)
NEAR = r"(?:closest|nearest|most similar|top|best|first)"
TYPE_ADJECTIVES = {
    "hepatic": "liver", "pulmonary": "lung", "renal": "kidney", "osseous": "bone", "bony": "bone", "skeletal": "bone",
    "mediastinal": "mediastinum", "pelvic": "pelvis", "abdominal": "abdomen",
}  # fmt: skip
SEXES = {
    "woman": "F", "female": "F", "girl": "F", "lady": "F", "man": "M", "male": "M", "boy": "M", "gentleman": "M",
}  # fmt: skip
PLURAL_SEXES = {
    "women": "F", "females": "F", "girls": "F", "ladies": "F", "men": "M", "males": "M", "boys": "M",
    "female patients": "F", "male patients": "M",
}  # fmt: skip
SIDES = {"under": "under", "less than": "under", "over": "over", "more than": "over"}
UP, DOWN = ("longer", "larger", "bigger", "greater", "older", "wider"), ("shorter", "smaller", "younger")
HEDGE = r"(?:about|around|roughly|approximately|approx\.?|nearly|almost|some|~|≈|close to)"


@dataclass(frozen=True)
class Quantity:
    """A number as it was written, in base units, with the half step of its last digit."""

    value: float
    half_step: float

    def fits(self, fact: float | None) -> bool:
        """Whether the fact rounds to what was written."""
        return fact is not None and abs(fact - self.value) <= self.half_step + 1e-6


@dataclass(frozen=True)
class Claim:
    """One claim: its kind, where it stands, and what it says."""

    kind: Kind
    text: str
    start: int
    end: int
    numbers: tuple[Quantity, ...] = ()
    words: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Names:
    """The names a sentence may use; all else that looks like one is unknown."""

    lesions: Collection[str] = frozenset()
    patients: Collection[str] = frozenset()
    files: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # of the atlas counts


def quantity(digits: str, scale: float = 1.0, loose: bool = False) -> Quantity:
    """A written number; `loose` when it is hedged ("about 20")."""
    decimals = len(digits.partition(".")[2])
    value = float(digits) * scale
    return Quantity(value, max(0.5 * 10**-decimals * scale, 0.1 * abs(value) if loose else 0.0))


def count_of(word: str) -> int:
    """4 for `4` or `four`."""
    return int(word) if word.isdigit() else WORDS[word.lower()]


def read_claims(sentence: str, names: Names) -> list[Claim]:
    """All claims of one sentence, in order."""
    reader = _Reader(sentence, names)
    reader.read()
    return sorted(reader.claims, key=lambda c: c.start)


Use = Callable[[re.Match[str]], Claim | None]


class _Reader:
    def __init__(self, sentence: str, names: Names) -> None:
        self.text = re.sub(r"[–—−]", "-", sentence.replace("**", "  ").replace("\u00a0", " ").replace("\u202f", " "))
        self.names = names
        self.claims: list[Claim] = []
        types = {**{t.lower(): t for t in names.types}, **TYPE_ADJECTIVES}
        self.types = {k: v for k, v in types.items() if v in names.types}
        self.type = _alternatives(self.types) if self.types else r"(?!)"

    def read(self) -> None:
        self._examples()
        self._ids()
        self._shares_and_counts_of_groups()
        self._comparisons()
        self._densities()
        self._bounds()
        self._measures()
        self._people()
        self._likeness()
        self._counts()
        self._statements()
        self._types()
        self._left_over()

    def take(self, pattern: str, use: Use, flags: re.RegexFlag = re.IGNORECASE) -> None:
        """Read every match that `use` makes a claim of, and mask it."""

        def one(match: re.Match[str]) -> str:
            claim = use(match)
            if claim is None:
                return match.group()
            self.claims.append(claim)
            return MASK * len(match.group())

        self.text = re.sub(pattern, one, self.text, flags=flags)

    def _claim(
        self,
        kind: Kind,
        m: re.Match[str],
        numbers: Iterable[Quantity] = (),
        words: Iterable[str] = (),
        label: str = "",
    ) -> Claim:
        return Claim(kind, m.group().strip(), m.start(), m.end(), tuple(numbers), tuple(words), label)

    # -- names ---------------------------------------------------------------------------------------------------
    def _examples(self) -> None:
        """Commands in backticks, and quoted examples of what to ask, claim nothing."""
        self.text = re.sub(r"`[^`]*`", lambda m: MASK * len(m.group()), self.text)
        if re.search(r"\b(?:ask|try|say|type|example|e\.g\.)", self.text, re.IGNORECASE):
            self.text = re.sub(r"“[^”]*”|\"[^\"]*\"", lambda m: MASK * len(m.group()), self.text)

    def _ids(self) -> None:
        self.take(
            r"\bno region (R\d{1,4}|number \d{1,4})\b",
            lambda m: self._claim("no_region", m, words=[m.group(1).upper()]),
        )
        self.take(r"\bno hit (\d{1,4})\b", lambda m: self._claim("no_rank", m, [quantity(m.group(1))]))
        self._named("file", self.names.files)
        self._named("lesion", self.names.lesions)
        self._named("patient_key", self.names.patients)
        self.take(r"\[[^\[\]\s]*\d[^\[\]\s]*\]", lambda m: self._claim("unknown_id", m))
        self.take(r"\bE(\d+)\b", lambda m: self._claim("evidence", m, [quantity(m.group(1))]), re.RegexFlag(0))
        self.take(r"\bR(\d{1,4})\b", lambda m: self._claim("region", m, words=[f"R{m.group(1)}"]), re.RegexFlag(0))
        self.take(
            r"(?<![\w-])(?!\d+-(?:year|yr|slice|mm|cm|patient|lesion)"
            r"|\d+(?:\.\d+)?[-/]\d+(?:\.\d+)?\b)(?=[\w-]*[A-Za-z_])(?=[\w-]*\d)"
            r"\w+(?:[-_/]\w+)+",
            lambda m: self._claim("unknown_id", m),
        )

    def _named(self, kind: Kind, names: Collection[str]) -> None:
        """Known names, in brackets or not. Words are looked up one by one: a conversation knows thousands of ids."""
        if not names:
            return

        def use(m: re.Match[str]) -> Claim | None:
            return self._claim(kind, m, words=[m.group(1)]) if m.group(1) in names else None

        self.take(r"\[([^\[\]]+)\]", use, re.RegexFlag(0))
        self.take(r"(?<![\w-])([^\s\[\](),;\"“”\x00]*\w)(?![\w-])", use, re.RegexFlag(0))

    # -- shares and counts ---------------------------------------------------------------------------------------
    def _shares_and_counts_of_groups(self) -> None:
        if self.names.groups:
            group = _alternatives(self.names.groups)
            if re.search(r"\bby (?:type|sex|body part|source|lesion type)\b", self.text, re.IGNORECASE):
                self.take(
                    rf"(?<![\w-])({group}):? \(?(\d+)\)?(?!\w|\.\d)",
                    lambda m: self._claim("group_count", m, [quantity(m.group(2))], [m.group(1)]),
                )
        kinds = rf"(?:{self.type})(?:(?:, | and | or |, and ){self.type})*"
        people = _alternatives(PLURAL_SEXES)
        what = (
            rf"(?P<what>(?:of )?(?:another|a different|other) types?|not {kinds}|{kinds}|(?:from |of )?{people}"
            rf"|larger|smaller)"
        )
        self.take(
            rf"\b{COUNT} (?:out )?of (?:the |its |these |those |all )?(?:(?:{NEAR}) )?(?:{COUNT} )?(?:{NEAR} "
            rf")?(?P<noun>{CASE_NOUN}|(?:atlas )?lesions)"
            rf"(?: for \x00+)?(?: in the atlas)?(?: (?:is|are|was|were|come from|belong to)(?: an?)? {what})?",
            lambda m: self._claim(
                "share",
                m,
                [Quantity(count_of(m.group(1)), 0), *([Quantity(count_of(m.group(2)), 0)] if m.group(2) else [])],
                [m.group("what") or ""],
                "atlas" if "lesion" in m.group("noun") and "retrieved" not in m.group("noun") else "hits",
            ),
        )
        self.take(
            rf"\b(?:all|each)(?: of)?(?: the)? (?:{COUNT} )?(?:{NEAR} )?{CASE_NOUN}(?: for \x00+)? (?:is|are) (?:an? "
            rf")?{what}",
            lambda m: self._claim(
                "all", m, [Quantity(count_of(m.group(1)), 0)] if m.group(1) else [], [m.group("what")]
            ),
        )
        self.take(
            rf"\bnone of (?:the |these )?(?:{COUNT} )?(?:{NEAR} )?{CASE_NOUN}(?: for \x00+)? (?:is|are) (?:an? "
            rf")?{what}",
            lambda m: self._claim(
                "share",
                m,
                [Quantity(0, 0), *([Quantity(count_of(m.group(1)), 0)] if m.group(1) else [])],
                [m.group("what")],
                "hits",
            ),
        )

    # -- larger, smaller -----------------------------------------------------------------------------------------
    def _comparisons(self) -> None:
        way = "|".join((*UP, *DOWN))
        than = (
            r"(?P<than> (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it|this (?:region|lesion)"
            r"|yours))?"
        )
        self.take(
            rf"(?P<hedge>{HEDGE} )?{NUM} ?(?P<unit>mm|cm|years?) (?P<way>{way})\b{than}",
            lambda m: self._claim(
                "delta",
                m,
                [quantity(m.group(2), 10 if m.group("unit") == "cm" else 1, bool(m.group("hedge")))],
                ["up" if m.group("way").lower() in UP else "down"],
                "age"
                if m.group("unit").startswith("year") or m.group("way").lower() in ("older", "younger")
                else "size",
            ),
        )
        self.take(
            rf"\b(?P<all>all )?(?P<way>{way}) (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it\b|this "
            rf"(?:region|lesion)|yours)",
            lambda m: self._claim(
                "comparison",
                m,
                words=["up" if m.group("way").lower() in UP else "down", "all" if m.group("all") else ""],
                label="age" if m.group("way").lower() in ("older", "younger") else "size",
            ),
        )
        self.take(
            r"\b(?:about|roughly|nearly|of)? ?(?:the|a) (?:same |similar )?size (?:of|as) \x00+|\b(?:similar"
            r"|comparable) in size(?: (?:to|with) \x00+)?",
            lambda m: self._claim("like_size", m),
        )

    # -- densities -----------------------------------------------------------------------------------------------
    def _densities(self) -> None:
        def of(label: str, groups: tuple[int, ...] = (1,)) -> Use:
            return lambda m: self._claim("hu", m, [quantity(m.group(g)) for g in groups], label=label)

        signed = r"(-?\d+(?:\.\d+)?)"
        units = r"(?:HU|Hounsfield units?|arbitrary(?: units?)?)"
        where = r"(?: density| attenuation| value)?(?: (?:of|in|inside) \x00+)?(?: of| is|:)?"
        self.take(
            rf"\b(?:range|ranges|ranging|from|between)(?: of| is|:| from)? {signed}(?: ?{units})?"
            rf" ?(?:to|-|and) ?{signed} ?{units}",
            of("range", (1, 2)),
        )
        bare = r"(?!\d|\.\d| ?(?:mm|cm|%))"
        self.take(rf"\b(?:SD|standard deviation){where} {signed}(?: ?{units}|{bare})", of("sd"))
        self.take(rf"\b(?:mean|average){where} {signed} ?{units}", of("mean"))
        self.take(rf"\bmin(?:imum|\.)?{where} {signed} ?{units}", of("min"))
        self.take(rf"\bmax(?:imum|\.)?{where} {signed} ?{units}", of("max"))
        self.take(rf"(?<![\d.\w-]){signed} ?{units}", of(""))
        self.take(rf"\b(?:mean|SD|average){where} {signed} ?(?:mm|cm|%)", lambda m: self._claim("number", m))

    # -- bounds, as filters are said back ------------------------------------------------------------------------
    def _bounds(self) -> None:
        more, less = r"(?:over|older|more|larger|above|longer|up)", r"(?:under|younger|less|smaller|below|shorter)"
        age, unit = r"(?: ?years?(?: old)?| years of age)?", r" ?(mm|cm)"

        def ages(low: int | None, high: int | None) -> Use:
            return lambda m: self._claim(
                "age_bound",
                m,
                [quantity(m.group(g)) for g in (low, high) if g],
                ["range" if low and high else "min" if low else "max"],
            )

        def sizes(low: int | None, high: int | None, unit_group: int) -> Use:
            def use(m: re.Match[str]) -> Claim:
                scale = 10 if m.group(unit_group).lower() == "cm" else 1
                return self._claim(
                    "size_bound",
                    m,
                    [quantity(m.group(g), scale) for g in (low, high) if g],
                    ["range" if low and high else "min" if low else "max"],
                )

            return use

        not_hu = r"(?! ?(?:HU|%|percent|mm²|kVp))"
        over = (
            r"(?:over|above|at least|more than|larger than|older than|greater than|longer than|minimum|min\.?|from|≥|>)"
        )
        under = r"(?:under|below|at most|less than|smaller than|younger than|shorter than|up to|maximum|max\.?|≤|<)"
        self.take(rf"(?:between |from )?{NUM}(?: ?mm| ?cm)? ?(?:to|and|-) ?{NUM}{unit}\b(?!²)", sizes(1, 2, 3))
        self.take(rf"{NUM}{unit} (?:or|and) {more}\b", sizes(1, None, 2))
        self.take(rf"{NUM}{unit} (?:or|and) {less}\b", sizes(None, 1, 2))
        self.take(rf"(?<!\w){over} {NUM}{unit}\b(?!²)", sizes(1, None, 2))
        self.take(rf"(?<!\w){under} {NUM}{unit}\b(?!²)", sizes(None, 1, 2))
        self.take(
            rf"\b(?:aged?|ages?|between|from)(?: between| from)? {NUM}{age} ?(?:to|and|-) ?{NUM}{age}\b{not_hu}",
            ages(1, 2),
        )
        self.take(rf"{NUM} ?(?:to|-) ?{NUM} years?(?: old| of age)?\b", ages(1, 2))
        self.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {more}\b", ages(1, None))
        self.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {less}\b", ages(None, 1))
        noun = r"(?! ?(?:hits?|cases?|lesions?|patients?|slices?|×))"
        self.take(rf"(?<!\w){over} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(1, None))
        self.take(rf"(?<!\w){under} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(None, 1))

    # -- measures ------------------------------------------------------------------------------------------------
    def _measures(self) -> None:
        hedge = rf"(?P<hedge>{HEDGE} )?"

        def of(kind: Kind, label: str = "", groups: tuple[int, ...] = (2,)) -> Use:
            def use(m: re.Match[str]) -> Claim:
                scale = 10.0 if re.search(r"\dcm\b|\d cm\b", m.group(), re.IGNORECASE) else 1.0
                loose = bool(m.groupdict().get("hedge"))
                return self._claim(kind, m, [quantity(m.group(g), scale, loose) for g in groups], label=label)

            return use

        self.take(rf"\bslice {hedge}(\d+)(?: of (\d+)| ?/ ?(\d+))?", lambda m: self._claim(
            "slice", m, [quantity(g) for g in m.groups()[1:] if g]))  # fmt: skip
        self.take(r"(\d+) ?[×x] ?(\d+)(?= pixels?)", of("pixels", groups=(1, 2)))
        self.take(
            r"\bpixel (?:spacing|size)(?: of| is|:)? (\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "spacing", (1,))
        )
        self.take(r"\bslice thickness(?: of| is|:)? (\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "thickness", (1,)))
        self.take(
            r"(\d+(?:\.\d+)?) ?(?:mm|cm) (?:slice thickness|thick(?: slices)?)\b", of("geometry", "thickness", (1,))
        )
        self.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:mm|cm) apart\b", of("geometry", "gap", (1,)))
        self.take(r"\bgantry tilt(?: of| is|:)? (-?\d+(?:\.\d+)?) ?°", of("geometry", "tilt", (1,)))
        self.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?kVp?\b", of("geometry", "kvp", (1,)))
        self.take(
            rf"{hedge}(?<![\d.]){NUM}(?: ?mm| ?cm)? ?(?:×|x|by) ?{NUM} ?(?:mm|cm)\b(?!²)",
            of("size_pair", groups=(2, 3)),
        )
        self.take(rf"\barea(?: of| is|:)? {hedge}{NUM} ?(?:mm²|mm2|square mm)", of("area"))
        self.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm²|mm2|square mm)", of("area"))
        self.take(
            rf"\b(?:long(?:est)? axis|diameter|length)(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b",
            of("size", "long"),
        )
        self.take(rf"\bshort(?:est)? axis(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b", of("size", "short"))
        self.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm|cm)\b(?!²)", of("size"))
        to = r"(?: (?:to|with|of|for|between) \x00+(?: (?:and|to) \x00+)?)?(?: of| is|:| score| only)*"
        self.take(rf"\bsimilarity{to} {NUM} ?%", of("similarity", "percent", (1,)))
        self.take(rf"{NUM} ?%(?= similar)", of("similarity", "percent", (1,)))
        self.take(rf"\bsimilarity{to} {NUM}", of("similarity", "", (1,)))
        self.take(rf"\bscored?(?: of| is|:)? {NUM}", of("score", "", (1,)))
        self.take(
            rf"\b(?P<side>under|over|less than|more than)? ?{hedge}(?<![\d.])(?P<n>\d+(?:\.\d+)?) ?(?:%|per ?cent\b)",
            lambda m: self._claim("percent", m, [quantity(m.group("n"), 1, bool(m.group("hedge")))],
                                  label=SIDES.get(m.group("side") or "", "")),
        )  # fmt: skip

    # -- people --------------------------------------------------------------------------------------------------
    def _people(self) -> None:
        noun = _alternatives((*SEXES, "patient", "person"))

        def both(m: re.Match[str]) -> Claim:
            return self._claim("age", m, [quantity(m.group("age"))], [SEXES.get(m.group("who").lower(), "")])

        self.take(
            rf"\b(?P<who>{noun})(?: of| aged|,? age|,)? (?P<age>\d{{1,3}})\b(?:[ -]years?(?:[ -]old)?| y\b)?", both
        )
        self.take(rf"\b(?P<age>\d{{1,3}})[ -](?:years?|yr)s?[ -]old (?P<who>{noun})\b", both)
        self.take(r"\b(?:aged?(?: of)? |age: )(\d{1,3})\b(?: years?(?: old)?)?|\b(\d{1,3})[ -](?:years?|yrs?"
                  r"|y)(?:[ -]old)?\b",
                  lambda m: self._claim("age", m, [quantity(m.group(1) or m.group(2))], [""]))  # fmt: skip
        self.take(
            rf"\b({_alternatives(PLURAL_SEXES)})\b",
            lambda m: self._claim("people", m, words=[PLURAL_SEXES[m.group(1).lower()]]),
        )
        self.take(rf"\b({_alternatives(SEXES)})\b", lambda m: self._claim("sex", m, words=[SEXES[m.group(1).lower()]]))
        self.take(
            r"(?<=[,(] )([FM])(?=[,;.)]|$| \d)", lambda m: self._claim("sex", m, words=[m.group(1)]), re.RegexFlag(0)
        )

    # -- ranks and likeness --------------------------------------------------------------------------------------
    def _likeness(self) -> None:
        self.take(r"\b(?:hit|rank|case|number|no\.?) (\d{1,2})\b|#(\d{1,2})\b",
                  lambda m: self._claim("rank", m, [quantity(m.group(1) or m.group(2))]))  # fmt: skip
        noun = rf"(?: {CASE_NOUN}| one| lesion| atlas lesion| atlas case)?"
        self.take(
            rf"\b(?:closest|nearest|most similar){noun}(?:,? (?:is|was)|:|,)? (?=\x00)",
            lambda m: self._claim("closest", m),
        )
        self.take(
            r"(?<=\x00),? (?:is|was) (?:by far )?(?:the )?(?:closest|nearest|most similar)\b",
            lambda m: self._claim("closest", m),
        )

    # -- counts --------------------------------------------------------------------------------------------------
    def _counts(self) -> None:
        nouns = (
            (rf"(?P<noun>{CASE_NOUN})", "hits"),
            (r"(?P<noun>(?:other|more|further) lesions?)", "others"),
            (r"(?P<noun>patients?)", "patients"),
            (r"(?P<noun>slices?)", "slices"),
            (r"(?P<noun>series)", "series"),
            (r"(?P<noun>regions?|places?|suggestions?|candidates?)", "regions"),
            (r"(?P<noun>search(?:es)?)", "searches"),
            (r"(?P<noun>(?:lesion )?types?)", "types"),
        )
        typed = rf"(?:(?P<type>{self.type}) )?"
        self.take(rf"\b{COUNT} (?:atlas )?{typed}(?P<noun>lesions?)\b", lambda m: self._claim(
            "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group("type") or ""], "lesions"))  # fmt: skip
        for noun, label in nouns:
            self.take(
                rf"\b{COUNT} (?:{NEAR} )?{typed if label == 'hits' else '(?P<type>(?!))?'}{noun}\b",
                lambda m, label=label: self._claim(  # type: ignore[misc]
                    "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group("type") or ""], label
                ),
            )
        self.take(rf"\b(?:top|nearest|closest|first) {COUNT}\b|\b{COUNT} {NEAR}\b", lambda m: self._claim(
            "count", m, [Quantity(count_of(m.group(1) or m.group(2)), 0)], [""], "nearest"))  # fmt: skip
        self.take(rf"(?<![\w.]){COUNT} ({self.type})(?! ?%)\b", lambda m: self._claim(
            "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group(2)], "typed"))  # fmt: skip

    # -- statements without numbers ------------------------------------------------------------------------------
    def _statements(self) -> None:
        level = r"(high|moderate|low|no|medium|strong|weak)"
        said = rf"\b{level} confidence\b|\bconfidence(?: in \w+)?(?: is|:| level| was)* {level}\b"
        self.take(said, lambda m: self._claim(
            "confidence", m, words=[(m.group(1) or m.group(2)).lower()]))  # fmt: skip
        limits = {words.lower(): limit for limit, words in LIMIT_WORDS.items()}
        self.take(
            "|".join(map(re.escape, limits)), lambda m: self._claim("limit", m, words=[limits[m.group().lower()]])
        )
        self.take(r"\b(?:nothing|no lesion|no case)(?: is| was)? (?:similar|close|near) enough\b|\btoo little to name "
                  r"a type\b|\bi name no type\b",
                  lambda m: self._claim("no_type", m))  # fmt: skip
        self.take(
            r"\bno (?:atlas )?lesions? (?:passe?s?|matche?s?|fits?)\b|\bno hits?\b", lambda m: self._claim("no_hits", m)
        )
        self.take(
            rf"\bno votes? (?:went|goes?) to ({self.type})\b", lambda m: self._claim("no_vote", m, words=[m.group(1)])
        )
        self.take(r"\bsame patient\b", lambda m: self._claim("same_patient", m, words=["yes"]))
        self.take(r"\bdifferent patients?\b", lambda m: self._claim("same_patient", m, words=["no"]))
        self.take(r"\b(other patients|this patient|all patients)(?= only|, this one)", lambda m: self._claim(
            "other_patients", m, words=[m.group(1).lower()]))  # fmt: skip

    def _types(self) -> None:
        if self.names.body_parts:
            part = _alternatives(self.names.body_parts)
            self.take(rf"\b(?:body part(?: is|:)? |(?:series|study|scan|ct) of the )({part})(?![\w-])",
                      lambda m: self._claim("body_part", m, words=[m.group(1).lower()]))  # fmt: skip
        self.take(
            rf"(?<![\w-])({self.type})(?![\w-])", lambda m: self._claim("type", m, words=[self.types[_key(m.group(1))]])
        )

    def _left_over(self) -> None:
        self.text = re.sub(r"^\s*(?:[-*•]\s*)?\(?\d{1,2}[.)](?=\s)", lambda m: MASK * len(m.group()), self.text)
        self.take(r"(?<![\w.])-?\d+(?:[.,]\d+)*", lambda m: self._claim("number", m))


def _key(word: str) -> str:
    return re.sub(r"\s+", " ", word.lower())


def _alternatives(words: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + ")"


__all__ = ["Claim", "Kind", "Names", "Quantity", "read_claims"]
