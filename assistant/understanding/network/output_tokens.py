"""Calls as a short row of output tokens, which the network writes one by one.

`[{"do":"search","in":"liver","age":">60"}]` for "liver, over 60" is `do=search in= liver age= > #1`: a name, then the
pieces of its value. A number that the message says is pointed at (`#1` is the first), not spelled: a small network
points better than it copies (pointer networks: Vinyals et al. 2015, arXiv 1506.03134). Other numbers are digits, so
that any can be written. Lesion types are pointed at likewise (`type1`), whatever an atlas calls them; a name of
DeepLesion's is written where the message says it in words that `type_mentions.py` does not find. What the network finds
likeliest is only chosen among the tokens that may come next, so that it can hardly write what is no call
(grammar-constrained decoding; Geng et al. 2023, arXiv 2305.13971).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import get_args

from assistant.understanding.call_language import KEYS, TYPE_KEYS, UNKNOWN_TYPE, WORDS, Do, ParsedCall, read, write
from tools.domain.lesions import DEEPLESION_TYPES

END = "<end>"
MAX_NUMBERS = 8  # of a message, that can be pointed at
MAX_TYPES = 8  # of a message and its state, likewise
DECADE = "s"  # after a number: ten years from there on
NAME = "T1"  # the name that a message gives to a region or a case
NAMES = frozenset(f"{key}=" for key in KEYS[1:])  # of the fields of a call
_DO, _TYPE = "do=", "type"
_SIGNS = ("+", "-", ".", "<", "<=", ">", ">=", "~", "R", "L", "mm", "cm", "in")
_PIECES = re.compile(rf"3d|{NAME}|\?|\d+(?:\.\d+)?|[<>]=?|[~+]|-(?=\d)|[A-Za-z](?:[A-Za-z_ ]|-(?=[a-z]))*")
_DECADE = re.compile(r"([1-9]0)-(\d9)")
_NUMBER = frozenset([*"0123456789", ".", *(f"#{n + 1}" for n in range(MAX_NUMBERS))])
_PARTS = {  # of the values that are no single word: what stands in them
    "age": _NUMBER | {"<", "<=", ">", ">=", "~", "-", DECADE},
    "size": _NUMBER | {"<", "<=", ">", ">=", "~", "-", "mm", "cm", "in"},
    "region": _NUMBER | {"R"},
    "hit": _NUMBER | {"L"},
    "level": _NUMBER | {"-"},
} | dict.fromkeys(("k", "more", "nth", "number", "slice", "image", "series", "width", "x", "y"), _NUMBER)
_LISTS = frozenset((*TYPE_KEYS, "drop", "region", "hit", "unmet", "what", "topic"))


def output_vocabulary() -> list[str]:
    """List all tokens that the language can be written in."""
    words = {word for values in WORDS.values() for word in values}
    pointers = {f"#{n + 1}" for n in range(MAX_NUMBERS)} | {f"{_TYPE}{n + 1}" for n in range(MAX_TYPES)}
    names = {f"{_DO}{do}" for do in get_args(Do)} | NAMES | {*DEEPLESION_TYPES, UNKNOWN_TYPE}
    return sorted({*words, *pointers, *names, *_SIGNS, *"0123456789", DECADE, END})


def to_output_tokens(calls: Iterable[ParsedCall], numbers: Sequence[str] = (), types: Sequence[str] = ()) -> list[str]:
    """Write calls as output tokens, without the end; `numbers` and `types` are those of the message."""
    tokens = []
    for call in calls:
        for key, value in call.written().items():
            if key == "do":
                tokens.append(_DO + value)
            else:
                tokens += [f"{key}=", *(_types(value, types) if key in TYPE_KEYS else _value(value, numbers))]
    return tokens


def from_output_tokens(
    tokens: Sequence[str], numbers: Sequence[str] = (), types: Sequence[str] = ()
) -> list[ParsedCall]:
    """Read calls from output tokens: the inverse of `to_output_tokens`. Raises ValueError where they are no calls."""
    calls: list[dict[str, str]] = []
    key = ""
    for token in tokens:
        if token.startswith(_DO):
            calls.append({"do": token.removeprefix(_DO)})
            key = ""
        elif token in NAMES:
            key = token[:-1]
            if not calls or key in calls[-1]:
                raise ValueError(f"{token} where it cannot stand")
            calls[-1][key] = ""
        elif key:
            calls[-1][key] += _type(token, types) if key in TYPE_KEYS else _piece(token, calls[-1][key], numbers)
        else:
            raise ValueError(f"{token} without a name")
    return read(write([ParsedCall.model_validate(call) for call in calls]))


def _types(value: str, types: Sequence[str]) -> list[str]:
    names = value.split("+")
    tokens = [token for name in names for token in ("+", f"{_TYPE}{types.index(name) + 1}" if name in types else name)]
    return tokens[1:]


def _type(token: str, types: Sequence[str]) -> str:
    """Resolve a token of a list of types."""
    if not re.fullmatch(rf"{_TYPE}\d", token):
        return token
    if int(token.removeprefix(_TYPE)) > len(types):
        raise ValueError(f"the message has no type {token}")
    return types[int(token.removeprefix(_TYPE)) - 1]


def _value(value: str, numbers: Sequence[str]) -> list[str]:
    decade = _DECADE.fullmatch(value)
    if decade and int(decade[2]) - int(decade[1]) == 9 and decade[1] in numbers and decade[2] not in numbers:
        return [_pointer(decade[1], numbers), DECADE]
    return [
        token
        for piece in _PIECES.findall(value)
        for token in (
            [_pointer(piece, numbers)]
            if piece in numbers
            else piece
            if piece[-1].isdigit() and piece != NAME
            else [piece]
        )
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


class NextTokens:
    """The tokens that may come next, for one vocabulary and the types of one atlas."""

    def __init__(self, vocabulary: Sequence[str], atlas_types: Sequence[str]) -> None:
        pointers = {f"type{n + 1}" for n in range(MAX_TYPES)}
        self._vocabulary = tuple(vocabulary)
        self._types = pointers | {UNKNOWN_TYPE} | {name for name in DEEPLESION_TYPES if name in atlas_types}
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def impossible(self, output: Sequence[str], numbers: int, types: int, ids: int) -> list[int]:
        """List the places of tokens that may not follow an output, of a message with so many numbers, types and ids."""
        beyond = {f"#{n + 1}" for n in range(numbers, MAX_NUMBERS)} | {f"type{n + 1}" for n in range(types, MAX_TYPES)}
        beyond |= {"L"} if not ids else set()
        stands = _place(output)
        if stands not in self._known:
            self._known[stands] = self._may_follow(*stands)
        may = self._known[stands] - beyond
        return [place for place, token in enumerate(self._vocabulary) if token not in may]

    def _may_follow(self, key: str, last: str) -> frozenset[str]:
        begun = {token for token in self._vocabulary if token.startswith(_DO)}
        if not key:
            return frozenset(begun)
        later = frozenset(f"{other}=" for other in KEYS[KEYS.index(key) + 1 :]) | begun | {END}
        if last.startswith(_DO):
            return later
        values = self._types if key in TYPE_KEYS else {*WORDS.get(key, ()), *_PARTS.get(key, ())}
        if last in NAMES or last == "+":
            return frozenset(values)
        more = _PARTS.get(key, frozenset()) if last not in WORDS.get(key, ()) else frozenset()
        return later | more | ({"+"} if key in _LISTS else set())


@lru_cache(maxsize=16)
def next_tokens(vocabulary: tuple[str, ...], atlas_types: tuple[str, ...]) -> NextTokens:
    """Return the one for a vocabulary and an atlas, made once."""
    return NextTokens(vocabulary, atlas_types)


def _place(output: Sequence[str]) -> tuple[str, str]:
    """Say where an output stands: the key whose value is written, `do` after a call's name; and the last token."""
    last = output[-1] if output else END
    if last == END:
        return "", END
    key = next(token for token in reversed(output) if token in NAMES or token.startswith(_DO))
    if key.startswith(_DO):
        return "do", last
    return key[:-1], last if last in NAMES or last == "+" or last in WORDS.get(key[:-1], ()) else "a part"
