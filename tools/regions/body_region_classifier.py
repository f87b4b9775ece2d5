"""Says from the picture alone which part of the body an axial CT slice shows, for where the file is silent.

A small network on cheap features: the body cut out and brought to one size, its extent in mm, how much of it is air,
fat, soft tissue and bone, and what bone encloses. It was fitted by `tools.pipelines.train_body_region_classifier`. One
of its classes is "other": test objects, parts of a slice, noise. What it is not sure of stays unknown.
"""

from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.domain.study import BodyRegion, SafeFacts, Series
from tools.regions.small_network import Floats, SmallNetwork

WEIGHTS = Path(__file__).with_name("body_region_weights.npz")
REGIONS: tuple[BodyRegion, ...] = get_args(BodyRegion)
OTHER = len(REGIONS)  # the class after the last region
MIN_CERTAINTY = 0.8  # below it a region is not named
MAX_CERTAINTY = 0.99  # nothing that was learnt from a few hundred slices is more certain

WORKING_PIXELS = 128  # slices are averaged down to about this many pixels before anything is looked at
PICTURE = 20  # pixels across the body as the network sees it
AIR_HU, FAT_HU, SOFT_HU, BONE_HU = -160.0, -20.0, 100.0, 230.0  # upper ends of air, fat, soft; what is bone
SAME_BODY = 0.25  # of the largest piece: smaller pieces are arms or the table
NUMBERS = 19  # features beside the picture
MIN_BODY_PIXELS = 30  # of the working image; fewer is nothing
SAMPLED_SLICES = 5
AXIAL_NORMAL = 0.9  # least cosine between the slice normal and the body's axis


class BodyRegionClassifier(SmallNetwork):
    """Features (n, f) to probabilities (n, classes) of REGIONS and "other"."""

    def __call__(self, features: Floats) -> Floats:
        logits = self.logits(features)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Floats = odds / odds.sum(axis=1, keepdims=True)
        return probabilities


@cache
def load_classifier() -> BodyRegionClassifier:
    """Load the shipped weights, once."""
    return BodyRegionClassifier.load(WEIGHTS)


def with_body_part_seen(series: Series, slice_index: int | None = None) -> SafeFacts:
    """Give the facts of a series, with what its pictures look like where the file does not name a body part.

    One slice is looked at, or several across the series: what they show on average counts. The facts stay as they are
    where nothing was recognized, and for pictures that the network does not know: no CT in HU, not axial, no spacing.
    """
    facts = series.facts
    if facts.body_part is not None or not _is_readable(series):
        return facts
    count = series.volume_hu.shape[0]
    sampled = np.linspace(0, count - 1, SAMPLED_SLICES + 2).round().astype(int)[1:-1]
    indices = sorted(set(sampled.tolist())) if slice_index is None else [slice_index]
    features = [describe_slice(series.volume_hu[index], series.spacing_mm[1:]) for index in indices]
    region, certainty = named(load_classifier()(np.stack(features)).mean(axis=0))
    return facts.model_copy(update={"body_part_seen": region, "body_part_certainty": certainty})


def named(probabilities: Floats) -> tuple[BodyRegion | None, float | None]:
    """Name the region that is likely enough, with its certainty 0..1; None and None where none is."""
    best = int(probabilities.argmax())
    if best == OTHER or probabilities[best] < MIN_CERTAINTY:
        return None, None
    return REGIONS[best], round(min(float(probabilities[best]), MAX_CERTAINTY), 2)


def _is_readable(series: Series) -> bool:
    facts, affine = series.facts, series.affine
    if facts.modality != "CT" or facts.units != "HU" or facts.row_spacing_mm is None or facts.quiz_case:
        return False
    if affine is None:
        return True
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    return bool(abs(normal[2]) >= AXIAL_NORMAL * np.linalg.norm(normal))


