"""The network of the offline reader: it listens to a whole message and then writes symbols.

Listening begins with the words and the first layers of a small pretrained language model (Llama's: Touvron et al. 2023,
arXiv 2302.13971; attention shared among queries: Ainslie et al. 2023, arXiv 2305.13245), so that words it was never
taught mean something too. A stack of its own follows: the message is seen in both directions, what is written after it
only backwards (a prefix language model; Raffel et al. 2020, arXiv 1910.10683, 3.2.1). Positions are rotary (Su et al.
2021, arXiv 2104.09864).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

Memory = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values of each layer, (1, heads, T, width / heads)
Rotation = tuple[torch.Tensor, torch.Tensor]  # cosines and sines, (B or 1, 1, T, width / heads / 2)


@dataclass(frozen=True)
class Shape:
    """Sizes of the network: of the pretrained part, and of its own."""

    text_ids: int
    symbols: int
    numbers: int  # of a message that can be pointed at
    heard_width: int
    heard_layers: int
    heard_heads: int
    heard_shared: int  # heads of keys and values
    heard_hidden: int
    heard_base: float  # of the rotation
    width: int = 256
    layers: int = 2
    heads: int = 8
    hidden: int = 1024


class PrefixTransformer(nn.Module):
    """Ids of a message and of the symbols so far in, scores of the next symbol out."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.text_ids, shape.heard_width)
        self.hearing = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.heard_layers))
        self.heard = nn.Linear(shape.heard_width, shape.width)
        self.numbers = nn.Embedding(shape.numbers + 1, shape.width)  # which number a piece belongs to, 0 for none
        self.symbols = nn.Embedding(shape.symbols, shape.width)
        for table in (self.numbers, self.symbols):
            nn.init.normal_(table.weight, std=0.02)
        self.layers = nn.ModuleList(_Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.scores = nn.Linear(shape.width, shape.symbols)

    def forward(
        self, text: torch.Tensor, numbers: torch.Tensor, lengths: torch.Tensor, written: torch.Tensor
    ) -> torch.Tensor:
        """What each written place knows, all at once, as in training.

        Shape: (B, T) ids of messages padded on the right, (B, T) the number each belongs to, (B,) lengths, (B, S)
        symbols -> (B, S, width).
        """
        spoken = text.shape[1]
        place = torch.arange(spoken + written.shape[1], device=text.device)
        is_text = place < spoken
        at = torch.where(is_text, place, lengths[:, None] + place - spoken)  # (B, T + S): nothing between the two
        padding = is_text & (place >= lengths[:, None])
        later = ~is_text & (place[None, :] > place[:, None])  # (T + S, T + S): what was not written yet
        unseen = (padding[:, None, :] | later)[:, None]
        x = torch.cat((self._listened(text, numbers), self.symbols(written)), dim=1)
        turn = _rotation(at, self.shape.width // self.shape.heads)
        for layer in self.layers:
            x, _ = layer(x, turn, unseen)
        known: torch.Tensor = self.norm(x[:, spoken:])
        return known

    def listen(self, text: torch.Tensor, numbers: torch.Tensor) -> Memory:
        """The memory of one message. Shape: (1, T) ids, (1, T) the number each belongs to."""
        _, memory = self._onward(self._listened(text, numbers), None)
        return memory

    def next_symbol(self, symbol: int, memory: Memory) -> tuple[torch.Tensor, Memory]:
        """Log-probabilities of what follows a symbol, and the memory that the next call goes on from."""
        x, memory = self._onward(self.symbols.weight[symbol][None, None], memory)
        scores: torch.Tensor = self.scores(self.norm(x[:, -1]))
        return scores[0].log_softmax(-1), memory

    def _listened(self, text: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        x = self.words(text)
        turn = _rotation(
            torch.arange(text.shape[1], device=text.device)[None],
            self.shape.heard_width // self.shape.heard_heads,
            self.shape.heard_base,
        )
        for layer in self.hearing:
            x = layer(x, turn)
        x = F.layer_norm(x, x.shape[-1:])
        heard: torch.Tensor = self.heard(x) + self.numbers(numbers)
        return heard

    def _onward(self, x: torch.Tensor, memory: Memory | None) -> tuple[torch.Tensor, Memory]:
        began = memory[0][0].shape[2] if memory else 0
        turn = _rotation_from(began, x.shape[1], self.shape.width // self.shape.heads)
        kept: Memory = []
        for number, layer in enumerate(self.layers):
            x, seen = layer(x, turn, None, memory[number] if memory else None)
            kept.append(seen)
        return x, kept


class EncoderLayer(nn.Module):
    """A layer of a Llama model; what reads the same input is one table."""

    OF_LLAMA: ClassVar = {
        "input_layernorm": ("input_layernorm",),
        "q_k_v_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        "o_proj": ("self_attn.o_proj",),
        "post_attention_layernorm": ("post_attention_layernorm",),
        "gate_up_proj": ("mlp.gate_proj", "mlp.up_proj"),
        "down_proj": ("mlp.down_proj",),
    }  # which of its tables stand in each of these, one below the other

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, self.heads, self.shared = shape.heard_width, shape.heard_heads, shape.heard_shared
        shared_width = width // self.heads * self.shared
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(width, 1e-5), nn.RMSNorm(width, 1e-5)
        self.q_k_v_proj = nn.Linear(width, width + 2 * shared_width, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)
        self.gate_up_proj = nn.Linear(width, 2 * shape.heard_hidden, bias=False)
        self.down_proj = nn.Linear(shape.heard_hidden, width, bias=False)

    def forward(self, x: torch.Tensor, turn: Rotation) -> torch.Tensor:
        batch, length, width = x.shape
        heads = self.q_k_v_proj(self.input_layernorm(x)).reshape(batch, length, -1, width // self.heads).transpose(1, 2)
        query_key, value = heads.split((self.heads + self.shared, self.shared), dim=1)
        query, key = _turned(query_key, turn).split((self.heads, self.shared), dim=1)
        key, value = (part.repeat_interleave(self.heads // self.shared, dim=1) for part in (key, value))
        x = x + self.o_proj(_attended(query, key, value, later=True))
        gate, up = self.gate_up_proj(self.post_attention_layernorm(x)).chunk(2, dim=-1)
        onward: torch.Tensor = x + self.down_proj(F.silu(gate) * up)
        return onward


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
        turn: Rotation,
        unseen: torch.Tensor | None,
        memory: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        batch, length, width = x.shape
        parts = self.looked(self.before(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query_key, value = parts.permute(2, 0, 3, 1, 4).split((2, 1))
        (query, key), value = _turned(query_key, turn), value[0]
        if memory is not None:
            key, value = torch.cat((memory[0], key), dim=2), torch.cat((memory[1], value), dim=2)
        x = x + self.dropout(self.gathered(_attended(query, key, value, unseen)))
        x = x + self.dropout(self.narrow(F.gelu(self.widen(self.between(x)))))
        return x, (key, value)


def _attended(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    unseen: torch.Tensor | None = None,
    later: bool = False,  # what stands after a place is unseen from it
) -> torch.Tensor:
    """Attention of all heads, side by side. Shape: (B, heads, T, width / heads) -> (B, T, width)."""
    if not torch.is_grad_enabled():
        seen = F.scaled_dot_product_attention(query, key, value, None if unseen is None else ~unseen, is_causal=later)
        return seen.transpose(1, 2).flatten(2)
    # written out: on a CPU the fused kernel's backward pass costs more than all else together at these lengths
    near = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if later:
        unseen = torch.ones(near.shape[-2:], dtype=torch.bool, device=near.device).triu(1)
    if unseen is not None:
        near = near.masked_fill(unseen, -1e4)
    seen = near.float().softmax(-1).to(value.dtype) @ value
    return seen.transpose(1, 2).flatten(2)


@lru_cache(maxsize=512)
def _rotation_from(began: int, length: int, head_width: int) -> Rotation:
    """The rotation of places that follow each other: reading a message asks for the same ones again and again."""
    return _rotation(torch.arange(began, began + length)[None], head_width)


def _rotation(at: torch.Tensor, head_width: int, base: float = 10_000.0) -> Rotation:
    half = head_width // 2
    angle = at[:, None, :, None] / base ** (torch.arange(half, device=at.device) / half)
    return angle.cos(), angle.sin()


def _turned(x: torch.Tensor, turn: Rotation) -> torch.Tensor:
    cos, sin = (part.to(x.dtype) for part in turn)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)
