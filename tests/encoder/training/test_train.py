"""Training end to end on a tiny network: weights that load, exact resume, and a loss that falls."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from encoder.embedder import load_embedder
from encoder.errors import EncoderError
from encoder.training import train as training
from encoder.training.dataset import load_rois
from encoder.training.losses import LOSSES, LossBatch
from encoder.training.presets import PAPER, Optimization, Preset, Stage
from encoder.training.train import train

TINY = Preset(
    name="tiny",
    dim=32,
    projection_dim=16,
    stages=(
        Stage("simclr", epochs=2, loss="nt_xent", batch=8, optimization=Optimization("lars", 0.5)),
        Stage("labels", epochs=2, loss="classification", batch=8, self_supervised_weight=0.5, rows_per_lesion=1),
    ),
)


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    original = training.LesionEncoderConfig
    narrow = {"widths": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}
    monkeypatch.setattr(training, "LesionEncoderConfig", lambda **given: original(**given | narrow))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    images = rng.integers(-100, 100, (24, 64, 64)).astype(np.int16)
    images[::2, 24:40, 24:40] += 500
    folder = tmp_path / "pack"
    folder.mkdir()
    np.save(folder / "images.npy", images)
    rows = [f"L{i},P{i},{'bone' if i % 2 == 0 else 'liver'}" for i in range(24)]
    (folder / "lesions.csv").write_text("\n".join(["lesion_id,patient_id,lesion_type", *rows]) + "\n")
    return folder


def test_the_result_serves_and_tells_its_story(pack, tmp_path):
    out = train([pack], tmp_path / "out", TINY)
    embedder = load_embedder(out)
    assert embedder(np.load(pack / "images.npy")).shape == (24, 32)
    story = json.loads((out / "training.json").read_text())
    assert story["fingerprint"] == embedder.fingerprint
    assert load_embedder(out / "simclr").fingerprint != embedder.fingerprint


def test_what_it_believes_joins_what_it_sees(pack, tmp_path):
    out = train([pack], tmp_path / "out", replace(TINY, readout_strength=1.0, detail=0.25))
    embedder = load_embedder(out)
    vectors = embedder(np.load(pack / "images.npy"))
    assert vectors.shape == (24, 32 + 2 + 8)  # bone and liver, and the entries of familiarity
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.all(np.linalg.norm(vectors[:, :32], axis=1) ** 2 < 0.25 + 1e-3)
    bone, liver = (vectors[:, 32:34] ** 2).T
    assert np.mean((bone > liver) == (np.arange(24) % 2 == 0)) > 0.9


def test_auxiliary_labels_are_learnt_from_and_not_read_out(pack, tmp_path):
    rows = (pack / "lesions.csv").read_text().split()
    rated = [rows[0] + ",margin_rating", *(f"{row},{1 + i % 3}" for i, row in enumerate(rows[1:]))]
    (pack / "lesions.csv").write_text("\n".join(rated) + "\n")
    stages = tuple(replace(stage, auxiliary_weight=0.5) for stage in TINY.stages)
    plan = replace(TINY, stages=stages, auxiliary=("margin_rating",))
    with_them, without = (
        train([pack], tmp_path / name, replace(one, readout_strength=1.0))
        for name, one in (("with", plan), ("without", TINY))
    )
    assert list(load_embedder(with_them).architecture.readout) == ["lesion_type"]
    first, second = (load_file(out / "labels" / "model.safetensors") for out in (with_them, without))
    assert any(not torch.equal(first[name], second[name]) for name in first)
    alike = [load_file(out / "simclr" / "model.safetensors") for out in (with_them, without)]
    assert all(torch.equal(alike[0][name], alike[1][name]) for name in alike[0])


def test_no_source_drowns_another(pack, tmp_path):
    rows = (pack / "lesions.csv").read_text().split()
    sourced = [rows[0] + ",source", *(f"{row},{'few' if i < 4 else 'many'}" for i, row in enumerate(rows[1:]))]
    (pack / "lesions.csv").write_text("\n".join(sourced) + "\n")
    rois = load_rois([pack])
    stage = replace(TINY.stages[0], rows_per_epoch=1200, batch=1200)
    ((_, drawn, _),) = training.views_of_epoch(rois, stage, torch.optim.SGD([torch.zeros(1)]), 0, 0)
    assert rois.sources[drawn].float().mean() == pytest.approx(20**0.5 / (20**0.5 + 4**0.5), abs=0.05)


class InterruptedRunError(Exception):
    pass


@pytest.mark.parametrize("epochs_done", [1, 2, 3])
def test_an_interrupted_run_ends_in_the_same_weights(pack, tmp_path, monkeypatch, epochs_done):
    whole = train([pack], tmp_path / "whole", TINY)
    saved = training.save_checkpoint
    calls = []

    def save_then_stop(*args):
        saved(*args)
        calls.append(1)
        if len(calls) == epochs_done:
            raise InterruptedRunError

    monkeypatch.setattr(training, "save_checkpoint", save_then_stop)
    with pytest.raises(InterruptedRunError):
        train([pack], tmp_path / "cut", TINY)
    monkeypatch.setattr(training, "save_checkpoint", saved)
    resumed = train([pack], tmp_path / "cut", TINY, resume=tmp_path / "cut")
    first, second = (load_file(folder / "model.safetensors") for folder in (whole, resumed))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_it_learns_to_tell_types_apart(pack, tmp_path):
    longer = replace(TINY, stages=(replace(TINY.stages[1], epochs=12, self_supervised_weight=0.0),))
    out = train([pack], tmp_path / "out", longer)
    vectors = load_embedder(out)(np.load(pack / "images.npy"))
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    nearest = similarity.argmax(1)
    assert np.mean(nearest % 2 == np.arange(24) % 2) > 0.9


def test_the_published_recipe_runs(pack, tmp_path):
    short = replace(PAPER, dim=32, stages=tuple(replace(stage, epochs=1, batch=8) for stage in PAPER.stages))
    out = train([pack], tmp_path / "out", short)
    assert load_embedder(out)(np.zeros((1, 64, 64), np.int16)).shape == (1, 32)


def test_a_registered_loss_trains(pack, tmp_path, monkeypatch):
    losses = []

    def spread(batch: LossBatch) -> torch.Tensor:
        """Vectors whose mean is short point in all directions."""
        loss = batch.vectors.mean(dim=0).square().sum()
        losses.append(loss.item())
        return loss

    monkeypatch.setitem(LOSSES, "spread", spread)
    stage = Stage("spread", epochs=4, loss="spread", batch=8, optimization=Optimization("adamw", 0.03))
    train([pack], tmp_path / "out", replace(TINY, centred=False, stages=(stage,)))
    assert len(losses) == 4 * 3
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])


def test_what_cannot_run_is_said(pack, tmp_path):
    with pytest.raises(EncoderError, match="no preset"):
        train([pack], tmp_path / "out", "fastest")
    with pytest.raises(EncoderError, match="no loss 'triplet'"):
        train([pack], tmp_path / "out", replace(TINY, stages=(TINY.stages[0], replace(TINY.stages[1], loss="triplet"))))
    with pytest.raises(EncoderError, match="at least one epoch"):
        train([pack], tmp_path / "out", "default", epochs=0)
    with pytest.raises(EncoderError, match="no checkpoint"):
        train([pack], tmp_path / "out", TINY, resume=tmp_path / "nothing")
    train([pack], tmp_path / "out", TINY)
    with pytest.raises(EncoderError, match="resume it with those"):
        train([pack], tmp_path / "out", "default", resume=tmp_path / "out")
