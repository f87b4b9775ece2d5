"""The words of a report that its formats share."""

from collections import Counter

from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.facts import HitFacts, SearchFacts
from tools.domain.lesions import Filters
from tools.domain.number_words import likeness, number, size, thickness, volume
from tools.domain.region import OUTLINE_WORDS, Origin
from tools.domain.study import SafeFacts
from tools.domain.study_words import DENSITY_DOUBTS, age_words, lossy_words, series_words
from tools.regions.segmentation import UNSURE_ERROR, UNSURE_ERROR_MM
from tools.report.content import AnnotationReport, RegionReport, ReportContent

Rows = dict[str, str | None]  # words by heading; None is unknown and not shown

ORIGIN_WORDS: dict[Origin, str] = {
    "click": "outlined from a click",
    "box": "measured in a drawn box",
    "drawn": "drawn by hand",
    "suggested": "suggested by the program",
}
LEAST_VOTE = 0.01  # less is summed up
FOOTNOTE = "Lengths and areas are measured inside the outline; similarity is the cosine between encodings."
NO_SPACING = "Sizes are left out: the file gives no pixel spacing."
NOT_HU = "Values are in the file's own units, not HU."
SYNTHETIC_STUDY = "This study is synthetic: a teaching phantom."
SYNTHETIC_ATLAS = "This atlas holds synthetic teaching lesions only, and this study is not synthetic."


def plain(text: str) -> str:
    """Replace control characters, direction marks and broken Unicode by spaces: an atlas may hold anybody's text."""
    return "".join(c if c.isprintable() else " " for c in text)


def known(*parts: str | None) -> str:
    """Join the parts that are there by a middle dot."""
    return " · ".join(part for part in parts if part)


def title(region: RegionReport) -> str:
    """Name a region: its id, and the name that the user gave it."""
    return f"Region {region.facts.region_id} {region.name}".strip()


def shown_votes(search: SearchFacts) -> list[tuple[str, float]]:
    """List lesion types with their probability, best first; none where nothing is similar enough to guess a type."""
    return [] if search.confidence == "none" else [(vote.lesion_type, vote.probability) for vote in search.votes]


def likely_votes(search: SearchFacts) -> tuple[list[tuple[str, float]], str]:
    """List the votes of at least 1%, and word what is left of them."""
    votes = shown_votes(search)
    likely = [vote for vote in votes if vote[1] >= LEAST_VOTE] or votes[:1]
    others = [name for name, _ in votes[len(likely) :]]
    return likely, f"Under 1% each: {', '.join(others)}." if others else ""


def outline_words(region: RegionReport, program_version: str) -> str:
    """Word where an outline comes from, who drew it and how sure it is, with the reason."""
    facts = region.facts
    if facts.origin == "drawn":
        return "Drawn by hand by the user, and taken as it was drawn."
    score = f", score {facts.score:.2f}" if facts.score is not None else ""
    made = f"{ORIGIN_WORDS[facts.origin].capitalize()} by lesion-search {program_version}{score}".replace(
        "by the program by", "by"
    )
    if facts.outline == "measured":
        bound = f"under {100 * UNSURE_ERROR:g}% of its size and under {UNSURE_ERROR_MM:g} mm"
        return f"{made}. Sure, because the error expected of it is {bound}."
    return f"{made}. Not sure: {OUTLINE_WORDS[facts.outline]}."


def confidence_words(search: SearchFacts) -> str:
    """Word the confidence of a match, and what keeps it there."""
    level, limit = search.confidence, search.confidence_limit
    if limit and level == "none":
        return f"No type is named, because {LIMIT_WORDS[limit]}; the nearest lesions are shown for reference only."
    if level == "none" or not search.hits:
        return "Nothing similar enough in this atlas; the nearest lesions are shown for reference only."
    if limit:
        return f"Match confidence: {level}, because {LIMIT_WORDS[limit]}."
    best, of_type = search.hits[0], Counter(hit.lesion_type for hit in search.hits)
    name = search.votes[0].lesion_type if search.votes else best.lesion_type
    return (
        f"Match confidence: {level}. The nearest lesion has a similarity of {likeness(best.similarity)}, and "
        f"{of_type[name]} of {len(search.hits)} hits are {name or 'of no known type'}."
    )


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


def searched_words(search: SearchFacts) -> str:
    """Word among which lesions was searched."""
    return (
        f"{len(search.hits)} of {search.candidates} candidates, atlas of {search.atlas_size} lesions. "
        f"Searched: {filter_words(search.filters)}."
    )


