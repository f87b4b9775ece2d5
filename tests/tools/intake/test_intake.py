import logging
import random
import struct
import tempfile
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest
from numpy.testing import assert_array_equal
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from encoder.errors import LesionSearchError
from tools.intake.intake import MANY_SLICES, IntakeError, intake_limits, open_study, read_studies, read_study
from tools.settings import Settings

LIMITS = intake_limits(Settings())

MARK = "ZQMARK"
MARK_UID = "1.2.826.0.1.98765432198765"
MARK_DATE = "19470311"


def series_of(make_ct, count: int, **elements) -> list[Dataset]:
    """Slices 2 mm apart, each filled with its own number."""
    return [
        make_ct(np.full((12, 10), 1024 + i, dtype=np.int16), ImagePositionPatient=[-100, -90, 2.0 * i], **elements)
        for i in range(count)
    ]


def test_a_shuffled_series_becomes_one_volume_in_order_of_place(make_ct, save, keys):
    slices = series_of(make_ct, 5, PatientSex="F", PatientAge="061Y")
    names = random.Random(0).sample(range(100), 5)
    for dataset, name in zip(slices, names, strict=True):
        folder = save(dataset, f"{name}").parent

    study = read_study(folder, keys)

    [series] = study.series
    assert series.volume_hu.dtype == np.int16
    assert series.volume_hu[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert series.spacing_mm == (2.0, 0.8, 0.7)
    assert (series.facts.sex, series.facts.age_years, series.facts.units) == ("F", 61, "HU")
    assert (study.skipped, series.warnings) == ((), ())


def test_the_patient_key_is_the_one_of_an_atlas_with_the_same_patient(make_ct, save, keys):
    assert read_study(save(make_ct(PatientID=" 4711 "), "a"), keys).patient_key == keys.patient("4711")
    assert read_study(save(make_ct(PatientID=""), "b"), keys).patient_key is None


def test_files_folders_and_zips_give_the_same_study(make_ct, save, to_bytes, keys, tmp_path):
    slices = series_of(make_ct, 3)
    paths = [save(dataset, f"{i}.dcm") for i, dataset in enumerate(slices)]
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for i, dataset in enumerate(slices):
            packed.writestr(f"export/{i}/IM{9 - i}", to_bytes(dataset))

    studies = [read_study(upload, keys) for upload in (paths, paths[0].parent, archive, str(archive))]

    for study in studies:
        assert_array_equal(study.series[0].volume_hu, studies[0].series[0].volume_hu)
        assert (study.study_key, study.series[0].series_key) == (studies[0].study_key, studies[0].series[0].series_key)


def test_patients_are_never_mixed(make_ct, save, keys):
    for i, dataset in enumerate([*series_of(make_ct, 3), make_ct(PatientID="P2")]):
        folder = save(dataset, f"{i}").parent

    study = read_study(folder, keys)

    assert study.patient_key == keys.patient("P1")
    assert [series.facts.slices for series in study.series] == [3]
    assert study.skipped == (
        "File 4 of 4 was left out: not of the same patient as the images shown; send one patient at a time.",
    )


@pytest.mark.parametrize("read", [read_study, open_study])
def test_more_slices_than_can_be_held_are_a_solid_block_around_the_middle(make_ct, save, keys, read):
    names = random.Random(3).sample(range(100), 40)
    for i, name in enumerate(names):
        stored = np.full((64, 64), 1024 + i, np.uint16)
        stored[0] = 24
        path = save(make_ct(stored, ImagePositionPatient=[0, 0, 2.0 * i], InstanceNumber=i + 1), f"{name:02d}")

    study = read(path.parent, keys, limits=replace(LIMITS, max_voxels=17 * 64 * 64))

    [series] = study.series
    assert series.image_numbers == tuple(range(12, 29))
    assert np.asarray(series.volume_hu)[:, 32, 32].tolist() == list(range(11, 28))
    assert series.facts.slice_gap_mm == 2
    assert len(study.skipped) == 1
    assert "those around the middle were read" in study.skipped[0]
    assert "and 18 more of 40" in study.skipped[0]
    study.stop_loading()


def test_a_prior_that_does_not_fit_leaves_the_current_examination_whole(make_ct, save, keys):
    for i in range(30):
        uids = {"StudyInstanceUID": "1.8", "SeriesInstanceUID": "1.8.1", "StudyDate": "20180101"}
        save(make_ct(np.full((64, 64), 1024 + i, np.uint16), ImagePositionPatient=[0, 0, i], **uids), f"a{i}")
    for i in range(8):
        uids = {"StudyInstanceUID": "1.9", "SeriesInstanceUID": "1.9.1", "StudyDate": "20240101"}
        path = save(make_ct(np.full((64, 64), 1024 + i, np.uint16), ImagePositionPatient=[0, 0, i], **uids), f"b{i}")

    study = read_study(path.parent, keys, replace(LIMITS, max_voxels=20 * 64 * 64))

    assert [series.facts.slices for series in study.series] == [8]


@pytest.mark.parametrize("read", [read_study, open_study])
def test_shifted_values_are_noticed_on_the_page_as_on_the_command_line(make_ct, save, keys, read):
    for i in range(MANY_SLICES):
        stored = np.full((64, 64), 24 + i % 2, np.uint16)
        stored[16:48, 16:48] = 1074
        path = save(make_ct(stored, RescaleIntercept=0, ImagePositionPatient=[0, 0, i]), f"{i}")

    [series] = read(path.parent, keys).series

    assert series.facts.units == "arbitrary"
    assert any("not Hounsfield units as stated" in warning for warning in series.warnings)


def hostile_files(make_ct, to_bytes) -> dict[str, bytes]:
    """One of each kind that harms or misleads a careless reader."""
    good = to_bytes(make_ct(np.full((64, 64), 5, dtype=np.int16)))
    implicit = make_ct()
    implicit.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    plain = to_bytes(implicit)
    pixels = plain.index(struct.pack("<HH", 0x7FE0, 0x0010))
    sequence = struct.pack("<HHIHHI", 0x0040, 0x0260, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    small = to_bytes(make_ct())
    meta = small[: small.index(struct.pack("<HH2s", 0x0008, 0x0008, b"CS"))]
    old, new = ExplicitVRLittleEndian.encode() + b"\0", DeflatedExplicitVRLittleEndian.encode()
    deflated = meta.replace(struct.pack("<H", len(old)) + old, struct.pack("<H", len(new)) + new)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(400)) + packer.flush()
    return {
        "empty": b"",
        "text": b"no DICOM at all " * 100,
        "cut header": good[:500],
        "cut pixels": good[:-1000],
        "rows lie": to_bytes(make_ct(Rows=5000)),
        "frames lie": to_bytes(make_ct(NumberOfFrames=2**31 - 1)),
        "slope": to_bytes(make_ct(RescaleSlope="7777")).replace(b"7777", b"nan "),
        "nested": plain[:pixels] + sequence * 30_000,
        "deflated bomb": deflated + bomb,
        "long element": good[:-9000] + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 0xFFFFFFF0) + good[-9000:],
    }


