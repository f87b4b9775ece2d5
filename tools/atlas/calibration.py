"""Calibration: what the similarities of one atlas mean, fitted on its own lesions with their patient left out.

Three things are fitted: the parameters of the type vote (`tools.atlas.type_votes`), as those of highest likelihood; how
similar the nearest lesion of another patient usually is, so that a query farther from everything than nearly all of the
atlas's own lesions is answered with "nothing similar enough"; and how far apart two lesions of one type usually are,
which makes a cosine a similarity that people can read: .5 for such a pair, 1 for the same picture. The expected
calibration error (ECE) is that of Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599, in
bins of equal size.
"""

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.atlas.catalog import Catalog, Vectors
from tools.atlas.searchers import BATCH, Query, Searcher
from tools.atlas.type_votes import (
    NEIGHBOURS,
    Floats,
    TypeCodes,
    VoteFit,
    smoothed_probabilities,
    sum_by_type,
    type_probabilities,
    weight_by_type,
)
from tools.domain.lesions import Confidence, Filters

CALIBRATION_VERSION = 2  # raise with every change of the fit or of its numbers: stored ones are then fitted again
MAX_QUERIES = 3000  # lesions of the atlas asked for the fit
NONE_QUANTILE, LOW_QUANTILE, HIGH_QUANTILE = 0.01, 0.15, 0.40  # of the nearest similarity, patient left out
HIGH_PROBABILITY, MODERATE_PROBABILITY = 0.8, 0.5
BANDWIDTHS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.4)
SMOOTHINGS = (0.02, 0.05, 0.15, 0.5, 1.5, 5.0)
TEMPERATURES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)
UNCALIBRATED_NEIGHBOURS = 10  # the vote that the fit is compared with: similarity-weighted share among ten
ECE_BINS = 10
PAIRS_OF_TYPE = 20  # drawn for each lesion asked
UNCALIBRATED_DISTANCE = 0.25  # where no two lesions of a type and of different patients are there
MIN_DISTANCE = 1e-3


