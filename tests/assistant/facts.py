"""Random but consistent tool results, as the tools would return them."""

from hypothesis import strategies as st

from assistant.core.evidence import EvidenceLedger
from assistant.core.turn_state import TurnState
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    HitFacts,
    LesionFacts,
    RegionFacts,
    SearchFacts,
    StudyFacts,
    VoteFacts,
)
from tools.domain.lesions import DEEPLESION_TYPES, Filters
from tools.domain.study import SafeFacts

TYPES = DEEPLESION_TYPES


def lengths(low: float = 3.0, high: float = 90.0) -> st.SearchStrategy[float]:
    return st.integers(int(low * 10), int(high * 10)).map(lambda tenths: tenths / 10)


@st.composite
def axes(draw: st.DrawFn) -> tuple[float, float]:
    long = draw(lengths(5))
    return long, round(long * draw(st.sampled_from((0.55, 0.7, 0.85, 0.95))), 1)


@st.composite
def regions(draw: st.DrawFn, region_id: str = "R1") -> RegionFacts:
    long, short = draw(axes())
    mean = draw(st.integers(-800, 400))
    sd = draw(st.integers(3, 90))
    slices = draw(st.integers(1, 300))
    return RegionFacts(
        region_id=region_id,
        slice=draw(st.integers(1, slices)),
        slices=slices,
        origin="box",
        long_axis_mm=long,
        short_axis_mm=short,
        area_mm2=round(0.78 * long * short),
        mean_hu=mean,
        sd_hu=sd,
        min_hu=mean - 3 * sd,
        max_hu=mean + 2 * sd,
    )


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    low_age = draw(st.none() | st.integers(20, 60))
    low_mm = draw(st.none() | st.integers(4, 30))
    return Filters(
        lesion_types=tuple(draw(st.just([]) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=7, unique=True))),
        sex=draw(st.sampled_from((None, None, "F", "M"))),
        min_age=low_age,
        max_age=draw(st.none() | st.integers((low_age or 20) + 1, 90)),
        min_size_mm=low_mm,
        max_size_mm=draw(st.none() | st.integers((low_mm or 5) + 1, 90)),
        scope=draw(st.sampled_from(("cross-patient", "cross-patient", "all", "same-patient"))),
    )


LIMITS = {
    "high": (None,),
    "moderate": (None, "body part seen"),
    "low": (None, "synthetic atlas"),
    "none": (None, "units", "body part", "unknown body part"),
}


@st.composite
def searches(draw: st.DrawFn, region_id: str = "R1", wanted: Filters | None = None) -> SearchFacts:
    wanted = draw(filters()) if wanted is None else wanted
    kinds = wanted.lesion_types or tuple(draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)))
    n = draw(st.integers(0, 10))
    similarity = draw(st.integers(600, 999)) / 1000
    hits = []
    longs = draw(st.lists(lengths(5), min_size=n, max_size=n, unique=True))  # no two hits alike
    for rank, long in enumerate(longs, 1):
        short = round(long * 0.8, 1)
        similarity = round(similarity - draw(st.integers(0, 30)) / 1000, 3)
        hits.append(
            HitFacts(
                rank=rank,
                lesion_id=f"P{draw(st.integers(1, 60)):04d}-S1-L{rank:02d}",
                lesion_type=draw(st.sampled_from(kinds)),
                similarity=similarity,
                patient_key=f"p-{draw(st.integers(10**11, 10**12 - 1))}",
                sex=wanted.sex or draw(st.sampled_from(("F", "M"))),
                age_years=draw(st.none() | st.integers(18, 95)),
                long_axis_mm=long,
                short_axis_mm=short,
                source="phantom",
            )
        )
    voted = list(dict.fromkeys(h.lesion_type for h in hits if h.lesion_type))
    weights = sorted((draw(st.integers(1, 100)) for _ in voted), reverse=True)
    votes = tuple(
        VoteFacts(lesion_type=t, probability=round(w / sum(weights), 3)) for t, w in zip(voted, weights, strict=True)
    )
    seen = draw(st.none() | st.sampled_from(("head", "abdomen", "limb")))
    size = draw(st.integers(200, 40_000))
    confidence = draw(st.sampled_from(("high", "moderate", "low", "none"))) if hits else "none"
    return SearchFacts(
        region_id=region_id,
        hits=tuple(hits),
        votes=votes,
        confidence=confidence,
        confidence_limit=draw(st.sampled_from(LIMITS[confidence])),
        candidates=draw(st.integers(n, size)),
        atlas_size=size,
        filters=wanted,
        asked_k=10,
        duration_ms=12,
        synthetic_atlas=draw(st.booleans()),
        synthetic_study=draw(st.booleans()),
        body_part_seen=seen,
        body_part_certainty=draw(st.integers(80, 99)) / 100 if seen else None,
    )