def test_hostile_files_become_sentences_and_the_good_ones_still_work(make_ct, save, to_bytes, keys):
    hostile = hostile_files(make_ct, to_bytes)
    for i, dataset in enumerate(series_of(make_ct, 2)):
        folder = save(dataset, f"good {i}").parent
    for name, data in hostile.items():
        (folder / name).write_bytes(data)

    study = read_study(folder, keys)

    assert [series.facts.slices for series in study.series] == [2]
    assert sum(sentence.count("left out") for sentence in study.skipped) == len(study.skipped)
    told = " ".join(study.skipped)
    for words in (
        "nothing is in it",
        "not a DICOM file",
        "breaks off",
        "more pixels than can be held",
        "zero or not a number",
        "nested deeper",
        "unpacks to far more",
    ):
        assert words in told
    assert not any(name in told for name in ("cut header", "rows lie", "deflated bomb"))


def test_a_single_bad_file_is_one_sentence(make_ct, to_bytes, keys, tmp_path):
    path = tmp_path / f"{MARK}.dcm"
    path.write_bytes(hostile_files(make_ct, to_bytes)["slope"])

    with pytest.raises(IntakeError, match=r"^The file was left out: its scale [^.]*\.$") as caught:
        read_study(path, keys)
    assert MARK not in str(caught.value)


