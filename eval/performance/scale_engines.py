"""Ways of finding the ten nearest of many lesions, each in a process of its own: `python -m … ENGINE STEP FOLDER`.

Step `build` makes what is searched from the lesions in the folder, `search` opens that and asks. Peers without filters
of their own are given what passes as a mask, made beforehand; making it counts for the atlas alone.
"""

import json
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.atlas.atlas import Atlas
from tools.atlas.calibration import CALIBRATION_VERSION
from tools.atlas.catalog import Catalog, RowMask, Vectors
from tools.atlas.records import lesion_to_metadata
from tools.atlas.searchers import Query
from tools.atlas.snapshot import read_snapshot, write_snapshot
from tools.domain.lesions import Filters
from tools.domain.patient_keys import PatientKeys

K = 10
FILTERS = {
    "none": Filters(),
    "half": Filters(min_size_mm=16),
    "a type": Filters(lesion_types=("lung",)),
    "few": Filters(lesion_types=("lung",), sex="F", min_size_mm=40),
}
ALL_LESIONS = "0-0"  # the state under which the synthetic lesions are kept
QUERIES = "queries.npy"
KEYS, FINGERPRINT = PatientKeys(b"synthetic lesions"), "0" * 64
M, EF_CONSTRUCTION, EF_SEARCH = 16, 200, 400  # of every HNSW graph, as the atlas's in Chroma
ADDED_AT_ONCE = 5000


class Engine(ABC):
    """One way. `folder` is its own; the lesions lie in the one above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def lesions(self) -> tuple[Catalog, Vectors]:
        """Read the lesions."""
        kept = read_snapshot(self.folder.parent, ALL_LESIONS, sys.maxsize)
        assert kept is not None
        assert kept.vectors is not None
        return kept.catalog, kept.vectors

    def mask(self, name: str) -> RowMask:
        """Mark what passes a filter."""
        catalog, _ = self.lesions()
        return Query.of(catalog, K, FILTERS[name], None).mask

    def build(self) -> None:
        """Make what is searched, where that is more than the lesions themselves."""
        return

    @abstractmethod
    def open(self) -> None:
        """Get ready to be asked."""

    def prepare(self, name: str) -> None:
        """Get ready for a filter."""
        self._mask = self.mask(name)

    @abstractmethod
    def search(self, vector: Vectors, name: str) -> Any:
        """Find the rows or the ids of the ten nearest."""


class OurAtlas(Engine):
    """The whole search of an atlas: hits with their records, votes, confidence.

    It reads columns and vectors beside the database, and of that what it remembers of the whole: no lesion is in it.
    """

    def build(self) -> None:
        catalog, vectors = self.lesions()
        atlas = Atlas(self.folder, FINGERPRINT, KEYS, create=True)
        facts = atlas.store.facts()

        def fill(out: Vectors) -> None:
            for start in range(0, len(vectors), ADDED_AT_ONCE):
                out[start : start + ADDED_AT_ONCE] = vectors[start : start + ADDED_AT_ONCE]

        write_snapshot(self.folder, f"{facts['revision']}-{atlas.store.count()}", catalog, vectors.shape[1], fill)
        fit = atlas.calibration()
        assert fit is not None
        atlas.store.remember(facts | {"calibration": fit.to_json(), "calibration_version": CALIBRATION_VERSION})

    def open(self) -> None:
        self._atlas = Atlas(self.folder, FINGERPRINT, KEYS)
        self._atlas.view()

    def prepare(self, name: str) -> None:
        pass

    def search(self, vector: Vectors, name: str) -> list[str]:
        return [hit.lesion.lesion_id for hit in self._atlas.search(vector, K, FILTERS[name]).hits]


class PlainChroma(Engine):
    """Chroma's index with its own `where`."""

    def build(self) -> None:
        catalog, vectors = self.lesions()
        Atlas(self.folder, FINGERPRINT, KEYS, create=True).close()
        _fill_chroma(self.folder, catalog, vectors)

    def open(self) -> None:
        from tools.atlas.chroma_store import ChromaStore

        self._store = ChromaStore(str(self.folder), create=False, new_facts={})

    def prepare(self, name: str) -> None:
        catalog, _ = self.lesions()
        self._conditions = catalog.conditions(FILTERS[name], None)

    def search(self, vector: Vectors, name: str) -> list[str]:
        return self._store.nearest(vector[None], K, self._conditions)[0][0]


class Numpy(Engine):
    """All vectors in memory, compared one and all."""

    def open(self) -> None:
        _, vectors = self.lesions()
        self._vectors = np.array(vectors)

    def search(self, vector: Vectors, name: str) -> NDArray[np.intp]:
        similarities = self._vectors @ vector
        similarities[~self._mask] = -2
        best = np.argpartition(-similarities, K)[:K]
        order: NDArray[np.intp] = best[np.argsort(-similarities[best])]
        return order


