"""The contrastive loss pulls a type together."""

import torch
from torch.nn.functional import normalize

from encoder.training.losses.contrastive import contrastive
from tests.encoder.training.losses.descent import optimize


def test_contrastive_brings_a_type_together_and_others_to_the_margin():
    torch.manual_seed(0)
    types = torch.tensor([0, 0, 0, 1, 1, 1, -1])
    vectors = optimize(lambda v: contrastive(v, types, 0.8), torch.randn(7, 4))
    similarity = vectors @ vectors.T
    assert similarity[:3, :3].min() > 0.95
    assert similarity[:3, 3:6].max() < 0.3


def test_contrastive_is_zero_where_nothing_is_known():
    vectors = normalize(torch.randn(4, 4, requires_grad=True), dim=1)
    assert contrastive(vectors, torch.full((4,), -1)).item() == 0
    contrastive(vectors, torch.full((4,), -1)).backward()
