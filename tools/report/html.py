"""A report as one self-contained page: pictures inside, no script, no outside request."""

import base64
import html
from collections.abc import Iterable

from tools.domain.facts import HitFacts, SearchFacts
from tools.report.content import (
    ORIGIN_WORDS,
    RegionReport,
    ReportContent,
    confidence_words,
    filter_words,
    lesion_words,
    plain,
    shown_votes,
)

_CSS = """
:root { color-scheme: light; --ink: #17212b; --soft: #5b6875; --line: #dfe5ea; --tint: #f5f8fa; --accent: #0b6e8a; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 2rem; background: #fff; color: var(--ink);
  font: .95rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { border-bottom: 3px solid var(--accent); padding-bottom: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0; }
h3 { font-size: .8rem; margin: 1.5rem 0 .5rem; color: var(--soft); text-transform: uppercase; letter-spacing: .06em; }
p { margin: .25rem 0; }
.soft { color: var(--soft); font-size: .9em; }
.warning { border-left: 3px solid #c98a00; background: #fff8e6; padding: .4rem .75rem; margin: .75rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .75rem 1.25rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .78rem; }
.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.region { border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem; margin: 1.5rem 0; }
.top { display: flex; gap: 1.5rem; margin-top: 1rem; align-items: flex-start; flex-wrap: wrap; }
.top img { width: 20rem; max-width: 100%; border-radius: 6px; background: #000; }
.top .facts { flex: 1 1 16rem; }
.votes { display: grid; grid-template-columns: fit-content(40%) 1fr max-content; gap: .35rem .75rem;
  align-items: center; }
.bar { height: .7rem; border-radius: 4px; background: var(--tint); border: 1px solid var(--line); overflow: hidden; }
.bar div { height: 100%; background: var(--accent); }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.votes span { overflow-wrap: anywhere; }
.hits { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .75rem; padding: 0;
  margin: 0; list-style: none; }
.hit { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; font-size: .8rem; break-inside: avoid; }
.hit img, .hit .empty { display: block; width: 100%; aspect-ratio: 1; background: #000; image-rendering: auto; }
.hit .empty { background: var(--tint); color: var(--soft); display: grid; place-items: center; }
.hit div.text { padding: .5rem .65rem .6rem; overflow-wrap: anywhere; }
.hit b { display: flex; justify-content: space-between; gap: .5rem; }
code { font: .85em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1rem; color: var(--soft);
  font-size: .82rem; }
@media screen and (max-width: 40rem) { body, .region { padding: 1rem; } }
@page { margin: 15mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 12px; }
  body { max-width: none; padding: 0; }
  .top, .votes, h2, h3 { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .top img { width: 15rem; }
}
"""


class _Html(str):
    """Markup that is safe as it is. Every other string is escaped when it enters a tag."""


