"""The annotated studies of an archive that speaks DICOMweb, one after the other.

Of a study only its annotations are fetched, and the CT series that they refer to. They lie in a temporary folder until
their lesions are cropped.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread

from tools.domain.progress import StageProgress
from tools.intake.archive import (
    MODALITY,
    SERIES,
    STUDY,
    Archive,
    ArchiveError,
    answering,
    connect,
    files_of_series,
    text,
)
from tools.intake.messages import IntakeLimits
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, ImportJob, LeftOut
from tools.pipelines.importers.run import all_lesions

if TYPE_CHECKING:
    from dicomweb_client.api import DICOMwebClient

ANNOTATING = ("SEG", "RTSTRUCT", "SR", "PR")


def lesions_of_archive(archive: Archive, job: ImportJob, progress: StageProgress) -> Iterator[AnnotatedLesion]:
    """Import every study that the query finds and that is annotated. Raises ImportFailure where the archive fails."""
    try:
        client = connect(archive)
        with answering("The archive does not answer the query"):
            found = client.search_for_studies(search_filters=dict(archive.query), get_remaining=True)
            studies = tuple(dict.fromkeys(text(study, STUDY) for study in found))  # Orthanc may name one twice
    except ArchiveError as error:
        raise ImportFailure(str(error)) from error
    if not studies:
        raise ImportFailure("The archive has no study that fits the query: widen --query.")
    for number, study_uid in enumerate(studies, start=1):
        with tempfile.TemporaryDirectory(prefix="lesion-search-archive-") as folder:
            try:
                with answering("the archive does not hand it out"):
                    _fetch(client, study_uid, Path(folder), job.limits)
                yield from all_lesions(Path(folder), job, progress)
            except (LeftOut, ImportFailure, ArchiveError) as reason:
                job.skip(f"study {number} of {len(studies)}", str(reason).rstrip("."))
        progress("Studies of the archive", number, len(studies))


def _fetch(client: "DICOMwebClient", study_uid: str, folder: Path, limits: IntakeLimits) -> None:
    """Write the annotations of a study, and the CT they refer to, into a folder. Raises LeftOut where it has none."""
    listed = client.search_for_series(study_uid, get_remaining=True)
    series = {text(one, SERIES): text(one, MODALITY) for one in listed}
    annotations = [uid for uid, modality in series.items() if modality in ANNOTATING]
    if not annotations:
        raise LeftOut("it has no annotations")
    images = {uid for uid, modality in series.items() if modality == "CT"}
    store = _Store(folder, limits)
    named: set[str] = set()
    for uid in annotations:
        for file in files_of_series(client, study_uid, uid):
            its_elements = dcmread(io.BytesIO(file)).iterall()
            named.update(str(each.value) for each in its_elements if each.keyword == "SeriesInstanceUID")
            store.add(file)
    for uid in sorted(images & named or images):
        for file in files_of_series(client, study_uid, uid):
            store.add(file)


@dataclass
class _Store:
    """A folder that takes no more than the limits of one upload."""

    folder: Path
    limits: IntakeLimits
    files: int = 0
    written: int = 0

    def add(self, file: bytes) -> None:
        """Write one object under a number. Raises LeftOut beyond the limits."""
        (self.folder / f"{self.files:06d}.dcm").write_bytes(file)
        self.files, self.written = self.files + 1, self.written + len(file)
        if self.files > self.limits.max_files or self.written > self.limits.max_upload_bytes:
            raise LeftOut(
                f"it has more than {self.limits.max_files} files or {self.limits.max_upload_bytes >> 20} MB "
                "(LESION_SEARCH_MAX_UPLOAD_FILES, LESION_SEARCH_MAX_UPLOAD_MB)"
            )
