"""The network of the network reader for serving: two ONNX graphs, one that encodes a message and one that writes on.

They compute what `model.py` computes for one message, from the int8 weights it is stored in, without PyTorch. The
pretrained layers multiply with the int8 weights as they are: with a short message a layer waits for its weights more
than for its sums.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoder.network.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


Table = NDArray[np.generic]
Cache = NDArray[
    np.float32
]  # keys and values of the own layers, one below the other: (2 layers, heads, T, width / heads)
SCALE = ".scale"  # after the name of int8 weights: what each of their rows is multiplied by
_EPSILON = 1e-5  # of all norms
_POSITIONS = 512  # of a message and its output together, at most
_MASKED = -1e9


@dataclass(frozen=True)
class Shape:
    """Sizes of the network: of the pretrained encoder layers, and of its own."""

    vocabulary: int
    output_tokens: int
    numbers: int  # of a message that can be pointed at
    encoder_width: int
    encoder_layers: int
    encoder_heads: int
    encoder_kv_heads: int  # heads of keys and values
    encoder_hidden: int
    rope_base: float  # of the encoder's rotation
    width: int = 256
    layers: int = 2
    heads: int = 8
    hidden: int = 1024
    types: int = 0  # lesion types of a message and its state that can be pointed at; 0: it writes their names


class StoredWeights(Mapping[str, Table]):
    """Weights of a safetensors file, each read when it is asked for: all at once they would stand in memory twice."""

    def __init__(self, path: Path) -> None:
        from safetensors import safe_open

        self._file: Any = safe_open(path, "np")
        self._names = dict.fromkeys(self._file.keys())  # type: ignore[no-untyped-call]

    def __getitem__(self, name: str) -> Table:
        if name not in self._names:
            raise KeyError(name)
        table: Table = self._file.get_tensor(name)
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class OnnxNetwork:
    """Token ids of a message and the output tokens so far in, scores of the next output token out.

    Several threads may use one at once. Raises KeyError where weights are missing.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, Table]) -> None:
        self.shape = shape
        self._encoder = _encoding_graph(shape, weights)
        # one thread: the work is so little that to wake another takes longer
        self._writer = _writing_graph(shape, weights)

    def encode(self, ids: Sequence[int], numbers: Sequence[int], types: Sequence[int]) -> Cache:
        """Encode one message for decoding: (T,) token ids, the number and the type that each belongs to, 0 for none."""
        marks = {"ids": ids, "numbers": numbers, "types": types, "positions": range(len(ids))}
        wanted = {each.name for each in self._encoder.get_inputs()}
        fed = {name: np.asarray(values, np.int64) for name, values in marks.items() if name in wanted}
        cache: Cache = self._encoder.run(None, fed)[0]
        return cache

    def next_token(self, token: int, cache: Cache) -> tuple[NDArray[np.float32], Cache]:
        """Compute log-probabilities of what follows an output token, and the cache that the next call goes on from."""
        fed = {"token": np.array([token]), "positions": np.array([cache.shape[2]]), "cache": cache}
        scores, grown = self._writer.run(None, fed)
        return scores, grown


