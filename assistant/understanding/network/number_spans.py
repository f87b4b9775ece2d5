"""Number spans of a message, in digits or in words: where they stand, and their value, not what they count."""

import re
from dataclasses import dataclass

from assistant.core.number_words import DECADES, ORDINALS, TENS, UNITS

_NAMED = DECADES | {word: n for word, n in ORDINALS.items() if n > 1}
_PARTS = TENS | {word: n for n, word in enumerate(UNITS)}
_INT = rf"(?:(?:{'|'.join(TENS)})[- ]?(?:{'|'.join(UNITS[1:10])})|{'|'.join([*UNITS, *TENS])})"
_PART = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)))  # "sixteen" before "six"
_NUMBER = re.compile(
    rf"(?P<digits>\d+(?:[.,]\d{{1,2}}(?!\d))?)"
    rf"|\b(?:(?P<half>half an?)|(?P<hundred>(?:a|one) hundred)|(?P<whole>{_INT})(?P<more> and a half| point {_INT})?"
    rf"|(?P<name>{'|'.join(_NAMED)}))\b"
)


@dataclass(frozen=True)
class Number:
    """A number of a message: where it stands, and its value as digits, e.g. `1.5`."""

    start: int
    end: int
    value: str


def find_numbers(text: str, limit: int) -> list[Number]:
    """Find the first `limit` numbers of a text in lower case. "One" and "first" are none: any words mean a 1."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        if match.group() != "one" and len(found) < limit:
            found.append(Number(*match.span(), _value(match)))
    return found


def _value(match: re.Match[str]) -> str:
    if digits := match.group("digits"):
        whole, _, part = digits.replace(",", ".").partition(".")
        part = part.rstrip("0")
        return f"{int(whole)}.{part}" if part else str(int(whole))
    if match.group("half"):
        return "0.5"
    if match.group("hundred"):
        return "100"
    if name := match.group("name"):
        return str(_NAMED[name])
    value, more = str(_whole(match.group("whole"))), match.group("more")
    return value if not more else f"{value}.5" if "half" in more else f"{value}.{_whole(more.removeprefix(' point '))}"


def _whole(words: str) -> int:
    """Add up "sixty-four": the tens and what follows them."""
    return sum(_PARTS[word] for word in _PART.findall(words))
