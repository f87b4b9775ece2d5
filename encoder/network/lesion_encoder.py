"""The lesion encoder: one ResNet-18 for the ROI and one for its context, joined to a unit vector."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from encoder.network.frangi import frangi
from encoder.network.label_heads import LabelHeads
from encoder.network.out_of_distribution import OutOfDistributionScore, channel_means
from encoder.network.resnet_branch import ResNetBranch
from encoder.network.same_lesion import SameLesionHead
from encoder.preprocess import PREPROCESSING_VERSION, SOFT_TISSUE_HU, hu_to_unit, shows_context

CHANNELS = ("image", "soft_tissue", "frangi")
CONTEXT_CHANNELS = ("image", "soft_tissue")
_EARLY_STAGES = 3  # the stem and the first two: what an image is made of, not yet what it shows


class LesionEncoderConfig(PreTrainedConfig):  # type: ignore[misc]
    """Describe an encoder, as `config.json` stores it. `channels` are names from CHANNELS, in order.

    `lens` is the scale at the middle of the ROI: 0.4 shows it 2.5 times larger and squeezes the surroundings, 1 changes
    nothing. `input_px` is the side of the square that the backbone sees after it. `centred` batch-normalises the
    pooled features before they get length 1; without it all vectors share a narrow cone. `context_dim` features come
    from the context, 0 for an encoder of ROIs alone, and keep the share `context_share` of the features' cosine.
    `readout` gives the labels of the label heads and their classes, whose probabilities join the vector beside the
    features, which keep the share `detail`; empty for none. `familiarity` adds the entries of the out-of-distribution
    score. `same_lesion_dim` is the length of the vectors that find one lesion again, 0 for none. Raises ValueError.
    """

    model_type = "lesion-encoder"

    def __init__(
        self,
        channels: tuple[str, ...] | list[str] = CHANNELS,
        dim: int = 512,
        context_dim: int = 0,
        context_share: float = 0.4,
        widths: tuple[int, ...] | list[int] = (64, 128, 256, 512),
        depths: tuple[int, ...] | list[int] = (2, 2, 2, 2),
        pooling: str = "gem",
        lens: float = 0.4,
        input_px: int = 48,
        centred: bool = True,
        frangi_sigmas: tuple[float, ...] | list[float] = (1.0, 2.0, 3.0),
        frangi_alpha: float = 1.0,
        frangi_beta: float = 0.6,
        frangi_gamma: float = 0.0444,
        readout: dict[str, list[str]] | None = None,
        detail: float = 0.2,
        familiarity: bool = False,
        same_lesion_dim: int = 0,
        preprocessing: str = PREPROCESSING_VERSION,
        **kwargs: Any,
    ) -> None:
        unknown = set(channels) - set(CHANNELS)
        if unknown or not channels:
            raise ValueError(f"channels are some of {CHANNELS}, not {tuple(channels)}")
        if pooling not in ("gem", "average"):
            raise ValueError(f"pooling is 'gem' or 'average', not {pooling!r}")
        self.channels = list(channels)
        self.dim = dim
        self.context_dim = context_dim
        self.context_share = context_share
        self.widths = list(widths)
        self.depths = list(depths)
        if not 0 < lens <= 1:
            raise ValueError(f"lens is above 0 and at most 1 (no magnification), not {lens}")
        self.pooling = pooling
        self.lens = lens
        self.input_px = input_px
        self.centred = centred
        self.frangi_sigmas = list(frangi_sigmas)
        self.frangi_alpha = frangi_alpha
        self.frangi_beta = frangi_beta
        self.frangi_gamma = frangi_gamma
        self.readout = readout or {}
        self.detail = detail
        self.familiarity = familiarity
        self.same_lesion_dim = same_lesion_dim
        self.preprocessing = preprocessing
        super().__init__(**kwargs)

    @property
    def features_dim(self) -> int:
        """The number of features: those of the ROI, then those of the context."""
        return self.dim + self.context_dim

    @property
    def embedding_dim(self) -> int:
        """The length of a vector: features, an entry for each class of the label heads, and the score's own."""
        classes = sum(len(classes) for classes in self.readout.values())
        return self.features_dim + classes + (self.widths[0] if self.familiarity else 0)


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # kept for training too, whoever asks first
def _lens_grid(lens: float, side: int) -> torch.Tensor:
    """Locate what each output pixel samples, in -1..1. Shape: (1, side, side, 2)."""
    axis = torch.linspace(-1, 1, side)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    radius = grid.norm(dim=-1, keepdim=True).clamp(max=1)
    bent: torch.Tensor = grid * (lens + (1 - lens) * radius**2)
    return bent.unsqueeze(0)


def magnify_center(images: torch.Tensor, lens: float, side: int) -> torch.Tensor:
    """Enlarge the middle, where the lesion is, and keep the surroundings, as a fish-eye lens does.

    Shape: (N, 1, H, H) -> (N, 1, side, side). A nodule of 6 mm is 8 pixels of 64, two after the backbone's stem; on
    held-out patients the lens helped even the untrained network on every label but one.
    """
    grid = _lens_grid(lens, side).to(images.device).expand(len(images), -1, -1, -1)
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
        self.familiarity = OutOfDistributionScore(self._early_widths()) if config.familiarity else None
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
            embedding = self.familiarity(stages[:_EARLY_STAGES], embedding)
        return embedding

    def early_channel_means(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Compute what the out-of-distribution score is taken from.

        Shape: (N, P, 64, 64) -> (N, C) of each early stage.
        """
        return channel_means(self.roi.stages(self.channels(images))[:_EARLY_STAGES])

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

    def _early_widths(self) -> list[int]:
        return [self.config.widths[0], *self.config.widths][:_EARLY_STAGES]

    def add_out_of_distribution_score(self) -> OutOfDistributionScore:
        """Give a trained network an out-of-distribution score, still to be fitted; returns it."""
        self.config.familiarity = True
        self.familiarity = OutOfDistributionScore(self._early_widths())
        return self.familiarity

    def add_same_lesion_head(self, dim: int) -> SameLesionHead:
        """Give a trained network the head that finds one lesion again, still to be fitted; returns it."""
        self.config.same_lesion_dim = dim
        self.same_lesion = SameLesionHead(dim)
        return self.same_lesion

    def add_label_heads(self, labels: dict[str, list[str]], detail: float) -> LabelHeads:
        """Give a trained network heads for these labels (in sorted order) and their classes, still to be fitted."""
        self.config.readout, self.config.detail = labels, detail
        heads = LabelHeads(self.config.features_dim, [len(labels[label]) for label in sorted(labels)], detail)
        self.readout = heads
        return heads


def _label_heads(config: LesionEncoderConfig) -> nn.Module:
    if not config.readout:
        return nn.Identity()
    # sorted as a saved configuration is, which the layers must match
    counts = [len(config.readout[label]) for label in sorted(config.readout)]
    return LabelHeads(config.features_dim, counts, config.detail)
