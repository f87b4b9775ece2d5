"""A sentence that is read from the most specific wording to the least, with what was read masked.

The mask has the same length as what it covers, so that positions stay true and nothing is read twice.
"""

import re
from collections.abc import Callable, Iterable

from assistant.grounding.claims import MASK, TYPE_ADJECTIVES, Claim, Kind, Names, Quantity

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
