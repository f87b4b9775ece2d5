"""What the atlas holds and what a search asks and answers."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from encoder.errors import LesionSearchError
from encoder.pack import LesionRecord

Scope = Literal["cross-patient", "all", "same-patient"]
Sex = Literal["F", "M"]
Years = Annotated[int, Field(ge=0, le=130)]
Millimetres = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
LesionType = Annotated[str, Field(max_length=200)]
Confidence = Literal["high", "moderate", "low", "none"]
ConfidenceLimit = Literal[  # why it is lower than the likeness alone
    "units",
    "image kind",
    "body part",
    "unknown body part",
    "plane",
    "body part seen",
    "few lesions",
    "synthetic atlas",
]

DEEPLESION_TYPES = ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis")
"""The coarse lesion types of DeepLesion, in the order of their codes 1..8 in its `DL_info.csv`.

Yan et al. 2018, "DeepLesion", doi:10.1117/1.JMI.5.3.036501. The demo atlas holds these; another atlas may bring its
own, so nothing that reads an atlas may assume them.
"""


class AtlasError(LesionSearchError):
    """The atlas is missing, empty, unreachable, or was built with another encoder."""


class NoAtlasError(AtlasError):
    """Nothing is there: no database, or one whose first writer was stopped before its first lesion."""


class FilterError(LesionSearchError):
    """A filter names a type the atlas does not have, or bounds that exclude each other."""


@dataclass(frozen=True)
class AtlasLesion(LesionRecord):
    """One atlas record: a pack's row whose patient and study stand under keys."""

    patient_key: str
    study_key: str | None = field(default=None, kw_only=True)


class Filters(BaseModel):
    """What a search may return, and how it is said back. Sizes compare `long_axis_mm`; bounds are inclusive.

    A lesion whose value is unknown does not pass a filter on it. Raises pydantic.ValidationError out of bounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lesion_types: Annotated[tuple[LesionType, ...], Field(max_length=200)] = ()
    sex: Sex | None = None
    min_age: Years | None = None
    max_age: Years | None = None
    min_size_mm: Millimetres | None = None
    max_size_mm: Millimetres | None = None
    scope: Scope = "cross-patient"

    def check_bounds(self) -> None:
        """Raise FilterError where bounds exclude each other: no atlas is needed to know that nothing passes."""
        for low, high, what in ((self.min_age, self.max_age, "age"), (self.min_size_mm, self.max_size_mm, "size")):
            if low is not None and high is not None and low > high:
                raise FilterError(f"No lesion can pass: the smallest {what} {low:g} is above the largest {high:g}.")


def check_hits(k: int, max_hits: int) -> None:
    """Raise FilterError where a search asks for a number of hits that cannot be shown."""
    if not 1 <= k <= max_hits:
        raise FilterError(f"{k} hits cannot be shown: ask for 1 to {max_hits}.")


@dataclass(frozen=True)
class Hit:
    """One lesion found: `rank` counts from 1, `similarity` is 0..1, .5 for a usual pair of one type; `cosine` -1..1.

    `atlas` names the atlas it is from, where several were searched.
    """

    rank: int
    lesion: AtlasLesion
    similarity: float
    cosine: float
    atlas: str | None = None


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
    own_patient: int = 0  # lesions that only the scope kept out, as they carry the query's own patient key
