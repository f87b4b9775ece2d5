"""The paper's baseline: a variational autoencoder with the encoder's backbone (Kingma and Welling 2014,
https://arxiv.org/abs/1312.6114).

The weight between reconstruction and prior is not tuned by hand: the noise of the pixels is the one that fits best
(Rybkin et al. 2021, https://arxiv.org/abs/2006.13202).
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from torch import nn

from encoder.errors import EncoderError
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig
from encoder.preprocess import standardize
from encoder.training.dataset import load_rois
from encoder.training.presets import Preset
from encoder.training.progress import TrainingProgress
from encoder.training.train import encoder_config, make_optimizer, views_of_epoch

_WEIGHTS = "vae.safetensors"
_BATCH = 64
_DECODER = (128, 64, 32, 16)  # channels, from an eighth of the side to the whole


class VAE(nn.Module):
    """Backbone of `LesionEncoder` -> Gaussian in `latent` dimensions -> the backbone's input again.

    Shape: (N, 1, 64, 64) -> reconstruction (N, C, P, P), its target likewise, mean (N, latent), log variance
    (N, latent), with P = `config.input_px`, a multiple of 8.
    """

    def __init__(self, config: LesionEncoderConfig, latent: int = 128) -> None:
        super().__init__()
        self.encoder = LesionEncoder(config)
        self.side = config.input_px // 8
        if 8 * self.side != config.input_px:
            raise EncoderError(f"the VAE needs an input of a multiple of 8 pixels, not {config.input_px}")
        self.gaussian = nn.Linear(config.dim, 2 * latent)
        self.widen = nn.Linear(latent, _DECODER[0] * self.side**2)
        blocks = [
            nn.Sequential(
                nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.Upsample(scale_factor=2)
            )
            for before, after in pairwise(_DECODER)
        ]
        self.decoder = nn.Sequential(*blocks, nn.Conv2d(_DECODER[-1], len(config.channels), 3, padding=1))

    def latent(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode to mean and log variance. Shape: (N, 1, 64, 64) -> (N, latent), (N, latent)."""
        roi = self.encoder.roi
        pooled = roi.pool(roi.neck(roi.stages(self.encoder.channels(images))[-1])).float()
        mean, log_variance = self.gaussian(pooled).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-10, 10)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruct images from a latent drawn at random; shapes as above."""
        mean, log_variance = self.latent(images)
        drawn = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        decoded = self.decoder(F.relu(self.widen(drawn)).reshape(-1, _DECODER[0], self.side, self.side))
        return decoded, self.encoder.channels(images), mean, log_variance

    @torch.inference_mode()
    def embed(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Embed images as latent means of unit length. Shape: (N, 64, 64) as for `standardize` -> (N, latent)."""
        self.train(False)
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        vectors: NDArray[np.float32] = torch.cat(
            [F.normalize(self.latent(torch.from_numpy(standardize(part)))[0], dim=1) for part in parts]
        ).numpy()
        return vectors


def evidence_bound(
    decoded: torch.Tensor, target: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor
) -> torch.Tensor:
    """Return the negative evidence lower bound per pixel, up to a constant, with the batch's best-fitting noise."""
    pixels = target[0].numel()
    reconstruction = 0.5 * pixels * (decoded.float() - target.float()).square().mean().clamp(min=1e-6).log()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
    return (reconstruction + divergence) / pixels


def train_vae(packs: Sequence[Path], out: Path, preset: Preset) -> VAE:
    """Train on the same rows, views and number of steps as the first stage of `preset`; writes the weights to `out`.

    One process. Raises EncoderError for packs that cannot be read.
    """
    rois = load_rois(packs)
    torch.manual_seed(preset.seed)
    model = VAE(encoder_config(preset))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    stage = preset.stages[0]
    optimizer = make_optimizer(model, stage.optimization)
    model.train()
    with TrainingProgress("vae", stage.epochs) as progress:
        for epoch in range(stage.epochs):
            losses = []
            for done, _, views in views_of_epoch(rois, stage, optimizer, epoch, preset.seed):
                with torch.autocast("cpu", torch.bfloat16):
                    parts = model(views.to(memory_format=torch.channels_last))
                loss = evidence_bound(*parts)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(float(loss.detach()))
                progress.step(epoch + done)
            progress.epoch(epoch + 1, sum(losses) / len(losses))
    out.mkdir(parents=True, exist_ok=True)
    save_model(model, str(out / _WEIGHTS))
    return model


def load_vae(folder: Path, preset: Preset) -> VAE:
    """Load the trained VAE of a folder. Raises EncoderError where it is missing or made with another preset."""
    model = VAE(encoder_config(preset))
    try:
        load_model(model, str(folder / _WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise EncoderError(f"there is no VAE in {folder} that fits ({error}); train it again") from error
    model.train(False)
    return model
