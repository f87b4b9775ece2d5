"""A CT volume as DICOM files: a body with a spine, and a lesion that is a ball."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SLICES, SIDE, GAP_MM, PIXEL_MM = 24, 160, 5.0, 2.0
CENTRE = (12, 70, 60)  # of the lesion: slice, row, column, from 0
RADIUS_MM = 20.0


def write_volume(folder: Path, first_mm: float = 0.0, slices: int = SLICES) -> list[Path]:
    """Write an axial series, the lowest slice at `first_mm`; another patient's each time."""
    folder.mkdir(parents=True, exist_ok=True)
    z, y, x = np.mgrid[:slices, :SIDE, :SIDE].astype(float)
    body = ((x - 80) / 65) ** 2 + ((y - 80) / 50) ** 2 < 1
    spine = (x - 80) ** 2 + (y - 112) ** 2 < 81
    ball = sum(((a - c) * mm) ** 2 for a, c, mm in zip((z, y, x), CENTRE, (GAP_MM, PIXEL_MM, PIXEL_MM), strict=True))
    volume = np.where(body, 40.0, -1000.0) + np.where(spine, 300.0, 0.0) + np.where(ball < RADIUS_MM**2, 70.0, 0.0)
    volume = (volume + np.random.default_rng(0).normal(0, 8, volume.shape)).round().astype(np.int16)
    study, series = generate_uid(), generate_uid()
    paths = []
    for number, pixels in enumerate(volume):
        slice_ = Dataset()
        slice_.SOPClassUID, slice_.SOPInstanceUID, slice_.Modality = CTImageStorage, generate_uid(), "CT"
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.PatientID = study, series, f"P{study[-6:]}"
        slice_.ImageType, slice_.InstanceNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], number + 1
        slice_.PixelSpacing, slice_.SliceThickness = [PIXEL_MM, PIXEL_MM], GAP_MM
        slice_.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slice_.ImagePositionPatient = [-160, -160, first_mm + number * GAP_MM]
        slice_.Rows, slice_.Columns = pixels.shape
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
        slice_.RescaleSlope, slice_.RescaleIntercept = 1, 0
        slice_.PixelData = pixels.tobytes()
        slice_["PixelData"].VR = "OW"
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_.file_meta.MediaStorageSOPClassUID = CTImageStorage
        slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID
        paths.append(folder / f"{number:03d}.dcm")
        slice_.save_as(paths[-1], enforce_file_format=True)
    return paths
