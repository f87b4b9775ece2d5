"""Frangi's vesselness as nodes of an ONNX graph: what `frangi.py` computes in 2-D, for serving."""

from collections.abc import Sequence

from encoder.network.hessian import MIN_EIGENVALUE, MIN_EXPONENT, axis_operators
from encoder.network.onnx_graph import OnnxGraph


def bright_vessels(graph: OnnxGraph, images: str, side: int, sigmas: Sequence[float], beta: float, gamma: float) -> str:
    """Filter squares for vessels brighter than what surrounds them: the maximum over scales of Frangi's measure, 0..1.

    Shape: (N, 1, side, side) -> the same. Equals `frangi` with `black_ridges=False`.
    """
    zero = graph.constant(0)
    strongest = zero
    for sigma in sigmas:
        smooth, first, first_after, second = axis_operators(side, float(sigma))
        h_rr, h_rc, h_cc = (  # of the negative, in which bright ridges are dark
            graph.node("MatMul", graph.constant(-rows), graph.node("MatMul", images, graph.constant(columns.T)))
            for rows, columns in ((second, smooth), (first, first_after), (smooth, second))
        )
        # eigenvalues are mean ± root; the one of larger magnitude has the sign of the mean
        mean = graph.times(graph.node("Add", h_rr, h_cc), 0.5)
        half = graph.times(graph.node("Sub", h_rr, h_cc), 0.5)
        root_squared = graph.node("Add", graph.squared(half), graph.squared(h_rc))
        root = graph.node("Sqrt", root_squared)
        signed = graph.node("Where", graph.node("Less", mean, zero), graph.node("Neg", root), root)
        large = graph.node("Max", graph.node("Add", mean, signed), graph.constant(MIN_EIGENVALUE))
        ratio = graph.node("Div", graph.node("Sub", mean, signed), large)
        exponent = graph.times(graph.squared(ratio), -0.5 / beta**2)
        blobness = graph.node("Exp", graph.node("Max", exponent, graph.constant(MIN_EXPONENT)))
        half_norm_squared = graph.node("Add", graph.squared(mean), root_squared)
        flatness = graph.node("Exp", graph.times(half_norm_squared, -1 / gamma**2))
        vessel = graph.node("Mul", blobness, graph.node("Sub", graph.constant(1), flatness))
        strongest = graph.node("Max", strongest, vessel)
    return strongest
