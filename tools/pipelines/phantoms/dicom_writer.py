"""A phantom stack as CT Image Storage objects, marked synthetic in the standard's own attributes."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from tools.domain.windows import DISPLAY_WINDOWS
from tools.pipelines.phantoms.body import Patient

# UIDs come from this and the names of things (PS3.5 B.2, UUID-derived), so that a seed always gives the same ones.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "lesion-search/phantom/1")
INTERCEPT = -1024
STORED_WINDOWS = {"CHEST": ("Soft tissue", "Lung")}  # by body part; names in DISPLAY_WINDOWS


@dataclass(frozen=True)
class PhantomStudy:
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


def write_series(out: Path, study: PhantomStudy, volume_hu: NDArray[np.int16]) -> None:
    """Write 001.dcm, 002.dcm … from the feet upwards; `volume_hu` is (slices, rows, columns)."""
    folder = out / study.folder
    folder.mkdir(parents=True, exist_ok=True)
    dataset = _series(study, volume_hu.shape[1:])
    stored = np.clip(volume_hu.astype(np.int32) - INTERCEPT, 0, 4095).astype("<u2")
    for k, image in enumerate(stored):
        _make_slice(dataset, study, k)
        dataset.PixelData = image.tobytes()
        dataset.save_as(folder / f"{k + 1:03d}.dcm", enforce_file_format=True)


def _series(study: PhantomStudy, shape: tuple[int, ...]) -> Dataset:
    """What all slices share."""
    patient = study.patient
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = CTImageStorage
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.file_meta.ImplementationClassUID = UID(f"2.25.{NAMESPACE.int}")
    d.file_meta.ImplementationVersionName = "LESION_SEARCH"
    d.SpecificCharacterSet = "ISO_IR 192"
    d.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    d.SOPClassUID = CTImageStorage
    d.SyntheticData = "YES"  # (0008,001C), SOP Common
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = study.date
    d.StudyTime = d.SeriesTime = d.AcquisitionTime = d.ContentTime = "090000"
    d.AccessionNumber = ""
    d.Modality = "CT"
    d.Manufacturer = "Lesion Search"
    d.ManufacturerModelName = "Teaching phantom"
    d.ReferringPhysicianName = ""
    d.StudyDescription = "SYNTHETIC TEACHING PHANTOM, NOT A PATIENT"
    d.SeriesDescription = f"{study.body_part.title()} {study.thickness_mm:g} mm, synthetic"
    d.DerivationDescription = "Computed from a mathematical model; no X-rays, no patient"
    d.PatientName = f"PHANTOM^{patient.patient_id.removeprefix('PHANTOM-')}"
    d.PatientID = patient.patient_id
    d.PatientBirthDate = ""
    d.PatientSex = patient.sex
    d.PatientAge = f"{study.age_years:03d}Y"
    d.QualityControlSubject = "YES"  # (0010,0200), Patient: the subject is a phantom
    d.BodyPartExamined = study.body_part
    d.SliceThickness = study.thickness_mm
    d.SpacingBetweenSlices = study.thickness_mm
    d.KVP = 120
    d.PatientPosition = "HFS"
    if patient.phase != "plain":
        d.ContrastBolusAgent = "SYNTHETIC"
    d.StudyInstanceUID = study.study_uid
    d.SeriesInstanceUID = study.uid("series")
    d.FrameOfReferenceUID = study.uid("frame of reference")
    d.StudyID = str(study.number)
    d.SeriesNumber = d.AcquisitionNumber = 1
    d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    d.PositionReferenceIndicator = ""
    d.SamplesPerPixel = 1
    d.PhotometricInterpretation = "MONOCHROME2"
    d.Rows, d.Columns = shape
    d.PixelSpacing = [f"{study.spacing_mm:.4f}"] * 2
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    d.BurnedInAnnotation = "NO"
    d.LossyImageCompression = "00"
    names = STORED_WINDOWS.get(study.body_part, ("Soft tissue",))
    d.WindowCenter = [DISPLAY_WINDOWS[name].level_hu for name in names]
    d.WindowWidth = [DISPLAY_WINDOWS[name].width_hu for name in names]
    d.WindowCenterWidthExplanation = [name.upper() for name in names]
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = INTERCEPT, 1, "HU"
    d.add_new("PixelData", "OW", b"")
    return d


def _make_slice(d: Dataset, study: PhantomStudy, k: int) -> None:
    """Turn the dataset of the series into that of its slice `k`."""
    d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = UID(study.uid("image", str(k + 1)))
    d.InstanceNumber = k + 1
    corner_mm = [f"{-(size - 1) / 2 * study.spacing_mm:.4f}" for size in (d.Columns, d.Rows)]
    d.ImagePositionPatient = [*corner_mm, f"{study.z_mm[k]:.2f}"]
    d.SliceLocation = f"{study.z_mm[k]:.2f}"