class _Layers:
    """The parts that both graphs are made of."""

    def __init__(self, shape: Shape, weights: Mapping[str, Table]) -> None:
        self.shape, self.weights, self.graph = shape, weights, OnnxGraph()

    def table(self, name: str) -> NDArray[np.float32]:
        """Restore weights to float32."""
        table = np.asarray(self.weights[name], np.float32)
        scale = self.weights.get(name + SCALE)
        return table if scale is None else table * np.asarray(scale, np.float32)

    def linear(self, x: str, name: str) -> str:
        bias = self.table(f"{name}.bias") if f"{name}.bias" in self.weights else None
        return self.graph.linear(x, self.table(f"{name}.weight"), bias)

    def int8_linear(self, x: str, name: str) -> str:
        weight = self.weights[f"{name}.weight"].astype(np.int8, copy=False)
        return self.graph.quantized_linear(x, weight, self.weights[f"{name}.weight{SCALE}"])

    def embedded(self, ids: str, name: str) -> str:
        return self.graph.node("Gather", self.graph.constant(self.table(f"{name}.weight")), ids)

    def layer_norm(self, x: str, name: str = "") -> str:
        width = self.shape.width if name else self.shape.encoder_width
        scale = self.table(f"{name}.weight") if name else np.ones(width)
        bias = self.table(f"{name}.bias") if name else np.zeros(width)
        return self.graph.node(
            "LayerNormalization", x, self.graph.constant(scale), self.graph.constant(bias), epsilon=_EPSILON
        )

    def rms_norm(self, x: str, name: str) -> str:
        graph = self.graph
        mean = graph.node("ReduceMean", graph.squared(x), graph.constant([-1], np.int64))
        root = graph.node("Sqrt", graph.node("Add", mean, graph.constant(_EPSILON)))
        return graph.node("Mul", graph.node("Div", x, root), graph.constant(self.table(f"{name}.weight")))

    def reshaped(self, x: str, *shape: int) -> str:
        return self.graph.node("Reshape", x, self.graph.constant(shape, np.int64))

    def at(self, x: str, place: int) -> str:
        return self.graph.node("Gather", x, self.graph.constant(place, np.int64), axis=0)

    def rotation(self, positions: str, head_width: int, base: float) -> tuple[str, str]:
        """Compute cosines and sines of rotary positions. Shape: (T,) -> (T, head_width / 2) of each."""
        half = head_width // 2
        angle = np.arange(_POSITIONS)[:, None] / base ** (np.arange(half) / half)
        tables = (self.graph.constant(values) for values in (np.cos(angle), np.sin(angle)))
        cosines, sines = (self.graph.node("Gather", table, positions) for table in tables)
        return cosines, sines

    def rotated(self, x: str, rotation: tuple[str, str]) -> str:
        graph, (cosines, sines) = self.graph, rotation
        a, b = graph.nodes("Split", 2, x, axis=-1, num_outputs=2)
        first = graph.node("Sub", graph.node("Mul", a, cosines), graph.node("Mul", b, sines))
        second = graph.node("Add", graph.node("Mul", b, cosines), graph.node("Mul", a, sines))
        return graph.node("Concat", first, second, axis=-1)

    def attention(self, query: str, key: str, value: str, head_width: int, masked: str = "") -> str:
        """Attend with all heads. Shape: (heads of keys, heads that share one, T, head_width) -> (T, width)."""
        graph = self.graph
        scores = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = graph.times(scores, 1 / math.sqrt(head_width))
        if masked:
            scores = graph.node("Where", masked, graph.constant(_MASKED), scores)
        out = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), value)
        together = graph.node("Transpose", out, perm=[2, 0, 1, 3])
        return graph.node("Flatten", together, axis=1)

    # -- the pretrained layers -----------------------------------------------------------------------------------------
    def words(self, ids: str, positions: str) -> str:
        """Run the pretrained layers. Shape: (T,) -> (T, encoder width), normalized."""
        graph, shape = self.graph, self.shape
        rows = graph.node("Gather", graph.constant(self.weights["word_embedding.weight"], np.int8), ids)
        scales = graph.node("Gather", graph.constant(self.weights["word_embedding.weight" + SCALE]), ids)
        x = graph.node("Mul", graph.node("Cast", rows, to=1), scales)
        head_width = shape.encoder_width // shape.encoder_heads
        rotation = self.rotation(positions, head_width, shape.rope_base)
        now, other = (graph.node("Unsqueeze", positions, graph.constant([axis], np.int64)) for axis in (1, 0))
        later = graph.node("Less", now, other)  # what is not read yet
        for number in range(shape.encoder_layers):
            x = self._encoder_layer(x, f"encoder_layers.{number}", head_width, rotation, later)
        return self.layer_norm(x)

    def _encoder_layer(self, x: str, name: str, head_width: int, rotation: tuple[str, str], later: str) -> str:
        graph, shape = self.graph, self.shape
        kv_heads = shape.encoder_kv_heads
        projected = self.int8_linear(self.rms_norm(x, f"{name}.input_layernorm"), f"{name}.qkv_proj")
        heads = graph.node("Transpose", self.reshaped(projected, 0, -1, head_width), perm=[1, 0, 2])
        sizes = graph.constant([shape.encoder_heads + kv_heads, kv_heads], np.int64)
        query_key, value = graph.nodes("Split", 2, heads, sizes, axis=0)
        sizes = graph.constant([shape.encoder_heads, kv_heads], np.int64)
        query, key = graph.nodes("Split", 2, self.rotated(query_key, rotation), sizes, axis=0)
        shared = shape.encoder_heads // kv_heads
        query = self.reshaped(query, kv_heads, shared, -1, head_width)
        key, value = (self.reshaped(part, kv_heads, 1, -1, head_width) for part in (key, value))
        attended = self.attention(query, key, value, head_width, later)
        x = graph.node("Add", x, self.int8_linear(attended, f"{name}.out_proj"))
        widened = self.int8_linear(self.rms_norm(x, f"{name}.post_attention_layernorm"), f"{name}.gate_up_proj")
        gate, up = graph.nodes("Split", 2, widened, axis=-1, num_outputs=2)
        gated = graph.node("Mul", graph.node("Mul", gate, graph.node("Sigmoid", gate)), up)
        return graph.node("Add", x, self.int8_linear(gated, f"{name}.down_proj"))

    # -- its own layers ------------------------------------------------------------------------------------------------
    def own_layers(self, x: str, positions: str, cache: str = "") -> tuple[str, str]:
        """Run the own layers after what is cached. Shape: (T, width) -> the same, and the cache with T more."""
        graph, shape = self.graph, self.shape
        head_width = shape.width // shape.heads
        rotation = self.rotation(positions, head_width, 10_000.0)
        grown = []
        for number in range(shape.layers):
            name = f"layers.{number}"
            projected = self.linear(self.layer_norm(x, f"{name}.attention_norm"), f"{name}.qkv_proj")
            parts = graph.node("Transpose", self.reshaped(projected, 0, 3, shape.heads, head_width), perm=[1, 2, 0, 3])
            query, key = (self.rotated(self.at(parts, place), rotation) for place in (0, 1))
            value = self.at(parts, 2)
            if cache:
                key = graph.node("Concat", self.at(cache, 2 * number), key, axis=1)
                value = graph.node("Concat", self.at(cache, 2 * number + 1), value, axis=1)
            grown += [key, value]
            query, key, value = (self.reshaped(part, shape.heads, 1, -1, head_width) for part in (query, key, value))
            attended = self.attention(query, key, value, head_width)
            x = graph.node("Add", x, self.linear(attended, f"{name}.out_proj"))
            inner = self.linear(self.layer_norm(x, f"{name}.mlp_norm"), f"{name}.up_proj")
            error = graph.node("Erf", graph.times(inner, 1 / math.sqrt(2)))
            activated = graph.node("Mul", inner, graph.times(error, 0.5, add=0.5))
            x = graph.node("Add", x, self.linear(activated, f"{name}.down_proj"))
        axis = graph.constant([0], np.int64)
        return x, graph.node("Concat", *(graph.node("Unsqueeze", part, axis) for part in grown), axis=0)


