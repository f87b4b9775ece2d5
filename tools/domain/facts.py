"""What the assistant's tools return: typed facts with units in their names.

These are the only things a language model ever sees of a study or the atlas, and the only evidence an answer may
rest on. Every field is a number, an id or a key, a word from a closed list, or a short name of the atlas
(`encoder.names`), never text of a file.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from tools.domain.dicom_terms import KernelClass, Plane, SeriesKind
from tools.domain.lesions import AtlasLesion, Confidence, ConfidenceLimit, Filters, Hit
from tools.domain.region import Origin, Outline, Region
from tools.domain.study import BodyRegion, DensityDoubt, SafeFacts, Series, Study

ReportFormat = Literal["html", "text", "markdown", "json", "dicom-sr", "dicom-seg"]


class Facts(BaseModel):
    """Base of all tool results: frozen, and without fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeriesFacts(Facts):
    """What tells one series of the upload from the others. `number` counts from 1, in the order they are listed."""

    number: int
    slices: int
    modality: str
    plane: Plane | None = None
    kind: SeriesKind | None = None
    kernel: KernelClass | None = None
    phase_part: int | None = None
    phase_parts: int | None = None
    contrast: bool | None = None
    years_before_newest: float | None = None

    @classmethod
    def of(cls, number: int, facts: SafeFacts) -> "SeriesFacts":
        return cls(number=number, **{name: getattr(facts, name) for name in cls.model_fields if name != "number"})

    @classmethod
    def all_of(cls, study: Study | None) -> "tuple[SeriesFacts, ...]":
        """Describe each series of a study that holds several; of one alone there is nothing to tell apart."""
        if study is None or len(study.series) < 2:
            return ()
        return tuple(cls.of(number, series.facts) for number, series in enumerate(study.series, 1))


class StudyFacts(Facts):
    """The series on the screen, and those beside it."""

    facts: SafeFacts
    series: int  # how many usable series the upload holds
    number: int = 1  # of the series on the screen
    listed: tuple[SeriesFacts, ...] = ()  # all series, where there are several
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, study: Study, series: Series, facts: SafeFacts | None = None) -> "StudyFacts":
        """Describe a series of a study; `facts` are its own, where more was found out about it."""
        return cls(
            facts=facts or series.facts,
            series=len(study.series),
            number=study.number_of(series),
            listed=SeriesFacts.all_of(study),
            warnings=series.warnings,
        )


class SeriesSelected(StudyFacts):
    """The series that was brought to the screen, with the regions there are on it."""

    regions: "tuple[RegionFacts, ...]" = ()


class ImageFacts(Facts):
    """A slice of the series on the screen, and the file's own number of it, which other viewers show."""

    image_number: int | None = None  # None: the file states none
    slice: int
    slices: int


class RegionFacts(Facts):
    """One region and what was measured in it."""

    region_id: str
    slice: int
    slices: int
    image_number: int | None = None  # the file's own, which other viewers show
    origin: Origin
    outline: Outline = "measured"  # anything else: the numbers are not of a lesion, or may be far off
    score: float | None = None
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    area_mm2: float | None = None
    mean_hu: float
    sd_hu: float
    min_hu: float
    max_hu: float
    units: Literal["HU", "arbitrary"] = "HU"
    lossy: bool = False  # compressed with loss: densities may be off
    lossy_ratio: float | None = None  # uncompressed to compressed
    density_doubt: DensityDoubt | None = None

    @classmethod
    def of(cls, region: Region, series: Series) -> "RegionFacts":
        """Round a region's measurements to what a reader can use: 0.1 mm, 1 mm², 1 HU."""
        m = region.measurement
        return cls(
            region_id=region.region_id,
            slice=region.slice_index + 1,
            slices=int(series.volume_hu.shape[0]),
            image_number=series.image_number(region.slice_index),
            origin=region.origin,
            outline=region.outline,
            score=_rounded(region.score, 2),
            long_axis_mm=_rounded(m.long_axis_mm, 1),
            short_axis_mm=_rounded(m.short_axis_mm, 1),
            area_mm2=_rounded(m.area_mm2, 0),
            mean_hu=round(m.mean_hu),
            sd_hu=round(m.sd_hu),
            min_hu=round(m.min_hu),
            max_hu=round(m.max_hu),
            units=series.facts.units,
            lossy=series.facts.lossy,
            lossy_ratio=series.facts.lossy_ratio,
            density_doubt=series.facts.density_doubt,
        )


