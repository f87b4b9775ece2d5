"""What speaks for and against a blob being a lesion, as numbers for the ranker.

Its own contrast and evenness; where in the body it lies, and what is there on the other side; bone, gas and fat around
it, by which a canal, a vertebra or bowel gives itself away; and how many of its like there are, as vessels and bowel
have many. Small pictures of the blob and its surroundings beside these made the ranking of other patients worse.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.regions.blobs import Blobs, Floats
from tools.regions.coarse_slice import GRID_MM, CoarseSlice, Image

ANGLES = np.arange(16) * (2 * np.pi / 16)
INSIDE, AROUND = (0.05, 0.35, 0.65), (1.35, 1.65, 2.0)  # where a blob is sampled, in its radii
SMOOTH_PX = 0.7
BONE_HU, GAS_HU, FAT_HU, SOFT_HU = 200.0, -160.0, (-160.0, -30.0), (0.0, 200.0)
REACH_MM = 40.0  # of the rays that look for bone, gas and fat
ALIKE_HU, ALIKE_SIZE, NEARBY_MM = 20.0, 0.4, 40.0
FEATURES = 46


def describe(blobs: Blobs, coarse: CoarseSlice, neighbours: Sequence[CoarseSlice]) -> Floats:
    """Describe the blobs of a slice; `neighbours` are the slices before and after it, as far as there are any.

    Shape: (n, FEATURES).
    """
    if not len(blobs.x):
        return np.zeros((0, FEATURES))
    smooth = ndimage.gaussian_filter(coarse.image, SMOOTH_PX)
    rows, columns = blobs.y * coarse.zoom[0] - 0.5, blobs.x * coarse.zoom[1] - 0.5
    radius = blobs.radius_mm / GRID_MM
    inner = _ring(smooth, rows, columns, radius, INSIDE)
    outer = _ring(smooth, rows, columns, radius, AROUND)
    inside, around = np.median(inner, axis=(1, 2)), np.median(outer, axis=(1, 2))
    parts = [
        _contrast(blobs, inner, outer, inside, around),
        _ends(neighbours, rows, columns, radius, inside, around),
        _place(coarse, smooth, rows, columns, radius, inside, around),
        _tissues(smooth, rows, columns),
        _company(blobs, coarse, inside, around),
    ]
    return np.concatenate(parts, axis=1)


def _contrast(blobs: Blobs, inner: Floats, outer: Floats, inside: Floats, around: Floats) -> Floats:
    """Contrast, evenness, density, what is inside and around, and size. Shape: (n, 16)."""
    unrest_inside = 1.4826 * np.median(np.abs(inner - inside[:, None, None]), axis=(1, 2))
    unrest_around = 1.4826 * np.median(np.abs(outer - around[:, None, None]), axis=(1, 2))
    size, sign = np.abs(inside - around), np.sign(inside - around)
    sides = sign[:, None] * (inside[:, None] - outer[:, :2].mean(axis=1))
    return np.stack(
        [
            np.log((size + 3) / (unrest_around + 10)),
            np.log(blobs.response + 3),
            np.clip(np.quantile(sides, 0.15, axis=1) / (size + 5), -1, 1),
            sign,
            inside / 100,
            np.log(unrest_inside + 8),
            np.log(unrest_around + 8),
            _share(inner, -200, -20),
            _share(inner, -2000, -250),
            _share(inner, 250, 5000),
            _share(outer, -200, -20),
            _share(outer, 0, 190),
            _share(outer, -2000, -400),
            _share(outer, 250, 5000),
            np.log(blobs.radius_mm),
            np.log(blobs.radius_mm) ** 2,
        ],
        axis=1,
    )


def _ends(
    neighbours: Sequence[CoarseSlice], rows: Floats, columns: Floats, radius: Floats, inside: Floats, around: Floats
) -> Floats:
    """How different the neighbouring slices are there: 0 (a tube) to 1.5; 0.5 is unknown. Shape: (n, 1)."""
    ends = [
        np.clip(
            np.abs(np.median(_ring(other.image, rows, columns, radius, INSIDE), axis=(1, 2)) - inside)
            / (np.abs(inside - around) + 12),
            0,
            1.5,
        )
        for other in neighbours
    ]
    return np.mean(ends, axis=0)[:, None] if ends else np.full((len(rows), 1), 0.5)


def _place(
    coarse: CoarseSlice,
    smooth: Image,
    rows: Floats,
    columns: Floats,
    radius: Floats,
    inside: Floats,
    around: Floats,
) -> Floats:
    """Where in the body it lies, and how unlike the same place of the other half is. Shape: (n, 12)."""
    top, left, bottom, right = coarse.frame
    middle, half = (left + right) / 2, (right - left) / 2
    across, down = (columns + 0.5 - middle) / half, (rows + 0.5 - top) / (bottom - top)
    mirrored = 2 * middle - 1 - columns
    there = np.median(_ring(smooth, rows, mirrored, radius, INSIDE), axis=(1, 2))
    around_there = np.median(_ring(smooth, rows, mirrored, radius, AROUND), axis=(1, 2))
    size = np.abs(inside - around) + 15
    depth = _at(ndimage.distance_transform_edt(coarse.body) * GRID_MM, rows, columns)
    return np.stack(
        [
            np.abs(across),
            across,
            down,
            down**2,
            np.log(depth + 2),
            np.clip(np.abs(inside - there) / size, 0, 3),
            np.clip((inside - there) / 80, -3, 3),
            np.clip(np.abs(around - around_there) / 80, 0, 3),
            np.clip((inside - around - there + around_there) / size, -3, 3),
            np.full(len(rows), np.log(half * (bottom - top) * GRID_MM**2)),
            np.full(len(rows), coarse.lung.sum() / max(coarse.body.sum(), 1)),
            _at(coarse.lung.astype(np.float32), rows, columns),
        ],
        axis=1,
    )


def _tissues(smooth: Image, rows: Floats, columns: Floats) -> Floats:
    """How far bone, gas and fat are, and in how many directions they are near. Shape: (n, 10)."""
    steps = np.arange(1, int(REACH_MM / GRID_MM) + 1)
    values = _at(
        smooth,
        rows[:, None, None] + np.sin(ANGLES)[:, None] * steps,
        columns[:, None, None] + np.cos(ANGLES)[:, None] * steps,
    )
    bone, gas, fat = values > BONE_HU, values < GAS_HU, (values > FAT_HU[0]) & (values < FAT_HU[1])

    def met(tissue: NDArray[np.bool_], within_mm: float) -> Floats:
        share: Floats = tissue[:, :, : int(within_mm / GRID_MM)].any(axis=2).mean(axis=1)
        return share

    def far(tissue: NDArray[np.bool_]) -> Floats:
        distance = np.where(tissue.any(axis=2), tissue.argmax(axis=2) * GRID_MM, REACH_MM)
        log_mm: Floats = np.log(distance.mean(axis=1) + 2)
        return log_mm

    return np.stack(
        [
            met(bone, 12), met(bone, 20), met(bone, REACH_MM), far(bone),
            met(gas, 12), met(gas, 25), far(gas),
            met(fat, 10), met(fat, 20), far(fat),
        ],
        axis=1,
    )  # fmt: skip


def _company(blobs: Blobs, coarse: CoarseSlice, inside: Floats, around: Floats) -> Floats:
    """How many of its like there are, and how dense it is beside the soft tissue of the slice. Shape: (n, 7)."""
    soft = coarse.image[coarse.body & (coarse.image > SOFT_HU[0]) & (coarse.image < SOFT_HU[1])]
    usual, dense = np.percentile(soft, [50, 90]) if len(soft) else (40.0, 100.0)
    alike = (
        (np.abs(inside[:, None] - inside) < ALIKE_HU)
        & (np.abs(np.log(blobs.radius_mm[:, None] / blobs.radius_mm)) < ALIKE_SIZE)
        & (blobs.response > 0.5 * blobs.response[:, None])
    )
    away = np.hypot(
        (blobs.x[:, None] - blobs.x) * coarse.zoom[1], (blobs.y[:, None] - blobs.y) * coarse.zoom[0]
    ) * GRID_MM  # fmt: skip
    return np.stack(
        [
            np.log1p(alike.sum(axis=1)),
            np.log1p((alike & (away < NEARBY_MM)).sum(axis=1)),
            np.arange(len(inside)) / len(inside),  # strongest first
            np.log(blobs.response.max() / blobs.response),
            (inside - usual) / 50,
            (inside - dense) / 50,
            (around - usual) / 50,
        ],
        axis=1,
    )


def _ring(image: Image, rows: Floats, columns: Floats, radius: Floats, at: tuple[float, ...]) -> Floats:
    """Values (n, len(at), 16) around each blob, at multiples of its radius in pixels."""
    reach = radius[:, None, None] * np.array(at)[:, None]
    return _at(image, rows[:, None, None] + reach * np.sin(ANGLES), columns[:, None, None] + reach * np.cos(ANGLES))


def _at(image: "NDArray[np.floating]", rows: Floats, columns: Floats) -> Floats:
    values: Floats = ndimage.map_coordinates(image, [rows, columns], order=1, mode="nearest", output=np.float64)
    return values


def _share(values: Floats, low: float, high: float) -> Floats:
    inside: NDArray[np.bool_] = (values >= low) & (values < high)
    return np.asarray(inside.reshape(len(values), -1).mean(axis=1), np.float64)