def lesion_words(hit: HitFacts) -> str:
    """Word a hit's long axis in mm and its patient's sex and age in years, as far as they are known."""
    return known(
        size(hit.long_axis_mm) or None,
        hit.sex,
        age_words(hit.age_years, "y", "y") if hit.age_years is not None else None,
    )


def warnings_of(region: RegionReport) -> list[str]:
    """List what limits all numbers of a region."""
    missing = region.facts.long_axis_mm is None
    doubts = [f"The volume is unsure, because {' and '.join(region.volume_doubts)}."] if region.volume_doubts else []
    return [NO_SPACING] * missing + [NOT_HU] * (region.facts.units != "HU") + doubts


def warnings_of_search(search: SearchFacts) -> list[str]:
    """List what limits a search and is not its confidence's reason already."""
    foreign = search.synthetic_atlas and not search.synthetic_study
    return [SYNTHETIC_ATLAS] if foreign and search.confidence_limit != "synthetic atlas" else []


def study_warnings(report: ReportContent) -> list[str]:
    """List what limits everything in the report."""
    return [SYNTHETIC_STUDY] * report.study.facts.synthetic + list(report.study.warnings)


def study_facts(report: ReportContent) -> Rows:
    """Word what is known of the study, by heading."""
    facts = report.study.facts
    spacing = (
        f"{facts.row_spacing_mm:.2f} × {facts.column_spacing_mm:.2f} mm"
        if facts.row_spacing_mm is not None and facts.column_spacing_mm is not None
        else "unknown"
    )
    return {
        "Modality": facts.modality,
        "Body part": facts.body_part or _seen(facts),
        "Sex": facts.sex,
        "Age": None if facts.age_years is None else age_words(facts.age_years),
        "Series": ", ".join(series_words(facts)) or None,
        "Slices": str(facts.slices),
        "Matrix": f"{facts.rows} × {facts.columns}",
        "Pixel spacing": spacing,
        "Slice thickness": None
        if facts.slice_thickness_mm is None
        else thickness(facts.slice_thickness_mm, facts.thickest_slice_mm),
        "Slice gap": None if facts.slice_gap_mm is None else f"{number(facts.slice_gap_mm)} mm",
        "Gantry tilt": f"{facts.gantry_tilt_deg:g}°" if facts.gantry_tilt_deg else None,
        "Tube voltage": None if facts.kvp is None else f"{facts.kvp:g} kV",
        "Compression": lossy_words(facts),
        "Contrast agent": None if facts.contrast is None else ("yes" if facts.contrast else "no"),
        "Patient key": report.patient_key,
    }


def _seen(facts: SafeFacts) -> str:
    """Word what the picture looks like, where the file does not name the body part."""
    if facts.body_part_seen is None:
        return "not said by the file"
    return f"not said by the file; looks like {facts.body_part_seen} ({facts.body_part_certainty:.0%})"


def region_facts(region: RegionReport) -> Rows:
    """Word the measurements of a region, by heading; densities that are no HU are left out."""
    facts = region.facts
    densities = {
        "Mean": facts.mean_hu,
        "Standard deviation": facts.sd_hu,
        "Minimum": facts.min_hu,
        "Maximum": facts.max_hu,
    }
    return {
        "Long axis": None if facts.long_axis_mm is None else size(facts.long_axis_mm),
        "Short axis": None if facts.short_axis_mm is None else size(facts.short_axis_mm),
        "Area": None if facts.area_mm2 is None else f"{number(facts.area_mm2)} mm²",
        "Volume": None if region.volume_mm3 is None else volume(region.volume_mm3),
        **{name: f"{hu:g} HU" if facts.units == "HU" else None for name, hu in densities.items()},
        "Densities": "may be off: the images were compressed with loss" if facts.lossy else None,
        "Doubt": DENSITY_DOUBTS[facts.density_doubt] if facts.density_doubt else None,
    }


def annotation_facts(report: ReportContent) -> Rows:
    """Word what was drawn and measured beside the regions, by its id and name."""
    return {f"{a.annotation_id} {a.name}".strip(): f"slice {a.slice}: {_annotated(a)}" for a in report.annotations}


def _annotated(facts: AnnotationReport) -> str:
    value = facts.angle_deg if facts.kind == "angle" else facts.length_mm
    if value is None:
        return f"{facts.kind} unknown: no pixel spacing"
    return f"{facts.kind} {value:g}{'°' if facts.kind == 'angle' else ' mm'}"