@st.composite
def studies(draw: st.DrawFn) -> StudyFacts:
    return StudyFacts(
        facts=SafeFacts(
            modality="CT",
            body_part=draw(st.sampled_from((None, "chest", "abdomen", "head"))),
            sex=draw(st.sampled_from((None, "F", "M"))),
            age_years=draw(st.none() | st.integers(1, 90)),
            slices=draw(st.integers(1, 400)),
            rows=512,
            columns=512,
            row_spacing_mm=draw(st.none() | st.integers(40, 99).map(lambda n: n / 100)),
            column_spacing_mm=0.7,
            slice_thickness_mm=draw(st.none() | st.sampled_from((0.6, 1.0, 1.25, 3.0, 5.0))),
            slice_gap_mm=draw(st.none() | st.sampled_from((0.6, 1.0, 3.0, 5.0))),
            kvp=draw(st.none() | st.sampled_from((80.0, 100.0, 120.0))),
        ),
        series=draw(st.integers(1, 4)),
    )


@st.composite
def lesions(draw: st.DrawFn) -> LesionFacts:
    long, short = draw(axes())
    return LesionFacts(
        lesion_id=f"P{draw(st.integers(100, 199)):04d}-S1-L01",
        lesion_type=draw(st.sampled_from(TYPES)),
        patient_key="p-0123456789ab",
        sex=draw(st.sampled_from((None, "F", "M"))),
        age_years=draw(st.none() | st.integers(18, 95)),
        long_axis_mm=long,
        short_axis_mm=short,
        body_part=draw(st.sampled_from((None, "chest", "abdomen"))),
        other_lesions_of_patient=draw(st.integers(0, 12)),
    )


@st.composite
def comparisons(draw: st.DrawFn) -> ComparisonFacts:
    region, lesion = draw(regions()), draw(lesions())
    return ComparisonFacts(
        region=region,
        lesion=lesion,
        similarity=draw(st.integers(100, 999)) / 1000,
        long_axis_difference_mm=round((region.long_axis_mm or 0) - (lesion.long_axis_mm or 0), 1),
        region_roi_mean=draw(st.none() | st.integers(-100, 300)),
        lesion_roi_mean=draw(st.none() | st.integers(-100, 300)),
        same_patient=draw(st.sampled_from((None, True, False))),
    )


@st.composite
def atlases(draw: st.DrawFn) -> AtlasFacts:
    by_sex = draw(st.booleans())
    names = ("F", "M") if by_sex else TYPES
    sizes = draw(st.lists(st.integers(1, 900), min_size=len(names), max_size=len(names), unique=True))
    counts = dict(zip(names, sizes, strict=True))
    return AtlasFacts(
        name="demo",
        group_by="sex" if by_sex else "lesion_type",
        counts=counts,
        total=sum(counts.values()),
        patients=draw(st.integers(2, 500)),
        synthetic=draw(st.booleans()),
    )


def state_with(region: RegionFacts | None = None, study: StudyFacts | None = None) -> TurnState:
    """A state with one region and the eight types."""
    return TurnState(
        study=study.facts if study else None,
        regions=(region,) if region else (),
        selected=region.region_id if region else None,
        atlas_types=TYPES,
        atlas_size=612,
    )


def ledger_of(*facts: object) -> EvidenceLedger:
    """Evidence of one turn."""
    ledger = EvidenceLedger()
    ledger.begin_turn()
    for one in facts:
        ledger.add("tool", {}, one)  # type: ignore[arg-type]
    return ledger
