"""Fit the ranking of suggestions to teaching cases.

Run as `python -m tools.pipelines.train_region_ranker PHANTOMS [HELD_OUT]`.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.domain.patient_keys import PatientKeys
from tools.domain.study import Series
from tools.intake.intake import read_study
from tools.regions.blobs import Blobs, Floats, describe, find_blobs
from tools.regions.candidates import WEIGHTS, apart
from tools.regions.ranker import Ranker

HIDDEN = 16
STEPS = 1500
POSITIVES, NEGATIVES = 256, 768  # in each step
WEIGHT_DECAY, JITTER, RATE = 1e-2, 0.1, 1e-2
NEAR_CENTER = 0.3  # of the lesion's box, either side, where a blob must lie to be it
DIAMETERS = (0.3, 1.6)  # of the lesion's long axis, between which the blob's must be


@dataclass(frozen=True, eq=False)
class LabelledSlice:
    """Blobs of a slice and which of its lesions each one is, -1 for none."""

    blobs: Blobs
    features: Floats
    lesion: NDArray[np.int64]
    lesions: int
    spacing_mm: tuple[float, float]


def labelled_slices(phantoms: Path) -> Iterator[LabelledSlice]:
    """Read every slice of teaching cases that has a lesion, from their `truth.csv`."""
    with (phantoms / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_folder: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_folder[row["dicom_folder"]].append(row)
    keys = PatientKeys(b"training")
    for folder, lesions in sorted(by_folder.items()):
        series = read_study(phantoms / folder, keys).series[0]
        for number in sorted({row["slice"] for row in lesions}):
            yield _label(series, int(number) - 1, [row for row in lesions if row["slice"] == number])


def _label(series: Series, slice_index: int, lesions: list[dict[str, str]]) -> LabelledSlice:
    spacing = (series.spacing_mm[1], series.spacing_mm[2])
    blobs, middle = find_blobs(series.volume_hu[slice_index], spacing)
    features = describe(blobs, series.volume_hu, slice_index, series.spacing_mm, middle)
    label = np.full(len(blobs.x), -1)
    for i, lesion in enumerate(lesions):
        x0, y0, x1, y1 = (float(lesion[name]) for name in ("x0", "y0", "x1", "y1"))
        diameters = 2 * blobs.radius_mm / float(lesion["long_axis_mm"])
        label[
            (np.abs(blobs.x - (x0 + x1) / 2) <= NEAR_CENTER * (x1 - x0))
            & (np.abs(blobs.y - (y0 + y1) / 2) <= NEAR_CENTER * (y1 - y0))
            & (diameters > DIAMETERS[0])
            & (diameters < DIAMETERS[1])
        ] = i
    return LabelledSlice(blobs, features, label, len(lesions), spacing)


def fit(slices: list[LabelledSlice], seed: int = 0) -> Ranker:
    """Train a network that tells the blobs that are lesions from the others."""
    import torch

    torch.manual_seed(seed)
    features = np.concatenate([one.features for one in slices])
    center, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs = torch.tensor((features - center) / scale, dtype=torch.float32)
    truth = torch.tensor(np.concatenate([one.lesion for one in slices]) >= 0)
    yes, no = torch.nonzero(truth)[:, 0], torch.nonzero(~truth)[:, 0]
    hidden, output = torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 1)
    network = torch.nn.Sequential(hidden, torch.nn.Tanh(), output)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.cat([yes[torch.randint(len(yes), (POSITIVES,))], no[torch.randint(len(no), (NEGATIVES,))]])
        noisy = inputs[rows] + JITTER * torch.randn(len(rows), inputs.shape[1])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(noisy)[:, 0], truth[rows].float())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    arrays = [tensor.detach().double().numpy() for tensor in network.parameters()]
    return Ranker(center, scale, arrays[0].T, arrays[1], arrays[2][0], arrays[3][0])


def recall(ranker: Ranker, slices: list[LabelledSlice], count: int) -> float:
    """Measure the share of lesions that are among the best `count` blobs of their slice."""
    found = 0
    for one in slices:
        best = apart(one.blobs, ranker(one.features), one.spacing_mm, count)
        found += len(set(one.lesion[best]) - {-1})
    return found / sum(one.lesions for one in slices)


def main(arguments: list[str]) -> None:
    training = list(labelled_slices(Path(arguments[0])))
    ranker = fit(training)
    ranker.save(WEIGHTS)
    for name, slices in zip(
        arguments, [training, *(list(labelled_slices(Path(a))) for a in arguments[1:])], strict=True
    ):
        shares = ", ".join(f"{recall(ranker, slices, count):.2f} of {count}" for count in (1, 3, 5, 10))
        print(f"{name}: lesions found among the best {shares}")


if __name__ == "__main__":
    main(sys.argv[1:])
