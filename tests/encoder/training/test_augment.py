"""Random views: repeatable, within range, and different."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from encoder.preprocess import hu_to_unit
from encoder.preprocess.windows import WINDOWS_HU
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
    images = torch.rand(3, 1, 64, 64)
    views = augment(images, replace(STILL, view_px=48), generator(0))
    torch.testing.assert_close(views, images[:, :, 8:-8, 8:-8], atol=1e-5, rtol=0)


def test_flips_reach_every_mirror_image():
    image = torch.rand(1, 1, 64, 64)
    views = augment(image.expand(64, -1, -1, -1), replace(STILL, flip=True), generator(0))
    mirrors = [image, image.flip(-1), image.flip(-2), image.flip(-1, -2)]
    matches = [sum(bool(torch.allclose(view, m[0], atol=1e-4)) for view in views) for m in mirrors]
    assert sum(matches) == 64
    assert min(matches) > 0


def test_hounsfield_units_keep_their_level():
    images = torch.full((64, 1, 64, 64), 0.5)
    how = replace(DEFAULT.stages[0].augmentation, clip_probability=0.0, window_probability=0.0)
    levels = [augment(images, how, generator(0), mask).mean((1, 2, 3)) for mask in MASKS]
    windowed, hounsfield = levels
    assert hounsfield.std() < 0.4 * windowed.std()


@pytest.mark.parametrize("stretched", [False, True])
def test_hounsfield_units_are_cut_off_or_shown_where_published_windows_end(stretched):
    low, high = (hu_to_unit(hu) for hu in (-175, 275))
    ramp = torch.linspace(0, 1, 64).expand(200, 1, 64, 64).clone()
    how = replace(STILL, window_probability=float(stretched), clip_probability=float(not stretched))
    views = augment(ramp, how, generator(0), torch.ones(200, dtype=torch.bool))
    soft_tissue = ((ramp[0] - low) / (high - low)).clamp(0, 1) if stretched else ramp[0].clamp(low, high)
    assert any(torch.allclose(view, soft_tissue, atol=1e-4) for view in views)
    assert 6 < len({round(float(view.mean()), 3) for view in views}) <= len(WINDOWS_HU)
    assert torch.equal(augment(ramp, how, generator(0)), augment(ramp, STILL, generator(0)))  # no HU, no window


def test_the_context_keeps_its_sides_while_the_roi_turns():
    images = torch.zeros(50, 2, 64, 64)
    images[:, :, :, 40:] = 1.0  # something on the right
    how = replace(STILL, flip=True, rotation_deg=180.0, context_rotation_deg=0.0, context_dropout=0.0)
    views = augment(images, replace(how, end_field_probability=0.0), generator(0))
    assert torch.allclose(views[:, 1], images[:, 1], atol=1e-4)
    assert not torch.allclose(views[:, 0], images[:, 0], atol=0.1)


def test_a_context_that_is_not_shown_is_constant_and_none_stays_none():
    images = torch.rand(200, 2, 64, 64)
    images[:50, 1] = 0.3  # none is known
    views = augment(images, replace(DEFAULT.stages[0].augmentation, context_dropout=0.5), generator(0))
    constant = views[:, 1].amax((1, 2)) == views[:, 1].amin((1, 2))
    assert constant[:50].all()
    assert 40 < constant[50:].sum() < 110
    assert (views[:, 0].amax((1, 2)) > views[:, 0].amin((1, 2))).all()


def test_a_field_ends_at_a_line():
    images = torch.ones(100, 2, 64, 64)
    images[:, 1, 0, 0] = 0.9  # not constant
    how = replace(STILL, context_rotation_deg=0.0, context_dropout=0.0, end_field_probability=1.0)
    dark = (augment(images, how, generator(0))[:, 1] == 0).float().mean((1, 2))
    assert dark.max() < 0.5
    assert (dark > 0).float().mean() > 0.9


def test_blur_equals_scipys_of_the_same_radius():
    images, sigmas = torch.rand(5, 1, 64, 64), torch.tensor([0.1, 0.3, 0.8, 1.2, 2.0])
    expected = [
        ndimage.gaussian_filter(image[0].double().numpy(), float(sigma), mode="mirror", radius=3)
        for image, sigma in zip(images, sigmas, strict=True)
    ]
    np.testing.assert_allclose(gaussian_blur(images, sigmas)[:, 0].numpy(), np.stack(expected), atol=1e-6)


def test_a_blurred_share_of_the_views_and_no_other():
    images = torch.rand(400, 1, 16, 16)
    how = replace(STILL, view_px=16, blur_probability=0.3, blur_sigma_px=(1, 1))
    changed = (augment(images, how, generator(0)) - images).abs().amax((1, 2, 3)) > 1e-3
    assert 0.2 < changed.float().mean() < 0.4
