"""The header of an image, read tag by tag from an allow-list. Everything else in the file is skipped unread.

Runs in the sandboxed worker; loads pydicom.
"""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any, Literal

import pydicom
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from tools.domain.body_part_terms import body_part_of_code, body_part_of_text
from tools.domain.dicom_terms import MODALITIES
from tools.intake.image_kinds import is_virtual, kind_of
from tools.intake.messages import Note, Reason, Vector

FIRST_LEVEL = """
    SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID StudyDate SeriesDate AcquisitionDate ContentDate
    AcquisitionDateTime StudyTime SeriesTime AcquisitionTime ContentTime Modality PatientID AcquisitionUID
    IrradiationEventUID SeriesDescription ProtocolName DerivationDescription StudyID SeriesNumber ScanOptions FilterType
    AcquisitionType XRayTubeCurrent Exposure ContrastBolusStartTime
    PatientBirthDate PatientSex PatientAge ContrastBolusAgent ContrastBolusAgentSequence
    ContrastBolusUsageSequence BodyPartExamined AnatomicRegionSequence KVP SliceThickness SpacingBetweenSlices
    GantryDetectorTilt TriggerTime NominalPercentageOfCardiacPhase ReconstructionDiameter ConvolutionKernel
    StudyInstanceUID SeriesInstanceUID AcquisitionNumber InstanceNumber ImagePositionPatient
    ImageOrientationPatient FrameOfReferenceUID TemporalPositionIdentifier TemporalPositionIndex StackID
    Units IssuerOfPatientID InConcatenationNumber ConcatenationFrameOffsetNumber
    SliceLocation SamplesPerPixel PhotometricInterpretation PlanarConfiguration
    NumberOfFrames Rows Columns PixelSpacing BitsAllocated BitsStored HighBit PixelRepresentation
    PixelPaddingValue PixelPaddingRangeLimit BurnedInAnnotation WindowCenter WindowWidth RescaleIntercept
    RescaleSlope RescaleType ModalityLUTSequence RedPaletteColorLookupTableDescriptor
    GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData
    GreenPaletteColorLookupTableData BluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData
    LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod DerivationCodeSequence
    RealWorldValueMappingSequence
    GridFrameOffsetVector SliceLocationVector
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    ExtendedOffsetTable ExtendedOffsetTableLengths FloatPixelData DoubleFloatPixelData PixelData
    """.split()  # noqa: SIM905
SYNTHETIC_DATA = 0x0008001C  # CS, YES or NO
TAGS: list[BaseTag | int] = [*map(Tag, FIRST_LEVEL), Tag(SYNTHETIC_DATA)]
BULK = {Tag(k) for k in FIRST_LEVEL if k.endswith(("Sequence", "PixelData"))}  # large in files that mean well

CT_IMAGES = "1.2.840.10008.5.1.4.1.1.2"  # and its enhanced forms
NON_IMAGES = (  # SOP Class UID prefixes, PS3.4 annex B.5
    ("1.2.840.10008.1.3.10", Reason.DIRECTORY),
    ("1.2.840.10008.5.1.4.1.1.66.", Reason.SEGMENTATION),
    ("1.2.840.10008.5.1.4.1.1.481.3", Reason.STRUCTURES),
    ("1.2.840.10008.5.1.4.1.1.481.5", Reason.STRUCTURES),
    ("1.2.840.10008.5.1.4.1.1.481.8", Reason.STRUCTURES),
    ("1.2.840.10008.5.1.4.1.1.88.", Reason.REPORT),
    ("1.2.840.10008.5.1.4.1.1.104.", Reason.REPORT),
    ("1.2.840.10008.5.1.4.1.1.11.", Reason.PRESENTATION),
    ("1.2.840.10008.5.1.4.1.1.9.", Reason.WAVEFORM),
)
# Slices of a series repeat most of their values: those that depend on nothing else in the file are converted once.
PLAIN_VRS = frozenset(("AS", "CS", "DA", "DS", "DT", "FD", "IS", "TM", "UI", "US"))
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
PIXEL_MM, PICTURE_MM = (0.04, 50.0), (40.0, 2500.0)  # a bone scan is as long as a patient
WHOLE_PX = 256  # a picture of fewer may be a part of one
MAX_AGE_YEARS = 90  # ages above 89 can identify a person and become 90
OLDEST_YEARS = 120  # more is a placeholder
PLACEHOLDER_BIRTHS = tuple(
    date(*day) for day in ((1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1901, 1, 1), (1904, 1, 1))
)
EARLIEST_BIRTH = 1880
FIRST_CT = 1971
IMAGE_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")


