"""What the encoder must beat: pixels reduced by PCA, and the same network without training."""

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.embedder import Embedder
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig
from encoder.preprocess import standardize
from encoder.roi import rois_alone


class PixelPCA:
    """Principal components of standardised pixels, as unit vectors."""

    def __init__(self, training_images: NDArray[np.generic], components: int = 64, seed: int = 0) -> None:
        from sklearn.decomposition import PCA

        pixels = _pixels(training_images)
        self._pca = PCA(min(components, *pixels.shape), svd_solver="randomized", random_state=seed).fit(pixels)

    def __call__(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Project ROIs, without their contexts, onto the components. Shape: (N, …, 64, 64) -> (N, components)."""
        vectors: NDArray[np.float32] = self._pca.transform(_pixels(images)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-9)
        return vectors


def _pixels(images: NDArray[np.generic]) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = standardize(rois_alone(images)).reshape(len(images), -1)
    return pixels


def untrained_embedder(seed: int = 0) -> Embedder:
    """Make the encoder with random weights, batch normalisation at its initial statistics."""
    torch.manual_seed(seed)
    return Embedder.of(LesionEncoder(LesionEncoderConfig()))
