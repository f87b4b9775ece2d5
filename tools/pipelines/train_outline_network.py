"""Fit the network that outlines lesions to painted ones, and then to real ones and teaching cases beside them.

Run as `python -m tools.pipelines.train_outline_network DATA PHANTOMS OUT`: the folder of the real CT data, one that
`lesion-search phantoms` wrote, and a folder for checkpoints, from which a run that stopped goes on, and for the
networks of the folds, each of which saw none of the fold's patients: `train_outline_ranker` needs them. Writes the
weights that all patients but LIDC's test patients gave. About an hour on two cores.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tools.pipelines.measured_lesions import MeasuredLesion
from tools.pipelines.painted_lesions import paint_lesions
from tools.pipelines.train_outline_ranker import (
    FOLDS,
    box_asked,
    click_asked,
    fold_of,
    is_test,
    read_lesions,
    real_slices,
    wrongness,
)
from tools.pipelines.unet import Losses, UNet, learn
from tools.regions.outline_network import (
    CHANNELS,
    EDGES_MM,
    LEVELS,
    LOG_STEP,
    RINGS,
    TURN,
    WEIGHTS,
    channels,
    log_polar,
    share_inside,
)
from tools.regions.polar import ANGLES, RAYS, Floats, box_radii, polygon, unwrap
from tools.regions.segmentation import REACH_MM, hypotheses_around, hypotheses_in_box

WIDTHS = (24, 40, 64, 96)  # channels of each level
PAINTED = 10_000
LIVER_STEP, LIVER_MM = 3, 1.5  # every third slice; the pixel size that its publisher's scaling left
ASKED = {"key slices": 6, "LIDC": 2, "sarcoma": 3, "phantoms": 2, "painted": 1}  # how often each is clicked and boxed
SHARES = {"LIDC": 0.42, "key slices": 0.25, "sarcoma": 0.06, "phantoms": 0.12, "painted": 0.15}
BATCH = 32
STEPS, RATE, STEPS_ON, RATE_ON = 2_400, 2e-3, 250, 6e-4  # with painted lesions alone, and then with real ones
WRONG = 0.25  # an outline that is so wrong teaches nothing
SIZE_WEIGHT, RAY_WEIGHT = 0.5, 0.25
SHIFT = 7  # rings by which a lesion is made larger or smaller
NOISE_HU, NOISE_SHARE = 12.0, 0.6
CUT_SHARES = (0.2, 0.05)  # shown as a soft-tissue window leaves it, and as clipped at zero


@dataclass(frozen=True, eq=False)
class Samples:
    """What is learnt from: rings (n, RAYS, RINGS) in HU, the box's radii (0: a click), those of the lesion, and how
    much each counts; whose they are."""

    rings: NDArray[np.float16]
    limit_mm: NDArray[np.float32]
    radii_mm: NDArray[np.float32]
    weight: NDArray[np.float32]
    source: NDArray[np.str_]
    fold: NDArray[np.int64]
    is_test: NDArray[np.bool_]

    @classmethod
    def of(cls, lesions: Sequence[MeasuredLesion]) -> Self:
        """Click and box every lesion as often as its source is asked."""
        with ProcessPoolExecutor() as workers:
            made = [one for several in workers.map(_samples, lesions, chunksize=8) for one in several]
        columns: list[Any] = [np.stack(column) for column in zip(*made, strict=True)]
        return cls(*columns)

    def joined(self, others: Self) -> Self:
        """Put others behind these."""
        return type(self)(*(np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)))


def _samples(lesion: MeasuredLesion) -> list[tuple[Any, ...]]:
    made = []
    for asked in range(ASKED[lesion.source]):
        click, box = click_asked(lesion, asked), box_asked(lesion, asked)
        made.append(_sample(lesion, click, None))
        if box is not None:
            made.append(_sample(lesion, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), box))
    return made


def _sample(
    lesion: MeasuredLesion, center: tuple[float, float], box: tuple[float, float, float, float] | None
) -> tuple[Any, ...]:
    """One click or box. Where nobody drew the lesion, the traced outline that fits best what is known stands for it."""
    limit_mm = np.zeros(RAYS) if box is None else box_radii(box, lesion.spacing_mm)
    if lesion.outline_px is not None:
        radii_mm, wrong = _around(center, lesion.outline_px, lesion.spacing_mm), 0.0
    else:
        found = (
            hypotheses_around(lesion.image, lesion.spacing_mm, center, None)
            if box is None
            else hypotheses_in_box(lesion.image, lesion.spacing_mm, box, None)
        )
        traced = [found.refined(number) for number in range(len(found.radii_mm))]
        scored = [wrongness(lesion, polygon(center, each, lesion.spacing_mm))[0] for each in traced]
        radii_mm, wrong = traced[int(np.argmin(scored))], min(scored)
    rings = log_polar(unwrap(lesion.image, lesion.spacing_mm, center, REACH_MM))
    weight = max(0.0, 1 - wrong / WRONG)
    return (
        rings.astype(np.float16), limit_mm.astype(np.float32), radii_mm.astype(np.float32), np.float32(weight),
        np.str_(lesion.source), np.int64(fold_of(lesion.patient_id)), np.bool_(is_test(lesion)),
    )  # fmt: skip


def _around(center: tuple[float, float], outline_px: Floats, spacing_mm: tuple[float, float]) -> Floats:
    """Radii (RAYS,) in mm of an outline (N, 2) around another centre within it."""
    x, y = ((outline_px - center) * (spacing_mm[1], spacing_mm[0])).T
    angles = np.arctan2(y, x) % (2 * np.pi)
    order = np.argsort(angles)
    radii: Floats = np.interp(ANGLES, angles[order], np.hypot(x, y)[order], period=2 * np.pi)
    return radii


def varied(
    rings: NDArray[np.floating],
    limit_mm: NDArray[np.floating],
    radii_mm: NDArray[np.floating],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.floating], NDArray[np.floating]]:
    """Turn, mirror, scale and change one sample as scanners and publishers do."""
    turn, flip, shift = int(rng.integers(RAYS)), int(rng.choice((-1, 1))), int(rng.integers(-SHIFT, SHIFT + 1))
    rings, limit_mm, radii_mm = (np.roll(each, turn, axis=0)[::flip] for each in (rings, limit_mm, radii_mm))
    rings = rings[:, np.clip(np.arange(RINGS) - shift, 0, RINGS - 1)]
    scale = math.exp(shift * LOG_STEP)
    rings = np.where(rings > -900, rings * rng.uniform(0.85, 1.15) + rng.normal(0, 15), rings)
    if rng.random() < NOISE_SHARE:
        averaged = np.sqrt(np.maximum(EDGES_MM[:-1] / 4, 1))  # farther rings are of more pixels
        rings = rings + rng.normal(size=rings.shape) * (rng.uniform(0, NOISE_HU) / averaged)
    cut = rng.random()
    if cut < CUT_SHARES[0]:
        rings = np.where(rings <= -174, -1000, np.minimum(rings, 275))
    elif cut < sum(CUT_SHARES):
        rings = np.where(rings < 5, -100, np.minimum(rings, 255))
    return rings.astype(np.float32), limit_mm * scale, radii_mm * scale


def batch_of(samples: Samples, rows: NDArray[np.int64], rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Draw what the network sees, which share of each ring is inside the lesion, and how much each sample counts."""
    seen, inside = [], []
    for row in rows:
        rings, limit_mm, radii_mm = varied(
            samples.rings[row].astype(np.float32), samples.limit_mm[row], samples.radii_mm[row], rng
        )
        seen.append(channels(rings, limit_mm if limit_mm.any() else None))
        inside.append(share_inside(radii_mm))
    return (
        torch.tensor(np.stack(seen)),
        torch.tensor(np.stack(inside), dtype=torch.float32),
        torch.tensor(samples.weight[rows]),
    )


