"""Studies from the hospital's archive: found by a number that the user types, fetched as an upload, reports sent back.

What identifies a study (its UID) stays on the server: the page gets a random name for it.
"""

import secrets
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Cookie, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from assistant.wording.phrases import counted
from encoder.errors import LesionSearchError
from tools.intake.archive import Archive, ArchivedStudy, AskedBy, find_studies, images_of_study, store_objects
from tools.settings import Settings
from ui.state.disk import DiskError
from ui.state.urls import upload_folder
from ui.state.visit import Visit
from ui.state.visits import COOKIE, Visits

_GONE = "This page was idle for too long: reload it and try again."
DAYS_OF_MONTH, DAYS_OF_YEAR = 30.44, 365.25

Visitor = Annotated[str | None, Cookie(alias=COOKIE)]


class StudyQuery(BaseModel):
    """Whose studies are wanted, or which one, by a number that the user typed."""

    model_config = ConfigDict(extra="forbid")
    by: AskedBy
    value: Annotated[str, Field(min_length=1, max_length=64)]


class FoundStudy(BaseModel):
    """One study in words; `name` stands for it in this page only."""

    name: str
    when: str
    what: str


class Listed(BaseModel):
    """What a search of the archive found, or why nothing."""

    studies: tuple[FoundStudy, ...] = ()
    problem: str = ""


class Fetched(BaseModel):
    """How many images of a study have arrived."""

    images: int
    of: int | None


def archive_of(settings: Settings) -> Archive | None:
    """Give the archive that the operator configured, None where there is none."""
    if settings.dicomweb is None:
        return None
    token = settings.dicomweb_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    return Archive(settings.dicomweb.get_secret_value(), headers=headers)


def archive_routes(visits: Visits) -> APIRouter:
    """Make the plain routes of the archive; none where the operator configured no archive."""
    router = APIRouter(include_in_schema=False)
    archive = archive_of(visits.settings)
    if archive is None:
        return router

    def visit_of(visitor: str | None, visit_key: str) -> Visit:
        visit = visits.of_key(visitor, visit_key)
        if visit is None:
            raise HTTPException(404, _GONE)
        return visit

    @router.post("/archive/{visit_key}/studies")
    def studies(query: StudyQuery, visit_key: str, visitor: Visitor = None) -> Listed:
        """List the studies of a number, and remember which of them the page may open."""
        visit = visit_of(visitor, visit_key)
        try:
            found = find_studies(archive, query.by, query.value)
        except LesionSearchError as error:
            return Listed(problem=str(error))
        visit.archived = {secrets.token_hex(12): study for study in found}
        return Listed(
            studies=tuple(
                FoundStudy(name=name, when=since(study.made_on, date.today()), what=_words(study))
                for name, study in visit.archived.items()
            )
        )

    @router.get("/archive/{visit_key}/fetched")
    def fetched(visit_key: str, visitor: Visitor = None) -> Fetched:
        """Tell how far fetching a study is."""
        images, of = visit_of(visitor, visit_key).fetched
        return Fetched(images=images, of=of)

    @router.post("/studies/{study_key}/files/{name}/archive")
    def store(study_key: str, name: str, visitor: Visitor = None) -> str:
        """Store a report that this session wrote in the archive, where the operator allows it."""
        visit = visits.of_study(visitor, study_key)
        if visit is None or not visits.settings.dicomweb_store:
            raise HTTPException(404, _GONE)
        known = {path.name: path for path in visit.session.files_folder().iterdir() if path.is_file()}
        if name not in known or known[name].suffix != ".dcm":
            raise HTTPException(404, "There is no such DICOM report any more: ask for the report again.")
        try:
            store_objects(archive, [known[name]])
        except LesionSearchError as error:
            raise HTTPException(502, str(error)) from error
        return f"{name} is stored in the archive."

    return router


def fetch(visits: Visits, visit: Visit, name: str) -> Path:
    """Fetch a study that the page was shown into a folder of an upload, as large as one may be; give the folder.

    Raises ArchiveError, DiskError, VisitError.
    """
    archive, study = archive_of(visits.settings), visit.archived.get(name)
    if archive is None or study is None:
        raise LesionSearchError("That study is not on the list any more: search the archive again.")
    folder = upload_folder(visit, secrets.token_hex(12))
    visit.fetched = 0, study.instances
    try:
        with visits.disk.using(folder, visit.key, visits.address_of(visit.visitor)):
            folder.mkdir(parents=True, mode=0o700)
            for number, file in enumerate(images_of_study(archive, study.study_uid), start=1):
                if number > visits.settings.max_upload_files:
                    raise DiskError(f"The study has more than {visits.settings.max_upload_files} images.")
                _spend(visits, folder, len(file))
                (folder / f"{number:05d}").write_bytes(file)
                visit.fetched = number, study.instances
    except BaseException:
        visits.disk.discard(folder)
        raise
    return folder


def _spend(visits: Visits, folder: Path, count: int) -> None:
    try:
        visits.disk.spend(folder, count)
    except DiskError as error:
        if not visits.room_on_disk(error.others):
            raise
        visits.disk.spend(folder, count)


def since(made_on: date | None, today: date) -> str:
    """Say how long ago a study was made: a date would be one more thing that identifies."""
    if made_on is None:
        return "date not recorded"
    days = (today - made_on).days
    if days < 2:
        return "yesterday" if days == 1 else "today"
    if days < 2 * DAYS_OF_MONTH:
        return f"{days} days ago"
    months = round(days / DAYS_OF_MONTH)
    return f"{months} months ago" if days < 2 * DAYS_OF_YEAR else f"{round(days / DAYS_OF_YEAR)} years ago"


def _words(study: ArchivedStudy) -> str:
    kinds = ", ".join(kind for kind in study.modalities if kind.isalnum() and len(kind) <= 16)
    images = counted(study.instances, "object") if study.instances is not None else ""
    return ": ".join(part for part in (kinds, images) if part)
