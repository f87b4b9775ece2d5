"""Where the voxels of a volume lie in the patient, and how marks of another grid come to lie on it.

Coordinates are DICOM's: millimetres, x to the patient's left, y to the back, z to the head (LPS). Index coordinates
are whole numbers at the centres of pixels.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.domain.study import Series
from tools.pipelines.importers.annotated_lesion import LeftOut

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SAME_GRID_VOXELS = 0.05  # grids that differ by less are one
MAX_ANGLE_DEG = 1.0  # between the planes of frames and slices
EDGE_VOXELS = 1.0  # marks may reach over the edge by so much, as contours through the outermost pixels do


@dataclass(frozen=True, eq=False)
class PlacedVolume:
    """HU of shape (slices, rows, columns) with their place.

    `origins_mm` (slices, 3) are the centres of each slice's first pixel, so that tilted gantries and uneven gaps are
    told; `along` and `down` are unit vectors of increasing column and row, `spacing_mm` is (row, column).
    """

    hu: NDArray[np.int16]
    origins_mm: Floats
    along: Floats
    down: Floats
    spacing_mm: tuple[float, float]

    @classmethod
    def of_series(cls, series: Series) -> "PlacedVolume":
        """Take the place of a DICOM series. Raises LeftOut where it has none."""
        if series.affine is None:
            raise LeftOut("its images do not say where they lie")
        if series.facts.row_spacing_mm is None:
            raise LeftOut("its images do not state the size of their pixels")
        along, down, step = (series.affine[:3, i] for i in range(3))
        along, down = along / np.linalg.norm(along), down / np.linalg.norm(down)
        positions = series.slice_positions_mm - series.slice_positions_mm[0]
        rise = float(step @ np.cross(along, down))
        origins = series.affine[:3, 3] + positions[:, None] * step / rise
        return cls(np.asarray(series.volume_hu), origins, along, down, series.spacing_mm[1:])

    @property
    def normal(self) -> Floats:
        """The unit vector at right angles to the slices."""
        return np.cross(self.along, self.down)

    @property
    def positions_mm(self) -> Floats:
        """Where the slices lie along the normal, (slices,)."""
        return self.origins_mm @ self.normal

    @property
    def reach_mm(self) -> float:
        """How far from a slice something still belongs to it: half the gap between slices."""
        gaps = np.abs(np.diff(self.positions_mm))
        return float(gaps.max()) / 2 + 0.01 if len(gaps) else 5.0

    def slice_at(self, point_mm: Floats) -> tuple[int, float]:
        """Find the slice nearest to a point (3,): its index, and its distance in mm."""
        distances = np.abs(self.positions_mm - point_mm @ self.normal)
        nearest = int(np.argmin(distances))
        return nearest, float(distances[nearest])

    def pixels_of(self, points_mm: Floats, slice_index: int) -> Floats:
        """Project points (N, 3) onto a slice: (N, 2) columns and rows, in index coordinates."""
        offset = points_mm - self.origins_mm[slice_index]
        return np.stack([offset @ self.along / self.spacing_mm[1], offset @ self.down / self.spacing_mm[0]], axis=1)

    def place_frame(self, mask: Mask, plane: "Plane") -> tuple[int, Mask]:
        """Lay a marked plane onto the nearest slice: its index, and the mask (rows, columns) there.

        Raises LeftOut, with the numbers, where it is tilted against the slices, lies between none, or beside them.
        """
        cosine = abs(float(np.cross(plane.along, plane.down) @ self.normal))
        angle = math.degrees(math.acos(min(1.0, cosine)))
        if angle > MAX_ANGLE_DEG:
            raise LeftOut(f"it is tilted by {angle:.1f}° against the slices of its images")
        index, distance = self.slice_at(plane.origin_mm)
        if distance > self.reach_mm:
            raise LeftOut(
                f"it lies {distance:.1f} mm from the nearest slice of its images, which are {2 * self.reach_mm:.1f} mm "
                "apart at most"
            )
        rows, columns = np.nonzero(mask)
        centres = plane.origin_mm + np.outer(columns * plane.spacing_mm[1], plane.along)
        centres += np.outer(rows * plane.spacing_mm[0], plane.down)
        refuse_outside(self.pixels_of(centres, index)[:, ::-1], self.hu.shape[1:])
        # from (row, column) of the slice to (row, column) of the plane
        matrix = np.array(
            [
                [self.down @ plane.down * self.spacing_mm[0], self.along @ plane.down * self.spacing_mm[1]],
                [self.down @ plane.along * self.spacing_mm[0], self.along @ plane.along * self.spacing_mm[1]],
            ]
        ) / np.array([[plane.spacing_mm[0]], [plane.spacing_mm[1]]])
        start = self.origins_mm[index] - plane.origin_mm
        offset = np.array([start @ plane.down / plane.spacing_mm[0], start @ plane.along / plane.spacing_mm[1]])
        placed: Mask = resampled(mask, matrix, offset, self.hu.shape[1:]).astype(bool)
        return index, placed


@dataclass(frozen=True, eq=False)
class Plane:
    """Where one marked plane lies; see `PlacedVolume`."""

    origin_mm: Floats
    along: Floats
    down: Floats
    spacing_mm: tuple[float, float]  # row, column


def resampled(
    marks: NDArray[Any], matrix: NDArray[np.floating], offset: NDArray[np.floating], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Read marks on another grid, nearest voxel: index there is `matrix` · index here + `offset`."""
    drift = np.abs(matrix - np.eye(len(shape))).max() * max(shape) + np.abs(offset).max()
    if marks.shape == shape and drift < SAME_GRID_VOXELS:
        return marks
    placed: NDArray[Any] = ndimage.affine_transform(
        marks.astype(np.uint8) if marks.dtype == bool else marks, matrix, offset, shape, order=0
    )
    return placed


def refuse_outside(indices: NDArray[np.number], shape: tuple[int, ...]) -> None:
    """Raise LeftOut, with the numbers, where marked voxels (N, axes) lie outside an image of `shape`."""
    if not len(indices):
        raise LeftOut("nothing is marked in it")
    low, high = -0.5 - EDGE_VOXELS, np.array(shape) - 0.5 + EDGE_VOXELS
    outside = int(((indices < low) | (indices > high)).any(axis=1).sum())
    if outside:
        first, last = np.rint(indices.min(axis=0)).astype(int), np.rint(indices.max(axis=0)).astype(int)
        spans = " × ".join(f"{a}…{b}" for a, b in zip(first, last, strict=True))
        raise LeftOut(
            f"{outside} of {len(indices)} marked voxels lie outside the image: they span {spans}, and the image "
            f"{' × '.join(f'0…{n - 1}' for n in shape)}"
        )
