"""Weights in int8: quantized and dequantized."""

import torch

from assistant.understanding.network.model import dequantize, quantize


def test_they_are_near_the_weights():
    weights = {"table": torch.randn(5, 40), "row": torch.randn(7)}
    again = dequantize(quantize(weights))
    assert again.keys() == weights.keys()
    for name, table in weights.items():
        assert (again[name] - table).abs().max() <= table.abs().max() / 127


def test_a_row_of_zeros_stays_one():
    assert (dequantize(quantize({"table": torch.zeros(2, 8)}))["table"] == 0).all()
