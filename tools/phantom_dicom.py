"""A phantom stack as CT Image Storage objects, marked synthetic in the standard's own attributes."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from tools.phantom_body import Patient

# UIDs come from this and the names of things (PS3.5 B.2, UUID-derived), so that a seed always gives the same ones.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "lesion-search/phantom/1")
INTERCEPT = -1024
WINDOWS = {"CHEST": ((400, 1500), (40, -600), ("SOFT TISSUE", "LUNG"))}
SOFT_TISSUE = ((400,), (40,), ("SOFT TISSUE",))


@dataclass(frozen=True)
class Visit:
    """One study of one patient: a single series of one body region."""

    patient: Patient
    folder: str  # relative to the output folder
    body_part: str  # DICOM Body Part Examined
    age_years: int
    date: str  # YYYYMMDD
    number: int
    spacing_mm: float
    z_mm: tuple[float, ...]
    thickness_mm: float
    seed: int

    @property
    def study_uid(self) -> str:
        return self.uid("study")

    def uid(self, *parts: str) -> str:
        name = "/".join((str(self.seed), self.patient.patient_id, str(self.number), *parts))
        return f"2.25.{uuid.uuid5(NAMESPACE, name).int}"


def write_series(out: Path, visit: Visit, volume_hu: NDArray[np.int16]) -> None:
    """Writes 001.dcm, 002.dcm … from the feet upwards; `volume_hu` is (slices, rows, columns)."""
    folder = out / visit.folder
    folder.mkdir(parents=True, exist_ok=True)
    for k, image in enumerate(volume_hu):
        _slice(visit, k, image).save_as(folder / f"{k + 1:03d}.dcm", enforce_file_format=True)


def _slice(visit: Visit, k: int, image: NDArray[np.int16]) -> Dataset:
    patient, (rows, columns) = visit.patient, image.shape
    corner = -(columns - 1) / 2 * visit.spacing_mm
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(visit.uid("image", str(k + 1)))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(f"2.25.{NAMESPACE.int}")
    meta.ImplementationVersionName = "LESION_SEARCH"
    d = Dataset()
    d.file_meta = meta
    d.SpecificCharacterSet = "ISO_IR 192"
    d.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    d.SOPClassUID, d.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    d.SyntheticData = "YES"
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = visit.date
    d.StudyTime = d.SeriesTime = d.AcquisitionTime = "090000"
    d.ContentTime = f"0900{k:02d}"
    d.AccessionNumber = ""
    d.Modality = "CT"
    d.Manufacturer = "Lesion Search"
    d.ManufacturerModelName = "Teaching phantom"
    d.ReferringPhysicianName = ""
    d.StudyDescription = "SYNTHETIC TEACHING PHANTOM, NOT A PATIENT"
    d.SeriesDescription = f"{visit.body_part.title()} {visit.thickness_mm:g} mm, synthetic"
    d.DerivationDescription = "Computed from a mathematical model; no X-rays, no patient"
    d.PatientName = f"PHANTOM^{patient.patient_id.removeprefix('PHANTOM-')}"
    d.PatientID = patient.patient_id
    d.PatientBirthDate = ""
    d.PatientSex = patient.sex
    d.PatientAge = f"{visit.age_years:03d}Y"
    d.QualityControlSubject = "YES"
    d.BodyPartExamined = visit.body_part
    d.SliceThickness = visit.thickness_mm
    d.KVP = 120
    d.SpacingBetweenSlices = visit.thickness_mm
    d.PatientPosition = "HFS"
    if patient.phase != "plain":
        d.ContrastBolusAgent = "SYNTHETIC"
    d.StudyInstanceUID = visit.study_uid
    d.SeriesInstanceUID = visit.uid("series")
    d.StudyID = str(visit.number)
    d.SeriesNumber, d.AcquisitionNumber, d.InstanceNumber = 1, 1, k + 1
    d.ImagePositionPatient = [f"{corner:.4f}", f"{corner:.4f}", f"{visit.z_mm[k]:.2f}"]
    d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    d.FrameOfReferenceUID = visit.uid("frame of reference")
    d.PositionReferenceIndicator = ""
    d.SliceLocation = f"{visit.z_mm[k]:.2f}"
    d.SamplesPerPixel = 1
    d.PhotometricInterpretation = "MONOCHROME2"
    d.Rows, d.Columns = rows, columns
    d.PixelSpacing = [f"{visit.spacing_mm:.4f}"] * 2
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    d.BurnedInAnnotation = "NO"
    d.LossyImageCompression = "00"
    widths, centers, names = WINDOWS.get(visit.body_part, SOFT_TISSUE)
    d.WindowCenter, d.WindowWidth, d.WindowCenterWidthExplanation = list(centers), list(widths), list(names)
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = INTERCEPT, 1, "HU"
    stored = np.clip(image.astype(np.int32) - INTERCEPT, 0, 4095).astype("<u2")
    d.PixelData = stored.tobytes()
    d["PixelData"].VR = "OW"
    return d
