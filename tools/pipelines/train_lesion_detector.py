"""Fit the detector of suggestions to lesions painted into real slices, to real lesions and to teaching cases.

Run as `python -m tools.pipelines.train_lesion_detector DATA PHANTOMS KEPT OUT`: the folder of the real CT data, one
that `lesion-search phantoms` wrote, `eval/regions/results/suggestion_cross_validation.csv`, where the figures of a
cross-validation by patient go, and a folder for checkpoints, from which a run that stopped goes on. First the network
learns without marked slices; then it goes on with them, once for each fold without the patients of the fold, and once
with all, whose weights are written. About an hour on two cores with bfloat16 instructions.
"""

import math
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.utils.data import DataLoader, IterableDataset

from tools.pipelines.lesion_slices import (
    LesionSlice,
    Patch,
    Picture,
    Spot,
    key_slices,
    lesion_patches,
    organ_slices,
    painted,
    phantom_slices,
    unmarked_slices,
)
from tools.pipelines.measured_lesions import AIR_HU, write_figures
from tools.pipelines.unet import Losses, UNet, learn
from tools.regions.candidates import apart
from tools.regions.coarse_slice import GRID_MM, CoarseSlice
from tools.regions.lesion_detector import WEIGHTS, WINDOWS_HU, LesionDetector, Spots, channels
from tools.regions.unet import STRIDE

SIDE = 256  # pixels of the slices that are learnt from
WIDTHS = (24, 48, 72, 112, 160)  # channels of each level
BATCH, RATE, AVERAGE = 16, 2e-3, 0.995
STEPS, STEPS_ON, RATE_ON = 2_000, 250, 4e-4  # alone, and then with key slices
FOLDS = 5
MOST = 5
OFFERED = 3.0  # suggestions that a slice gets on average: whatever ranks lower is not offered
UNMARKED_MM, UNMARKED_WEIGHT = 82.0, 0.15  # around a point in a liver that may hold tumours
PATCH_WEIGHT, OUTSIDE_WEIGHT = 0.3, 0.2
CELL = 42  # pixels of a small patch in a mosaic of them


@dataclass(frozen=True)
class Figures:
    """What was suggested on slices of one source, cross-validated by patient; shares are 0..1."""

    source: str
    slices: int
    lesions: int
    recall_at_5: float  # of the lesions, among the suggestions that are offered
    recall_of_five: float  # the same if five were always offered
    suggestions: int
    precision: float


# -- what is learnt from -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Sources:
    """All there is to learn from; `marked` are key slices and teaching cases."""

    marked: tuple[LesionSlice, ...]
    unmarked: dict[str, tuple[LesionSlice, ...]]
    patches: dict[str, list[Patch]]

    @classmethod
    def read(cls, data: Path, phantoms: Path) -> "Sources":
        """Read the folders."""
        unmarked: dict[str, tuple[LesionSlice, ...]] = {"whole": tuple(unmarked_slices(data))}
        for one in organ_slices(data):
            unmarked[one.source] = (*unmarked.get(one.source, ()), one)
        return cls((*key_slices(data), *phantom_slices(phantoms)), unmarked, lesion_patches(data))

    def only(self, *marked: LesionSlice) -> "Sources":
        """Keep these of the marked slices."""
        return replace(self, marked=marked)


SHARES = {"whole": 0.5, "liver_ct_slices": 0.27, "pancreas_ct_slices": 0.2, "spleen": 0.03}
PATCHES_SHARE, MARKED_SHARE, KEY_SHARE = 0.15, 0.45, 0.8
SMALL_PATCHES = {"lidc": 0.85, "bone_lesions": 0.15}
LARGE_PATCHES = {"soft_tissue_sarcoma": 0.85, "lung_cancer": 0.15}


