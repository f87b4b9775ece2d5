"""The serving side of the encoder: arrays in, unit vectors out. Runs on ONNX Runtime and needs no torch."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.errors import EncoderError
from encoder.network.onnx_encoder import OnnxEncoder
from encoder.network.weights import MISFIT, Weights, fingerprint, read_weights
from encoder.preprocess import PREPROCESSING_VERSION, standardize
from encoder.roi import ROI_SIZE

if TYPE_CHECKING:
    from encoder.network.architecture import Architecture
    from encoder.network.lesion_encoder import LesionEncoder

SHIPPED_WEIGHTS = Path(__file__).parent / "weights"

_BATCH = 64  # fastest on two cores; also bounds memory however many ROIs are asked for
_OCCLUDED_PX = 16  # side of the square hidden by `saliency`
_STRIDE_PX = 8
_BLUR_PX = 5  # a hard edge would be a lesion of its own to the network: blend over a few pixels


class Embedder:
    """Serve an encoder. One instance may serve many threads; rows do not depend on the rest of the batch.

    Raises EncoderError for weights of another preprocessing, and for those that do not fit the architecture.
    """

    def __init__(self, architecture: "Architecture", weights: Weights, name: str = "hand") -> None:
        if architecture.preprocessing != PREPROCESSING_VERSION:
            raise EncoderError(
                f"these weights were trained with preprocessing {architecture.preprocessing!r}, this version has "
                f"{PREPROCESSING_VERSION!r}; use the weights shipped with it or train again"
            )
        try:
            self._network = OnnxEncoder(architecture, weights)
        except (KeyError, ValueError, RuntimeError) as error:
            raise EncoderError(MISFIT.format(name)) from error
        self.architecture = architecture
        self.fingerprint = fingerprint(architecture, weights)
        self.dim = architecture.embedding_dim

    @classmethod
    def of(cls, model: "LesionEncoder") -> "Embedder":
        """Serve a network of PyTorch as it is now; what is trained on afterwards is not seen."""
        return cls(model.config.architecture, model.arrays())

    def __call__(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Embed ROIs as unit vectors, in chunks so that memory stays flat (memory-mapped input included).

        Shape: (N, 64, 64) int16 HU or uint8 windowed, or (N, 2, 64, 64) ROIs with their contexts -> (N, dim). Raises
        EncoderError for other input.
        """
        if images.ndim == 2:
            images = images[None]
        vectors = np.empty((len(images), self.dim), dtype=np.float32)
        for start in range(0, len(images), _BATCH):
            part = slice(start, start + _BATCH)
            vectors[part] = self._network(standardize(images[part]))
        return vectors

    @property
    def same_lesion_dim(self) -> int:
        """The length of the vectors of `same_lesion`; 0 where the encoder has no such head."""
        return self.architecture.same_lesion_dim

    def same_lesion(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Embed ROIs so that the cosine tells whether they show one lesion, on another slice or date.

        Shape: as for the call -> (N, same_lesion_dim). Raises EncoderError for other input, or without such a head.
        """
        if not self.same_lesion_dim:
            raise EncoderError(
                "this encoder has no head that finds the same lesion again; train it with the preset default"
            )
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([self._network.same_lesion(standardize(part)) for part in parts])

    def saliency(
        self, query: NDArray[np.generic], hit: NDArray[np.generic]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Map where two ROIs agree: how much their similarity falls when a patch of one is hidden.

        Shape: two (64, 64) ROIs, or (2, 64, 64) with their contexts -> two (64, 64) maps in 0..1, the strongest spot of
        each at 1 (all zero where hiding changes nothing). Occlusion sensitivity (Zeiler and Fergus 2014,
        https://arxiv.org/abs/1311.2901), the hidden patch of the ROI filled with
        its border mean. Raises EncoderError for other input.
        """
        both = standardize(np.asarray(query)[None]), standardize(np.asarray(hit)[None])
        whole = [self._network(image) for image in both]
        similarity = float((whole[0] * whole[1]).sum())
        return self._occlusion_map(both[0], whole[1], similarity), self._occlusion_map(both[1], whole[0], similarity)

    def _occlusion_map(
        self, image: NDArray[np.float32], other: NDArray[np.float32], similarity: float
    ) -> NDArray[np.float32]:
        """Map how much hiding each patch of `image` lowers its similarity to the vector `other`. Shape: (64, 64)."""
        soft = _patches()
        roi = image[0, 0]
        border = np.concatenate((roi[0], roi[-1], roi[:, 0], roi[:, -1])).mean()
        hidden = image * (1 - soft) + border * soft
        parts = [hidden[start : start + _BATCH] for start in range(0, len(hidden), _BATCH)]
        drops = np.concatenate([similarity - self._network(part) @ other[0] for part in parts])
        weights = np.maximum(drops, 0)[:, None, None]
        heat = (weights * soft[:, 0]).sum(axis=0) / soft[:, 0].sum(axis=0)
        peak = float(heat.max())
        scaled: NDArray[np.float32] = (heat / peak if peak > 1e-6 else np.zeros_like(heat)).astype(np.float32)
        return scaled


@lru_cache(maxsize=1)
def _patches() -> NDArray[np.float32]:
    """Draw the patches that `saliency` hides, 1 where hidden, blurred at the edge. Shape: (patches, 1, 64, 64)."""
    from scipy.ndimage import uniform_filter

    edges = range(-_STRIDE_PX, ROI_SIZE, _STRIDE_PX)
    corners = [(y, x) for y in edges for x in edges]
    masks = np.zeros((len(corners), 1, ROI_SIZE, ROI_SIZE), np.float32)
    for mask, (y, x) in zip(masks, corners, strict=True):
        mask[0, max(0, y) : y + _OCCLUDED_PX, max(0, x) : x + _OCCLUDED_PX] = 1
    inside = uniform_filter(np.ones((ROI_SIZE, ROI_SIZE)), _BLUR_PX, mode="constant")
    soft: NDArray[np.float32] = (uniform_filter(masks, (0, 0, _BLUR_PX, _BLUR_PX), mode="constant") / inside).astype(
        np.float32
    )
    return soft.clip(0, 1)


def load_embedder(path: str | Path | None = None) -> Embedder:
    """Load the encoder of a folder (or hub name); None is the one shipped in `encoder/weights`.

    Each path is loaded once per process. Raises EncoderError where weights are missing, damaged or do not fit.
    """
    return _load(str(path) if path is not None else str(SHIPPED_WEIGHTS))


@lru_cache(maxsize=4)
def _load(path: str) -> Embedder:
    return Embedder(*read_weights(path), name=path)
