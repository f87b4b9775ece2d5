"""A volume over slices: of what is round and known, unsure where outlines disagree, refused where gaps are unknown."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.regions.test_create import make_series
from tools.domain.region import RegionError
from tools.domain.slice_gaps import SliceGapError
from tools.domain.study import Series
from tools.regions.create import region_from_click
from tools.regions.volume import volume_of, volume_words

SPACING = (2.5, 0.8, 0.8)


def series_with(*semi_mm: float, slices: int = 24, noise: float = 12, centre: int = 12, known: bool = True) -> Series:
    """One ellipsoid of 120 HU, half axes in mm by slice, row, column, in tissue of 40 HU."""
    z, y, x = np.mgrid[:slices, :96, :96].astype(float)
    r = [(a - c) * mm / s for a, c, mm, s in zip((z, y, x), (centre, 48, 48), SPACING, semi_mm, strict=True)]
    volume = np.where(sum(axis**2 for axis in r) <= 1, 120.0, 40.0)
    series = make_series(volume + np.random.default_rng(1).normal(0, noise, volume.shape), SPACING, known)
    return replace(series, facts=series.facts.model_copy(update={"slice_gap_mm": SPACING[0]}))


@pytest.mark.parametrize("semi_mm", [(8, 8, 8), (15, 10, 12), (9, 20, 14)])
@pytest.mark.parametrize("clicked", [12, 14])
def test_the_volume_of_an_ellipsoid_is_its_own(semi_mm: tuple[float, float, float], clicked: int) -> None:
    series = series_with(*semi_mm)
    found = volume_of(series, region_from_click(series, clicked, 48, 48))
    assert found.volume_mm3 == pytest.approx(4 / 3 * np.pi * np.prod(semi_mm), rel=0.1)
    assert found.doubts == ()
    assert abs(12 - found.first_slice - semi_mm[0] / 2.5) <= 1.1
    told = volume_words(series, found)
    assert f"slices {found.first_slice + 1} to {found.last_slice + 1}" in told
    assert "2.5 mm apart" in told
    assert "look through the slices" in told


def test_a_lesion_cut_off_by_the_end_of_the_series_is_unsure() -> None:
    series = series_with(12, 12, 12, centre=1)
    found = volume_of(series, region_from_click(series, 1, 48, 48))
    assert "it reaches the end of the series" in found.doubts
    assert "unsure, because it reaches the end" in volume_words(series, found)


def test_what_goes_on_like_a_vessel_is_not_followed_forever() -> None:
    series = series_with(1000, 5, 5, slices=60, centre=30)
    found = volume_of(series, region_from_click(series, 30, 48, 48))
    assert "it goes on like a vessel" in found.doubts
    assert len(found.outlines) < 30


def test_neighbours_that_disagree_make_it_unsure() -> None:
    series = series_with(12, 12, 12)
    volume = np.array(series.volume_hu)
    volume[13:, 10:86, 10:86] = 120  # the lesion runs into something as dense all around it
    series = replace(series, volume_hu=volume)
    found = volume_of(series, region_from_click(series, 12, 48, 48))
    assert found.doubts
    assert "That is unsure, because " in volume_words(series, found)


def test_a_thin_lesion_is_unsure() -> None:
    series = series_with(2, 10, 10)
    found = volume_of(series, region_from_click(series, 12, 48, 48))
    assert found.doubts == ("it is on 1 slice only",)


def test_it_is_refused_with_the_reason() -> None:
    series = series_with(8, 8, 8)
    region = region_from_click(series, 12, 48, 48)
    unknown = replace(series, facts=series.facts.model_copy(update={"slice_gap_mm": None}))
    with pytest.raises(SliceGapError, match="does not say where its slices lie"):
        volume_of(unknown, region)
    positions = series.slice_positions_mm.copy()
    positions[15:] += 5
    with pytest.raises(SliceGapError, match=r"uneven \(2.50 to 7.50 mm\)"):
        volume_of(replace(series, slice_positions_mm=positions), region)
    with pytest.raises(RegionError, match="no outlined lesion"):
        volume_of(series, replace(region, outline="disc"))
    without_scale = series_with(8, 8, 8, known=False)
    with pytest.raises(RegionError, match="no size of its pixels"):
        volume_of(without_scale, region_from_click(without_scale, 12, 48, 48))
