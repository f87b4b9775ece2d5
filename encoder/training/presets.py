"""Every constant of training in one place: the published recipe, and the default that measures best."""

from dataclasses import dataclass, field
from typing import Literal

from encoder.errors import EncoderError


@dataclass(frozen=True)
class Augmentation:
    """Random changes of a view. Pairs are ranges of a uniform draw; probabilities are per view."""

    view_px: int = 64  # side of a view; a smaller one is a cheaper crop at the same pixel size
    flip: bool = True  # left and right
    flip_upside_down: bool = True  # asked for only where rotation does not already reach it
    rotation_deg: float = 180.0
    zoom: tuple[float, float] = (0.75, 1.33)  # above 1 the lesion grows
    shift_px: float = 4.0
    gain: tuple[float, float] = (0.75, 1.3)
    offset: tuple[float, float] = (-0.12, 0.12)
    gamma: tuple[float, float] = (0.7, 1.4)
    rewindow_probability: float = 0.2  # clip to a random window, as a publisher of 8-bit slices may have done
    blur_probability: float = 0.3
    blur_sigma_px: tuple[float, float] = (0.3, 1.2)
    noise: float = 0.03
    calibrated_share: float = 0.2  # of the intensity changes above for HU, whose values mean something
    clip_probability: float = 0.0  # cut HU off where a published window ends
    window_probability: float = 0.0  # show HU as the grey levels of such a window, as if it were not known
    context_rotation_deg: float = 15.0
    context_dropout: float = 0.15  # contexts not shown at all
    end_field_probability: float = 0.15  # contexts cut off by a line


@dataclass(frozen=True)
class Optimization:
    optimizer: Literal["lars", "adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    momentum: float = 0.9
    warmup_epochs: float = 1.0


@dataclass(frozen=True)
class Stage:
    """One pass of training: which loss, for how long, on which views."""

    name: str
    epochs: int
    loss: str  # a name of `encoder.training.losses.LOSSES`
    batch: int = 256
    temperature: float = 0.2
    margin: float = 0.8  # contrastive loss only
    self_supervised_weight: float = 0.0  # of NT-Xent, added to the loss
    label_smoothing: float = 0.0  # classification only
    auxiliary_weight: float = 0.0  # of each auxiliary label's loss; a label of the readout weighs 1
    rows_per_lesion: int | None = None  # slices of one lesion drawn in one epoch; None is all
    rows_per_epoch: int | None = None  # drawn anew: a source by the root of its lesions, a lesion, one of its rows
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimization: Optimization = field(default_factory=Optimization)
    micro_batch: int | None = None  # rows encoded at once, where a whole batch does not fit into memory


@dataclass(frozen=True)
class Preset:
    name: str
    stages: tuple[Stage, ...]
    channels: tuple[str, ...] = ("image", "soft_tissue", "frangi")
    frangi_sigmas: tuple[float, ...] = (1.0, 2.0, 3.0)
    frangi_alpha: float = 1.0
    frangi_beta: float = 0.6
    frangi_gamma: float = 0.0444
    lens: float = 0.4
    input_px: int = 48
    centred: bool = True
    widths: tuple[int, ...] = (64, 128, 256, 512)
    dim: int = 512
    context_dim: int = 0  # features of the context; 0 for ROIs alone
    context_share: float = 0.4  # of the features' cosine
    projection_dim: int = 128
    labels: tuple[str, ...] = ("lesion_type", "texture_class", "calcified", "malignancy_class", "size_class")
    auxiliary: tuple[str, ...] = ()  # more labels to learn from, which are not read out
    readout_strength: float | None = None  # inverse regularisation of the readout; None leaves it out
    detail: float = 0.2  # share of the cosine that the features keep beside the readout
    same_lesion_dim: int = 0  # of the head that finds one lesion again; 0 leaves it out
    seed: int = 0
    pooling: Literal["gem", "average"] = "gem"


PAPER = Preset(
    name="paper",
    channels=("frangi",),
    lens=1.0,
    input_px=64,
    centred=False,
    stages=(
        Stage(
            name="simclr",
            epochs=1000,
            loss="nt_xent",
            batch=256,
            temperature=0.5,
            augmentation=Augmentation(
                rotation_deg=0.0, zoom=(1.0, 1.0), shift_px=0.0, rewindow_probability=0.0, noise=0.0,
                blur_probability=0.5, blur_sigma_px=(0.1, 2.0),
            ),
            optimization=Optimization("lars", learning_rate=0.3, weight_decay=1e-6, warmup_epochs=10),
        ),
        Stage(
            name="retrieval",
            epochs=50,
            loss="contrastive",
            margin=0.8,
            augmentation=Augmentation(
                rotation_deg=0.0, zoom=(1.0, 1.0), shift_px=0.0, rewindow_probability=0.0, noise=0.0,
                blur_probability=0.0,
            ),
            optimization=Optimization("sgd", learning_rate=1e-3, weight_decay=1e-4, warmup_epochs=0),
        ),
    ),
)  # fmt: skip

DEFAULT = Preset(
    name="default",
    widths=(32, 64, 128, 256),
    dim=256,
    context_dim=256,
    detail=0.6,
    labels=("lesion_type", "texture_class", "calcified", "malignancy_class", "diameter_class", "density_class"),
    auxiliary=(
        "texture_rating", "malignancy_rating", "margin_rating", "sphericity_rating", "lobulation_rating",
        "spiculation_rating", "subtlety_rating", "body_part", "place_row", "place_column",
    ),
    readout_strength=0.01,
    same_lesion_dim=128,
    stages=(
        # All ROIs have one scale in mm, so that size tells something: views change little in it.
        Stage(
            name="simclr", epochs=6, loss="nt_xent", batch=128, rows_per_epoch=6400,
            augmentation=Augmentation(
                zoom=(0.9, 1.1), shift_px=3.0, gain=(0.8, 1.25), offset=(-0.1, 0.1), gamma=(0.75, 1.33),
                rewindow_probability=0.1, clip_probability=0.7,
                window_probability=0.1,
            ),
        ),
        Stage(
            name="labels",
            epochs=40,
            loss="classification",
            batch=128,
            temperature=0.1,
            label_smoothing=0.1,
            auxiliary_weight=0.3,
            self_supervised_weight=0.5,
            rows_per_epoch=6400,
            # Labels include size and density, and anatomy has an up and a down: views change less.
            augmentation=Augmentation(
                flip_upside_down=False,
                rotation_deg=60.0,
                zoom=(0.8, 1.25),
                shift_px=3.0,
                gain=(0.8, 1.25),
                offset=(-0.1, 0.1),
                gamma=(0.75, 1.33),
                rewindow_probability=0.1,
                clip_probability=0.7,
                window_probability=0.1,
            ),
        ),
    ),
)  # fmt: skip

# Views of one lesion as another slice or date shows it
SAME_LESION_VIEWS = Augmentation(
    flip=False, rotation_deg=8.0, zoom=(0.9, 1.1), shift_px=2.0, gain=(0.9, 1.1), offset=(-0.05, 0.05),
    gamma=(0.9, 1.1), rewindow_probability=0.0, clip_probability=0.3, blur_probability=0.3,
)  # fmt: skip

PRESETS = {preset.name: preset for preset in (DEFAULT, PAPER)}


def get_preset(name: str) -> Preset:
    """Look a preset up by its name. Raises EncoderError for an unknown one."""
    if name not in PRESETS:
        raise EncoderError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
