"""Type votes: similar lesions vote for their type, and the vote is a calibrated probability.

For a query with neighbours of similarity s_1 >= s_2 >= … and known types, all of other patients,

    w_i = exp((s_i - s_1) / b)        q(type) = sum of w_i of that type + e * share(type)        p(type) ~ q(type)^(1/T)

where share is how often the type occurs in the atlas, and p sums to one: a distance-weighted k-nearest-neighbour vote
(Dudani 1976, doi:10.1109/TSMC.1976.5408784) with additive smoothing and temperature scaling (Guo et al. 2017, "On
Calibration of Modern Neural Networks", arXiv:1706.04599). The bandwidth b, the smoothing e and the temperature T are
fitted in `tools.atlas.calibration`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TypeCodes = NDArray[np.int64]  # positions among the atlas's types; -1: unknown

NEIGHBOURS = 25  # lesions that vote


@dataclass(frozen=True)
class VoteFit:
    """The three parameters of the vote."""

    bandwidth: float = 0.05
    smoothing: float = 0.5
    temperature: float = 1.0


def type_probabilities(similarities: Floats, types: TypeCodes, shares: Floats, fit: VoteFit) -> Floats:
    """Turn neighbours into probabilities of types, (Q, types), each row summing to one.

    `similarities` and `types` (Q, M) are best first: similarity -inf is no neighbour, type -1 unknown. `shares`
    (types,) is how often each type occurs in the atlas; a query without neighbours gets just these.
    """
    by_type = weight_by_type(similarities, types, len(shares), fit.bandwidth)
    return smoothed_probabilities(by_type, shares, fit.smoothing, fit.temperature)


def weight_by_type(similarities: Floats, types: TypeCodes, count: int, bandwidth: float) -> Floats:
    """Sum the weights w_i of the neighbours (Q, M) for each of `count` types: (Q, count)."""
    with np.errstate(invalid="ignore"):  # -inf minus -inf where a query has no neighbour at all
        weights = np.exp((similarities - similarities[:, :1]) / bandwidth)
    return sum_by_type(np.where(np.isfinite(similarities), weights, 0.0), types, count)


def sum_by_type(weights: Floats, types: TypeCodes, count: int) -> Floats:
    """Sum weights (Q, M) over neighbours of the same type: (Q, count)."""
    return np.stack([(weights * (types == code)).sum(axis=1) for code in range(count)], axis=1)


def smoothed_probabilities(by_type: Floats, shares: Floats, smoothing: float, temperature: float) -> Floats:
    """Smooth summed weights (Q, types) with the atlas's shares and scale them by a temperature."""
    voted = by_type + smoothing * shares
    scaled: Floats = (voted / voted.max(axis=1, keepdims=True)) ** (1 / temperature)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled
