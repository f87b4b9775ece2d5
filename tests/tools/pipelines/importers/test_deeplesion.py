"""DeepLesion as published, in miniature: 16-bit PNGs and DL_info.csv made from arrays."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from encoder.pack import read_pack
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits
from tools.pipelines.importers.annotated_lesion import ImportFailure
from tools.pipelines.importers.deeplesion import COLUMNS, lesions_of_deeplesion, read_slice
from tools.pipelines.importers.run import import_lesions
from tools.pipelines.importers.write import ImportSummary
from tools.settings import get_settings


def import_deeplesion(
    images: Path, table: Path, out: Path, ticks: list[tuple[int, int]] | None = None
) -> ImportSummary:
    """What `import deeplesion` does; `ticks` gets its progress."""

    def read(job):
        progress = job.progress if ticks is None else lambda done, total: ticks.append((done, total))
        return lesions_of_deeplesion(images, table, replace(job, progress=progress))

    return import_lesions(read, out, PatientKeys(b"k" * 32), intake_limits(get_settings()))


def left_out(summary: ImportSummary) -> list[tuple[str, str]]:
    return [(item.what, item.reason) for item in summary.left_out]


def slice_hu(seed: int, x: int, y: int) -> np.ndarray:
    """A 512×512 slice of soft tissue with one dense lesion of 20 pixels around (x, y)."""
    rows, columns = np.mgrid[:512, :512]
    image = np.where((columns - 256) ** 2 + (rows - 256) ** 2 < 200**2, 50, -1000)
    image = np.where((columns - x) ** 2 + (rows - y) ** 2 < 100, 130, image)
    return image + np.random.default_rng(seed).integers(-5, 6, image.shape)


def write_png(path: Path, hu: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((hu + 32768).astype(np.uint16)).save(path)


def record(name: str, x: int, y: int, **changes: str) -> dict[str, str]:
    patient, study, series, number = name.removesuffix(".png").split("_")
    values = {
        "File_name": name,
        "Patient_index": str(int(patient)),
        "Study_index": str(int(study)),
        "Series_ID": str(int(series)),
        "Key_slice_index": str(int(number)),
        "Measurement_coordinates": f"{x - 10}, {y}, {x + 10}, {y}, {x}, {y - 8}, {x}, {y + 8}",
        "Bounding_boxes": f"{x - 15}.0, {y - 15}.0, {x + 15}.0, {y + 15}.0",
        "Lesion_diameters_Pixel_": "20.0, 16.0",
        "Coarse_lesion_type": "5",
        "Possibly_noisy": "0",
        "Spacing_mm_px_": "0.8, 0.8, 5.0",
        "Patient_gender": "F",
        "Patient_age": "61.0",
        "Train_Val_Test": "1",
    }
    return values | changes


def write_csv(path: Path, records: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(records)
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "Images_png"
    write_png(folder / "000001_01_01" / "109.png", slice_hu(0, 200, 220))
    write_png(folder / "000001_02_01" / "014.png", slice_hu(1, 300, 260))
    write_png(folder / "000002_01_01_187.png", slice_hu(2, 250, 180))  # flat, as some mirrors have it
    return folder


def test_lesions_become_a_pack_in_hounsfield_units(tmp_path: Path, images: Path) -> None:
    records = [
        record("000001_01_01_109.png", 200, 220),
        record("000002_01_01_187.png", 250, 180, Coarse_lesion_type="-1", Train_Val_Test="3", Patient_gender="M"),
        record("000001_01_01_109.png", 300, 300, Coarse_lesion_type="7", Patient_age="NaN"),  # a second one there
        record("000001_02_01_014.png", 300, 260, Coarse_lesion_type="8", Train_Val_Test="2"),
    ]
    ticks: list[tuple[int, int]] = []
    summary = import_deeplesion(images, write_csv(tmp_path / "DL_info.csv", records), tmp_path / "pack", ticks)
    assert (summary.lesions, summary.left_out) == (4, ())
    assert ticks[-1] == (4, 4)
    pack = read_pack(tmp_path / "pack")
    assert pack.images.dtype == np.int16
    order = {lesion.lesion_id.rpartition("-")[2]: number for number, lesion in enumerate(pack.lesions)}
    rows = [order[line] for line in "1234"]
    for image in (pack.images[rows[0]], pack.images[rows[1]], pack.images[rows[3]]):
        assert image[28:36, 28:36].mean() == pytest.approx(130, abs=3)
        assert image[:4].mean() == pytest.approx(50, abs=3)
    assert pack.context is not None
    for context in (pack.context[rows[0]], pack.context[rows[1]], pack.context[rows[3]]):
        assert context[31:33, 31:33].mean() == pytest.approx(130, abs=3)
        assert context[20].mean() == pytest.approx(50, abs=3)
    first, second, third, fourth = (pack.lesions[number] for number in rows)
    assert (first.lesion_type, first.sex, first.age_years, first.split) == ("lung", "F", 61, "train")
    assert (first.long_axis_mm, first.short_axis_mm, first.pixel_spacing_mm, first.slice) == (16.0, 12.8, 0.8, 109)
    assert (second.lesion_type, second.sex, second.split) == (None, "M", "test")
    assert (third.lesion_type, third.age_years) == ("soft tissue", None)
    assert (fourth.lesion_type, fourth.split) == ("pelvis", "validation")
    assert first.patient_id == third.patient_id == fourth.patient_id != second.patient_id
    assert first.study_id == third.study_id != fourth.study_id


def test_noisy_rows_are_left_out_and_told(tmp_path: Path, images: Path) -> None:
    path = write_csv(
        tmp_path / "DL_info.csv",
        [record("000001_01_01_109.png", 200, 220), record("000002_01_01_187.png", 250, 180, Possibly_noisy="1")],
    )
    summary = import_deeplesion(images, path, tmp_path / "a")
    ((what, reason),) = left_out(summary)
    assert what == "DL_info.csv, 1 rows"
    assert "Possibly_noisy" in reason
    assert len(read_pack(tmp_path / "a")) == 1


def test_what_cannot_be_read_is_named_and_the_rest_imported(tmp_path: Path, images: Path) -> None:
    (images / "000003_01_01").mkdir()
    (images / "000003_01_01" / "001.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    Image.fromarray(np.zeros((512, 512), np.uint8)).save(images / "000003_01_01" / "002.png")
    records = [
        record("000001_01_01_109.png", 200, 220),
        record("000003_01_01_001.png", 200, 220),
        record("000003_01_01_002.png", 200, 220),
        record("000003_01_01_003.png", 200, 220),
        record("000001_01_01_109.png", 200, 220, Bounding_boxes="nan, 1, 2, 3"),
        record("000001_01_01_109.png", 200, 220, Bounding_boxes="90, 80, 80, 90"),
        record("000001_01_01_109.png", 200, 220, Bounding_boxes="900, 900, 950, 950"),
        record("000001_01_01_109.png", 200, 220, Spacing_mm_px_="0, 0, 5"),
        record("000001_01_01_109.png", 200, 220, Lesion_diameters_Pixel_=""),
        record("000001_01_01_109.png", 200, 220) | {"File_name": "../../etc/passwd"},
    ]
    summary = import_deeplesion(images, write_csv(tmp_path / "DL_info.csv", records), tmp_path / "pack")
    assert summary.lesions == 1
    told = sorted(left_out(summary), key=lambda item: int(item[0].rpartition(" ")[2]))
    assert [what for what, _ in told] == [f"DL_info.csv, line {line}" for line in range(3, 12)]
    reasons = [reason for _, reason in told]
    for reason, words in zip(
        reasons,
        ("damaged", "8-bit", "missing", "Bounding_boxes", "no area", "outside", "Spacing", "diameters", "File_name"),
        strict=True,
    ):
        assert words in reason


def test_nothing_usable_is_one_sentence(tmp_path: Path, images: Path) -> None:
    path = write_csv(tmp_path / "DL_info.csv", [record("000009_01_01_001.png", 9, 9)])
    with pytest.raises(ImportFailure, match="No lesion could be imported") as failure:
        import_deeplesion(images, path, tmp_path / "pack")
    assert failure.value.left_out[0].reason == "000009_01_01_001.png is missing"
    with pytest.raises(ImportFailure, match="is not a folder"):
        import_deeplesion(tmp_path / "nowhere", path, tmp_path / "pack")
    with pytest.raises(ImportFailure, match="cannot be read"):
        import_deeplesion(images, tmp_path / "nowhere.csv", tmp_path / "pack")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ImportFailure, match="has no column File_name"):
        import_deeplesion(images, tmp_path / "other.csv", tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_sixteen_bits_are_read_as_sixteen_bits(images: Path) -> None:
    hu = read_slice(images / "000001_01_01" / "109.png")
    np.testing.assert_array_equal(hu, slice_hu(0, 200, 220))


@pytest.mark.parametrize(
    ("delimiter", "encoding", "first"), [(";", "utf-8", ""), ("\t", "utf-16", ""), (";", "utf-8-sig", "sep=;\n")]
)
@pytest.mark.parametrize("commas", [False, True])
def test_a_table_that_went_through_a_spreadsheet_is_read_the_same(tmp_path, images, delimiter, encoding, first, commas):
    records = [
        record("000001_01_01_109.png", 200, 220, Bounding_boxes="185.25, 205.5, 215.75, 235.5", Patient_age="61.0"),
        record("000002_01_01_187.png", 250, 180, Lesion_diameters_Pixel_="20.5, 16.25", Spacing_mm_px_="0.7, 0.7, 1"),
    ]
    import_deeplesion(images, write_csv(tmp_path / "DL_info.csv", records), tmp_path / "plain")
    names = [name for name in COLUMNS if name != "File_name"]
    if commas:
        records = [row | {name: row[name].replace(".", ",") for name in names} for row in records]
    with (tmp_path / "excel.csv").open("w", newline="", encoding=encoding) as file:
        file.write(first)
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(records)
    summary = import_deeplesion(images, tmp_path / "excel.csv", tmp_path / "excel")
    assert summary.left_out == ()
    assert read_pack(tmp_path / "excel").lesions == read_pack(tmp_path / "plain").lesions


def test_a_row_with_too_many_cells_is_named_and_the_others_are_read(tmp_path, images):
    path = write_csv(
        tmp_path / "DL_info.csv", [record("000001_01_01_109.png", 200, 220), record("000002_01_01_187.png", 250, 180)]
    )
    path.write_text(path.read_text().replace("61.0", "61,0", 1))
    summary = import_deeplesion(images, path, tmp_path / "out")
    assert summary.lesions == 1
    ((what, reason),) = left_out(summary)
    assert what == "DL_info.csv, line 2"
    assert "more cells than there are columns" in reason
