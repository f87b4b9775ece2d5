"""A series opens on its headers; its slices come afterwards, and what cannot come is said."""

import itertools
import os
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.tools.intake.uploads import ball, scan
from tests.tools.intake.uploads import upload as scanned
from tools.domain.lazy_volume import LazyVolume, SliceError
from tools.intake import intake as dicom
from tools.intake.intake import open_study, read_study
from tools.intake.slice_loader import SliceLoader
from tools.settings import Settings

SLICES = dicom.MANY_SLICES
WAIT_S = 60


@pytest.fixture
def upload(make_ct, save) -> Path:
    """A folder of slices, each of other values; slice z is at z mm, and the last file is the lowest."""
    for z in range(SLICES):
        stored = np.full((12, 10), 1000 + z, np.int16)
        folder = save(make_ct(stored, ImagePositionPatient=[0, 0, z], InstanceNumber=z), f"{SLICES - z:03d}.dcm").parent
    return folder


@pytest.fixture
def opened(keys):
    """Opens an upload and stops its loading at the end; `done` is set when the files are not needed any more."""
    studies = []

    def open_it(path: Path, **options):
        done = threading.Event()
        study = open_study(path, keys, done.set, **options)
        studies.append((study, done))
        return study, done

    yield open_it
    for study, done in studies:
        study.stop_loading()
        assert done.wait(WAIT_S)


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_loaded_is_what_reading_at_once_gives(opened, keys, upload, tmp_path, packed):
    path = upload
    if packed:
        path = tmp_path / "ct.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(upload.iterdir()):
                archive.write(file, file.name)
    whole = read_study(upload, keys).series[0]

    study, done = opened(path)

    (series,) = study.series
    assert isinstance(series.volume_hu, LazyVolume)
    assert_array_equal(series.volume_hu[3:6], whole.volume_hu[3:6])
    assert_array_equal(np.asarray(series.volume_hu), whole.volume_hu)
    assert done.wait(WAIT_S)
    assert series.volume_hu.loaded == len(series.volume_hu) == SLICES
    assert series.facts == whole.facts
    assert series.series_key == whole.series_key
    assert_array_equal(series.affine, whole.affine)
    assert (study.study_key, study.patient_key, study.skipped) == (study.study_key, study.patient_key, ())
    assert not series.volume_hu[0].flags.writeable


def test_the_middle_comes_first_then_what_is_looked_at(opened, upload, monkeypatch):
    order: list[int] = []
    put = LazyVolume.put
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(LazyVolume, "put", lambda self, index, pixels: (order.append(index), put(self, index, pixels)))
    study, done = opened(upload)

    assert done.wait(WAIT_S)
    middle = study.series[0].middle_slice
    assert order[0] == middle
    assert sorted(order) == list(range(SLICES))
    assert [abs(index - middle) for index in order] == sorted(abs(index - middle) for index in order)


def test_a_slice_that_kills_its_worker_says_so_and_the_others_come(opened, upload, worker_that):
    worker_that("file == 3 and os.kill(os.getpid(), signal.SIGSEGV)")

    study, done = opened(upload)

    volume = study.series[0].volume_hu
    broken = SLICES - 3
    with pytest.raises(SliceError, match=f"Slice {broken + 1} cannot be shown: decoding it failed badly"):
        volume[broken]
    assert done.wait(WAIT_S)
    assert (volume[broken - 1 : broken + 2].max(axis=(1, 2)) == [broken - 25, -1024, broken - 23]).all()


def test_a_slice_that_is_not_in_hounsfield_units_says_so(opened, tmp_path):
    volume = ball(slices=30, noise=8)
    volume[27:] += 1024

    study, done = opened(scanned(tmp_path / "upload", scan(volume)))
    assert done.wait(WAIT_S)

    shown = study.series[0].volume_hu
    assert abs(float(np.median(shown[20][28:36, 28:36])) - 150) < 4
    for wrong in (27, 28, 29):
        with pytest.raises(SliceError, match="not Hounsfield units as stated"):
            shown[wrong]


def test_closing_ends_the_waiting_and_lets_the_files_go(opened, upload, worker_that):
    worker_that("time.sleep(30)")
    study, done = opened(upload)
    failed = []

    def look() -> None:
        try:
            study.series[0].volume_hu[0]
        except SliceError as error:
            failed.append(str(error))

    looking = threading.Thread(target=look)
    looking.start()
    study.stop_loading()
    looking.join(WAIT_S)
    assert done.wait(WAIT_S)
    assert len(failed) == 1


def test_slices_that_may_be_copies_are_compared_before_the_study_opens(opened, upload, make_ct, save):
    save(make_ct(np.full((12, 10), 1000, np.int16), ImagePositionPatient=[0, 0, 0]), "copy.dcm")

    study, done = opened(upload)

    assert done.is_set()
    assert isinstance(study.series[0].volume_hu, np.ndarray)
    assert study.series[0].volume_hu.shape[0] == SLICES
    assert "already" in study.skipped[0]


def test_what_is_no_plain_ct_is_left_out_at_once(opened, upload, make_ct, save):
    save(make_ct(ImagePositionPatient=[0, 0, 99], RescaleSlope="0"), "zero.dcm")
    cut = save(make_ct(ImagePositionPatient=[0, 0, 98]), "cut.dcm")
    cut.write_bytes(cut.read_bytes()[:-40])

    study, _ = opened(upload)

    assert study.series[0].volume_hu.shape[0] == SLICES
    assert len(study.skipped) == 2


def test_padding_that_may_be_tissue_is_looked_at_before_the_study_opens(opened, make_ct, save):
    stored = np.full((64, 64), 1064, np.uint16)
    stored[:8] = 24
    for i in range(20):
        path = save(make_ct(stored, ImagePositionPatient=[0, 0, 2.0 * i], PixelPaddingValue=1064), f"{i}")

    study, _ = opened(path.parent)

    assert any("would erase tissue" in warning for warning in study.series[0].warnings)


def test_an_upload_of_nothing_useful_is_one_sentence(keys, tmp_path):
    (tmp_path / "letter.txt").write_text("dear colleague")
    done = threading.Event()
    with pytest.raises(dicom.IntakeError, match="not a DICOM file"):
        open_study(tmp_path, keys, done.set)
    assert done.is_set()
    for _ in range(2):  # nothing is held back: a third upload would wait for ever
        with pytest.raises(dicom.IntakeError):
            open_study(tmp_path, keys)


def test_an_upload_that_decodes_for_too_long_is_let_go(opened, upload, monkeypatch):
    seconds = itertools.count(0, Settings().upload_timeout_s / 5)  # pass with every look at the clock
    monkeypatch.setattr("tools.intake.slice_loader.time", SimpleNamespace(monotonic=lambda: next(seconds)))

    study, done = opened(upload)

    assert done.wait(WAIT_S)
    volume = study.series[0].volume_hu
    assert volume[study.series[0].middle_slice].any()
    with pytest.raises(SliceError, match="not read"):
        volume[0]


def test_a_loader_gives_up_when_too_many_slices_kill_it(opened, upload, monkeypatch, worker_that):
    monkeypatch.setattr("tools.intake.slice_loader.MAX_CRASHES", 1)
    worker_that("os.kill(os.getpid(), signal.SIGSEGV)")

    study, done = opened(upload)

    assert done.wait(WAIT_S)
    with pytest.raises(SliceError):
        study.series[0].volume_hu[0]
    assert isinstance(study.stop_loading.__self__, SliceLoader)
