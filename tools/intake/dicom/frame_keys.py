"""What tells the frames of a series apart, from the data set or its functional groups. Runs in the sandboxed worker."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from pydicom.dataset import Dataset

from tools.intake.dicom import header
from tools.intake.messages import LABELS, FrameKeys

MAX_CODES = 16
DAY_S = 86400.0
SERIES_DATES = ("SeriesDate", "AcquisitionDate", "AcquisitionDateTime", "ContentDate")


def read_keys(dataset: Dataset, groups: Sequence[Dataset]) -> FrameKeys:
    """Read every attribute that DICOM has for telling frames apart, from the frame's own groups first."""
    content = header.macro(dataset, groups, "FrameContentSequence")
    reconstruction = header.macro(dataset, groups, "CTReconstructionSequence")
    cardiac = header.macro(dataset, groups, "CardiacSynchronizationSequence")
    respiratory = header.macro(dataset, groups, "RespiratorySynchronizationSequence")
    temporal = header.macro(dataset, groups, "TemporalPositionSequence")
    return FrameKeys(
        image_type=image_type(dataset, groups),
        frame_of_reference_uid=header.text(dataset, "FrameOfReferenceUID"),
        stack_id=header.text(content, "StackID"),
        temporal_position=_first_integer((content, "TemporalPositionIndex"), (dataset, "TemporalPositionIdentifier")),
        cardiac_phase_percent=header.number(cardiac, "NominalPercentageOfCardiacPhase", -1000, 1000),
        respiratory_phase_percent=header.number(respiratory, "NominalPercentageOfRespiratoryPhase", -1000, 1000),
        temporal_offset_s=header.number(temporal, "TemporalPositionTimeOffset"),
        dimension_index=tuple(_integers(header.value(content, "DimensionIndexValues"))),
        kernel="\\".join(_codes(header.value(reconstruction, "ConvolutionKernel"))),
        reconstruction_mm=header.number(reconstruction, "ReconstructionDiameter", 1, 5000),
        study_date=_date(dataset, "StudyDate"),
        series_date=next((day for keyword in SERIES_DATES if (day := _date(dataset, keyword))), ""),
        study_s=_moment(header.text(dataset, "StudyDate"), header.text(dataset, "StudyTime")),
        acquired_s=_moment(
            header.text(content, "FrameAcquisitionDateTime")
            or header.text(content, "FrameReferenceDateTime")
            or header.text(dataset, "AcquisitionDateTime")
        )
        or _moment(header.text(dataset, "AcquisitionDate"), header.text(dataset, "AcquisitionTime")),
        content_s=_moment(header.text(dataset, "ContentDate"), header.text(dataset, "ContentTime")),
        trigger_ms=_trigger_ms(dataset, cardiac),
        labels=tuple(_digest(dataset, keyword) for keyword in LABELS),
    )


def image_type(dataset: Dataset, groups: Iterable[Dataset]) -> tuple[str, ...]:
    """Read Frame Type where a frame has its own, else Image Type."""
    frame_type = header.value(header.macro(dataset, groups, "CTImageFrameTypeSequence"), "FrameType")
    return tuple(code.upper() for code in _codes(frame_type or header.value(dataset, "ImageType")))


def _digest(dataset: Dataset, keyword: str) -> str:
    """Make a short digest of an element as it is stored: nothing of it can be read any more. Empty where it is not."""
    tag = header.tag(keyword)
    if tag not in dataset:
        return ""
    return hashlib.blake2b(repr(dataset.get_item(tag).value).encode(), digest_size=8).hexdigest()  # type: ignore[union-attr]


def _date(dataset: Dataset, keyword: str) -> str:
    day = header.image_date(header.text(dataset, keyword))
    return day.strftime("%Y%m%d") if day else ""


def _moment(day: str, time: str = "") -> float | None:
    """Read seconds from a date and a time, or from both in one text; None where the time is missing."""
    of_day = re.match(r"(\d\d):?(\d\d):?(\d\d(?:\.\d{1,6})?)?", time or day[8:])
    if not of_day:
        return None
    dated = header.image_date(day)
    seconds = int(of_day[1]) * 3600 + int(of_day[2]) * 60 + float(of_day[3] or 0)
    return (dated.toordinal() if dated else 0) * DAY_S + seconds


def _trigger_ms(dataset: Dataset, cardiac: Dataset) -> float | None:
    delay = header.number(cardiac, "NominalCardiacTriggerDelayTime")
    return header.number(dataset, "TriggerTime") if delay is None else delay


def _first_integer(*places: tuple[Dataset, str]) -> int | None:
    return next((found for place in places if (found := header.integer(*place)) is not None), None)


def _codes(found: object) -> list[str]:
    items = [found] if isinstance(found, str) else found if isinstance(found, Sequence) else []
    return [str(item).strip(" \0")[:64] for item in items[:MAX_CODES]]


def _integers(found: object) -> list[int]:
    items = found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else [found]
    return [int(item) for item in items[:MAX_CODES] if isinstance(item, int)]
