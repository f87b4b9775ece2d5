"""The network reader: a small network, shipped with the project, that reads a message into calls.

It needs no download and reads a message in some hundredths of a second. It only understands: the planner acts on what
was understood and writes the answer.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.core.patterns import DECADES, ORDINALS, TENS, UNITS
from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import ParsedCall, language, state_line, write
from assistant.understanding.network.onnx_network import OnnxNetwork, Shape, StoredWeights
from assistant.understanding.network.output_tokens import (
    END,
    MAX_NUMBERS,
    MAX_TYPES,
    from_output_tokens,
    next_tokens,
)
from assistant.understanding.type_mentions import TypeMention, find_types, folded

if TYPE_CHECKING:
    from tokenizers import Tokenizer


WEIGHTS = Path(__file__).parent / "weights"
NETWORK_FILE, SHAPE_FILE, TOKENIZER_FILE = "network.safetensors", "network.json", "tokenizer.json"
MAX_INPUT_TOKENS = 200  # of a message in its state
MAX_OUTPUT_TOKENS = 60
MAX_CHARACTERS = 600  # of a message
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
class EncodedMessage:
    """The network's input: token ids, which number and which type each belongs to, what those are."""

    ids: list[int]
    numbers: list[int]  # 1 for the first number of the message, 0 for none
    values: list[str]
    types: list[int]  # 1 for the first type that the state or the message names, 0 for none
    names: list[str]  # of the atlas, or `?`


def encode_message(tokenizer: "Tokenizer", state: str, message: str, atlas_types: Sequence[str]) -> EncodedMessage:
    """Tokenize a message after its state line, both without capitals and accents."""
    before, text = folded(f"{state} | "), folded(message)
    found = tokenizer.encode(before + text, add_special_tokens=False)
    offsets = found.offsets[:MAX_INPUT_TOKENS]
    numbers = find_numbers(text, MAX_NUMBERS)
    spans = [(len(before) + one.start, len(before) + one.end) for one in numbers]
    mentions = find_types(before, atlas_types)
    mentions += [TypeMention(len(before) + m.start, len(before) + m.end, m.name) for m in find_types(text, atlas_types)]
    names = list(dict.fromkeys(m.name for m in mentions))[:MAX_TYPES]
    mentions = [m for m in mentions if m.name in names]
    of_type = _numbered(offsets, [(m.start, m.end) for m in mentions])
    return EncodedMessage(
        ids=found.ids[:MAX_INPUT_TOKENS],
        numbers=_numbered(offsets, spans),
        values=[one.value for one in numbers],
        types=[names.index(mentions[n - 1].name) + 1 if n else 0 for n in of_type],
        names=names,
    )


def _numbered(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Say in which span each token begins or ends, counted from 1; 0 for none."""
    return [next((n for n, (start, end) in enumerate(spans, 1) if low < end and start < high), 0)
            for low, high in offsets]  # fmt: skip


class NetworkReader:
    """The network, loaded. Several threads may read at once. Raises OSError where its files are missing."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        from tokenizers import Tokenizer

        saved = json.loads((folder / SHAPE_FILE).read_text(encoding="utf-8"))
        self.output_tokens: list[str] = saved["output_tokens"]
        self.network = OnnxNetwork(Shape(**saved["shape"]), StoredWeights(folder / NETWORK_FILE))
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))

    def read(self, message: str, state: TurnState, ids: int = 0) -> tuple[ParsedCall, ...]:
        """Read the calls of a message in which `ids` lesion ids stand as L1, L2, …

        Raises ValueError when the output is no calls of this state.
        """
        encoded = encode_message(self.tokenizer, state_line(state), message[:MAX_CHARACTERS], state.atlas_types)
        calls = tuple(from_output_tokens(self._decode(encoded, state.atlas_types, ids), encoded.values, encoded.names))
        if not language(state, ids).fullmatch(text := write(calls)):
            raise ValueError(f"not in the language: {text[:80]}")
        return calls

    def _decode(self, encoded: EncodedMessage, atlas_types: Sequence[str], ids: int) -> list[str]:
        """Decode greedily: the output tokens, without the end."""
        counts = len(encoded.values), len(encoded.names), ids
        follow = next_tokens(tuple(self.output_tokens), tuple(atlas_types))
        end = self.output_tokens.index(END)
        cache = self.network.encode(encoded.ids, encoded.numbers, encoded.types)
        output: list[str] = []
        token = end  # what an output begins after, as it ends
        while len(output) < MAX_OUTPUT_TOKENS:
            scores, cache = self.network.next_token(token, cache)
            scores[follow.impossible(output, *counts)] = -math.inf
            token = int(np.argmax(scores))
            if token == end:
                break
            output.append(self.output_tokens[token])
        return output


@lru_cache
def load_network_reader(folder: Path = WEIGHTS) -> NetworkReader:
    """Load the shipped network, once."""
    return NetworkReader(folder)


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
