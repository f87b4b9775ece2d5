"""The network that outlines lesions: what it learns from, that it learns, and that it is served as it was trained."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tools.pipelines.test_train_outline_ranker import SLICES
from tools.pipelines import train_outline_network as training
from tools.pipelines import unet
from tools.pipelines.painted_lesions import paint_lesions
from tools.pipelines.train_outline_network import Samples, batch_of, drawn_from, logits_of, loss_of, losses, varied
from tools.pipelines.unet import UNet, learn
from tools.regions.outline_network import (
    CHANNELS,
    LEVELS,
    MIDDLES_MM,
    RINGS,
    TURN,
    OutlineNetwork,
    channels,
    describe_agreement,
    load_outline_network,
    log_polar,
    outlined,
)
from tools.regions.polar import RAYS, unwrap
from tools.regions.unet import unet_session

LESIONS = paint_lesions(SLICES, 12, seed=5)


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Clicks and boxes of painted lesions."""
    return Samples.of(LESIONS)


def network(widths: tuple[int, ...] = (8, 8, 8, 8)) -> UNet:
    torch.manual_seed(0)
    return UNet(CHANNELS, widths, (0.0,), up_side=3)


def test_samples_are_as_large_as_the_lesions_that_were_painted(samples: Samples) -> None:
    assert len(samples.radii_mm) == 2 * len(LESIONS)
    for lesion, around in zip(LESIONS, samples.radii_mm[::2], strict=True):
        assert lesion.outline_px is not None
        x, y = (lesion.outline_px * 0.8).T
        area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
        assert np.pi * float((around**2).mean()) == pytest.approx(area, rel=0.12)
    assert (samples.limit_mm[::2] == 0).all()
    assert (samples.limit_mm[1::2] > 0).all()


def test_a_varied_sample_is_turned_and_scaled_with_its_outline() -> None:
    radii = np.linspace(4, 12, RAYS).astype(np.float32)
    rings = np.where(radii[:, None] > MIDDLES_MM, 100, 0).astype(np.float32)
    rng = np.random.default_rng(0)
    for _ in range(20):
        moved, _, around = varied(rings, np.zeros(RAYS), radii, rng)
        inside = moved > np.median(
            [moved[around[:, None] > MIDDLES_MM].mean(), moved[around[:, None] < MIDDLES_MM].mean()]
        )
        assert (inside == (around[:, None] > MIDDLES_MM)).mean() > 0.9


def test_a_network_is_served_as_it_was_trained() -> None:
    its = network().eval()
    lesion = LESIONS[0]
    polar = unwrap(lesion.image, lesion.spacing_mm, lesion.middle, 55.0)
    with torch.no_grad():
        trained = torch.sigmoid(logits_of(its, torch.tensor(channels(log_polar(polar), None))[None]))[0].numpy()
    served = OutlineNetwork(unet_session(its.weights(), CHANNELS, LEVELS))(polar)
    assert served.shape == (RAYS, RINGS)
    assert served == pytest.approx(trained, abs=5e-3)  # weights are kept as float16


def test_a_fit_learns(samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "BATCH", 8)
    monkeypatch.setattr(unet, "WARM_UP", 5)
    its, choose = network(), drawn_from(samples, samples.weight > 0)
    first = learn(its, losses(samples, choose, 0), 40, 3e-3, 0, tmp_path / "run.pt", 0.8)
    seen, inside, weight = batch_of(samples, np.arange(len(samples.weight)), np.random.default_rng(1))
    with torch.no_grad():
        before, after = (float(loss_of(logits_of(each, seen), inside, weight)) for each in (its, first.eval()))
    assert after < 0.8 * before


def test_no_fold_learns_from_its_own_patients_and_none_from_the_test_patients(samples: Samples) -> None:
    for name, which in training.without_folds(samples):
        assert not (which & samples.is_test).any()
        own = (samples.source != "painted") & (samples.fold == int(name[-1])) if name != "all" else samples.is_test
        assert not (which & own).any()


def test_what_agrees_with_the_network_is_told_from_what_does_not() -> None:
    radii = np.full(RAYS, 9.0)
    inside = 1 / (1 + np.exp(-(radii[:, None] - MIDDLES_MM) * 4))
    assert outlined(inside) == pytest.approx(radii, rel=0.05)
    apart, signed, *_, overlap = describe_agreement(inside, np.stack([radii, radii * 1.5, radii / 1.5]))[:, :4].T
    assert apart[0] < 0.05 < apart[1:].min()
    assert signed[1] > 0 > signed[2]
    assert overlap[0] > 0.9 > overlap[1:].max()


def test_the_shipped_network_outlines_a_lesion() -> None:
    hits = 0
    for lesion in LESIONS:
        polar = unwrap(lesion.image, lesion.spacing_mm, lesion.middle, 55.0)
        assert lesion.outline_px is not None
        true = np.hypot(*((lesion.outline_px - lesion.middle) * 0.8).T).mean()
        hits += abs(float(np.log(outlined(load_outline_network()(polar)).mean() / true))) < 0.25
    assert hits >= len(LESIONS) / 2
    assert channels(log_polar(polar), None).shape == (CHANNELS, RAYS + 2 * TURN, RINGS)
