"""What crosses the pipe between the sandboxed worker that parses DICOM and this process: typed, bounded, no free text.

Imports nothing heavy: both sides load it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Vector = tuple[float, float, float]
FORK, MAX_FORK_BYTES = b"fork", 32  # asks the zygote for a worker; its answer, a process's number, is no longer


@dataclass(frozen=True)
class IntakeLimits:
    """Bounds of one upload, checked before memory is committed. Those without a default are settings."""

    max_upload_bytes: int  # all files given, as they lie on disk
    max_files: int
    max_voxels: int  # rows x columns x frames of the whole upload
    timeout_s: float  # of the whole upload
    max_file_bytes: int = 1 << 29  # one file, also one member of a zip and one deflated data set once inflated
    max_inflated_bytes: int = 2 << 30  # everything inflated from zips and deflated data sets
    max_members: int = 50_000  # of a zip, folders and clutter too, which do not count as files
    max_ratio: int = 200  # inflated to packed, of one archive or deflated data set; only beyond `ratio_floor_bytes`
    ratio_floor_bytes: int = 64 << 20
    max_depth: int = 16  # sequences within sequences
    max_memory_bytes: int = 3 << 30  # address space of the parsing process
    file_timeout_s: float = 60.0
    max_frames: int = 6000  # of the whole upload: a tiny one costs as much time as a large one
    max_value_bytes: int = 1 << 20  # all values of a header together, but for pixels and sequences
    file_cpu_s: float = 5.0  # processor time that any file may take, and how much more for each MB of it
    file_cpu_s_per_mb: float = 1.0
    follow_links: bool = False  # inside folders; only for those that the operator names, never for an upload


class Reason(StrEnum):
    """Why a file was left out. The sentences are in `tools.intake.explanations`; no value of a file is part of them."""

    EMPTY = "empty"
    NOT_DICOM = "not DICOM"
    PICTURE = "picture"
    OTHER_VOLUME = "volume in another format"
    CUT = "cut off"
    SIZE_LIES = "size lies"
    NESTED = "nested too deeply"
    SYNTAX = "unknown transfer syntax"
    DAMAGED = "damaged"
    BAD_RESCALE = "bad rescale"
    TOO_LARGE_FILE = "file too large"
    TOO_LARGE_IMAGE = "image too large"
    TOO_MANY_FRAMES = "too many frames"
    TOO_LARGE_HEADER = "header too large"
    TOO_LARGE_INFLATED = "inflates too much"
    TOO_MANY_FILES = "too many files"
    TOO_LARGE_UPLOAD = "upload too large"
    MEMORY = "memory"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    UNFINISHED = "unfinished"  # this file and all after it
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not a regular file"
    BAD_ARCHIVE = "bad archive"
    NESTED_ARCHIVE = "archive in archive"
    LOCKED_ARCHIVE = "encrypted archive"
    OTHER_ARCHIVE = "archive other than zip"
    DEFLATE64 = "Deflate64"
    SEGMENTATION = "segmentation"
    STRUCTURES = "radiotherapy structures or plan"
    REPORT = "report"
    PRESENTATION = "presentation state"
    WAVEFORM = "waveform"
    DIRECTORY = "DICOMDIR"
    NO_IMAGE = "no image"
    AXES = "other than three axes"
    DUPLICATE = "duplicate"
    OTHER_PATIENT = "other patient"
    OUTSIDE_BLOCK = "outside the block that fits"
    PARTLY_READ = "partly read"


class Note(StrEnum):
    """What a user should know about an image that is used. Worded in `tools.intake.explanations`."""

    NO_RESCALE = "no rescale"
    NOT_HU = "not HU"
    SCREEN = "screen or document"
    COMPUTED_MAP = "computed map"
    OTHER_UNIT = "other unit"
    GREY_LEVELS = "grey levels"
    OTHER_CLASS = "stored as another kind of image"
    NO_AIR = "no air"
    NO_TISSUE = "no tissue"
    WRAPPED = "wrapped values"
    SOME_SLICES = "some slices"
    AIR_OFF = "air off"
    CUT_OFF = "cut off"
    COLOUR = "colour"
    BURNED_IN = "burned-in text"
    PADDING_IGNORED = "padding ignored"
    VIRTUAL = "virtual image"
    LOCALIZER = "localizer"
    JOINED = "joined"
    ONE_PLACE = "one place"
    STORED_ORDER = "stored order"
    PLACE_INFERRED = "place inferred"
    UNCLEAR_ORDER = "unclear order"
    UNIT_INFERRED = "unit inferred"
    SIDES_UNKNOWN = "sides unknown"


LABELS = """
    SeriesNumber SeriesTime StudyTime StudyID SeriesDescription ProtocolName AcquisitionUID IrradiationEventUID
    ContrastBolusAgent ContrastBolusStartTime FilterType ScanOptions AcquisitionType DerivationDescription
    XRayTubeCurrent Exposure
    """.split()  # noqa: SIM905


@dataclass(frozen=True)
class FrameKeys:
    """What tells frames of one series apart, as the file has it: compared and ordered by, never handed on.

    Times are seconds, on a day of their own where the file dates them. PS3.3 C.7.6.16 (multi-frame), C.8.2.1 (CT).
    """

    image_type: tuple[str, ...] = ()  # the codes of Image Type, upper case
    frame_of_reference_uid: str = ""
    stack_id: str = ""
    temporal_position: int | None = None
    cardiac_phase_percent: float | None = None
    respiratory_phase_percent: float | None = None
    temporal_offset_s: float | None = None
    dimension_index: tuple[int, ...] = ()
    kernel: str = ""
    reconstruction_mm: float | None = None  # diameter of the reconstructed circle
    study_date: str = ""  # YYYYMMDD, as the other dates
    series_date: str = ""  # or that of the image, where the series has none
    study_s: float | None = None
    acquired_s: float | None = None
    content_s: float | None = None
    trigger_ms: float | None = None
    labels: tuple[str, ...] = ()  # digests of what the file calls the series, its protocol and settings: equal or not


@dataclass(frozen=True)
class FrameRecord:
    """One decoded image. `patient_id`, UIDs and `keys` are raw: they are hashed or dropped before a `Study` exists."""

    file: int  # 1-based number of the file in the upload
    frame: int  # 0-based
    rows: int
    columns: int
    dtype: Literal["int16", "float32"]  # int16: HU. float32: arbitrary units, NaN where padded
    digest: str
    patient_id: str = field(repr=False)
    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    modality: str
    body_part: str | None = None
    sex: Literal["F", "M", "O"] | None = None
    age_years: int | None = None
    kvp: float | None = None
    contrast: bool | None = None
    synthetic: bool = False
    instance_number: int | None = None
    acquisition_number: int | None = None
    position_mm: Vector | None = None
    row_direction: Vector | None = None  # unit vector along a row: increasing column
    column_direction: Vector | None = None
    slice_location_mm: float | None = None
    row_spacing_mm: float | None = None
    column_spacing_mm: float | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    gantry_tilt_deg: float | None = None
    window_center: float | None = None
    window_width: float | None = None
    notes: tuple[Note, ...] = ()
    multi_frame: bool = False
    concatenation_part: int | None = None
    frame_offset: int = 0  # of a part of a concatenation: how many frames are in those before it
    birth_year: int | None = field(default=None, repr=False)
    patient_id_issuer: str = field(default="", repr=False)
    lossy: bool = False
    lossy_ratio: float | None = None  # uncompressed to compressed; None: unknown
    keys: FrameKeys = field(default_factory=FrameKeys, repr=False)
    sop_class_uid: str = field(default="", repr=False)

    @property
    def pixel_bytes(self) -> int:
        return self.rows * self.columns * (2 if self.dtype == "int16" else 4)
