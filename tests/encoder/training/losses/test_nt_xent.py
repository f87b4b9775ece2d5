"""NT-Xent against its definition, and what it may not do."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from encoder.training.losses.nt_xent import ProjectionHead, nt_xent


def by_definition(first: torch.Tensor, second: torch.Tensor, temperature: float) -> float:
    vectors = normalize(torch.cat((first, second)), dim=1)
    count, total = len(vectors), 0.0
    for i in range(count):
        scores = {k: math.exp(float(vectors[i] @ vectors[k]) / temperature) for k in range(count) if k != i}
        total -= math.log(scores[(i + count // 2) % count] / sum(scores.values()))
    return total / count


def test_equals_the_definition():
    torch.manual_seed(0)
    first, second = torch.randn(6, 10), torch.randn(6, 10)
    assert nt_xent(first, second, 0.3).item() == pytest.approx(by_definition(first, second, 0.3), rel=1e-5)


def test_other_slices_of_a_lesion_are_not_pushed_away():
    vectors = normalize(torch.randn(4, 8), dim=1)
    vectors[1] = vectors[0]
    apart = nt_xent(vectors, vectors, 0.1)
    together = nt_xent(vectors, vectors, 0.1, lesions=torch.tensor([7, 7, 1, 2]))
    assert together < apart


def test_agreeing_views_cost_less_than_shuffled_ones():
    vectors = torch.randn(16, 32)
    assert nt_xent(vectors, vectors, 0.2) < nt_xent(vectors, vectors.roll(1, 0), 0.2)


def test_one_roi_is_not_a_batch():
    with pytest.raises(ValueError, match="at least 2"):
        nt_xent(torch.randn(1, 4), torch.randn(1, 4), 0.2)


def test_projection_shape():
    assert ProjectionHead(24, 6)(torch.randn(5, 24)).shape == (5, 6)
