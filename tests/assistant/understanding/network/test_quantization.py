"""Weights in int8: quantized, dequantized, and computed with as they are."""

import pytest
import torch
from torch import nn

from assistant.understanding.network.quantization import dequantize, int8_is_fast, quantize, quantize_linear_layers


def test_they_are_near_the_weights():
    weights = {"table": torch.randn(5, 40), "row": torch.randn(7)}
    again = dequantize(quantize(weights))
    assert again.keys() == weights.keys()
    for name, table in weights.items():
        assert (again[name] - table).abs().max() <= table.abs().max() / 127


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_int8_layers_compute_what_the_dequantized_ones_compute(rows):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(64, 96, bias=False), nn.SiLU(), nn.Linear(96, 32, bias=False))
    quantized = quantize({f"encoder_layers.{name}": table for name, table in layers.state_dict().items()})
    layers.load_state_dict(
        {name.removeprefix("encoder_layers."): table for name, table in dequantize(quantized).items()}
    )
    x = torch.randn(2, rows, 64) * torch.tensor([0.01, 5.0])[:, None, None]
    with torch.inference_mode():
        exact = layers(x)
        quantize_linear_layers(layers, quantized, "encoder_layers.")
        near = layers(x)
    assert not any(isinstance(layer, nn.Linear) for layer in layers)
    assert near.shape == exact.shape
    assert ((near - exact).norm(dim=-1) <= 0.02 * exact.norm(dim=-1)).all()


def test_a_row_of_zeros_stays_one():
    layers = nn.Sequential(nn.Linear(64, 96, bias=False))
    quantize_linear_layers(layers, quantize({"0.weight": layers[0].weight.detach()}), "")
    assert (layers(torch.zeros(2, 64)) == 0).all()


def test_they_are_kept_only_where_that_is_fast(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert not int8_is_fast()