def value(dataset: Dataset, keyword: str | int) -> Any:
    """Read an element's value, None when it is absent, empty or not what its type allows."""
    try:
        raw = dataset.get_item(tag(keyword))
        if isinstance(raw, RawDataElement) and raw.VR in PLAIN_VRS:
            found = _converted(raw._replace(value_tell=0))
        else:
            element = dataset.get(tag(keyword))
            found = None if element is None else element.value
    except (RecursionError, MemoryError):
        raise
    except Exception:  # pydicom raises many kinds for what a damaged value may hold
        return None
    return None if found is None or (isinstance(found, str | bytes | Sequence) and len(found) == 0) else found


def first(item: Any) -> Any:
    """Take the first of several values."""
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        return item[0] if len(item) else None
    return item


def number(dataset: Dataset, keyword: str, low: float = -1e9, high: float = 1e9) -> float | None:
    """Read a finite number within bounds, the first if there are several."""
    numbers = _numbers([first(value(dataset, keyword))], below_1000=high < 1000)
    return numbers[0] if numbers and low <= numbers[0] <= high else None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Read all finite numbers of an element; none when one of them is no number."""
    found = value(dataset, keyword)
    return _numbers(found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else [found]) or []


def integer(dataset: Dataset, keyword: str, low: int = -(2**31), high: int = 2**31) -> int | None:
    """Read a whole number within bounds."""
    found = number(dataset, keyword, low, high)
    return None if found is None else int(found)


def raw_integers(dataset: Dataset, keyword: str, little_endian: bool) -> list[int]:
    """Read 16-bit integers whose type (US or SS) depends on another element, as pydicom leaves them: maybe bytes."""
    found = value(dataset, keyword)
    if isinstance(found, bytes):
        order = "little" if little_endian else "big"
        return [int.from_bytes(found[i : i + 2], order) for i in range(0, len(found) - 1, 2)]  # type: ignore[arg-type]
    if isinstance(found, int):
        return [found]
    return [int(item) for item in found or () if isinstance(item, int)]


def text(dataset: Dataset, keyword: str | int) -> str:
    """Read a short code or UID, trimmed; empty when absent or overlong."""
    found = first(value(dataset, keyword))
    found = str(found).strip(" \0") if isinstance(found, str | int) else ""
    return found if len(found) <= 128 else ""


def vector(dataset: Dataset, keyword: str, length: int) -> tuple[float, ...] | None:
    """Read exactly `length` finite numbers of a patient's geometry: directions, or millimetres below a thousand."""
    found = value(dataset, keyword)
    numbers = (
        _numbers(found, below_1000=True) if isinstance(found, Sequence) and not isinstance(found, str | bytes) else None
    )
    return tuple(numbers) if numbers and len(numbers) == length else None


def frame_groups(dataset: Dataset, frame: int) -> list[Dataset]:
    """List where a frame's attributes may be, nearest first: own functional groups, shared ones, data set."""
    groups: list[Dataset] = []
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        items = value(dataset, keyword)
        if isinstance(items, Sequence) and index < len(items) and isinstance(items[index], Dataset):
            groups.append(items[index])
    return groups


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """List the items of a sequence; none where there is no sequence."""
    found = value(dataset, keyword)
    listed = found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else ()
    return [item for item in listed if isinstance(item, Dataset)]