def _tag(name: str, *children: str, **attributes: str) -> _Html:
    opened = name + "".join(f' {key.strip("_")}="{html.escape(plain(value))}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, _Html) else html.escape(plain(child)) for child in children)
    return _Html(f"<{opened}>" if name in ("img", "meta") else f"<{opened}>{inner}</{name}>")


def to_html(report: ReportContent) -> str:
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = _tag(
        "head",
        _tag("meta", charset="utf-8"),
        _Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        _tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        _tag("title", "Lesion Search report"),
        _tag("style", _Html(_CSS)),
    )
    body = _tag(
        "body",
        _tag("header", _tag("h1", "Lesion Search report"), _tag("p", report.notice)),
        _tag("main", _study_html(report), *(_region_html(region) for region in report.regions)),
        _tag(
            "footer",
            _tag("p", "Lengths and areas are measured inside the outline; similarity is the cosine between encodings."),
            _tag("p", f"Written {report.written:%Y-%m-%d %H:%M %Z} by lesion-search {report.program_version}."),
            _tag("p", "Atlas ", _tag("code", report.atlas_name)),
            _tag("p", "Encoder ", _tag("code", report.encoder_fingerprint)),
        ),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _study_html(report: ReportContent) -> _Html:
    facts = report.study.facts
    spacing = (
        f"{facts.row_spacing_mm:.2f} × {facts.column_spacing_mm:.2f} mm"
        if facts.row_spacing_mm is not None and facts.column_spacing_mm is not None
        else "unknown"
    )
    shown = {
        "Modality": facts.modality,
        "Body part": facts.body_part,
        "Sex": facts.sex,
        "Age": None if facts.age_years is None else f"{facts.age_years} years",
        "Slices": str(facts.slices),
        "Matrix": f"{facts.rows} × {facts.columns}",
        "Pixel spacing": spacing,
        "Slice thickness": None if facts.slice_thickness_mm is None else f"{facts.slice_thickness_mm:g} mm",
        "Slice gap": None if facts.slice_gap_mm is None else f"{facts.slice_gap_mm:g} mm",
        "Gantry tilt": f"{facts.gantry_tilt_deg:g}°" if facts.gantry_tilt_deg else None,
        "Tube voltage": None if facts.kvp is None else f"{facts.kvp:g} kV",
        "Contrast agent": None if facts.contrast is None else ("yes" if facts.contrast else "no"),
        "Patient key": report.patient_key,
    }
    synthetic = ("This study is synthetic: a teaching phantom.",) if facts.synthetic else ()
    return _tag(
        "section",
        _facts_html(shown),
        *(_tag("p", sentence, class_="warning") for sentence in (*synthetic, *report.study.warnings)),
    )


def _facts_html(shown: dict[str, str | None]) -> _Html:
    pairs = (_tag("div", _tag("dt", name), _tag("dd", value)) for name, value in shown.items() if value is not None)
    return _tag("dl", *pairs, class_="facts")


def _region_html(region: RegionReport) -> _Html:
    facts = region.facts
    units = " HU" if facts.units == "HU" else ""
    measured = {
        "Long axis": None if facts.long_axis_mm is None else f"{facts.long_axis_mm:g} mm",
        "Short axis": None if facts.short_axis_mm is None else f"{facts.short_axis_mm:g} mm",
        "Area": None if facts.area_mm2 is None else f"{facts.area_mm2:g} mm²",
        "Mean": f"{facts.mean_hu:g}{units}",
        "Standard deviation": f"{facts.sd_hu:g}{units}",
        "Minimum": f"{facts.min_hu:g}{units}",
        "Maximum": f"{facts.max_hu:g}{units}",
    }
    notes = []
    if facts.long_axis_mm is None:
        notes.append("Sizes are left out: the file gives no pixel spacing.")
    if not units:
        notes.append("Values are in the file's own units, not HU.")
    picture = (
        [_picture_html(region.image, f"Slice {facts.slice} with region {facts.region_id}")] if region.image else []
    )
    return _tag(
        "section",
        _tag("h2", f"Region {facts.region_id}"),
        _tag("p", f"Slice {facts.slice} of {facts.slices} · {ORIGIN_WORDS[facts.origin]}", class_="soft"),
        *(_tag("p", note, class_="warning") for note in notes),
        _tag("div", *picture, _facts_html(measured), class_="top"),
        *(_search_html(region.search, region.hit_thumbnails) if region.search else ()),
        class_="region",
    )


def _search_html(search: SearchFacts, thumbnails: dict[str, bytes]) -> Iterable[_Html]:
    yield _tag("h3", "Similar atlas lesions")
    yield _tag("p", _tag("strong", confidence_words(search)))
    if search.synthetic_atlas and not search.synthetic_study and search.confidence_limit != "synthetic atlas":
        yield _tag(
            "p", "This atlas holds synthetic teaching lesions only, and this study is not synthetic.", class_="warning"
        )
    yield _tag(
        "p",
        f"{len(search.hits)} of {search.candidates} candidates, atlas of {search.atlas_size} lesions. "
        f"Searched: {filter_words(search.filters)}.",
        class_="soft",
    )
    votes = shown_votes(search)
    if votes:
        yield _tag("h3", "Votes by lesion type")
        yield _tag("div", *(cell for vote in votes for cell in _vote_html(*vote)), class_="votes")
    if search.hits:
        yield _tag("h3", "Nearest lesions")
        yield _tag("ol", *(_hit_html(hit, thumbnails.get(hit.lesion_id)) for hit in search.hits), class_="hits")


def _vote_html(lesion_type: str, probability: float) -> tuple[_Html, ...]:
    bar = _tag("div", _tag("div", style=f"width:{100 * probability:.1f}%"), class_="bar")
    return _tag("span", lesion_type), bar, _tag("span", f"{100 * probability:.0f} %", class_="number")


def _hit_html(hit: HitFacts, thumbnail: bytes | None) -> _Html:
    return _tag(
        "li",
        _picture_html(thumbnail, f"Lesion {hit.lesion_id}") if thumbnail else _tag("div", "no picture", class_="empty"),
        _tag(
            "div",
            _tag(
                "b",
                _tag("span", f"{hit.rank}. {hit.lesion_type or 'type unknown'}"),
                _tag("span", f"{hit.similarity:.3f}", class_="number"),
            ),
            _tag("div", lesion_words(hit)),
            _tag("code", hit.lesion_id),
            _tag("div", _tag("code", hit.patient_key), class_="soft"),
            class_="text",
        ),
        class_="hit",
    )


def _picture_html(png: bytes, alt: str) -> _Html:
    return _tag("img", src=f"data:image/png;base64,{base64.b64encode(png).decode()}", alt=alt)
