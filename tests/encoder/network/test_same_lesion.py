"""The head that finds one lesion again."""

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name

from encoder.network.architecture import SAME_LESION_PX
from encoder.network.same_lesion import SameLesionHead, coarse_pixels


def views(lesions: int, each: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Lesions that differ, in views that differ in one direction common to all."""
    generator = torch.Generator().manual_seed(seed)
    of_lesion = torch.rand(lesions, 1, 8, 8, generator=generator).repeat_interleave(8, 2).repeat_interleave(8, 3)
    nuisance = torch.linspace(-2, 2, 64) * torch.randn(lesions, each, 1, 1, 1, generator=generator)
    return (of_lesion[:, None] + nuisance).flatten(0, 1), torch.arange(lesions).repeat_interleave(each)


def found_again(vectors: torch.Tensor, lesions: torch.Tensor) -> float:
    similarity = (vectors @ vectors.T).fill_diagonal_(-2)
    return float((lesions[similarity.argmax(dim=1)] == lesions).float().mean())


def test_it_forgets_what_changes_within_a_lesion():
    head = SameLesionHead(dim=16)
    head.fit(coarse_pixels(views(60, 4, seed=0)[0]), views(60, 4, seed=0)[1])
    images, lesions = views(30, 3, seed=1)
    vectors = head(images)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(90))
    assert found_again(vectors, lesions) > 0.8
    assert found_again(vectors, lesions) > found_again(F.normalize(coarse_pixels(images), dim=1), lesions) + 0.1


def test_the_context_is_not_looked_at():
    images = torch.rand(4, 2, 64, 64)
    assert coarse_pixels(images).shape == (4, SAME_LESION_PX**2)
    torch.testing.assert_close(coarse_pixels(images), coarse_pixels(images[:, :1]))
