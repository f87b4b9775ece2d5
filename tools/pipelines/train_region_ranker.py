"""Fit the ranking of suggestions to real lesions, to lesions painted into real slices, and to teaching cases.

Run as `python -m tools.pipelines.train_region_ranker DATA PHANTOMS KEPT`: the folder of the real CT data, one that
`lesion-search phantoms` wrote, and `eval/regions/results/suggestion_cross_validation.csv`, where the figures of a
cross-validation by patient go. Writes the weights that all patients gave.
"""

import csv
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import read_study
from tools.pipelines.measured_lesions import (
    KEY_SLICES,
    PADDING_PX,
    USUAL_SPACING_MM,
    in_hu,
    read_key_slices,
    write_figures,
)
from tools.pipelines.painted_lesions import paint_several
from tools.regions.blob_features import describe
from tools.regions.blobs import Blobs, Floats, find_blobs
from tools.regions.candidates import apart
from tools.regions.coarse_slice import CoarseSlice
from tools.regions.suggestion_ranker import WEIGHTS, SuggestionRanker

FOLDS = 5
BOOSTING = {
    "max_iter": 70, "learning_rate": 0.08, "max_leaf_nodes": 12, "min_samples_leaf": 30, "l2_regularization": 3.0,
    "max_features": 0.4,
}  # fmt: skip
NEGATIVES = 10_000  # blobs that are no lesion, from key slices and from others
REAL_SHARE, LESION_SHARE = 0.6, 0.2  # of all weight: of key slices, and of blobs that are lesions
VARIANTS, PAINTED, LESIONS = 3, 2, 3  # of each key slice; of each slice without lesions, and how many in each
NEAR_CENTER = 0.3  # of the lesion's box, either side, where a blob must lie to be it
UNLIKE_SIZE = 0.8  # ln of the blob's diameter over the lesion's
MOST = 5
OFFERED = 3.0  # suggestions that a slice gets on average: whatever ranks lower is not offered
NONE, DOUBTFUL = -1, -2
SOFT_TISSUE = "-175, 275"  # the window of slices that do not say theirs
WHOLE_SLICES = ("chest_organs", "chest_organs_2", "abdomen_organs")
PHANTOM_SLICES = 60


@dataclass(frozen=True, eq=False)
class TrueLesion:
    """A lesion on a slice: its padded box x0, y0, x1, y1 in pixels, and how long it is."""

    box: tuple[float, float, float, float]
    long_axis_mm: float


@dataclass(frozen=True, eq=False)
class LabelledSlice:
    """Blobs of a slice and which of its lesions each one is; `inside` is the lesion in whose box it lies."""

    blobs: Blobs
    features: Floats
    lesion: NDArray[np.int64]
    inside: NDArray[np.int64]
    lesions: int
    spacing_mm: tuple[float, float]
    patient_id: str
    source: str
    variant: int  # 0: as it is


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


def key_slices(data: Path, rng: np.random.Generator) -> Iterator[LabelledSlice]:
    """Read DeepLesion's key slices, as they are and changed a little."""
    for lesion in read_key_slices(data / KEY_SLICES):
        assert lesion.box is not None
        x0, y0, x1, y1 = lesion.box.x0, lesion.box.y0, lesion.box.x1, lesion.box.y1
        columns, spacing = lesion.image.shape[1], lesion.spacing_mm[0]
        length = max(x1 - x0 - 2 * PADDING_PX, y1 - y0 - 2 * PADDING_PX, 3) * spacing
        for variant in range(VARIANTS):
            image, box, scale = lesion.image.astype(np.float64), (x0, y0, x1, y1), 1.0
            if variant:
                scale = float(np.exp(rng.uniform(-0.2, 0.2)))
                image = np.where(image > -900, image * rng.uniform(0.9, 1.1) + rng.normal(0, 12), image)
                image = gaussian_filter(image + rng.normal(0, rng.uniform(0, 14), image.shape), rng.uniform(0, 0.7))
            if variant % 2:
                image, box = image[:, ::-1], (columns - x1, y0, columns - x0, y1)
            marked = [TrueLesion(box, length * scale)]
            yield label([np.rint(image)], 0, (1.0, spacing * scale), marked, lesion.patient_id, "key slices", variant)


def painted_slices(data: Path, rng: np.random.Generator) -> Iterator[LabelledSlice]:
    """Read slices without marked lesions, as they are and with lesions painted into them."""
    for image, spacing, patient in whole_slices(data):
        yield label([image], 0, (1.0, spacing), [], patient, "painted", 0)
        for variant in range(1, PAINTED + 1):
            painted, boxes, lengths = paint_several(image, spacing, patient, LESIONS, rng)
            marked = [TrueLesion(box, length) for box, length in zip(boxes, lengths, strict=True)]
            yield label([painted], 0, (1.0, spacing), marked, patient, "painted", variant)