def logits_of(network: nn.Module, seen: torch.Tensor) -> torch.Tensor:
    """Shape: (B, CHANNELS, RAYS + 2 TURN, RINGS) -> (B, RAYS, RINGS)."""
    return nn.functional.interpolate(network(seen), scale_factor=2, mode="bilinear")[:, 0, TURN:-TURN]


def loss_of(logits: torch.Tensor, inside: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Compute how wrong the rings are, and, in rings, the size and each ray."""
    each = nn.functional.binary_cross_entropy_with_logits(logits, inside, reduction="none").sum(2).mean(1)
    off = torch.sigmoid(logits).sum(2) - inside.sum(2)
    total = each + SIZE_WEIGHT * off.mean(1).abs() + RAY_WEIGHT * off.abs().mean(1)
    return (total * weight).sum() / weight.sum().clamp(min=1)


Choose = Callable[[np.random.Generator, int], NDArray[np.int64]]


def drawn_from(samples: Samples, which: NDArray[np.bool_]) -> Choose:
    """Draw rows of some samples, each source by its share."""
    shares = {source: share for source, share in SHARES.items() if (which & (samples.source == source)).any()}
    pools = {source: np.flatnonzero(which & (samples.source == source) & (samples.weight > 0)) for source in shares}
    share = np.array(list(shares.values())) / sum(shares.values())

    def choose(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return np.array([rng.choice(pools[source]) for source in rng.choice(list(pools), size=count, p=share)])

    return choose


def losses(samples: Samples, choose: Choose, seed: int) -> Losses:
    """Let a network learn from batches of samples."""

    def lost(network: UNet, began: int) -> Iterator[torch.Tensor]:
        rng = np.random.default_rng((seed, began))
        while True:
            seen, inside, weight = batch_of(samples, choose(rng, BATCH), rng)
            yield loss_of(logits_of(network, seen), inside, weight)

    return lost


def liver_slices(data: Path) -> Iterator[tuple[NDArray[np.int16], float, str]]:
    """Read abdominal slices, whose livers may hold tumours that nobody marked: image, pixel size in mm, patient."""
    with np.load(data / "multi_organ" / "liver_ct_slices" / "slices.npz") as arrays:
        slices = arrays["slices"]
    for number in range(0, len(slices), LIVER_STEP):
        yield slices[number].astype(np.int16), LIVER_MM, f"liver-{number // 5}"


def without_folds(samples: Samples) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Name the networks that are fitted, and what each learns from: all but a fold's patients, and all of them."""
    painted = samples.source == "painted"
    for fold in range(FOLDS):
        yield f"fold{fold}", ~samples.is_test & (painted | (samples.fold != fold))
    yield "all", ~samples.is_test


def main(arguments: list[str]) -> None:
    data, phantoms, out = (Path(argument) for argument in arguments)
    out.mkdir(parents=True, exist_ok=True)
    slices = [*real_slices(data), *liver_slices(data)]
    painted = Samples.of(paint_lesions(slices, PAINTED, seed=1))
    torch.manual_seed(0)
    network = UNet(CHANNELS, WIDTHS, (0.0,), up_side=3)
    assert len(WIDTHS) == LEVELS + 1
    alone = losses(painted, drawn_from(painted, painted.weight > 0), 0)
    network = learn(network, alone, STEPS, RATE, 0, out / "painted.pt")
    real = [lesion for lesion in read_lesions(data, phantoms) if lesion.source != "painted"]
    samples = Samples.of(real).joined(painted)
    for seed, (name, which) in enumerate(without_folds(samples), start=1):
        its = losses(samples, drawn_from(samples, which), seed)
        fitted = learn(network, its, STEPS_ON, RATE_ON, seed, out / f"{name}.pt")
        np.savez_compressed(WEIGHTS if name == "all" else out / f"{name}.npz", **fitted.weights())  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1:])
