"""The whole encoder trained on as a classifier: what labels are worth when every layer may follow them."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from encoder.embedder import SHIPPED_WEIGHTS
from encoder.network.lesion_encoder import LesionEncoder, load_model
from encoder.preprocess import standardize
from encoder.training.augment import augment
from encoder.training.losses.proxy_softmax import class_weights
from encoder.training.presets import Augmentation

EPOCHS = 4
BATCH = 64
ENCODER_RATE, HEAD_RATE = 1e-4, 3e-3
_VIEWS = Augmentation(
    rotation_deg=20, zoom=(0.9, 1.1), gain=(0.9, 1.1), offset=(-0.05, 0.05), gamma=(0.9, 1.1), rewindow_probability=0
)


class FineTuned(nn.Module):
    """A copy of the encoder with one linear head a label. Shape: (N, 1, 64, 64) -> label -> (N, classes)."""

    def __init__(self, encoder: LesionEncoder, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.encoder = encoder
        self.scale = encoder.config.architecture.features_dim**0.5  # unit vectors have tiny entries
        dim = encoder.config.architecture.features_dim
        self.heads = nn.ModuleDict({label: nn.Linear(dim, count) for label, count in classes.items()})

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits of each label."""
        vectors = self.encoder.features(images) * self.scale
        return {label: head(vectors) for label, head in self.heads.items()}


def fine_tuned_predictions(
    encoder: str | None,
    images: NDArray[np.generic],
    labels: Mapping[str, NDArray[np.str_]],
    queries: NDArray[np.generic],
    epochs: int = EPOCHS,
    seed: int = 0,
) -> dict[str, NDArray[np.str_]]:
    """Train encoder and heads on all labels at once, rarer classes weighing more; predict each label of the queries.

    Shape: images (N, 64, 64), label -> (N,), queries (Q, 64, 64) -> label -> (Q,). Raises EncoderError.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    names = {label: np.unique(values) for label, values in labels.items()}
    truth = {label: torch.from_numpy(np.searchsorted(names[label], values)) for label, values in labels.items()}
    weights = {label: class_weights(codes, len(names[label]), power=1.0) for label, codes in truth.items()}
    model = FineTuned(load_model(encoder or SHIPPED_WEIGHTS), {label: len(values) for label, values in names.items()})
    model.to(memory_format=torch.channels_last).requires_grad_(True)  # type: ignore[call-overload]
    groups = [
        {"params": model.encoder.parameters(), "lr": ENCODER_RATE},
        {"params": model.heads.parameters(), "lr": HEAD_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-3)
    pixels, calibrated = torch.from_numpy(standardize(images)), torch.full((len(images),), images.dtype != np.uint8)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(pixels), generator=generator)
        for rows in order.split(BATCH):
            if len(rows) < 2:  # nothing to normalise a single row by
                continue
            views = augment(pixels[rows], _VIEWS, generator, calibrated[rows])
            with torch.autocast("cpu", torch.bfloat16):
                outputs = model(views)
            losses = [
                nn.functional.cross_entropy(output.float(), truth[label][rows], weights[label])
                for label, output in outputs.items()
            ]
            optimizer.zero_grad(set_to_none=True)
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    model.train(False)
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(standardize(queries[start : start + BATCH])))
            for start in range(0, len(queries), BATCH)
        ]
    return {
        label: values[torch.cat([part[label] for part in parts]).argmax(dim=1).numpy()]
        for label, values in names.items()
    }
