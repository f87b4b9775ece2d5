"""The network of the offline reader: a transformer of a few layers that sees a whole message and then writes symbols.

One stack does both: a prefix (the state and the message) is seen in both directions, what is written after it only
backwards (a prefix language model; Raffel et al. 2020, arXiv 1910.10683, 3.2.1). Positions are rotary (Su et al. 2021,
arXiv 2104.09864).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

Memory = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values of each layer, (1, heads, T, width / heads)


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; the first ids are those of text, the symbols come after them."""

    text_ids: int
    symbols: int
    width: int = 256
    layers: int = 4
    heads: int = 8
    hidden: int = 1024


class OfflineNetwork(nn.Module):
    """Ids of a prefix and of the symbols so far in, scores of the next symbol out."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.text_ids + shape.symbols, shape.width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList(_Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.scores = nn.Linear(shape.width, shape.symbols)

    def forward(self, ids: torch.Tensor, prefix: torch.Tensor) -> torch.Tensor:
        """What each place knows. Shape: (B, T) ids, (B,) lengths of the prefixes -> (B, T, width)."""
        at = torch.arange(ids.shape[1], device=ids.device)
        written = at[None, None, :] >= prefix[:, None, None]  # (B, 1, T) what a prefix never sees
        hidden = written & (at[None, None, :] > at[None, :, None])
        x = self.embedding(ids)
        turn = _rotation(at, self.shape)
        for layer in self.layers:
            x, _ = layer(x, turn, hidden[:, None])
        known: torch.Tensor = self.norm(x)
        return known

    def next_symbol(self, ids: torch.Tensor, memory: Memory | None) -> tuple[torch.Tensor, Memory]:
        """Log-probabilities of the symbol after `ids` (1, T), and the memory that the next call goes on from."""
        began = memory[0][0].shape[2] if memory else 0
        turn = _rotation(torch.arange(began, began + ids.shape[1]), self.shape)
        x = self.embedding(ids)
        kept: Memory = []
        for number, layer in enumerate(self.layers):
            x, seen = layer(x, turn, None, memory[number] if memory else None)
            kept.append(seen)
        scores: torch.Tensor = self.scores(self.norm(x[:, -1]))
        return scores[0].log_softmax(-1), kept


class _Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.looked = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.gathered = nn.Linear(shape.width, shape.width, bias=False)
        self.widen, self.narrow = nn.Linear(shape.width, shape.hidden), nn.Linear(shape.hidden, shape.width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: torch.Tensor,
        turn: tuple[torch.Tensor, torch.Tensor],
        hidden: torch.Tensor | None,
        memory: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        batch, length, width = x.shape
        parts = self.looked(self.before(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        query, key = _turned(query, turn), _turned(key, turn)
        if memory is not None:
            key, value = torch.cat((memory[0], key), dim=2), torch.cat((memory[1], value), dim=2)
        # written out: on a CPU the fused kernel's backward pass costs more than all else together at these lengths
        near = query @ key.transpose(-1, -2) / math.sqrt(width // self.heads)
        if hidden is not None:
            near = near.masked_fill(hidden, -1e4)
        seen = near.float().softmax(-1).to(value.dtype) @ value
        x = x + self.dropout(self.gathered(seen.transpose(1, 2).reshape(batch, length, width)))
        x = x + self.dropout(self.narrow(F.gelu(self.widen(self.between(x)))))
        return x, (key, value)


def _rotation(at: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    half = shape.width // shape.heads // 2
    angle = at[:, None] / 10_000 ** (torch.arange(half, device=at.device) / half)
    return angle.cos(), angle.sin()


def _turned(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    cos, sin = turn
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)
