"""Intake: DICOM files, folders and zips become a Study of ordered HU volumes and safe facts. Identifiers stop here."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from encoder.errors import LesionSearchError
from tools.dicom_guard import ChildError, Reading, read_guarded
from tools.dicom_records import IntakeLimits, Reason
from tools.dicom_sentences import describe_left_out
from tools.dicom_volume import build_series
from tools.privacy import PatientKeys
from tools.study import Study

__all__ = ["IntakeError", "IntakeLimits", "read_study"]

DEFAULT_LIMITS = IntakeLimits()


class IntakeError(LesionSearchError):
    """Nothing of an upload can be used."""


def read_study(paths: Sequence[Path] | Path, keys: PatientKeys, limits: IntakeLimits = DEFAULT_LIMITS) -> Study:
    """Files, folders and zips to a Study: one patient, series best first, what was left out in plain sentences.

    Untrusted bytes are parsed in a child process within `limits`. `patient_key` is `keys.patient(PatientID)`, None
    where the file has no id. Raises IntakeError, in one sentence, when nothing can be used.
    """
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    if not paths:
        raise IntakeError("No file was given; choose a DICOM file, a folder or a zip.")
    try:
        reading = read_guarded([Path(path).absolute() for path in paths], limits)
    except ChildError as error:
        raise IntakeError("The upload could not be read safely; send the original DICOM files again.") from error
    _keep_one_patient(reading)
    series, duplicates = build_series(reading.frames, keys)
    left_out = describe_left_out([*reading.left_out, *duplicates], reading.files)
    if not series:
        raise IntakeError(_nothing_usable(left_out))
    first = reading.frames[0].record
    return Study(
        study_key=keys.study(first.study_uid or first.series_uid),
        patient_key=keys.patient(first.patient_id) if first.patient_id else None,
        series=tuple(series),
        skipped=left_out,
    )


def _keep_one_patient(reading: Reading) -> None:
    """Patients are never mixed: the one with most CT images stays."""
    counted = Counter[str]()
    for frame in reading.frames:
        counted[frame.record.patient_id] += 1000 if frame.record.dtype == "int16" else 1
    if len(counted) < 2:
        return
    kept = counted.most_common(1)[0][0]
    others = [frame for frame in reading.frames if frame.record.patient_id != kept]
    reading.frames = [frame for frame in reading.frames if frame.record.patient_id == kept]
    reading.left_out += [(frame.record.file, Reason.OTHER_PATIENT) for frame in others]


def _nothing_usable(left_out: tuple[str, ...]) -> str:
    if not left_out:
        return "Nothing to read was found; choose a DICOM file, or a folder or zip with DICOM files."
    if len(left_out) == 1:
        return left_out[0]
    return "No image could be used. " + " ".join(left_out)
