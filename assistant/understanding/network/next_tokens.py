"""Which output tokens may come next: the call language, as far as it can be kept to token by token.

What the network finds likeliest is only chosen among these, so that it can hardly write what is no call
(grammar-constrained decoding; Geng et al. 2023, arXiv 2305.13971).
"""

from collections.abc import Sequence
from functools import lru_cache

from assistant.understanding.call_language import KEYS, TYPE_KEYS, UNKNOWN_TYPE, WORDS
from assistant.understanding.network.output_tokens import DECADE, END, MAX_NUMBERS, MAX_TYPES, NAMES
from tools.domain.lesions import DEEPLESION_TYPES

_NUMBER = frozenset([*"0123456789", ".", *(f"#{n + 1}" for n in range(MAX_NUMBERS))])
_PARTS = {  # of the values that are no single word: what stands in them
    "age": _NUMBER | {"<", "<=", ">", ">=", "~", "-", DECADE},
    "size": _NUMBER | {"<", "<=", ">", ">=", "~", "-", "mm", "cm", "in"},
    "region": _NUMBER | {"R"},
    "hit": _NUMBER | {"L"},
    "level": _NUMBER | {"-"},
} | dict.fromkeys(("k", "more", "nth", "number", "slice", "image", "series", "width", "x", "y"), _NUMBER)
_LISTS = frozenset((*TYPE_KEYS, "drop", "region", "hit", "unmet", "what", "topic"))
_DO = "do="


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
