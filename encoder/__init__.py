"""Pixels to unit vector. Knows nothing of DICOM, Chroma or chat."""

import os
from typing import TYPE_CHECKING, Any

# Before ONNX Runtime is loaded: since 1.29 it tells its makers which networks it runs (its Privacy.md)
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

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
