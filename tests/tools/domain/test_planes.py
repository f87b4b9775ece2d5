"""Other planes through a volume stand as a radiologist expects them, whatever way the slices run."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.regions.test_create import make_series
from tools.domain.planes import PlaneName, cut_of
from tools.domain.slice_gaps import SliceGapError
from tools.domain.study import Series


def series_along(columns: tuple[float, ...], rows: tuple[float, ...], slices: tuple[float, ...]) -> Series:
    """4 slices of 5 × 6 pixels, whose axes run along these directions of the patient (LPS)."""
    series = make_series(np.arange(120).reshape(4, 5, 6), (2.0, 0.7, 0.5))
    affine = np.eye(4)
    for place, (direction, mm) in enumerate(zip((columns, rows, slices), (0.5, 0.7, 2.0), strict=True)):
        affine[:3, place] = np.array(direction) * mm
    facts = series.facts.model_copy(update={"slice_gap_mm": 2.0})
    return replace(series, affine=affine, facts=facts)


AXIAL = series_along((1, 0, 0), (0, 1, 0), (0, 0, 1))
ANY_WAY = (
    AXIAL,
    series_along((1, 0, 0), (0, 1, 0), (0, 0, -1)),
    series_along((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    series_along((1, 0, 0), (0, 0, -1), (0, 1, 0)),  # coronal
    series_along((0, 1, 0), (0, 0, -1), (1, 0, 0)),  # sagittal
)
DIRECTIONS = {  # of slices, rows and columns
    "axial": ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "coronal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    "sagittal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}


@pytest.mark.parametrize("series", ANY_WAY)
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_every_voxel_stands_where_it_lies_in_the_patient(series: Series, plane: PlaneName) -> None:
    cut = cut_of(series, plane)
    for place, direction in zip((2, 1, 0), DIRECTIONS[plane], strict=True):
        step = cut.affine[:3, place]
        np.testing.assert_allclose(step / np.linalg.norm(step), direction, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(cut.affine[:3, [2, 1, 0]], axis=0), cut.spacing_mm)
    assert series.affine is not None
    to_voxel = np.linalg.inv(series.affine) @ cut.affine
    for index in range(cut.shape[0]):
        image = cut.slice(series.volume_hu, index)
        assert image.shape == cut.shape[1:]
        for row, column in ((0, 0), (cut.shape[1] - 1, 1), (1, cut.shape[2] - 1)):
            x, y, z, _ = np.rint(to_voxel @ (column, row, index, 1)).astype(int)
            assert image[row, column] == series.volume_hu[z, y, x]


def test_the_plane_of_the_slices_themselves_is_told_apart() -> None:
    assert [cut_of(AXIAL, plane).is_own for plane in ("axial", "coronal", "sagittal")] == [True, False, False]


def test_it_is_refused_with_the_reason() -> None:
    tilted = series_along((1, 0, 0), (0, 0.9848, -0.1736), (0, 0, 1))
    with pytest.raises(SliceGapError, match=r"tilted by 10\.0°"):
        cut_of(tilted, "coronal")
    with pytest.raises(SliceGapError, match="how its slices lie"):
        cut_of(replace(AXIAL, affine=None), "coronal")
    with pytest.raises(SliceGapError, match="uneven"):
        cut_of(replace(AXIAL, slice_positions_mm=np.array([0.0, 2, 4, 9])), "coronal")
    with pytest.raises(SliceGapError, match="one slice"):
        cut_of(replace(AXIAL, slice_positions_mm=np.array([0.0])), "sagittal")
