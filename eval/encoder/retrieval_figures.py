"""What retrieval looks like: precision over recall, a map of the embedding, the worst queries with their nearest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoder.roi import rois_alone
from eval.encoder.lidc import Nodule, largest_slices
from eval.encoder.plots import Failure, embedding_map, failure_gallery, precision_recall
from eval.encoder.retrieval import LIDC_LABELS, Embed, Vectors, rank
from eval.metrics import macro, precision_at
from tools.domain.splits import Split

RECALLS = 51  # points from 0 to 1
FAILURES = 8
NEAREST = 6


def draw_retrieval(
    images: NDArray[np.generic],
    nodules: Sequence[Nodule],
    methods: Mapping[str, Embed],
    folder: Path,
    split: Split = "test",
    failures: int = FAILURES,
) -> tuple[Path, ...]:
    """Draw three PNG figures of the nodules of a split, one slice each; map and failures are of the last method.

    The gallery shows pixels of the data set: it belongs wherever that data may be, not in a repository.
    Raises FigureError.
    """
    rows = [row for row in largest_slices(nodules) if nodules[row].split == split]
    chosen = [nodules[row] for row in rows]
    patients = np.array([nodule.patient_id for nodule in chosen])
    labels = {label: np.array([getattr(n, column) for n in chosen]) for label, column in LIDC_LABELS.items()}
    vectors = {method: embed(images[rows]) for method, embed in methods.items()}
    curves = {
        label: {method: precision_recall_curve(v, values, patients) for method, v in vectors.items()}
        for label, values in labels.items()
    }
    last = vectors[list(vectors)[-1]]
    return (
        precision_recall(
            curves,
            {label: 1 / len(np.unique(values)) for label, values in labels.items()},
            folder / "precision-recall.png",
        ),
        embedding_map(flattened(last), labels, folder / "embedding-map.png"),
        failure_gallery(worst_queries(images[rows], last, labels, patients, failures), folder / "failures.png"),
    )


def precision_recall_curve(
    vectors: Vectors, labels: NDArray[np.str_], patients: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Interpolate precision at evenly spaced recalls, cross-patient, mean over classes of the mean over queries.

    At each recall the best precision from there on, as in TREC. Shape: (N, D), (N,), (N,) -> (RECALLS,).
    """
    ranking = rank(vectors, labels, patients, "cross-patient", depth=len(vectors))
    found = np.cumsum(ranking.relevant, axis=1)
    precision = found / np.arange(1, found.shape[1] + 1)
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = found / ranking.total_relevant[:, None].clip(min=1)
    at = np.linspace(0, 1, RECALLS)
    curves = np.full((len(vectors), RECALLS), np.nan)
    for query in np.flatnonzero(ranking.total_relevant):
        first = np.searchsorted(recall[query], at - 1e-12)
        curves[query] = best_from_here[query, first]
    return np.array([macro(curves[:, point], labels) for point in range(RECALLS)])


def flattened(vectors: Vectors) -> NDArray[np.float64]:
    """Lay vectors out on a plane by t-SNE on cosine distance. Shape: (N, D) -> (N, 2)."""
    from sklearn.manifold import TSNE

    perplexity = min(30, (len(vectors) - 1) / 3)
    points: NDArray[np.float64] = TSNE(
        perplexity=perplexity, metric="cosine", init="pca", random_state=0
    ).fit_transform(vectors)
    return points


def worst_queries(
    images: NDArray[np.generic],
    vectors: Vectors,
    labels: Mapping[str, NDArray[np.str_]],
    patients: NDArray[np.str_],
    count: int = FAILURES,
) -> list[Failure]:
    """Find the queries whose ten nearest of other patients agree least, over all labels; a hit agrees if most do."""
    each = []
    for values in labels.values():
        ranking = rank(vectors, values, patients, "cross-patient")
        each.append(precision_at(ranking.relevant, ranking.available, 10))
    worst = np.argsort(np.nan_to_num(np.mean(each, axis=0), nan=1.0), kind="stable")[:count]
    similarity = np.where(patients[:, None] == patients[None, :], -np.inf, vectors @ vectors.T)
    failures = []
    for query in worst:
        nearest = np.argsort(-similarity[query], kind="stable")[:NEAREST]
        same = np.stack([values[nearest] == values[query] for values in labels.values()])
        failures.append(
            Failure(
                query=images[query],
                caption="\n".join(values[query] for values in labels.values()),
                hits=images[nearest],
                hit_captions=tuple(
                    "\n".join([f"{similarity[query, hit]:.2f}", *(v[hit] for v in labels.values())]) for hit in nearest
                ),
                agrees=tuple((2 * same.sum(axis=0) >= len(labels)).tolist()),
            )
        )
    return failures


def type_failures(
    atlas: tuple[NDArray[np.generic], Sequence[Mapping[str, str]]],
    queries: tuple[NDArray[np.generic], Sequence[Mapping[str, str]]],
    embed: Embed,
    count: int = FAILURES,
) -> list[Failure]:
    """Find the queries of one pack whose nearest in another agree least in lesion type."""
    similarity = embed(queries[0]) @ embed(atlas[0]).T
    known = np.array([row["lesion_type"] for row in atlas[1]])
    asked = np.array([row["lesion_type"] for row in queries[1]])
    nearest = np.argsort(-similarity, axis=1, kind="stable")
    agreement = (known[nearest[:, :10]] == asked[:, None]).mean(axis=1)
    failures = []
    for query in np.argsort(agreement, kind="stable")[:count]:
        hits = nearest[query, :NEAREST]
        failures.append(
            Failure(
                query=rois_alone(queries[0])[query],
                caption=str(asked[query]),
                hits=rois_alone(atlas[0][hits]),
                hit_captions=tuple(f"{known[hit]}, {similarity[query, hit]:.2f}" for hit in hits),
                agrees=tuple((known[hits] == asked[query]).tolist()),
            )
        )
    return failures