class FaissFlat(Engine):
    """All vectors in memory, compared by FAISS."""

    FACTORY = "Flat"

    def build(self) -> None:
        import faiss

        _, vectors = self.lesions()
        index = faiss.index_factory(vectors.shape[1], self.FACTORY, faiss.METRIC_INNER_PRODUCT)
        if self.FACTORY != "Flat":
            index.hnsw.efConstruction = EF_CONSTRUCTION
        for start in range(0, len(vectors), ADDED_AT_ONCE):
            index.add(np.ascontiguousarray(vectors[start : start + ADDED_AT_ONCE]))
        faiss.write_index(index, str(self.folder / "index"))

    def open(self) -> None:
        import faiss

        self._index = faiss.read_index(str(self.folder / "index"))

    def search(self, vector: Vectors, name: str) -> NDArray[np.intp]:
        import faiss

        selected = faiss.IDSelectorBitmap(np.packbits(self._mask, bitorder="little"))
        settings = (
            faiss.SearchParameters(sel=selected)
            if self.FACTORY == "Flat"
            else faiss.SearchParametersHNSW(sel=selected, efSearch=EF_SEARCH)
        )
        found: NDArray[np.intp] = self._index.search(vector[None], K, params=settings)[1][0]
        return found


class FaissHnsw(FaissFlat):
    """The graph of FAISS."""

    FACTORY = f"HNSW{M}"


class Hnswlib(Engine):
    """The graph that Chroma's is made after."""

    def _index(self) -> Any:
        import hnswlib

        _, vectors = self.lesions()
        return hnswlib.Index("ip", vectors.shape[1]), vectors

    def build(self) -> None:
        index, vectors = self._index()
        index.init_index(len(vectors), ef_construction=EF_CONSTRUCTION, M=M)
        for start in range(0, len(vectors), ADDED_AT_ONCE):
            index.add_items(vectors[start : start + ADDED_AT_ONCE], np.arange(len(vectors))[start:][:ADDED_AT_ONCE])
        index.save_index(str(self.folder / "index"))

    def open(self) -> None:
        self._graph, _ = self._index()
        self._graph.load_index(str(self.folder / "index"))
        self._graph.set_ef(EF_SEARCH)

    def search(self, vector: Vectors, name: str) -> NDArray[np.intp]:
        passes = None if name == "none" else self._mask.__getitem__
        try:
            found: NDArray[np.intp] = self._graph.knn_query(vector, K, filter=passes)[0][0].astype(np.intp)
        except RuntimeError:  # fewer than ten among those it looked at
            return np.zeros(0, np.intp)
        return found


ENGINES: dict[str, type[Engine]] = {
    "atlas": OurAtlas,
    "Chroma": PlainChroma,
    "numpy": Numpy,
    "FAISS flat": FaissFlat,
    "FAISS HNSW": FaissHnsw,
    "hnswlib": Hnswlib,
}


def _fill_chroma(folder: Path, catalog: Catalog, vectors: Vectors) -> None:
    """Write the lesions into the collection that an atlas made, without images."""
    import chromadb
    from chromadb.config import Settings

    from tools.atlas.chroma_store import LESIONS

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    collection = client.get_collection(LESIONS, embedding_function=None)
    for start in range(0, len(catalog), ADDED_AT_ONCE):
        rows = range(start, min(start + ADDED_AT_ONCE, len(catalog)))
        records = [lesion_to_metadata(catalog.lesion(row)) for row in rows]
        known = [{name: value for name, value in record.items() if value is not None} for record in records]
        ids = [catalog.ids[row].decode() for row in rows]
        collection.add(ids=ids, embeddings=vectors[rows.start : rows.stop], metadatas=known)  # type: ignore[arg-type]
    client.close()  # type: ignore[attr-defined]


def measure(engine: Engine) -> dict[str, Any]:
    """Open, ask every query with every filter after one to warm up; times in seconds, and what was found."""
    queries = np.load(engine.folder.parent / QUERIES)
    started = time.perf_counter()
    engine.open()
    result: dict[str, Any] = {"open_s": time.perf_counter() - started, "filters": {}}
    started = time.perf_counter()
    engine.prepare("none")
    engine.search(queries[0], "none")
    result["first_s"] = time.perf_counter() - started
    for name in FILTERS:
        engine.prepare(name)
        engine.search(queries[0], name)
        rows, walls, cpus = [], [], []
        for query in queries:
            wall, cpu = time.perf_counter(), time.process_time()
            answer = engine.search(query, name)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
            rows.append([int(str(each).rpartition("-")[2]) for each in answer])  # ids are numbered by row
        result["filters"][name] = {"wall_s": walls, "cpu_s": cpus, "rows": rows}
    return result


def main(name: str, step: str, folder: str) -> None:
    """Do one step and print what was measured."""
    wall, cpu = time.perf_counter(), time.process_time()
    engine = ENGINES[name](Path(folder) / name.replace(" ", "-").lower())
    result: dict[str, Any] = {}
    if step == "search":
        result = measure(engine)
    else:
        engine.build()
    status = Path("/proc/self/status").read_text().split()
    took = {"step_s": time.perf_counter() - wall, "step_cpu_s": time.process_time() - cpu}
    print(json.dumps(result | took | {"peak_mb": int(status[status.index("VmHWM:") + 1]) / 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
