"""The eight types on real CT: an atlas of real organs and lesions votes on lesions of other patients.

The atlas is what `README.md` tells a user to build: the packs as they come, some in HU and some in a window, asked
through the same search and votes as on the page. The same ROIs in other windows must find themselves in it, and the
nearest lesions of one type should be near in size and density too.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import stats

from encoder.embedder import Embedder
from encoder.pack import LesionRow, RoiPack, native_widths_mm, read_context, read_pack_arrays, with_context
from encoder.roi import rois_alone, to_roi_width
from eval.encoder.lidc import Nodule, largest_slices
from eval.encoder.organs import windowed_packs
from eval.encoder.retrieval import Estimate, estimate, rank
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.patient_keys import PatientKeys

LIDC_NODULES = 150
WINDOWED_ROIS = 200
WINDOWS_HU = ((-175.0, 275.0), (0.0, 255.0), (-500.0, 800.0))
HITS = 10


class TypeRecall(BaseModel):
    """How many lesions of a type were called by it."""

    lesion_type: str
    lesions: int
    recall: float


class RealTypesReport(BaseModel):
    """Votes on `queries` lesions, and what is near what."""

    queries: int
    patients: int
    atlas_lesions: int
    learnt_from: bool  # the encoder was trained on these very lesions; their patients are never among the atlas's
    accuracy: Estimate
    macro_recall: Estimate
    types: list[TypeRecall]
    precision_at_1: Estimate  # among the queries, other patients, macro
    precision_at_5: Estimate
    same_in_window: float  # of ROIs in HU, found first by their views in other windows
    size_order: float  # rank correlation of the size of phantoms with that of their ten hits
    density_order: float
    hit_similarity: tuple[float, float, float]  # 5 %, median and 95 % of the ten hits of phantoms


@dataclass(frozen=True, eq=False)
class TypesAsked:
    """What an atlas of real CT, made of `packs`, said of lesions: the types voted, empty for none."""

    voted: NDArray[np.str_]
    types: NDArray[np.str_]  # what is right
    patients: NDArray[np.str_]
    vectors: NDArray[np.float32]
    packs: tuple[RoiPack, ...]
    atlas_lesions: int


def ask_types(
    data: Path, embedder: Embedder, nodules: tuple[NDArray[np.uint8], Sequence[Nodule]], queries: Path
) -> TypesAsked:
    """Build the atlas of `data` and 150 LIDC nodules, and ask it about the typed lesions of the pack `queries`.

    Patients of the queries are left out of the atlas's answers. Raises LabelError and PackError for data that are not
    there.
    """
    asked, rows = read_pack_arrays(queries)
    typed = [number for number, row in enumerate(rows) if row["lesion_type"]]
    inputs = to_roi_width(with_context(asked, read_context(queries)), native_widths_mm(rows))[typed]
    types = np.array([rows[number]["lesion_type"] for number in typed])
    patients = np.array([rows[number]["patient_id"] for number in typed])
    vectors = embedder(inputs)
    keys = PatientKeys(b"evaluation")
    packs = list(windowed_packs(data))
    with tempfile.TemporaryDirectory() as folder:
        atlas = Atlas(folder, embedder.fingerprint, keys, create=True)
        try:
            for pack in (*packs, _lidc_pack(*nodules)):
                index_pack(atlas, pack, embedder)
            found = [
                atlas.search(vector, k=1, patient_key=keys.patient(patient)).votes
                for vector, patient in zip(vectors, patients, strict=True)
            ]
            voted = np.array([votes[0].lesion_type if votes else "" for votes in found])
            size = len(atlas)
        finally:
            atlas.close()
    return TypesAsked(voted, types, patients, vectors, tuple(packs), size)


def measure_real_types(
    data: Path,
    embedder: Embedder,
    nodules: tuple[NDArray[np.uint8], Sequence[Nodule]],
    phantoms: tuple[NDArray[np.generic], list[dict[str, str]]],
    queries: Path,
    learnt_from: bool,
) -> RealTypesReport:
    """Measure what `ask_types` gives, and what is near what. Raises LabelError and PackError for missing data."""
    asked = ask_types(data, embedder, nodules, queries)
    types, patients = asked.types, asked.patients
    right = (asked.voted == types).astype(float)
    ranking = rank(asked.vectors, types, patients, "cross-patient")
    similar = _likeness_of_hits(embedder, *phantoms)
    return RealTypesReport(
        queries=len(types),
        patients=len(np.unique(patients)),
        atlas_lesions=asked.atlas_lesions,
        learnt_from=learnt_from,
        accuracy=estimate(right, types, patients, 1),
        macro_recall=estimate(right, types, patients, 0),
        types=[
            TypeRecall(lesion_type=name, lesions=int((types == name).sum()), recall=float(right[types == name].mean()))
            for name in np.unique(types)
        ],
        precision_at_1=estimate(ranking.relevant[:, :1].mean(axis=1), types, patients, 0),
        precision_at_5=estimate(ranking.relevant[:, :5].mean(axis=1), types, patients, 0),
        same_in_window=_found_in_windows(asked.packs, embedder),
        size_order=similar[0],
        density_order=similar[1],
        hit_similarity=similar[2],
    )


def _lidc_pack(images: NDArray[np.uint8], nodules: Sequence[Nodule]) -> RoiPack:
    """150 nodules of training patients, as lesions of the lung."""
    rows = [row for row in largest_slices(nodules) if nodules[row].split == "train"][:LIDC_NODULES]
    lesions = [
        LesionRow(nodules[row].lesion_id, nodules[row].patient_id, lesion_type="lung", source="LIDC-IDRI")
        for row in rows
    ]
    return RoiPack(images[rows], tuple(lesions))


def _found_in_windows(packs: Sequence[RoiPack], embedder: Embedder, seed: int = 0) -> float:
    """Share of ROIs in HU that are the nearest to each of their own views in three windows."""
    images = np.concatenate(
        [pack.inputs() for pack in packs if pack.images.dtype == np.int16 and pack.context is not None]
    )
    chosen = images[np.random.default_rng(seed).permutation(len(images))[:WINDOWED_ROIS]].astype(np.float32)
    whole = embedder(chosen.astype(np.int16))
    found = []
    for low, high in WINDOWS_HU:
        view = embedder(((chosen - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8))
        found.append(np.mean((view @ whole.T).argmax(axis=1) == np.arange(len(whole))))
    return float(np.mean(found))


def _likeness_of_hits(
    embedder: Embedder, images: NDArray[np.generic], rows: list[dict[str, str]]
) -> tuple[float, float, tuple[float, float, float]]:
    """Rank correlation of size, then of density, between phantoms and their ten hits; quantiles of their similarity."""
    from tools.atlas.calibration import usual_distance, usual_similarity

    vectors = embedder(images)
    patients = np.array([row["patient_id"] for row in rows])
    types = np.unique([row["lesion_type"] for row in rows], return_inverse=True)[1]
    sizes = np.array([float(row["long_axis_mm"]) for row in rows])
    middle = rois_alone(images)[:, 26:38, 26:38].mean(axis=(1, 2))
    cosines = np.where(patients[:, None] == patients[None, :], -np.inf, vectors @ vectors.T)
    hits = np.argsort(-cosines, axis=1, kind="stable")[:, :HITS]
    usual = usual_distance(vectors, types, np.unique(patients, return_inverse=True)[1])
    similarities = [usual_similarity(float(c), usual) for c in np.take_along_axis(cosines, hits, axis=1).ravel()]
    size, density = (
        float(stats.spearmanr(np.repeat(values, HITS), values[hits].ravel()).statistic) for values in (sizes, middle)
    )
    low, median, high = np.quantile(similarities, (0.05, 0.5, 0.95))
    return size, density, (float(low), float(median), float(high))


def to_markdown(report: RealTypesReport) -> str:
    """Format the votes, then each type, then what is near what."""
    note = (
        " These very lesions were learnt from: other lesions are called right less often." if report.learnt_from else ""
    )
    low, median, high = report.hit_similarity
    lines = [
        f"{report.queries} lesions of {report.patients} patients, asked in an atlas of {report.atlas_lesions} real "
        f"lesions and organs without their own patient (95 % intervals over patients).{note}",
        "",
        "| accuracy | macro recall | among themselves, macro P@1 | P@5 |",
        "|---|---|---|---|",
        f"| {report.accuracy} | {report.macro_recall} | {report.precision_at_1} | {report.precision_at_5} |",
        "",
        "| type | " + " | ".join(of.lesion_type for of in report.types) + " |",
        "|---" * (len(report.types) + 1) + "|",
        "| lesions | " + " | ".join(str(of.lesions) for of in report.types) + " |",
        "| called right | " + " | ".join(f"{of.recall:.0%}" for of in report.types) + " |",
        "",
        f"An ROI in HU is the nearest to its own view in another window for {report.same_in_window:.0%}. Phantoms and "
        f"their ten hits of other patients: rank correlation of size {report.size_order:.2f}, of density "
        f"{report.density_order:.2f}; similarity {median:.2f} ({low:.2f}–{high:.2f}), .5 being usual for a pair.",
    ]
    return "\n".join(lines) + "\n"