def _encoding_graph(shape: Shape, weights: Mapping[str, Table]) -> "InferenceSession":
    layers = _Layers(shape, weights)
    ids, numbers, positions = (layers.graph.input(name, np.int64, ["T"]) for name in ("ids", "numbers", "positions"))
    marked = layers.graph.node(
        "Add", layers.linear(layers.words(ids, positions), "encoder_proj"), layers.embedded(numbers, "number_embedding")
    )
    if shape.types:
        types = layers.graph.input("types", np.int64, ["T"])
        marked = layers.graph.node("Add", marked, layers.embedded(types, "type_embedding"))
    _, cache = layers.own_layers(marked, positions)
    return layers.graph.session([cache])


def _writing_graph(shape: Shape, weights: Mapping[str, Table]) -> "InferenceSession":
    layers = _Layers(shape, weights)
    token, positions = (layers.graph.input(name, np.int64, [1]) for name in ("token", "positions"))
    before = layers.graph.input("cache", np.float32, [2 * shape.layers, shape.heads, "P", shape.width // shape.heads])
    x, cache = layers.own_layers(layers.embedded(token, "output_embedding"), positions, before)
    scores = layers.graph.node("LogSoftmax", layers.linear(layers.layer_norm(x, "norm"), "head"), axis=-1)
    return layers.graph.session([layers.reshaped(scores, -1), cache], threads=1)
