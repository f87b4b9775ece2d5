"""LARS scales each matrix's step by its own size."""

import pytest
import torch

from encoder.training.lars import LARS


def test_the_first_step_is_the_trust_ratio_times_the_rate():
    weight = torch.nn.Parameter(torch.tensor([[3.0, 4.0]]))
    optimizer = LARS([weight], lr=0.1, momentum=0.9, weight_decay=0.0, trust=0.01)
    weight.grad = torch.tensor([[0.0, 2.0]])
    optimizer.step()
    torch.testing.assert_close(weight.data, torch.tensor([[3.0, 4.0 - 0.1 * 0.01 * 5.0]]))


def test_biases_take_the_plain_step_without_decay():
    bias = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = LARS([bias], lr=0.1, weight_decay=10.0)
    bias.grad = torch.tensor([2.0])
    optimizer.step()
    torch.testing.assert_close(bias.data, torch.tensor([0.8]))


def test_it_minimises():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(8, 8))
    optimizer = LARS([weight], lr=1.0, trust=0.02, weight_decay=0.0)
    start = weight.detach().square().sum()
    for _ in range(100):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()
    assert weight.square().sum() < 0.2 * start


def test_a_rate_of_zero_is_refused():
    with pytest.raises(ValueError, match="learning rate"):
        LARS([torch.nn.Parameter(torch.ones(1))], lr=0)
