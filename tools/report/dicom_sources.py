"""The images that a report's DICOM objects refer to: under pseudonymous UIDs, or the archive's own where allowed."""

import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tools.domain.study import OriginalUids
from tools.domain.study_words import OLDEST_STATED_YEARS
from tools.report.content import ReportContent, Vector

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

UID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "lesion-search")
MANUFACTURER, MODEL_NAME = "Lesion Search", "lesion-search"


def derived_uid(*parts: str) -> str:
    """Derive a UID under 2.25 (PS3.5 B.2): equal parts give equal UIDs, and salted keys lead back to no original."""
    return f"2.25.{uuid.uuid5(UID_NAMESPACE, chr(0).join(parts)).int}"


def new_uid() -> str:
    """Draw a UID under 2.25."""
    return f"2.25.{uuid.uuid4().int}"


def new_instance(report: ReportContent) -> dict[str, Any]:
    """Name the equipment of a report's DICOM object, and the series and instance of its own that it becomes."""
    return {
        "series_instance_uid": new_uid(),
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": report.program_version,
        "device_serial_number": report.encoder_fingerprint[:64],
        "series_description": report.notice,
    }


def source_image(
    report: ReportContent, slice_number: int, position_mm: Vector | None, originals: OriginalUids | None
) -> "Dataset":
    """Make the data set that stands for a slice (from 1): its UIDs, its geometry, and the safe facts of the patient.

    Without `originals` study, series and images carry UIDs derived from the study key, the series key and the slice
    number: equal images match between reports of one installation, and nothing points at the archive the study came
    from. Names, dates and numbers are absent either way.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    facts = report.study.facts
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = _image_uids(report, slice_number, originals)
    image.SeriesInstanceUID = originals.series if originals else derived_uid("series", report.series_key)
    image.StudyInstanceUID = originals.study if originals else derived_uid("study", report.study_key)
    image.FrameOfReferenceUID = (originals and originals.frame_of_reference) or derived_uid("frame", report.series_key)
    image.PositionReferenceIndicator = ""
    image.PatientID = report.patient_key or "ANONYMOUS"
    image.PatientName = "ANONYMOUS^"  # a family name alone
    image.PatientSex = facts.sex or ""
    image.PatientBirthDate = image.AccessionNumber = image.StudyID = ""
    image.StudyDate = image.StudyTime = image.ReferringPhysicianName = ""
    if facts.age_years is not None and facts.age_years < OLDEST_STATED_YEARS:  # an age above that can identify
        image.PatientAge = f"{facts.age_years:03d}Y"
    image.Modality, image.Rows, image.Columns = facts.modality, facts.rows, facts.columns
    if facts.row_spacing_mm is not None and facts.column_spacing_mm is not None:
        image.PixelSpacing = [facts.row_spacing_mm, facts.column_spacing_mm]
    image.SliceThickness = facts.slice_thickness_mm or facts.slice_gap_mm
    if position_mm is not None and report.orientation is not None:
        image.ImagePositionPatient = [round(v, 4) for v in position_mm]
        image.ImageOrientationPatient = [round(v, 8) for v in report.orientation]
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def frame_of(slice_number: int, originals: OriginalUids | None) -> int | None:
    """Return the frame (from 1) that a slice is of an original multi-frame image, None where it is an image itself."""
    return originals.images[slice_number - 1][2] if originals else None


def written(document: "Dataset") -> bytes:
    """Mark a DICOM object as de-identified, and write it as a file."""
    document.PatientIdentityRemoved = "YES"
    document.DeidentificationMethod = "Allow-list of typed facts; identifiers become keyed hashes"
    document.LongitudinalTemporalInformationModified = "REMOVED"
    stream = BytesIO()
    document.save_as(stream)
    return stream.getvalue()


def _image_uids(report: ReportContent, slice_number: int, originals: OriginalUids | None) -> tuple[str, str]:
    from pydicom.uid import (
        CTImageStorage,
        MRImageStorage,
        PositronEmissionTomographyImageStorage,
        SecondaryCaptureImageStorage,
    )

    if originals:
        return originals.images[slice_number - 1][:2]
    storage = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}
    return (
        storage.get(report.study.facts.modality, SecondaryCaptureImageStorage),
        derived_uid("image", report.series_key, str(slice_number)),
    )
