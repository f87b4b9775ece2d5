"""Uploads as scanners, archives and anonymizers make them: a body with a lesion, one CT series of it, files in any
order."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from tools.domain.study import Study

SLICES, SIDE, STEP_MM = 12, 64, 2.0
BALL_HU, BODY_HU = 150, 50
Change = Callable[[Dataset, int], None]


def ball(ball_hu: int = BALL_HU, body_hu: int = BODY_HU, slices: int = SLICES, noise: float = 0.0) -> NDArray[np.int16]:
    """Make a volume (slices, SIDE, SIDE) in HU: air, a round body, and in the middle of all slices a rod of 20 mm."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    radius = np.hypot(x, y)
    image = np.where(radius < 10, ball_hu, np.where(radius < 0.46 * SIDE, body_hu, -1000))
    return np.rint(image + np.random.default_rng(1).normal(0, noise, (slices, SIDE, SIDE))).astype(np.int16)


def scan(
    volume: NDArray[np.int16], change: Change | None = None, start_mm: float = -100.0, **elements: Any
) -> list[Dataset]:
    """Make the data sets of one axial series from the feet up; `change` edits slice k, None removes an element."""
    return [_slice(image, k, change, start_mm + STEP_MM * k, elements) for k, image in enumerate(volume)]


def _slice(image: NDArray[np.int16], k: int, change: Change | None, z_mm: float, elements: dict[str, Any]) -> Dataset:
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.SOPClassUID, d.SOPInstanceUID = CTImageStorage, generate_uid()
    d.Modality, d.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.PatientID, d.PatientSex, d.PatientAge = "X-1", "F", "052Y"
    d.StudyDate, d.BodyPartExamined, d.KVP = "20240312", "CHEST", 120
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = "1.2.3", "1.2.3.1", "1.2.3.9"
    d.AcquisitionNumber, d.InstanceNumber, d.SliceThickness = 1, k + 1, STEP_MM
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, z_mm]
    d.PixelSpacing, d.SamplesPerPixel, d.PhotometricInterpretation = [1.0, 1.0], 1, "MONOCHROME2"
    d.Rows, d.Columns = image.shape
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
    d.add_new("PixelData", "OW", image.tobytes())
    for keyword, value in elements.items():
        if value is None:
            del d[keyword]
        else:
            setattr(d, keyword, value)
    if change is not None:
        change(d, k)
    return d


def as_text(d: Dataset, **elements: str) -> None:
    r"""Write elements as text, whatever their type would allow; `\\` parts values."""
    for keyword, text in elements.items():
        d.pop(keyword, None)
        d.add_new(keyword, "LO", text)


def stored(d: Dataset, values: NDArray[Any], signed: bool = False, bits: int | None = None) -> None:
    """Store these values instead, in as many bytes as their type has."""
    d.BitsAllocated = 8 * values.dtype.itemsize
    d.BitsStored = bits or d.BitsAllocated
    d.HighBit, d.PixelRepresentation = d.BitsStored - 1, int(signed)
    d.PixelData = values.tobytes()


def to_bytes(d: Dataset) -> bytes:
    d.file_meta.MediaStorageSOPClassUID = d.get("SOPClassUID", CTImageStorage)
    d.file_meta.MediaStorageSOPInstanceUID = d.get("SOPInstanceUID", "1.2.3.4")
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, d, enforce_file_format=True)
    return stream.getvalue()


def upload(folder: Path, *scans: list[Dataset], seed: int = 0) -> Path:
    """Write all data sets as files of a folder, under names in random order."""
    everything = [d for one in scans for d in one]
    names = random.Random(seed).sample(range(10**6), len(everything))
    folder.mkdir(parents=True, exist_ok=True)
    for d, name in zip(everything, names, strict=True):
        (folder / f"{name:06d}").write_bytes(to_bytes(d))
    return folder


def understood(study: Study) -> list[tuple[int, str, int]]:
    """Tell of each series the number of slices, the unit, and the median in the middle over all slices."""
    centre = slice(SIDE // 2 - 4, SIDE // 2 + 4)
    return [
        (s.facts.slices, s.facts.units, int(np.median(np.asarray(s.volume_hu)[:, centre, centre])))
        for s in study.series
    ]
