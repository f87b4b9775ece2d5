"""What lies between two regions, and how densities are spread inside one: numbers in a sentence."""

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import OUTLINE_MARKS, Region, RegionError
from tools.domain.study import Series
from tools.regions.measurement import pixels_inside

PERCENTILES = (10, 50, 90)


def distance_between(series: Series, a: Region, b: Region) -> str:
    """Say how far apart the centres of two outlines lie, in mm, across slices by their positions.

    Raises RegionError for one and the same region, and where the file states no scale.
    """
    if a.region_id == b.region_id:
        raise RegionError(f"A distance is between two regions, and {a.region_id} is one: name another one beside it.")
    if series.facts.row_spacing_mm is None or series.facts.column_spacing_mm is None:
        raise RegionError("The file states no size of its pixels, so no distance can be measured in it.")
    if a.slice_index != b.slice_index and series.affine is None:
        raise RegionError(
            f"{a.region_id} and {b.region_id} are on different slices, and the file does not say where its slices lie: "
            "only regions on one slice can be measured."
        )
    mm = float(np.linalg.norm(_centre_mm(series, a) - _centre_mm(series, b)))
    where = f"both on slice {a.slice_index + 1}"
    if a.slice_index != b.slice_index:
        where = f"on slices {a.slice_index + 1} and {b.slice_index + 1}"
    told = f"{a.region_id} and {b.region_id} lie {mm:.1f} mm apart, centre to centre, {where}."
    unsure = [f"{r.region_id} is marked “{OUTLINE_MARKS[r.outline]}”" for r in (a, b) if r.outline != "measured"]
    where_off = "so their centres may be off" if len(unsure) > 1 else "so its centre may be off"
    return f"{told} {' and '.join(unsure)}, {where_off}." if unsure else told


def densities_inside(series: Series, region: Region) -> str:
    """Say how the densities inside an outline are spread: percentiles.

    Raises RegionError where the values are not Hounsfield units.
    """
    if series.facts.units != "HU":
        raise RegionError("The values of this series are not Hounsfield units, so densities cannot be told from them.")
    values = pixels_inside(series.volume_hu[region.slice_index], np.array(region.outline_px))
    low, middle, high = (round(float(v)) for v in np.percentile(values, PERCENTILES))
    told = (
        f"Of the {len(values)} pixels inside {region.region_id}, a tenth lie below {_hu(low)}, half below "
        f"{_hu(middle)} and a tenth above {_hu(high)}."
    )
    mark = OUTLINE_MARKS[region.outline]
    return f"{told} {region.region_id} is marked “{mark}”, so these may be of more than a lesion." if mark else told


def density_at(series: Series, slice_index: int, column: int, row: int) -> str:
    """Say the value of one pixel, and the mean of the nine around it. Raises RegionError outside the volume."""
    slices, rows, columns = series.volume_hu.shape
    if not (0 <= slice_index < slices and 0 <= column < columns and 0 <= row < rows):
        raise RegionError(
            f"Column {column}, row {row} of slice {slice_index + 1} is outside: there are columns 0 to {columns - 1}, "
            f"rows 0 to {rows - 1} and slices 1 to {slices}."
        )
    image = series.volume_hu[slice_index]
    around = image[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    at, mean = int(image[row, column]), round(float(around.mean()))
    where = f"At column {column}, row {row} of slice {slice_index + 1}"
    if series.facts.units != "HU":
        return f"{where} the value is {at}, which is no Hounsfield unit."
    return f"{where} the density is {_hu(at)}; with the pixels around it {_hu(mean)} on average."


def _centre_mm(series: Series, region: Region) -> NDArray[np.float64]:
    """Compute the centre of an outline in mm. Shape: (3,), slice, row, column."""
    x, y = np.array(region.outline_px).mean(axis=0)
    slice_mm = float(series.slice_positions_mm[region.slice_index]) if series.affine is not None else 0.0
    return np.array([slice_mm, y * series.spacing_mm[1], x * series.spacing_mm[2]])


def _hu(value: int) -> str:
    return f"{value} HU".replace("-", "−")
