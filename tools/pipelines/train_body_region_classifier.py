"""Fit the classifier of body regions to labelled CT slices, and to made-up pictures that show none.

Run as `python -m tools.pipelines.train_body_region_classifier DATA`, DATA being the folder of the real CT collection.
`body_region_labels.csv` says what its slices show, by eye: source, row (empty: every slice), patient, region.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from encoder.errors import LesionSearchError
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import read_study
from tools.regions.body_region_classifier import (
    OTHER,
    REGIONS,
    WEIGHTS,
    BodyRegionClassifier,
    describe_slice,
)
from tools.regions.small_network import Floats

LABELS = Path(__file__).with_name("body_region_labels.csv")
SOFT_TISSUE_HU = (-175.0, 275.0)  # the window of 8-bit slices that do not say theirs
UNKNOWN_SPACING_MM = (1.3, 1.96)  # drawn where it is not known: of 256 pixels, so of two of the original
PER_REGION, PER_PATIENT = 800, (16, 120)  # pictures made of the slices of a region, and of those of one patient
PARTS, OBJECTS = 1000, 2500  # pictures that show no region: small fields of view, test objects
HIDDEN, STEPS, BATCH = 24, 1500, 256
RATE, WEIGHT_DECAY, JITTER = 3e-3, 0.05, 0.2


class BodyRegionDataError(LesionSearchError):
    """The labelled slices are not where they should be."""


@dataclass(frozen=True, eq=False)
class LabelledSlice:
    """A slice in HU, at most 256 pixels wide, whose region is known; `spacing_mm` 0: not known."""

    hu: NDArray[np.float32]
    spacing_mm: float
    patient: str
    region: int  # of REGIONS

    def features(self) -> Floats:
        """Describe the slice as it is, at the middle of the usual spacings where its own is not known."""
        spacing = self.spacing_mm or sum(UNKNOWN_SPACING_MM) / 2
        return describe_slice(self.hu, (spacing, spacing))


@dataclass(frozen=True, eq=False)
class Examples:
    """Features (n, f), their classes and whose they are; "" belongs to nobody."""

    features: Floats
    classes: NDArray[np.int64]
    patients: NDArray[np.str_]


def read_labelled(data: Path, labels: Path = LABELS) -> list[LabelledSlice]:
    """Read the labelled slices of the collection. Raises BodyRegionDataError where one is missing."""
    with labels.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found: list[LabelledSlice] = []
    sources: dict[str, list[tuple[NDArray[np.float32], float]]] = {}
    for row in rows:
        source = row["source"]
        if source not in sources:
            try:
                sources[source] = list(_read_source(data, source))
            except (OSError, KeyError, ValueError, LesionSearchError) as error:
                raise BodyRegionDataError(
                    f"the slices of {source} cannot be read ({error}); give the folder of the real CT collection"
                ) from error
        slices = sources[source]
        chosen = slices if row["row"] == "" else [slices[int(row["row"])]]
        found += [LabelledSlice(hu, spacing, row["patient"], REGIONS.index(row["region"])) for hu, spacing in chosen]
    return found


def _read_source(data: Path, source: str) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Read the slices of a PNG, of a folder of arrays, or of DICOM; `pydicom/` stands for its test files.

    Folders hold whole slices as `slices.npz`; of limbs there is what lies around a region, three times 64 pixels wide.
    """
    path = data / source
    if path.suffix == ".png":
        yield _half(_to_hu(np.asarray(Image.open(path).convert("L")), SOFT_TISSUE_HU), 0)
    elif (path / "slices.npz").is_file():
        with (path / "lesions.csv").open(newline="", encoding="utf-8") as file:
            known = {int(row["slice_row"]): row for row in csv.DictReader(file)}
        for index, pixels in enumerate(np.load(path / "slices.npz")["slices"]):
            row = known[index]
            edges = [float(edge) for edge in row.get("window", "").split(",") if edge.strip("- ").isdigit()]
            hu = pixels if pixels.dtype == np.int16 else _to_hu(pixels, edges if len(edges) == 2 else SOFT_TISSUE_HU)
            yield _half(hu, float(row["pixel_spacing_mm"] or 0))
    elif (path / "pack.npz").is_file():
        with (path / "lesions.csv").open(newline="", encoding="utf-8") as file:
            spacings = [3 * float(row["pixel_spacing_mm"]) for row in csv.DictReader(file)]
        yield from zip(np.load(path / "pack.npz")["context"].astype(np.float32), spacings, strict=True)
    else:
        if source.startswith("pydicom/"):
            from pydicom.data import get_testdata_file

            path = Path(str(get_testdata_file(path.name)))
        series = read_study(path, PatientKeys(b"training")).series[0]
        for image in np.asarray(series.volume_hu):
            yield _half(image, series.facts.row_spacing_mm or 0)


