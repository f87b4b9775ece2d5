"""The two files of an encoder on the disk, and the fingerprint of what is in them. Needs no torch."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from encoder.errors import EncoderError
from encoder.network.architecture import Architecture

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
MISFIT = "the weights at {} do not fit their configuration; replace both files together"
Weights = Mapping[str, NDArray[np.generic]]  # by the names that PyTorch gives to parameters and buffers


def read_weights(path: str | Path) -> tuple[Architecture, Weights]:
    """Read the encoder of a folder or hub repository, at the precision it is stored in.

    Raises EncoderError where files are missing, damaged, or no encoder's.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = _folder(str(path))
    if not (folder / CONFIG_FILE).is_file():
        raise EncoderError(f"there is no encoder at {path}: a folder with {CONFIG_FILE} and {WEIGHTS_FILE} is needed")
    try:
        saved = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        architecture = Architecture.model_validate({k: v for k, v in saved.items() if k in Architecture.model_fields})
        return architecture, load_file(folder / WEIGHTS_FILE)
    except (OSError, ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(
            f"the encoder at {path} could not be loaded ({error}); check or replace its files"
        ) from error
    except SafetensorError as error:
        raise EncoderError(f"the weights at {path} are damaged ({error}); fetch them again") from error


def _folder(name: str) -> Path:
    """Find the folder of an encoder; a name that is no path is a repository of the Hugging Face Hub."""
    if Path(name).exists() or name.startswith((".", "/", "~")):
        return Path(name).expanduser()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=[CONFIG_FILE, WEIGHTS_FILE]))
    except Exception as error:  # no network, no such repository, no right to it: each has its own class
        raise EncoderError(
            f"there is no encoder at {name}: it is no folder, and no repository that can be reached "
            f"({type(error).__name__})"
        ) from error


def fingerprint(architecture: Architecture, weights: Weights) -> str:
    """Hash what decides a vector (SHA-256): weights at stored precision, configuration, preprocessing."""
    digest = hashlib.sha256(json.dumps(architecture.model_dump(mode="json"), sort_keys=True).encode())
    for name, table in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(table, dtype=np.float16).tobytes())
    return digest.hexdigest()
