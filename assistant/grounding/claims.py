"""The claim model: what a sentence may claim, in which words, and the numbers and names it does so with.

A sentence is read from the most specific wording to the least, and what was read is masked: the mask has the same
length, so that positions stay true and nothing is read twice.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.core.patterns import UNITS

Kind = Literal[
    "lesion", "region", "evidence", "unknown_id", "file", "patient_key", "group_count", "slice", "pixels", "share",
    "all",
    "delta", "comparison", "like_size", "age_bound", "size_bound", "age", "sex", "people", "size", "size_pair", "area",
    "hu", "percent", "similarity", "score", "geometry", "rank", "closest", "count", "confidence", "no_type", "no_hits",
    "no_vote", "no_region", "no_rank", "same_patient", "other_patients", "type", "number", "body_part",
    "body_part_seen", "no_body_part", "limit",
    "action", "series", "image", "plane", "kernel", "series_kind", "phase", "phase_name", "lossy", "ratio",
    "contrast", "years", "newest", "unstated",
]  # fmt: skip
MASK = "\x00"  # stands for each character of what was read already
NUM = r"(\d+(?:\.\d+)?)"
WORDS = {word: n for n, word in enumerate(UNITS) if n}
COUNT = rf"(\d+|{'|'.join(WORDS)})"
INSIDE_BOUNDS = (  # what hits of an age or a size are
    r"(?P<of>aged|of a long axis of) (?P<first>\d+(?:\.\d+)?)(?: mm)?"
    r"(?: to (?P<last>\d+(?:\.\d+)?)(?: mm)?| or (?P<end>over|under))?"
)
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
        """Tell whether the fact rounds to what was written."""
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
    """Read a written number; `loose` when it is hedged ("about 20")."""
    decimals = len(digits.partition(".")[2])
    value = float(digits) * scale
    return Quantity(value, max(0.5 * 10**-decimals * scale, 0.1 * abs(value) if loose else 0.0))


def count_of(word: str) -> int:
    """Read a count in digits or words: 4 for `4` or `four`."""
    return int(word) if word.isdigit() else WORDS[word.lower()]


Use = Callable[[re.Match[str]], Claim | None]


class MaskedSentence:
    """The text that is left to read, and the claims so far."""

    def __init__(self, sentence: str, names: Names) -> None:
        self.text = re.sub(r"[–—−]", "-", sentence.replace("**", "  ").replace("\u00a0", " ").replace("\u202f", " "))
        self.names = names
        self.claims: list[Claim] = []
        types = {**{t.lower(): t for t in names.types}, **TYPE_ADJECTIVES}
        self.types = {k: v for k, v in types.items() if v in names.types}
        self.type = alternatives(self.types) if self.types else r"(?!)"

    def take(self, pattern: str, use: Use, flags: re.RegexFlag = re.IGNORECASE) -> None:
        """Read every match of which `use` makes a claim, and mask it."""

        def one(match: re.Match[str]) -> str:
            claim = use(match)
            if claim is None:
                return match.group()
            self.claims.append(claim)
            return MASK * len(match.group())

        self.text = re.sub(pattern, one, self.text, flags=flags)


def claim(
    kind: Kind,
    m: re.Match[str],
    numbers: Iterable[Quantity] = (),
    words: Iterable[str] = (),
    label: str = "",
) -> Claim:
    """Make a claim of a match."""
    return Claim(kind, m.group().strip(), m.start(), m.end(), tuple(numbers), tuple(words), label)


def alternatives(words: Iterable[str]) -> str:
    """Write a pattern of one of these words, the longest first."""
    return "(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + ")"
