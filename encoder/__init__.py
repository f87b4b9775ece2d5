"""Pixels to unit vector. Knows nothing of DICOM, Chroma or chat."""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encoder.embedder import Embedder, load_embedder
    from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig

__all__ = ["MODEL_LOAD_LOCK", "Embedder", "LesionEncoder", "LesionEncoderConfig", "load_embedder"]

# While transformers loads a network it changes torch's default dtype and initialisers for the whole process, and builds
# on the meta device: two loaders side by side would hand each other empty weights. So one network is loaded at a time.
MODEL_LOAD_LOCK = threading.RLock()

_HOME = {
    "Embedder": "encoder.embedder",
    "load_embedder": "encoder.embedder",
    "LesionEncoder": "encoder.network.lesion_encoder",
    "LesionEncoderConfig": "encoder.network.lesion_encoder",
}


def __getattr__(name: str) -> Any:
    """Import torch and transformers only when something that needs them is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
