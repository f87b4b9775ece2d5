"""The offline reader: a small network, shipped with the project, that reads a message as the embedded model does.

It needs no download and reads a message in some hundredths of a second. Like the embedded model it only understands:
the planner acts on what it understood and writes the answer.
"""

import json
import math
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedded_language import language, state_line, write
from assistant.embedded_model import MOST_CHARACTERS, CalledOffError, Fork, Reading
from assistant.state import TurnState
from assistant.symbols import END, from_symbols

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).parent / "offline_weights"
NETWORK_FILE, SHAPE_FILE, TOKENIZER_FILE = "network.safetensors", "network.json", "tokenizer.json"
MOST_IDS = 200  # of a message
MOST_SYMBOLS = 60  # of an answer
GO = 0  # the id between a message and what is written


def plain(text: str) -> str:
    """Lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def prefix_ids(tokenizer: "Tokenizer", state: str, message: str) -> list[int]:
    """What the network sees before it writes."""
    return [*tokenizer.encode(plain(f"{state} | {message}"), add_special_tokens=False).ids[:MOST_IDS], GO]


class OfflineReader:
    """The network, loaded. Several threads may read at once. Raises OSError where its files are missing."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        from safetensors.torch import load_file
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        from assistant.offline_network import OfflineNetwork, Shape

        told = json.loads((folder / SHAPE_FILE).read_text(encoding="utf-8"))
        self.symbols: list[str] = told["symbols"]
        self.network = OfflineNetwork(Shape(**told["shape"]))
        self.network.load_state_dict({name: t.float() for name, t in load_file(folder / NETWORK_FILE).items()})
        self.network.eval()
        self._threads = ThreadpoolController()
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

        Raises CalledOffError when `stop` is set, ValueError when the network wrote something else.
        """
        written, chances, forks = self._write(message[:MOST_CHARACTERS], state, stop, begin)
        symbols = [self.symbols[n] for n in written]
        said = tuple(from_symbols([symbol for symbol in symbols if symbol != END]))
        text = write(said)
        if not language(state, ids).fullmatch(text):
            raise ValueError(f"not in the language: {text[:80]}")
        return Reading(said, _by_field(symbols, chances), text, forks)

    def _write(
        self, message: str, state: TurnState, stop: threading.Event | None, begin: Fork | None
    ) -> tuple[list[int], list[float], tuple[Fork, ...]]:
        """The likeliest symbol at each place, its chance, and where another one was likely."""
        import torch

        written: list[int] = list(begin.tokens) if begin else []
        chances = [1.0] * (len(written) - 1) + [begin.chance] if begin else []
        forks: list[Fork] = []
        waiting = prefix_ids(self.tokenizer, state_line(state), message)
        # so small a network loses more by sharing out its work than it gains
        with torch.inference_mode(), self._threads.limit(limits=1, user_api="openmp"):
            # a prefix is seen in both directions, so it is taken in whole before what was written after it
            scores, memory = self.network.next_symbol(torch.tensor([waiting]), None)
            for symbol in written:
                scores, memory = self.network.next_symbol(self._id(symbol), memory)
            while len(written) < MOST_SYMBOLS and (not written or self.symbols[written[-1]] != END):
                if stop is not None and stop.is_set():
                    raise CalledOffError
                best = scores.topk(2)
                (symbol, other), (chance, next_best) = best.indices.tolist(), best.values.exp().tolist()
                forks.append(Fork((*written, other), math.prod(chances) * next_best))
                chances.append(chance)
                written.append(symbol)
                if self.symbols[symbol] == END:
                    break
                scores, memory = self.network.next_symbol(self._id(symbol), memory)
        return written, chances, tuple(sorted(forks, key=lambda fork: -fork.chance))

    def _id(self, symbol: int) -> "torch.Tensor":
        import torch

        return torch.tensor([[self.network.shape.text_ids + symbol]])


@lru_cache
def offline_reader(folder: Path = WEIGHTS) -> OfflineReader:
    """The shipped network, loaded once."""
    return OfflineReader(folder)


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
