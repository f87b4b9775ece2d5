"""The network of the network reader: a prefix language model on the first layers of a pretrained one.

Encoding begins with the word embeddings and the first layers of a small Llama (Touvron et al. 2023, arXiv 2302.13971;
grouped-query attention: Ainslie et al. 2023, arXiv 2305.13245), so that words it was never trained on mean something
too. A stack of its own follows: the message is attended to in both directions, the output tokens after it causally
(prefix language model; Raffel et al. 2020, arXiv 1910.10683, 3.2.1). Positions are rotary (Su et al. 2021, arXiv
2104.09864). Weights are stored as int8, each row of a matrix with its own scale (vector-wise quantization: Dettmers et
al. 2022, arXiv 2208.07339, 2.1), and `onnx_network.py` computes with them as they are.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

from assistant.understanding.network.onnx_network import SCALE, Shape

KeyValueCache = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values of each layer, (1, heads, T, width / heads)
Rotation = tuple[torch.Tensor, torch.Tensor]  # cosines and sines, (B or 1, 1, T, width / heads / 2)
MIN_SCALE = 1e-8  # so that a row of zeros has one


class PrefixTransformer(nn.Module):
    """Token ids of a message and the output tokens so far in, scores of the next output token out."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.word_embedding = nn.Embedding(shape.vocabulary, shape.encoder_width)
        self.encoder_layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.encoder_proj = nn.Linear(shape.encoder_width, shape.width)
        self.number_embedding = nn.Embedding(shape.numbers + 1, shape.width)  # the number a token is of, 0 for none
        self.type_embedding = nn.Embedding(shape.types + 1, shape.width) if shape.types else None  # likewise, its type
        self.output_embedding = nn.Embedding(shape.output_tokens, shape.width)
        for table in (self.number_embedding, self.type_embedding, self.output_embedding):
            if table is not None:
                nn.init.normal_(table.weight, std=0.02)
        self.layers = nn.ModuleList(_PrefixLayer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.output_tokens)

    def forward(
        self,
        words: torch.Tensor,
        numbers: torch.Tensor,
        types: torch.Tensor,
        lengths: torch.Tensor,
        output: torch.Tensor,
    ) -> torch.Tensor:
        """Compute the last hidden states of all output tokens at once, as in training.

        Shape: (B, T, encoder width) what `encode_words` makes of messages padded on the right, (B, T) the number and
        (B, T) the type each token belongs to, (B,) lengths, (B, S) output tokens -> (B, S, width); `head` makes scores.
        """
        prefix = words.shape[1]
        place = torch.arange(prefix + output.shape[1], device=words.device)
        is_text = place < prefix
        position = torch.where(is_text, place, lengths[:, None] + place - prefix)  # (B, T + S): no gap between the two
        padding = is_text & (place >= lengths[:, None])
        later = ~is_text & (place[None, :] > place[:, None])  # (T + S, T + S): output that is not there yet
        masked = (padding[:, None, :] | later)[:, None]
        x = torch.cat((self._marked(words, numbers, types), self.output_embedding(output)), dim=1)
        rotation = _rotation(position, self.shape.width // self.shape.heads)
        for layer in self.layers:
            x, _ = layer(x, rotation, masked)
        hidden: torch.Tensor = self.norm(x[:, prefix:])
        return hidden

    def encode(self, text: torch.Tensor, numbers: torch.Tensor, types: torch.Tensor) -> KeyValueCache:
        """Encode one message for decoding. Shape: (1, T) ids, (1, T) the number and (1, T) the type each belongs to."""
        _, cache = self._with_cache(self._marked(self.encode_words(text), numbers, types), None)
        return cache

    def next_token(self, token: int, cache: KeyValueCache) -> tuple[torch.Tensor, KeyValueCache]:
        """Compute log-probabilities of what follows an output token, and the cache that the next call goes on from."""
        x, cache = self._with_cache(self.output_embedding.weight[token][None, None], cache)
        scores: torch.Tensor = self.head(self.norm(x[:, -1]))
        return scores[0].log_softmax(-1), cache

    def encode_words(self, text: torch.Tensor) -> torch.Tensor:
        """Run the pretrained layers. Shape: (B, T) ids -> (B, T, encoder width), normalized."""
        x = self.word_embedding(text)
        rotation = _rotation(
            torch.arange(text.shape[1], device=text.device)[None],
            self.shape.encoder_width // self.shape.encoder_heads,
            self.shape.rope_base,
        )
        for layer in self.encoder_layers:
            x = layer(x, rotation)
        return F.layer_norm(x, x.shape[-1:])

    def _marked(self, words: torch.Tensor, numbers: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Narrow what the words mean to the own layers' width, and mark which numbers and types they are of."""
        marked: torch.Tensor = self.encoder_proj(words) + self.number_embedding(numbers)
        return marked if self.type_embedding is None else marked + self.type_embedding(types)

    def _with_cache(self, x: torch.Tensor, cache: KeyValueCache | None) -> tuple[torch.Tensor, KeyValueCache]:
        start = cache[0][0].shape[2] if cache else 0
        rotation = _rotation_from(start, x.shape[1], self.shape.width // self.shape.heads)
        grown: KeyValueCache = []
        for number, layer in enumerate(self.layers):
            x, key_value = layer(x, rotation, None, cache[number] if cache else None)
            grown.append(key_value)
        return x, grown


class EncoderLayer(nn.Module):
    """A causal layer of a Llama model; projections of the same input are one matrix. Shape: (B, T, width) -> same."""

    OF_LLAMA: ClassVar = {
        "input_layernorm": ("input_layernorm",),
        "qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        "out_proj": ("self_attn.o_proj",),
        "post_attention_layernorm": ("post_attention_layernorm",),
        "gate_up_proj": ("mlp.gate_proj", "mlp.up_proj"),
        "down_proj": ("mlp.down_proj",),
    }  # which of its matrices stand in each of these, one below the other

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, self.heads, self.kv_heads = shape.encoder_width, shape.encoder_heads, shape.encoder_kv_heads
        kv_width = width // self.heads * self.kv_heads
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(width, 1e-5), nn.RMSNorm(width, 1e-5)
        self.qkv_proj = nn.Linear(width, width + 2 * kv_width, bias=False)
        self.out_proj = nn.Linear(width, width, bias=False)
        self.gate_up_proj = nn.Linear(width, 2 * shape.encoder_hidden, bias=False)
        self.down_proj = nn.Linear(shape.encoder_hidden, width, bias=False)

    def forward(self, x: torch.Tensor, rotation: Rotation) -> torch.Tensor:
        batch, length, width = x.shape
        heads = self.qkv_proj(self.input_layernorm(x)).reshape(batch, length, -1, width // self.heads).transpose(1, 2)
        query_key, value = heads.split((self.heads + self.kv_heads, self.kv_heads), dim=1)
        query, key = _rotated(query_key, rotation).split((self.heads, self.kv_heads), dim=1)
        key, value = (part.repeat_interleave(self.heads // self.kv_heads, dim=1) for part in (key, value))
        x = x + self.out_proj(_attention(query, key, value, causal=True))
        gate, up = self.gate_up_proj(self.post_attention_layernorm(x)).chunk(2, dim=-1)
        after: torch.Tensor = x + self.down_proj(F.silu(gate) * up)
        return after


class _PrefixLayer(nn.Module):
    """A pre-norm transformer layer; `masked` says what is not attended to, `cache` what was computed before."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attention_norm, self.mlp_norm = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.qkv_proj = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.up_proj, self.down_proj = nn.Linear(shape.width, shape.hidden), nn.Linear(shape.hidden, shape.width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: torch.Tensor,
        rotation: Rotation,
        masked: torch.Tensor | None,
        cache: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        batch, length, width = x.shape
        parts = self.qkv_proj(self.attention_norm(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query_key, value = parts.permute(2, 0, 3, 1, 4).split((2, 1))
        (query, key), value = _rotated(query_key, rotation), value[0]
        if cache is not None:
            key, value = torch.cat((cache[0], key), dim=2), torch.cat((cache[1], value), dim=2)
        x = x + self.dropout(self.out_proj(_attention(query, key, value, masked)))
        x = x + self.dropout(self.down_proj(F.gelu(self.up_proj(self.mlp_norm(x)))))
        return x, (key, value)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    masked: torch.Tensor | None = None,
    causal: bool = False,
) -> torch.Tensor:
    """Attend with all heads, side by side. Shape: (B, heads, T, width / heads) -> (B, T, width)."""
    if not torch.is_grad_enabled():
        out = F.scaled_dot_product_attention(query, key, value, None if masked is None else ~masked, is_causal=causal)
        return out.transpose(1, 2).flatten(2)
    # written out: on a CPU the fused kernel's backward pass costs more than all else together at these lengths
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if causal:
        masked = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
    if masked is not None:
        scores = scores.masked_fill(masked, -1e4)
    out = scores.float().softmax(-1).to(value.dtype) @ value
    return out.transpose(1, 2).flatten(2)


@lru_cache(maxsize=512)
@torch.inference_mode(False)  # kept for training too, whoever asks first
def _rotation_from(start: int, length: int, head_width: int) -> Rotation:
    """Compute the rotation of consecutive positions: decoding asks for the same ones again and again."""
    return _rotation(torch.arange(start, start + length)[None], head_width)


def _rotation(position: torch.Tensor, head_width: int, base: float = 10_000.0) -> Rotation:
    half = head_width // 2
    angle = position[:, None, :, None] / base ** (torch.arange(half, device=position.device) / half)
    return angle.cos(), angle.sin()


def _rotated(x: torch.Tensor, rotation: Rotation) -> torch.Tensor:
    cos, sin = (part.to(x.dtype) for part in rotation)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


def quantize(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Quantize matrices to int8, each row by its own scale; all else becomes float16. The inverse is `dequantize`."""
    quantized: dict[str, torch.Tensor] = {}
    for name, table in weights.items():
        if table.dim() < 2:
            quantized[name] = table.to(torch.float16)
            continue
        quantized[name], scale = _to_int8(table)
        quantized[name + SCALE] = scale.to(torch.float16)
    return quantized


def dequantize(quantized: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Restore what `quantize` made to float32, within half a step of its scale."""
    return {
        name: table.float() * quantized[name + SCALE].float() if name + SCALE in quantized else table.float()
        for name, table in quantized.items()
        if not name.endswith(SCALE)
    }


def _to_int8(table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantize row by row, symmetrically. Shape: (rows, columns) -> the same, (rows, 1)."""
    scale = (table.abs().amax(dim=1, keepdim=True) / 127).clamp(min=MIN_SCALE)
    return (table / scale).round().to(torch.int8), scale
