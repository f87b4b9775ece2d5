"""A report with everything in it, and what reads a page and a structured report back, for the tests of each format."""

import struct
import zlib
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import highdicom as hd

from tools.domain.facts import HitFacts, RegionFacts, SearchFacts, StudyFacts, VoteFacts
from tools.domain.lesions import Filters
from tools.domain.study import SafeFacts
from tools.report.content import RegionReport, ReportContent

HOSTILE = "<script>alert('x')</script>\"'&\u202e\x00\x1b[31m\\ liver"
OUTLINE = ((10.0, 10.0), (20.0, 10.0), (20.0, 22.0), (10.0, 22.0))


def make_png(grey: int = 128) -> bytes:
    """A real 8×8 grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([grey]) * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_report(
    lesion_type: str = "liver", spacing: bool = True, confidence: str = "high", **changes: Any
) -> ReportContent:
    """Two regions on two slices: R1 with outline, picture and search, R2 a bare suggestion."""
    study = SafeFacts(
        modality=changes.pop("modality", "CT"),
        body_part="abdomen",
        sex="F",
        age_years=changes.pop("age_years", 61),
        slices=40,
        rows=512,
        columns=512,
        row_spacing_mm=0.7 if spacing else None,
        column_spacing_mm=0.7 if spacing else None,
        slice_thickness_mm=2.5,
        contrast=True,
        units=changes.pop("units", "HU"),
        **changes.pop("series_facts", {}),
    )
    loss = {"lossy": study.lossy, "lossy_ratio": study.lossy_ratio}
    sizes = {"long_axis_mm": 23.4, "short_axis_mm": 17.1, "area_mm2": 311.0} if spacing else {}
    first = RegionFacts(
        region_id="R1", slice=12, slices=40, origin="click", mean_hu=41, sd_hu=12, min_hu=-7, max_hu=88,
        outline=changes.pop("outline", "measured"), units=study.units, **sizes, **loss,
    )  # fmt: skip
    second = RegionFacts(
        region_id="R2", slice=30, slices=40, origin="suggested", score=0.8, mean_hu=-820, sd_hu=64, min_hu=-990,
        max_hu=-300, units=study.units, **sizes, **loss,
    )  # fmt: skip
    hits = tuple(
        HitFacts(
            rank=rank, lesion_id=f"{lesion_type}-{rank:04d}", lesion_type=lesion_type, similarity=1 - rank / 50,
            patient_key=f"p-{rank:012x}", sex="M", age_years=40 + rank, long_axis_mm=10.5 + rank,
        )
        for rank in range(1, 9)
    )  # fmt: skip
    search = SearchFacts(
        region_id="R1",
        hits=hits,
        votes=(
            VoteFacts(lesion_type=lesion_type, probability=0.82),
            VoteFacts(lesion_type="kidney", probability=0.18),
        ),
        confidence=confidence,
        confidence_limit=changes.pop("confidence_limit", None),
        candidates=431,
        atlas_size=720,
        filters=Filters(lesion_types=(lesion_type,), max_size_mm=40),
        asked_k=8,
        duration_ms=12,
        synthetic_atlas=True,
        synthetic_study=False,
    )
    return ReportContent(
        **{
            "written": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
            "study": StudyFacts(facts=study, series=1, warnings=("Slices are unevenly spaced.",)),
            "study_key": "s-0123456789ab",
            "series_key": "s-ba9876543210",
            "patient_key": "p-00112233aabb",
            "regions": (
                RegionReport(
                    facts=first,
                    image=make_png(),
                    search=search,
                    hit_thumbnails={hit.lesion_id: make_png(hit.rank) for hit in hits[:-1]},
                    outline_px=OUTLINE,
                    axes_px=((10, 10, 20, 22), (20, 10, 10, 22)),
                    position_mm=(-179.2, -170.5, 120.25),
                ),
                RegionReport(facts=second, position_mm=(-179.2, -170.5, 165.25)),
            ),
            "orientation": (1, 0, 0, 0, 1, 0),
            "encoder_fingerprint": "f" * 64,
            "atlas_name": "demo",
            "program_version": "0.1.0",
            **changes,
        }
    )


class Page(HTMLParser):
    """Every tag, its attributes, and the text a person sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.seen = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.seen += data + "\n"


def read_groups(path: Path) -> tuple[Any, list[Any]]:
    """The document and its measurement groups, in order of region."""
    document = hd.sr.srread(path)
    groups = [
        *document.content.get_planar_roi_measurement_groups(),
        *document.content.get_image_measurement_groups(),
    ]
    return document, groups


def texts(group: Any) -> list[tuple[str, str]]:
    items = group[0].ContentSequence
    return [(item.ConceptNameCodeSequence[0].CodeMeaning, item.TextValue) for item in items if item.ValueType == "TEXT"]
