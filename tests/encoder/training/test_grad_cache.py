"""Large batches in parts: the gradients of the whole, in one process and in two."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from torch import nn

from encoder.training.grad_cache import grad_cache_backward
from encoder.training.losses.nt_xent import nt_xent

WORKER = Path(__file__).parent / "train_worker.py"
REPO = WORKER.parents[3]


class Small(nn.Module):
    """Vectors and projections of tiny images, with something the loss reads besides."""

    def __init__(self, norm: bool) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6) if norm else nn.Identity(), nn.ReLU(), nn.Flatten()
        )
        self.head = nn.Linear(6 * 36, 5)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        vectors = self.encode(images)
        return vectors, self.head(vectors)


@pytest.fixture
def accelerator() -> Iterator[Accelerator]:
    yield Accelerator(cpu=True)
    AcceleratorState._reset_state(reset_partial_state=True)  # others train with another precision in this process


def gradients(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def assert_close(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("micro_batch", [1, 3, 8, None])
def test_without_batch_normalisation_chunks_change_nothing(accelerator, micro_batch):
    torch.manual_seed(0)
    module = Small(norm=False).double()
    views = torch.randn(16, 1, 8, 8, dtype=torch.float64)

    def loss_of(vectors, projections):
        return nt_xent(*projections.chunk(2), 0.5) * module.scale.float() + vectors.square().mean()

    loss = loss_of(*(output.float() for output in module(views)))
    module.zero_grad()
    loss.backward()
    whole = gradients(module)
    assert grad_cache_backward(accelerator, module, views, loss_of, micro_batch) == pytest.approx(loss.item(), rel=1e-6)
    assert_close(gradients(module), whole)


def test_batch_normalisation_sees_a_chunk_and_remembers_it_once(accelerator):
    torch.manual_seed(0)
    module = Small(norm=True)
    views = torch.randn(16, 1, 8, 8)
    by_hand = copy.deepcopy(module)
    rows = [torch.arange(start, start + 4) for start in (0, 4)]
    chunks = [by_hand(views[torch.cat((part, part + 8))])[1] for part in rows]
    first, second = (torch.cat([chunk.chunk(2)[half] for chunk in chunks]) for half in (0, 1))
    nt_xent(first, second, 0.5).backward()
    grad_cache_backward(accelerator, module, views, lambda _, p: nt_xent(*p.chunk(2), 0.5), micro_batch=4)
    assert_close(gradients(module), gradients(by_hand))
    torch.testing.assert_close(module.encode[1].running_mean, by_hand.encode[1].running_mean)
    torch.testing.assert_close(module.encode[1].running_var, by_hand.encode[1].running_var)


def test_two_processes_learn_what_one_learns(tmp_path):
    """Losses of all steps and the weights after them, over stages with and without accumulation."""
    rng = np.random.default_rng(0)
    pack = tmp_path / "pack"
    pack.mkdir()
    np.save(pack / "images.npy", rng.integers(-100, 400, (24, 64, 64)).astype(np.int16))
    rows = [f"L{i},P{i},{'bone' if i % 2 == 0 else 'liver'}" for i in range(24)]
    (pack / "lesions.csv").write_text("\n".join(["lesion_id,patient_id,lesion_type", *rows]) + "\n")
    environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(WORKER), str(pack), str(tmp_path)]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert len(one) == 3 + 2 + 3
    np.testing.assert_allclose(one, two, rtol=1e-3)  # rounding, which Adam lets grow from step to step
    first, second = (load_file(tmp_path / name / "labels" / "model.safetensors") for name in ("one", "two"))
    # Adam moves a weight of hardly any gradient by its whole rate either way: compared on average
    apart = [float((first[key].float() - second[key].float()).abs().mean()) for key in first]
    assert sum(apart) / len(apart) < 1e-4
