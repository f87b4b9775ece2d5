"""Other planes through a volume: which of its axes goes where, so that a coronal view stands head up, right at left.

No value is made up: a plane is cut along the voxels, and the screen stretches it to its size in mm (multiplanar
reformation, DICOM PS3.3 C.8.19 speaks of it as RESAMPLED). Slices that lie unevenly or aslant cannot be cut so.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from tools.domain.lazy_volume import Volume
from tools.domain.slice_gaps import SliceGapError, even_gap_mm
from tools.domain.study import Series

PlaneName = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")
T = TypeVar("T")
MAX_TILT_DEG = 0.5  # of the way from slice to slice, off the slices' normal
# of each plane the patient's axes (LPS: 0 to the left, 1 to the back, 2 to the head) through it, down and across, and
# whether it runs along them
_LAYOUT: dict[PlaneName, tuple[tuple[int, bool], tuple[int, bool], tuple[int, bool]]] = {
    "axial": ((2, True), (1, True), (0, True)),
    "coronal": ((1, True), (2, False), (0, True)),
    "sagittal": ((0, True), (2, False), (1, True)),
}


@dataclass(frozen=True)
class Cut:
    """How a plane is cut from a volume (slices, rows, columns).

    `axes` are the volume's axes through the plane, down and across; `flipped` those that run the other way. `affine`
    (4, 4) takes (column, row, slice, 1) of the plane to the patient's mm.
    """

    plane: PlaneName
    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    shape: tuple[int, int, int]  # slices, rows, columns of the plane
    spacing_mm: tuple[float, float, float]  # slice, row, column
    affine: NDArray[np.float64]

    @property
    def is_own(self) -> bool:
        """Whether it is the plane that the slices have themselves."""
        return self.axes[0] == 0

    def slice(self, volume: Volume, index: int) -> NDArray[np.int16]:
        """Cut slice `index` (rows, columns) of the plane."""
        through, down, across = self.axes
        at = self.shape[0] - 1 - index if self.flipped[0] else index
        image = volume[tuple(at if axis == through else slice(None) for axis in range(3))]
        if down > across:
            image = image.T
        return image[:: -1 if self.flipped[1] else 1, :: -1 if self.flipped[2] else 1]


def cut_of(series: Series, plane: PlaneName) -> Cut:
    """Lay a plane through a series. Raises SliceGapError, in a sentence, where that cannot be done."""
    what = f"{plane} view across them"
    gap_mm = even_gap_mm(series, what)
    if series.affine is None:
        raise SliceGapError(f"The file does not say how its slices lie in the patient, so there is no {what}.")
    if (tilt := _tilt_deg(series.affine)) > MAX_TILT_DEG:
        raise SliceGapError(
            f"The gantry was tilted by {tilt:.1f}°, so slices are shifted against each other and there is no {what}."
        )
    steps = series.affine[:3, [2, 1, 0]]  # of slice, row and column, in the patient
    runs_along = np.abs(steps / np.linalg.norm(steps, axis=0)).argmax(axis=0).tolist()
    if sorted(runs_along) != [0, 1, 2]:
        raise SliceGapError(f"The slices lie aslant in the patient, so there is no {what}.")
    spacing = gap_mm, series.spacing_mm[1], series.spacing_mm[2]
    axes = [runs_along.index(patient) for patient, _ in _LAYOUT[plane]]
    flipped = [
        bool(steps[patient, axis] > 0) != along for axis, (patient, along) in zip(axes, _LAYOUT[plane], strict=True)
    ]
    shape = [series.volume_hu.shape[axis] for axis in axes]
    affine = series.affine.copy()
    for place, axis, turned, count in zip((2, 1, 0), axes, flipped, shape, strict=True):
        affine[:3, place] = -steps[:, axis] if turned else steps[:, axis]
        affine[:3, 3] += steps[:, axis] * (count - 1) * turned
    return Cut(
        plane, _three(axes), _three(flipped), _three(shape), _three([spacing[axis] for axis in axes]), affine
    )  # fmt: skip


def _three(values: list[T]) -> tuple[T, T, T]:
    first, second, third = values
    return first, second, third


def _tilt_deg(affine: NDArray[np.float64]) -> float:
    """Measure the angle between the way from slice to slice and the slices' normal."""
    normal, step = np.cross(affine[:3, 0], affine[:3, 1]), affine[:3, 2]
    cosine = abs(float(normal @ step)) / float(np.linalg.norm(normal) * np.linalg.norm(step))
    return float(np.degrees(np.arccos(min(1.0, cosine))))
