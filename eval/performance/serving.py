"""How fast a file becomes hits, a pack an atlas, and a folder a volume, beside the usual packages."""

import csv
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from encoder.embedder import Embedder
from encoder.pack import RoiPack, read_pack
from eval.performance.comparison import Comparison, compare
from eval.performance.page import write_long_series
from eval.performance.peers import PlainSearch, pydicom_volume, simpleitk_volume
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.region import PixelBox
from tools.intake.intake import open_study, read_study
from tools.intake.worker_process import warm_up
from tools.pipelines.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.pipelines.phantoms.teaching_cases import series_folder
from tools.settings import Settings
from tools.workspace.search import search_region
from tools.workspace.session import Session, Workspace

Query = tuple[Path, tuple[int, int, int, int]]  # a DICOM file and a box in it
LESIONS_PER_S = 800
END_TO_END_MS, END_TO_END_P95_MS = 60, 120
INTAKE_MS = 1000.0
REST_S = 1.5  # between two uploads, in which the server starts the next worker


def queries(samples: Path, count: int) -> list[Query]:
    """List slices of the teaching cases with the box of a lesion on each."""
    with (samples / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:count]
    found = []
    for row in rows:
        files = sorted(series_folder(samples, row).glob("*.dcm"))
        x0, y0, x1, y1 = (int(row[name]) for name in ("x0", "y0", "x1", "y1"))
        found.append((files[int(row["slice"]) - 1], (x0, y0, x1, y1)))
    return found


def end_to_end_speed(settings: Settings, runs: int) -> list[Comparison]:
    """Time from a DICOM file on the disk to ten hits in the demo atlas, opened as the page opens an upload."""
    embedder, atlas = open_workspace_parts(settings)
    keys = patient_keys(settings)
    asked = queries(ensure_samples(settings), 20)
    ours, theirs = itertools.cycle(asked), itertools.cycle(asked)
    plain = PlainSearch(len(atlas))
    warm_up()
    with tempfile.TemporaryDirectory() as folder:

        def search() -> object:
            file, box = next(ours)
            session = Session(Path(tempfile.mkdtemp(dir=folder)))
            try:
                session.open(open_study(file, keys))
                region = session.add_box(0, PixelBox(*box))
                return search_region(Workspace(session, atlas, embedder), region.region_id, 10)
            finally:
                session.close()

        return [
            compare("DICOM file to ten hits", "search", search, "pydicom, published pipeline, Chroma",
                    lambda: plain.search(*next(theirs)), rounds=runs, target_ms=END_TO_END_MS,
                    target_p95_ms=END_TO_END_P95_MS, rest_s=REST_S)
        ]  # fmt: skip


def indexing_speed(settings: Settings, embedder: Embedder, rounds: int, lesions: int = 2048) -> list[Comparison]:
    """Time a pack on its way into an empty atlas, calibration included."""
    pack = many(read_pack(ensure_samples(settings) / "pack"), lesions)
    keys = patient_keys(settings)
    plain = PlainSearch(1)
    few = list(np.asarray(pack.images[: max(1, lesions // 64)]).clip(0, 255).astype(np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()

        def index() -> object:
            atlas = Atlas(Path(folder) / f"atlas-{next(numbers)}", embedder.fingerprint, keys, create=True)
            return index_pack(atlas, pack, embedder)

        return [
            compare("Indexing a pack", "lesion", index, "published pipeline, Chroma", lambda: plain.index(few),
                    (lesions, len(few)), rounds, target_ms=1000 / LESIONS_PER_S)
        ]  # fmt: skip


def many(pack: RoiPack, count: int) -> RoiPack:
    """Repeat a pack until it has `count` lesions, each with an id and a patient of its own."""
    rows = np.arange(count) % len(pack)
    lesions = [
        replace(pack.lesions[row], lesion_id=f"lesion-{n}", patient_id=f"patient-{n // 4}")
        for n, row in enumerate(rows)
    ]
    context = None if pack.context is None else pack.context[rows]
    return RoiPack(pack.images[rows], tuple(lesions), context)


def intake_speed(settings: Settings, rounds: int, slices: int = 300) -> list[Comparison]:
    """Time a folder of slices on its way to a volume in HU; ours sorts, checks and decodes in a worker process."""
    file, _ = queries(ensure_samples(settings), 1)[0]
    keys = patient_keys(settings)
    itk = simpleitk_volume()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_long_series(file.parent, folder, slices)
        what, target = f"Intake of {slices} slices", INTAKE_MS if slices == 300 else None
        return [
            compare(what, "series", lambda: read_study(folder, keys), "pydicom, file by file",
                    lambda: pydicom_volume(files), rounds=rounds, target_ms=target),
            compare(what, "series", lambda: read_study(folder, keys), "SimpleITK",
                    (lambda: itk(folder)) if itk else None, rounds=rounds, target_ms=target),
        ]  # fmt: skip
