"""The offline reader: a network, shipped with the project, that reads a message as the embedded model does.

It needs no download and reads a message in some hundredths of a second. Like the embedded model it only understands:
the planner acts on what it understood and writes the answer.
"""

import json
import math
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.core.turn_state import TurnState
from assistant.understanding.call_grammar import language
from assistant.understanding.call_language import state_line, write
from assistant.understanding.network.number_spans import find_numbers
from assistant.understanding.network.output_tokens import END, MAX_NUMBERS, from_output_tokens
from assistant.understanding.reader import MAX_CHARACTERS, Fork, Reading, ReadingCancelledError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from assistant.understanding.network.model import Memory

WEIGHTS = Path(__file__).parent / "weights"
NETWORK_FILE, SHAPE_FILE, TOKENIZER_FILE = "network.safetensors", "network.json", "tokenizer.json"
MAX_IDS = 200  # of a message
MAX_OUTPUT_TOKENS = 60  # of an answer


def plain(text: str) -> str:
    """Lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


@dataclass(frozen=True)
class EncodedMessage:
    """A message as the network takes it: ids, which number of the message each belongs to, and the numbers' values."""

    ids: list[int]
    numbers: list[int]  # 1 for the first number of the message, 0 for none
    values: list[str]


def encode_message(tokenizer: "Tokenizer", state: str, message: str) -> EncodedMessage:
    """What the network hears of a message in its state."""
    before, text = plain(f"{state} | "), plain(message)
    found = tokenizer.encode(before + text, add_special_tokens=False)
    said = find_numbers(text, MAX_NUMBERS)
    numbers = [
        next((n for n, one in enumerate(said, 1) if low < len(before) + one.end and len(before) + one.start < high), 0)
        for low, high in found.offsets[:MAX_IDS]
    ]
    return EncodedMessage(found.ids[:MAX_IDS], numbers, [one.value for one in said])


class NetworkReader:
    """The network, loaded. Several threads may read at once. Raises OSError where its files are missing."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        from safetensors.torch import load_file
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        from assistant.understanding.network import quantization as eight_bits
        from assistant.understanding.network.model import PrefixTransformer, Shape

        told = json.loads((folder / SHAPE_FILE).read_text(encoding="utf-8"))
        self.symbols: list[str] = told["symbols"]
        self.network = PrefixTransformer(Shape(**told["shape"]))
        weights = load_file(folder / NETWORK_FILE)
        self.network.load_state_dict(eight_bits.dequantize(weights))
        self.network.eval()
        if eight_bits.int8_is_fast():
            eight_bits.quantize_linear_layers(self.network.hearing, weights, "hearing.")
        self._threads = ThreadpoolController()
        self._last: tuple[EncodedMessage, Memory] | None = None
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading:
        """The calls of a message in which `ids` lesion ids stand as L1, L2, …; going on from `begin`, if given.

        Raises ReadingCancelledError when `stop` is set, ValueError when the network wrote something else.
        """
        heard = encode_message(self.tokenizer, state_line(state), message[:MAX_CHARACTERS])
        written, chances, forks = self._write(heard, stop, begin)
        symbols = [self.symbols[n] for n in written]
        said = tuple(from_output_tokens([symbol for symbol in symbols if symbol != END], heard.values))
        text = write(said)
        if not language(state, ids).fullmatch(text):
            raise ValueError(f"not in the language: {text[:80]}")
        return Reading(said, _by_field(symbols, chances), text, forks)

    def _write(
        self, heard: EncodedMessage, stop: threading.Event | None, begin: Fork | None
    ) -> tuple[list[int], list[float], tuple[Fork, ...]]:
        """The likeliest symbol at each place, its chance, and where another one was likely."""
        import torch

        end = self.symbols.index(END)
        written: list[int] = list(begin.tokens) if begin else []
        chances = [1.0] * (len(written) - 1) + [begin.probability] if begin else []
        forks: list[Fork] = []
        # on one core: the work is so little that to find helpers for it, in a turn's new thread, takes longer
        with torch.inference_mode(), self._threads.limit(limits=1, user_api="openmp"):
            memory = self._listened(heard)
            for symbol in (end, *written):  # what an answer begins after, as it ends
                scores, memory = self.network.next_symbol(symbol, memory)
            while len(written) < MAX_OUTPUT_TOKENS and (not written or written[-1] != end):
                if stop is not None and stop.is_set():
                    raise ReadingCancelledError
                best = scores.topk(2)
                (symbol, other), (chance, next_best) = best.indices.tolist(), best.values.exp().tolist()
                forks.append(Fork((*written, other), math.prod(chances) * next_best))
                chances.append(chance)
                written.append(symbol)
                if symbol != end:
                    scores, memory = self.network.next_symbol(symbol, memory)
        return written, chances, tuple(sorted(forks, key=lambda fork: -fork.probability))

    def _listened(self, heard: EncodedMessage) -> "Memory":
        """The memory of a message; that of the last one is kept, since its second thoughts begin with it too."""
        import torch

        last = self._last  # taken and set at once: another thread's message at worst means to listen again
        if last is None or last[0] != heard:
            last = heard, self.network.listen(torch.tensor([heard.ids]), torch.tensor([heard.numbers]))
            self._last = last
        return last[1]


@lru_cache
def load_network_reader(folder: Path = WEIGHTS) -> NetworkReader:
    """The shipped network, loaded once."""
    return NetworkReader(folder)


def _by_field(symbols: list[str], chances: list[float]) -> tuple[dict[str, float], ...]:
    """The chance of each field of each call, from those of its symbols; the end counts to the last field."""
    found: list[dict[str, float]] = []
    name = ""
    for symbol, chance in zip(symbols, chances, strict=True):
        if symbol.startswith("do="):
            found.append({})
            name = "do"
        elif symbol.endswith("="):
            name = symbol[:-1]
        if found:
            found[-1][name] = found[-1].get(name, 1.0) * chance
    return tuple(found)
