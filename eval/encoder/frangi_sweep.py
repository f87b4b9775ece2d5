"""How Frangi's α, β, γ and scales matter, without training a network for each: the paper's open question.

Each setting is judged by what its response alone tells: principal components of the response maps, fitted on training
patients, retrieve nodules of other patients. Components are linear and learn no labels, so a difference between
settings is a difference of the maps. The map is that of the encoder: after its lens, on its grid. Settings are
compared on validation patients; the best and the published one are then measured once on test patients, in pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.network.frangi import frangi
from encoder.network.lesion_encoder import LesionEncoderConfig, magnify_center
from encoder.preprocess import standardize
from eval.encoder.lidc import Nodule, largest_slices
from eval.encoder.retrieval import LIDC_LABELS, Estimate, Vectors, estimate_difference, rank
from eval.metrics import macro, precision_at
from tools.domain.progress import Progress
from tools.domain.splits import Split

# Beyond the best on every side but the smallest scale: a Gaussian narrower than 0.7 px is no longer sampled well. A
# large β lets any shape pass, and from 2.4 on little changes.
BETAS = (0.15, 0.3, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2)
GAMMAS = (0.0006, 0.0017, 0.005, 0.015, 0.0444, 0.13, 0.4)
SCALES_PX = ((0.7,), (1.0,), (2.0,), (1.0, 2.0, 3.0), (2.0, 4.0), (3.0, 5.0))
ALPHAS = (0.5, 2.0)  # beside the published 1; they do nothing in two dimensions, and the table shows it
COMPONENTS = 64
K = 10


@dataclass(frozen=True)
class FrangiSetting:
    alpha: float
    beta: float
    gamma: float
    scales_px: tuple[float, ...]

    def __str__(self) -> str:
        return f"α {self.alpha:g}, β {self.beta:g}, γ {self.gamma:g}, scales {scale_name(self.scales_px)} px"


PUBLISHED = FrangiSetting(1.0, 0.6, 0.0444, (1.0, 2.0, 3.0))


def scale_name(scales_px: Sequence[float]) -> str:
    """Write a set of scales as text."""
    return ", ".join(f"{scale:g}" for scale in scales_px)


class SettingScore(BaseModel):
    """Macro P@10 of one setting by label, and their mean."""

    setting: str
    alpha: float
    beta: float
    gamma: float
    scales_px: tuple[float, ...]
    labels: dict[str, float]
    mean: float


class FrangiReport(BaseModel):
    validation_nodules: int
    scores: list[SettingScore]  # best first
    pixels: SettingScore  # the image itself in place of its response
    test: list[SettingScore]  # best of validation, published, pixels
    best_minus_published: dict[str, Estimate]  # on test
    best_minus_pixels: dict[str, Estimate]


def settings() -> tuple[FrangiSetting, ...]:
    """List a full grid of β, γ and scales at the published α, and the published setting with other α."""
    grid = [FrangiSetting(1.0, *rest) for rest in product(BETAS, GAMMAS, SCALES_PX)]
    return (*grid, *(FrangiSetting(alpha, PUBLISHED.beta, PUBLISHED.gamma, PUBLISHED.scales_px) for alpha in ALPHAS))


def sweep(
    images: NDArray[np.uint8],
    nodules: Sequence[Nodule],
    chosen: Sequence[FrangiSetting] | None = None,
    progress: Progress | None = None,
) -> FrangiReport:
    """Score settings (all of `settings()` by default) on validation patients, the best of them on test patients."""
    rows = largest_slices(nodules)
    sides = np.array([nodules[row].split for row in rows])
    config = LesionEncoderConfig()
    seen = magnify_center(torch.from_numpy(standardize(images[rows])), config.lens, config.input_px)
    fitted = sides == "train"
    data = _Data([nodules[row] for row in rows], sides)
    chosen = chosen or settings()
    scores = []
    for number, setting in enumerate(chosen, start=1):
        scores.append(_score(setting, data, "validation", _vectors(_response(seen, setting), fitted)))
        if progress:
            progress(number, len(chosen))
    scores.sort(key=lambda score: -score.mean)
    best = FrangiSetting(scores[0].alpha, scores[0].beta, scores[0].gamma, scores[0].scales_px)
    maps = {"best": _response(seen, best), "published": _response(seen, PUBLISHED), "pixels": seen}
    vectors = {name: _vectors(map_, fitted) for name, map_ in maps.items()}
    return FrangiReport(
        validation_nodules=int((sides == "validation").sum()),
        scores=scores,
        pixels=_score(None, data, "validation", vectors["pixels"]),
        test=[
            _score(best, data, "test", vectors["best"]),
            _score(PUBLISHED, data, "test", vectors["published"]),
            _score(None, data, "test", vectors["pixels"]),
        ],
        best_minus_published=data.difference("test", vectors["best"], vectors["published"]),
        best_minus_pixels=data.difference("test", vectors["best"], vectors["pixels"]),
    )


class _Data:
    """Labels and patients of the nodules of each side."""

    def __init__(self, nodules: Sequence[Nodule], sides: NDArray[np.str_]) -> None:
        self.sides = sides
        self.patients = np.array([nodule.patient_id for nodule in nodules])
        self.labels = {
            label: np.array([getattr(nodule, column) for nodule in nodules]) for label, column in LIDC_LABELS.items()
        }

    def precision(self, side: Split, vectors: Vectors, label: str) -> NDArray[np.float64]:
        """Return P@10 of each query of a side, candidates from other patients of that side."""
        chosen = self.sides == side
        ranking = rank(vectors[chosen], self.labels[label][chosen], self.patients[chosen], "cross-patient", K)
        return precision_at(ranking.relevant, ranking.available, K)

    def difference(self, side: Split, first: Vectors, second: Vectors) -> dict[str, Estimate]:
        """Estimate macro P@10 of `first` minus that of `second`, paired over the patients of a side, by label."""
        chosen = self.sides == side
        return {
            label: estimate_difference(
                self.precision(side, first, label),
                self.precision(side, second, label),
                values[chosen],
                self.patients[chosen],
            )
            for label, values in self.labels.items()
        }


def _response(seen: torch.Tensor, setting: FrangiSetting) -> torch.Tensor:
    return frangi(seen, setting.scales_px, setting.alpha, setting.beta, setting.gamma, black_ridges=False)


def _vectors(maps: torch.Tensor, fitted: NDArray[np.bool_]) -> Vectors:
    """Reduce maps (N, 1, H, W) to principal components of the fitted rows, as unit vectors."""
    from sklearn.decomposition import PCA

    flat = maps.flatten(1).numpy()
    components = min(COMPONENTS, int(fitted.sum()), flat.shape[1])
    pca = PCA(components, svd_solver="randomized", random_state=0).fit(flat[fitted])
    vectors: Vectors = pca.transform(flat).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-9)
    return vectors


def _score(setting: FrangiSetting | None, data: _Data, side: Split, vectors: Vectors) -> SettingScore:
    chosen = data.sides == side
    labels = {
        label: macro(data.precision(side, vectors, label), values[chosen]) for label, values in data.labels.items()
    }
    return SettingScore(
        setting="no Frangi, the pixels" if setting is None else str(setting),
        alpha=setting.alpha if setting else 0.0,
        beta=setting.beta if setting else 0.0,
        gamma=setting.gamma if setting else 0.0,
        scales_px=setting.scales_px if setting else (),
        labels=labels,
        mean=float(np.mean(list(labels.values()))),
    )


def draw(report: FrangiReport, path: Path) -> Path:
    """Draw the grid as heat maps, one for each set of scales. Raises FigureError."""
    from eval.encoder.plots import heat_maps

    means = {(s.beta, s.gamma, s.scales_px): s.mean for s in report.scores if s.alpha == PUBLISHED.alpha}
    tables = {
        scale_name(scales): np.array([[means[beta, gamma, scales] for gamma in GAMMAS] for beta in BETAS])
        for scales in SCALES_PX
    }
    published = (
        scale_name(PUBLISHED.scales_px),
        BETAS.index(PUBLISHED.beta),
        GAMMAS.index(PUBLISHED.gamma),
    )
    return heat_maps(tables, BETAS, GAMMAS, published, "macro P@10, mean of four labels", path)


def to_markdown(report: FrangiReport, shown: int = 8) -> str:
    """Format the best settings, the published one, other α and the worst on validation; then the choice on test."""
    labels = list(LIDC_LABELS)
    listed = report.scores[:shown]
    wanted = [
        s
        for s in report.scores
        if (s.beta, s.gamma, s.scales_px) == (PUBLISHED.beta, PUBLISHED.gamma, PUBLISHED.scales_px)
    ]
    listed += [s for s in (*sorted(wanted, key=lambda s: s.alpha), report.scores[-1]) if s not in listed]
    head = ["| Frangi | " + " | ".join(labels) + " | mean |", "|---|" + "---|" * (len(labels) + 1)]
    lines = [
        f"Cross-patient macro P@10 of {COMPONENTS} principal components of the Frangi response, "
        f"{report.validation_nodules} nodules of validation patients; {len(report.scores)} settings, the best {shown}, "
        "the published one with three α, and the last.",
        "",
        *head,
        *(_line(s, labels) for s in (*listed, report.pixels)),
        "",
        "The best of validation on test patients:",
        "",
        *head,
        *(_line(s, labels) for s in report.test),
    ]
    for name, difference in (
        ("best − published", report.best_minus_published),
        ("best − pixels", report.best_minus_pixels),
    ):
        figures = [f"{d.value:+.3f} ({d.low:+.3f} to {d.high:+.3f})" for d in difference.values()]
        lines.append(f"| {name}, paired | " + " | ".join(figures) + " | |")
    return "\n".join(lines) + "\n"


def _line(score: SettingScore, labels: Sequence[str]) -> str:
    return (
        f"| {score.setting} | "
        + " | ".join(f"{score.labels[label]:.3f}" for label in labels)
        + f" | {score.mean:.3f} |"
    )
