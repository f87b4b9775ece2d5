"""Reports: what was measured and found, as a page to print, as JSON, or as a DICOM structured report."""

from pathlib import Path
from typing import get_args

import numpy as np

from tools import VERSION
from tools.domain.facts import RegionFacts, ReportFacts, StudyFacts
from tools.domain.region import Region
from tools.domain.study import Series
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.crop import apply_window, best_window, crop_roi, to_thumbnail
from tools.regions.png import to_png
from tools.report.content import AnnotationReport, RegionReport, ReportContent, ReportError, ReportFormat
from tools.report.dicom_sr import to_dicom_sr
from tools.report.html import to_html
from tools.workspace.search import atlas_name
from tools.workspace.session import Workspace
from tools.workspace.volumes import known_volume

MAX_REPORTS = 200  # of one session
OUTLINE_COLOUR = (255, 196, 0)
_EXTENSIONS: dict[ReportFormat, str] = {"html": "html", "json": "json", "dicom-sr": "dcm"}


def report_session(workspace: Workspace, format: ReportFormat) -> ReportFacts:
    """Write a report of a session's regions, suggestions left out unless there is nothing else, into its folder.

    Raises ReportError, SessionError.
    """
    session = workspace.session
    series, study = session.series, session.study
    assert study is not None  # session.series would have raised
    drawn = [r for r in session.regions() if r.origin != "suggested" or session.search_of(r.region_id)]
    content = ReportContent(
        study=StudyFacts.of(study, series, with_body_part_seen(series)),
        study_key=study.study_key,
        series_key=series.series_key,
        patient_key=study.patient_key,
        regions=tuple(_region_report(workspace, region) for region in drawn or session.regions()),
        annotations=tuple(AnnotationReport.of(annotation) for annotation in session.annotations()),
        encoder_fingerprint=workspace.embedder.fingerprint,
        atlas_name=atlas_name(workspace.atlas),
        program_version=VERSION,
    )
    path = write_report(content, format, session.files_folder())
    searches = sum(region.search is not None for region in content.regions)
    return ReportFacts(format=format, file_name=path.name, regions=len(content.regions), searches=searches)


def write_report(report: ReportContent, format: ReportFormat, folder: Path) -> Path:
    """Write `lesion-search-report-<n>` with the format's extension into `folder`; an older report is never replaced.

    Raises ReportError when there is no region to report, the format is unknown, or the folder cannot be written.
    """
    if format not in get_args(ReportFormat):
        raise ReportError(f"There is no report format {format!r}: choose from {', '.join(get_args(ReportFormat))}.")
    if not report.regions:
        raise ReportError("There is nothing to report yet: click a lesion, draw a box, or ask for suggestions first.")
    if format == "html":
        data = to_html(report).encode()
    elif format == "json":
        data = report.model_dump_json(indent=2).encode()
    else:
        data = to_dicom_sr(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_new(folder, _EXTENSIONS[format], data)
    except OSError as error:
        raise ReportError(f"The report cannot be written ({error.strerror}): free some space or restart.") from error


def _write_new(folder: Path, extension: str, data: bytes) -> Path:
    """Write under the first number that no file has, without a gap in which another could take it."""
    for number in range(1, MAX_REPORTS + 1):
        path = folder / f"lesion-search-report-{number}.{extension}"
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        return path
    raise ReportError(f"At most {MAX_REPORTS} reports are kept: download those you need, and open the study again.")


def _region_report(workspace: Workspace, region: Region) -> RegionReport:
    """Gather a region's facts, picture, search, and thumbnails of the hits from the atlas."""
    session, atlas = workspace.session, workspace.atlas
    series = session.series
    search, grown = session.search_of(region.region_id), known_volume(session, region.region_id)
    hits = search.hits if search else ()
    return RegionReport(
        facts=RegionFacts.of(region, series),
        name=region.name,
        volume_mm3=float(f"{grown.volume_mm3:.3g}") if grown else None,
        volume_doubts=grown.doubts if grown else (),
        image=_outlined_png(series, region),
        search=search,
        hit_thumbnails={hit.lesion_id: to_png(to_thumbnail(atlas.roi(hit.lesion_id))) for hit in hits},
        outline_px=region.outline_px,
    )


def _outlined_png(series: Series, region: Region) -> bytes:
    """Draw the whole slice in the window of the region's surroundings, the region outlined; a PNG."""
    from PIL import Image, ImageDraw

    window = best_window(crop_roi(series, region))
    image = Image.fromarray(apply_window(series.volume_hu[region.slice_index], window)).convert("RGB")
    if region.outline_px:
        centred = [(x - 0.5, y - 0.5) for x, y in (*region.outline_px, region.outline_px[0])]  # Pillow counts centres
        ImageDraw.Draw(image).line(centred, fill=OUTLINE_COLOUR, width=2)
    return to_png(np.asarray(image))
