"""The serving side of the encoder: arrays in, unit vectors out."""

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging as hub_logging

from encoder import MODEL_LOAD_LOCK
from encoder.errors import EncoderError
from encoder.network.lesion_encoder import LesionEncoder
from encoder.preprocess import PREPROCESSING_VERSION, standardize
from encoder.roi import ROI_SIZE

SHIPPED_WEIGHTS = Path(__file__).parent / "weights"

_BATCH = 64  # fastest on two cores; also bounds memory however many ROIs are asked for
# Training ran in bfloat16; with AMX it is twice as fast and moves a cosine by some thousandths. Without
# them it would be emulated, slowly.
_HAS_AMX = torch.cpu._is_amx_tile_supported()
_OCCLUDED_PX = 16  # side of the square hidden by `saliency`
_STRIDE_PX = 8


def fingerprint(model: LesionEncoder) -> str:
    """Hash what decides a vector (SHA-256): weights at stored precision, configuration, preprocessing."""
    digest = hashlib.sha256()
    config = model.config
    facts = {key: value for key, value in sorted(vars(config).items()) if key in _FINGERPRINTED}
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()


_FINGERPRINTED = {
    "channels",
    "dim",
    "context_dim",
    "context_share",
    "widths",
    "depths",
    "pooling",
    "lens",
    "input_px",
    "centred",
    "frangi_sigmas",
    "frangi_alpha",
    "frangi_beta",
    "frangi_gamma",
    "readout",
    "detail",
    "familiarity",
    "same_lesion_dim",
    "preprocessing",
}


class Embedder:
    """Serve a loaded encoder. One instance may serve many threads; rows do not depend on the rest of the batch.

    Raises EncoderError for weights of another preprocessing.
    """

    def __init__(self, model: LesionEncoder) -> None:
        if model.config.preprocessing != PREPROCESSING_VERSION:
            raise EncoderError(
                f"these weights were trained with preprocessing {model.config.preprocessing!r}, this version has "
                f"{PREPROCESSING_VERSION!r}; use the weights shipped with it or train again"
            )
        model.train(False).requires_grad_(False)
        torch.nn.Module.to(model, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._model = model
        self.fingerprint = fingerprint(model)
        self.dim = int(model.config.embedding_dim)

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
            vectors[part] = self._encode(standardize(images[part])).numpy()
        return vectors

    @property
    def same_lesion_dim(self) -> int:
        """The length of the vectors of `same_lesion`; 0 where the encoder has no such head."""
        return int(self._model.config.same_lesion_dim)

    @torch.inference_mode()
    def same_lesion(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Embed ROIs so that the cosine tells whether they show one lesion, on another slice or date.

        Shape: as for the call -> (N, same_lesion_dim). Raises EncoderError for other input, or without such a head.
        """
        if self._model.same_lesion is None:
            raise EncoderError(
                "this encoder has no head that finds the same lesion again; train it with the preset default"
            )
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([self._model.same_lesion(standardize(part)).numpy() for part in parts])

    @torch.inference_mode()
    def _encode(self, images: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=_HAS_AMX):
            vectors: torch.Tensor = self._model(images)
        return vectors

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
        whole = [self._encode(image) for image in both]
        similarity = float((whole[0] * whole[1]).sum())
        first = _occlusion_map(self._encode, both[0], whole[1], similarity)
        second = _occlusion_map(self._encode, both[1], whole[0], similarity)
        return first, second


def _occlusion_map(
    encode: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor, other: torch.Tensor, similarity: float
) -> NDArray[np.float32]:
    """Map how much hiding each patch of `image` lowers its similarity to the vector `other`. Shape: (64, 64)."""
    edges = range(-_STRIDE_PX, ROI_SIZE, _STRIDE_PX)
    corners = [(y, x) for y in edges for x in edges]
    border = torch.cat((image[0, 0, 0], image[0, 0, -1], image[0, 0, :, 0], image[0, 0, :, -1])).mean()
    masks = torch.zeros(len(corners), 1, ROI_SIZE, ROI_SIZE)
    for mask, (y, x) in zip(masks, corners, strict=True):
        mask[0, max(0, y) : y + _OCCLUDED_PX, max(0, x) : x + _OCCLUDED_PX] = 1
    # A hard edge would be a lesion of its own to the network: blend over a few pixels.
    soft = torch.nn.functional.avg_pool2d(masks, 5, stride=1, padding=2, count_include_pad=False)
    hidden = image * (1 - soft) + border * soft
    drops = torch.cat([similarity - (encode(part) @ other.T)[:, 0] for part in hidden.split(_BATCH)])
    weights = drops.clamp(min=0).reshape(-1, 1, 1, 1)
    heat = (weights * soft).sum(0)[0] / soft.sum(0)[0]
    peak = float(heat.max())
    return (heat / peak if peak > 1e-6 else torch.zeros_like(heat)).numpy().astype(np.float32)


def load_embedder(path: str | Path | None = None) -> Embedder:
    """Load the encoder of a folder (or hub name); None is the one shipped in `encoder/weights`.

    Each path is loaded once per process. Raises EncoderError where weights are missing, damaged or do not fit.
    """
    return _load(str(path) if path is not None else str(SHIPPED_WEIGHTS))


@lru_cache(maxsize=4)
def _load(path: str) -> Embedder:
    return Embedder(load_model(path))


def load_model(path: str | Path) -> LesionEncoder:
    """Load the network alone, float32, in evaluation mode. Raises EncoderError."""
    name = str(path)
    is_folder = Path(name).exists() or name.startswith((".", "/", "~"))
    if is_folder and not (Path(name) / "config.json").is_file():
        raise EncoderError(f"there is no encoder at {name}: a folder with config.json and model.safetensors is needed")
    hub_logging.disable_progress_bar()  # "Loading weights" would land in the middle of our own output
    try:
        with MODEL_LOAD_LOCK:
            loaded: Any = LesionEncoder.from_pretrained(
                name, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise EncoderError(
            f"the encoder at {name} could not be loaded ({error}); check or replace its files"
        ) from error
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        raise EncoderError(f"the weights at {name} are damaged ({error}); fetch them again") from error
    model: LesionEncoder
    model, report = loaded
    if report["missing_keys"] or report["mismatched_keys"]:
        raise EncoderError(f"the weights at {name} do not fit their configuration; replace both files together")
    model.train(False)
    return model
