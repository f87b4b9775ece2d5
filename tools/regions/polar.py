"""Polar coordinates around a seed: the image unwrapped, closed outlines in it, and the cheapest of them.

Bellman's dynamic programming for contours (Amini et al. 1990, doi:10.1109/34.57681) on an unwrapped image (Timp &
Karssemeijer 2004, doi:10.1118/1.1688039).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

RAYS = 72
STEP_MM = 0.5  # between samples along a ray
SMOOTH_MM = 0.7
NO_NOISE, USUAL_NOISE = 0.02, 2.0  # an image without any was drawn; every faint difference would count in it
BEND = 2  # samples by which neighbouring rays may differ
STIFFNESS = 0.12  # cost of such a difference, per sample squared
ANGLES = np.arange(RAYS) * (2 * np.pi / RAYS)
RADII_MM = (np.arange(4000) + 1.0) * STEP_MM  # where a sample ends


@dataclass(frozen=True, eq=False)
class Polar:
    """The image unwrapped around a centre (x, y): `values` (rays, samples), raw noise taken out."""

    center: tuple[float, float]
    values: Floats
    variation: float  # typical difference between neighbouring places of one tissue


def unwrap(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], center: tuple[float, float], reach_mm: float
) -> Polar:
    """Sample the image along 72 rays from a centre in image coordinates; spacing is (row, column)."""
    row_mm, column_mm = spacing_mm
    margin_y, margin_x = int(reach_mm / row_mm) + 4, int(reach_mm / column_mm) + 4
    top, left = max(int(center[1]) - margin_y, 0), max(int(center[0]) - margin_x, 0)
    patch = image[top : int(center[1]) + margin_y + 1, left : int(center[0]) + margin_x + 1].astype(np.float32)
    smooth = gaussian_filter(patch, (SMOOTH_MM / row_mm, SMOOTH_MM / column_mm), truncate=3)
    radii = (np.arange(int(reach_mm / STEP_MM)) + 0.5) * STEP_MM
    rows = center[1] - 0.5 - top + np.outer(np.sin(ANGLES), radii) / row_mm
    columns = center[0] - 0.5 - left + np.outer(np.cos(ANGLES), radii) / column_mm
    values = map_coordinates(smooth, [rows, columns], order=1, mode="nearest", output=np.float64)
    variation = 1.4826 * float(np.median(np.abs(np.diff(values[:, 2:], n=2, axis=1))))
    return Polar(center, values, variation if variation > NO_NOISE else USUAL_NOISE)


def shortest_cycles(costs: "NDArray[np.floating[Any]]") -> NDArray[np.intp]:
    """Find a sample for each ray, (hypotheses, rays), of costs (hypotheses, rays, samples).

    Neighbours are at most BEND apart around the cycle. Two turns are traced and the middle one counts, where the
    beginning no longer matters.
    """
    hypotheses, rays, samples = costs.shape
    by_ray = np.ascontiguousarray(costs.transpose(1, 0, 2), dtype=np.float32)
    total = np.full((2 * rays, hypotheses, samples + 2 * BEND), np.inf, np.float32)
    total[0, :, BEND:-BEND] = by_ray[0]
    near, far = np.empty((2, hypotheses, samples), np.float32)
    for step in range(1, 2 * rays):
        before = total[step - 1]
        np.minimum(before[:, 1:-3], before[:, 3:-1], out=near)
        near += STIFFNESS
        np.minimum(before[:, :-4], before[:, 4:], out=far)
        far += 4 * STIFFNESS
        np.minimum(near, far, out=near)
        np.minimum(near, before[:, 2:-2], out=near)
        np.add(near, by_ray[step % rays], out=total[step, :, BEND:-BEND])
    offsets = np.arange(2 * BEND + 1)
    bend_cost = STIFFNESS * (offsets - BEND) ** 2
    every = np.arange(hypotheses)[:, None]
    path = np.empty((hypotheses, 2 * rays), np.intp)
    path[:, -1] = total[-1, :, BEND:-BEND].argmin(axis=1)
    for step in range(2 * rays - 1, 0, -1):
        options = total[step - 1][every, path[:, step, None] + offsets] + bend_cost
        path[:, step - 1] = np.clip(path[:, step] + options.argmin(axis=1) - BEND, 0, samples - 1)
    half = rays // 2
    return np.roll(path[:, half : half + rays], half, axis=1)


def ellipse_radii(box: Box, spacing_mm: tuple[float, float]) -> Floats:
    """Radii (72,) in mm of the ellipse that fits a box."""
    a, b = (box[2] - box[0]) / 2 * spacing_mm[1], (box[3] - box[1]) / 2 * spacing_mm[0]
    radii: Floats = a * b / np.hypot(b * np.cos(ANGLES), a * np.sin(ANGLES))
    return radii


def box_radii(box: Box, spacing_mm: tuple[float, float]) -> Floats:
    """Radii (72,) in mm to the sides of a box."""
    a, b = (box[2] - box[0]) / 2 * spacing_mm[1], (box[3] - box[1]) / 2 * spacing_mm[0]
    with np.errstate(divide="ignore"):
        radii: Floats = np.minimum(a / np.abs(np.cos(ANGLES)), b / np.abs(np.sin(ANGLES)))
    return radii


def polygon(center: tuple[float, float], radii_mm: Floats, spacing_mm: tuple[float, float]) -> Floats:
    """(72, 2) corner points x, y in image coordinates."""
    x = center[0] + radii_mm * np.cos(ANGLES) / spacing_mm[1]
    y = center[1] + radii_mm * np.sin(ANGLES) / spacing_mm[0]
    return np.stack([x, y], axis=1)


def centroid(points: Floats) -> tuple[float, float]:
    """Centre of gravity (x, y) of a polygon (N, 2)."""
    x, y = points[:, 0], points[:, 1]
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    return (
        float(((x + np.roll(x, -1)) * cross).sum() / (6 * area)),
        float(((y + np.roll(y, -1)) * cross).sum() / (6 * area)),
    )
