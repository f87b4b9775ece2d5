"""One eye of the encoder as an ONNX graph: lens, input channels, ResNet-18, two convolutions, pooling, centring.

The same as `resnet_branch.py` and `LesionEncoder.channels` in evaluation mode; batch normalization is folded into the
convolution before it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.network.architecture import EARLY_STAGES, Architecture
from encoder.network.lens import lens_grid
from encoder.network.onnx_frangi import bright_vessels
from encoder.network.onnx_graph import OnnxGraph
from encoder.network.weights import Weights
from encoder.preprocess import SOFT_TISSUE_HU, hu_to_unit
from encoder.roi import ROI_SIZE

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_NORM_EPS = 1e-5  # of batch normalization
_GEM_EPS = 1e-6

Floats = NDArray[np.float32]


class OnnxBranch:
    """Turn one plane of inputs into features. Raises KeyError or ValueError where weights are missing or do not fit."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        name: str,
        dim: int,
        channels: Sequence[str],
        lens: float,
    ) -> None:
        # of the graph nothing is kept: the session has its own copy of the weights
        self._session = _BranchGraph(architecture, weights, name, dim).session(channels, lens)

    def __call__(self, images: Floats) -> tuple[Floats, list[Floats]]:
        """Compute the features, and the channel means of the early stages.

        Shape: (N, 1, 64, 64) from `standardize` -> (N, dim), (N, C) of each early stage.
        """
        pooled, *early = self._session.run(None, {"images": np.ascontiguousarray(images)})
        return pooled, early


class _BranchGraph:
    """The graph while it is written."""

    def __init__(self, architecture: Architecture, weights: Weights, name: str, dim: int) -> None:
        self._made_of, self._weights, self._name, self._dim = architecture, weights, name, dim
        self._graph = OnnxGraph()

    def session(self, channels: Sequence[str], lens: float) -> "InferenceSession":
        graph = self._graph
        images = graph.input("images", np.float32, ["N", 1, ROI_SIZE, ROI_SIZE])
        stages = self._stages(self._channels(images, channels, lens))
        axes = graph.constant([2, 3], np.int64)
        early = [graph.node("ReduceMean", stage, axes, keepdims=0) for stage in stages[:EARLY_STAGES]]
        return graph.session([self._pooled(stages[-1]), *early])

    # -- what the backbone sees ----------------------------------------------------------------------------------------
    def _channels(self, images: str, names: Sequence[str], lens: float) -> str:
        graph, side = self._graph, self._made_of.input_px
        if lens != 1 or side != ROI_SIZE:
            count = graph.node("Shape", images, start=0, end=1)
            shape = graph.node("Concat", count, graph.constant([side, side, 2], np.int64), axis=0)
            grid = graph.node("Expand", graph.constant(lens_grid(lens, side)[None]), shape)
            images = graph.node("GridSample", images, grid, mode="bilinear", padding_mode="border", align_corners=1)
        joined = graph.node("Concat", *(self._plane(images, name) for name in names), axis=1)
        return graph.times(joined, 2, add=-1)

    def _plane(self, images: str, name: str) -> str:
        """Make one of the channels of CHANNELS."""
        made_of = self._made_of
        if name == "image":
            return images
        if name == "frangi":
            sigmas, beta, gamma = made_of.frangi_sigmas, made_of.frangi_beta, made_of.frangi_gamma
            return bright_vessels(self._graph, images, made_of.input_px, sigmas, beta, gamma)
        low, high = (hu_to_unit(hu) for hu in SOFT_TISSUE_HU)
        scaled = self._graph.times(images, 1 / (high - low), add=-low / (high - low))
        return self._graph.node("Clip", scaled, self._graph.constant(0), self._graph.constant(1))

    # -- the network ---------------------------------------------------------------------------------------------------
    def _stages(self, channels: str) -> list[str]:
        """Run the backbone; gives the maps after the stem and after each of its stages."""
        graph = self._graph
        stem = "backbone.embedder.embedder"
        widths = self._made_of.widths
        x = self._convolved(channels, f"{stem}.convolution", f"{stem}.normalization", 2, widths[0])
        x = graph.node("MaxPool", graph.node("Relu", x), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        maps = [x]
        for number, depth in enumerate(self._made_of.depths):
            for layer in range(depth):
                name, stride = f"backbone.encoder.stages.{number}.layers.{layer}", 2 if number and not layer else 1
                x = self._residual(x, name, stride, widths[number])
            maps.append(x)
        return maps

    def _residual(self, x: str, name: str, stride: int, width: int) -> str:
        def convolved(x: str, part: str, stride: int) -> str:
            return self._convolved(x, f"{name}.{part}.convolution", f"{name}.{part}.normalization", stride, width)

        inner = convolved(self._graph.node("Relu", convolved(x, "layer.0", stride)), "layer.1", 1)
        changes = f"{self._name}.{name}.shortcut.convolution.weight" in self._weights
        shortcut = convolved(x, "shortcut", stride) if changes else x
        return self._graph.node("Relu", self._graph.node("Add", inner, shortcut))

    def _pooled(self, x: str) -> str:
        graph = self._graph
        for place, width in ((0, self._made_of.widths[-1]), (3, self._dim)):
            x = graph.node("Relu", self._convolved(x, f"neck.{place}", f"neck.{place + 1}", 1, width))
        if self._made_of.pooling == "gem":
            exponent = float(self._table("pool.exponent"))
            powered = graph.node("Pow", graph.node("Max", x, graph.constant(_GEM_EPS)), graph.constant(exponent))
            mean = graph.node("ReduceMean", powered, self._graph.constant([2, 3], np.int64), keepdims=0)
            pooled = graph.node("Pow", mean, graph.constant(1 / exponent))
        else:
            pooled = graph.node("ReduceMean", x, self._graph.constant([2, 3], np.int64), keepdims=0)
        if not self._made_of.centred:
            return pooled
        scale, shift = self._normalization("centre")
        return graph.node("Add", graph.node("Mul", pooled, graph.constant(scale)), graph.constant(shift))

    def _convolved(self, x: str, convolution: str, normalization: str, stride: int, width: int) -> str:
        weight = self._table(f"{convolution}.weight")
        if len(weight) != width:
            raise ValueError(f"{convolution} makes {len(weight)} channels, not {width}")
        scale, shift = self._normalization(normalization)
        side = weight.shape[-1]
        return self._graph.node(
            "Conv",
            x,
            self._graph.constant(weight * scale[:, None, None, None]),
            self._graph.constant(shift),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
        )

    def _normalization(self, name: str) -> tuple[Floats, Floats]:
        """Read batch normalization as a factor and an addend of each channel."""
        mean, variance = self._table(f"{name}.running_mean"), self._table(f"{name}.running_var")
        scale = self._table(f"{name}.weight") / np.sqrt(variance + _NORM_EPS)
        return scale, self._table(f"{name}.bias") - mean * scale

    def _table(self, name: str) -> Floats:
        return np.asarray(self._weights[f"{self._name}.{name}"], dtype=np.float32)
