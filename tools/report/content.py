"""What a report says, as data.

A report holds what the tools said and the pictures on the screen, nothing else: no identifying tag reaches it.
"""

import base64
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from encoder.errors import LesionSearchError
from tools.domain.annotation import Annotation, AnnotationKind
from tools.domain.facts import RegionFacts, SearchFacts, StudyFacts

Point = tuple[float, float]
Line = tuple[float, float, float, float]
Vector = tuple[float, float, float]
NOTICE: Literal["Research and teaching tool, not a diagnosis."] = "Research and teaching tool, not a diagnosis."


class ReportError(LesionSearchError):
    """There is nothing to report, or the file cannot be written."""


def _decoded(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _is_png(value: bytes) -> bytes:
    if not value.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a PNG image")
    return value


Png = Annotated[
    bytes,
    BeforeValidator(_decoded),
    AfterValidator(_is_png),
    PlainSerializer(lambda png: base64.b64encode(png).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}),
]


class CloseUp(BaseModel):
    """A part of a slice in a display window, nothing drawn on it; `x, y, width, height` are its place in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    png: Png
    x: float
    y: float
    width: float
    height: float


class SliceOutline(BaseModel):
    """An outline on one slice (from 1), and where that slice lies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slice: int
    outline_px: tuple[Point, ...]  # closed polygon (x, y); pixel i covers i..i+1
    position_mm: Vector | None = None  # centre of the slice's first pixel, DICOM patient coordinates


class RegionReport(BaseModel):
    """One region: measurements, its pictures, and its search with the thumbnails of the hits by lesion id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: RegionFacts
    name: str = ""  # the user's own
    volume_mm3: float | None = None  # over the slices, where it was asked for
    volume_doubts: tuple[str, ...] = ()
    image: Png | None = None  # the whole slice, outlined
    close_up: CloseUp | None = None
    search: SearchFacts | None = None
    hit_thumbnails: dict[str, Png] = {}
    outline_px: tuple[Point, ...] = ()  # closed polygon (x, y) on the slice; pixel i covers i..i+1
    axes_px: tuple[Line, ...] = ()  # long and short axis as drawn: x0, y0, x1, y1
    position_mm: Vector | None = None  # centre of the slice's first pixel, DICOM patient coordinates
    volume_outlines: tuple[SliceOutline, ...] = ()  # of the volume, the region's own slice among them

    @property
    def outlines(self) -> tuple[SliceOutline, ...]:
        """List the outlines by slice: those of the volume, or the one on the region's own slice."""
        own = SliceOutline(slice=self.facts.slice, outline_px=self.outline_px, position_mm=self.position_mm)
        return self.volume_outlines or (own,)


class AnnotationReport(BaseModel):
    """A length or an angle that the user drew, rounded as on the screen; the name is the user's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    annotation_id: str
    name: str = ""
    slice: int
    kind: AnnotationKind
    points_px: tuple[Point, ...]  # (x, y); pixel i covers i..i+1
    length_mm: float | None = None  # None: an angle, or the file gives no pixel spacing
    angle_deg: float | None = None
    image: Png | None = None  # the whole slice, where no region shows it

    @classmethod
    def of(cls, annotation: Annotation, image: bytes | None = None) -> "AnnotationReport":
        """Round to 0.1 mm and 0.1 degrees."""
        return cls(
            annotation_id=annotation.annotation_id,
            name=annotation.name,
            slice=annotation.slice_index + 1,
            kind=annotation.kind,
            points_px=tuple((round(x, 2), round(y, 2)) for x, y in annotation.points_px),
            length_mm=None if annotation.length_mm is None else round(annotation.length_mm, 1),
            angle_deg=None if annotation.angle_deg is None else round(annotation.angle_deg, 1),
            image=image,
        )


class ReportContent(BaseModel):
    """Everything a report says. Its JSON is the `json` format, and reads back with `model_validate_json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: Literal["lesion-search-report"] = "lesion-search-report"
    schema_version: Literal[1] = 1
    notice: Literal["Research and teaching tool, not a diagnosis."] = NOTICE
    written: datetime = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    study: StudyFacts
    study_key: str
    series_key: str
    patient_key: str | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None  # DICOM Image Orientation (Patient)
    regions: tuple[RegionReport, ...]
    annotations: tuple[AnnotationReport, ...] = ()  # lengths and angles that were drawn
    encoder_fingerprint: str
    atlas_name: str
    program_version: str
