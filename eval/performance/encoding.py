"""How fast Frangi and the whole encoding are, beside scikit-image and the paper's own pipeline, in one run."""

import os
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import nn
from transformers import ResNetConfig, ResNetModel

from encoder.embedder import Embedder
from encoder.network.frangi import frangi

SIGMAS = (1.0, 2.0, 3.0)
FRANGI_BATCH = 256


class SpeedReport(BaseModel):
    """Times of one machine in one run; ratios travel better than rates."""

    threads: int
    cores: int
    frangi_ms_per_roi: float  # one thread, batch of 256
    skimage_ms_per_roi: float
    frangi_ratio: float
    frangi_largest_difference: float
    encoding_rois_per_s: float  # preprocessing, Frangi and network
    paper_rois_per_s: float  # skimage Frangi, one image at a time, 3x3 stem without pooling, fp32
    encoding_ratio: float


class PaperPipeline(nn.Module):
    """The speed, not the weights, of the published code: ResNet-18 at full resolution, one ROI at a time."""

    def __init__(self) -> None:
        super().__init__()
        config = ResNetConfig(
            num_channels=1, embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic"
        )
        self.backbone = ResNetModel(config).eval()
        stem = self.backbone.embedder
        stem.embedder.convolution = nn.Conv2d(1, 64, 3, padding=1, bias=False)
        stem.pooler = nn.Identity()

    @torch.inference_mode()
    def forward(self, roi: NDArray[np.uint8]) -> torch.Tensor:
        """Encode one ROI. Shape: (64, 64) -> (512,)."""
        from skimage.filters import frangi as reference

        filtered = reference(roi / 255.0, sigmas=SIGMAS, alpha=1, beta=0.6, gamma=0.0444, black_ridges=False)
        features: torch.Tensor = self.backbone(torch.from_numpy(filtered).float()[None, None]).pooler_output
        return features.flatten()


def measure_speed(embedder: Embedder, rois: int = 1024, repeats: int = 5, seed: int = 0) -> SpeedReport:
    """Measure on textured random ROIs, the encoder with their contexts.

    The best of `repeats` counts for the fast parts: least disturbed.
    """
    from skimage.filters import frangi as reference

    images = _textured(rois, seed)
    with_context = np.stack((images, _textured(rois, seed + 1)), axis=1)
    unit = torch.from_numpy(images[:FRANGI_BATCH]).float() / 255
    settings = {"alpha": 1.0, "beta": 0.6, "gamma": 0.0444, "black_ridges": False}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours = _best(lambda: frangi(unit, SIGMAS, 1.0, 0.6, 0.0444, black_ridges=False), repeats) / len(unit)
        sample = unit[: max(1, rois // 32)].numpy()
        theirs = _best(lambda: [reference(roi, sigmas=SIGMAS, **settings) for roi in sample], min(repeats, 3)) / len(
            sample
        )
    finally:
        torch.set_num_threads(threads)
    expected = np.stack([reference(roi, sigmas=SIGMAS, **settings) for roi in sample])
    difference = np.abs(
        frangi(unit[: len(sample)], SIGMAS, 1.0, 0.6, 0.0444, black_ridges=False).numpy() - expected
    ).max()
    encoding = _best(lambda: embedder(with_context), repeats) / len(images)
    paper = PaperPipeline()
    few = images[: max(1, rois // 64)]
    published = _best(lambda: [paper(roi) for roi in few], min(repeats, 3)) / len(few)
    return SpeedReport(
        threads=threads,
        cores=os.cpu_count() or 1,
        frangi_ms_per_roi=ours * 1e3,
        skimage_ms_per_roi=theirs * 1e3,
        frangi_ratio=theirs / ours,
        frangi_largest_difference=float(difference),
        encoding_rois_per_s=1 / encoding,
        paper_rois_per_s=1 / published,
        encoding_ratio=published / encoding,
    )


def _textured(count: int, seed: int) -> NDArray[np.uint8]:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).random((count, 64, 64)), (0, 1.5, 1.5))
    pixels: NDArray[np.uint8] = (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.uint8)
    return pixels


def _best(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def to_markdown(report: SpeedReport) -> str:
    """Format the report as a Markdown table."""
    r = report
    return (
        f"{r.threads} threads, {r.cores} cores.\n\n"
        "| | ours | compared with | ratio |\n|---|---|---|---|\n"
        f"| Frangi, one thread | {r.frangi_ms_per_roi:.3f} ms a ROI | skimage {r.skimage_ms_per_roi:.2f} ms "
        f"| {r.frangi_ratio:.0f}× (largest difference {r.frangi_largest_difference:.0e}) |\n"
        f"| whole encoding | {r.encoding_rois_per_s:.0f} ROIs/s | published pipeline {r.paper_rois_per_s:.1f} ROIs/s "
        f"| {r.encoding_ratio:.0f}× |\n"
    )
