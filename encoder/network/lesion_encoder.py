"""The lesion encoder: one ResNet-18 for the ROI and one for its context, joined to a unit vector."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from encoder.errors import EncoderError
from encoder.network.architecture import CONTEXT_CHANNELS, EARLY_STAGES, Architecture
from encoder.network.frangi import frangi
from encoder.network.label_heads import LabelHeads
from encoder.network.lens import lens_grid
from encoder.network.out_of_distribution import OutOfDistributionScore, channel_means
from encoder.network.resnet_branch import ResNetBranch
from encoder.network.same_lesion import SameLesionHead
from encoder.network.weights import MISFIT, Weights, read_weights
from encoder.preprocess import SOFT_TISSUE_HU, hu_to_unit


class LesionEncoderConfig(PreTrainedConfig):  # type: ignore[misc]
    """Hold an `Architecture` as transformers stores it in `config.json`. Raises ValueError."""

    model_type = "lesion-encoder"

    def __init__(self, **kwargs: Any) -> None:
        own = {name: kwargs.pop(name) for name in Architecture.model_fields if name in kwargs}
        for name, value in Architecture.model_validate(own).model_dump().items():
            setattr(self, name, value)
        super().__init__(**kwargs)

    @property
    def architecture(self) -> Architecture:
        """What this configuration describes, as serving reads it."""
        return Architecture.model_validate({name: getattr(self, name) for name in Architecture.model_fields})


def shows_context(images: torch.Tensor) -> torch.Tensor:
    """Tell which contexts show anything: one of a single value stands for none. Shape: (N, 2, H, W) -> (N,) bool."""
    shown: torch.Tensor = images[:, 1].amax((1, 2)) > images[:, 1].amin((1, 2))
    return shown


def magnify_center(images: torch.Tensor, lens: float, side: int) -> torch.Tensor:
    """Enlarge the middle, where the lesion is, and keep the surroundings, as a fish-eye lens does.

    Shape: (N, 1, H, H) -> (N, 1, side, side). A nodule of 6 mm is 8 pixels of 64, two after the backbone's stem; on
    held-out patients the lens helped even the untrained network on every label but one.
    """
    grid = torch.from_numpy(lens_grid(lens, side)).to(images.device).expand(len(images), -1, -1, -1)
    seen: torch.Tensor = F.grid_sample(images, grid, padding_mode="border", align_corners=True)
    return seen


class LesionEncoder(PreTrainedModel):  # type: ignore[misc]
    """Embed ROIs as unit vectors; `from_pretrained` and `save_pretrained` are those of any transformers model.

    Images come from `standardize`: (N, 1, 64, 64) of ROIs alone or (N, 2, 64, 64) of ROIs and context, in 0..1. A
    context of one value throughout is none: a learned vector stands for what it would have said.
    """

    config_class = LesionEncoderConfig
    main_input_name = "images"

    def __init__(self, config: LesionEncoderConfig) -> None:
        super().__init__(config)
        shape = config.widths, config.depths
        self.roi = ResNetBranch(len(config.channels), *shape, config.dim, config.pooling, config.centred)
        if config.context_dim:
            self.context = ResNetBranch(
                len(CONTEXT_CHANNELS), *shape, config.context_dim, config.pooling, config.centred
            )
            self.no_context = nn.Parameter(torch.randn(config.context_dim))
        self.readout = _label_heads(config)
        self.familiarity = OutOfDistributionScore(self.config.architecture.early_widths) if config.familiarity else None
        self.same_lesion = SameLesionHead(config.same_lesion_dim) if config.same_lesion_dim else None
        self.post_init()  # type: ignore[no-untyped-call]

    def channels(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the input channels of the ROI's branch.

        Shape: (N, P, 64, 64) in 0..1 -> (N, C, input_px, input_px) in -1..1.
        """
        return self._channels(images[:, :1], self.config.channels, self.config.lens)

    def _channels(self, images: torch.Tensor, names: Sequence[str], lens: float) -> torch.Tensor:
        config = self.config
        if lens != 1 or config.input_px != images.shape[-1]:
            images = magnify_center(images.float(), lens, config.input_px)
        planes = []
        for name in names:
            if name == "image":
                plane = images
            elif name == "soft_tissue":
                low, high = (hu_to_unit(hu) for hu in SOFT_TISSUE_HU)
                plane = ((images - low) / (high - low)).clamp(0, 1)
            else:
                # autocast would run the Hessian in half precision
                with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
                    plane = frangi(
                        images.float(),
                        config.frangi_sigmas,
                        config.frangi_alpha,
                        config.frangi_beta,
                        config.frangi_gamma,
                        black_ridges=False,
                    )
            planes.append(plane)
        return torch.cat(planes, dim=1).mul_(2).sub_(1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the features, which training shapes. Shape: (N, P, 64, 64) -> (N, features_dim) of length 1."""
        return self._features(images, self.roi.stages(self.channels(images)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed ROIs. Shape: (N, P, 64, 64) from `standardize` -> (N, embedding_dim) of length 1."""
        stages = self.roi.stages(self.channels(images))
        embedding: torch.Tensor = self.readout(self._features(images, stages))
        if self.familiarity is not None:
            embedding = self.familiarity(stages[:EARLY_STAGES], embedding)
        return embedding

    def early_channel_means(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Compute what the out-of-distribution score is taken from.

        Shape: (N, P, 64, 64) -> (N, C) of each early stage.
        """
        return channel_means(self.roi.stages(self.channels(images))[:EARLY_STAGES])

    def _features(self, images: torch.Tensor, stages: Sequence[torch.Tensor]) -> torch.Tensor:
        """Join the features of ROI and context, each of length 1 before it is weighed."""
        vectors: torch.Tensor = F.normalize(self.roi.pooled(stages[-1]), dim=1)
        if not self.config.context_dim:
            return vectors
        share = self.config.context_share
        context = F.normalize(self._context_features(images), dim=1)
        return torch.cat((vectors * (1 - share) ** 0.5, context * share**0.5), dim=1)

    def _context_features(self, images: torch.Tensor) -> torch.Tensor:
        """Compute what the context says, `no_context` where there is none. (N, P, 64, 64) -> (N, context_dim)."""
        features: torch.Tensor = self.no_context.expand(len(images), -1)
        if images.shape[1] < 2:
            return features
        known = shows_context(images)
        if known.any():
            shown = self.context(self._channels(images[known, 1:], CONTEXT_CHANNELS, lens=1))
            features = features.masked_scatter(known[:, None], shown)
        return features

    def arrays(self) -> Weights:
        """Copy parameters and buffers to numpy, by name, at the precision they have."""
        return {name: table.detach().cpu().numpy().copy() for name, table in self.state_dict().items()}

    def add_out_of_distribution_score(self) -> OutOfDistributionScore:
        """Give a trained network an out-of-distribution score, still to be fitted; returns it."""
        self.config.familiarity = True
        self.familiarity = OutOfDistributionScore(self.config.architecture.early_widths)
        return self.familiarity

    def add_same_lesion_head(self, dim: int) -> SameLesionHead:
        """Give a trained network the head that finds one lesion again, still to be fitted; returns it."""
        self.config.same_lesion_dim = dim
        self.same_lesion = SameLesionHead(dim)
        return self.same_lesion

    def add_label_heads(self, labels: dict[str, list[str]], detail: float) -> LabelHeads:
        """Give a trained network heads for these labels (in sorted order) and their classes, still to be fitted."""
        self.config.readout, self.config.detail = labels, detail
        self.readout = _label_heads(self.config)  # type: ignore[arg-type]
        assert isinstance(self.readout, LabelHeads)
        return self.readout


def _label_heads(config: LesionEncoderConfig) -> nn.Module:
    if not config.readout:
        return nn.Identity()
    made_of = config.architecture
    return LabelHeads(made_of.features_dim, [len(made_of.readout[label]) for label in made_of.labels], made_of.detail)


def load_model(path: str | Path) -> LesionEncoder:
    """Load the network of a folder or hub repository, float32, in evaluation mode. Raises EncoderError."""
    architecture, weights = read_weights(path)
    with torch.device("meta"):  # no numbers are drawn
        model = LesionEncoder(LesionEncoderConfig(**architecture.model_dump()))
    state = {name: torch.from_numpy(np.array(table)) for name, table in weights.items()}
    try:
        model.load_state_dict(
            {name: table.float() if table.is_floating_point() else table for name, table in state.items()}, assign=True
        )
    except RuntimeError as error:
        raise EncoderError(MISFIT.format(path)) from error
    model.train(False)
    return model
