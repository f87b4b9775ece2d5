"""Small files that would cost much: many tiny frames, endless values, hollow zips, and what no bound foresees."""

import signal
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from tests.tools.intake.uploads import ball, scan, to_bytes
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import IntakeError, intake_limits, read_study
from tools.intake.messages import Reason
from tools.intake.sandbox import read_sandboxed
from tools.settings import Settings

LIMITS = intake_limits(Settings())


def one_slice() -> Dataset:
    return scan(ball(slices=1))[0]


def test_many_tiny_frames_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    d = one_slice()
    d.Rows = d.Columns = 1
    d.NumberOfFrames, d.PixelData = 20_000, bytes(40_000)
    (tmp_path / "many.dcm").write_bytes(to_bytes(d))
    with pytest.raises(IntakeError, match="more images than can be read at once"):
        read_study(tmp_path, PatientKeys(b"k"))


def test_frames_count_over_all_files_of_an_upload(tmp_path: Path) -> None:
    for number in range(3):
        d = one_slice()
        d.NumberOfFrames, d.PixelData = 4, np.tile(ball(slices=1), (4, 1, 1)).tobytes()
        (tmp_path / f"{number}.dcm").write_bytes(to_bytes(d))
    reading = read_sandboxed([tmp_path], replace(LIMITS, max_frames=9))
    assert len(reading.frames) == 8
    assert reading.left_out == [(3, Reason.TOO_MANY_FRAMES)]


@pytest.mark.parametrize(
    "keyword", ["SeriesDescription", "WindowCenter", "ImageType", "PatientID", "GridFrameOffsetVector"]
)
def test_a_value_of_megabytes_is_refused(tmp_path: Path, keyword: str) -> None:
    from pydicom.datadict import tag_for_keyword

    d = one_slice()
    d.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    for element in [e.tag for e in d if e.tag >= (tag_for_keyword(keyword) or 0)]:
        if element != 0x7FE00010:
            del d[element]
    data = to_bytes(d)
    at = data.rindex(struct.pack("<HHI", 0x7FE0, 0x0010, 2 * 64 * 64))
    value = b"1\\" * (4 << 20)
    tag = tag_for_keyword(keyword) or 0
    (tmp_path / "x.dcm").write_bytes(
        data[:at] + struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value + data[at:]
    )
    with pytest.raises(IntakeError, match="header is far larger"):
        read_study(tmp_path, PatientKeys(b"k"))


def test_a_zip_of_empty_members_and_folders_is_bounded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hollow.zip", "w") as archive:
        for number in range(11):
            archive.writestr(f"{number}/", "")
    assert read_sandboxed([tmp_path], replace(LIMITS, max_members=11)).left_out == []
    assert read_sandboxed([tmp_path], replace(LIMITS, max_members=10)).left_out == [(1, Reason.TOO_MANY_FILES)]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_file_may_take_only_so_much_of_the_processor(worker_that, tmp_path: Path) -> None:
    for number, d in enumerate(scan(ball(slices=3))):
        (tmp_path / f"{number}.dcm").write_bytes(to_bytes(d))
    worker_that("while file == 2: pass")
    reading = read_sandboxed([tmp_path], replace(LIMITS, file_cpu_s=0.5))
    assert [frame.record.file for frame in reading.frames] == [1, 3]
    assert reading.left_out == [(2, Reason.TIMEOUT)]


def test_an_ordinary_file_has_time_for_its_size() -> None:
    from tools.intake.sources import Source

    assert Source(path=Path(__file__)).megabytes == Path(__file__).stat().st_size / 2**20
    assert Source(problem=Reason.EMPTY).megabytes == 0
