"""Retrieval and classification figures as plain functions of rankings and labels, with intervals over patients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Share(BaseModel):
    """`right` of `total`, with the 95 % Wilson interval."""

    model_config = ConfigDict(frozen=True)

    right: int
    total: int

    @property
    def value(self) -> float:
        """Return `right` over `total`, NaN of none."""
        return self.right / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Return the ends of the 95 % score interval (Wilson 1927), NaN of none. Source: `scipy.stats.binomtest`."""
        if not self.total:
            return float("nan"), float("nan")
        from scipy.stats import binomtest

        low, high = binomtest(self.right, self.total).proportion_ci(method="wilson")
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval
        if not self.total:
            return "–"
        return f"{100 * self.value:.1f} % ({self.right}/{self.total}; {100 * low:.1f}–{100 * high:.1f})"


def precision_at(relevant: Bools, available: NDArray[np.int64], k: int) -> Floats:
    """Return the share of relevant items among the first k, or among all where fewer than k are available.

    Shape: (Q, K) relevance in rank order, (Q,) number of candidates of each query -> (Q,), NaN without candidates.
    """
    _check_k(relevant, k)
    shown = np.minimum(k, available)
    hits = (relevant[:, :k] & _ranks_below(shown, k)).sum(axis=1)
    return _ratio(hits, shown)


def average_precision_at(
    relevant: Bools, available: NDArray[np.int64], total_relevant: NDArray[np.int64], k: int
) -> Floats:
    """Average precision at each relevant hit of the first k, over min(k, relevant items there are).

    Shape: (Q, K), (Q,), (Q,) -> (Q,), NaN for queries with nothing relevant to find.
    """
    _check_k(relevant, k)
    first = relevant[:, :k] & _ranks_below(np.minimum(k, available), k)
    precision = np.cumsum(first, axis=1) / np.arange(1, k + 1)
    possible = np.minimum(k, total_relevant)
    total = (precision * first).sum(axis=1)
    return _ratio(total, possible)


def mean_precision_up_to(relevant: Bools, available: NDArray[np.int64], k: int) -> Floats:
    """Average precision at 1..k: what the paper calls mAP@k. Shape: (Q, K), (Q,) -> (Q,)."""
    each = np.stack([precision_at(relevant, available, rank) for rank in range(1, k + 1)])
    mean: Floats = each.mean(axis=0)
    return mean


def micro(values: Floats) -> float:
    """Average over queries, those without an answer left out."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def macro(values: Floats, classes: NDArray[np.str_]) -> float:
    """Average over classes the mean over their queries: chance is one over the number of classes."""
    per_class = [micro(values[classes == name]) for name in np.unique(classes)]
    return float(np.nanmean(per_class)) if np.isfinite(per_class).any() else float("nan")


def patient_bootstrap(
    values: Floats, classes: NDArray[np.str_], patients: NDArray[np.str_], rounds: int = 1000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Draw patients with replacement `rounds` times: macro and micro means, two arrays (rounds,).

    Queries of one patient are not independent, so patients are drawn, not queries. With the same seed and patients
    two methods get the same samples, and the difference of their arrays is a paired comparison.
    """
    _, patient_number = np.unique(patients, return_inverse=True)
    _, class_number = np.unique(classes, return_inverse=True)
    seen = np.isfinite(values)
    shape = (patient_number.max() + 1, class_number.max() + 1)
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (patient_number[seen], class_number[seen]), values[seen])
    np.add.at(counts, (patient_number[seen], class_number[seen]), 1.0)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=rounds).astype(np.float64)
    total, number = draws @ sums, draws @ counts
    per_class = np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
    return np.nanmean(per_class, axis=1), total.sum(1) / number.sum(1).clip(min=1)


def interval(samples: Floats) -> tuple[float, float]:
    """Return the ends of the central 95 % of bootstrap samples."""
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return float(low), float(high)


def macro_f1(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """Average the F1 scores of the classes that occur in the truth, unweighted. Source: `sklearn.metrics.f1_score`."""
    from sklearn.metrics import f1_score

    return float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Divide element-wise, NaN where the whole is 0."""
    result: Floats = np.full(len(whole), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def _ranks_below(shown: NDArray[np.int64], k: int) -> Bools:
    below: Bools = np.arange(k)[None, :] < shown[:, None]
    return below


def _check_k(relevant: Bools, k: int) -> None:
    if k < 1 or k > relevant.shape[1]:
        raise ValueError(f"k is between 1 and the {relevant.shape[1]} ranks given, not {k}")
