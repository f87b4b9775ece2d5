"""Reports: what was measured and found, as a page to print, as a note, as JSON, or as DICOM objects."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tools import VERSION
from tools.domain.facts import RegionFacts, ReportFacts, ReportFormat, StudyFacts
from tools.domain.region import Region
from tools.domain.study import OriginalUids, Series
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.crop import to_thumbnail
from tools.regions.png import to_png
from tools.report.content import AnnotationReport, RegionReport, ReportContent, ReportError, SliceOutline
from tools.report.dicom_seg import outlined, to_dicom_seg
from tools.report.dicom_sr import to_dicom_sr
from tools.report.html import to_html
from tools.report.note import to_markdown, to_text
from tools.report.pictures import close_up, outlined_slice, plain_slice
from tools.workspace.search import atlas_name
from tools.workspace.session import Workspace
from tools.workspace.volumes import known_volume

MAX_REPORTS = 200  # of one session
_EXTENSIONS: dict[ReportFormat, str] = {
    "html": "html",
    "text": "txt",
    "markdown": "md",
    "json": "json",
    "dicom-sr": "dcm",
    "dicom-seg": "dcm",
}


def report_session(workspace: Workspace, format: ReportFormat, region_ids: Sequence[str] = ()) -> ReportFacts:
    """Write a report of these regions of a session into its folder; of none named, of all, suggestions left out unless
    there is nothing else.

    Raises ReportError, SessionError.
    """
    session = workspace.session
    series, study = session.series, session.study
    assert study is not None  # session.series would have raised
    drawn = tuple(r for r in session.regions() if r.origin != "suggested" or session.search_of(r.region_id))
    regions = tuple(map(session.region, region_ids)) or drawn or session.regions()
    content = ReportContent(
        study=StudyFacts.of(study, series, with_body_part_seen(series)),
        study_key=study.study_key,
        series_key=series.series_key,
        patient_key=study.patient_key,
        orientation=_orientation(series),
        regions=tuple(_region_report(workspace, region) for region in regions),
        annotations=_annotations(workspace, {region.slice_index for region in regions}),
        encoder_fingerprint=workspace.embedder.fingerprint,
        atlas_name=atlas_name(workspace.atlas),
        program_version=VERSION,
    )
    path = write_report(content, format, session.files_folder(), series.original_uids)
    told = outlined(content) if format == "dicom-seg" else content.regions
    searches = 0 if format == "dicom-seg" else sum(region.search is not None for region in told)
    return ReportFacts(format=format, file_name=path.name, regions=len(told), searches=searches)


def write_report(
    report: ReportContent, format: ReportFormat, folder: Path, originals: OriginalUids | None = None
) -> Path:
    """Write `lesion-search-report-<n>` with the format's extension into `folder`; an older report is never replaced.

    DICOM objects refer to the `originals`, where the operator allows them. Raises ReportError when there is no region
    to report, the format is unknown or cannot hold what there is, or the folder cannot be written.
    """
    if format not in get_args(ReportFormat):
        raise ReportError(f"There is no report format {format!r}: choose from {', '.join(get_args(ReportFormat))}.")
    if not report.regions:
        raise ReportError("There is nothing to report yet: click a lesion, draw a box, or ask for suggestions first.")
    data = _content(report, format, originals)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_new(folder, _EXTENSIONS[format], data)
    except OSError as error:
        raise ReportError(f"The report cannot be written ({error.strerror}): free some space or restart.") from error


def _content(report: ReportContent, format: ReportFormat, originals: OriginalUids | None) -> bytes:
    match format:
        case "html":
            return to_html(report).encode()
        case "text":
            return to_text(report).encode()
        case "markdown":
            return to_markdown(report).encode()
        case "json":
            return report.model_dump_json(indent=2).encode()
        case "dicom-sr":
            return to_dicom_sr(report, originals)
        case "dicom-seg":
            return to_dicom_seg(report, originals)


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
        image=outlined_slice(series, region),
        close_up=close_up(series, region),
        search=search,
        hit_thumbnails={hit.lesion_id: to_png(to_thumbnail(atlas.roi(hit.lesion_id))) for hit in hits},
        outline_px=region.outline_px,
        axes_px=(region.measurement.long_axis_px, region.measurement.short_axis_px),
        position_mm=series.slice_origin_mm(region.slice_index),
        volume_outlines=tuple(
            SliceOutline(slice=index + 1, outline_px=outline, position_mm=series.slice_origin_mm(index))
            for index, outline in (grown.outlines if grown else {}).items()
        ),
    )


def _annotations(workspace: Workspace, shown: set[int]) -> tuple[AnnotationReport, ...]:
    """Gather lengths and angles; those of slices (0-based) that no region shows bring a picture, one a slice."""
    made = []
    for annotation in workspace.session.annotations():
        index = annotation.slice_index
        image = None if index in shown else plain_slice(workspace.session.series, index)
        shown = shown | {index}
        made.append(AnnotationReport.of(annotation, image))
    return tuple(made)


def _orientation(series: Series) -> tuple[float, float, float, float, float, float] | None:
    """Directions along a row and along a column, None when the file has no geometry."""
    if series.affine is None:
        return None
    x, y, z = series.affine[:3, 0] / series.spacing_mm[2]
    u, v, w = series.affine[:3, 1] / series.spacing_mm[1]
    return float(x), float(y), float(z), float(u), float(v), float(w)
