"""The same training by one process and by two side by side: `train_worker.py PACK FOLDER`.

All three are forked from this one, so that torch and transformers are imported once.
"""

import json
import os
import socket
import sys
from pathlib import Path

import torch
from torch import multiprocessing

from encoder.network.lesion_encoder import LesionEncoderConfig
from encoder.training import train as training
from encoder.training.presets import Optimization, Preset, Stage

NARROW = {"widths": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}
PRESET = Preset(
    name="tiny",
    dim=16,
    input_px=32,
    projection_dim=8,
    stages=(
        Stage("simclr", epochs=1, loss="nt_xent", batch=8, optimization=Optimization("lars", 0.5)),
        Stage("accumulated", epochs=1, loss="nt_xent", batch=12, micro_batch=5),
        Stage("labels", epochs=1, loss="classification", batch=8, self_supervised_weight=0.5),
    ),
)


def learn(pack: Path, out: Path) -> None:
    """Train, and write the loss of each step beside `out`."""
    torch.set_num_threads(1)
    training.PRECISION = "no"  # rounding to bf16 would hide what is compared
    original = LesionEncoderConfig
    training.LesionEncoderConfig = lambda **given: original(**given | NARROW)
    steps: list[float] = []
    backward = training.grad_cache_backward
    training.grad_cache_backward = lambda *given: steps.append(backward(*given)) or steps[-1]
    training.train([pack], out, PRESET)
    if os.environ.get("RANK", "0") == "0":
        out.with_suffix(".json").write_text(json.dumps(steps))


def process(number: int, port: int, pack: Path, folder: Path) -> None:
    """Process 0 trains alone; 1 and 2 train together, told so as `torchrun` tells them."""
    if number == 0:
        return learn(pack, folder / "one")
    rank = str(number - 1)
    os.environ |= {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return learn(pack, folder / "two")


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.start_processes(process, (port, *map(Path, sys.argv[1:])), nprocs=3, start_method="fork")
