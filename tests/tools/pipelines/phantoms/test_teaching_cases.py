"""The shipped pack of the teaching cases is what the generator makes, and a first start finds all it shows."""

import csv
from pathlib import Path

import numpy as np
import pydicom

from encoder.pack import read_pack
from tools.domain.region import PixelBox
from tools.pipelines.phantoms.generate import write_patient
from tools.pipelines.phantoms.teaching_cases import SHIPPED, series_folder, teaching_cases, unpack_teaching_cases
from tools.regions.crop import crop_box_with_context


def test_what_is_shipped_is_what_the_generator_makes(tmp_path: Path) -> None:
    """Of one patient. Fails after a change of the phantoms: run `python -m tools.pipelines.phantoms.teaching_cases`."""
    pack = read_pack(SHIPPED)
    assert pack.context is not None
    with (SHIPPED / "truth.csv").open(newline="") as file:
        truth = {row["lesion_id"]: row for row in csv.DictReader(file)}
    assert list(truth) == [lesion.lesion_id for lesion in pack.lesions]
    rows = {lesion.lesion_id: number for number, lesion in enumerate(pack.lesions)}
    made = 0
    for study, volume, found in write_patient(tmp_path, 6):
        for lesion in found:
            row = rows[lesion.lesion_id]
            box = PixelBox(lesion.x0, lesion.y0, lesion.x1, lesion.y1)
            image, context = crop_box_with_context(volume[lesion.slice - 1], box, (study.spacing_mm, study.spacing_mm))
            np.testing.assert_array_equal(image, pack.images[row])
            np.testing.assert_array_equal(context, pack.context[row])
            assert (pack.lesions[row].lesion_type, pack.lesions[row].patient_id) == (lesion.lesion_type, "PHANTOM-0007")
            assert truth[lesion.lesion_id]["long_axis_mm"] == str(lesion.long_axis_mm)
            made += 1
    assert made == sum(lesion.patient_id == "PHANTOM-0007" for lesion in pack.lesions) > 3


def test_a_first_start_finds_every_case_it_shows(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    unpack_teaching_cases(tmp_path / "cases", lambda done, of: seen.append((done, of)))
    cases = list(teaching_cases(tmp_path / "cases"))
    assert [row["lesion_type"] for _, row in cases] == ["lung", "liver", "kidney", "pelvis", "mediastinum", "bone"]
    for _, row in cases:
        files = sorted((tmp_path / "cases" / row["dicom_folder"]).iterdir())
        assert pydicom.dcmread(files[0], stop_before_pixels=True).PatientID == row["patient_id"]
        assert int(row["slice"]) <= len(files)
    assert seen[-1] == (len(cases), len(cases))
    assert len(read_pack(tmp_path / "cases" / "pack")) == 720


def test_the_series_of_a_case_that_is_not_shown_is_computed_when_it_is_asked_for(tmp_path: Path) -> None:
    unpack_teaching_cases(tmp_path / "cases")
    with (tmp_path / "cases" / "truth.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if not (tmp_path / "cases" / row["dicom_folder"]).exists())
    folder = series_folder(tmp_path / "cases", row)
    files = sorted(folder.iterdir())
    assert folder == tmp_path / "cases" / row["dicom_folder"]
    assert pydicom.dcmread(files[int(row["slice"]) - 1], stop_before_pixels=True).PatientID == row["patient_id"]
    assert series_folder(tmp_path / "cases", row) == folder
    assert not list((tmp_path / "cases").glob(".patient-*"))