def _to_hu(pixels: NDArray[np.generic], edges: Sequence[float]) -> NDArray[np.float32]:
    return (edges[0] + pixels.astype(np.float32) * (edges[1] - edges[0]) / 255).astype(np.float32)


def _half(hu: NDArray[np.generic], spacing_mm: float) -> tuple[NDArray[np.float32], float]:
    """Average down to at most 256 pixels, which is all that the features look at."""
    block = max(1, round(max(hu.shape) / 256))
    rows, columns = (size // block * block for size in hu.shape)
    clipped = np.asarray(hu[:rows, :columns], dtype=np.float32).clip(-1000, 1500)
    small = clipped.reshape(rows // block, block, columns // block, block).mean(axis=(1, 3))
    return small.astype(np.float32), spacing_mm * block


def make_examples(slices: Sequence[LabelledSlice], seed: int = 0) -> Examples:
    """Turn, stretch, mirror, crop and shade the slices, and add pictures that show no region."""
    rng = np.random.default_rng(seed)
    of_patient = Counter((one.region, one.patient) for one in slices)
    of_region = Counter(region for region, _ in of_patient)
    features, classes, patients = [], [], []
    for one in slices:
        wanted = np.clip(PER_REGION / of_region[one.region], *PER_PATIENT) / of_patient[one.region, one.patient]
        for _ in range(int(np.ceil(wanted))):
            features.append(describe_slice(*_varied(one, rng)))
            classes.append(one.region)
            patients.append(one.patient)
    for number in range(PARTS + OBJECTS):
        one, part = slices[int(rng.integers(len(slices)))], number < PARTS
        features.append(describe_slice(*(_part_of(one, rng) if part else _test_object(rng))))
        classes.append(OTHER)
        patients.append(one.patient if part else "")
    return Examples(np.stack(features), np.array(classes), np.array(patients))


def _varied(one: LabelledSlice, rng: np.random.Generator) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Vary a slice as positioning, field of view and scanner do."""
    angle, turned = np.deg2rad(rng.normal(0, 8)), one.hu
    if one.region == REGIONS.index("limb") and rng.random() < 0.4:
        turned = np.hstack([turned, turned[:, ::-1]])  # both sides, as most scans of legs show them
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.diag(rng.uniform(0.93, 1.07, 2))
    middle = (np.array(turned.shape) - 1) / 2
    turned = ndimage.affine_transform(turned, matrix, middle - matrix @ middle, order=1, mode="nearest")
    if rng.random() < 0.5:
        turned = turned[:, ::-1]
    if rng.random() < 0.2:
        turned = turned[::-1]
    if rng.random() < 0.25:
        turned = _window(turned, rng.uniform(0.75, 0.95), rng.uniform(0.4, 0.6, 2))
    shaded = turned * rng.uniform(0.9, 1.1) + rng.normal(0, 8) + rng.normal(0, rng.uniform(0, 20), turned.shape)
    spacing = (one.spacing_mm or rng.uniform(*UNKNOWN_SPACING_MM)) * rng.uniform(0.88, 1.12)
    return shaded.astype(np.float32), (spacing, spacing)


def _window(image: NDArray[np.float32], share: float, centre: Floats) -> NDArray[np.float32]:
    """Cut a field of view out of an image: `share` of its sides around `centre`, both as shares of the image."""
    sides = [int(share * size) for size in image.shape]
    starts = [
        int(np.clip(c * size - side / 2, 0, size - side))
        for c, size, side in zip(centre, image.shape, sides, strict=True)
    ]
    return image[starts[0] : starts[0] + sides[0], starts[1] : starts[1] + sides[1]]


def _part_of(one: LabelledSlice, rng: np.random.Generator) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Cut a small field of view out of the body."""
    shown = np.argwhere(one.hu > -100)
    centre = shown[rng.integers(len(shown))] / one.hu.shape
    image, spacing = _varied(one, rng)
    return _window(image, rng.uniform(0.15, 0.4), centre), spacing


def _test_object(rng: np.random.Generator) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Make a test object: ellipses, boxes or noise, with rim, balls and rods."""
    size = int(rng.integers(64, 200))
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    image = np.full((size, size), -1000.0)

    def shape(centre: Floats, radii: Floats, boxed: bool) -> NDArray[np.bool_]:
        u, v = np.abs((x - centre[0]) / radii[0]), np.abs((y - centre[1]) / radii[1])
        inside: NDArray[np.bool_] = (np.maximum(u, v) if boxed else np.hypot(u, v)) < 1
        return inside

    for _ in range(rng.choice([1, 1, 1, 2])):
        centre, radii, boxed = rng.uniform(-0.15, 0.15, 2), rng.uniform(0.25, 1.0, 2), rng.random() < 0.25
        if rng.random() < 0.4:
            image[shape(centre, radii * 1.06, boxed)] = rng.uniform(-120, 250)
        image[shape(centre, radii, boxed)] = rng.uniform(-80, 150)
        for _ in range(rng.integers(0, 7)):
            spot = centre + radii * rng.uniform(-0.7, 0.7, 2)
            image[shape(spot, np.full(2, rng.uniform(0.03, 0.3)) * rng.uniform(0.7, 1.4, 2), False)] = rng.choice(
                [rng.uniform(-200, 250), rng.uniform(-1000, -700), rng.uniform(250, 1200)], p=[0.7, 0.15, 0.15]
            )
    if rng.random() < 0.1:
        image = rng.uniform(-500, 100) + rng.normal(0, rng.uniform(100, 600), image.shape)
    image += rng.normal(0, rng.choice([0, 10, 30]), image.shape)
    spacing = float(np.exp(rng.uniform(np.log(60), np.log(600)))) / size
    return image.astype(np.float32), (spacing, spacing)


def fit(examples: Examples, seed: int = 0) -> BodyRegionClassifier:
    """Train a network that tells the regions apart; every class and, within it, every patient weighs the same."""
    import torch

    torch.manual_seed(seed)
    center, scale = examples.features.mean(axis=0), examples.features.std(axis=0) + 1e-2
    inputs = torch.tensor((examples.features - center) / scale, dtype=torch.float32)
    truth = torch.tensor(examples.classes)
    draws = torch.tensor(_weights(examples))
    hidden, output = torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, OTHER + 1)
    network = torch.nn.Sequential(hidden, torch.nn.Tanh(), output)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.multinomial(draws, BATCH, replacement=True)
        noisy = inputs[rows] + JITTER * torch.randn(BATCH, inputs.shape[1])
        loss = torch.nn.functional.cross_entropy(network(noisy), truth[rows], label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    arrays = [tensor.detach().double().numpy() for tensor in network.parameters()]
    return BodyRegionClassifier(center, scale, arrays[0].T, arrays[1], arrays[2].T, arrays[3])


def _weights(examples: Examples) -> Floats:
    """Weigh examples so that every region is drawn as often, and within it every patient nearly so."""
    weights = np.zeros(len(examples.classes))
    for one in np.unique(examples.classes):
        inside = examples.classes == one
        _, whose, count = np.unique(examples.patients[inside], return_inverse=True, return_counts=True)
        share = 1 / np.sqrt(count[whose])
        weights[inside] = share / share.sum() * (2 if one == OTHER else 1)
    return weights


def main(arguments: list[str]) -> None:
    classifier = fit(make_examples(read_labelled(Path(arguments[0]))))
    classifier.save(WEIGHTS)
    print(f"{WEIGHTS.stat().st_size // 1000} kB written to {WEIGHTS.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
