"""Type votes: similar lesions vote for their type, and the vote is a calibrated probability.

For a query with neighbours of similarity s_1 >= s_2 >= … and known types, all of other patients,

    w_i = exp((s_i - s_1) / b)        q(type) = sum of w_i of that type + e * share(type)        p(type) ~ q(type)^(1/T)

where share is how often the type occurs in the atlas, and p sums to one. The bandwidth b, the smoothing e and the
temperature T are those under which the atlas's own lesions, each asked with its patient left out, get the highest
likelihood. How similar the nearest
neighbour of such a lesion is tells what "similar" means in this atlas: a query farther from everything than nearly
all of them is answered with "nothing similar enough". See Guo et al. 2017, "On Calibration of Modern Neural Networks",
for temperature scaling and the expected calibration error (ECE).
"""

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.domain.lesions import Confidence

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NEIGHBOURS = 25
NONE_QUANTILE, LOW_QUANTILE, HIGH_QUANTILE = 0.01, 0.15, 0.40  # of the nearest similarity, patient left out
HIGH_PROBABILITY, MODERATE_PROBABILITY = 0.8, 0.5
BANDWIDTHS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.4)
SMOOTHINGS = (0.02, 0.05, 0.15, 0.5, 1.5, 5.0)
TEMPERATURES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)
PLAIN_NEIGHBOURS = 10  # the uncalibrated vote: similarity-weighted share among ten
ECE_BINS = 10


@dataclass(frozen=True)
class VoteFit:
    """The three numbers of the vote."""

    bandwidth: float = 0.05
    smoothing: float = 0.5
    temperature: float = 1.0


@dataclass(frozen=True)
class Calibration:
    """How one atlas's similarities translate. ECE and accuracy are cross-validated over patients; None: no types."""

    vote: VoteFit
    none_below: float  # nearest similarity under which nothing is similar enough
    moderate_from: float
    high_from: float
    queries: int  # on how many lesions this rests
    accuracy: float | None = None
    ece_before: float | None = None
    ece_after: float | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Calibration":
        values = json.loads(text)
        return cls(**values | {"vote": VoteFit(**values["vote"])})

    def confidence(self, nearest: float, top_probability: float | None) -> Confidence:
        """How far to trust a search whose best hit has this similarity and whose votes lead with this probability."""
        if nearest < self.none_below:
            return "none"
        level = 2 if nearest >= self.high_from else 1 if nearest >= self.moderate_from else 0
        if top_probability is not None:
            level = min(level, (top_probability >= MODERATE_PROBABILITY) + (top_probability >= HIGH_PROBABILITY))
        levels: tuple[Confidence, ...] = ("low", "moderate", "high")
        return levels[level]


def type_probabilities(similarities: Floats, types: Codes, shares: Floats, fit: VoteFit) -> Floats:
    """Probabilities (Q, types) from neighbours (Q, M), best first: -inf similarity is no neighbour, type -1 unknown."""
    by_type = _weight_by_type(similarities, types, len(shares), fit.bandwidth)
    return _probabilities(by_type, shares, fit.smoothing, fit.temperature)


def _weight_by_type(similarities: Floats, types: Codes, count: int, bandwidth: float) -> Floats:
    with np.errstate(invalid="ignore"):  # -inf minus -inf where a query has no neighbour at all
        weights = np.exp((similarities - similarities[:, :1]) / bandwidth)
    return _sum_by_type(np.where(np.isfinite(similarities), weights, 0.0), types, count)


def _sum_by_type(weights: Floats, types: Codes, count: int) -> Floats:
    return np.stack([(weights * (types == code)).sum(axis=1) for code in range(count)], axis=1)


def _probabilities(by_type: Floats, shares: Floats, smoothing: float, temperature: float) -> Floats:
    voted = by_type + smoothing * shares
    scaled: Floats = (voted / voted.max(axis=1, keepdims=True)) ** (1 / temperature)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def calibrate(similarities: Floats, types: Codes, own_types: Codes, patients: Codes, shares: Floats) -> Calibration:
    """Fits the vote and the thresholds on lesions whose neighbours (Q, M) exclude their own patient.

    `own_types` and `patients` are (Q,), -1 where the type is unknown; `shares` (types,) sums to one, or is empty.
    """
    with_neighbour = np.isfinite(similarities[:, 0])
    nearest = similarities[with_neighbour, 0]
    thresholds = np.quantile(nearest, (NONE_QUANTILE, LOW_QUANTILE, HIGH_QUANTILE)) if len(nearest) else (-1.0,) * 3
    none_below, moderate_from, high_from = (float(value) for value in thresholds)
    known = with_neighbour & (own_types >= 0)
    similarities, types = similarities[known], types[known]
    own_types, patients = own_types[known], patients[known]
    fit = _fit(similarities, types, own_types, shares)
    fitted = Calibration(fit, none_below, moderate_from, high_from, queries=len(nearest))
    half = patients % 2 == 0
    if not len(shares) or half.all() or not half.any():
        return fitted
    held_out = np.empty((len(own_types), len(shares)))
    for part in (half, ~half):  # fitted on one half of the patients, measured on the other
        on_others = _fit(similarities[~part], types[~part], own_types[~part], shares)
        held_out[part] = type_probabilities(similarities[part], types[part], shares, on_others)
    ten = slice(None, PLAIN_NEIGHBOURS)
    plain = _sum_by_type(similarities[:, ten].clip(0, None), types[:, ten], len(shares))
    return replace(
        fitted,
        accuracy=float((held_out.argmax(axis=1) == own_types).mean()),
        ece_before=expected_calibration_error(_probabilities(plain, shares, 1e-9, 1.0), own_types),
        ece_after=expected_calibration_error(held_out, own_types),
    )


def expected_calibration_error(probabilities: Floats, truth: Codes) -> float:
    """Mean gap between the leading probability and how often it is right, in bins of equally many queries."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(top, kind="stable"), min(ECE_BINS, len(top)))
    return float(sum(len(b) * abs(top[b].mean() - right[b].mean()) for b in bins) / len(top))


def _fit(similarities: Floats, types: Codes, own_types: Codes, shares: Floats) -> VoteFit:
    """The parameters of highest likelihood."""
    best, least = VoteFit(), np.inf
    if not len(own_types) or not len(shares):
        return best
    rows = np.arange(len(own_types))
    for bandwidth in BANDWIDTHS:
        by_type = _weight_by_type(similarities, types, len(shares), bandwidth)
        for smoothing in SMOOTHINGS:
            for temperature in TEMPERATURES:
                p = _probabilities(by_type, shares, smoothing, temperature)[rows, own_types]
                loss = float(-np.log(np.maximum(p, 1e-12)).mean())
                if loss < least:
                    best, least = VoteFit(bandwidth, smoothing, temperature), loss
    return best
