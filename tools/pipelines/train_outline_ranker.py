"""Fit the choice among outlines to lesions of known size.

Run as `python -m tools.pipelines.train_outline_ranker DATA PHANTOMS FOLDS KEPT`: the folder of the real CT data, one
that `lesion-search phantoms` wrote, the one with the networks of the folds that `train_outline_network` wrote, and
`eval/regions/results/outline_cross_validation.csv`. Writes the figures of a cross-validation by patient, and the
weights that all patients but LIDC's test patients gave.
"""

import csv
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_erosion, binary_fill_holes, gaussian_filter

from tools.domain.patient_keys import PatientKeys
from tools.domain.region import PixelBox
from tools.domain.splits import split_of
from tools.intake.intake import read_study
from tools.pipelines.measured_lesions import (
    KEY_SLICES,
    PADDING_PX,
    USUAL_SPACING_MM,
    MeasuredLesion,
    read_key_slices,
    read_lidc_areas,
    write_figures,
)
from tools.pipelines.painted_lesions import paint_lesions, place_in_tissue
from tools.regions.measurement import longest_px
from tools.regions.outline_network import OutlineNetwork, load_outline_network
from tools.regions.polar import Box, Floats, polygon
from tools.regions.ranker import Ranker
from tools.regions.segmentation import (
    BOX_WEIGHTS,
    CLICK_WEIGHTS,
    UNSURE_ERROR,
    UNSURE_ERROR_MM,
    Hypotheses,
    hypotheses_around,
    hypotheses_in_box,
)

FOLDS = 5
HIDDEN, NETWORKS = 24, 4
STEPS, BATCH = 1200, 256
WEIGHT_DECAY, JITTER, RATE = 3e-2, 0.1, 5e-3
SHARPNESS, CHOICE_WEIGHT = 4.0, 1.0
PAINTED, EMPTY_BOXES = 700, 400
EMPTY_SIDES_PX = (12, 70)
ASKED = {"key slices": 6, "LIDC": 1, "painted": 1, "phantoms": 1, "sarcoma": 1}  # how often each is clicked and boxed
WEIGHTS_OF = {"key slices": 0.8, "LIDC": 0.4, "painted": 1.0, "phantoms": 1.0, "sarcoma": 0.7, "nothing": 1.0}
LEAST_OVERLAP, OVERLAP_WEIGHT = 0.75, 0.4


@dataclass(frozen=True, eq=False)
class Example:
    """Hypotheses of one click or box: features (H, f), how wrong each is (H,) 0..1, its length (H,) in mm."""

    features: Floats
    wrong: Floats
    length_mm: Floats
    lesion: MeasuredLesion
    asked: int  # 0: as the data set has it


@dataclass(frozen=True)
class Figures:
    """Errors of one source, cross-validated by patient; shares are 0..1."""

    source: str
    way: str  # click or box
    asked: int
    within_20_percent: float
    median_error_mm: float
    mean_error_mm: float
    over_10_mm: int
    over_10_mm_unsaid: int
    right_unsure: float