def describe_slice(image_hu: NDArray[np.generic], spacing_mm: tuple[float, float]) -> Floats:
    """Describe a slice (rows, columns) in HU for the classifier: (PICTURE² + numbers,)."""
    block = max(1, round(max(image_hu.shape) / WORKING_PIXELS))
    rows, columns = (size // block * block for size in image_hu.shape)
    hu = np.asarray(image_hu[:rows, :columns], dtype=np.float32)
    hu = hu.clip(AIR_HU - 15, BONE_HU + 45).reshape(rows // block, block, columns // block, block).mean(axis=(1, 3))
    tissue = _body_pieces(hu > AIR_HU)
    body = ndimage.binary_fill_holes(tissue)
    row_mm, column_mm = (step * block for step in spacing_mm)
    if body.sum() < MIN_BODY_PIXELS:
        return np.zeros(PICTURE**2 + NUMBERS)
    down, across = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    box = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
    size_mm = (box[0].stop - box[0].start) * row_mm, (box[1].stop - box[1].start) * column_mm
    picture = _picture(np.where(body, (hu - AIR_HU).clip(0) / (BONE_HU - AIR_HU), 0)[box], size_mm)
    return np.concatenate([picture.ravel(), _numbers(hu, body, size_mm, row_mm * column_mm)])


def _body_pieces(tissue: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest pieces of what is not air; thin ones such as the table are gone after an opening."""
    pieces, count = ndimage.label(ndimage.binary_opening(tissue, iterations=1))
    if not count:
        return np.zeros_like(tissue)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    kept: NDArray[np.bool_] = (sizes >= SAME_BODY * sizes.max())[pieces] & (pieces > 0)
    return kept


def _picture(inside: Floats, size_mm: tuple[float, float]) -> Floats:
    """Bring the body's box to PICTURE × PICTURE pixels, centred in a square as wide as its longer side."""
    step = np.array(inside.shape) / size_mm * max(size_mm) / PICTURE  # working pixels a pixel of the picture
    smooth = ndimage.gaussian_filter(inside, 0.4 * step)
    start = (np.array(inside.shape) - step * PICTURE) / 2 + step / 2 - 0.5
    picture: Floats = ndimage.affine_transform(smooth, step, offset=start, output_shape=(PICTURE, PICTURE), order=1)
    return picture


def _numbers(hu: Floats, body: NDArray[np.bool_], size_mm: tuple[float, float], pixel_mm2: float) -> Floats:
    """Give extent and composition of the body, and what its air and its bone are like."""
    area = float(body.sum())
    values = hu[body]
    bands = np.histogram(values, [-1e4, AIR_HU, FAT_HU, SOFT_HU, BONE_HU, 1e4])[0] / area
    air_sizes = _sizes(body & (hu <= AIR_HU)) / area
    bone = body & (hu > BONE_HU)
    closed = ndimage.binary_closing(bone, iterations=2)
    enclosed = _sizes(ndimage.binary_fill_holes(closed) & ~closed & body) / area
    bone_sizes = _sizes(bone) / area
    edge = np.concatenate([body[0], body[-1], body[:, 0], body[:, -1]])
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]
    deepest = float(depth.max())
    bone_depth = float(depth[bone].mean() / deepest) if bone.any() else 0.0
    soft = values[(values > FAT_HU) & (values < SOFT_HU)]
    return np.array(
        [
            np.log(size_mm[0]), np.log(size_mm[1]), np.log(area * pixel_mm2) / 2,
            np.log(size_mm[0] / size_mm[1]), area * pixel_mm2 / (size_mm[0] * size_mm[1]),
            *bands,
            air_sizes[0], air_sizes[1], enclosed[0], bone_sizes[0], bone_sizes[1],
            float(edge.mean()), bone_depth, 2 * deepest * np.sqrt(pixel_mm2) / min(size_mm),
            float(soft.std() / 50) if soft.size else 0.0,
        ]
    )  # fmt: skip


def _sizes(mask: NDArray[np.bool_]) -> Floats:
    """List the sizes of the two largest pieces in pixels, 0 where there are fewer."""
    pieces, count = ndimage.label(mask)
    sizes = np.sort(np.bincount(pieces.ravel(), minlength=3)[1:])[::-1] if count else np.zeros(2)
    return sizes[:2].astype(np.float64)
