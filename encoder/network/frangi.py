"""Batched Frangi vesselness, equal to `skimage.filters.frangi` (Frangi et al. 1998, doi:10.1007/BFb0056195).

For a fixed length n, filtering one axis with a Gaussian derivative is one n×n matrix, so a Hessian is a few matrix
products for the whole batch. The rest is done in place on chunks that stay in the processor's cache.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch

from encoder.network.hessian import MIN_EIGENVALUE, MIN_EXPONENT, axis_operators

_CHUNK_BYTES = 1 << 20  # Hessians of one chunk: about the second-level cache of one core


class _AxisOperators(NamedTuple):
    """The matrices of `axis_operators`."""

    smooth: torch.Tensor
    first: torch.Tensor
    first_after: torch.Tensor
    second: torch.Tensor


@lru_cache(maxsize=64)
def _operators(length: int, sigma: float, dtype: torch.dtype) -> _AxisOperators:
    return _AxisOperators(*(torch.from_numpy(matrix).to(dtype) for matrix in axis_operators(length, sigma)))


def frangi(
    images: torch.Tensor,
    sigmas: Sequence[float] = (1, 3, 5, 7, 9),
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float | None = None,
    black_ridges: bool = True,
    spatial_dims: int = 2,
) -> torch.Tensor:
    """Filter a batch for vesselness: the maximum over scales of Frangi's measure, 0..1.

    Shape: (..., H, W) -> the same, or (..., D, H, W) -> the same with `spatial_dims=3`; float32 or float64.
    `gamma=None` takes, for each image, half of the largest Hessian norm at the first scale, as skimage does.
    `alpha` matters in 3-D only. Borders are reflected. Raises ValueError for integer input or other dimensions.
    """
    if spatial_dims not in (2, 3) or images.ndim < spatial_dims:
        raise ValueError(f"frangi filters 2-D or 3-D images, got shape {tuple(images.shape)}, {spatial_dims=}")
    if images.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"frangi takes float32 or float64 images, got {images.dtype}; convert with .float()")
    shape = images.shape
    batch = images.reshape(-1, *shape[-spatial_dims:])
    result = torch.empty_like(batch)
    per_chunk = max(1, _CHUNK_BYTES // (batch[0].numel() * batch.element_size() * (3 if spatial_dims == 2 else 6)))
    plane = _frangi_2d if spatial_dims == 2 else _frangi_3d
    for start in range(0, len(batch), per_chunk):
        part = slice(start, start + per_chunk)
        chunk = batch[part] if black_ridges else -batch[part]
        plane(chunk, sigmas, alpha, beta, gamma, out=result[part])
    return result.reshape(shape)


def _two_gamma_squared(norm_squared: torch.Tensor, gamma: float | None) -> torch.Tensor | float:
    """Compute 2γ² of each image; with gamma None from the largest squared norm, and 2 where an image is flat."""
    if gamma is not None:
        return 2.0 * gamma**2
    largest = norm_squared.flatten(1).amax(1) / 2.0  # 2 (s_max / 2)²
    largest = torch.where(largest == 0, 2.0, largest)
    return largest.reshape(-1, *[1] * (norm_squared.ndim - 1))


def _frangi_2d(
    images: torch.Tensor,
    sigmas: Sequence[float],
    alpha: float,
    beta: float,
    gamma: float | None,
    out: torch.Tensor,
) -> None:
    rows, columns = images.shape[-2:]
    scale: torch.Tensor | float | None = None
    out.zero_()
    for sigma in sigmas:
        row, column = (_operators(n, float(sigma), images.dtype) for n in (rows, columns))
        h_rr = row.second @ (images @ column.smooth.T)
        h_rc = row.first @ (images @ column.first_after.T)
        h_cc = row.smooth @ (images @ column.second.T)
        # eigenvalues are mean ± root; the one of larger magnitude has the sign of the mean
        mean = torch.add(h_rr, h_cc).mul_(0.5)
        root = h_rr.sub_(h_cc).mul_(0.5).square_().addcmul_(h_rc, h_rc).sqrt_()
        norm_squared = torch.mul(mean, mean, out=h_cc).addcmul_(root, root).mul_(2.0)
        if scale is None:
            scale = _two_gamma_squared(norm_squared, gamma)
        root.copysign_(mean)
        small = torch.sub(mean, root, out=h_rc)
        large = mean.add_(root).clamp_(min=MIN_EIGENVALUE)
        blobness = small.div_(large).square_().mul_(-0.5 / beta**2).clamp_(min=MIN_EXPONENT).exp_()
        structure = torch.expm1(norm_squared.div_(scale).neg_(), out=norm_squared)
        torch.maximum(out, blobness.mul_(structure).neg_(), out=out)


def _frangi_3d(
    images: torch.Tensor,
    sigmas: Sequence[float],
    alpha: float,
    beta: float,
    gamma: float | None,
    out: torch.Tensor,
) -> None:
    images = images.double()  # near λ2 = 0 the measure is so steep that float32 rounding shows
    scale: torch.Tensor | float | None = None
    out.zero_()
    for sigma in sigmas:
        operators = [_operators(n, float(sigma), torch.float64) for n in images.shape[-3:]]
        eigenvalues = _eigenvalues_3x3(*_hessian_3d(images, operators))
        order = eigenvalues.abs().argsort(dim=0)
        small, middle, large = eigenvalues.gather(0, order)
        norm_squared = small.square() + middle.square() + large.square()
        if scale is None:
            scale = _two_gamma_squared(norm_squared, gamma)
        middle, large = middle.clamp(min=MIN_EIGENVALUE), large.clamp(min=MIN_EIGENVALUE)
        plate = -torch.expm1(-((middle / large) ** 2) / (2 * alpha**2))
        blobness = torch.exp(-small.square() / (middle * large) / (2 * beta**2))
        structure = -torch.expm1(-norm_squared / scale)
        torch.maximum(out, (plate * blobness * structure).to(out.dtype), out=out)


def _along(images: torch.Tensor, matrix: torch.Tensor, axis: int) -> torch.Tensor:
    return torch.movedim(torch.movedim(images, axis, -1) @ matrix.T, -1, axis)


def _hessian_3d(images: torch.Tensor, operators: Sequence[_AxisOperators]) -> list[torch.Tensor]:
    """Compute the six entries (00, 01, 02, 11, 12, 22), each of the shape of `images` (N, D, H, W)."""
    entries = []
    for first in range(3):
        for second in range(first, 3):
            entry = images
            for axis, op in enumerate(operators):
                if axis == first == second:
                    matrix = op.second
                elif axis == first:
                    matrix = op.first
                elif axis == second:
                    matrix = op.first_after
                else:
                    matrix = op.smooth
                entry = _along(entry, matrix, axis - 3)
            entries.append(entry)
    return entries


def _eigenvalues_3x3(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, d: torch.Tensor, e: torch.Tensor, f: torch.Tensor
) -> torch.Tensor:
    """Compute the eigenvalues of the symmetric matrices [[a, b, c], [b, d, e], [c, e, f]], (3, ...).

    By the trigonometric formula (Smith 1961, doi:10.1145/355578.366316). In float64 the loss near equal eigenvalues is
    about 1e-8 of the largest, far below what the filter shows.
    """
    mean = (a + d + f) / 3
    a, d, f = a - mean, d - mean, f - mean
    radius = ((a * a + d * d + f * f + 2 * (b * b + c * c + e * e)) / 6).sqrt()
    determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
    angle = (determinant / (2 * radius**3).clamp(min=1e-300)).clamp(-1, 1).acos() / 3
    first = mean + 2 * radius * angle.cos()
    last = mean + 2 * radius * (angle + 2 * torch.pi / 3).cos()
    return torch.stack((first, 3 * mean - first - last, last))