def sarcomas(folder: Path, per_patient: int = 2) -> Iterator[MeasuredLesion]:
    """Read soft-tissue sarcomas (masks' boxes): the crop laid into its surroundings."""
    with np.load(folder / "pack.npz") as arrays:
        images, contexts = arrays["images"], arrays["context"]
    with (folder / "lesions.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["health"] == "lesion"]
    by_patient: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_patient.setdefault(row["patient_id"], []).append(row)
    for patient, of_patient in sorted(by_patient.items()):
        for row in of_patient[:: max(1, len(of_patient) // per_patient)][:per_patient]:
            x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
            side = images.shape[1]
            scale = max(side, 1.5 * (x1 - x0), 1.5 * (y1 - y0)) / side  # source pixels in one of the crop
            whole = np.asarray(Image.fromarray(contexts[int(row["row"])].astype(np.int32)).resize((3 * side,) * 2))
            whole = whole.astype(np.int16)
            whole[side : 2 * side, side : 2 * side] = images[int(row["row"])]
            spacing = float(row["pixel_spacing_mm"]) * scale
            width, height = (x1 - x0) / scale, (y1 - y0) / scale
            half = max(width, height, 4) / 2
            middle = 1.5 * side
            pad = PADDING_PX / scale
            box = PixelBox(
                int(middle - width / 2 - pad),
                int(middle - height / 2 - pad),
                int(np.ceil(middle + width / 2 + pad)),
                int(np.ceil(middle + height / 2 + pad)),
            )
            between = (2 * half * spacing, float(np.hypot(width, height)) * spacing)
            yield MeasuredLesion(whole, (spacing, spacing), (middle, middle), box, between, patient, "sarcoma")


def phantom_lesions(folder: Path) -> Iterator[MeasuredLesion]:
    """Read the lesions of teaching cases that `lesion-search phantoms` wrote."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = PatientKeys(b"training")
    for name in sorted({row["dicom_folder"] for row in rows}):
        series = read_study(folder / name, keys).series[0]
        for row in (row for row in rows if row["dicom_folder"] == name):
            x0, y0, x1, y1 = (int(row[side]) for side in ("x0", "y0", "x1", "y1"))
            image = series.volume_hu[int(row["slice"]) - 1]
            box = PixelBox(x0 - PADDING_PX, y0 - PADDING_PX, x1 + PADDING_PX, y1 + PADDING_PX)
            length_mm = float(row["long_axis_mm"])
            yield MeasuredLesion(
                np.asarray(image),
                (series.spacing_mm[1], series.spacing_mm[2]),
                ((x0 + x1) / 2, (y0 + y1) / 2),
                box,
                (length_mm, length_mm),
                row["patient_id"],
                "phantoms",
            )


def real_slices(data: Path) -> Iterator[tuple[NDArray[np.int16], float, str]]:
    """Read whole slices to paint lesions into: image, pixel size in mm, patient."""
    for path in sorted((data / "ct_slices").glob("*.png")):
        yield np.asarray(Image.open(path).convert("L")).astype(np.int16), USUAL_SPACING_MM, path.stem[:6]
    for name, step in (("pancreas_ct_slices", 4), ("abdomen_organs", 1)):
        folder = data / "multi_organ" / name
        with np.load(folder / "slices.npz") as arrays:
            slices = arrays["slices"]
        for number in range(0, len(slices), step):
            yield slices[number].astype(np.int16), USUAL_SPACING_MM, f"{name}-{number // step}"


def read_lesions(data: Path, phantoms: Path) -> list[MeasuredLesion]:
    """Read all lesions to learn from and to cross-validate on."""
    return [
        *read_key_slices(data / KEY_SLICES),
        *read_lidc_areas(data / "lidc"),
        *sarcomas(data / "multi_organ" / "soft_tissue_sarcoma"),
        *phantom_lesions(phantoms),
        *paint_lesions(list(real_slices(data)), PAINTED, seed=0),
    ]


def wrongness(lesion: MeasuredLesion, points: Floats) -> tuple[float, float]:
    """Tell how wrong an outline (72, 2) is, 0..1, and its length in mm.

    The error of its size as a part of it, and for one that lies elsewhere what its box lacks of the lesion's.
    """
    scaled = points * (lesion.spacing_mm[1], lesion.spacing_mm[0])
    if lesion.by_area:
        x, y = scaled.T
        length = 2 * float(np.sqrt(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2 / np.pi))
    else:
        length = longest_px(scaled)
    error = abs(float(np.log(max(length, 0.1) / lesion.nearest_true_mm(length))))
    if lesion.box is not None:
        x0, y0, x1, y1 = (
            lesion.box.x0 + PADDING_PX,
            lesion.box.y0 + PADDING_PX,
            lesion.box.x1 - PADDING_PX,
            lesion.box.y1 - PADDING_PX,
        )
        (px0, py0), (px1, py1) = points.min(axis=0), points.max(axis=0)
        common = max(0.0, min(x1, px1) - max(x0, px0)) * max(0.0, min(y1, py1) - max(y0, py0))
        overlap = common / max((x1 - x0) * (y1 - y0) + (px1 - px0) * (py1 - py0) - common, 1e-6)
        error += OVERLAP_WEIGHT * max(0.0, LEAST_OVERLAP - overlap) / LEAST_OVERLAP
    return min(error, 1.0), length


def _example(found: Hypotheses, lesion: MeasuredLesion, asked: int) -> Example:
    outlines = [
        polygon(found.polar.center, found.refined(number), lesion.spacing_mm) for number in range(len(found.radii_mm))
    ]
    scored = np.array([wrongness(lesion, points) for points in outlines])
    return Example(found.features, scored[:, 0], scored[:, 1], lesion, asked)


def click_asked(lesion: MeasuredLesion, asked: int) -> tuple[float, float]:
    """Choose where a lesion is clicked, x and y; all but the first click are off its middle."""
    rng = _rng(lesion, asked)
    x, y = lesion.middle
    if asked or lesion.source in ("painted", "phantoms"):
        off_mm = 0.18 * lesion.length_mm[0] * np.sqrt(rng.random())
        angle = rng.uniform(0, 2 * np.pi)
        x += off_mm * np.cos(angle) / lesion.spacing_mm[1]
        y += off_mm * np.sin(angle) / lesion.spacing_mm[0]
    return float(x), float(y)


def box_asked(lesion: MeasuredLesion, asked: int) -> Box | None:
    """Choose a box around a lesion; all but the first are drawn tighter, wider or askew. None where it has none."""
    if lesion.box is None:
        return None
    box = np.array([lesion.box.x0, lesion.box.y0, lesion.box.x1, lesion.box.y1], float)
    rng = _rng(lesion, asked)
    if asked or (lesion.source in ("painted", "phantoms", "sarcoma") and rng.random() < 0.5):
        inner = box + PADDING_PX * np.array([1, 1, -1, -1])
        size = max(inner[2] - inner[0], inner[3] - inner[1], 4)
        margins = rng.uniform(0, 0.5) * size * rng.uniform(0.4, 1.6, 4) + 1
        box = np.rint(inner + margins * np.array([-1, -1, 1, 1]))
    rows, columns = lesion.image.shape
    x0, y0, x1, y1 = (float(value) for value in np.clip(box, 0, [columns, rows, columns, rows]))
    return None if x1 - x0 < 4 or y1 - y0 < 4 else (x0, y0, x1, y1)


def empty_boxes(
    slices: Sequence[tuple[NDArray[np.int16], float, str]],
    networks: Sequence[OutlineNetwork],
    count: int = EMPTY_BOXES,
    seed: int = 0,
) -> list[Example]:
    """Draw boxes over the skin and over even tissue, where every outline is wrong."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    while len(found) < count:
        image, spacing_mm, patient = slices[int(rng.integers(len(slices)))]
        sides = rng.uniform(*EMPTY_SIDES_PX, 2)
        if rng.random() < 0.5:
            body = gaussian_filter(image.astype(np.float32), 2) > image.min() + 0.25 * np.ptp(image)
            ys, xs = np.nonzero(body & ~binary_erosion(binary_fill_holes(body)))
            spot = int(rng.integers(len(xs))) if len(xs) else -1
            place = (float(xs[spot]), float(ys[spot])) if len(xs) else None
        else:
            place = place_in_tissue(image, float(sides.max()) / 2, rng, even_share=1)
        if place is None:
            continue
        x, y = np.array(place) + rng.uniform(-0.25, 0.25, 2) * sides
        rows, columns = image.shape
        x0, x1 = np.clip([x - sides[0] / 2, x + sides[0] / 2], 0, columns).round().tolist()
        y0, y1 = np.clip([y - sides[1] / 2, y + sides[1] / 2], 0, rows).round().tolist()
        if min(x1 - x0, y1 - y0) < EMPTY_SIDES_PX[0] / 2:
            continue
        noisy = image + rng.normal(0, rng.uniform(0, 15), image.shape)
        traced = hypotheses_in_box(
            np.rint(noisy).astype(np.int16), (spacing_mm, spacing_mm), (x0, y0, x1, y1), networks[fold_of(patient)]
        )
        lesion = MeasuredLesion(image[:1, :1], (spacing_mm,) * 2, (x, y), None, (0.0, 0.0), patient, "nothing")
        lengths = 2 * traced.radii_mm.mean(axis=1)
        found.append(Example(traced.features, np.ones(len(lengths)), lengths, lesion, 0))
    return found


def _rng(lesion: MeasuredLesion, asked: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(lesion.patient_id.encode()), int(100 * lesion.length_mm[0]), asked])


def fit(examples: Sequence[Example], seed: int = 0) -> Ranker:
    """Train networks that say how wrong an outline is, and put the least wrong first; their mean is one network."""
    import torch

    torch.manual_seed(seed)
    most, width = max(len(one.wrong) for one in examples), examples[0].features.shape[1]
    plain = np.concatenate([one.features for one in examples])
    center, scale = plain.mean(axis=0), plain.std(axis=0) + 1e-6
    inputs = torch.zeros(len(examples), most, width)
    wrong = torch.ones(len(examples), most)
    there = torch.zeros(len(examples), most)
    for number, one in enumerate(examples):
        count = len(one.wrong)
        inputs[number, :count] = torch.tensor((one.features - center) / scale, dtype=torch.float32)
        wrong[number, :count] = torch.tensor(one.wrong, dtype=torch.float32)
        there[number, :count] = 1
    weight = torch.tensor([WEIGHTS_OF[one.lesion.source] for one in examples])
    parts = []
    for _ in range(NETWORKS):
        hidden, output = torch.nn.Linear(width, HIDDEN), torch.nn.Linear(HIDDEN, 1)
        network = torch.nn.Sequential(hidden, torch.nn.Tanh(), output)
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for _ in range(STEPS):
            rows = torch.randint(len(examples), (BATCH,))
            logits = network(inputs[rows] + JITTER * torch.randn(BATCH, most, width))[..., 0]
            each = torch.nn.functional.binary_cross_entropy_with_logits(logits, wrong[rows], reduction="none")
            chosen = torch.softmax(torch.where(there[rows] > 0, -SHARPNESS * logits, -1e9), dim=1)
            mean = (each * there[rows]).sum(dim=1) / there[rows].sum(dim=1)
            loss = (weight[rows] * (mean + CHOICE_WEIGHT * (chosen * wrong[rows]).sum(dim=1))).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        parts.append([tensor.detach().double().numpy() for tensor in network.parameters()])
    return Ranker(
        center,
        scale,
        np.concatenate([part[0].T for part in parts], axis=1),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2][0] for part in parts]) / NETWORKS,
        np.mean([part[3][0] for part in parts]),
    )


