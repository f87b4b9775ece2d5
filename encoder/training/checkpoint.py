"""Training state on disk: safetensors and JSON only, written so that a crash never leaves half a checkpoint.

`accelerate` would store the optimizer and its random generators as pickles, and file by file.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from encoder.errors import EncoderError

_TENSORS, _STATE = "training.safetensors", "training.json"


@dataclass(frozen=True)
class TrainingPosition:
    """Where training stands: `epoch` epochs of stage number `stage` are done."""

    preset: str
    stage: int
    epoch: int
    epochs: tuple[int, ...]  # planned for each stage


def save_checkpoint(
    folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer, position: TrainingPosition
) -> None:
    """Write everything an exact resume needs, replacing the folder's earlier checkpoint in one step."""
    folder = Path(folder)
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    state = optimizer.state_dict()
    tensors = {f"module/{name}": value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    numbers: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{index}/{name}"] = value.detach().cpu().contiguous()
            else:
                numbers.setdefault(str(index), {})[name] = value
    save_file({name: value.clone() for name, value in tensors.items()}, fresh / _TENSORS)
    document = {"progress": asdict(position), "groups": state["param_groups"], "numbers": numbers}
    (fresh / _STATE).write_text(json.dumps(document))
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def read_position(folder: Path) -> TrainingPosition:
    """Read where a checkpoint stands. Raises EncoderError where the folder holds none."""
    position = _document(folder)["progress"]
    return TrainingPosition(**{**position, "epochs": tuple(position["epochs"])})


def load_checkpoint(folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> TrainingPosition:
    """Restore module and optimizer in place. Raises EncoderError for a checkpoint that is missing or does not fit."""
    document = _document(folder)
    try:
        tensors = load_file(Path(folder) / _TENSORS)
        module.load_state_dict({n.removeprefix("module/"): t for n, t in tensors.items() if n.startswith("module/")})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise EncoderError(f"the checkpoint in {folder} does not fit or is damaged ({error}); start again") from error
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in document["numbers"].items()}
    for name, tensor in tensors.items():
        if name.startswith("optimizer/"):
            _, index, key = name.split("/")
            state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": document["groups"]})
    return read_position(folder)


def _document(folder: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads((Path(folder) / _STATE).read_text())
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"there is no checkpoint to resume in {folder}; give the folder of an earlier run"
        ) from error
    return document
