"""The detector of suggestions can be fitted anew, and what is painted for it is where it says."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tools.pipelines import train_lesion_detector as training
from tools.pipelines import unet
from tools.pipelines.lesion_slices import LesionSlice, Patch, painted, phantom_slices, with_fat
from tools.pipelines.phantoms.generate import make_phantoms
from tools.pipelines.train_lesion_detector import (
    SIDE,
    Drawn,
    Sources,
    detector,
    drawn,
    figures,
    loss_of,
    losses,
    new_network,
    targets,
)
from tools.pipelines.unet import learn
from tools.regions.lesion_detector import LesionDetector, Spots, channels
from tools.regions.unet import STRIDE

NODULES = [Patch(np.where(np.hypot(*np.mgrid[-14:15, -14:15]) < 5, 30, -850).astype(np.int16), 5.0)]


def chest(patient: str = "p") -> LesionSlice:
    """A body of fat and muscle with two lungs."""
    rows, columns = np.mgrid[:220, :240]
    body = np.hypot((rows - 110) / 90, (columns - 120) / 110)
    image = np.where(body < 1, np.where(body < 0.85, 50, -100), -1000)
    for middle in (70, 170):
        image[np.hypot((rows - 110) / 60, (columns - middle) / 35) < 1] = -850
    return LesionSlice(image.astype(np.int16), (), patient, "whole")


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> list[LesionSlice]:
    folder = tmp_path_factory.mktemp("phantoms")
    make_phantoms(folder, patients=2, seed=4)
    return list(phantom_slices(folder, most=18))


@pytest.fixture
def sources(phantoms: list[LesionSlice]) -> Sources:
    unmarked: dict[str, tuple[LesionSlice, ...]] = {name: (chest(),) for name in training.SHARES}
    large = [Patch(np.where(np.hypot(*np.mgrid[-40:41, -40:41]) < 15, 60, -100).astype(np.int16), 15.0)]
    patches = {"lidc": NODULES, "bone_lesions": NODULES, "soft_tissue_sarcoma": large, "lung_cancer": large}
    return Sources(tuple(phantoms), unmarked, patches)


def test_painted_lesions_are_where_they_are_said_to_be_and_apart() -> None:
    before = chest()
    after = painted(before, NODULES, 12, np.random.default_rng(1))
    assert len(after.spots) >= 6
    changed = np.abs(after.image.astype(float) - before.image) > 10
    for spot in after.spots:
        x, y, reach = int(spot.x), int(spot.y), int(spot.radius)
        assert changed[y - reach : y + reach + 1, x - reach : x + reach + 1].any()
    near = np.min([np.hypot(*(np.mgrid[:220, :240] - [[[s.y]], [[s.x]]])) / s.radius for s in after.spots], axis=0)
    assert not changed[near > 3.5].any()
    for n, one in enumerate(after.spots):
        assert all(math.hypot(one.x - o.x, one.y - o.y) > one.radius + o.radius for o in after.spots[:n])


def test_lungs_are_air_within_the_body() -> None:
    lung = chest().lung
    assert lung[110, 70]
    assert lung[110, 170]
    assert not lung[2, 2]
    assert not lung[110, 120]


def test_fat_that_was_cut_off_is_filled_in() -> None:
    rows, columns = np.mgrid[:128, :128]
    off = np.hypot(rows - 64, columns - 64)
    pixels = np.where((off > 45) & (off < 50) | (off < 20), 60, 0).astype(np.uint8)
    hu = with_fat(pixels, np.random.default_rng(0))
    assert hu[64, 64] == 60
    assert -140 < hu[64, 64 + 32] < -60
    assert hu[2, 2] == -1000


def test_what_is_drawn_fits_its_targets(sources: Sources) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        image, spots, weight = drawn(sources, rng)
        heat, log_radius, counts = targets(spots)
        assert image.shape == weight.shape == (SIDE, SIDE)
        inside = [spot for spot in spots if 0 <= spot.x < SIDE and 0 <= spot.y < SIDE]
        assert (heat == 1).sum() == len({(int(s.x / STRIDE), int(s.y / STRIDE)) for s in inside})
        for spot in inside:
            assert counts[int(spot.y / STRIDE), int(spot.x / STRIDE)] == 1
        assert np.isfinite(log_radius).all()


def test_a_network_is_served_as_it_was_trained() -> None:
    torch.manual_seed(0)
    network = new_network((8, 8, 16, 16, 16)).eval()
    image = np.random.default_rng(0).uniform(-1000, 275, (96, 128)).astype(np.float32)
    with torch.no_grad():
        logit, log_radius = network(torch.from_numpy(channels(image))[None])[0].numpy()
    heat, served = detector(network).maps(image)
    assert heat == pytest.approx(1 / (1 + np.exp(-logit)), abs=2e-3)  # weights are kept as float16
    assert served == pytest.approx(log_radius.clip(0, 4), abs=2e-2)


def test_a_fit_learns_and_goes_on_where_it_stopped(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"BATCH": 4, "PATCHES_SHARE": 0, "MARKED_SHARE": 1}.items():
        monkeypatch.setattr(training, name, value)
    monkeypatch.setattr(unet, "WARM_UP", 5)
    network = new_network((8, 16, 16, 24, 24))
    first = learn(network, losses(sources, 0), 40, 3e-3, 0, tmp_path / "run.pt", 0.8)
    again = learn(network, losses(sources, 0), 40, 3e-3, 0, tmp_path / "run.pt", 0.8)  # nothing is left to do
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    image, *wanted = next(iter(torch.utils.data.DataLoader(Drawn(sources, 7), 8)))
    with torch.no_grad():
        before, after = (float(loss_of(each(image), wanted)) for each in (network.train(), first.eval()))
    assert after < 0.95 * before


def test_what_is_suggested_is_counted(sources: Sources) -> None:
    found = [
        (one, Spots(*np.array([[spot.x, spot.y, 5, 0.9], [1, 1, 5, 0.1]]).T))
        for one, spot in ((one, one.spots[0]) for one in sources.marked)
    ]
    five = figures("phantoms", found, 0.0)
    assert (five.slices, five.suggestions) == (len(found), 2 * len(found))
    assert five.precision == 0.5
    assert five.recall_at_5 == five.recall_of_five >= len(found) / five.lesions - 1e-4
    surer = figures("phantoms", found, 0.5)
    assert (surer.suggestions, surer.precision) == (len(found), 1.0)


def test_the_shipped_weights_know_how_good_they_are() -> None:
    from tools.regions.lesion_detector import WEIGHTS

    its = LesionDetector.load(WEIGHTS)
    assert 0 < its.least < 1
    assert 0 < its.precision < its.recall < 1
