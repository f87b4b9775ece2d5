"""What intake hands on: ordered HU volumes with their geometry, and safe facts. No identifying tag goes further."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tools.domain.dicom_terms import BODY_PARTS, MODALITIES, KernelClass, Plane, SeriesKind
from tools.domain.lazy_volume import Volume
from tools.domain.windows import Window

PatientSex = Literal["F", "M", "O"]
DensityDoubt = Literal["air off", "cut off"]  # what is known to be wrong with values that are Hounsfield units
BodyRegion = Literal["head", "neck", "chest", "abdomen", "pelvis", "limb"]


def _is_modality(term: str) -> str:
    if term not in MODALITIES:
        raise ValueError("not a DICOM modality")
    return term


def _is_body_part(term: str) -> str:
    if term.upper() not in BODY_PARTS or not term.islower():
        raise ValueError("not a DICOM body part in lower case")
    return term


Modality = Annotated[str, AfterValidator(_is_modality)]
BodyPart = Annotated[str, AfterValidator(_is_body_part)]


class SafeFacts(BaseModel):
    """Everything non-pixel that leaves intake: numbers and values from closed lists. Free text does not validate."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    modality: Modality  # DICOM Modality if in the standard's list of defined terms, else "OT"
    body_part: BodyPart | None = None  # Body Part Examined if in the standard's list (PS3.16 annex L), lower case
    body_part_seen: BodyRegion | None = None  # what the picture looks like, where the file names no body part
    body_part_certainty: float | None = None  # of `body_part_seen`, 0..1
    sex: PatientSex | None = None
    age_years: int | None = Field(None, ge=0, le=90)  # more than 89 is 90: such an age could identify a person
    slices: int
    rows: int
    columns: int
    row_spacing_mm: float | None = None  # None: the file does not say; distances are then unknown
    column_spacing_mm: float | None = None
    slice_thickness_mm: float | None = None
    thickest_slice_mm: float | None = None  # where slices differ: `slice_thickness_mm` is then the thinnest
    slice_gap_mm: float | None = None  # median distance between slice centres
    gantry_tilt_deg: float | None = None
    kvp: float | None = None
    contrast: bool | None = None
    units: Literal["HU", "arbitrary"] = "HU"
    density_doubt: DensityDoubt | None = None
    synthetic: bool = False
    plane: Plane | None = None  # None: the file does not say, as in all that follow
    kind: SeriesKind | None = None
    kernel: KernelClass | None = None
    phase_part: int | None = Field(
        default=None, ge=1
    )  # of the passes over the same places that one DICOM series held, in time
    phase_parts: int | None = Field(default=None, ge=2)
    lossy: bool = False
    lossy_ratio: float | None = Field(default=None, gt=1)  # uncompressed to compressed
    years_before_newest: float | None = Field(default=None, ge=0)  # None: one examination, or an unknown date
    quiz_case: bool = False  # its type is asked for, and what part of the body it shows may tell it


@dataclass(frozen=True)
class OriginalUids:
    """A file's own UIDs, kept only where the operator allows it, and written nowhere but into DICOM reports.

    `images` has SOP class, SOP instance and, of a multi-frame image, the frame (from 1), by slice.
    """

    study: str = field(repr=False)
    series: str = field(repr=False)
    frame_of_reference: str = field(repr=False)
    images: tuple[tuple[str, str, int | None], ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Series:
    """One series as an ordered volume.

    `volume_hu` has shape (slices, rows, columns), int16, Hounsfield units (or arbitrary, see `facts.units`),
    slices in order of position along the normal; while the series is loading, indexing waits for the slices it needs.
    `affine` (4, 4) takes (column, row, slice, 1) to patient
    coordinates in mm (DICOM LPS), None when the file has no geometry.
    `spacing_mm` is (slice, row, column); where the file is silent it is 1 mm, and `facts` says None.
    `image_numbers` are the file's own, one a slice: Instance Number (0020,0013), or the frame of a multi-frame image.
    """

    series_key: str
    volume_hu: Volume
    spacing_mm: tuple[float, float, float]
    slice_positions_mm: NDArray[np.float64]
    affine: NDArray[np.float64] | None
    window: Window | None
    facts: SafeFacts
    warnings: tuple[str, ...] = ()
    files: tuple[int, ...] = ()  # of each slice, the number of its file in the upload, from 1
    image_numbers: tuple[int | None, ...] = ()
    original_uids: OriginalUids | None = None  # None: not allowed (the default), or the files state none

    def slice_origin_mm(self, slice_index: int) -> tuple[float, float, float] | None:
        """Locate the centre of a slice's first pixel in patient coordinates, None when the file has no geometry."""
        if self.affine is None:
            return None
        places, steps = self.slice_positions_mm, max(1, len(self.slice_positions_mm) - 1)
        whole = places[-1] - places[0]
        along = float((places[slice_index] - places[0]) / whole) * steps if whole else float(slice_index)
        x, y, z = (self.affine @ (0, 0, along, 1))[:3]
        return float(x), float(y), float(z)

    @property
    def middle_slice(self) -> int:
        """0-based index of the slice shown first."""
        return int(self.volume_hu.shape[0] // 2)

    def image_number(self, slice_index: int) -> int | None:
        """Return the file's own number of a slice (0-based index), None where it states none."""
        return self.image_numbers[slice_index] if slice_index < len(self.image_numbers) else None


@dataclass(frozen=True, eq=False)
class Study:
    """All usable series of one upload, best first, and what was left out, in plain sentences.

    `stop_loading` ends the decoding of what nobody has looked at yet; call it when the study is closed.
    """

    study_key: str
    patient_key: str | None
    series: tuple[Series, ...]
    skipped: tuple[str, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()  # the same one by one: number of the file in the upload, and why
    stop_loading: Callable[[], None] = lambda: None

    def number_of(self, series: Series) -> int:
        """Return the place of a series in the list, from 1."""
        return next(n for n, listed in enumerate(self.series, 1) if listed is series)
