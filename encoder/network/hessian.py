"""What Frangi's filter is made of, in PyTorch and in ONNX: Gaussian derivatives as matrices. Needs no torch."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_EIGENVALUE = 1e-10  # skimage's floor for the larger eigenvalues
MIN_EXPONENT = -80.0  # below it exp gives denormal numbers, which cost six times the rest of the filter
_MIN_WEIGHT = 1e-30  # the Gaussian's far tail is denormal in float32, which makes matrix products thirty times slower


class AxisOperators(NamedTuple):
    """Derivatives of a Gaussian along one axis of length n, each (n, n), applied from the left."""

    smooth: NDArray[np.float64]
    first: NDArray[np.float64]  # derivative first, then smoothing
    first_after: NDArray[np.float64]  # smoothing first, then derivative; differs from `first` at the border
    second: NDArray[np.float64]


@lru_cache(maxsize=64)
def axis_operators(length: int, sigma: float) -> AxisOperators:
    """Compute the operators that Hessians are made with, as `skimage.feature.hessian_matrix` has them."""
    from scipy import ndimage

    truncate = 8 if sigma > 1 else 100  # these, and two passes at sigma/sqrt(2), are skimage's
    identity = np.eye(length)

    def derivative(order: int) -> NDArray[np.float64]:
        matrix: NDArray[np.float64] = ndimage.gaussian_filter1d(
            identity, sigma / np.sqrt(2), axis=0, order=order, mode="reflect", truncate=truncate
        )
        return matrix

    smooth, first = derivative(0), derivative(1)
    matrices = (smooth @ smooth, smooth @ first, first @ smooth, first @ first)
    return AxisOperators(*(np.where(abs(m) < _MIN_WEIGHT, 0, m) for m in matrices))
