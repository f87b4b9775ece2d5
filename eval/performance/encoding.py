"""How fast Frangi, the whole encoding and the views of training are, beside what people would use instead."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.embedder import Embedder
from encoder.network.frangi import frangi
from encoder.training.augment import augment
from encoder.training.presets import get_preset
from eval.performance.comparison import Comparison, compare
from eval.performance.peers import (
    PAPER,
    SIGMAS,
    PaperPipeline,
    hugging_face_pipeline,
    itk_frangi,
    skimage_frangi,
    views_one_by_one,
)

SHAPES_2D = ((64, 64), (512, 512))
SHAPES_3D = ((32, 64, 64), (8, 512, 512))


def frangi_speed(
    rounds: int, batch: int = 256, shapes_2d: Sequence[tuple[int, ...]] = SHAPES_2D,
    shapes_3d: Sequence[tuple[int, ...]] = SHAPES_3D,
) -> list[Comparison]:  # fmt: skip
    """Time Frangi's filter on one thread: many ROIs at once, one slice, one volume; the peers take one at a time."""
    compared = []
    itk = itk_frangi()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for shape in (*shapes_2d, *shapes_3d):
            count = max(1, batch * 64 * 64 // int(np.prod(shape))) if len(shape) == 2 else 1
            images = torch.from_numpy(textured((count, *shape), 0))
            one = images[0].numpy()
            what = f"Frangi {'×'.join(map(str, shape))}"

            def ours(images: torch.Tensor = images, dims: int = len(shape)) -> torch.Tensor:
                return frangi(images, SIGMAS, **PAPER, black_ridges=False, spatial_dims=dims)

            def skimage(one: NDArray[np.float32] = one) -> object:
                return skimage_frangi(one)

            def by_itk(one: NDArray[np.float32] = one) -> object:
                return itk(one, SIGMAS) if itk else None

            item = "image" if len(shape) == 2 else "volume"
            compared.append(compare(what, item, ours, "scikit-image", skimage, (count, 1), rounds))
            compared.append(compare(what, item, ours, "ITK", by_itk if itk else None, (count, 1), rounds))
    finally:
        torch.set_num_threads(threads)
    return compared


def frangi_difference(count: int = 8) -> float:
    """Find the largest difference from scikit-image's response."""
    images = textured((count, 64, 64), 1)
    ours = frangi(torch.from_numpy(images), SIGMAS, **PAPER, black_ridges=False).numpy()
    return float(np.abs(ours - np.stack([skimage_frangi(image) for image in images])).max())


def encoding_speed(embedder: Embedder, rounds: int, rois: int = 1024) -> list[Comparison]:
    """Time preprocessing, Frangi and network on ROIs with their contexts, and one ROI alone."""
    images = (255 * textured((rois, 2, 64, 64), 0)).astype(np.uint8)
    published = PaperPipeline()
    few = images[: max(1, rois // 64), 0]
    made_of = embedder.architecture
    extract = hugging_face_pipeline(made_of.widths, made_of.input_px)
    some = list(images[: max(1, rois // 8), 0])
    name, pipeline = "Encoding, ROI and context", "published pipeline, ROI alone"
    return [
        compare(name, "ROI", lambda: embedder(images), pipeline, lambda: [published(roi) for roi in few],
                (rois, len(few)), rounds),
        compare(name, "ROI", lambda: embedder(images), "Hugging Face image-feature pipeline, ROI alone",
                lambda: extract(some), (rois, len(some)), rounds),
        compare("Encoding, one at a time", "ROI", lambda: embedder(images[0]), pipeline,
                lambda: published(images[0, 0]), rounds=4 * rounds),
    ]  # fmt: skip


def training_speed(rounds: int, rois: int = 256) -> list[Comparison]:
    """Time the random views of ROIs that training draws, on as many threads as PyTorch has."""
    images = textured((rois, 64, 64), 0)
    batch = torch.from_numpy(images)[:, None]
    how = get_preset("default").stages[0].augmentation
    generator, draw = torch.Generator().manual_seed(0), np.random.default_rng(0)
    few = images[: max(1, rois // 4)]
    return [
        compare("Views for training", "view", lambda: augment(batch, how, generator), "transforms image by image",
                lambda: views_one_by_one(few, draw), (rois, len(few)), rounds)
    ]  # fmt: skip


def textured(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Draw images of smooth noise in 0..1; the last two axes are smoothed."""
    from scipy.ndimage import gaussian_filter

    sigmas = (*[0.0] * (len(shape) - 2), 1.5, 1.5)
    noise = gaussian_filter(np.random.default_rng(seed).random(shape, np.float32), sigmas)
    unit: NDArray[np.float32] = (noise - noise.min()) / np.ptp(noise)
    return unit
