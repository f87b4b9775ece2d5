"""The VAE baseline: a bound that means what it says, training that lowers it, weights that come back."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from encoder.errors import EncoderError
from encoder.network.lesion_encoder import LesionEncoderConfig
from encoder.preprocess import standardize
from encoder.training import train as training
from encoder.training.presets import Preset, Stage
from eval.encoder.vae_baseline import VAE, evidence_bound, load_vae, train_vae

TINY = Preset(
    name="tiny",
    channels=("image",),
    pooling="average",
    input_px=32,
    dim=16,
    stages=(Stage("simclr", epochs=1, loss="nt_xent", batch=8),),
)


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    monkeypatch.setattr(
        training,
        "LesionEncoderConfig",
        lambda **given: LesionEncoderConfig(**given | {"widths": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}),
    )


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    images = np.zeros((16, 64, 64), np.uint8)
    images[::2, 20:44, 20:44] = 255
    np.save(folder / "images.npy", images)
    rows = [f"L{i},P{i}" for i in range(16)]
    (folder / "lesions.csv").write_text("\n".join(["lesion_id,patient_id", *rows]) + "\n")
    return folder


def test_the_divergence_of_a_shifted_gaussian_is_the_textbook_one():
    target = torch.zeros(2, 1, 4, 4)
    decoded = torch.ones(2, 1, 4, 4)  # log of a mean square of 1 is 0: only the divergence is left
    mean, log_variance = torch.full((2, 3), 2.0), torch.full((2, 3), math.log(0.5))
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (0.5 * log_variance).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    assert evidence_bound(decoded, target, mean, log_variance).item() == pytest.approx(
        exact.sum(1).mean().item() / 16, rel=1e-5
    )


def test_training_lowers_the_bound_and_the_weights_come_back(pack, tmp_path):
    def bound(model: VAE) -> float:
        torch.manual_seed(0)
        images = torch.from_numpy(standardize(np.load(pack / "images.npy")))
        with torch.no_grad():
            return evidence_bound(*model.train()(images)).item()

    short, long = (replace(TINY, stages=(replace(TINY.stages[0], epochs=epochs),)) for epochs in (1, 15))
    before = bound(train_vae([pack], tmp_path / "short", short))
    trained = train_vae([pack], tmp_path / "long", long)
    rois = np.load(pack / "images.npy")[:5]
    vectors = trained.embed(rois)
    np.testing.assert_allclose(load_vae(tmp_path / "long", long).embed(rois), vectors, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert bound(trained) < before


def test_what_cannot_be_loaded_or_built_is_said(tmp_path):
    with pytest.raises(EncoderError, match="train it again"):
        load_vae(tmp_path, TINY)
    with pytest.raises(EncoderError, match="multiple of 8"):
        VAE(LesionEncoderConfig(input_px=30))
