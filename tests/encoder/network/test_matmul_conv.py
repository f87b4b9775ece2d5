"""A convolution as a matrix product gives what torch's own convolution gives."""

import copy

import pytest
import torch
from torch import nn

from encoder.network import matmul_conv
from encoder.network.matmul_conv import MatmulConv2d, replace_convolutions


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_result_and_gradients_are_those_of_a_convolution(side: int) -> None:
    ours = MatmulConv2d(6, 4).double()
    theirs = nn.Conv2d(6, 4, 3, padding=1, bias=False).double()
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(3, 6, side, side, dtype=torch.float64)
    first, second = images.clone().requires_grad_(), images.clone().requires_grad_()
    ours(first).square().sum().backward()
    theirs(second).square().sum().backward()
    torch.testing.assert_close(ours(images), theirs(images))
    torch.testing.assert_close(first.grad, second.grad)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_frozen_weights_are_read_again_after_they_change() -> None:
    layer = MatmulConv2d(3, 3).requires_grad_(False)
    images = torch.randn(2, 3, 2, 2)
    before = layer(images)
    layer.weight.mul_(2)
    torch.testing.assert_close(layer(images), 2 * before)


def test_only_fitting_convolutions_are_replaced() -> None:
    plain = nn.Sequential(
        nn.Conv2d(2, 2, 3, padding=1, bias=False),
        nn.Conv2d(2, 2, 3, stride=2, padding=1, bias=False),
        nn.Conv2d(2, 2, 1),
    )
    replaced = copy.deepcopy(plain)
    replace_convolutions(replaced)
    assert [type(layer) for layer in replaced] == [MatmulConv2d, nn.Conv2d, nn.Conv2d]
    assert replaced.state_dict().keys() == plain.state_dict().keys()


def test_serving_first_does_not_spoil_training() -> None:
    matmul_conv._taps.cache_clear()
    layer = MatmulConv2d(3, 3)
    images = torch.randn(2, 3, 2, 2)
    with torch.inference_mode():
        layer(images)
    layer(images).sum().backward()
    assert layer.weight.grad is not None
