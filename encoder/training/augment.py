"""Batched random views of ROIs on tensors (Chen et al. 2020, https://arxiv.org/abs/2002.05709, for CT)."""

import math

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name

from encoder.training.presets import Augmentation

_BLUR_RADIUS_PX = 3


def augment(
    images: torch.Tensor, how: Augmentation, generator: torch.Generator, calibrated: torch.Tensor | None = None
) -> torch.Tensor:
    """Draw one random view of each image; the same generator state gives the same views.

    `calibrated` (N,) marks images whose values are HU: they keep their level and are never windowed again.

    Shape: (N, 1, H, H) in 0..1 -> (N, 1, V, V) in 0..1 with V = `how.view_px`.
    """
    views = _warp(images, how, generator)
    if calibrated is None:
        calibrated = torch.zeros(len(images), dtype=torch.bool)
    views = _jitter_intensity(views, how, generator, calibrated)
    if how.blur_probability > 0:
        views = _blur(views, how, generator)
    if how.noise > 0:
        strength = _uniform((0.0, how.noise), len(views), generator)
        views = views + strength * torch.randn(views.shape, generator=generator)
    return views.clamp(0, 1)


def _uniform(bounds: tuple[float, float], count: int, generator: torch.Generator) -> torch.Tensor:
    """Draw `count` values between two bounds. Shape: (count, 1, 1, 1)."""
    low, high = bounds
    return (low + (high - low) * torch.rand(count, generator=generator)).reshape(-1, 1, 1, 1)


def _warp(images: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Flip, rotate, zoom and shift in one bilinear resampling; the outside mirrors the inside.

    Shape: (N, 1, H, H) -> (N, 1, V, V).
    """
    count, size = len(images), images.shape[-1]
    angle = _uniform((-how.rotation_deg, how.rotation_deg), count, generator).flatten() * (math.pi / 180)
    low, high = (math.log(z) for z in how.zoom)
    shrink = torch.exp(-_uniform((low, high), count, generator).flatten())
    mirror = torch.ones(count)
    if how.flip:
        mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
        if how.flip_upside_down and how.rotation_deg < 90:
            upside_down = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
        else:
            upside_down = torch.ones(count)
    else:
        upside_down = torch.ones(count)
    shift = (2 * torch.rand(count, 2, generator=generator) - 1) * (2 * how.shift_px / size)
    cos, sin = angle.cos() * shrink, angle.sin() * shrink
    cos, sin = cos * (how.view_px / size), sin * (how.view_px / size)
    matrix = torch.stack((cos * mirror, -sin, shift[:, 0], sin * mirror, cos * upside_down, shift[:, 1]), dim=1)
    grid = F.affine_grid(matrix.reshape(-1, 2, 3), [count, 1, how.view_px, how.view_px], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _jitter_intensity(
    views: torch.Tensor, how: Augmentation, generator: torch.Generator, calibrated: torch.Tensor
) -> torch.Tensor:
    """Change gamma, gain, offset and window at random. Shape: (N, 1, V, V), (N,) bool -> (N, 1, V, V) in 0..1."""
    count = len(views)
    share = torch.where(calibrated, how.calibrated_share, 1.0).reshape(-1, 1, 1, 1)
    gamma = torch.exp(share * _uniform((math.log(how.gamma[0]), math.log(how.gamma[1])), count, generator))
    gain = 1 + share * (_uniform(how.gain, count, generator) - 1)
    offset = share * _uniform(how.offset, count, generator)
    views = views.clamp(0, 1).pow(gamma) * gain + offset
    if how.rewindow_probability > 0:
        # the window's edges are quantiles of the view, so that it never empties
        chosen = (torch.rand(count, generator=generator) < how.rewindow_probability) & ~calibrated
        lowest = views.amin((1, 2, 3), keepdim=True)
        span = (views.amax((1, 2, 3), keepdim=True) - lowest).clamp(min=1e-3)
        start = _uniform((0.0, 0.5), count, generator)
        stop = _uniform((0.75, 1.0), count, generator)
        windowed = ((views - lowest) / span - start) / (stop - start)
        views = torch.where(chosen.reshape(-1, 1, 1, 1), windowed, views)
    return views.clamp(0, 1)


def _blur(views: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Blur a random choice of the views, each with its own sigma. Shape: (N, 1, V, V) -> same."""
    chosen = (torch.rand(len(views), generator=generator) < how.blur_probability).nonzero().flatten()
    if len(chosen) == 0:
        return views
    sigmas_px = _uniform(how.blur_sigma_px, len(chosen), generator).flatten()
    blurred = views.clone()
    blurred[chosen] = gaussian_blur(views[chosen], sigmas_px)
    return blurred


def gaussian_blur(images: torch.Tensor, sigmas_px: torch.Tensor) -> torch.Tensor:
    """Blur each image with a Gaussian of its own, cut off at three pixels; borders are mirrored at the edge pixel.

    Shape: (N, 1, H, W) and (N,) -> (N, 1, H, W).
    """
    offsets = torch.arange(-_BLUR_RADIUS_PX, _BLUR_RADIUS_PX + 1.0)
    kernels = torch.softmax(-offsets.square() / (2 * sigmas_px[:, None].square()), dim=1)
    rows, columns = kernels[:, None, None, :], kernels[:, None, :, None]
    padded = F.pad(images, [_BLUR_RADIUS_PX] * 4, mode="reflect").transpose(0, 1)  # one group of channels an image
    blurred = F.conv2d(F.conv2d(padded, rows, groups=len(images)), columns, groups=len(images))
    return blurred.transpose(0, 1)
