"""Losses with labels: what is alike is pulled together."""

import torch
from torch.nn.functional import normalize

from encoder.training.losses.contrastive import class_weights, contrastive, proxy_softmax


def optimise(loss, vectors: torch.Tensor, steps: int = 300) -> torch.Tensor:
    vectors = vectors.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([vectors], 0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(normalize(vectors, dim=1)).backward()
        optimizer.step()
    return normalize(vectors.detach(), dim=1)


def test_contrastive_brings_a_type_together_and_others_to_the_margin():
    torch.manual_seed(0)
    types = torch.tensor([0, 0, 0, 1, 1, 1, -1])
    vectors = optimise(lambda v: contrastive(v, types, 0.8), torch.randn(7, 4))
    similarity = vectors @ vectors.T
    assert similarity[:3, :3].min() > 0.95
    assert similarity[:3, 3:6].max() < 0.3


def test_contrastive_is_zero_where_nothing_is_known():
    vectors = normalize(torch.randn(4, 4, requires_grad=True), dim=1)
    assert contrastive(vectors, torch.full((4,), -1)).item() == 0
    contrastive(vectors, torch.full((4,), -1)).backward()


def test_proxies_gather_their_types_and_ignore_the_unknown():
    torch.manual_seed(0)
    types = torch.tensor([0, 0, 1, 1, -1])
    proxies = torch.eye(2, 4)
    vectors = optimise(lambda v: proxy_softmax(v, proxies, types, torch.ones(2), 0.1), torch.randn(5, 4))
    nearest = (vectors @ proxies.T).argmax(dim=1)
    assert nearest[:4].tolist() == [0, 0, 1, 1]
    unknown = torch.full((5,), -1)
    assert proxy_softmax(vectors, proxies, unknown, torch.ones(2)).item() == 0


def test_rarer_classes_weigh_more():
    weights = class_weights(torch.tensor([0, 0, 0, 0, 1, -1]), 3)
    assert weights[1] > weights[0]
    assert weights.isfinite().all()  # also for a class that never occurs