def macro(dataset: Dataset, groups: Iterable[Dataset], keyword: str) -> Dataset:
    """Find the item of a functional group macro (PS3.3 C.7.6.16.2), or the data set itself."""
    for group in groups:
        item = first(value(group, keyword))
        if isinstance(item, Dataset):
            return item
    return dataset


def sop_class(dataset: Dataset) -> str:
    """Read the SOP Class UID, from the file meta information where the data set is silent."""
    return text(dataset, "SOPClassUID") or str(getattr(dataset.file_meta, "MediaStorageSOPClassUID", ""))


def non_image(dataset: Dataset) -> Reason | None:
    """Tell by its SOP class why this object is no image; None when it may be one."""
    uid = sop_class(dataset)
    return next((reason for prefix, reason in NON_IMAGES if uid.startswith(prefix)), None)


def modality(dataset: Dataset) -> str:
    """Read a defined term of the standard; CT by its SOP class where nothing is stated, else OT."""
    term = text(dataset, "Modality").upper()
    if term:
        return term if term in MODALITIES else "OT"
    return "CT" if re.match(rf"{CT_IMAGES}(\.|$)", sop_class(dataset)) else "OT"


def body_part(dataset: Dataset, anatomy: Dataset) -> str | None:
    """Read Body Part Examined, else the Anatomic Region of `anatomy`, as a term of the standard in lower case."""
    region = first(value(anatomy, "AnatomicRegionSequence"))
    term = body_part_of_text(_utf8(text(dataset, "BodyPartExamined")))
    if term is None and isinstance(region, Dataset):
        term = body_part_of_code(text(region, "CodeValue") or text(region, "LongCodeValue"))
    return term.lower() if term else None


def _utf8(text: str) -> str:
    """Read UTF-8 where it was taken for Latin-1: codes should be ASCII, and files have accents in them all the same."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def sex(dataset: Dataset) -> Literal["F", "M", "O"] | None:
    match text(dataset, "PatientSex").upper():
        case "F" | "FEMALE":
            return "F"
        case "M" | "MALE":
            return "M"
        case "O" | "OTHER":
            return "O"
    return None


def age_years(dataset: Dataset) -> int | None:
    """Read the age from Patient's Age, else from the birth date and the first date that the images have; whole years,
    more than 89 becomes 90. Placeholders (000Y, 999Y, 1900-01-01) are unknown."""
    age = re.fullmatch(r"(\d{1,3})\s*([DWMY])", text(dataset, "PatientAge").upper())
    if age and int(age[1]) + (age[2] != "Y") and int(age[1]) != 999:
        years = int(int(age[1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[age[2]])
        if years <= OLDEST_YEARS:
            return min(years, MAX_AGE_YEARS)
    born = _birth_date(dataset)
    seen = next((day for k in IMAGE_DATES if (day := image_date(text(dataset, k)))), None)
    if born is None or seen is None:
        return None
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    return min(years, MAX_AGE_YEARS) if 0 <= years <= OLDEST_YEARS else None


def birth_year(dataset: Dataset) -> int | None:
    """Read the year of birth; None for a placeholder."""
    born = _birth_date(dataset)
    return born.year if born else None


def calendar_date(text: str) -> date | None:
    """Parse YYYYMMDD, also with dots or hyphens; None where it is no date."""
    found = re.match(r"(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)", text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def image_date(text: str) -> date | None:
    """Parse the date of an image; None where it is no date, or before there was CT: a placeholder."""
    day = calendar_date(text)
    return day if day and day.year >= FIRST_CT else None


def _birth_date(dataset: Dataset) -> date | None:
    born = calendar_date(text(dataset, "PatientBirthDate"))
    return None if born is None or born.year < EARLIEST_BIRTH or born in PLACEHOLDER_BIRTHS else born


def contrast(dataset: Dataset) -> bool | None:
    """Tell whether contrast was given; None when the file does not say. The agent's name goes no further."""
    if value(dataset, "ContrastBolusAgentSequence") or value(dataset, "ContrastBolusUsageSequence"):
        return True
    agent = text(dataset, "ContrastBolusAgent").upper()
    if not agent:
        return True if value(dataset, "ContrastBolusAgent") else None
    return agent not in ("NO", "NONE", "N", "WITHOUT", "NO CONTRAST", "0")