@dataclass(frozen=True)
class Calibration:
    """How one atlas's similarities translate. ECE and accuracy are cross-validated over patients; None: no types."""

    vote: VoteFit
    none_below: float  # nearest similarity under which nothing is similar enough
    moderate_from: float
    high_from: float
    queries: int  # on how many lesions this rests
    usual_distance: float = UNCALIBRATED_DISTANCE  # median of 1 - cosine between lesions of one type, other patients
    accuracy: float | None = None
    ece_before: float | None = None
    ece_after: float | None = None

    def to_json(self) -> str:
        """Write all fields as JSON, as an atlas stores them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Calibration":
        """Read what `to_json` wrote. Raises TypeError, KeyError or ValueError where it has other fields."""
        values = json.loads(text)
        return cls(**values | {"vote": VoteFit(**values["vote"])})

    def similarity(self, cosine: float) -> float:
        """Translate a cosine to a similarity in 0..1 that halves with every `usual_distance`: .5 for a usual pair."""
        return usual_similarity(cosine, self.usual_distance)

    def confidence(self, nearest: float, top_probability: float | None) -> Confidence:
        """Rate a search by the similarity of its best hit and the probability its votes lead with (None: no votes)."""
        if nearest < self.none_below:
            return "none"
        level = 2 if nearest >= self.high_from else 1 if nearest >= self.moderate_from else 0
        if top_probability is not None:
            level = min(level, (top_probability >= MODERATE_PROBABILITY) + (top_probability >= HIGH_PROBABILITY))
        levels: tuple[Confidence, ...] = ("low", "moderate", "high")
        return levels[level]


def calibrate(catalog: Catalog, searcher: Searcher) -> Calibration | None:
    """Fit an atlas on up to 3,000 of its own lesions, always the same ones, each with its patient left out.

    None: fewer than two patients, so that nothing can be compared.
    """
    if catalog.patients < 2:
        return None
    rows = np.sort(np.random.default_rng(0).permutation(len(catalog))[:MAX_QUERIES])
    vectors = searcher.vectors_at(rows)
    similarities = np.full((len(rows), NEIGHBOURS), -np.inf)
    types = np.full((len(rows), NEIGHBOURS), -1)
    keys = catalog.words["patient_key"]
    for start in range(0, len(rows), BATCH):  # a mask of all lesions for each: not for all at once
        some = slice(start, start + BATCH)
        queries = [Query.of(catalog, NEIGHBOURS, Filters(), keys.at(row)) for row in rows[some]]
        for query, found in enumerate(searcher.nearest(vectors[some], queries), start):
            similarities[query, : len(found.rows)] = found.similarities
            types[query, : len(found.rows)] = catalog.type[found.rows]
    own_types, patients = catalog.type[rows].astype(np.int64), catalog.patient[rows].astype(np.int64)
    fitted = fit_calibration(similarities, types, own_types, patients, catalog.type_shares)
    return replace(fitted, usual_distance=usual_distance(vectors, own_types, patients))


def usual_distance(vectors: Vectors, types: TypeCodes, patients: NDArray[np.int64]) -> float:
    """Take the median of 1 - cosine over random pairs of one type and of different patients.

    Shape: (Q, dim) unit vectors, (Q,) with -1 for an unknown type, (Q,).
    """
    rng = np.random.default_rng(0)
    distances: list[Floats] = []
    for code in np.unique(types[types >= 0]):
        of_type = np.flatnonzero(types == code)
        first, second = (rng.choice(of_type, PAIRS_OF_TYPE * len(of_type)) for _ in range(2))
        pairs = patients[first] != patients[second]
        distances.append(1.0 - np.einsum("nd,nd->n", vectors[first[pairs]], vectors[second[pairs]], dtype=np.float64))
    drawn = np.concatenate(distances) if distances else np.zeros(0)
    return max(float(np.median(drawn)), MIN_DISTANCE) if len(drawn) else UNCALIBRATED_DISTANCE


def usual_similarity(cosine: float, distance: float = UNCALIBRATED_DISTANCE) -> float:
    """Translate a cosine to a similarity in 0..1 that halves with every `distance`."""
    return float(0.5 ** (max(0.0, 1.0 - cosine) / distance))


def fit_calibration(
    similarities: Floats, types: TypeCodes, own_types: TypeCodes, patients: NDArray[np.int64], shares: Floats
) -> Calibration:
    """Fit the vote and the thresholds on lesions whose neighbours (Q, M), best first, exclude their own patient.

    `own_types` and `patients` are (Q,), -1 where the type is unknown; `shares` (types,) sums to one, or is empty.
    Accuracy and ECE are measured on one half of the patients with the vote fitted on the other.
    """
    with_neighbour = np.isfinite(similarities[:, 0])
    nearest = similarities[with_neighbour, 0]
    thresholds = np.quantile(nearest, (NONE_QUANTILE, LOW_QUANTILE, HIGH_QUANTILE)) if len(nearest) else (-1.0,) * 3
    none_below, moderate_from, high_from = (float(value) for value in thresholds)
    known = with_neighbour & (own_types >= 0)
    similarities, types = similarities[known], types[known]
    own_types, patients = own_types[known], patients[known]
    fit = _fit_vote(similarities, types, own_types, shares)
    fitted = Calibration(fit, none_below, moderate_from, high_from, queries=len(nearest))
    half = patients % 2 == 0
    if not len(shares) or half.all() or not half.any():
        return fitted
    held_out = np.empty((len(own_types), len(shares)))
    for part in (half, ~half):
        on_others = _fit_vote(similarities[~part], types[~part], own_types[~part], shares)
        held_out[part] = type_probabilities(similarities[part], types[part], shares, on_others)
    ten = slice(None, UNCALIBRATED_NEIGHBOURS)
    uncalibrated = sum_by_type(similarities[:, ten].clip(0, None), types[:, ten], len(shares))
    return replace(
        fitted,
        accuracy=float((held_out.argmax(axis=1) == own_types).mean()),
        ece_before=expected_calibration_error(smoothed_probabilities(uncalibrated, shares, 1e-9, 1.0), own_types),
        ece_after=expected_calibration_error(held_out, own_types),
    )


def expected_calibration_error(probabilities: Floats, truth: TypeCodes) -> float:
    """Average the gap between the leading probability (Q, types) and how often it is right, over ten bins.

    The bins hold equally many queries; `truth` is (Q,).
    """
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(top, kind="stable"), min(ECE_BINS, len(top)))
    return float(sum(len(b) * abs(top[b].mean() - right[b].mean()) for b in bins) / len(top))


def _fit_vote(similarities: Floats, types: TypeCodes, own_types: TypeCodes, shares: Floats) -> VoteFit:
    """Search the grid for the parameters of highest likelihood."""
    best, least = VoteFit(), np.inf
    if not len(own_types) or not len(shares):
        return best
    rows = np.arange(len(own_types))
    for bandwidth in BANDWIDTHS:
        by_type = weight_by_type(similarities, types, len(shares), bandwidth)
        for smoothing in SMOOTHINGS:
            for temperature in TEMPERATURES:
                p = smoothed_probabilities(by_type, shares, smoothing, temperature)[rows, own_types]
                loss = float(-np.log(np.maximum(p, 1e-12)).mean())
                if loss < least:
                    best, least = VoteFit(bandwidth, smoothing, temperature), loss
    return best
