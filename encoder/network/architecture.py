"""What an encoder is made of, as its `config.json` says: training and serving read the same. Needs no torch."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from encoder.preprocess import PREPROCESSING_VERSION

CHANNELS = ("image", "soft_tissue", "frangi")
CONTEXT_CHANNELS = ("image", "soft_tissue")
EARLY_STAGES = 3  # the stem and the first two: what an image is made of, not yet what it shows
OUT_OF_DISTRIBUTION_RAMP = 0.2  # beyond a distance of 1; from there on half of the similarity is lost
SAME_LESION_PX = 16  # side of the coarse ROI that tells whether it is one lesion
Number = int | float  # kept as written, since the fingerprint is taken from it


class Architecture(BaseModel):
    """Describe an encoder. `channels` are names from CHANNELS, in order.

    `lens` is the scale at the middle of the ROI: 0.4 shows it 2.5 times larger and squeezes the surroundings, 1 changes
    nothing. `input_px` is the side of the square that the backbone sees after it. `centred` batch-normalises the
    pooled features before they get length 1; without it all vectors share a narrow cone. `context_dim` features come
    from the context, 0 for an encoder of ROIs alone, and keep the share `context_share` of the features' cosine.
    `readout` gives the labels of the label heads and their classes, whose probabilities join the vector beside the
    features, which keep the share `detail`; empty for none. `familiarity` adds the entries of the out-of-distribution
    score. `same_lesion_dim` is the length of the vectors that find one lesion again, 0 for none. Raises ValueError.
    """

    model_config = ConfigDict(frozen=True)

    channels: list[str] = list(CHANNELS)
    dim: int = 512
    context_dim: int = 0
    context_share: Number = 0.4
    widths: list[int] = [64, 128, 256, 512]
    depths: list[int] = [2, 2, 2, 2]
    pooling: str = "gem"
    lens: Number = 0.4
    input_px: int = 48
    centred: bool = True
    frangi_sigmas: list[Number] = [1.0, 2.0, 3.0]
    frangi_alpha: Number = 1.0
    frangi_beta: Number = 0.6
    frangi_gamma: Number = 0.0444
    readout: dict[str, list[str]] = {}
    detail: Number = 0.2
    familiarity: bool = False
    same_lesion_dim: int = 0
    preprocessing: str = PREPROCESSING_VERSION

    @field_validator("channels", mode="after")
    @classmethod
    def _known(cls, channels: list[str]) -> list[str]:
        if not channels or set(channels) - set(CHANNELS):
            raise ValueError(f"channels are some of {CHANNELS}, not {tuple(channels)}")
        return channels

    @field_validator("pooling", mode="after")
    @classmethod
    def _pools(cls, pooling: str) -> str:
        if pooling not in ("gem", "average"):
            raise ValueError(f"pooling is 'gem' or 'average', not {pooling!r}")
        return pooling

    @field_validator("lens", mode="after")
    @classmethod
    def _enlarges(cls, lens: Number) -> Number:
        if not 0 < lens <= 1:
            raise ValueError(f"lens is above 0 and at most 1 (no magnification), not {lens}")
        return lens

    @field_validator("readout", mode="before")
    @classmethod
    def _no_labels(cls, readout: Any) -> Any:
        return readout or {}

    @property
    def features_dim(self) -> int:
        """The number of features: those of the ROI, then those of the context."""
        return self.dim + self.context_dim

    @property
    def embedding_dim(self) -> int:
        """The length of a vector: features, an entry for each class of the label heads, and the score's own."""
        classes = sum(len(classes) for classes in self.readout.values())
        return self.features_dim + classes + (self.widths[0] if self.familiarity else 0)

    @property
    def labels(self) -> list[str]:
        """The labels of the label heads, in the order of their layers: sorted, as a saved configuration is."""
        return sorted(self.readout)

    @property
    def early_widths(self) -> list[int]:
        """The channels of the stages that the out-of-distribution score is taken from."""
        return [self.widths[0], *self.widths][:EARLY_STAGES]
