"""One process of a training run, for the test of several: `train_worker.py PACK OUT LOSSES`."""

import json
import os
import sys
from pathlib import Path

import torch

from encoder.network.lesion_encoder import LesionEncoderConfig
from encoder.training import train as training
from encoder.training.presets import Optimization, Preset, Stage

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


def main(pack: Path, out: Path, losses: Path) -> None:
    torch.set_num_threads(1)
    training.PRECISION = "no"  # rounding to bf16 would hide what is compared
    original = LesionEncoderConfig
    training.LesionEncoderConfig = lambda **given: original(widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), **given)
    steps: list[float] = []
    fill = training.fill_gradients
    training.fill_gradients = lambda *given: steps.append(fill(*given)) or steps[-1]
    training.train([pack], out, PRESET)
    if os.environ.get("RANK", "0") == "0":
        losses.write_text(json.dumps(steps))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