def fold_of(patient_id: str) -> int:
    """Number the fold of a patient."""
    return zlib.crc32(patient_id.encode()) % FOLDS


def is_test(lesion: MeasuredLesion) -> bool:
    """Tell whether a lesion is one of those that are measured on and never learnt from."""
    return lesion.source == "LIDC" and split_of(lesion.patient_id) == "test"


def make_examples(
    lesions: Sequence[MeasuredLesion], networks: Sequence[OutlineNetwork]
) -> tuple[list[Example], list[Example]]:
    """Click and box every lesion as often as its source is asked: examples of clicks, and of boxes.

    `networks` are those of the folds, which saw none of their patients, and one of all but the test patients.
    """
    clicks: list[Example] = []
    boxes: list[Example] = []
    for lesion in lesions:
        network = networks[FOLDS if is_test(lesion) else fold_of(lesion.patient_id)]
        for asked in range(ASKED[lesion.source]):
            found = hypotheses_around(lesion.image, lesion.spacing_mm, click_asked(lesion, asked), network)
            clicks.append(_example(found, lesion, asked))
            if (box := box_asked(lesion, asked)) is not None:
                found = hypotheses_in_box(lesion.image, lesion.spacing_mm, box, network)
                boxes.append(_example(found, lesion, asked))
    return clicks, boxes