def spacing_mm(measures: Dataset, shape: tuple[int, int]) -> tuple[float | None, float | None]:
    """Read row and column spacing in the patient; both None unless both are credible.

    A whole picture narrower than a tooth scan, or wider than any table, was not stated in mm.
    """
    pair = vector(measures, "PixelSpacing", 2)
    if pair is None or not all(PIXEL_MM[0] <= item <= PIXEL_MM[1] for item in pair):
        return None, None
    width_mm = max(side * item for side, item in zip(shape, pair, strict=True))
    is_whole = max(shape) >= WHOLE_PX
    return (None, None) if is_whole and not PICTURE_MM[0] <= width_mm <= PICTURE_MM[1] else (pair[0], pair[1])


def directions(orientation: Dataset) -> tuple[Vector, Vector] | None:
    """Read unit vectors along rows and columns; None unless they are perpendicular."""
    six = vector(orientation, "ImageOrientationPatient", 6)
    if six is None:
        return None
    along, down = six[:3], six[3:]
    lengths = math.hypot(*along), math.hypot(*down)
    if not all(0.9 < length < 1.1 for length in lengths):
        return None
    if abs(sum(a * d for a, d in zip(along, down, strict=True))) > 0.05:
        return None
    return _unit(along, lengths[0]), _unit(down, lengths[1])


def frame_positions(dataset: Dataset, frames: int) -> list[float] | None:
    """Read offsets in mm along the normal of a multi-frame object without functional groups; None when not given."""
    for keyword in ("GridFrameOffsetVector", "SliceLocationVector"):
        offsets = vector(dataset, keyword, frames)
        if offsets:
            return [offset - offsets[0] for offset in offsets]
    step = number(dataset, "SpacingBetweenSlices", -100, 100)
    return [step * index for index in range(frames)] if step else None


def window(voi: Dataset) -> tuple[float | None, float | None]:
    """Read centre and width of the first window."""
    center, width = number(voi, "WindowCenter", -1e6, 1e6), number(voi, "WindowWidth", 1e-6, 1e7)
    return (center, width) if center is not None and width is not None else (None, None)


def notes(dataset: Dataset, is_colour: bool, image_type: tuple[str, ...]) -> list[Note]:
    """List what is to be said of an image by its header."""
    found = [Note.COLOUR] if is_colour else []
    if text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append(Note.BURNED_IN)
    if kind_of(image_type) == "localizer":
        found.append(Note.LOCALIZER)
    if is_virtual(image_type):
        found.append(Note.VIRTUAL)
    return found


def to_numbers(items: Iterable[Any], below_1000: bool = False) -> list[float]:
    """Read numbers of one element, or of elements written together. Some files have a decimal comma in them.

    "1,024" alone may also be a thousand and is no number, unless another item has the comma where thousands never have
    it, or no such thing comes in thousands (`below_1000`). Raises ValueError, TypeError.
    """
    items = list(items)
    commas = [item for item in items if isinstance(item, str) and _DECIMAL_COMMA.fullmatch(item)]
    if below_1000 or not all(map(_THOUSANDS.fullmatch, commas)):
        items = [item.replace(",", ".") if item in commas else item for item in items]
    return [float(item) for item in items]


@lru_cache(maxsize=1024)
def _converted(raw: RawDataElement) -> Any:
    return convert_raw_data_element(raw).value


@cache
def tag(keyword: str | int) -> BaseTag:
    """Look a tag up once: pydicom does so for every element of every file."""
    return Tag(keyword)


def _numbers(items: Iterable[Any], below_1000: bool = False) -> list[float] | None:
    try:
        numbers = to_numbers(items, below_1000)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _unit(axis: tuple[float, ...], length: float) -> Vector:
    return axis[0] / length, axis[1] / length, axis[2] / length


pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
