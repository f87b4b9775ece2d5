"""An archive that speaks DICOMweb (PS3.18: QIDO-RS, WADO-RS): its annotated studies, one after the other.

Of a study only its annotations are fetched, and the CT series that they refer to. They lie in a temporary folder until
their lesions are cropped.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.domain.progress import StageProgress
from tools.intake.messages import IntakeLimits
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, ImportJob, LeftOut
from tools.pipelines.importers.run import all_lesions

if TYPE_CHECKING:
    from dicomweb_client.api import DICOMwebClient

ANNOTATING = ("SEG", "RTSTRUCT", "SR")
ANY_SYNTAX = (("application/dicom", "*"),)  # as stored: nothing is compressed anew
STUDY, SERIES, MODALITY = "0020000D", "0020000E", "00080060"
ATTEMPTS, RETRY_AFTER_MS = 3, 200  # the second wait is twice the first
TIMEOUT_S = (10, 120)  # to connect, and between two pieces of an answer


@dataclass(frozen=True)
class Archive:
    """Where an archive is and what lets one in; `query` are attributes of QIDO-RS."""

    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def lesions_of_archive(archive: Archive, job: ImportJob, progress: StageProgress) -> Iterator[AnnotatedLesion]:
    """Import every study that the query finds and that is annotated. Raises ImportFailure where the archive fails."""
    import requests

    client = _client(archive)
    try:
        studies = client.search_for_studies(search_filters=dict(archive.query), get_remaining=True)
    except (requests.RequestException, ValueError) as error:
        raise ImportFailure(f"The archive does not answer the query: {_reason(error)}.") from error
    if not studies:
        raise ImportFailure("The archive has no study that fits the query: widen --query.")
    for number, study in enumerate(studies, start=1):
        what = f"study {number} of {len(studies)}"
        with tempfile.TemporaryDirectory(prefix="lesion-search-archive-") as folder:
            try:
                _fetch(client, _text(study, STUDY), Path(folder), job.limits)
                yield from all_lesions(Path(folder), job, progress)
            except (LeftOut, ImportFailure) as reason:
                job.skip(what, str(reason).rstrip("."))
            except (requests.RequestException, ValueError) as error:
                job.skip(what, f"the archive does not hand it out: {_reason(error)}")
        progress("Studies of the archive", number, len(studies))


def _fetch(client: "DICOMwebClient", study_uid: str, folder: Path, limits: IntakeLimits) -> None:
    """Write the annotations of a study, and the CT they refer to, into a folder. Raises LeftOut where it has none."""
    listed = client.search_for_series(study_uid, get_remaining=True)
    series = {_text(one, SERIES): _text(one, MODALITY) for one in listed}
    annotations = [uid for uid, modality in series.items() if modality in ANNOTATING]
    if not annotations:
        raise LeftOut("it has no annotations")
    images = {uid for uid, modality in series.items() if modality == "CT"}
    store = _Store(folder, limits)
    named: set[str] = set()
    for uid in annotations:
        for dataset in client.iter_series(study_uid, uid, media_types=ANY_SYNTAX):
            named.update(str(e.value) for e in dataset.iterall() if e.keyword == "SeriesInstanceUID")
            store.add(dataset)
    for uid in sorted(images & named or images):
        for dataset in client.iter_series(study_uid, uid, media_types=ANY_SYNTAX):
            store.add(dataset)


@dataclass
class _Store:
    """A folder that takes no more than the limits of one upload."""

    folder: Path
    limits: IntakeLimits
    files: int = 0
    written: int = 0

    def add(self, dataset: Any) -> None:
        """Write one object under a number. Raises LeftOut beyond the limits."""
        path = self.folder / f"{self.files:06d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        self.files, self.written = self.files + 1, self.written + path.stat().st_size
        if self.files > self.limits.max_files or self.written > self.limits.max_upload_bytes:
            raise LeftOut(
                f"it has more than {self.limits.max_files} files or {self.limits.max_upload_bytes >> 20} MB "
                "(LESION_SEARCH_MAX_UPLOAD_FILES, LESION_SEARCH_MAX_UPLOAD_MB)"
            )


def _client(archive: Archive) -> "DICOMwebClient":
    if not archive.url.startswith(("https://", "http://")):
        raise ImportFailure("The address of an archive begins with https:// or http://.")
    try:
        from dicomweb_client.api import DICOMwebClient
    except ImportError as error:
        raise ImportFailure(
            "Reading from an archive needs one more package: pip install 'lesion-search[dicomweb]'."
        ) from error
    try:
        client = DICOMwebClient(archive.url, headers=dict(archive.headers), timeout=TIMEOUT_S)
    except ValueError as error:
        raise ImportFailure("The address of the archive cannot be used: it is no web address.") from error
    client.set_http_retry_params(max_attempts=ATTEMPTS, wait_exponential_multiplier=RETRY_AFTER_MS)
    return client


def _text(found: Mapping[str, Any], tag: str) -> str:
    """The one value of an attribute in DICOM JSON; empty where there is none."""
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _reason(error: Exception) -> str:
    """Why a request failed, without the address, in which a password may stand."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"it says {response.status_code} {response.reason}"
    return {"SSLError": "its certificate is not trusted", "ConnectionError": "it cannot be reached"}.get(
        type(error).__name__, "it takes too long" if "Timeout" in type(error).__name__ else "its answer is not DICOMweb"
    )
