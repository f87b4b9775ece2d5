"""Random views: repeatable, within range, and different."""

import numpy as np
import torch
from scipy import ndimage

from encoder.training.augment import augment, gaussian_blur
from encoder.training.presets import DEFAULT, PAPER, Augmentation

MASKS = torch.zeros(64, dtype=torch.bool), torch.ones(64, dtype=torch.bool)
STILL = Augmentation(
    flip=False,
    rotation_deg=0,
    zoom=(1, 1),
    shift_px=0,
    gain=(1, 1),
    offset=(0, 0),
    gamma=(1, 1),
    rewindow_probability=0,
    blur_probability=0,
    noise=0,
)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_same_generator_same_views_other_generator_other_views():
    images = torch.rand(6, 1, 64, 64)
    for stage in (*DEFAULT.stages, *PAPER.stages):
        first, again, other = (augment(images, stage.augmentation, generator(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert first.min() >= 0
        assert first.max() <= 1
        assert first.shape[-1] == stage.augmentation.view_px


def test_nothing_asked_nothing_changed():
    images = torch.rand(3, 1, 64, 64)
    torch.testing.assert_close(augment(images, STILL, generator(0)), images, atol=1e-5, rtol=0)


def test_a_smaller_view_is_the_middle_at_the_same_pixel_size():
    from dataclasses import replace

    images = torch.rand(3, 1, 64, 64)
    views = augment(images, replace(STILL, view_px=48), generator(0))
    torch.testing.assert_close(views, images[:, :, 8:-8, 8:-8], atol=1e-5, rtol=0)


def test_flips_reach_every_mirror_image():
    from dataclasses import replace

    image = torch.rand(1, 1, 64, 64)
    views = augment(image.expand(64, -1, -1, -1), replace(STILL, flip=True), generator(0))
    mirrors = [image, image.flip(-1), image.flip(-2), image.flip(-1, -2)]
    matches = [sum(bool(torch.allclose(view, m[0], atol=1e-4)) for view in views) for m in mirrors]
    assert sum(matches) == 64
    assert min(matches) > 0


def test_hounsfield_units_keep_their_level():
    images = torch.full((64, 1, 64, 64), 0.5)
    levels = [augment(images, DEFAULT.stages[0].augmentation, generator(0), mask).mean((1, 2, 3)) for mask in MASKS]
    windowed, hounsfield = levels
    assert hounsfield.std() < 0.4 * windowed.std()


def test_blur_equals_scipys_of_the_same_radius():
    images, sigmas = torch.rand(5, 1, 64, 64), torch.tensor([0.1, 0.3, 0.8, 1.2, 2.0])
    expected = [
        ndimage.gaussian_filter(image[0].double().numpy(), float(sigma), mode="mirror", radius=3)
        for image, sigma in zip(images, sigmas, strict=True)
    ]
    np.testing.assert_allclose(gaussian_blur(images, sigmas)[:, 0].numpy(), np.stack(expected), atol=1e-6)


def test_a_blurred_share_of_the_views_and_no_other():
    from dataclasses import replace

    images = torch.rand(400, 1, 16, 16)
    how = replace(STILL, view_px=16, blur_probability=0.3, blur_sigma_px=(1, 1))
    changed = (augment(images, how, generator(0)) - images).abs().amax((1, 2, 3)) > 1e-3
    assert 0.2 < changed.float().mean() < 0.4
