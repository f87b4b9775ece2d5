"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) in ONNX Runtime: what finds and what outlines lesions.

Each level convolves twice, with rectification; the way down halves, the way up doubles and joins what was passed on.
`tools.pipelines.unet` trains the same network.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.network.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

STRIDE = 2  # pixels of the picture that one of the answer is across


def unet_session(weights: Mapping[str, NDArray[np.floating]], inputs: int, levels: int) -> "InferenceSession":
    """Build the network of its convolutions, `name.weight` and `name.bias`. Input: "picture" (1, inputs, H, W), with H
    and W multiples of STRIDE << levels; output: (1, outputs, H / STRIDE, W / STRIDE)."""
    graph = OnnxGraph()

    def convolved(x: str, name: str, stride: int = 1) -> str:
        weight = np.asarray(weights[f"{name}.weight"], np.float32)
        side = weight.shape[-1]
        return graph.node(
            "Conv", x, graph.constant(weight), graph.constant(np.asarray(weights[f"{name}.bias"], np.float32)),
            kernel_shape=[side, side], strides=[stride, stride], pads=[side // 2] * 4,
        )  # fmt: skip

    def twice(x: str, name: str, stride: int = 1) -> str:
        x = graph.node("Relu", convolved(x, f"{name}.0", stride))
        return graph.node("Relu", convolved(x, f"{name}.1"))

    x = twice(graph.input("picture", np.float32, [1, inputs, "H", "W"]), "stem", STRIDE)
    passed = []
    for level in range(levels):
        passed.append(x)
        x = twice(x, f"down.{level}", 2)
    doubled = graph.constant([1, 1, 2, 2])
    for level in range(levels):
        x = graph.node("Resize", x, "", doubled, mode="linear", coordinate_transformation_mode="half_pixel")
        x = twice(graph.node("Concat", x, passed.pop(), axis=1), f"up.{level}")
    return graph.session([convolved(x, "head")])
