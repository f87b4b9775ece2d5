"""Calls as a short row of output tokens, which the network writes one by one.

`[{"do":"search","in":"liver","age":">60"}]` for "liver, over 60" is `do=search in= liver age= > #1`: a name, then the
pieces of its value. A number that the message says is pointed at (`#1` is the first), not spelled: a small network
points better than it copies (pointer networks: Vinyals et al. 2015, arXiv 1506.03134). Other numbers are digits, so
that any can be written.
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


def to_output_tokens(calls: Iterable[ParsedCall], numbers: Sequence[str] = ()) -> list[str]:
    """Write calls as output tokens, without the end; `numbers` are those of the message."""
    tokens = []
    for call in calls:
        for key, value in call.written().items():
            tokens += [_DO + value] if key == "do" else [f"{key}=", *_value(value, numbers)]
    return tokens


def from_output_tokens(tokens: Sequence[str], numbers: Sequence[str] = ()) -> list[ParsedCall]:
    """Read calls from output tokens: the inverse of `to_output_tokens`. Raises ValueError where they are no calls."""
    calls: list[dict[str, str]] = []
    key = ""
    for token in tokens:
        if token.startswith(_DO):
            calls.append({"do": token.removeprefix(_DO)})
            key = ""
        elif token in _NAMES:
            key = token[:-1]
            if not calls or key in calls[-1]:
                raise ValueError(f"{token} where it cannot stand")
            calls[-1][key] = ""
        elif key:
            calls[-1][key] += _piece(token, calls[-1][key], numbers)
        else:
            raise ValueError(f"{token} without a name")
    return read(write([ParsedCall.model_validate(call) for call in calls]))


def _value(value: str, numbers: Sequence[str]) -> list[str]:
    decade = _DECADE.fullmatch(value)
    if decade and int(decade[2]) - int(decade[1]) == 9 and decade[1] in numbers and decade[2] not in numbers:
        return [_pointer(decade[1], numbers), DECADE]
    return [
        token
        for piece in _PIECES.findall(value)
        for token in ([_pointer(piece, numbers)] if piece in numbers else piece if piece[0].isdigit() else [piece])
    ]


def _pointer(number: str, numbers: Sequence[str]) -> str:
    return f"#{numbers.index(number) + 1}"


def _piece(token: str, before: str, numbers: Sequence[str]) -> str:
    """Resolve a token after what is written of the value before it."""
    if token.startswith("#"):
        if int(token[1:]) > len(numbers):
            raise ValueError(f"the message has no number {token}")
        return numbers[int(token[1:]) - 1]
    if token == DECADE:
        if not before.isdigit():
            raise ValueError("a decade of no number")
        return f"-{int(before) + 9}"
    return token


_NAMES = frozenset(f"{key}=" for key in KEYS[1:])
