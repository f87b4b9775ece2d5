"""The Chroma side of the atlas: two collections, one of vectors with metadata and one of ROI images.

Images are kept apart because Chroma keeps metadata in an indexed SQL table: beside the vectors they would be read
whenever records are, and searched through by every filter.
"""

import base64
import logging
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from encoder.pack import Images
from encoder.roi import ROI_SIZE
from tools.atlas.catalog import Condition, Vectors
from tools.atlas.folder import (
    is_remote,
    is_writable,
    last_written,
    missing,
    private_copy,
    require_atlas,
    without_password,
)
from tools.domain.lesions import AtlasError, NoAtlasError
from tools.settings import get_settings

LESIONS = "lesions"
ROIS = "lesion-rois"
PAGE = 5000  # SQLite allows a limited number of variables in one query
# ef_search 400: recall@10 of .976 at a million vectors for about 0.4 ms (Chroma's default of 100 gives under .8)
INDEX = {"hnsw": {"space": "cosine", "ef_search": 400, "ef_construction": 200}}
Metadata = Mapping[str, str | int | float | None]  # None deletes what is stored under that name
Candidates = tuple[list[str], NDArray[np.float64]]  # ids of lesions, best first, and their cosine similarities
OPERATORS = {"==": "$eq", "!=": "$ne", "in": "$in", ">=": "$gte", "<=": "$lte"}
LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger(__name__)


