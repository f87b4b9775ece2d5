"""A report as one self-contained page: pictures inside, no script, no outside request."""

import base64
from functools import cache
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tools.domain.number_words import likeness, number, percent, size
from tools.report import words
from tools.report.content import AnnotationReport, RegionReport, ReportContent

TEMPLATE = Path(__file__).with_name("report.html.j2")
RULER_SHARE = 0.4  # of a picture's width, at most
RULERS_MM = (200, 100, 50, 20, 10, 5, 2, 1)


def to_html(report: ReportContent) -> str:
    """Render a report as an HTML page that needs nothing but itself."""
    return _template().render(report=report)


@cache
def _template() -> Template:
    """Compile the page once a process. Every value it shows is stripped of control characters and escaped."""

    def shown(value: object) -> object:
        return value if isinstance(value, Markup) else words.plain(str(value))

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"base64": _base64, "pairs": pairwise}
    environment.filters |= {each.__name__: each for each in (likeness, percent, ruler_mm, axis_labels, on_slice)}
    environment.globals |= {"words": words}
    return environment.get_template(TEMPLATE.name)


def _base64(data: bytes) -> Markup:
    """Encode a picture for a data URI; its alphabet needs no escaping."""
    return Markup(base64.b64encode(data).decode())


def ruler_mm(width_px: float, report: ReportContent) -> int | None:
    """Choose the length of the ruler on a picture of `width_px` columns; None where the file gives no spacing."""
    spacing = report.study.facts.column_spacing_mm
    if spacing is None:
        return None
    return next((mm for mm in RULERS_MM if mm <= RULER_SHARE * width_px * spacing), None)


def axis_labels(region: RegionReport) -> tuple[str, ...]:
    """Write the lengths that stand at the drawn axes, the long one first; none where lengths are unknown."""
    return tuple(size(mm) for mm in (region.facts.long_axis_mm, region.facts.short_axis_mm) if mm is not None)


def on_slice(annotations: tuple[AnnotationReport, ...], slice_number: int) -> list[tuple[AnnotationReport, str]]:
    """List what was drawn on a slice, each with the words that stand beside it."""
    return [
        (each, f"{each.annotation_id} {each.name} {_value(each)}".replace("  ", " ").strip())
        for each in annotations
        if each.slice == slice_number
    ]


def _value(annotation: AnnotationReport) -> str:
    if annotation.kind == "angle":
        return "" if annotation.angle_deg is None else f"{number(annotation.angle_deg)}°"
    return size(annotation.length_mm)
