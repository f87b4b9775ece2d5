"""Generalised-mean pooling between its two limits."""

import torch

from encoder.network.gem import GeM


def test_exponent_one_is_the_average():
    features = torch.rand(3, 5, 4, 4) + 0.1
    torch.testing.assert_close(GeM(exponent=1.0)(features), features.mean((2, 3)))


def test_a_large_exponent_nears_the_maximum():
    features = torch.rand(3, 5, 4, 4) + 0.1
    torch.testing.assert_close(GeM(exponent=200.0)(features), features.amax((2, 3)), atol=0.03, rtol=0)


def test_the_exponent_is_learned_and_dead_features_do_not_break_it():
    pool = GeM()
    pool(torch.zeros(2, 3, 2, 2)).sum().backward()
    assert pool.exponent.grad is not None
    assert torch.isfinite(pool.exponent.grad)
