"""What is counted of clicks and boxes, on DeepLesion in miniature: 16-bit PNGs and DL_info.csv made from arrays."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from encoder.errors import LesionSearchError
from eval.cli import app
from eval.regions.measurement import Measured, errors, measure_all, read_sets, to_markdown
from tools.domain.region import Outline
from tools.pipelines.importers.deeplesion import COLUMNS

SPACING_MM = 0.8


def write_deeplesion(folder: Path, radii_px: tuple[int, ...]) -> tuple[Path, Path]:
    """Write a patient for each radius: a dense ball in soft tissue, its two diameters and the box around them."""
    images, rows = folder / "Images_png", []
    for number, radius in enumerate(radii_px, start=1):
        y, x = np.mgrid[:256, :256] + 0.5
        hu = np.where((x - 128) ** 2 + (y - 128) ** 2 < 110**2, 50, -1000)
        hu = np.where((x - 120) ** 2 + (y - 140) ** 2 < radius**2, 150, hu)
        hu = hu + np.random.default_rng(number).integers(-8, 9, hu.shape)
        name = f"{number:06d}_01_01_007.png"
        path = images / name[:12] / "007.png"
        path.parent.mkdir(parents=True)
        Image.fromarray((hu + 32768).astype(np.uint16)).save(path)
        ends = (120 - radius, 140, 120 + radius, 140, 120, 140 - radius, 120, 140 + radius)
        box = (115 - radius, 135 - radius, 125 + radius, 145 + radius)
        rows.append(
            {
                "File_name": name,
                "Patient_index": str(number),
                "Study_index": "1",
                "Series_ID": "1",
                "Key_slice_index": "7",
                "Measurement_coordinates": ", ".join(map(str, ends)),
                "Bounding_boxes": ", ".join(map(str, box)),
                "Lesion_diameters_Pixel_": f"{2 * radius}, {2 * radius}",
                "Coarse_lesion_type": "4",
                "Possibly_noisy": "0",
                "Spacing_mm_px_": f"{SPACING_MM}, {SPACING_MM}, 5.0",
                "Patient_gender": "F",
                "Patient_age": "61",
                "Train_Val_Test": "3",
            }
        )
    table = folder / "DL_info.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return images, table


def test_balls_are_measured_as_their_radiologist_did(tmp_path: Path) -> None:
    images, table = write_deeplesion(tmp_path, (8, 12, 20))
    result = CliRunner().invoke(app, ["measurement", "--images", str(images), "--csv", str(table), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    for way in ("click", "box"):
        assert (found[way]["n"], found[way]["patients"], found[way]["over_10_mm"]) == (3, 3, 0)
        assert found[way]["within_20_percent"] == 1
        assert found[way]["median_error_mm"] < 1.5
    lesions = list(read_sets(tmp_path, images, table)[0][1])
    assert [one.length_mm[0] for one in lesions] == pytest.approx([12.8, 19.2, 32.0])
    assert "| DeepLesion (long axis) | click | 3 | 3 | 100% (100%–100%) |" in to_markdown(
        measure_all([("DeepLesion", lesions)])
    )


def measured(length_mm: float, outline: Outline, patient: str) -> Measured:
    """A lesion of 20 mm that was found as long as given."""
    return Measured(length_mm, 20.0, patient, outline)


def test_what_is_said_to_be_unsure_is_told_from_silent_errors() -> None:
    found = errors(
        [
            measured(20, "measured", "a"),
            measured(23, "unsure", "a"),
            measured(31, "unsure", "b"),
            measured(40, "measured", "c"),
            measured(10, "disc", "d"),
        ]
    )
    assert (found.n, found.patients, found.unsure, found.not_measured) == (5, 4, 2, 1)
    assert (found.over_10_mm, found.over_10_mm_unsaid) == (2, 1)
    assert found.within_20_percent == pytest.approx(0.4)
    assert (found.right_unsure.right, found.right_unsure.total) == (1, 2)
    assert (found.median_error_mm, found.mean_error_mm) == pytest.approx((10, 8.8))
    assert found.within_20_percent_interval[0] < 0.4 < found.within_20_percent_interval[1]


def test_one_of_the_two_files_alone_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["measurement", "--images", str(tmp_path)])
    assert isinstance(result.exception, LesionSearchError)
    assert "both --images and --csv" in str(result.exception)


def test_slices_that_are_not_there_are_said(tmp_path: Path) -> None:
    _, table = write_deeplesion(tmp_path, (8,))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LesionSearchError, match=r"no lesion of .* has a slice in .*empty"):
        measure_all(read_sets(tmp_path, empty, table))