def cross_validated(examples: Sequence[Example]) -> list[tuple[Example, float, int]]:
    """Choose for every example by a ranker that saw no lesion of its patient: how wrong it expects it, and which."""
    chosen = []
    its_folds = [fold_of(one.lesion.patient_id) for one in examples]
    for fold in range(FOLDS):
        ranker = fit([one for one, its in zip(examples, its_folds, strict=True) if its != fold])
        for one, its in zip(examples, its_folds, strict=True):
            if its == fold:
                expected = ranker(one.features)
                chosen.append((one, float(expected.min()), int(expected.argmin())))
    return chosen


def figures(way: str, chosen: Sequence[tuple[Example, float, int]]) -> Iterator[Figures]:
    """Count the errors of what was chosen, source by source."""
    for source in ASKED:
        of_source = [one for one in chosen if one[0].lesion.source == source]
        if not of_source:
            continue
        length = np.array([one.length_mm[number] for one, _, number in of_source])
        truth = np.array([one.lesion.nearest_true_mm(float(one.length_mm[number])) for one, _, number in of_source])
        error, expected = np.abs(length - truth), np.array([expected for _, expected, _ in of_source])
        unsure = (expected > UNSURE_ERROR) | (expected * length > UNSURE_ERROR_MM)
        right, far = error <= 0.2 * truth, error > 10
        yield Figures(
            source,
            way,
            len(error),
            round(float(right.mean()), 4),
            round(float(np.median(error)), 3),
            round(float(error.mean()), 3),
            int(far.sum()),
            int((far & ~unsure).sum()),
            round(float(unsure[right].mean()), 4),
        )


def main(arguments: list[str]) -> None:
    data, phantoms, folds, kept = (Path(argument) for argument in arguments)
    networks = [OutlineNetwork.load(folds / f"fold{fold}.npz") for fold in range(FOLDS)] + [load_outline_network()]
    clicks, boxes = make_examples(read_lesions(data, phantoms), networks)
    boxes += empty_boxes(list(real_slices(data)), networks)
    found: list[Figures] = []
    for way, examples, weights in (("click", clicks, CLICK_WEIGHTS), ("box", boxes, BOX_WEIGHTS)):
        found += figures(way, cross_validated(examples))
        ranker = fit([one for one in examples if not is_test(one.lesion)])
        ranker.save(weights)
    write_figures(kept, found)


if __name__ == "__main__":
    main(sys.argv[1:])
