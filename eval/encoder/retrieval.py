"""Retrieval by similarity: for each lesion, how many of its nearest carry the same label."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.embedder import Embedder
from eval.encoder.lidc import Nodule, largest_slices
from eval.metrics import (
    average_precision_at,
    interval,
    macro,
    mean_precision_up_to,
    micro,
    patient_bootstrap,
    precision_at,
)
from tools.domain.lesions import Scope
from tools.domain.splits import Split

SCOPES: tuple[Scope, ...] = ("all", "same-patient", "cross-patient")
Vectors = NDArray[np.float32]
Embed = Callable[[NDArray[np.generic]], Vectors]

LIDC_LABELS = {
    "texture": "texture_class",
    "calcified": "calcified",
    "malignancy": "malignancy_class",
    "size": "size_class",
}
K_VALUES = (1, 3, 5, 10)
SAME_LESION = "encoder, same-lesion head"


class Estimate(BaseModel):
    """A figure with its 95 % interval, bootstrapped over patients."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


class RetrievalScore(BaseModel):
    """One method on one label in one scope; the query is never among its own candidates."""

    method: str
    label: str
    scope: Scope
    queries: int
    patients: int
    chance: float  # macro precision of a random order: one over the number of classes
    macro_p: dict[int, Estimate]  # by k
    micro_p: dict[int, Estimate]
    macro_map10: Estimate
    micro_map10: Estimate
    paper_map10: float  # mean of precision at 1..10, micro; the paper also left the query among the candidates


class SameLesionScore(BaseModel):
    """Finding another slice of the same nodule, at least two slices away, among all other nodules."""

    method: str
    queries: int
    recall_at_1: Estimate
    recall_at_5: Estimate


class RetrievalReport(BaseModel):
    split: Split
    scores: list[RetrievalScore]
    same_lesion: list[SameLesionScore]


@dataclass(frozen=True, eq=False)
class Ranking:
    """For each query the candidates in order of similarity, as relevance of a label."""

    relevant: NDArray[np.bool_]  # (Q, K)
    available: NDArray[np.int64]  # (Q,)
    total_relevant: NDArray[np.int64]  # (Q,)


def rank(
    vectors: Vectors, labels: NDArray[np.str_], patients: NDArray[np.str_], scope: Scope, depth: int = 10
) -> Ranking:
    """Rank every other lesion for each lesion by cosine similarity; ties keep the given order."""
    return rank_by(vectors @ vectors.T, labels, patients, scope, depth)


def rank_by(
    similarity: NDArray[np.floating],
    labels: NDArray[np.str_],
    patients: NDArray[np.str_],
    scope: Scope,
    depth: int = 10,
) -> Ranking:
    """Rank every other lesion for each lesion, the likest first. Shape: (N, N), (N,), (N,)."""
    same = patients[:, None] == patients[None, :]
    allowed = {"all": np.ones_like(same), "same-patient": same, "cross-patient": ~same}[scope] & ~np.eye(
        len(same), dtype=bool
    )
    order = np.argsort(-np.where(allowed, similarity, -np.inf), axis=1, kind="stable")[:, :depth]
    if order.shape[1] < depth:
        order = np.pad(order, ((0, 0), (0, depth - order.shape[1])))
    match = (labels[:, None] == labels[None, :]) & allowed
    return Ranking(np.take_along_axis(match, order, axis=1), allowed.sum(axis=1), match.sum(axis=1))


def score_retrieval(
    method: str, label: str, vectors: Vectors, labels: NDArray[np.str_], patients: NDArray[np.str_], scope: Scope
) -> RetrievalScore:
    """Score precision and average precision on one label. Shape: (N, D) unit rows, (N,), (N,)."""
    ranking = rank(vectors, labels, patients, scope)
    at = {k: precision_at(ranking.relevant, ranking.available, k) for k in K_VALUES}
    average = average_precision_at(ranking.relevant, ranking.available, ranking.total_relevant, 10)
    return RetrievalScore(
        method=method,
        label=label,
        scope=scope,
        queries=int(np.isfinite(at[1]).sum()),
        patients=len(np.unique(patients[np.isfinite(at[1])])),
        chance=1 / len(np.unique(labels)),
        macro_p={k: estimate(values, labels, patients, 0) for k, values in at.items()},
        micro_p={k: estimate(values, labels, patients, 1) for k, values in at.items()},
        macro_map10=estimate(average, labels, patients, 0),
        micro_map10=estimate(average, labels, patients, 1),
        paper_map10=micro(mean_precision_up_to(ranking.relevant, ranking.available, 10)),
    )


def estimate_difference(
    first: NDArray[np.float64], second: NDArray[np.float64], labels: NDArray[np.str_], patients: NDArray[np.str_]
) -> Estimate:
    """Estimate the macro mean of `first` minus that of `second`, paired: both get the same patients drawn."""
    low, high = interval(patient_bootstrap(first, labels, patients)[0] - patient_bootstrap(second, labels, patients)[0])
    return Estimate(value=macro(first, labels) - macro(second, labels), low=low, high=high)


