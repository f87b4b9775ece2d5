"""How the demo atlas answers what it does not know, and how well its votes are calibrated.

Noise, air, other modalities and photographs should end in "nothing similar enough"; lesions of the kind the atlas was
made of should not. The real nodules say how often a real CT is turned away by an atlas of synthetic cases.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.embedder import Embedder
from encoder.roi import ROI_SIZE
from tools.atlas.searchable import SearchableAtlas
from tools.domain.lesions import Confidence

LEVELS: tuple[Confidence, ...] = ("none", "low", "moderate", "high")
ROIS = 64


class QueryKindScore(BaseModel):
    """How one kind of query is answered."""

    kind: str
    expected: str  # "nothing similar", "an answer" or "either"
    queries: int
    shares: dict[str, float]  # by level of confidence


class OutOfDistributionReport(BaseModel):
    atlas_lesions: int
    none_below: float
    vote_accuracy: float | None
    ece_before: float | None
    ece_after: float | None
    kinds: list[QueryKindScore]


def measure_out_of_distribution(
    atlas: SearchableAtlas,
    embedder: Embedder,
    known: NDArray[np.generic],
    real: NDArray[np.generic] | None,
    seed: int = 0,
) -> OutOfDistributionReport:
    """Ask the atlas about each kind; `known` are lesions like its own, `real` nodules of real CT, both (N, 64, 64)."""
    calibration = atlas.calibration()
    if calibration is None:
        raise ValueError("the atlas is empty")
    kinds: dict[str, tuple[str, NDArray[np.generic]]] = {"phantom lesions of other patients": ("an answer", known)}
    kinds |= {name: ("nothing similar", images) for name, images in out_of_distribution_images(seed).items()}
    if real is not None:
        kinds["real lung nodules"] = ("either", real)
    return OutOfDistributionReport(
        atlas_lesions=len(atlas),
        none_below=calibration.none_below,
        vote_accuracy=calibration.accuracy,
        ece_before=calibration.ece_before,
        ece_after=calibration.ece_after,
        kinds=[_score_kind(kind, expected, atlas, embedder(images)) for kind, (expected, images) in kinds.items()],
    )


def out_of_distribution_images(seed: int = 0) -> Mapping[str, NDArray[np.generic]]:
    """Make pictures that are no lesion on CT, by kind. Shape of each: (N, 64, 64)."""
    import pydicom.data
    from skimage import data

    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (ROIS, ROI_SIZE, ROI_SIZE)).astype(np.uint8)
    air = np.rint(rng.normal(-1000, 10, (ROIS, ROI_SIZE, ROI_SIZE))).astype(np.int16)
    path = pydicom.data.get_testdata_file("MR_small.dcm", download=False)
    magnetic = pydicom.dcmread(str(path)).pixel_array.astype(float)
    magnetic = (255 * (magnetic - magnetic.min()) / np.ptp(magnetic)).astype(np.uint8)
    return {
        "noise": noise,
        "air": air,
        "MR": _turned(magnetic),
        "photograph": _crops(data.camera(), rng),
        "fundus photograph": _crops(data.retina()[..., 1], rng),
        "printed text": _crops(data.page(), rng),
    }


def _turned(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn and mirror one 64×64 picture into its eight orientations."""
    return np.stack([np.rot90(side, turns) for side in (image, image.T) for turns in range(4)])


def _crops(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    corners = [(int(rng.integers(n - ROI_SIZE)) for n in image.shape) for _ in range(ROIS)]
    return np.stack([image[y : y + ROI_SIZE, x : x + ROI_SIZE] for y, x in corners])


def _score_kind(kind: str, expected: str, atlas: SearchableAtlas, vectors: NDArray[np.float32]) -> QueryKindScore:
    levels = [atlas.search(vector, k=1).confidence for vector in vectors]
    shares = {str(level): levels.count(level) / len(levels) for level in LEVELS}
    return QueryKindScore(kind=kind, expected=expected, queries=len(levels), shares=shares)


def demo_atlas(folder: Path, embedder: Embedder) -> SearchableAtlas:
    """Build the atlas of a first `make run` in `folder`."""
    from tools.pipelines.demo import open_atlas
    from tools.settings import Settings

    return open_atlas(Settings(data=folder, atlas=None), embedder)


def to_markdown(report: OutOfDistributionReport) -> str:
    """Format the calibration of the votes, then what each kind of query is told."""
    lines = [
        f"Demo atlas of {report.atlas_lesions} lesions; nothing is similar enough below {report.none_below:.3f}.",
        "",
    ]
    if report.ece_before is not None and report.ece_after is not None and report.vote_accuracy is not None:
        lines += [
            "| type votes, patients left out | accuracy | ECE before calibration | ECE after |",
            "|---|---|---|---|",
            f"| | {report.vote_accuracy:.3f} | {report.ece_before:.3f} | {report.ece_after:.3f} |",
            "",
        ]
    lines += [
        "| asked about | ROIs | should end in | nothing similar | low | moderate | high |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {k.kind} | {k.queries} | {k.expected} | "
        + " | ".join(f"{100 * k.shares[level]:.0f} %" for level in LEVELS)
        + " |"
        for k in report.kinds
    ]
    return "\n".join(lines) + "\n"
