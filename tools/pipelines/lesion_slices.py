"""Slices to fit the lesion detector to: real ones with marked lesions, others into which lesions are painted.

All are in HU on pixels of GRID_MM. Where a publisher cut fat and air off at 0 HU, fat is filled in.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import read_study
from tools.pipelines.measured_lesions import (
    AIR_HU,
    KEY_SLICES,
    PADDING_PX,
    USUAL_SPACING_MM,
    in_hu,
    read_key_slices,
    read_lidc_areas,
)
from tools.pipelines.painted_lesions import soft_mask, uneven_radii
from tools.regions.coarse_slice import GRID_MM, CoarseSlice

Picture = NDArray[np.float32]
Kind = Literal["soft", "node", "lung", "bone", "mass"]

SOFT_TISSUE = "-175, 275"  # the window of slices that do not say theirs
WHOLE_SLICES = ("chest_organs", "chest_organs_2", "abdomen_organs")
CUT_AT_0 = {"liver_ct_slices": 1.5, "pancreas_ct_slices": 0.78, "spleen": 0.78}  # and their usual pixels in mm
FAT_HU, FAT_NOISE_HU = -100.0, 22.0
LUNG_HU, LEAST_LUNG_MM2 = -500, 1000
PHANTOM_SLICES = 96

KINDS: tuple[Kind, ...] = ("soft", "soft", "node", "node", "lung", "bone", "mass")
RADII_MM: dict[Kind, tuple[float, float]] = {
    "soft": (3.5, 25.0), "node": (4.0, 15.0), "lung": (3.0, 15.0), "bone": (4.0, 14.0), "mass": (12.0, 40.0),
}  # fmt: skip
TRIES = 40
REAL_NODULES = 0.5  # share of the lung lesions that are copied from LIDC
CORE_SHARE = 0.3


@dataclass(frozen=True)
class Spot:
    """The middle of a lesion and its radius, in pixels of the slice."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, eq=False)
class LesionSlice:
    """A slice (H, W) in HU and the lesions marked on it, with the `boxes` x0, y0, x1, y1 their data set gives.

    `organ` is a point in a liver whose tumours nobody marked.
    """

    image: NDArray[np.int16]
    spots: tuple[Spot, ...]
    patient_id: str
    source: str
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    organ: tuple[float, float] | None = None

    @cached_property
    def lung(self) -> NDArray[np.bool_]:
        """Find aerated lung, with what lies inside it."""
        labels, _ = ndimage.label(ndimage.binary_opening(self.image < LUNG_HU))
        large = np.bincount(labels.ravel()) * GRID_MM**2 >= LEAST_LUNG_MM2
        large[0] = False
        large[np.unique(np.concatenate((labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel())))] = False
        filled: NDArray[np.bool_] = ndimage.binary_fill_holes(large[labels])
        return filled


@dataclass(frozen=True, eq=False)
class Patch:
    """A lesion in the middle of its surroundings, and its radius in pixels."""

    image: NDArray[np.int16]
    radius: float


# -- real slices -------------------------------------------------------------------------------------------------------
def key_slices(data: Path) -> Iterator[LesionSlice]:
    """Read DeepLesion's key slices, each once, with all that is marked on it."""
    lesions = read_key_slices(data / KEY_SLICES)
    by_slice: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    for number, lesion in enumerate(lesions):
        by_slice[lesion.patient_id, lesion.image.tobytes()].append(number)
    for (patient, _), numbers in by_slice.items():
        first = lesions[numbers[0]]
        marked = [box for number in numbers if (box := lesions[number].box) is not None]
        boxes = [(float(b.x0), float(b.y0), float(b.x1), float(b.y1)) for b in marked]
        yield _coarse(first.image, first.spacing_mm[0], boxes, patient, "key slices")