class Stated(Facts):
    """What was done or found, in one sentence of this program: it stands for its own evidence."""

    statement: str


class RegionRemoved(Stated):
    """A region that is there no more."""

    region_id: str


class RegionsFound(Facts):
    """Suggestions of `find_regions`, best first: places worth a look, not findings; `note`: how often they are one."""

    regions: tuple[RegionFacts, ...]
    note: str = ""


class RecordFacts(Facts):
    """What the atlas records of a lesion; lengths rounded to 0.1 mm."""

    lesion_id: str
    lesion_type: str | None = None
    patient_key: str
    sex: str | None = None
    age_years: int | None = None
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    body_part: str | None = None
    source: str | None = None
    confirmed_by: str | None = None  # how its type is known: pathology, follow-up or opinion
    difficulty: str | None = None  # for learners: easy, medium or hard
    licence: str | None = None  # under which its source gives it away

    @field_validator("long_axis_mm", "short_axis_mm")
    @classmethod
    def _to_tenths(cls, length_mm: float | None) -> float | None:
        return _rounded(length_mm, 1)


class HitFacts(RecordFacts):
    """One atlas lesion among the hits. `similarity` is from 0 to 1: .5 is usual for two lesions of one type."""

    rank: int
    similarity: float
    atlas: str | None = None  # which it is from, where several were searched

    @classmethod
    def of(cls, hit: Hit) -> "HitFacts":
        return cls(rank=hit.rank, similarity=round(hit.similarity, 3), atlas=hit.atlas, **_record(hit.lesion))


class VoteFacts(Facts):
    """Calibrated probability of one type, 0..1."""

    lesion_type: str
    probability: float


class SearchFacts(Facts):
    """One search: hits, votes, how sure, and under which filters."""

    region_id: str
    hits: tuple[HitFacts, ...]
    votes: tuple[VoteFacts, ...]
    confidence: Confidence
    confidence_limit: ConfidenceLimit | None = None  # what keeps it below the likeness alone
    candidates: int
    own_patient: int = 0  # lesions left out only because they carry the patient id of the study
    atlas_size: int
    filters: Filters
    asked_k: int
    duration_ms: int
    synthetic_atlas: bool
    synthetic_study: bool
    body_part_seen: BodyRegion | None = None  # what the region's slice looks like, where the file names no body part
    body_part_certainty: float | None = None  # of `body_part_seen`, 0..1


class LesionFacts(RecordFacts):
    """One atlas lesion."""

    other_lesions_of_patient: int = 0

    @classmethod
    def of(cls, lesion: AtlasLesion, others: int) -> "LesionFacts":
        return cls(other_lesions_of_patient=others, **_record(lesion))


class CaseFacts(RecordFacts):
    """One of the user's own cases. What its teaching note says is for people alone."""

    has_note: bool = False

    @classmethod
    def of(cls, lesion: AtlasLesion, has_note: bool) -> "CaseFacts":
        return cls(has_note=has_note, **_record(lesion))


class CasesFacts(Stated):
    """The own cases that pass what was asked, in the order of their ids, not all of them where there are many."""

    cases: tuple[CaseFacts, ...]
    total: int  # how many pass
    own_cases: int  # how many there are


class CaseChanged(Stated):
    """An own case that was saved, edited or deleted."""

    change: Literal["saved", "edited", "deleted"]
    lesion_id: str
    lesion_type: str | None = None


class ComparisonFacts(Facts):
    """A region beside an atlas lesion. Differences are region minus lesion."""

    region: RegionFacts
    lesion: LesionFacts
    similarity: float
    long_axis_difference_mm: float | None = None
    short_axis_difference_mm: float | None = None
    region_roi_mean: float | None = None  # mean of a square in the middle, inside the lesion, HU; None: no HU, no size
    lesion_roi_mean: float | None = None
    same_patient: bool | None = None


class AtlasFacts(Facts):
    """How many lesions the atlas holds, by one of its columns."""

    name: str
    group_by: str
    counts: dict[str, int]
    total: int
    patients: int
    synthetic: bool


class LessonFacts(Facts):
    """Teaching text about one lesion type, with its sources."""

    lesion_type: str
    text: str
    sources: tuple[str, ...]


class ReportFacts(Facts):
    """A file written for the user, offered by the interface they use."""

    format: ReportFormat
    file_name: str
    regions: int
    searches: int


def _record(lesion: AtlasLesion) -> dict[str, Any]:
    return {name: getattr(lesion, name) for name in RecordFacts.model_fields}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
