"""Batched random views of ROIs on tensors (Chen et al. 2020, https://arxiv.org/abs/2002.05709, for CT)."""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name

from encoder.network.lesion_encoder import shows_context
from encoder.preprocess import hu_to_unit
from encoder.preprocess.windows import WINDOWS_HU
from encoder.roi import CONTEXT_WIDTHS
from encoder.training.presets import Augmentation

_BLUR_RADIUS_PX = 3


def augment(
    images: torch.Tensor, how: Augmentation, generator: torch.Generator, calibrated: torch.Tensor | None = None
) -> torch.Tensor:
    """Draw one random view of each image; the same generator state gives the same views.

    The context (second plane) is turned less than the ROI and never mirrored: where the liver lies tells what it is.
    Sometimes its field ends early, or it is not shown at all (constant).
    `calibrated` (N,) marks images whose values are HU: they keep most of their level, or are shown in a window.

    Shape: (N, P, H, H) in 0..1 -> (N, P, V, V) in 0..1 with V = `how.view_px`.
    """
    log_zoom = _uniform((math.log(how.zoom[0]), math.log(how.zoom[1])), len(images), generator).flatten()
    views = _warp(images[:, :1], how, log_zoom, generator)
    shown = torch.zeros(len(images), dtype=torch.bool)
    if images.shape[1] > 1:
        level = replace(how, rotation_deg=how.context_rotation_deg, flip=False, shift_px=how.shift_px / CONTEXT_WIDTHS)
        shown = shows_context(images) & (torch.rand(len(images), generator=generator) >= how.context_dropout)
        context = _end_field(_warp(images[:, 1:], level, log_zoom, generator), how, generator)
        views = torch.cat((views, context), dim=1)
    if calibrated is None:
        calibrated = torch.zeros(len(images), dtype=torch.bool)
    views = _jitter_intensity(views, how, generator, calibrated)
    if how.blur_probability > 0:
        views = torch.cat((_blur(views[:, :1], how, generator), views[:, 1:]), dim=1)
    if how.noise > 0:
        strength = _uniform((0.0, how.noise), len(views), generator)
        views = views + strength * torch.randn(views.shape, generator=generator)
    views[~shown, 1:] = 0.0
    return views.clamp(0, 1)


def _end_field(context: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Let air begin beyond a random line in some contexts, as where a field of view or a crop ends."""
    side = context.shape[-1]
    chosen = torch.rand(len(context), generator=generator) < how.end_field_probability
    angle = _uniform((0.0, 2 * math.pi), len(context), generator)
    distance = _uniform((0.3, 1.0), len(context), generator)
    axis = torch.linspace(-1, 1, side)
    beyond = angle.cos() * axis[None, None, None, :] + angle.sin() * axis[None, None, :, None] > distance
    return torch.where(beyond & chosen.reshape(-1, 1, 1, 1), 0.0, context)


def _uniform(bounds: tuple[float, float], count: int, generator: torch.Generator) -> torch.Tensor:
    """Draw `count` values between two bounds. Shape: (count, 1, 1, 1)."""
    low, high = bounds
    return (low + (high - low) * torch.rand(count, generator=generator)).reshape(-1, 1, 1, 1)


def _warp(images: torch.Tensor, how: Augmentation, log_zoom: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Flip, rotate, zoom and shift in one bilinear resampling; the outside mirrors the inside.

    Shape: (N, 1, H, H) -> (N, 1, V, V).
    """
    count, size = len(images), images.shape[-1]
    angle = _uniform((-how.rotation_deg, how.rotation_deg), count, generator).flatten() * (math.pi / 180)
    shrink = torch.exp(-log_zoom)
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
    """Change gamma, gain, offset and window at random. Shape: (N, P, V, V), (N,) bool -> same, in 0..1."""
    count = len(views)
    share = torch.where(calibrated, how.calibrated_share, 1.0).reshape(-1, 1, 1, 1)
    gamma = torch.exp(share * _uniform((math.log(how.gamma[0]), math.log(how.gamma[1])), count, generator))
    gain = 1 + share * (_uniform(how.gain, count, generator) - 1)
    offset = share * _uniform(how.offset, count, generator)
    views = views.clamp(0, 1).pow(gamma) * gain + offset
    for probability, stretch in ((how.clip_probability, False), (how.window_probability, True)):
        if probability > 0:
            views = _window(views, probability, stretch, generator, calibrated)
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


def _window(
    views: torch.Tensor, probability: float, stretch: bool, generator: torch.Generator, calibrated: torch.Tensor
) -> torch.Tensor:
    """Cut some of the images that are HU off at the ends of a published window, or show it as grey levels (`stretch`).

    Shape: (N, P, V, V) -> same.
    """
    windows = torch.tensor([[hu_to_unit(low), hu_to_unit(high)] for low, high in WINDOWS_HU])
    chosen = ((torch.rand(len(views), generator=generator) < probability) & calibrated).reshape(-1, 1, 1, 1)
    low, high = windows[torch.randint(len(windows), (len(views),), generator=generator)].T.reshape(2, -1, 1, 1, 1)
    shown = (views - low) / (high - low) if stretch else views.clamp(low, high)
    return torch.where(chosen, shown, views)


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