def phantom_slices(phantoms: Path, most: int = PHANTOM_SLICES) -> Iterator[LesionSlice]:
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
            here = [row for row in lesions if row["slice"] == number]
            boxes = [(float(r["x0"]), float(r["y0"]), float(r["x1"]), float(r["y1"])) for r in here]
            image = series.volume_hu[int(number) - 1]
            yield _coarse(image, series.spacing_mm[1], boxes, here[0]["patient_id"], "phantoms")


def unmarked_slices(data: Path) -> Iterator[LesionSlice]:
    """Read whole slices of patients who have no key slice, and on which no lesion is marked."""
    known = {lesion.patient_id for lesion in read_key_slices(data / KEY_SLICES)}
    for path in sorted((data / "ct_slices").glob("*.png")):
        patient = f"DL{path.stem[:6]}"
        if patient not in known:
            image = in_hu(np.asarray(Image.open(path).convert("L")), SOFT_TISSUE)
            yield _coarse(image, USUAL_SPACING_MM, (), patient, "whole")
    for name in WHOLE_SLICES:
        slices, rows = _pack(data / "multi_organ" / name, "slices.npz", "slices", "lesions.csv")
        for number, row in sorted({int(row["slice_row"]): row for row in rows}.items()):
            yield _coarse(slices[number], float(row["pixel_spacing_mm"]), (), row["patient_id"], "whole")


def organ_slices(data: Path) -> Iterator[LesionSlice]:
    """Read the abdominal slices of which only what is above 0 HU was published."""
    rng = np.random.default_rng(0)
    for name, usual_mm in CUT_AT_0.items():
        table = "lesions.csv" if name == "spleen" else "organ_points.csv"
        slices, rows = _pack(data / "multi_organ" / name, "slices.npz", "slices", table)
        for number, row in {int(row.get("slice_row") or row["row"]): row for row in rows}.items():
            x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
            at = ((x0 + x1) / 2, (y0 + y1) / 2) if name.startswith("liver") else None
            spacing = float(row["pixel_spacing_mm"] or usual_mm)
            yield _coarse(with_fat(slices[number], rng), spacing, (), row["patient_id"], name, at)


def with_fat(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int16]:
    """Bring a slice that was cut off at 0 to HU: black is fat within the body and air around it."""
    edge = 20
    tissue = ndimage.binary_closing(np.pad(pixels > 12, edge), iterations=6)[edge:-edge, edge:-edge]
    labels, count = ndimage.label(tissue)
    sizes = np.bincount(labels.ravel())
    body = ndimage.binary_fill_holes(labels == 1 + sizes[1:].argmax()) if count else tissue
    fat = FAT_HU + FAT_NOISE_HU * ndimage.gaussian_filter(rng.normal(size=pixels.shape), 0.7)
    hu: NDArray[np.int16] = np.where(body, np.where(pixels <= 6, fat, pixels), AIR_HU).astype(np.int16)
    return hu


def lesion_patches(data: Path) -> dict[str, list[Patch]]:
    """Read real lesions with a little of what is around them: sarcomas, lung cancers, bone lesions, LIDC nodules."""
    found: dict[str, list[Patch]] = defaultdict(list)
    for name in ("soft_tissue_sarcoma", "lung_cancer"):
        contexts, rows = _pack(data / "multi_organ" / name, "pack.npz", "context", "lesions.csv")
        for row in rows:
            x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
            spacing, sides = float(row["pixel_spacing_mm"]), (x1 - x0, y1 - y0)
            pixel_mm = 3 * max(64, 1.5 * max(sides)) * spacing / 64
            found[name].append(
                _patch(contexts[int(row["row"])], pixel_mm, float(np.sqrt(np.prod(sides))) / 2 * spacing)
            )
    folder = data / "multi_organ" / "bone_lesions"
    with (folder / "lesions.csv").open(newline="", encoding="utf-8") as file:
        for row, image in zip(csv.DictReader(file), np.load(folder / "images.npy"), strict=True):
            x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
            pixel_mm = float(row["crop_side_px"]) * float(row["pixel_spacing_mm"]) / 64
            found["bone_lesions"].append(_patch(image, pixel_mm, float(np.sqrt((x1 - x0) * (y1 - y0))) / 2))
    for lesion in read_lidc_areas(data / "lidc"):
        found["lidc"].append(_patch(lesion.image, lesion.spacing_mm[0], lesion.length_mm[0] / 2))
    return dict(found)


