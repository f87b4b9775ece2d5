"""Graphs written node by node run as written; int8 weights multiply as the floats they stand for."""

import numpy as np
import pytest

from encoder.network.onnx_graph import OnnxGraph


def run(graph: OnnxGraph, output: str, **inputs: np.ndarray) -> np.ndarray:
    return graph.session([output], threads=1).run(None, inputs)[0]


def test_small_constants_are_shared_and_large_ones_handed_over():
    graph = OnnxGraph()
    x = graph.input("x", np.float32, ["N", 200])
    assert graph.constant(2) == graph.constant(2) != graph.constant([2])
    weight, bias = np.random.default_rng(0).random((2, 300, 200), np.float32)[0], np.arange(300)
    values = np.random.default_rng(1).random((3, 200), np.float32)
    output = graph.times(graph.linear(x, weight, bias), 2, add=1)
    np.testing.assert_allclose(run(graph, output, x=values), 2 * (values @ weight.T + bias) + 1, rtol=1e-5)


@pytest.mark.parametrize(("rows", "width", "wide"), [(1, 64, 96), (3, 576, 40), (40, 128, 32), (5, 70, 16)])
def test_int8_weights_multiply_as_floats(rows, width, wide):
    """Values as large as can be, at which sums of 16 bits would overflow."""
    draw = np.random.default_rng(0)
    weight = draw.choice([-127, -64, 3, 100, 127], (wide, width)).astype(np.int8)
    scale = draw.uniform(1e-4, 1e-1, (wide, 1)).astype(np.float16)
    values = draw.uniform(0.5, 1, (rows, width)).astype(np.float32) * np.where(draw.random((rows, 1)) > 0.5, 5, 0.01)
    graph = OnnxGraph()
    x = graph.input("x", np.float32, ["N", width])
    near = run(graph, graph.quantized_linear(x, weight, scale), x=values.astype(np.float32))
    exact = values @ (weight * scale.astype(np.float64)).T
    assert (np.linalg.norm(near - exact, axis=1) <= 0.01 * np.linalg.norm(exact, axis=1)).all()


def test_a_row_of_zeros_stays_one():
    graph = OnnxGraph()
    x = graph.input("x", np.float32, ["N", 64])
    output = graph.quantized_linear(x, np.full((32, 64), 127, np.int8), np.ones((32, 1)))
    assert (run(graph, output, x=np.zeros((2, 64), np.float32)) == 0).all()
