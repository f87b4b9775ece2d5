"""What people would use instead, as plainly as they would write it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import ResNetConfig, ResNetModel

SIGMAS = (1.0, 2.0, 3.0)
PAPER: dict[str, Any] = {"alpha": 1.0, "beta": 0.6, "gamma": 0.0444}
Pixels = NDArray[np.float32]


def skimage_frangi(image: Pixels, sigmas: Sequence[float] = SIGMAS) -> NDArray[np.floating]:
    """Filter one image or volume with scikit-image, at the paper's settings."""
    from skimage.filters import frangi

    response: NDArray[np.floating] = frangi(image, sigmas=sigmas, black_ridges=False, **PAPER)
    return response


def itk_frangi() -> Callable[[Pixels, Sequence[float]], NDArray[np.floating]] | None:
    """Give ITK's vesselness, the maximum over scales, on one thread; None where SimpleITK is not installed."""
    try:
        import SimpleITK
    except ImportError:
        return None
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

    def filtered(image: Pixels, sigmas: Sequence[float] = SIGMAS) -> NDArray[np.floating]:
        source = SimpleITK.GetImageFromArray(image)
        scales = (SimpleITK.SmoothingRecursiveGaussian(source, sigma) for sigma in sigmas)
        responses = [
            SimpleITK.ObjectnessMeasure(
                scale, scaleObjectnessMeasure=False, objectDimension=1, brightObject=True, **PAPER
            )
            for scale in scales
        ]
        strongest: NDArray[np.floating] = np.max([SimpleITK.GetArrayFromImage(each) for each in responses], axis=0)
        return strongest

    return filtered


class PaperPipeline(nn.Module):
    """The speed, not the weights, of the published code: ResNet-18 at full resolution, one ROI at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _resnet(1, (64, 128, 256, 512)).eval()
        stem = self.backbone.embedder
        stem.embedder.convolution = nn.Conv2d(1, 64, 3, padding=1, bias=False)
        stem.pooler = nn.Identity()

    @torch.inference_mode()
    def forward(self, roi: NDArray[np.uint8]) -> torch.Tensor:
        """Encode one ROI. Shape: (64, 64) -> (512,)."""
        filtered = skimage_frangi(roi.astype(np.float32) / np.float32(255))
        features: torch.Tensor = self.backbone(torch.from_numpy(filtered).float()[None, None]).pooler_output
        return features.flatten()


def hugging_face_pipeline(widths: Sequence[int], side: int) -> Callable[[Sequence[NDArray[np.uint8]]], object]:
    """Give transformers' image-feature pipeline of a backbone like ours: ROIs (64, 64) in, pooled features out."""
    from PIL import Image
    from transformers import ViTImageProcessor, pipeline

    processor = ViTImageProcessor(size={"height": side, "width": side})
    extract = pipeline(
        "image-feature-extraction",
        model=_resnet(3, widths).eval(),
        image_processor=processor,
        device="cpu",
        pool=True,
        batch_size=64,
    )
    return lambda rois: extract([Image.fromarray(roi).convert("RGB") for roi in rois])


def _resnet(channels: int, widths: Sequence[int]) -> Any:
    return ResNetModel(
        ResNetConfig(
            num_channels=channels,
            embedding_size=widths[0],
            hidden_sizes=list(widths),
            depths=[2, 2, 2, 2],
            layer_type="basic",
        )
    )


def views_one_by_one(images: Pixels, draw: np.random.Generator) -> torch.Tensor:
    """Draw a random view of each image as a data set's transforms do: image by image. (N, 64, 64) -> (N, 1, 64, 64)."""
    from scipy.ndimage import affine_transform, gaussian_filter

    views = []
    for image in images:
        angle, zoom = draw.uniform(-np.pi, np.pi), np.exp(draw.uniform(-0.1, 0.1))
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
        middle = np.array([31.5, 31.5])
        offset = middle - matrix @ middle + draw.uniform(-3, 3, 2)
        view = affine_transform(image, matrix, offset, order=1, mode="reflect")
        if draw.random() < 0.5:
            view = view[:, ::-1]
        view = np.clip(view, 0, 1) ** np.exp(draw.uniform(-0.2, 0.2)) * draw.uniform(0.8, 1.2) + draw.uniform(-0.1, 0.1)
        if draw.random() < 0.5:
            view = gaussian_filter(view, draw.uniform(0.1, 1.5))
        view = view + draw.uniform(0, 0.05) * draw.standard_normal(view.shape)
        views.append(torch.from_numpy(np.clip(view, 0, 1).astype(np.float32))[None])
    return torch.stack(views)


def pydicom_volume(files: Sequence[Path]) -> NDArray[np.float32]:
    """Read a series file by file with pydicom, in Hounsfield units."""
    import pydicom

    slices = [pydicom.dcmread(file) for file in files]
    slices.sort(key=lambda each: float(each.ImagePositionPatient[2]))
    return np.stack(
        [each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in slices]
    ).astype(np.float32)


def simpleitk_volume() -> Callable[[Path], object] | None:
    """Give SimpleITK's reader of the series in a folder; None where it is not installed."""
    try:
        import SimpleITK
    except ImportError:
        return None

    def read(folder: Path) -> object:
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        return SimpleITK.GetArrayFromImage(reader.Execute())

    return read


class PlainSearch:
    """The same way from a DICOM file to ten hits with the usual packages, one lesion at a time."""

    def __init__(self, lesions: int, seed: int = 0) -> None:
        import chromadb

        self.network = PaperPipeline()
        client = chromadb.EphemeralClient(chromadb.config.Settings(anonymized_telemetry=False))
        self.collection = client.create_collection(f"plain-{uuid4()}", metadata={"hnsw:space": "cosine"})
        vectors = np.random.default_rng(seed).standard_normal((lesions, 512)).astype(np.float32)
        self.collection.add([str(n) for n in range(lesions)], embeddings=vectors)

    def search(self, file: Path, box: tuple[int, int, int, int]) -> object:
        """Read a file, cut a box (x0, y0, x1, y1) out, encode it and find ten neighbours."""
        return self.collection.query(self._encoded(_crop(pydicom_volume([file])[0], box))[None], n_results=10)

    def index(self, rois: Sequence[NDArray[np.uint8]]) -> None:
        """Encode and store lesions one by one."""
        for number, roi in enumerate(rois):
            self.collection.upsert([f"lesion {number}"], embeddings=self._encoded(roi)[None])

    def _encoded(self, roi: NDArray[np.uint8]) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.network(roi).numpy()
        return vector


def _crop(slice_hu: NDArray[np.float32], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    from skimage.transform import resize

    x0, y0, x1, y1 = box
    windowed = np.clip((slice_hu[y0:y1, x0:x1] + 160) / 400, 0, 1)
    return np.asarray(255 * resize(windowed, (64, 64)), np.uint8)
