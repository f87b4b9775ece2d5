"""What `doctor` says of an installation and of an upload, and what it never says."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from tests.ui.cli.test_main import run
from tools.settings import get_settings
from ui.cli import doctor

SECRETS = ("Zqmark", "4711", "19470311", "Klinikum", "zqfolder", "zqfile")
RAW_DATA = "1.2.840.10008.5.1.4.1.1.66"


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def examined(monkeypatch: Any, capsys: Any, demo_environment: Any, free_port: int) -> Callable[..., Any]:
    """Run `doctor`: exit code, what it printed, and its sentences."""
    return lambda *arguments: run(monkeypatch, capsys, "doctor", "--port", free_port, *arguments)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """Five slices that are coronal, a raw data object and a note, full of names."""
    folder = tmp_path / "zqfolder"
    folder.mkdir()
    uid = generate_uid()
    for k in range(6):
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = CTImageStorage if k < 5 else RAW_DATA
        d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        d.StudyInstanceUID = d.SeriesInstanceUID = uid
        d.PatientName, d.PatientID, d.PatientBirthDate = "Zqmark^Anna", "4711", "19470311"
        d.InstitutionName, d.SeriesDescription, d.Modality = "Klinikum Zqmark", "Zqmark", "CT"
        if k < 5:
            d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 0, -1], [0, 3.0 * k, 0]
            d.PixelSpacing, d.Rows, d.Columns = [0.5, 0.75], 20, 10
            d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
            d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
            d.RescaleSlope, d.RescaleIntercept = 1, -1000
            image = np.arange(200).reshape(20, 10) * 5 + k
            d.add_new("PixelData", "OW", image.astype("<i2").tobytes())
        d.save_as(folder / f"zqfile{k}.dcm", enforce_file_format=True)
    (folder / "zqfile9.txt").write_text("Zqmark")
    return folder


def test_a_sound_installation_is_exit_code_0(examined):
    code, out, err = examined("--json")
    document = json.loads(out)
    assert (code, err, document["ok"], document["upload"]) == (0, "", True, None)
    found = {check["name"]: check for check in document["checks"]}
    assert set(found) == {
        "program", "python", "packages", "encoder", "atlas", "data folder", "temporary folder", "language model",
        "port",
    }  # fmt: skip
    assert all(check["ok"] for check in found.values())
    assert "lesions of 16 patients" in found["atlas"]["found"]
    assert "fingerprint" in found["encoder"]["found"]


def test_what_was_understood_of_each_file_is_told(examined, upload):
    code, out, _ = examined(upload, "--json")
    understood = json.loads(out)["upload"]
    assert code == 0
    [series] = understood["series"]
    assert {name: series[name] for name in ("kind", "slices", "rows", "columns", "units", "plane")} == {
        "kind": "CT", "slices": 5, "rows": 20, "columns": 10, "units": series["units"], "plane": "coronal",
    }  # fmt: skip
    assert (series["row_spacing_mm"], series["column_spacing_mm"], series["slice_gap_mm"]) == (0.5, 0.75, 3.0)
    assert [file["file"] for file in understood["files"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [file["series"] for file in understood["files"]] == [[1]] * 5 + [[], []]
    assert "holds no image" in understood["files"][5]["left_out"]
    assert "not a DICOM file" in understood["files"][6]["left_out"]


def test_the_same_in_words_groups_files_that_fared_alike(examined, upload):
    _, out, _ = examined(upload)
    assert "5 slices of 20 × 10, pixels 0.5 × 0.75 mm, gap 3 mm, plane coronal" in out
    assert "Files 1 to 5: 1 image of series 1" in out
    assert "File 6: left out: " in out


def test_nothing_identifying_is_printed(examined, upload, demo):
    for options in ((), ("--json",)):
        _, out, err = examined(upload, *options)
        said = out + err
        assert not [secret for secret in (*SECRETS, str(upload.parent), str(demo.settings.data)) if secret in said]


@pytest.mark.parametrize("content", [None, "a note"])
def test_an_upload_of_which_nothing_can_be_used_is_exit_code_2(examined, tmp_path, content):
    path = tmp_path / "zqfile"
    if content:
        path.write_text(content)
    code, out, err = examined(path, "--json")
    document = json.loads(out)
    assert (code, document["ok"], document["upload"]["series"]) == (2, False, [])
    assert err.startswith("lesion-search: upload: ")
    assert "zqfile" not in out + err
    assert len(document["upload"]["files"]) == (1 if content else 0)


def test_a_broken_installation_says_what_to_do_and_names_no_path(examined, tmp_path, monkeypatch):
    monkeypatch.setenv("LESION_SEARCH_ATLAS", str(tmp_path / "zqfolder" / "atlas"))
    monkeypatch.setenv("LESION_SEARCH_MODEL", "openai:")
    get_settings.cache_clear()
    monkeypatch.setattr(doctor, "FIRST_START_MB", 1 << 40)
    monkeypatch.setenv("LESION_SEARCH_DATA", str(tmp_path / "zqfolder-data"))
    get_settings.cache_clear()
    code, out, err = examined()
    assert code == 2
    assert "BAD  atlas: There is no atlas at ATLAS" in out
    assert "BAD  data folder: " in out
    assert "BAD  language model: There is no model called 'openai:'" in out
    assert err.count("lesion-search: ") == 3
    assert "zqfolder" not in out + err
    assert not (tmp_path / "zqfolder-data").exists()


def test_a_missing_and_a_wrong_package_are_named(monkeypatch, tmp_path):
    (tmp_path / "requirements.txt").write_text("# a comment\nno-such-package>=1\nnumpy<1\nscipy>=1\n")
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "requirements.txt")
    check = doctor._packages()
    assert not check.ok
    assert "no-such-package is missing, numpy is " in check.found
    assert "scipy" not in check.found


def test_a_port_in_use_is_bad_unless_this_program_has_it(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(doctor, "_is_ours", lambda _: False)
        assert not doctor._port(port).ok
        monkeypatch.setattr(doctor, "_is_ours", lambda _: True)
        assert doctor._port(port).ok


def test_a_read_only_atlas_is_sound_and_said_to_be_copied(examined, monkeypatch, caplog):
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: mode != os.W_OK and may(path, mode, **how))
    code, out, err = examined("--json")
    found = {check["name"]: check for check in json.loads(out)["checks"]}
    assert found["atlas"]["ok"]
    assert "it is read-only, and a private copy of it is searched" in found["atlas"]["found"]
    assert (code, found["data folder"]["ok"]) == (2, False)
    assert len(err.splitlines()) == 1
    assert caplog.text == ""  # it would name the folder
