"""The lesion encoder for serving: its branches as ONNX graphs, what joins their features in numpy.

Computes what `lesion_encoder.py` computes in evaluation mode, from the same weights, without PyTorch.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoder.network.architecture import CONTEXT_CHANNELS, OUT_OF_DISTRIBUTION_RAMP, SAME_LESION_PX, Architecture
from encoder.network.onnx_branch import OnnxBranch
from encoder.network.weights import Weights
from encoder.roi import ROI_SIZE, has_context

Floats = NDArray[np.float32]


class OnnxEncoder:
    """Embed ROIs. Raises KeyError or ValueError where weights are missing or do not fit."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self._made_of = made_of = architecture
        heads = ("no_context", "readout.", "familiarity.", "same_lesion.")
        self._tables = {
            name: np.asarray(table, np.float32) for name, table in weights.items() if name.startswith(heads)
        }
        for name, shape in _shapes_of_heads(made_of).items():
            if self._tables[name].shape != shape:
                raise ValueError(f"{name} is of shape {self._tables[name].shape}, not {shape}")
        self._roi = OnnxBranch(made_of, weights, "roi", made_of.dim, made_of.channels, made_of.lens)
        self._context: OnnxBranch | None = None
        if made_of.context_dim:
            self._context = OnnxBranch(made_of, weights, "context", made_of.context_dim, CONTEXT_CHANNELS, 1)

    def __call__(self, images: Floats) -> Floats:
        """Embed ROIs. Shape: (N, P, 64, 64) from `standardize` -> (N, embedding_dim) of length 1."""
        pooled, early = self._roi(images[:, :1])
        vectors = _unit(pooled)
        if self._context is not None:
            share = self._made_of.context_share
            context = _unit(self._context_features(images))
            vectors = np.concatenate((vectors * (1 - share) ** 0.5, context * share**0.5), axis=1)
        if self._made_of.readout:
            vectors = self._with_labels(vectors)
        if self._made_of.familiarity:
            vectors = self._with_out_of_distribution(early, vectors)
        return vectors.astype(np.float32, copy=False)

    def same_lesion(self, images: Floats) -> Floats:
        """Compute vectors whose cosine says whether it is one lesion. Shape: (N, P, 64, 64) -> (N, same_lesion_dim)."""
        block = ROI_SIZE // SAME_LESION_PX
        coarse = (
            images[:, 0]
            .reshape(len(images), SAME_LESION_PX, block, SAME_LESION_PX, block)
            .mean(axis=(2, 4))
            .reshape(len(images), -1)
        )
        return _unit((coarse - self._tables["same_lesion.centre"]) @ self._tables["same_lesion.projection"])

    def _context_features(self, images: Floats) -> Floats:
        """Compute what the context says, `no_context` where there is none. (N, P, 64, 64) -> (N, context_dim)."""
        features = np.tile(self._tables["no_context"], (len(images), 1))
        if images.shape[1] > 1 and self._context is not None:
            known = has_context(images[:, 1])
            if known.any():
                features[known], _ = self._context(images[known, 1:])
        return features

    def _with_labels(self, vectors: Floats) -> Floats:
        """Join the class probabilities, as `LabelHeads` does."""
        made_of = self._made_of
        share = ((1 - made_of.detail) / len(made_of.labels)) ** 0.5
        scaled = vectors * vectors.shape[1] ** 0.5
        joined = [vectors * made_of.detail**0.5]
        for number, _ in enumerate(made_of.labels):
            layer = f"readout.labels.{number}"
            logits = scaled @ self._tables[f"{layer}.weight"].T + self._tables[f"{layer}.bias"]
            odds = np.exp(logits - logits.max(axis=1, keepdims=True))
            joined.append(share * np.sqrt(odds / odds.sum(axis=1, keepdims=True)))
        return np.concatenate(joined, axis=1)

    def _with_out_of_distribution(self, early: Sequence[Floats], vectors: Floats) -> Floats:
        """Join the out-of-distribution score, as `OutOfDistributionScore` does."""
        deviations = [
            (means - self._tables[f"familiarity.mean_{n}"]) @ self._tables[f"familiarity.whitening_{n}"]
            for n, means in enumerate(early)
        ]
        distance = np.max([np.linalg.norm(each, axis=1) for each in deviations], axis=0)
        kept = 1 - np.clip((distance - 1) / OUT_OF_DISTRIBUTION_RAMP, 0, 1)[:, None] / 2
        return np.concatenate((vectors * kept, _unit(deviations[0]) * np.sqrt(1 - kept**2)), axis=1)


def _shapes_of_heads(made_of: Architecture) -> dict[str, tuple[int, ...]]:
    """List what has to be there besides the branches."""
    shapes: dict[str, tuple[int, ...]] = {}
    if made_of.context_dim:
        shapes["no_context"] = (made_of.context_dim,)
    for number, label in enumerate(made_of.labels):
        count = len(made_of.readout[label])
        shapes |= {f"readout.labels.{number}.weight": (count, made_of.features_dim)}
        shapes |= {f"readout.labels.{number}.bias": (count,)}
    for number, width in enumerate(made_of.early_widths if made_of.familiarity else ()):
        shapes |= {f"familiarity.mean_{number}": (width,), f"familiarity.whitening_{number}": (width, width)}
    if made_of.same_lesion_dim:
        pixels = SAME_LESION_PX**2
        shapes |= {"same_lesion.centre": (pixels,), "same_lesion.projection": (pixels, made_of.same_lesion_dim)}
    return shapes


def _unit(vectors: NDArray[np.floating]) -> Floats:
    """Bring rows to length 1; zeros stay zeros."""
    unit: Floats = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit
