"""Pixels to unit vector. Knows nothing of DICOM, Chroma or chat."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encoder.embedder import Embedder, load_embedder
    from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig

__all__ = ["Embedder", "LesionEncoder", "LesionEncoderConfig", "load_embedder"]

_HOME = {
    "Embedder": "encoder.embedder",
    "load_embedder": "encoder.embedder",
    "LesionEncoder": "encoder.network.lesion_encoder",
    "LesionEncoderConfig": "encoder.network.lesion_encoder",
}


def __getattr__(name: str) -> Any:
    """Import only what is asked for: ONNX Runtime to serve an encoder, torch and transformers to train one."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