def whole_slices(data: Path) -> Iterator[tuple[NDArray[np.int16], float, str]]:
    """Read whole slices in HU of patients who have no key slice: image, pixel size in mm, patient."""
    known = {lesion.patient_id for lesion in read_key_slices(data / KEY_SLICES)}
    for path in sorted((data / "ct_slices").glob("*.png")):
        patient = f"DL{path.stem[:6]}"
        if patient not in known:
            yield in_hu(np.asarray(Image.open(path).convert("L")), SOFT_TISSUE), USUAL_SPACING_MM, patient
    for name in WHOLE_SLICES:
        folder = data / "multi_organ" / name
        with (folder / "lesions.csv").open(newline="", encoding="utf-8") as file:
            rows = {int(row["slice_row"]): row for row in csv.DictReader(file)}
        with np.load(folder / "slices.npz") as arrays:
            slices = arrays["slices"]
        for number, row in sorted(rows.items()):
            yield slices[number].astype(np.int16), float(row["pixel_spacing_mm"]), row["patient_id"]


def phantom_slices(phantoms: Path, most: int = PHANTOM_SLICES) -> Iterator[LabelledSlice]:
    """Read slices of teaching cases that have a lesion, from their `truth.csv`, one of each case first."""
    with (phantoms / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_folder: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_folder[row["dicom_folder"]].append(row)
    keys, each = PatientKeys(b"training"), -(-most // len(by_folder))
    for folder, lesions in sorted(by_folder.items())[:most]:
        series = read_study(phantoms / folder, keys).series[0]
        for number in sorted({row["slice"] for row in lesions}, key=int)[:each]:
            marked = [
                TrueLesion(
                    (float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"])), float(row["long_axis_mm"])
                )
                for row in lesions
                if row["slice"] == number
            ]
            index = int(number) - 1
            spacing = (series.spacing_mm[0], series.spacing_mm[1])
            volume = series.volume_hu[max(index - 1, 0) : index + 2]
            yield label(list(volume), min(index, 1), spacing, marked, lesions[0]["patient_id"], "phantoms", 0)


def label(
    images: Sequence[NDArray[np.generic]],
    at: int,
    spacing_mm: tuple[float, float],
    marked: Sequence[TrueLesion],
    patient_id: str,
    source: str,
    variant: int,
) -> LabelledSlice:
    """Find and describe the blobs of one of some neighbouring slices; spacing is that of slices and of pixels."""
    spacing = (spacing_mm[1], spacing_mm[1])
    coarse = [CoarseSlice.of(image.astype(np.int16), spacing) for image in images]
    blobs = find_blobs(coarse[at])
    features = describe(blobs, coarse[at], [one for i, one in enumerate(coarse) if abs(i - at) == 1])
    lesion, inside = (np.full(len(blobs.x), NONE) for _ in range(2))
    for number, one in enumerate(marked):
        x0, y0, x1, y1 = one.box
        here = (blobs.x >= x0) & (blobs.x <= x1) & (blobs.y >= y0) & (blobs.y <= y1)
        central = (np.abs(blobs.x - (x0 + x1) / 2) <= NEAR_CENTER * (x1 - x0)) & (
            np.abs(blobs.y - (y0 + y1) / 2) <= NEAR_CENTER * (y1 - y0)
        )
        unlike = np.where(central, np.abs(np.log(2 * blobs.radius_mm / one.long_axis_mm)), np.inf)
        is_it = unlike < max(
            UNLIKE_SIZE, unlike.min(initial=np.inf) + UNLIKE_SIZE / 2
        )  # the largest blob may be too small
        inside[here] = number
        lesion[here & (lesion == NONE)] = DOUBTFUL
        lesion[is_it] = number
    return LabelledSlice(blobs, features, lesion, inside, len(marked), spacing, patient_id, source, variant)


def fit(slices: Sequence[LabelledSlice], seed: int = 0) -> SuggestionRanker:
    """Boost trees that tell the blobs that are lesions from a draw of the others."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(seed)
    features = np.concatenate([one.features for one in slices])
    truth = np.concatenate([one.lesion for one in slices])
    real = np.concatenate([np.full(len(one.lesion), one.source == "key slices") for one in slices])
    lesion_of = np.concatenate([1000 * number + one.lesion for number, one in enumerate(slices)])
    rows, weights = [], []
    for is_real, share in ((True, REAL_SHARE), (False, 1 - REAL_SHARE)):
        lesions = np.flatnonzero((truth >= 0) & (real == is_real))
        others = np.flatnonzero((truth == NONE) & (real == is_real))
        if not len(lesions) or not len(others):
            continue
        others = rng.choice(others, min(NEGATIVES, len(others)), replace=False)
        _, which, times = np.unique(lesion_of[lesions], return_inverse=True, return_counts=True)
        each = 1 / times[which]  # lesions count the same, however many blobs they have
        rows += [lesions, others]
        weights.append(each / each.sum() * share * LESION_SHARE)
        weights.append(np.full(len(others), share * (1 - LESION_SHARE) / len(others)))
    drawn, weight = np.concatenate(rows), np.concatenate(weights)
    boosted = HistGradientBoostingClassifier(**BOOSTING, random_state=seed)
    boosted.fit(features[drawn], truth[drawn] >= 0, sample_weight=weight * len(weight))
    return _as_arrays([tree.nodes for (tree,) in boosted._predictors], float(boosted._baseline_prediction.item()))


def _as_arrays(trees: "list[NDArray[np.void]]", base: float) -> SuggestionRanker:
    """Bring the nodes of scikit-learn's trees into arrays."""
    shape = len(trees), max(len(nodes) for nodes in trees)
    feature, left, right = (np.zeros(shape, np.int64) for _ in range(3))
    threshold, value = np.zeros(shape), np.zeros(shape)
    for number, nodes in enumerate(trees):
        here, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
        feature[number, here] = nodes["feature_idx"]
        threshold[number, here] = nodes["num_threshold"]
        left[number, here] = np.where(leaf, here, nodes["left"])
        right[number, here] = np.where(leaf, here, nodes["right"])
        value[number, here] = nodes["value"]
    depth = max(int(nodes["depth"].max()) for nodes in trees)
    return SuggestionRanker(feature, threshold, left, right, value, base, depth)


def cross_validated(slices: Sequence[LabelledSlice], folds: int = FOLDS) -> list[tuple[LabelledSlice, Floats]]:
    """Rank the blobs of every slice that has lesions, and was not changed, by a ranker that saw none of its patient."""
    ranked = []
    fold_of = [zlib.crc32(one.patient_id.encode()) % folds for one in slices]
    for fold in range(folds):
        ranker = fit([one for one, its in zip(slices, fold_of, strict=True) if its != fold], fold)
        for one, its in zip(slices, fold_of, strict=True):
            if its == fold and one.lesions and (one.variant == 0 or one.source == "painted"):
                ranked.append((one, ranker(one.features)))
    return ranked


def suggested(one: LabelledSlice, likeness: Floats, least: float = 0.0) -> list[int]:
    """The lesion of each suggestion, best first, NONE for none: the first whatever it is, others from `least` on."""
    best = apart(one.blobs, likeness, one.spacing_mm, MOST)
    return [int(one.inside[i]) for n, i in enumerate(best) if n == 0 or likeness[i] >= least]


def least_likeness(ranked: Sequence[tuple[LabelledSlice, Floats]]) -> float:
    """The likeness from which on a slice gets OFFERED suggestions on average."""
    best = [likeness[i] for one, likeness in ranked for i in apart(one.blobs, likeness, one.spacing_mm, MOST)]
    return float(np.sort(best)[::-1][min(len(best) - 1, int(OFFERED * len(ranked)))])


def figures(source: str, ranked: Sequence[tuple[LabelledSlice, Floats]], least: float) -> Figures:
    """Count what was suggested."""
    offered = [suggested(one, likeness, least) for one, likeness in ranked]
    five = [suggested(one, likeness) for one, likeness in ranked]
    lesions = sum(one.lesions for one, _ in ranked)
    return Figures(
        source,
        len(ranked),
        lesions,
        round(sum(len(set(each) - {NONE}) for each in offered) / lesions, 4),
        round(sum(len(set(each) - {NONE}) for each in five) / lesions, 4),
        sum(len(each) for each in offered),
        round(sum(n != NONE for each in offered for n in each) / sum(len(each) for each in offered), 4),
    )


def read_slices(data: Path, phantoms: Path, seed: int = 0) -> list[LabelledSlice]:
    """Read all that is learnt from."""
    rng = np.random.default_rng(seed)
    return [*key_slices(data, rng), *painted_slices(data, rng), *phantom_slices(phantoms)]


def main(arguments: list[str]) -> None:
    data, phantoms, kept = (Path(argument) for argument in arguments)
    slices = read_slices(data, phantoms)
    ranked = cross_validated(slices)
    real = [one for one in ranked if one[0].source == "key slices"]
    least = least_likeness(real)
    found = [
        figures(source, [one for one in ranked if one[0].source == source], least)
        for source in ("key slices", "painted", "phantoms")
    ]
    fit(slices).measured(least, found[0].recall_at_5, found[0].precision).save(WEIGHTS)
    write_figures(kept, found)


if __name__ == "__main__":
    main(sys.argv[1:])