def _coarse(
    image: NDArray[np.generic],
    spacing_mm: float,
    boxes: Sequence[tuple[float, float, float, float]],
    patient: str,
    source: str,
    organ: tuple[float, float] | None = None,
) -> LesionSlice:
    coarse = CoarseSlice.of(image.astype(np.int16), (spacing_mm, spacing_mm))
    down, across = coarse.zoom
    scaled = tuple((x0 * across, y0 * down, x1 * across, y1 * down) for x0, y0, x1, y1 in boxes)
    padding = PADDING_PX * across
    sides = ((max(x1 - x0 - 2 * padding, 2.0), max(y1 - y0 - 2 * padding, 2.0)) for x0, y0, x1, y1 in scaled)
    spots = tuple(
        Spot((x0 + x1) / 2, (y0 + y1) / 2, float(np.sqrt(width * height)) / 2)
        for (x0, y0, x1, y1), (width, height) in zip(scaled, sides, strict=True)
    )
    at = None if organ is None else (organ[0] * across, organ[1] * down)
    return LesionSlice(np.rint(coarse.image).astype(np.int16), spots, patient, source, scaled, at)


def _patch(image: NDArray[np.generic], pixel_mm: float, radius_mm: float) -> Patch:
    zoomed = ndimage.zoom(image.astype(np.float32), pixel_mm / GRID_MM, order=1, grid_mode=True, mode="nearest")
    return Patch(np.rint(zoomed).astype(np.int16), radius_mm / GRID_MM)


def _pack(folder: Path, file: str, array: str, table: str) -> tuple[NDArray[np.generic], list[dict[str, str]]]:
    with np.load(folder / file) as arrays, (folder / table).open(newline="", encoding="utf-8") as stream:
        return arrays[array], list(csv.DictReader(stream))


# -- painted lesions ---------------------------------------------------------------------------------------------------
def painted(one: LesionSlice, nodules: Sequence[Patch], count: int, rng: np.random.Generator) -> LesionSlice:
    """Paint up to `count` lesions of all kinds into a slice."""
    image, spots = one.image.astype(np.float32), list(one.spots)
    for _ in range(count):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        if kind == "lung" and not one.lung.any():
            kind = "node"
        nodule = nodules[int(rng.integers(len(nodules)))] if kind == "lung" and rng.random() < REAL_NODULES else None
        radius = float(np.exp(rng.uniform(*np.log(RADII_MM[kind])))) / GRID_MM if nodule is None else nodule.radius
        spot = _free_place(image, one.lung, spots, kind, radius, rng)
        if spot is None:
            continue
        if nodule is not None:
            _copy(image, spot, nodule, rng)
        else:
            _paint(image, spot, kind, rng)
        spots.append(spot)
    return replace(one, image=np.rint(image).astype(np.int16), spots=tuple(spots))


def _free_place(
    image: Picture,
    lung: NDArray[np.bool_],
    taken: Sequence[Spot],
    kind: Kind,
    radius: float,
    rng: np.random.Generator,
) -> Spot | None:
    """Choose where a lesion of this kind may be, beside those there are; None where a few tries find nothing."""
    rows, columns = np.nonzero(lung if kind == "lung" else image > (160 if kind == "bone" else -300))
    reach = max(2, int(0.8 * radius))
    for _ in range(TRIES if len(rows) else 0):
        at = int(rng.integers(len(rows)))
        spot = Spot(float(columns[at]), float(rows[at]), radius)
        here = _window(image.shape, spot, reach)
        if here is None or any(np.hypot(spot.x - t.x, spot.y - t.y) < radius + t.radius + 3 for t in taken):
            continue
        if _may_be(kind, image[here], image[rows[at], columns[at]], rng):
            return spot
    return None


