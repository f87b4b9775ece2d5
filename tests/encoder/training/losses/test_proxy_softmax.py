"""Proxies gather their classes, whatever is unknown."""

import torch

from encoder.training.losses.proxy_softmax import class_weights, proxy_softmax
from tests.encoder.training.losses.descent import optimize


def test_proxies_gather_their_types_and_ignore_the_unknown():
    torch.manual_seed(0)
    types = torch.tensor([0, 0, 1, 1, -1])
    proxies = torch.eye(2, 4)
    vectors = optimize(lambda v: proxy_softmax(v, proxies, types, torch.ones(2), 0.1), torch.randn(5, 4))
    nearest = (vectors @ proxies.T).argmax(dim=1)
    assert nearest[:4].tolist() == [0, 0, 1, 1]
    unknown = torch.full((5,), -1)
    assert proxy_softmax(vectors, proxies, unknown, torch.ones(2)).item() == 0


def test_rarer_classes_weigh_more():
    weights = class_weights(torch.tensor([0, 0, 0, 0, 1, -1]), 3)
    assert weights[1] > weights[0]
    assert weights.isfinite().all()  # also for a class that never occurs
