"""DICOM files for the tests of intake: made here, or shipped with pydicom and pydicom-data."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from tools.domain.patient_keys import PatientKeys
from tools.intake import worker_process

MakeCt = Callable[..., Dataset]
ToBytes = Callable[[Dataset], bytes]


@pytest.fixture(scope="session")
def keys() -> PatientKeys:
    return PatientKeys(b"secret of the tests, 32 bytes ...")


@pytest.fixture(scope="session")
def real_dicom() -> Callable[[str], Path]:
    """A file of the test data of pydicom or pydicom-data, by name; never downloaded."""
    import data_store

    roots = Path(pydicom.__file__).parent / "data", Path(data_store.__file__).parent / "data"

    def find(name: str) -> Path:
        return next(path for root in roots for path in sorted(root.rglob(name)))

    return find


@pytest.fixture(scope="session")
def make_ct() -> MakeCt:
    """A CT slice as a data set; any element can be given by its keyword, None removes it."""

    def make(stored: np.ndarray | None = None, **elements: Any) -> Dataset:
        stored = np.arange(12 * 10, dtype=np.int16).reshape(12, 10) if stored is None else stored
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.1.1"
        dataset.Modality, dataset.PatientID = "CT", "P1"
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.PixelSpacing, dataset.SliceThickness = [0.8, 0.7], 2.5
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-100, -90, 0]
        dataset.Rows, dataset.Columns = stored.shape[-2:] if stored.ndim < 4 else stored.shape[1:3]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(stored.dtype.kind == "i")
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        if stored.ndim == 3:
            dataset.NumberOfFrames = stored.shape[0]
        data = stored.tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword, value in elements.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        return dataset

    return make


@pytest.fixture(scope="session")
def to_bytes() -> ToBytes:
    """A data set as the bytes of a DICOM file."""

    def write(dataset: Dataset) -> bytes:
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        return stream.getvalue()

    return write


@pytest.fixture
def save(tmp_path: Path, to_bytes: ToBytes) -> Callable[[Dataset, str], Path]:
    """Write a data set to a file of this test."""

    def write(dataset: Dataset, name: str) -> Path:
        path = tmp_path / "upload" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_bytes(dataset))
        return path

    return write


@pytest.fixture
def worker_that(monkeypatch):
    """Replace the worker's decoder by a line of Python that misbehaves on some file."""

    def install(line: str) -> None:
        patch = (
            "import tools.intake.dicom.decode as d, os, signal, time; real = d.decode_file\n"
            "def decode_file(data, file, budget, wanted=None):\n"
            f"    {line}\n"
            "    yield from real(data, file, budget, wanted)\n"
            "d.decode_file = decode_file\n"
        )
        monkeypatch.setattr(worker_process, "BOOTSTRAP", f"{worker_process.BOOTSTRAP}\n{patch}")
        monkeypatch.setattr(worker_process, "_zygote", zygote)

    zygote = worker_process._Zygote()
    yield install
    zygote.close()
