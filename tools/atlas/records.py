"""One lesion in its three forms: a row of a ROI pack, an atlas record, and the metadata that Chroma stores.

Rows name patients and studies by the identifiers of their source, records by keys, from which there is no way back.
"""

import dataclasses
import re
from typing import Any

from encoder.pack import LesionRecord, LesionRow, PackError
from tools.domain.lesions import AtlasError, AtlasLesion
from tools.domain.patient_keys import PatientKeys

PATIENT_KEY = re.compile(r"p-[0-9a-f]{12}")
STUDY_KEY = re.compile(r"s-[0-9a-f]{12}")

NOTE = "note"  # metadata beside the record, for people alone: nothing that reads records reads it
NOTE_COLUMN = "teaching_note"  # the same in a ROI pack
_COLUMNS = tuple(field.name for field in dataclasses.fields(AtlasLesion))
_SHARED_COLUMNS = tuple(field.name for field in dataclasses.fields(LesionRecord))


def row_to_lesion(row: LesionRow, keys: PatientKeys) -> AtlasLesion:
    """Replace the identifiers of a pack's row by keys; where keys stand already, they stay."""
    patient = row.patient_id if PATIENT_KEY.fullmatch(row.patient_id) else keys.patient(row.patient_id)
    study = row.study_id
    if study and not STUDY_KEY.fullmatch(study):
        study = keys.study(study)
    return AtlasLesion(patient_key=patient, study_key=study, **{name: getattr(row, name) for name in _SHARED_COLUMNS})


def lesion_to_row(lesion: AtlasLesion) -> LesionRow:
    """Write a record as a pack's row, with keys for identifiers. Raises PackError on a value that no pack may hold."""
    kept = {name: getattr(lesion, name) for name in _SHARED_COLUMNS}
    return LesionRow(patient_id=lesion.patient_key, study_id=lesion.study_key, **kept)


def lesion_to_metadata(lesion: AtlasLesion) -> dict[str, Any]:
    """Write a record as Chroma's metadata. None, for what is unknown, deletes what an earlier version had there."""
    record = dataclasses.asdict(lesion)
    del record["lesion_id"]
    return record


def metadata_to_lesion(lesion_id: str, metadata: dict[str, Any]) -> AtlasLesion:
    """Read a stored record. Raises AtlasError where it is not safe to use."""
    return checked(AtlasLesion(lesion_id, **{name: metadata[name] for name in _COLUMNS[1:] if name in metadata}))


def checked(lesion: AtlasLesion) -> AtlasLesion:
    """Hold a record to the rules of a pack's row: others may write to a shared atlas. Raises AtlasError."""
    try:
        lesion_to_row(lesion)
        if not PATIENT_KEY.fullmatch(lesion.patient_key):
            raise PackError("its patient is not under a key.")
    except (PackError, TypeError, AttributeError) as error:  # metadata of any type can be stored
        reason = str(error) if isinstance(error, PackError) else "a number stands where text should be, or the reverse."
        raise AtlasError(
            f"The atlas holds a record that is not safe to use: {reason} Correct that lesion in its ROI pack and index "
            "it into a new atlas."
        ) from error
    return lesion