class ChromaStore:
    """Lesion records in a Chroma database: a folder, or an http(s) address. Raises AtlasError.

    A server belongs on a private network behind an authenticating proxy (Chroma's own server has had serious
    vulnerabilities). Name and password may stand in the address; other headers are a setting.
    """

    def __init__(self, location: str, create: bool, new_facts: Metadata) -> None:
        self.location = location
        self.remote = is_remote(location)
        if not create:
            require_atlas(location)  # before Chroma makes an empty database there
        searchable = self.remote or create or is_writable(Path(location))
        self._copy = None if searchable else private_copy(Path(location))
        self._kept_facts: tuple[object, dict[str, Any]] | None = None  # and when the database had been written
        with self._reported("opened"):
            self._client = _connect(self._copy.name if self._copy else location)
            self.max_batch = min(int(self._client.get_max_batch_size()), PAGE)
            try:
                self._lesions = self._client.get_collection(LESIONS, embedding_function=None)
            except NotFoundError:
                if not create:
                    raise NoAtlasError(missing(location)) from None
                self._lesions = self._client.get_or_create_collection(
                    LESIONS, configuration=INDEX, embedding_function=None, metadata=dict(new_facts)
                )
            self._rois = self._client.get_or_create_collection(ROIS, embedding_function=None)

    @property
    def in_place(self) -> bool:
        """Tell whether the database is opened where it lies, and not in a private copy."""
        return self._copy is None

    def facts(self) -> dict[str, Any]:
        """Read what the collection remembers about itself: fingerprint, revision, calibration.

        Every search asks for them, so they are kept while the database's files are as they were.
        """
        written = None if self.remote else last_written(self._copy.name if self._copy else self.location)
        if written is None or self._kept_facts is None or self._kept_facts[0] != written:
            with self._reported("read"):
                self._lesions = self._client.get_collection(LESIONS, embedding_function=None)
                self._kept_facts = written, dict(self._lesions.metadata or {})
        return dict(self._kept_facts[1])

    def remember(self, facts: Metadata) -> None:
        """Replace all facts."""
        with self._reported("written"):
            self._lesions.modify(metadata=dict(facts))

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, records: Sequence[Metadata], images: Sequence[Images]
    ) -> None:
        """Write at most `max_batch` records. Images go first: a lesion that is found always has its picture."""
        with self._reported("written"):
            positions = [[float(zlib.crc32(lesion_id.encode()) % 65_521)] for lesion_id in ids]  # Chroma wants a vector
            self._rois.upsert(ids=list(ids), embeddings=positions, metadatas=[encode_roi(image) for image in images])
            self._lesions.upsert(ids=list(ids), embeddings=vectors, metadatas=[dict(record) for record in records])

    def delete(self, ids: Sequence[str]) -> None:
        """Delete records, and their images after them: a lesion that is found always has its picture."""
        with self._reported("written"):
            for start in range(0, len(ids), self.max_batch):
                some = list(ids[start : start + self.max_batch])
                self._lesions.delete(ids=some)
                self._rois.delete(ids=some)

    def metadata_of(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read all metadata of a few lesions."""
        with self._reported("read"):
            page = self._lesions.get(ids=list(ids), include=["metadatas"])
        return {i: dict(record) for i, record in zip(page["ids"], page["metadatas"] or [], strict=True)}

    def dim(self) -> int:
        """Read how many dimensions the vectors have; 0 where there is none."""
        with self._reported("read"):
            first = self._lesions.peek(1)["embeddings"]
        return len(first[0]) if len(first) else 0

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Read all ids and metadata."""
        for page in self._pages(["metadatas"]):
            yield from zip(page["ids"], page["metadatas"], strict=True)

    def count(self) -> int:
        """Count the lesions."""
        with self._reported("read"):
            return int(self._lesions.count())

    def vector_pages(self) -> Iterator[tuple[list[str], Vectors]]:
        """Read all ids and vectors (n, dim), some at a time."""
        for page in self._pages(["embeddings"]):
            yield page["ids"], np.asarray(page["embeddings"], np.float32)

    def content_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Read the content digest of those of `ids` that are stored."""
        return {i: str(record.get("content")) for i, record in self.metadata_of(ids).items()}

    def vectors_of(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Read the vectors (dim,) of a few lesions."""
        with self._reported("read"):
            page = self._lesions.get(ids=list(ids), include=["embeddings"])
        return {i: np.asarray(v, np.float32) for i, v in zip(page["ids"], page["embeddings"], strict=True)}

    def nearest(self, vectors: Vectors, count: int, conditions: Sequence[Condition] = ()) -> list[Candidates]:
        """Find about the `count` nearest to each of some unit vectors (Q, dim), best first.

        A condition costs 20 to 70 times the search itself.
        """
        clauses = [
            {column: {OPERATORS[how]: list(value) if how == "in" else value}} for column, how, value in conditions
        ]
        where = {"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else None
        with self._reported("searched"):
            found = self._lesions.query(query_embeddings=vectors, n_results=count, where=where, include=["distances"])
        return [(ids, 1.0 - np.array(far)) for ids, far in zip(found["ids"], found["distances"], strict=True)]

    def roi(self, lesion_id: str) -> Images | None:
        """Read the stored ROI (64, 64), or (2, 64, 64) with its context; None where there is none."""
        with self._reported("read"):
            page = self._rois.get(ids=[lesion_id], include=["metadatas"])
        return decode_roi(page["metadatas"][0]) if page["ids"] else None

    def rois(self) -> Iterator[tuple[str, Images]]:
        """Read all images with their lesion ids."""
        for page in self._pages(["metadatas"], self._rois):
            for lesion_id, record in zip(page["ids"], page["metadatas"], strict=True):
                yield lesion_id, decode_roi(record)

    def close(self) -> None:
        """Let go of the database."""
        self._client.close()
        if self._copy:
            self._copy.cleanup()

    def _pages(self, include: list[str], collection: Any = None) -> Iterator[Any]:
        offset = 0
        while True:
            with self._reported("read"):
                page = (collection or self._lesions).get(limit=PAGE, offset=offset, include=include)
            if not page["ids"]:
                return
            yield page
            offset += len(page["ids"])

    @contextmanager
    def _reported(self, done: str) -> Iterator[None]:
        """Turn Chroma's many kinds of failure into one AtlasError."""
        try:
            yield
        except AtlasError:
            raise
        except Exception as error:  # HTTP clients, SQLite and Rust each raise their own family
            if not isinstance(error, ChromaError | OSError | ValueError | RuntimeError) and not self.remote:
                raise
            place = without_password(self.location)
            raise AtlasError(f"The atlas at {place} cannot be {done}: {self._explained(error)}") from error

    def _explained(self, error: Exception) -> str:
        """Say why the database failed and what to do; SQLite's own words where nothing better is known."""
        text = str(error)
        if "disk is full" in text or "No space left" in text:
            return "the disk is full. Free some space and run it again; the lesions stored so far stay."
        if "readonly database" in text or "Read-only file system" in text:
            return "its folder has become read-only. Make it writable, or choose another with --atlas."
        for cause in _causes(error):  # Chroma's own words hide what its HTTP client met
            if "CERTIFICATE_VERIFY_FAILED" in str(cause):
                return "nobody known here has signed its certificate. Name the signer's PEM file in SSL_CERT_FILE."
            if getattr(getattr(cause, "response", None), "status_code", None) in (
                HTTPStatus.UNAUTHORIZED,
                HTTPStatus.FORBIDDEN,
            ):
                return (
                    "the server lets nobody in without a name. Set LESION_SEARCH_ATLAS_HEADERS, or name:password@host."
                )
        what = "Is the server running and the address right?" if self.remote else "Is the folder complete, and yours?"
        return f"{text}. {what}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Follow an error to what it was raised after."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _connect(location: str) -> Any:
    settings = Settings(anonymized_telemetry=False)
    if is_remote(location):
        url = urlsplit(location)
        secure = url.scheme == "https"
        headers = _headers(url)
        if headers and not secure and url.hostname not in LOOPBACK:
            log.warning("What lets into the atlas at %s goes there unencrypted: use https.", without_password(location))
        port = url.port or (443 if secure else 80)
        return chromadb.HttpClient(url.hostname or "", port, ssl=secure, headers=headers, settings=settings)
    return chromadb.PersistentClient(location, settings=settings)


def _headers(url: SplitResult) -> dict[str, str]:
    """Collect what lets into a server: headers of the settings for this very one, name and password of the address."""
    given = get_settings().atlas_headers.get(url.netloc.rpartition("@")[2], {})
    headers = {name: value.get_secret_value() for name, value in given.items()}
    if url.username:
        secret = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    return headers


def encode_roi(image: Images) -> dict[str, str]:
    """Encode an int16 or uint8 ROI (64, 64), or (2, 64, 64) with its context, as text: row differences, deflated.

    About 4 KB for a real CT crop.
    """
    rows = image.reshape(-1, ROI_SIZE)
    step = np.diff(rows, axis=1, prepend=image.dtype.type(0))  # wraps around, and back again
    planes = step.astype(step.dtype.newbyteorder("<")).view(np.uint8).reshape(*rows.shape, -1)
    packed = zlib.compress(np.ascontiguousarray(planes.transpose(2, 0, 1)).tobytes())
    return {"dtype": image.dtype.name, "roi": base64.b64encode(packed).decode("ascii")}


def decode_roi(record: Mapping[str, Any]) -> Images:
    """Decode the image of `encode_roi`: its length tells whether it has a context."""
    dtype = np.dtype(np.uint8 if record["dtype"] == "uint8" else np.int16)
    raw = zlib.decompress(base64.b64decode(record["roi"]))
    planes = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1, ROI_SIZE).transpose(1, 2, 0)
    step = np.ascontiguousarray(planes).view(dtype.newbyteorder("<"))[..., 0]
    rows = np.cumsum(step, axis=1, dtype=dtype)
    return rows if len(rows) == ROI_SIZE else rows.reshape(-1, ROI_SIZE, ROI_SIZE)