def _may_be(kind: Kind, around: Picture, middle: float, rng: np.random.Generator) -> bool:
    if kind == "lung":
        return middle < LUNG_HU
    if kind == "bone":
        return bool((around > 120).mean() > 0.35)
    low, usual, high = np.percentile(around, [10, 50, 90])
    if kind == "soft":
        return bool(20 < usual < 200 and high - low < (60 if rng.random() < 0.8 else 150))
    inside_body = (around < -300).mean() < 0.03
    return bool(inside_body and ((around < -40).mean() > 0.35 if kind == "node" else 0 < usual < 150))


def _paint(image: Picture, spot: Spot, kind: Kind, rng: np.random.Generator) -> None:
    """Paint a lesion of this kind into the slice; of the texture there some stays."""
    here = _window(image.shape, spot, int(2.2 * spot.radius + 6), cut=True)
    assert here is not None
    middle = spot.x - here[1].start + 0.5, spot.y - here[0].start + 0.5
    there = image[here]
    mask = soft_mask(there.shape, middle, uneven_radii(spot.radius, rng), rng.uniform(0.25, 0.7))
    texture = np.clip(there - ndimage.gaussian_filter(there, 1.5), -40, 40)
    if kind in ("node", "lung", "mass"):  # not what lies there, but what grew there
        own = ndimage.gaussian_filter(rng.normal(size=there.shape), 0.8) * rng.uniform(8, 28)
        texture = own + (0 if kind == "lung" else 0.3) * texture
    flesh = np.full(there.shape, _density(kind, float(np.median(there[mask > 0.5])) if (mask > 0.5).any() else 40, rng))
    if rng.random() < CORE_SHARE:
        core = uneven_radii(spot.radius * rng.uniform(0.35, 0.75), rng)
        flesh += soft_mask(there.shape, middle, core, 1.2) * rng.uniform(-50, 50)
    image[here] = there * (1 - mask) + mask * (flesh + texture)


def _density(kind: Kind, tissue_hu: float, rng: np.random.Generator) -> float:
    if kind == "soft":
        contrast = np.exp(rng.uniform(np.log(12), np.log(80)))
        return float(tissue_hu + (-contrast if rng.random() < 0.7 else 0.8 * contrast))
    if kind == "bone":
        return float(rng.uniform(20, 110) if rng.random() < 0.6 else rng.uniform(400, 900))
    if kind == "lung":
        return float(rng.uniform(-20, 80) if rng.random() < 0.8 else rng.uniform(-650, -250))
    return float(rng.uniform(10, 110))


def _copy(image: Picture, spot: Spot, nodule: Patch, rng: np.random.Generator) -> None:
    """Copy a real nodule into a lung, turned at random."""
    there = np.rot90(nodule.image, int(rng.integers(4)))[:, :: int(rng.choice((-1, 1)))].astype(np.float32)
    half = min(min(there.shape) // 2 - 1, int(1.5 * nodule.radius + 4))
    here = _window(image.shape, spot, half)
    if here is None:
        return
    rows, columns = there.shape
    cut = there[rows // 2 - half : rows // 2 + half + 1, columns // 2 - half : columns // 2 + half + 1]
    down, across = np.mgrid[-half : half + 1, -half : half + 1]
    mask = np.clip((1.3 * nodule.radius + 2 - np.hypot(down, across)) / 2 + 0.5, 0, 1)
    image[here] = image[here] * (1 - mask) + mask * np.maximum(image[here], cut)


def _window(shape: tuple[int, ...], spot: Spot, reach: int, cut: bool = False) -> tuple[slice, slice] | None:
    """The square around a spot; None where it leaves the image, unless it may be cut."""
    x, y = int(spot.x), int(spot.y)
    low, high = (y - reach, x - reach), (y + reach + 1, x + reach + 1)
    if not cut and (min(low) < 0 or high[0] > shape[0] or high[1] > shape[1]):
        return None
    return slice(max(low[0], 0), min(high[0], shape[0])), slice(max(low[1], 0), min(high[1], shape[1]))
