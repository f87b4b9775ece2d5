"""What one lesion costs: bytes on the disk by kind, and processor time to embed and to write it."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.embedder import load_embedder
from encoder.pack import read_pack
from eval.performance.serving import many
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.folder import SNAPSHOT
from tools.domain.patient_keys import PatientKeys
from tools.pipelines.demo import ensure_samples
from tools.settings import Settings

EMBEDDED = 64  # lesions
WRITTEN = 1440


class LesionCosts(BaseModel):
    """Of one lesion of the teaching cases, image and surroundings included."""

    database_bytes: float  # Chroma: record, vector, its index, pictures
    columns_bytes: float  # record, vector and all, beside the database, without compressed vectors
    vector_bytes: float
    embed_cpu_ms: float
    write_cpu_ms: float
    load: float  # processes that wanted a core meanwhile


def measure_lesion_costs(settings: Settings) -> LesionCosts:
    """Embed some lesions of the teaching pack, and write many with vectors that cost nothing."""
    embedder = load_embedder(settings.encoder)
    pack = many(read_pack(ensure_samples(settings) / "pack"), WRITTEN)
    embedder(pack.inputs(slice(2)))
    began = time.process_time()
    embedder(pack.inputs(slice(EMBEDDED)))
    embed_s = time.process_time() - began
    rng = np.random.default_rng(0)

    def drawn(images: NDArray[np.generic]) -> NDArray[np.float32]:
        vectors = rng.standard_normal((len(images), embedder.dim), np.float32)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    with tempfile.TemporaryDirectory(prefix="lesion-search-") as folder:
        atlas = Atlas(folder, embedder.fingerprint, PatientKeys(b"costs"), create=True)
        ticks = [time.process_time()]
        index_pack(atlas, pack, drawn, lambda done, total: ticks.append(time.process_time()))
        write_s = ticks[-1] - ticks[0]  # without the calibration at the end
        atlas.view()
        atlas.close()
        sizes = {path: path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()}
        columns = sum(size for path, size in sizes.items() if SNAPSHOT in path.relative_to(folder).parts)
    return LesionCosts(
        database_bytes=(sum(sizes.values()) - columns) / len(pack),
        columns_bytes=columns / len(pack),
        vector_bytes=4 * embedder.dim,
        embed_cpu_ms=embed_s / EMBEDDED * 1e3,
        write_cpu_ms=write_s / len(pack) * 1e3,
        load=os.getloadavg()[0],
    )


def to_markdown(costs: LesionCosts) -> str:
    """Format bytes and milliseconds."""
    return (
        "| of one lesion | |\n|---|---|\n"
        f"| database: record, vector, index, pictures | {costs.database_bytes / 1e3:.1f} KB |\n"
        f"| vector in full, beside the database | {costs.vector_bytes / 1e3:.1f} KB |\n"
        f"| record in columns, beside the database | {(costs.columns_bytes - costs.vector_bytes) / 1e3:.2f} KB |\n"
        f"| embedding | {costs.embed_cpu_ms:.1f} ms of one core |\n"
        f"| writing | {costs.write_cpu_ms:.2f} ms of one core |\n"
    )
