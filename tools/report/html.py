"""A report as one self-contained page: pictures inside, no script, no outside request."""

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tools.domain.number_words import likeness, number, percent, size, volume
from tools.domain.region import OUTLINE_WORDS
from tools.domain.study import SafeFacts
from tools.domain.study_words import DENSITY_DOUBTS, age_words, lossy_words, series_words
from tools.report.content import (
    ORIGIN_WORDS,
    AnnotationReport,
    RegionReport,
    ReportContent,
    confidence_words,
    filter_words,
    lesion_words,
    plain,
    shown_votes,
)

TEMPLATE = Path(__file__).with_name("report.html.j2")


def to_html(report: ReportContent) -> str:
    """Render a report as an HTML page that needs nothing but itself."""
    return _template().render(report=report)


@cache
def _template() -> Template:
    """Compile the page once a process. Every value it shows is stripped of control characters and escaped."""

    def shown(value: object) -> object:
        return value if isinstance(value, Markup) else plain(str(value))

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"base64": _base64}
    environment.filters |= {words.__name__: words for words in (confidence_words, filter_words, lesion_words)}
    environment.filters |= {words.__name__: words for words in (likeness, percent)}
    environment.filters |= {rows.__name__: rows for rows in (shown_votes, study_facts, region_facts, annotation_facts)}
    environment.globals["ORIGIN_WORDS"] = ORIGIN_WORDS
    return environment.get_template(TEMPLATE.name)


def _base64(data: bytes) -> Markup:
    """Encode a picture for a data URI; its alphabet needs no escaping."""
    return Markup(base64.b64encode(data).decode())


def study_facts(report: ReportContent) -> dict[str, str | None]:
    """Word what is known of the study, by heading; None is unknown and not shown."""
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
        "Slice thickness": None if facts.slice_thickness_mm is None else f"{facts.slice_thickness_mm:g} mm",
        "Slice gap": None if facts.slice_gap_mm is None else f"{facts.slice_gap_mm:g} mm",
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


def region_facts(region: RegionReport) -> dict[str, str | None]:
    """Word the measurements of a region, by heading; None is unknown and not shown, as are densities that are no HU."""
    facts = region.facts
    densities = {
        "Mean": facts.mean_hu,
        "Standard deviation": facts.sd_hu,
        "Minimum": facts.min_hu,
        "Maximum": facts.max_hu,
    }
    return {
        "Outline": OUTLINE_WORDS[facts.outline] or None,
        "Long axis": None if facts.long_axis_mm is None else size(facts.long_axis_mm),
        "Short axis": None if facts.short_axis_mm is None else size(facts.short_axis_mm),
        "Area": None if facts.area_mm2 is None else f"{number(facts.area_mm2)} mm²",
        "Volume": _volume(region),
        **{name: f"{hu:g} HU" if facts.units == "HU" else None for name, hu in densities.items()},
        "Densities": "may be off: the images were compressed with loss" if facts.lossy else None,
        "Doubt": DENSITY_DOUBTS[facts.density_doubt] if facts.density_doubt else None,
    }


def _volume(region: RegionReport) -> str | None:
    """Word a volume over the slices and what speaks against it; None where none was asked for."""
    if region.volume_mm3 is None:
        return None
    doubts = f", unsure, because {' and '.join(region.volume_doubts)}" if region.volume_doubts else ""
    return f"{volume(region.volume_mm3)}, followed from slice to slice{doubts}"


def annotation_facts(report: ReportContent) -> dict[str, str]:
    """Word what was drawn and measured beside the regions, by its id and name."""
    return {f"{a.annotation_id} {a.name}".strip(): f"slice {a.slice}: {_annotated(a)}" for a in report.annotations}


def _annotated(facts: AnnotationReport) -> str:
    if facts.kind == "angle":
        return f"angle {facts.angle_deg:g}°"
    return "length unknown: no pixel spacing" if facts.length_mm is None else f"length {facts.length_mm:g} mm"
