"""What a report says, as data, and the words that every format shares.

A report holds what the tools said and the pictures on the screen, nothing else: no identifying tag reaches it.
"""

import base64
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from encoder.errors import LesionSearchError
from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.annotation import Annotation, AnnotationKind
from tools.domain.facts import HitFacts, RegionFacts, SearchFacts, StudyFacts
from tools.domain.lesions import Filters
from tools.domain.number_words import size
from tools.domain.study_words import age_words

ReportFormat = Literal["html", "json", "dicom-sr"]

NOTICE: Literal["Research and teaching tool, not a diagnosis."] = "Research and teaching tool, not a diagnosis."
CONFIDENCE_WORDS = {
    "high": "Match confidence: high.",
    "moderate": "Match confidence: moderate.",
    "low": "Match confidence: low.",
    "none": "Nothing similar enough in this atlas; the nearest lesions are shown for reference only.",
}
ORIGIN_WORDS = {
    "click": "outlined from a click",
    "box": "measured in a drawn box",
    "drawn": "drawn by hand",
    "suggested": "suggested by the program",
}


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


class RegionReport(BaseModel):
    """One region: measurements, its picture, and its search with the thumbnails of the hits by lesion id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: RegionFacts
    name: str = ""  # the user's own
    volume_mm3: float | None = None  # over the slices, where it was asked for
    volume_doubts: tuple[str, ...] = ()
    image: Png | None = None
    search: SearchFacts | None = None
    hit_thumbnails: dict[str, Png] = {}
    outline_px: tuple[tuple[float, float], ...] = ()  # closed polygon (x, y) on the slice; pixel i covers i..i+1


class AnnotationReport(BaseModel):
    """A length or an angle that the user drew, rounded as on the screen; the name is the user's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    annotation_id: str
    name: str = ""
    slice: int
    kind: AnnotationKind
    points_px: tuple[tuple[float, float], ...]  # (x, y); pixel i covers i..i+1
    length_mm: float | None = None  # None: an angle, or the file gives no pixel spacing
    angle_deg: float | None = None

    @classmethod
    def of(cls, annotation: Annotation) -> "AnnotationReport":
        """Round to 0.1 mm and 0.1 degrees."""
        return cls(
            annotation_id=annotation.annotation_id,
            name=annotation.name,
            slice=annotation.slice_index + 1,
            kind=annotation.kind,
            points_px=tuple((round(x, 2), round(y, 2)) for x, y in annotation.points_px),
            length_mm=None if annotation.length_mm is None else round(annotation.length_mm, 1),
            angle_deg=None if annotation.angle_deg is None else round(annotation.angle_deg, 1),
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
    regions: tuple[RegionReport, ...]
    annotations: tuple[AnnotationReport, ...] = ()  # lengths and angles that were drawn
    encoder_fingerprint: str
    atlas_name: str
    program_version: str


def plain(text: str) -> str:
    """Replace control characters, direction marks and broken Unicode by spaces: an atlas may hold anybody's text."""
    return "".join(c if c.isprintable() else " " for c in text)


def known(*parts: str | None) -> str:
    """Join the parts that are there by a middle dot."""
    return " · ".join(part for part in parts if part)


def shown_votes(search: SearchFacts) -> list[tuple[str, float]]:
    """List lesion types with their probability, best first; none where nothing is similar enough to guess a type."""
    return [] if search.confidence == "none" else [(vote.lesion_type, vote.probability) for vote in search.votes]


def confidence_words(search: SearchFacts) -> str:
    """Word the confidence of a match, and what keeps it there."""
    if search.confidence_limit is None:
        return CONFIDENCE_WORDS[search.confidence]
    reason = LIMIT_WORDS[search.confidence_limit]
    if search.confidence == "none":
        return f"No type is named, because {reason}; the nearest lesions are shown for reference only."
    return f"Match confidence: {search.confidence}, because {reason}."


def filter_words(filters: Filters) -> str:
    """Word the lesions that a search was limited to."""
    scope = {"cross-patient": "other patients", "same-patient": "this patient", "all": "all patients"}[filters.scope]
    return known(
        scope,
        f"types {', '.join(filters.lesion_types)}" if filters.lesion_types else None,
        f"sex {filters.sex}" if filters.sex else None,
        f"age from {filters.min_age}" if filters.min_age is not None else None,
        f"age to {filters.max_age}" if filters.max_age is not None else None,
        f"size from {filters.min_size_mm:g} mm" if filters.min_size_mm is not None else None,
        f"size to {filters.max_size_mm:g} mm" if filters.max_size_mm is not None else None,
    )


def lesion_words(hit: HitFacts) -> str:
    """Word a hit's long axis in mm and its patient's sex and age in years, as far as they are known."""
    return known(
        size(hit.long_axis_mm) or None,
        hit.sex,
        age_words(hit.age_years, "y", "y") if hit.age_years is not None else None,
    )
