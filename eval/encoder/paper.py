"""The paper's published figures (arXiv:2311.11014, abstract and results) beside ours, counted both ways.

Published on DeepLesion, which cannot be shipped. Anyone who has it imports it (`lesion-search import deeplesion`) and
names the pack; otherwise real LIDC nodules with their four types stand in, or phantoms where not even those are there,
and the table says so: figures on other data are beside each other, not against each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.pack import native_widths_mm
from encoder.roi import to_roi_width
from eval.encoder.classification import linear_probe, nearest_vote
from eval.encoder.lidc import LabelError, Nodule, largest_slices
from eval.encoder.retrieval import SCOPES, Embed, Vectors, rank
from eval.metrics import average_precision_at, macro_f1, mean_precision_up_to, micro
from tools.domain.lesions import Scope

SOURCE = "arXiv:2311.11014, DeepLesion, SimCLR with Frangi and GeM"
PUBLISHED_ACCURACY, PUBLISHED_MACRO_F1 = 0.8073, 0.7783
PUBLISHED_MAP10: Mapping[Scope, float] = {"all": 0.729, "same-patient": 0.713, "cross-patient": 0.465}


@dataclass(frozen=True, eq=False)
class TypedLesions:
    """Lesions with a known type: those a classifier may learn from, and those asked about."""

    name: str
    images: NDArray[np.generic]  # (N, 64, 64), or (N, 2, 64, 64) with their contexts
    types: NDArray[np.str_]
    patients: NDArray[np.str_]
    asked: NDArray[np.bool_]  # (N,) true for the held-out ones


class PaperRow(BaseModel):
    measure: str
    published: float
    ours: float  # as the paper's code counts it
    strict: float | None  # as it should be counted, where that differs


class PaperReport(BaseModel):
    data: str
    types: list[str]
    lesions: int
    patients: int
    rows: list[PaperRow]


def lidc_lesions(images: NDArray[np.uint8], nodules: Sequence[Nodule]) -> TypedLesions:
    """Take one slice of each reliable nodule; test patients are asked about."""
    rows = largest_slices(nodules)
    chosen = [nodules[row] for row in rows]
    return TypedLesions(
        name="LIDC-IDRI lung nodules (real CT, four types; DeepLesion is not here)",
        images=images[rows],
        types=np.array([nodule.lesion_type for nodule in chosen]),
        patients=np.array([nodule.patient_id for nodule in chosen]),
        asked=np.array([nodule.split == "test" for nodule in chosen]),
    )


def pack_lesions(name: str, images: NDArray[np.generic], rows: Sequence[Mapping[str, str]]) -> TypedLesions:
    """Take the typed lesions of a ROI pack; rows with `split` = test are asked about. Raises LabelError without any."""
    typed = [i for i, row in enumerate(rows) if row.get("lesion_type")]
    asked = np.array([rows[i].get("split") == "test" for i in typed], dtype=bool)
    if asked.all() or not asked.any():
        raise LabelError(f"{name} needs typed lesions with split = test and others; import DeepLesion with its split")
    return TypedLesions(
        name=name,
        images=to_roi_width(images[typed], native_widths_mm(rows)[typed]),
        types=np.array([rows[i]["lesion_type"] for i in typed]),
        patients=np.array([rows[i]["patient_id"] for i in typed]),
        asked=asked,
    )


def compare_with_paper(lesions: TypedLesions, embed: Embed) -> PaperReport:
    """Classify the held-out lesions by the others, and retrieve among the held-out ones by scope."""
    vectors = embed(lesions.images)
    known, asked = ~lesions.asked, lesions.asked
    truth = lesions.types[asked].tolist()
    best: list[tuple[float, float]] = []
    for classifier in (linear_probe, nearest_vote):
        predicted = classifier(vectors[known], lesions.types[known], vectors[asked]).tolist()
        best.append((float(np.mean(np.array(predicted) == truth)), macro_f1(truth, predicted)))
    rows = []
    for name, (accuracy, f1) in zip(("linear probe", "k-NN"), best, strict=True):
        rows.append(PaperRow(measure=f"accuracy, {name}", published=PUBLISHED_ACCURACY, ours=accuracy, strict=None))
        rows.append(PaperRow(measure=f"macro F1, {name}", published=PUBLISHED_MACRO_F1, ours=f1, strict=None))
    own, types, patients = vectors[asked], lesions.types[asked], lesions.patients[asked]
    rows += [
        PaperRow(
            measure=f"mAP@10, {scope}",
            published=PUBLISHED_MAP10[scope],
            ours=_as_published(own, types, patients, scope),
            strict=_strict(own, types, patients, scope),
        )
        for scope in SCOPES
    ]
    return PaperReport(
        data=lesions.name,
        types=np.unique(lesions.types).tolist(),
        lesions=int(asked.sum()),
        patients=len(np.unique(patients)),
        rows=rows,
    )


def _as_published(vectors: Vectors, types: NDArray[np.str_], patients: NDArray[np.str_], scope: Scope) -> float:
    """Average precision@1…10, the query being its own first hit except in cross-patient search."""
    ranking = rank(vectors, types, patients, scope, depth=10)
    relevant, available = ranking.relevant, ranking.available
    if scope != "cross-patient":
        relevant = np.concatenate((np.ones((len(relevant), 1), dtype=bool), relevant[:, :-1]), axis=1)
        available = available + 1
    return micro(mean_precision_up_to(relevant, available, 10))


def _strict(vectors: Vectors, types: NDArray[np.str_], patients: NDArray[np.str_], scope: Scope) -> float:
    ranking = rank(vectors, types, patients, scope, depth=10)
    return micro(average_precision_at(ranking.relevant, ranking.available, ranking.total_relevant, 10))


def to_markdown(report: PaperReport) -> str:
    """Format the published figures and ours as one table."""
    lines = [
        f"Published: {SOURCE}. Ours: shipped encoder on {report.data}; {report.lesions} lesions of {report.patients} "
        f"patients not trained on, types {', '.join(report.types)}. On other data the columns stand beside each other, "
        "not against each other.",
        "",
        "| | published | ours, counted as published | ours, counted strictly |",
        "|---|---|---|---|",
    ]
    for row in report.rows:
        strict = "–" if row.strict is None else f"{row.strict:.3f}"
        lines.append(f"| {row.measure} | {row.published:.3f} | {row.ours:.3f} | {strict} |")
    lines += [
        "",
        "Counted as published: mean of precision at 1 to 10, with the query among its own candidates where its patient "
        "is. Strictly: average precision over the first ten, the query left out, micro.",
    ]
    return "\n".join(lines) + "\n"
