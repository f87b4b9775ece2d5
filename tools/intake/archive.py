"""An archive that speaks DICOMweb (PS3.18: QIDO-RS, WADO-RS, STOW-RS): what it has, its objects, and reports for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from encoder.errors import LesionSearchError

if TYPE_CHECKING:
    from dicomweb_client.api import DICOMwebClient

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'  # nothing is compressed anew
STUDY, SERIES, MODALITY = "0020000D", "0020000E", "00080060"
STUDY_DATE, MODALITIES, INSTANCES = "00080020", "00080061", "00201208"
ATTEMPTS, RETRY_AFTER_MS = 3, 200  # the second wait is twice the first
TIMEOUT_S = (10, 120)  # to connect, and between two pieces of an answer
MAX_STUDIES = 50  # of one search on the page
IMAGES = ("CT", "MR", "PT")
ASKED_BY = {"patient": "PatientID", "accession": "AccessionNumber"}

AskedBy = Literal["patient", "accession"]


class ArchiveError(LesionSearchError):
    """The archive cannot be reached, refuses, or has not what was asked for."""


@dataclass(frozen=True)
class Archive:
    """Where an archive is and what lets one in; `query` are attributes of QIDO-RS."""

    url: str = field(repr=False)  # a password may stand in it
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ArchivedStudy:
    """One study that an archive lists; no name, number or text of it."""

    study_uid: str = field(repr=False)
    made_on: date | None
    modalities: tuple[str, ...]
    instances: int | None


def connect(archive: Archive) -> "DICOMwebClient":
    """Make a client; nothing is asked yet. Raises ArchiveError."""
    if not archive.url.startswith(("https://", "http://")):
        raise ArchiveError("The address of an archive begins with https:// or http://.")
    try:
        from dicomweb_client.api import DICOMwebClient
    except ImportError as error:
        raise ArchiveError(
            "Reading from an archive needs one more package: pip install 'lesion-search[dicomweb]'."
        ) from error
    try:
        client = DICOMwebClient(archive.url, headers=dict(archive.headers), timeout=TIMEOUT_S)
    except ValueError as error:
        raise ArchiveError("The address of the archive cannot be used: it is no web address.") from error
    client.set_http_retry_params(max_attempts=ATTEMPTS, wait_exponential_multiplier=RETRY_AFTER_MS)
    return client


def find_studies(archive: Archive, by: AskedBy, value: str) -> tuple[ArchivedStudy, ...]:
    """List the studies of one patient id or accession number, the newest first. Raises ArchiveError.

    Wildcards are no part of either: who does not know the number finds nothing.
    """
    value = value.strip()
    if not value or any(sign in value for sign in "*?\\"):
        raise ArchiveError("Give the whole number, without * or ?: studies are not browsed here.")
    client = connect(archive)
    with answering("The archive does not answer the query"):
        listed = client.search_for_studies(
            search_filters={ASKED_BY[by]: value}, fields=[MODALITIES, INSTANCES], limit=MAX_STUDIES
        )
    studies = (
        ArchivedStudy(
            text(one, STUDY),
            _date(text(one, STUDY_DATE)),
            tuple(str(each) for each in one.get(MODALITIES, {}).get("Value", ())),
            _count(text(one, INSTANCES)),
        )
        for one in listed
    )
    found = sorted((study for study in studies if study.study_uid), key=lambda s: s.made_on or date.min, reverse=True)
    if not found:
        raise ArchiveError("The archive has no study under that number: check it, or search by the other number.")
    return tuple(found)


def images_of_study(archive: Archive, study_uid: str) -> Iterator[bytes]:
    """Fetch the image objects of a study as files, one after the other: of its CT series, else of all images.

    Raises ArchiveError.
    """
    client = connect(archive)
    with answering("The archive does not hand the study out"):
        series = {
            text(one, SERIES): text(one, MODALITY) for one in client.search_for_series(study_uid, get_remaining=True)
        }
        wanted = [uid for uid, modality in series.items() if modality == "CT"]
        for uid in wanted or [uid for uid, modality in series.items() if modality in IMAGES] or list(series):
            yield from files_of_series(client, study_uid, uid)


def files_of_series(client: "DICOMwebClient", study_uid: str, series_uid: str) -> Iterator[bytes]:
    """Fetch the objects of a series as the files they arrive as, one after the other.

    The client parses them; here workers do (`tools.intake.sandbox`), and what cannot be written anew is not lost.
    """
    address = f"{client.base_url}/studies/{quote(study_uid, safe='')}/series/{quote(series_uid, safe='')}"
    response = client._http_get(address, headers={"Accept": AS_STORED}, stream=True)
    if response.headers["Content-Type"].startswith("application/dicom"):  # one object, not in parts
        yield response.content
    else:
        yield from map(bytes, client._decode_multipart_message(response, stream=True))


def store_objects(archive: Archive, files: Sequence[Path]) -> int:
    """Store DICOM files in the archive; return how many it took. Raises ArchiveError where it refuses one."""
    from pydicom import dcmread

    datasets, client = [dcmread(path) for path in files], connect(archive)
    with answering("The archive does not take the report"):
        answer = client.store_instances(datasets)
    refused = answer.get("FailedSOPSequence")
    if refused:
        raise ArchiveError(f"The archive refused {len(refused)} of {len(datasets)} objects: ask who runs it.")
    return len(datasets)


def text(found: Mapping[str, Any], tag: str) -> str:
    """Read the one value of an attribute in DICOM JSON; empty where there is none."""
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Turn what goes wrong with a request into an ArchiveError that begins with `what`."""
    import requests

    try:
        yield
    except (requests.RequestException, ValueError) as error:
        raise ArchiveError(f"{what}: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """Why a request failed, without the address, in which a password may stand."""
    response = getattr(error, "response", None)
    if response is not None:
        told = f"it says {response.status_code} {response.reason}"
        refused = response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        return f"{told}, so set LESION_SEARCH_DICOMWEB_TOKEN or give --header" if refused else told
    return {
        "SSLError": "its certificate is not trusted",
        "ConnectionError": "it cannot be reached, so check its address",
    }.get(
        type(error).__name__, "it takes too long" if "Timeout" in type(error).__name__ else "its answer is not DICOMweb"
    )


def _date(stated: str) -> date | None:
    try:
        return datetime.strptime(stated, "%Y%m%d").date()
    except ValueError:
        return None


def _count(stated: str) -> int | None:
    return int(stated) if stated.isdigit() else None
