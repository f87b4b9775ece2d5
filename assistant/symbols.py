"""The calls of the embedded language as a short row of symbols, which a small network writes one by one.

`[{"do":"search","in":"liver","age":">60"}]` is `do=search in= liver age= > 6 0`: a name, then the pieces of its value.
Numbers are digits, so that any number can be written.
"""

import re
from collections.abc import Iterable, Sequence

from assistant.embedded_language import KEYS, Said, read, write

END = "<end>"
_DO = "do="
_PIECES = re.compile(r"\d|[<>]=?|[~+.]|-(?=\d)|[A-Za-z](?:[A-Za-z_ ]|-(?=[a-z]))*")


def to_symbols(said: Iterable[Said]) -> list[str]:
    """Requests as symbols, without the end."""
    symbols = []
    for call in said:
        for key, value in call.written().items():
            symbols += [_DO + value] if key == "do" else [f"{key}=", *_PIECES.findall(value)]
    return symbols


def from_symbols(symbols: Sequence[str]) -> list[Said]:
    """The inverse of `to_symbols`. Raises ValueError where the symbols are not of the language."""
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
            calls[-1][key] += symbol
        else:
            raise ValueError(f"{symbol} without a name")
    return read(write([Said.model_validate(call) for call in calls]))


_NAMES = frozenset(f"{key}=" for key in KEYS[1:])
