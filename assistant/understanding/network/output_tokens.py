"""The calls of the embedded language as a short row of symbols, which the offline network writes one by one.

`[{"do":"search","in":"liver","age":">60"}]` for "liver, over 60" is `do=search in= liver age= > #1`: a name, then the
pieces of its value. A number that the message says is pointed at (`#1` is the first), not spelled: a small network
points better than it copies. Other numbers are digits, so that any can be written.
"""

import re
from collections.abc import Iterable, Sequence

from assistant.understanding.call_language import KEYS, ParsedCall, read, write

END = "<end>"
MAX_NUMBERS = 8  # of a message, that can be pointed at
DECADE = "s"  # after a number: ten years from there on
_DO = "do="
_PIECES = re.compile(r"\d+(?:\.\d+)?|[<>]=?|[~+]|-(?=\d)|[A-Za-z](?:[A-Za-z_ ]|-(?=[a-z]))*")
_DECADE = re.compile(r"([1-9]0)-(\d9)")


def to_output_tokens(said: Iterable[ParsedCall], numbers: Sequence[str] = ()) -> list[str]:
    """Requests as symbols, without the end; `numbers` are those of the message."""
    symbols = []
    for call in said:
        for key, value in call.written().items():
            symbols += [_DO + value] if key == "do" else [f"{key}=", *_value(value, numbers)]
    return symbols


def from_output_tokens(symbols: Sequence[str], numbers: Sequence[str] = ()) -> list[ParsedCall]:
    """The inverse of `to_output_tokens`. Raises ValueError where the symbols are not of the language."""
    calls: list[dict[str, str]] = []
    key = ""
    for symbol in symbols:
        if symbol.startswith(_DO):
            calls.append({"do": symbol.removeprefix(_DO)})
            key = ""
        elif symbol in _NAMES:
            key = symbol[:-1]
            if not calls or key in calls[-1]:
                raise ValueError(f"{symbol} where it cannot stand")
            calls[-1][key] = ""
        elif key:
            calls[-1][key] += _piece(symbol, calls[-1][key], numbers)
        else:
            raise ValueError(f"{symbol} without a name")
    return read(write([ParsedCall.model_validate(call) for call in calls]))


def _value(value: str, numbers: Sequence[str]) -> list[str]:
    decade = _DECADE.fullmatch(value)
    if decade and int(decade[2]) - int(decade[1]) == 9 and decade[1] in numbers and decade[2] not in numbers:
        return [_pointer(decade[1], numbers), DECADE]
    return [
        symbol
        for piece in _PIECES.findall(value)
        for symbol in ([_pointer(piece, numbers)] if piece in numbers else piece if piece[0].isdigit() else [piece])
    ]


def _pointer(number: str, numbers: Sequence[str]) -> str:
    return f"#{numbers.index(number) + 1}"


def _piece(symbol: str, before: str, numbers: Sequence[str]) -> str:
    """What a symbol stands for after what is written of the value before it."""
    if symbol.startswith("#"):
        if int(symbol[1:]) > len(numbers):
            raise ValueError(f"the message has no number {symbol}")
        return numbers[int(symbol[1:]) - 1]
    if symbol == DECADE:
        if not before.isdigit():
            raise ValueError("a decade of no number")
        return f"-{int(before) + 9}"
    return symbol


_NAMES = frozenset(f"{key}=" for key in KEYS[1:])
