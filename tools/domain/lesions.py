"""What the atlas holds and what a search asks and answers."""

from dataclasses import dataclass
from typing import Literal

from encoder.errors import LesionSearchError

Scope = Literal["cross-patient", "all", "same-patient"]
Confidence = Literal["high", "moderate", "low", "none"]
ConfidenceLimit = Literal["units", "body part", "synthetic atlas"]  # why it is lower than the likeness alone

DEEPLESION_TYPES = ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis")
"""The coarse lesion types of DeepLesion, in the order of their codes 1..8 in its `DL_info.csv`.

Yan et al. 2018, "DeepLesion", doi:10.1117/1.JMI.5.3.036501. The demo atlas holds these; another atlas may bring its
own, so nothing that reads an atlas may assume them.
"""


class AtlasError(LesionSearchError):
    """The atlas is missing, empty, unreachable, or was built with another encoder."""


@dataclass(frozen=True)
class AtlasLesion:
    """One atlas record. Unknown values are None."""

    lesion_id: str
    patient_key: str
    lesion_type: str | None = None
    sex: str | None = None
    age_years: int | None = None
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    body_part: str | None = None
    source: str | None = None
    study_key: str | None = None
    slice: int | None = None  # counts from 1
    split: str | None = None
    pixel_spacing_mm: float | None = None  # of the slice it was cropped from
    field_of_view_mm: float | None = None  # width of its picture


@dataclass(frozen=True)
class Filters:
    """What a search may return. Sizes compare `long_axis_mm`; bounds are inclusive.

    A lesion whose value is unknown does not pass a filter on it, `exclude_types` included.
    """

    lesion_types: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    sex: str | None = None
    min_age: int | None = None
    max_age: int | None = None
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    scope: Scope = "cross-patient"


@dataclass(frozen=True)
class Hit:
    """One lesion found: `rank` counts from 1, `similarity` is the cosine, -1..1."""

    rank: int
    lesion: AtlasLesion
    similarity: float


@dataclass(frozen=True)
class TypeVote:
    """Calibrated probability that the query is of this type."""

    lesion_type: str
    probability: float


@dataclass(frozen=True)
class SearchResult:
    """Answer of one search. `confidence == "none"`: nothing similar enough; hits are then only for reference."""

    hits: tuple[Hit, ...]
    votes: tuple[TypeVote, ...]
    confidence: Confidence
    candidates: int  # how many atlas lesions passed the filters
    atlas_size: int
    filters: Filters
