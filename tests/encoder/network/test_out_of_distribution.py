"""Images out of distribution lose similarity, others keep it."""

import torch
from torch.nn.functional import normalize

from encoder.network.out_of_distribution import OutOfDistributionScore, channel_means


def maps(means: torch.Tensor) -> torch.Tensor:
    return means[:, :, None, None].expand(-1, -1, 3, 3)


def test_only_what_lies_far_from_training_loses_similarity():
    torch.manual_seed(0)
    training = [torch.randn(500, 6) * torch.arange(1, 7), torch.randn(500, 4) + 5]
    score = OutOfDistributionScore([6, 4])
    score.fit(training)
    usual = [maps(values[:20] * 0.5 + values.mean(0) * 0.5) for values in training]
    odd = [usual[0].clone(), usual[1] + 20]
    vectors = normalize(torch.randn(1, 8), dim=1).expand(20, 8)
    known, strange = score(usual, vectors), score(odd, vectors)
    assert known.shape == (20, 8 + 6)
    torch.testing.assert_close(known[:, :8], vectors)
    torch.testing.assert_close(strange.norm(dim=1), torch.ones(20))
    assert (known @ strange.T).max() <= 0.5 + 1e-5


def test_the_unit_is_what_nearly_all_training_images_keep_within():
    torch.manual_seed(0)
    training = [torch.randn(1000, 5)]
    score = OutOfDistributionScore([5])
    score.fit(training)
    assert 0.98 < (score.distance([maps(training[0])]) <= 1).float().mean() < 1
    torch.testing.assert_close(channel_means([maps(training[0])])[0], training[0])
