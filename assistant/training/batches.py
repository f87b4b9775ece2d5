"""Sentences as the network takes them: drawn as a training goes, encoded, and put in batches of like length."""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from assistant.training.generator.utterances import Kept, Utterance, utterance
from assistant.understanding.call_language import read
from assistant.understanding.network.output_tokens import END, output_vocabulary, to_output_tokens
from assistant.understanding.network.reader import EncodedMessage, encode_message

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from assistant.training.train_network import NetworkConfig

PADDING = 0  # the id of the mark between documents, which no message has; dropped words become it too


@dataclass(frozen=True)
class Batch:
    """Sentences of like length, padded on the right."""

    text: torch.Tensor  # (B, T) token ids
    numbers: torch.Tensor  # (B, T) the number each token belongs to
    types: torch.Tensor  # (B, T) likewise, the type
    lengths: torch.Tensor  # (B,) of the texts
    targets: torch.Tensor  # (B, S) output tokens with the end, then -1

    def to(self, device: torch.device) -> "Batch":
        """Copy it to a device."""
        return Batch(*(getattr(self, name).to(device).long() for name in self.__dataclass_fields__))


class _Windows(torch.utils.data.Dataset[list[Batch]]):
    """Windows of sentences, each in batches: the same whoever draws them."""

    def __init__(self, config: "NetworkConfig", kept: Kept, tokenizer: "Tokenizer") -> None:
        self._config, self._kept, self._tokenizer = config, kept, tokenizer
        self._places = {token: place for place, token in enumerate(output_vocabulary())}

    def __getitem__(self, window: int) -> list[Batch]:
        config = self._config
        first = window * config.window
        numbers = range(first, min(first + config.window, config.utterances))
        drawn = (utterance(config.seed, number, config.written, config.focus) for number in numbers)
        rows = [
            row for one in drawn if not self._kept.holds(one.text) and (row := _row(self._tokenizer, self._places, one))
        ]
        rows.sort(key=lambda row: len(row[0].ids) + len(row[1]))
        batches = [padded(rows[i : i + config.batch]) for i in range(0, len(rows), config.batch)]
        random.Random(window).shuffle(batches)
        return batches


def drawn_batches(
    config: "NetworkConfig", kept: Kept, tokenizer: "Tokenizer", windows: range
) -> "torch.utils.data.DataLoader[list[Batch]]":
    """Draw the batches of these windows in their order; with a GPU to wait for them, by all other cores."""
    workers = max(1, (os.cpu_count() or 2) - 1) if torch.cuda.is_available() else 0
    return torch.utils.data.DataLoader(
        _Windows(config, kept, tokenizer),
        batch_size=None,
        sampler=windows,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        multiprocessing_context="fork" if workers else None,
    )


_Row = tuple[EncodedMessage, list[int]]  # a sentence, and the numbers of its output tokens with the end


def _row(tokenizer: "Tokenizer", places: Mapping[str, int], one: Utterance) -> _Row | None:
    """Encode a sentence; None for an answer that names a type of a drawn atlas in words nothing finds."""
    message = encode_message(tokenizer, one.state, one.text, one.types)
    answer = [*to_output_tokens(read(one.answer), message.values, message.names), END]
    if any(token not in places for token in answer):
        return None
    return message, [places[token] for token in answer]


def padded(rows: Sequence[_Row]) -> Batch:
    """Put sentences in one batch."""

    def one(lists: Sequence[list[int]], filling: int = 0) -> torch.Tensor:
        tensors = [torch.tensor(row, dtype=torch.int16) for row in lists]
        return torch.nn.utils.rnn.pad_sequence(tensors, True, filling)

    messages = [message for message, _ in rows]
    return Batch(
        one([m.ids for m in messages], PADDING),
        one([m.numbers for m in messages]),
        one([m.types for m in messages]),
        torch.tensor([len(m.ids) for m in messages]),
        one([answer for _, answer in rows], -1),
    )
