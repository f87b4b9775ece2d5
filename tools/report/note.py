"""A report as a note: Markdown, and plain text for a record system that knows no markup."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from tools.domain.number_words import likeness, percent
from tools.report import words
from tools.report.content import RegionReport, ReportContent

TEXT_WIDTH = 78  # columns of a plain-text note
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


@dataclass(frozen=True)
class Part:
    """A heading of a level (1 the title), with paragraphs, rows of name and value, and numbered lines below it."""

    level: int
    heading: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    numbered: tuple[str, ...] = ()


def to_markdown(report: ReportContent) -> str:
    """Write a report as Markdown; whatever it quotes is escaped, and stays text."""
    blocks = []
    for part in _parts(report):
        blocks.append(f"{'#' * part.level} {_escaped(part.heading)}")
        blocks += [_escaped(paragraph) for paragraph in part.paragraphs]
        blocks.append("\n".join(f"- **{_escaped(name)}:** {_escaped(value)}" for name, value in part.rows))
        blocks.append("\n".join(f"{number}. {_escaped(line)}" for number, line in enumerate(part.numbered, 1)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def to_text(report: ReportContent) -> str:
    """Write a report as plain text of at most 78 columns, names and values in two columns."""
    blocks = []
    for part in _parts(report):
        heading = words.plain(part.heading)
        line = {1: "=", 2: "-"}.get(part.level)
        blocks.append(f"{heading}\n{line * min(len(heading), TEXT_WIDTH)}" if line else f"{heading}:")
        blocks += [_wrapped(paragraph) for paragraph in part.paragraphs]
        column = max((len(name) for name, _ in part.rows), default=0) + 2
        blocks.append("\n".join(_wrapped(f"{name:<{column}}{value}", column) for name, value in part.rows))
        blocks.append("\n".join(_wrapped(f"{n:>2}. {line}", 4) for n, line in enumerate(part.numbered, 1)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _parts(report: ReportContent) -> Iterator[Part]:
    yield Part(1, "Lesion Search report", (report.notice,))
    yield Part(2, "Study", tuple(words.study_warnings(report)), _rows(words.study_facts(report)))
    for region in report.regions:
        yield from _region_parts(report, region)
    if report.annotations:
        yield Part(2, "Lengths and angles", (), _rows(words.annotation_facts(report)))
    written = report.written.strftime("%Y-%m-%d %H:%M %Z")
    origin: words.Rows = {
        "Written": f"{written} by lesion-search {report.program_version}",
        "Atlas": report.atlas_name,
        "Encoder": report.encoder_fingerprint,
    }
    yield Part(2, "How this was made", (words.FOOTNOTE,), _rows(origin))


def _region_parts(report: ReportContent, region: RegionReport) -> Iterator[Part]:
    facts, search = region.facts, region.search
    place: words.Rows = {"Slice": f"{facts.slice} of {facts.slices}"}
    rows = _rows(place | words.region_facts(region))
    rows += (("Outline", words.outline_words(region, report.program_version)),)
    if search:
        rows += (("Match", words.confidence_words(search).removeprefix("Match confidence: ")),)
    yield Part(2, words.title(region), tuple(words.warnings_of(region)), rows)
    if search is None:
        return
    limits = (*words.warnings_of_search(search), words.searched_words(search))
    hits = tuple(
        words.known(
            hit.lesion_type or "type unknown",
            likeness(hit.similarity),
            words.lesion_words(hit),
            hit.lesion_id,
            f"patient {hit.patient_key}",
        )
        for hit in search.hits
    )
    votes, others = words.likely_votes(search)
    if votes:
        rows = tuple((name, percent(probability)) for name, probability in votes)
        yield Part(3, "Votes by lesion type", (others,) if others else (), rows)
    yield Part(3, "Similar atlas lesions", limits, (), hits)


def _rows(facts: words.Rows) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in facts.items() if value is not None)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", words.plain(text))


def _wrapped(text: str, indent: int = 0) -> str:
    return textwrap.fill(
        words.plain(text), TEXT_WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False, drop_whitespace=True
    )