def estimate(values: NDArray[np.float64], labels: NDArray[np.str_], patients: NDArray[np.str_], which: int) -> Estimate:
    """Estimate the macro (`which` = 0) or micro (1) mean over queries with its interval. Shape: three times (Q,)."""
    value = (macro(values, labels), micro(values))[which]
    if not np.isfinite(value):
        return Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
    low, high = interval(patient_bootstrap(values, labels, patients)[which])
    return Estimate(value=value, low=low, high=high)


def score_same_lesion(
    method: str, vectors: Vectors, nodules: Sequence[Nodule], queries_per_nodule: int = 1
) -> SameLesionScore:
    """Query with a nodule's largest slice; its slices nearer than two are hidden. Nodules too thin are left out."""
    names = np.array([n.nodule_id for n in nodules])
    slices = np.array([n.slice for n in nodules])
    patients = np.array([n.patient_id for n in nodules])
    first_at_1, first_at_5, who = [], [], []
    for query in largest_slices(nodules):
        own = names == names[query]
        targets = own & (abs(slices - slices[query]) >= 2)
        if not targets.any():
            continue
        candidates = np.flatnonzero(~own | targets)
        nearest = candidates[np.argsort(-(vectors[candidates] @ vectors[query]), kind="stable")[:5]]
        first_at_1.append(bool(targets[nearest[0]]))
        first_at_5.append(bool(targets[nearest].any()))
        who.append(patients[query])
    one_class = np.full(len(who), "nodule")
    return SameLesionScore(
        method=method,
        queries=len(who),
        recall_at_1=estimate(np.array(first_at_1, float), one_class, np.array(who), 1),
        recall_at_5=estimate(np.array(first_at_5, float), one_class, np.array(who), 1),
    )


def evaluate_lidc(
    images: NDArray[np.uint8],
    nodules: Sequence[Nodule],
    methods: Mapping[str, Embed],
    scopes: Sequence[Scope] = ("cross-patient",),
    split: Split = "test",
) -> RetrievalReport:
    """Retrieve among the LIDC patients of `split`: one slice a nodule for the labels, all for the same nodule."""
    held_out = [row for row, nodule in enumerate(nodules) if nodule.split == split]
    pixels, rows = images[held_out], [nodules[row] for row in held_out]
    one_slice = largest_slices(rows)
    patients = np.array([rows[i].patient_id for i in one_slice])
    report = RetrievalReport(split=split, scores=[], same_lesion=[])
    for method, embed in methods.items():
        vectors = embed(pixels)
        for label, column in LIDC_LABELS.items():
            labels = np.array([getattr(rows[i], column) for i in one_slice])
            report.scores += [
                score_retrieval(method, label, vectors[one_slice], labels, patients, scope) for scope in scopes
            ]
        report.same_lesion.append(score_same_lesion(method, vectors, rows))
        if isinstance(embed, Embedder) and embed.same_lesion_dim:
            report.same_lesion.append(score_same_lesion(SAME_LESION, embed.same_lesion(pixels), rows))
    return report


def to_markdown(report: RetrievalReport) -> str:
    """Format the report as Markdown: macro P@10 with intervals first, then everything else."""
    lines = []
    for scope in dict.fromkeys(score.scope for score in report.scores):
        scores = [score for score in report.scores if score.scope == scope]
        labels = list(dict.fromkeys(score.label for score in scores))
        by_key = {(score.method, score.label): score for score in scores}
        first = scores[0]
        lines += [
            f"Scope {scope}: macro P@10, 95 % interval over patients "
            f"({first.queries} nodules, {first.patients} {report.split} patients).",
            "",
            "| method | " + " | ".join(labels) + " |",
            "|---|" + "---|" * len(labels),
            "| chance | " + " | ".join(f"{by_key[first.method, label].chance:.2f}" for label in labels) + " |",
        ]
        for method in dict.fromkeys(score.method for score in scores):
            lines.append(
                f"| {method} | " + " | ".join(str(by_key[method, label].macro_p[10]) for label in labels) + " |"
            )
        lines += [
            "",
            "| method | label | macro P@1 | P@3 | P@5 | P@10 | mAP@10 | micro P@10 | mAP@10 | paper_map@10 |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        for score in scores:
            figures = [score.macro_p[k].value for k in K_VALUES]
            figures += [score.macro_map10.value, score.micro_p[10].value, score.micro_map10.value, score.paper_map10]
            lines.append(
                f"| {score.method} | {score.label} | " + " | ".join(f"{value:.3f}" for value in figures) + " |"
            )
        lines.append("")
    if report.same_lesion:
        lines += ["Same nodule on another slice:", "", "| method | queries | R@1 | R@5 |", "|---|---|---|---|"]
        lines += [f"| {s.method} | {s.queries} | {s.recall_at_1} | {s.recall_at_5} |" for s in report.same_lesion]
    return "\n".join(lines).rstrip() + "\n"
