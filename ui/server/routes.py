"""Plain routes beside Gradio: pixels and pictures out, uploads in. Each checks the visitor's cookie and a key.

Uploads come here and not through Gradio, whose cache serves every file to everyone who knows its name.
"""

import tempfile
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Cookie, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel

from encoder.errors import LesionSearchError, storage_error
from tools.domain.lazy_volume import SliceError
from tools.domain.lesions import AtlasError
from tools.domain.planes import PlaneName, cut_of
from tools.domain.slice_gaps import SliceGapError
from tools.intake.intake import intake_limits
from tools.intake.messages import IntakeLimits
from tools.pipelines.case_exchange import export_cases
from tools.regions.crop import crop_roi, crop_with_context, to_thumbnail
from tools.regions.png import to_png
from ui.gallery.comparison import Comparison, compare
from ui.state.atlas_map import AtlasMapView, RegionOnMap
from ui.state.disk import DiskError
from ui.state.samples import SampleShelf
from ui.state.urls import BATCH, upload_folder
from ui.state.visit import Visit
from ui.state.visits import COOKIE, Visits
from ui.viewer.thumbnail import series_thumbnail
from ui.viewer.viewer import SeriesView, series_views

_GONE = "Nothing is here for you: open the study again."
_PRIVATE = {"Cache-Control": "no-store"}
_PUBLIC = {"Cache-Control": "private, max-age=3600"}

Visitor = Annotated[str | None, Cookie(alias=COOKIE)]


class StudyOutline(BaseModel):
    """An open study as a pane beside the picture needs it."""

    title: str
    series: tuple[SeriesView, ...]