def _chosen(shares: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _any(things: Sequence[Any], rng: np.random.Generator) -> Any:
    return things[int(rng.integers(len(things)))]


def drawn(sources: Sources, rng: np.random.Generator) -> tuple[Picture, tuple[Spot, ...], Picture]:
    """Draw a slice, its lesions and how much each pixel counts where it is no lesion."""
    kind = rng.random()
    nodules = sources.patches["lidc"]
    if kind < PATCHES_SHARE:
        image, spots, weight = (
            _mosaic(sources.patches, rng) if rng.random() < 0.5 else _large_patch(sources.patches, rng)
        )
    elif sources.marked and kind < PATCHES_SHARE + MARKED_SHARE:
        real = [one for one in sources.marked if one.source == "key slices"]
        synthetic = [one for one in sources.marked if one.source != "key slices"]
        one = _any(real if real and (not synthetic or rng.random() < KEY_SHARE) else synthetic, rng)
        one = painted(one, nodules, 2, rng) if rng.random() < 0.3 else one
        image, spots, weight = one.image.astype(np.float32), one.spots, np.ones(one.image.shape, np.float32)
    else:
        one = painted(_any(sources.unmarked[_chosen(SHARES, rng)], rng), nodules, int(rng.integers(1, 6)), rng)
        image, spots, weight = one.image.astype(np.float32), one.spots, np.ones(one.image.shape, np.float32)
        if one.organ is not None:
            rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
            near = np.hypot(rows - one.organ[1], columns - one.organ[0]) < UNMARKED_MM / GRID_MM
            weight[near] = UNMARKED_WEIGHT
    image, spots, weight = _turned(image, spots, weight, rng)
    return _as_published(image, rng), spots, weight


def _mosaic(patches: dict[str, list[Patch]], rng: np.random.Generator) -> tuple[Picture, tuple[Spot, ...], Picture]:
    """Lay out small patches side by side."""
    image, weight = np.full((SIDE, SIDE), AIR_HU, np.float32), np.zeros((SIDE, SIDE), np.float32)
    spots = []
    for corner in np.ndindex(SIDE // CELL, SIDE // CELL):
        patch: Patch = _any(patches[_chosen(SMALL_PATCHES, rng)], rng)
        sides = np.minimum(patch.image.shape, CELL)
        cut = (np.array(patch.image.shape) - sides) // 2
        y, x = np.array(corner) * CELL + rng.integers(0, CELL - sides + 1)
        part = patch.image[cut[0] : cut[0] + sides[0], cut[1] : cut[1] + sides[1]]
        image[y : y + sides[0], x : x + sides[1]] = part[:, :: int(rng.choice((-1, 1)))]
        weight[y + 1 : y + sides[0] - 1, x + 1 : x + sides[1] - 1] = PATCH_WEIGHT
        spots.append(Spot(x + sides[1] / 2, y + sides[0] / 2, patch.radius))
    return image, tuple(spots), weight


def _large_patch(
    patches: dict[str, list[Patch]], rng: np.random.Generator
) -> tuple[Picture, tuple[Spot, ...], Picture]:
    """Lay a large patch somewhere near the middle."""
    image, weight = np.full((SIDE, SIDE), AIR_HU, np.float32), np.zeros((SIDE, SIDE), np.float32)
    patch: Patch = _any(patches[_chosen(LARGE_PATCHES, rng)], rng)
    middle = SIDE // 2 + rng.integers(-40, 41, 2)
    first = middle - np.array(patch.image.shape) // 2
    low, high = np.maximum(first, 0), np.minimum(first + patch.image.shape, SIDE)
    here, there = np.s_[low[0] : high[0], low[1] : high[1]], low - first
    image[here] = patch.image[there[0] : there[0] + high[0] - low[0], there[1] : there[1] + high[1] - low[1]]
    weight[here] = PATCH_WEIGHT
    return image, (Spot(float(middle[1]), float(middle[0]), patch.radius),), weight


def _turned(
    image: Picture, spots: Sequence[Spot], weight: Picture, rng: np.random.Generator
) -> tuple[Picture, tuple[Spot, ...], Picture]:
    """Turn, scale, mirror and shift a little, onto SIDE x SIDE pixels."""
    scale, angle, mirror = float(np.exp(rng.uniform(-0.15, 0.15))), rng.normal(0, 0.07), rng.choice((-1, 1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1, mirror]) / scale
    shift = np.array(image.shape) / 2 + rng.uniform(-10, 10, 2) - turn @ [SIDE / 2, SIDE / 2]
    size = (SIDE, SIDE)
    moved = ndimage.affine_transform(image, turn, shift, size, order=1, mode="constant", cval=AIR_HU)
    counts = ndimage.affine_transform(weight, turn, shift, size, order=0, mode="constant", cval=OUTSIDE_WEIGHT)
    back = np.linalg.inv(turn)
    there = [(back @ (np.array([spot.y, spot.x]) - shift), spot.radius * scale) for spot in spots]
    return moved, tuple(Spot(float(x), float(y), radius) for (y, x), radius in there), counts


def _as_published(image: Picture, rng: np.random.Generator) -> Picture:
    """Vary density, sharpness, noise and what a window leaves of the slice."""
    if rng.random() < 0.6:
        image = np.where(image > -900, image * rng.uniform(0.93, 1.07) + rng.normal(0, 10), image)
    if rng.random() < 0.5:
        image = ndimage.gaussian_filter(image, rng.uniform(0, 0.6))
    if rng.random() < 0.6:
        noise = rng.normal(size=image.shape)
        image = image + ndimage.gaussian_filter(noise, rng.uniform(0.3, 0.8)) * rng.uniform(0, 30)
    window = rng.random()
    if window < 0.35:
        image = np.where(image <= -174, AIR_HU, np.minimum(image, 275))
    elif window < 0.45:
        image = np.where(image < 5, AIR_HU if rng.random() < 0.5 else -100, image)
    return image.astype(np.float32)


def targets(spots: Sequence[Spot]) -> tuple[Picture, Picture, Picture]:
    """Draw what the network is to answer: heat, log of the radius, and where that counts.

    Shape: (SIDE / STRIDE, SIDE / STRIDE) each.
    """
    side = SIDE // STRIDE
    heat, log_radius, counts = (np.zeros((side, side), np.float32) for _ in range(3))
    rows, columns = np.mgrid[:side, :side] + 0.5
    for spot in spots:
        x, y, radius = spot.x / STRIDE, spot.y / STRIDE, spot.radius / STRIDE
        if not (0 <= x < side and 0 <= y < side):
            continue
        squared = (columns - x) ** 2 + (rows - y) ** 2
        heat = np.maximum(heat, np.exp(-squared / (2 * max(0.8, 0.35 * radius) ** 2)))
        near = squared < max(1.2, 0.4 * radius) ** 2
        log_radius, counts = np.where(near, math.log(max(spot.radius, 1)), log_radius), np.maximum(counts, near)
        heat[int(y), int(x)] = 1
    return heat.astype(np.float32), log_radius.astype(np.float32), counts.astype(np.float32)


class Drawn(IterableDataset[tuple[Picture, ...]]):
    """Endless slices with what the network is to answer."""

    def __init__(self, sources: Sources, seed: int) -> None:
        self._sources, self._seed = sources, seed

    def __iter__(self) -> Iterator[tuple[Picture, ...]]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self._seed)
        while True:
            image, spots, weight = drawn(self._sources, rng)
            heat, log_radius, counts = targets(spots)
            side = SIDE // STRIDE
            weight = weight.reshape(side, STRIDE, side, STRIDE).mean((1, 3))
            yield channels(image), heat, log_radius, counts, np.maximum(weight, heat > 0.1).astype(np.float32)


# -- how it learns -----------------------------------------------------------------------------------------------------
def new_network(widths: tuple[int, ...] = WIDTHS) -> UNet:
    """Make the network of two maps: lesions are few, and a few pixels large."""
    return UNet(len(WINDOWS_HU), widths, (-4.0, 1.6))


def loss_of(answer: torch.Tensor, wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Compute the focal loss of the heat map (Zhou et al. 2019, equation 1) and the error of the radii."""
    heat, log_radius, counts, weight = wanted
    given = torch.sigmoid(answer[:, 0]).clamp(1e-5, 1 - 1e-5)
    center = (heat >= 0.999).float()
    missed = center * (1 - given) ** 2 * given.log()
    wrong = (1 - center) * (1 - heat) ** 4 * given**2 * (1 - given).log() * weight
    size = ((answer[:, 1] - log_radius).abs() * counts).sum() / counts.sum().clamp(min=1)
    return -(missed.sum() + wrong.sum()) / center.sum().clamp(min=1) + 0.3 * size


def losses(sources: Sources, seed: int) -> Losses:
    """Let a network learn from drawn slices."""

    def lost(network: UNet, began: int) -> Iterator[torch.Tensor]:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for image, *wanted in DataLoader(Drawn(sources, seed + began), BATCH, num_workers=1, prefetch_factor=4):
            with torch.autocast("cpu", torch.bfloat16):
                answer = network(image.to(memory_format=torch.channels_last))
            yield loss_of(answer.float(), wanted)

    return lost


# -- how good it is ----------------------------------------------------------------------------------------------------
def detector(network: UNet) -> LesionDetector:
    """Serve a network as it will be served; nothing was measured of it yet."""
    return LesionDetector(network.weights() | _measured(0, 0, 0))


def _measured(least: float, recall: float, precision: float) -> dict[str, NDArray[np.float64]]:
    return {"least": np.float64(least), "recall": np.float64(recall), "precision": np.float64(precision)}  # type: ignore[dict-item]


def fold_of(one: LesionSlice) -> int:
    """Number the fold of a patient."""
    return zlib.crc32(one.patient_id.encode()) % FOLDS


def cross_validated(network: UNet, sources: Sources, out: Path) -> list[tuple[LesionSlice, Spots]]:
    """Find the spots of every marked slice with a network that saw none of its patient."""
    found = []
    for fold in range(FOLDS):
        others = sources.only(*(one for one in sources.marked if fold_of(one) != fold))
        its = detector(
            learn(network, losses(others, fold + 1), STEPS_ON, RATE_ON, fold + 1, out / f"fold{fold}.pt", AVERAGE)
        )
        found += [(one, spots_of(its, one)) for one in sources.marked if fold_of(one) == fold]
    return found


def spots_of(its: LesionDetector, one: LesionSlice) -> Spots:
    """Find the spots of a slice, in its own pixels."""
    return its(CoarseSlice(one.image.astype(np.float32), (1.0, 1.0)))


def suggested(one: LesionSlice, spots: Spots, least: float = 0.0) -> list[set[int]]:
    """The lesions in whose boxes each suggestion lies, best first: the first whatever it is, others from `least` on."""
    return [
        {
            number
            for number, (x0, y0, x1, y1) in enumerate(one.boxes)
            if x0 <= spots.x[i] <= x1 and y0 <= spots.y[i] <= y1
        }
        for n, i in enumerate(apart(spots, (GRID_MM, GRID_MM), MOST))
        if n == 0 or spots.likeness[i] >= least
    ]


def least_likeness(found: Sequence[tuple[LesionSlice, Spots]]) -> float:
    """The likeness from which on a slice gets OFFERED suggestions on average."""
    best = [spots.likeness[i] for _, spots in found for i in apart(spots, (GRID_MM, GRID_MM), MOST)]
    return float(np.sort(best)[::-1][min(len(best) - 1, int(OFFERED * len(found)))])


def figures(source: str, found: Sequence[tuple[LesionSlice, Spots]], least: float) -> Figures:
    """Count what was suggested."""
    offered = [suggested(one, spots, least) for one, spots in found]
    five = [suggested(one, spots) for one, spots in found]
    lesions = sum(len(one.boxes) for one, _ in found)
    suggestions = sum(len(each) for each in offered)
    return Figures(
        source,
        len(found),
        lesions,
        round(sum(len(set().union(*each)) for each in offered) / lesions, 4),
        round(sum(len(set().union(*each)) for each in five) / lesions, 4),
        suggestions,
        round(sum(bool(which) for each in offered for which in each) / suggestions, 4),
    )


def main(arguments: list[str]) -> None:
    data, phantoms, kept, out = (Path(argument) for argument in arguments)
    out.mkdir(parents=True, exist_ok=True)
    sources = Sources.read(data, phantoms)
    torch.manual_seed(0)
    network = learn(new_network(), losses(sources.only(), 0), STEPS, RATE, 0, out / "alone.pt", AVERAGE)
    found = cross_validated(network, sources, out)
    least = least_likeness([each for each in found if each[0].source == "key slices"])
    results = [
        figures(source, [each for each in found if each[0].source == source], least)
        for source in ("key slices", "phantoms")
    ]
    last = learn(network, losses(sources, FOLDS + 1), STEPS_ON, RATE_ON, FOLDS + 1, out / "all.pt", AVERAGE)
    measured = _measured(least, results[0].recall_at_5, results[0].precision)
    np.savez_compressed(WEIGHTS, **last.weights(), **measured)  # type: ignore[arg-type]
    write_figures(kept, results)


if __name__ == "__main__":
    main(sys.argv[1:])