def test_a_zip_bomb_and_a_flood_of_files_are_refused(keys, tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        for i in range(300):
            bomb.writestr(f"{i}.dcm", bytes(1 << 20))
    with pytest.raises(IntakeError, match="unpacks to far more"):
        read_study(tmp_path / "bomb.zip", keys)

    with zipfile.ZipFile(tmp_path / "flood.zip", "w") as flood:
        for i in range(3000):
            flood.writestr(f"{i}.dcm", b"x")
    with pytest.raises(IntakeError, match="more files than can be read") as caught:
        read_study(tmp_path / "flood.zip", keys, replace(LIMITS, max_files=1000))
    assert "Files 1, 2, 3, 4, 5 and 995 more of 1001" in str(caught.value)


@pytest.mark.parametrize("upload", [[], "folder", "missing"])
def test_nothing_to_read_is_said(keys, tmp_path, upload):
    (tmp_path / "folder").mkdir()

    with pytest.raises(LesionSearchError, match=r"(choose|check)"):
        read_study(upload if isinstance(upload, list) else tmp_path / upload, keys)


def mark_all_text(dataset: Dataset) -> None:
    """A marked string into every text element that does not describe pixels, into private tags and sequences too."""
    block = dataset.private_block(0x0011, f"{MARK} creator", create=True)
    values = {
        "AE": MARK, "AS": "047Y", "CS": MARK, "DA": MARK_DATE, "DT": MARK_DATE + "101010", "LO": MARK, "LT": MARK,
        "PN": f"{MARK}^Mary", "SH": MARK, "ST": MARK, "TM": "101010", "UC": MARK, "UI": MARK_UID, "UR": MARK,
        "UT": MARK,
    }  # fmt: skip
    structural = {0x00080016, 0x00080018, 0x00080060, 0x00280004, 0x00080005}
    for number, (vr, text) in enumerate(values.items()):
        block.add_new(number, vr, text)
    for entry in pydicom.datadict.DicomDictionary.items():
        tag, (vr, _, _, _, keyword) = entry
        if vr in values and keyword and tag not in structural and tag >> 16 not in (0x0000, 0x0002):
            dataset.add_new(tag, vr, values[vr])
    inner = Dataset()
    inner.PatientName, inner.CodeMeaning, inner.TextValue = f"{MARK}^Inner", MARK, MARK
    inner.private_block(0x0013, f"{MARK} inner", create=True).add_new(1, "LT", MARK)
    for keyword in ("RequestAttributesSequence", "SharedFunctionalGroupsSequence", "ContrastBolusAgentSequence"):
        setattr(dataset, keyword, Sequence([inner]))
    dataset.Modality, dataset.RescaleType = "CT", "HU"
    dataset.file_meta.ImplementationVersionName = MARK
    dataset.file_meta.SourceApplicationEntityTitle = MARK
    dataset.preamble = (MARK * 30).encode()[:128]


@pytest.mark.parametrize("cut", [None, 4000, -100])
def test_no_identifying_value_gets_past_intake(make_ct, save, keys, tmp_path, capfd, caplog, monkeypatch, cut):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.DEBUG)
    with pydicom.config.disable_value_validation():
        for i, dataset in enumerate(series_of(make_ct, 2)):
            mark_all_text(dataset)
            path = save(dataset, f"{MARK}^Mary {i}.dcm")
            path.write_bytes(path.read_bytes()[:cut])

    try:
        study = read_study(path.parent, keys)
        told = repr(study) + "".join(series.facts.model_dump_json() for series in study.series)
        assert cut is None
        assert study.series[0].facts.age_years == 47
    except IntakeError as error:
        told = repr(error) + str(error.__cause__) + str(error.__context__)
        assert cut is not None

    told += "".join(capfd.readouterr()) + caplog.text
    for value in (MARK, MARK_UID, MARK_DATE, "Mary", "101010"):
        assert value not in told
    assert list(temporary.rglob("*")) == []


