"""How 8-bit ROIs are brought back to HU: the histograms behind it, and how often the window is found.

Fitted to the training packs of `eval training-packs`: rows whose pixels were HU over the whole range, phantoms, and
LIDC nodules on the scale that training takes them for.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.ndimage import gaussian_filter1d

from encoder.errors import LesionSearchError
from encoder.pack import read_context, read_pack_arrays, with_context
from encoder.preprocess import HU_RANGE
from encoder.preprocess.windows import EDGES_HU, HISTOGRAMS, WINDOWS_HU, log_probabilities, windows_of
from encoder.roi import has_context
from eval.encoder.organs import whole_range_sources

RESULTS = Path(__file__).parent / "results" / "windows.json"
KINDS = 32  # of ROIs, each with a histogram of its own
ROWS = 1500  # of each pack
HELD_OUT = 0.25  # of the patients
TISSUE_HU = 40.0  # where an error is told: soft tissue


class WindowRow(BaseModel):
    """How ROIs shown in one window were read."""

    low_hu: float
    high_hu: float
    found: float  # share of ROIs whose window was named
    median_error_hu: float  # of soft tissue
    error_hu_p90: float


class WindowError(LesionSearchError):
    """The windows were not tried yet."""


class WindowReport(BaseModel):
    """How ROIs of patients that the histograms do not know were read in each window."""

    rois: int
    patients: int
    with_context: list[WindowRow]
    alone: list[WindowRow]


def fit_and_measure(packs: Path, fit: bool, seed: int = 0) -> WindowReport:
    """Fit the histograms to three quarters of the patients, and try them on the others; without `fit` only the latter.

    Histograms and report of a fit are kept. Raises PackError where the packs are not there.
    """
    rng = np.random.default_rng(seed)
    images, patients = _whole_range(packs, rng)
    people = np.unique(patients)
    held_out = np.isin(patients, rng.permutation(people)[: int(HELD_OUT * len(people))])
    if fit:
        np.savez_compressed(HISTOGRAMS, histograms=_fit(images[~held_out]))
        log_probabilities.cache_clear()
    tried = images[held_out & has_context(images[:, 1])]
    report = WindowReport(
        rois=len(tried),
        patients=len(np.unique(patients[held_out])),
        with_context=[_try(tried, window) for window in WINDOWS_HU],
        alone=[_try(tried[:, :1], window) for window in WINDOWS_HU],
    )
    if fit:
        RESULTS.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return report


def _whole_range(packs: Path, rng: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.str_]]:
    """Read ROIs (N, 2, 64, 64) in HU that no window has cut off, and their patients."""
    sources = whole_range_sources()
    images, patients = [], []
    for folder in sorted({path.parent for path in packs.rglob("lesions.csv")}):
        pixels, rows = read_pack_arrays(folder)
        usable = [
            number
            for number, row in enumerate(rows)
            if row.get("split") != "test" and (folder.name != "organs" or row["source"].split("/")[-1] in sources)
        ]
        chosen = np.sort(rng.choice(usable, min(ROWS, len(usable)), replace=False))
        context = read_context(folder)
        part = with_context(pixels[chosen], np.zeros_like(pixels[chosen]) if context is None else context[chosen])
        if part.dtype == np.uint8:
            low, high = HU_RANGE
            part = np.rint(low + part * np.float32((high - low) / 255)).astype(np.int16)
        images.append(part)
        patients += [rows[number]["patient_id"] for number in chosen]
    return np.concatenate(images), np.array(patients)


def _fit(images: NDArray[np.int16]) -> NDArray[np.float32]:
    """Sort histograms of ROIs, with their contexts and alone, into kinds: (kinds, bins), each with the sum 1."""
    from sklearn.cluster import KMeans

    known = has_context(images[:, 1])
    both = np.stack([np.histogram(image, EDGES_HU)[0] for image in images[known]])
    alone = np.stack([np.histogram(image, EDGES_HU)[0] for image in images[:, 0]])
    shares = np.concatenate([both, alone]).astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    kinds = KMeans(KINDS, n_init=2, random_state=0).fit(np.sqrt(shares)).labels_
    means = np.stack([shares[kinds == kind].mean(axis=0) for kind in range(KINDS)])
    smooth: NDArray[np.float32] = gaussian_filter1d(means, 1.0, axis=1).astype(np.float32)
    return smooth


def _try(images: NDArray[np.int16], window: tuple[float, float]) -> WindowRow:
    low, high = window
    grey = np.rint((images.astype(np.float32) - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    found = windows_of(grey)
    level = np.clip((TISSUE_HU - low) / (high - low), 0, 1)
    errors = np.abs(found[:, 0] + level * (found[:, 1] - found[:, 0]) - (low + level * (high - low)))
    return WindowRow(
        low_hu=low,
        high_hu=high,
        found=float((found == np.array(window, np.float32)).all(axis=1).mean()),
        median_error_hu=float(np.median(errors)),
        error_hu_p90=float(np.quantile(errors, 0.9)),
    )


def read_kept(path: Path = RESULTS) -> WindowReport:
    """Read the report of the last fit. Raises WindowError."""
    try:
        return WindowReport.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WindowError(f"nothing is kept in {path} ({error}); run `lesion-search eval windows --fit`") from error


def to_markdown(report: WindowReport) -> str:
    """Format a row for each window."""
    lines = [
        f"{report.rois} ROIs of {report.patients} patients that the histograms do not know, shown in each window. "
        "Error: of soft tissue, median (90 % below).",
        "",
        "| window, HU | found | error, HU | without context: found | error, HU |",
        "|---|---|---|---|---|",
    ]
    for both, alone in zip(report.with_context, report.alone, strict=True):
        cells = " | ".join(
            f"{row.found:.0%} | {row.median_error_hu:.0f} ({row.error_hu_p90:.0f})" for row in (both, alone)
        )
        lines.append(f"| {both.low_hu:.0f} to {both.high_hu:.0f} | {cells} |")
    return "\n".join(lines) + "\n"