def routes(visits: Visits, shelf: SampleShelf) -> APIRouter:
    """Make all plain routes of the page."""
    router = APIRouter(include_in_schema=False)
    limits = intake_limits(visits.settings)

    def study_of(visitor: str | None, study_key: str) -> Visit:
        visit = visits.of_study(visitor, study_key)
        if visit is None or visit.session.study is None:
            raise HTTPException(404, _GONE)
        return visit

    @router.get("/studies/{study_key}/series/{series}/slices/{slice_index}")
    def slice_pixels(study_key: str, series: int, slice_index: int, visitor: Visitor = None) -> Response:
        """Send one slice as little-endian int16, row by row; where it cannot be read, a sentence that says why."""
        study = study_of(visitor, study_key).session.study
        if study is None or not 0 <= series < len(study.series):
            raise HTTPException(404, _GONE)
        volume = study.series[series].volume_hu
        if not 0 <= slice_index < volume.shape[0]:
            raise HTTPException(404, _GONE)
        try:
            data = volume[slice_index].astype("<i2").tobytes()  # waits while it is being decoded
        except SliceError as error:
            return PlainTextResponse(str(error), headers=_PRIVATE)
        return Response(data, media_type="application/octet-stream", headers=_PRIVATE)

    @router.get("/studies/{study_key}/series/{series}/planes/{plane}/slices/{slice_index}")
    def plane_pixels(
        study_key: str, series: int, plane: PlaneName, slice_index: int, visitor: Visitor = None
    ) -> Response:
        """Send a slice of another plane of a series as little-endian int16; a sentence where there is none."""
        study = study_of(visitor, study_key).session.study
        if study is None or not 0 <= series < len(study.series):
            raise HTTPException(404, _GONE)
        try:
            cut = cut_of(study.series[series], plane)
        except SliceGapError as error:
            return PlainTextResponse(str(error), headers=_PRIVATE)
        if not 0 <= slice_index < cut.shape[0]:
            raise HTTPException(404, _GONE)
        data = cut.slice(study.series[series].volume_hu, slice_index).astype("<i2").tobytes()
        return Response(data, media_type="application/octet-stream", headers=_PRIVATE)

    @router.get("/studies/{study_key}/series")
    def series_of_study(study_key: str, visitor: Visitor = None) -> StudyOutline:
        """Describe the series of a study that is open, to show one beside another."""
        visit = study_of(visitor, study_key)
        assert visit.session.study is not None
        return StudyOutline(title=visit.title, series=series_views(visit.session.study))

    @router.get("/studies/{study_key}/thumbnail.png")
    def study_picture(study_key: str, visitor: Visitor = None) -> Response:
        """Send a small picture of a study that is open, of the series it shows."""
        try:
            picture = series_thumbnail(study_of(visitor, study_key).session.series)
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return Response(to_png(picture), media_type="image/png", headers=_PRIVATE)

    @router.get("/studies/{study_key}/series/{series}.png")
    def series_picture(study_key: str, series: int, visitor: Visitor = None) -> Response:
        """Send a small picture of a series."""
        study = study_of(visitor, study_key).session.study
        if study is None or not 0 <= series < len(study.series):
            raise HTTPException(404, _GONE)
        try:
            picture = series_thumbnail(study.series[series])
        except SliceError as error:
            raise HTTPException(404, str(error)) from error
        return Response(to_png(picture), media_type="image/png", headers=_PRIVATE)

    @router.get("/studies/{study_key}/regions/{region_id}.png")
    def region_picture(study_key: str, region_id: str, visitor: Visitor = None) -> Response:
        """Send what the encoder sees of a region."""
        session = study_of(visitor, study_key).session
        try:
            roi = crop_roi(session.series, session.region(region_id))
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return Response(to_png(to_thumbnail(roi)), media_type="image/png", headers=_PRIVATE)

    @router.get("/studies/{study_key}/regions/{region_id}/comparison")
    def comparison(
        study_key: str, region_id: str, lesion: Annotated[str, Query(max_length=200)], visitor: Visitor = None
    ) -> Comparison:
        """Put a region and one atlas lesion side by side in one window."""
        try:
            return compare(study_of(visitor, study_key), region_id, lesion)
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/studies/{study_key}/regions/{region_id}/map")
    def region_on_map(study_key: str, region_id: str, visitor: Visitor = None) -> RegionOnMap:
        """Place a region on the map of the atlas, with its hits."""
        visit = study_of(visitor, study_key)
        try:
            if visit.session.quiz is not None:
                visit.session.quiz.check_told()
            region = visit.session.region(region_id)
            vector = visits.shared.embedder(crop_with_context(visit.session.series, region)[None])[0]
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return visits.shared.atlas_map.region(vector, visit.session.search_of(region.region_id))

    @router.get("/atlas-map")
    def atlas_map(visitor: Visitor = None) -> AtlasMapView:
        """Send the map of the atlas, to users with an open page."""
        if not visits.knows(visitor):
            raise HTTPException(404, _GONE)
        return visits.shared.atlas_map.view()

    @router.get("/studies/{study_key}/files/{name}")
    def report_file(study_key: str, name: str, visitor: Visitor = None) -> FileResponse:
        """Send a report that this session wrote."""
        folder = study_of(visitor, study_key).session.files_folder()
        path = folder / name
        if name not in {p.name for p in folder.iterdir() if p.is_file()}:
            raise HTTPException(404, "There is no such file any more: ask for the report again.")
        return FileResponse(path, filename=name, headers=_PRIVATE, content_disposition_type="attachment")

    @router.get("/atlas-lesion.png")
    def atlas_picture(lesion: Annotated[str, Query(max_length=200)], visitor: Visitor = None) -> Response:
        """Send the picture of an atlas lesion, to users with an open page."""
        if not visits.knows(visitor):
            raise HTTPException(404, _GONE)
        try:
            roi = visits.shared.atlas.roi(lesion)
        except AtlasError as error:
            raise HTTPException(404, str(error)) from error
        return Response(to_png(to_thumbnail(roi)), media_type="image/png", headers=_PUBLIC)

    @router.get("/own-cases.zip")
    def own_cases(visitor: Visitor = None) -> Response:
        """Send the own cases as a zip of a ROI pack, to users with an open page where they may be saved."""
        own = visits.shared.atlas.own
        if not visits.knows(visitor) or own is None or not own.writable:
            raise HTTPException(404, _GONE)
        try:
            with tempfile.TemporaryDirectory(prefix="lesion-search-export-") as scratch:
                export_cases(own, Path(scratch, "own-cases.zip"))
                data = Path(scratch, "own-cases.zip").read_bytes()
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return Response(data, media_type="application/zip", headers=_PRIVATE)

    @router.get("/samples/{sample_id}.png")
    def sample_picture(sample_id: str) -> Response:
        """Send the picture of a sample case: synthetic, so open to all."""
        try:
            picture = shelf.picture(shelf.get(sample_id))
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return Response(to_png(picture), media_type="image/png", headers=_PUBLIC)

    @router.put("/uploads/{visit_key}/{batch}/{index}", status_code=204)
    async def upload(request: Request, visit_key: str, batch: str, index: int, visitor: Visitor = None) -> Response:
        """Write one file of an upload into the visitor's own folder as it arrives, bounded in size and number."""
        visit = visits.of_key(visitor, visit_key)
        if visit is None:
            raise HTTPException(404, "This page was idle for too long: reload it and try again.")
        if not BATCH.fullmatch(batch) or not 0 <= index < limits.max_files:
            raise HTTPException(413, f"That is more than {limits.max_files} files: send one series, or a zip of it.")
        folder = upload_folder(visit, batch)
        try:
            with visits.disk.using(folder, visit.key, visits.address_of(visit.visitor)):
                await to_thread.run_sync(lambda: folder.mkdir(parents=True, exist_ok=True, mode=0o700))
                await _receive(request, folder / f"{index:05d}", visits, limits)
        except FileExistsError:
            raise HTTPException(409, "This file was already sent: choose the files once more.") from None
        except DiskError as error:
            await to_thread.run_sync(visits.disk.discard, folder)
            raise HTTPException(507 if error.others else 413, str(error)) from None
        except OSError as error:
            await to_thread.run_sync(visits.disk.discard, folder)
            raise HTTPException(507, str(storage_error(error, "The server's folder for uploads"))) from error
        return Response(status_code=204)

    return router


async def _receive(request: Request, path: Path, visits: Visits, limits: IntakeLimits) -> None:
    """Write what arrives, after it is counted. Raises DiskError where there is no room for it."""
    received = 0
    with open(path, "xb") as file:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limits.max_file_bytes:
                raise DiskError("That is too much to open at once: send one series.")
            try:
                visits.disk.spend(path.parent, len(chunk))
            except DiskError as error:
                if not await to_thread.run_sync(visits.room_on_disk, error.others):
                    raise
                visits.disk.spend(path.parent, len(chunk))
            file.write(chunk)