def test_every_file_of_the_test_data_of_pydicom_is_read_or_left_out(keys):
    """About 280 real and broken files at once: nothing crashes, and no sentence names a file."""
    roots = [Path(pydicom.__file__).parent / "data" / "test_files", Path(data_store.__file__).parent / "data"]

    study = read_study(roots, keys)

    assert study.series
    told = " ".join((*study.skipped, *(warning for series in study.series for warning in series.warnings)))
    assert not any(path.stem in told for root in roots for path in root.rglob("*.dcm"))
    assert "failed badly" not in told


@pytest.mark.shared
def test_a_real_head_ct_with_tilt_and_uneven_gaps(keys, shared_data):
    [series] = read_study(shared_data / "dicom" / "head_ct_ge", keys).series

    assert series.volume_hu.shape == (28, 512, 512)
    assert series.volume_hu.min() == -1024
    assert series.facts.body_part == "head"
    assert series.facts.row_spacing_mm == pytest.approx(0.488, abs=1e-3)
    assert series.facts.gantry_tilt_deg == pytest.approx(18.5)
    assert (np.diff(series.slice_positions_mm) > 0).all()
    assert sum("uneven" in warning or "tilted" in warning for warning in series.warnings) == 2


@pytest.mark.shared
def test_a_real_liver_ct_beside_its_segmentation(keys, shared_data):
    study = read_study(shared_data / "dicom" / "liver_ct_3slice", keys)

    [series] = study.series
    assert series.volume_hu.shape == (3, 512, 512)
    assert series.facts.row_spacing_mm == pytest.approx(0.81, abs=1e-2)
    liver = np.median(series.volume_hu[1, 200:300, 120:200])
    assert 0 < liver < 200
    assert any("segmentation" in sentence for sentence in study.skipped)


def test_several_patients_are_read_as_a_study_each(make_ct, save, keys):
    for i, dataset in enumerate([make_ct(PatientID="P2"), *series_of(make_ct, 3)]):
        folder = save(dataset, f"{i}").parent
    (folder / "4").write_text("a note")

    first, second = read_studies(folder, keys)

    assert [study.patient_key for study in (first, second)] == [keys.patient("P1"), keys.patient("P2")]
    assert [study.series[0].files for study in (first, second)] == [(2, 3, 4), (1,)]
    assert [file for file, _ in first.left_out] == [5]
    assert second.left_out == second.skipped == ()


def test_links_are_followed_for_the_operator_and_not_in_an_upload(make_ct, save, keys, tmp_path):
    stored = [save(dataset, f"{i}") for i, dataset in enumerate(series_of(make_ct, 3))]
    folder = tmp_path / "chosen"
    folder.mkdir()
    for path in stored:
        (folder / path.name).symlink_to(path)

    [series] = read_study(folder, keys, intake_limits(Settings(), follow_links=True)).series
    assert series.facts.slices == 3
    with pytest.raises(IntakeError, match="link or device"):
        read_study(folder, keys)


@pytest.mark.parametrize("read", [read_study, open_study])
def test_of_one_file_with_too_many_frames_a_block_around_the_middle_is_read(make_ct, save, keys, read):
    stored = np.repeat(np.arange(1024, 1064, dtype=np.uint16), 64 * 64).reshape(40, 64, 64)
    stored[:, 0] = 24
    path = save(make_ct(stored, SpacingBetweenSlices=2), "multi-frame")

    study = read(path, keys, limits=replace(LIMITS, max_voxels=17 * 64 * 64))

    [series] = study.series
    assert np.asarray(series.volume_hu)[:, 32, 32].tolist() == list(range(11, 28))
    assert series.image_numbers == tuple(range(12, 29))
    assert study.skipped[0].startswith("The file was read in part: there are more slices than can be held")
