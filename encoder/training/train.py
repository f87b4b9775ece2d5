"""Training from ROI packs to weights: SimCLR first, then the losses that use labels, as the preset says.

One process or many (`accelerate launch`, `torchrun`): every process draws the same views and encodes its share; loss
and batch normalisation see the whole batch, so that the number of processes does not change what is learned.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn
from transformers.utils import logging as hub_logging

from encoder.embedder import Embedder
from encoder.errors import EncoderError
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig
from encoder.network.same_lesion import coarse_pixels
from encoder.network.weights import fingerprint
from encoder.training.augment import augment
from encoder.training.checkpoint import TrainingPosition, load_checkpoint, read_position, save_checkpoint
from encoder.training.dataset import TrainingRois, load_rois
from encoder.training.grad_cache import grad_cache_backward
from encoder.training.lars import LARS
from encoder.training.losses import LossBatch, get_loss
from encoder.training.losses.nt_xent import ProjectionHead, nt_xent
from encoder.training.losses.proxy_softmax import class_weights
from encoder.training.presets import SAME_LESION_VIEWS, Optimization, Preset, Stage, get_preset
from encoder.training.progress import TrainingProgress
from encoder.training.sync_batch_norm import synchronise

_FITTED_ROWS = 8000  # by the label heads
_SAME_LESION_VIEWS = 40_000
PRECISION = "bf16"  # of activations; weights, loss and optimizer stay float32


def encoder_config(preset: Preset) -> LesionEncoderConfig:
    """Configure the network that a preset trains."""
    return LesionEncoderConfig(
        channels=preset.channels,
        widths=preset.widths,
        dim=preset.dim,
        context_dim=preset.context_dim,
        context_share=preset.context_share,
        pooling=preset.pooling,
        lens=preset.lens,
        input_px=preset.input_px,
        centred=preset.centred,
        frangi_sigmas=preset.frangi_sigmas,
        frangi_alpha=preset.frangi_alpha,
        frangi_beta=preset.frangi_beta,
        frangi_gamma=preset.frangi_gamma,
    )


class Learner(nn.Module):
    """Hold the encoder and what only training needs. Shape: (N, P, 64, 64) -> (N, features), (N, projection)."""

    def __init__(self, preset: Preset, classes: Sequence[int]) -> None:
        super().__init__()
        self.encoder = LesionEncoder(encoder_config(preset))
        dim = self.encoder.config.architecture.features_dim
        self.head = ProjectionHead(dim, preset.projection_dim)
        self.proxies = nn.ParameterList(torch.randn(count, dim) for count in classes)  # one set a label

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        vectors = self.encoder.features(images)
        return vectors, self.head(vectors)


def train(
    packs: Sequence[Path],
    out: Path,
    preset: str | Preset = "default",
    epochs: int | None = None,
    resume: Path | None = None,
    train_on_validation: bool = False,
) -> Path:
    """Train an encoder and write it to `out`, ready for `load_embedder(out)`; returns `out`.

    `epochs` replaces the length of the first stage and shortens later ones in proportion. `resume` continues a run
    exactly where its last whole epoch ended. Rows with `split` = test are never read, those with
    validation only with `train_on_validation`. Beside the weights lie
    `training.json` (command, packs, preset, fingerprint) and one folder of weights per finished stage.
    Raises PackError for packs that cannot be read, EncoderError for an unknown loss or a checkpoint that does not fit.
    """
    plan = _shortened(get_preset(preset) if isinstance(preset, str) else preset, epochs)
    for stage in plan.stages:
        get_loss(stage.loss)  # said before hours of an earlier stage
    out = Path(out)
    position = (
        read_position(resume / "checkpoint") if resume else TrainingPosition(plan.name, 0, 0, _stage_lengths(plan))
    )
    if position.preset != plan.name or position.epochs != _stage_lengths(plan):
        raise EncoderError(
            f"the run in {resume} was made with preset {position.preset} and {position.epochs} epochs; "
            "resume it with those"
        )
    hub_logging.disable_progress_bar()  # "Writing model shards" would break our own
    rois = load_rois(packs, plan.labels + plan.auxiliary, train_on_validation, context=plan.context_dim > 0)
    no_gpu = not torch.cuda.is_available()  # said outright, or several CPU processes would each train alone
    accelerator = Accelerator(mixed_precision=PRECISION, cpu=no_gpu)
    torch.manual_seed(plan.seed)
    learner = Learner(plan, [len(classes) for classes in rois.labels.values()])
    if accelerator.num_processes > 1:
        synchronise(learner)
    learner.to(device=accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    for number, stage in enumerate(plan.stages):
        if number < position.stage:
            continue
        optimizer = make_optimizer(learner, stage.optimization)
        first_epoch = 0
        if resume and number == position.stage:
            first_epoch = load_checkpoint(resume / "checkpoint", learner, optimizer).epoch
        _run_stage(accelerator, learner, optimizer, rois, plan, number, first_epoch, out)
        if accelerator.is_main_process:
            learner.encoder.save_pretrained(out / stage.name)
    accelerator.end_training()
    if accelerator.is_main_process:
        if plan.readout_strength is not None:
            learner.encoder.cpu().train(False)
            _fit_label_heads(learner.encoder, rois, plan.labels, plan.readout_strength, plan.detail)
            _fit_out_of_distribution_score(learner.encoder, rois)
        if plan.same_lesion_dim:
            _fit_same_lesion_head(learner.encoder.cpu(), rois, plan.same_lesion_dim)
        _write_weights(learner.encoder, out, packs, plan, train_on_validation)
    return out


def _stage_lengths(preset: Preset) -> tuple[int, ...]:
    return tuple(stage.epochs for stage in preset.stages)


def _shortened(preset: Preset, epochs: int | None) -> Preset:
    if epochs is None:
        return preset
    if epochs < 1:
        raise EncoderError(f"training takes at least one epoch, not {epochs}")
    share = epochs / preset.stages[0].epochs
    stages = [replace(stage, epochs=max(1, round(stage.epochs * share))) for stage in preset.stages]
    return replace(preset, stages=tuple(stages))


def make_optimizer(learner: nn.Module, how: Optimization) -> torch.optim.Optimizer:
    """Make the optimizer that `how` names over the module's parameters; biases and normalisation do not decay."""
    decayed = [p for p in learner.parameters() if p.ndim > 1]
    plain = [p for p in learner.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": how.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    if how.optimizer == "lars":
        return LARS(groups, how.learning_rate, how.momentum)
    if how.optimizer == "sgd":
        return torch.optim.SGD(groups, how.learning_rate, how.momentum)
    return torch.optim.AdamW(groups, how.learning_rate)


def _learning_rate(how: Optimization, done: float, epochs: int) -> float:
    """Compute the learning rate after `done` epochs: linear warm-up, then cosine decay to zero.

    A function of the epoch alone, where a scheduler would be state to store; its first step is not one of zero.
    Source: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983.
    """
    if done < how.warmup_epochs:
        return how.learning_rate * (done + 1e-3) / how.warmup_epochs
    share = (done - how.warmup_epochs) / max(epochs - how.warmup_epochs, 1e-9)
    return how.learning_rate * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def _batches(rois: TrainingRois, stage: Stage, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Draw the row numbers of one epoch in random order; an incomplete last batch is left out when others exist."""
    if stage.rows_per_epoch is not None:
        order = torch.multinomial(rois.chances, stage.rows_per_epoch, replacement=True, generator=generator)
    else:
        order = torch.randperm(len(rois), generator=generator)
    if stage.rows_per_lesion is not None:
        order = order[_first_rows(rois.lesions[order], stage.rows_per_lesion)]
    whole = max(len(order) // stage.batch, 1)
    for number in range(whole):
        yield order[number * stage.batch : (number + 1) * stage.batch]


def _first_rows(groups: torch.Tensor, count: int) -> torch.Tensor:
    """Mark the first `count` rows of each group. Shape: (N,) group numbers -> (N,) bool."""
    seen: Counter[int] = Counter()
    kept = []
    for group in groups.tolist():
        seen[group] += 1
        kept.append(seen[group] <= count)
    return torch.tensor(kept)


def views_of_epoch(
    rois: TrainingRois, stage: Stage, optimizer: torch.optim.Optimizer, epoch: int, seed: int
) -> Iterator[tuple[float, torch.Tensor, torch.Tensor]]:
    """Draw one epoch batch by batch: share of it done after the batch, row numbers (N,), two views of each.

    Sets the optimizer's learning rate for each step. Randomness comes from `seed` and the epoch's number alone: that is
    what makes a resume exact. Shape of the views: (2N, P, V, V).
    """
    generator = torch.Generator().manual_seed(seed * 100_000 + epoch)
    batches = list(_batches(rois, stage, generator))
    for step, rows in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(stage.optimization, epoch + step / len(batches), stage.epochs)
        images, calibrated = rois.images[rows].float(), rois.calibrated[rows]
        views = torch.cat([augment(images, stage.augmentation, generator, calibrated) for _ in range(2)])
        yield (step + 1) / len(batches), rows, views


def _run_stage(
    accelerator: Accelerator,
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    rois: TrainingRois,
    plan: Preset,
    number: int,
    first_epoch: int,
    out: Path,
) -> None:
    """Train one stage from `first_epoch` on, with a checkpoint after each epoch."""
    stage = plan.stages[number]
    learner.train()
    proxies = list(learner.proxies)
    batch_of = partial(
        LossBatch,
        stage,
        proxies=proxies,
        class_weights=[
            class_weights(rois.classes[:, n], len(p), chances=rois.chances).to(p.device) for n, p in enumerate(proxies)
        ],
        label_weights=[1.0] * len(plan.labels) + [stage.auxiliary_weight] * len(plan.auxiliary),
    )
    with TrainingProgress(stage.name, stage.epochs, first_epoch, accelerator.is_main_process) as progress:
        for epoch in range(first_epoch, stage.epochs):
            losses = []
            for done, rows, views in views_of_epoch(rois, stage, optimizer, epoch, plan.seed * 64 + number):
                lesions = rois.lesions[rows].to(accelerator.device)
                classes = rois.classes[rows].repeat(2, 1).to(accelerator.device)
                loss_of = partial(_loss, partial(batch_of, lesions=lesions, classes=classes))
                losses.append(grad_cache_backward(accelerator, learner, views, loss_of, stage.micro_batch))
                optimizer.step()
                progress.step(epoch + done)
            if accelerator.is_main_process:
                position = TrainingPosition(plan.name, number, epoch + 1, _stage_lengths(plan))
                save_checkpoint(out / "checkpoint", learner, optimizer, position)
                progress.epoch(epoch + 1, sum(losses) / len(losses))


def _loss(
    batch_of: Callable[[torch.Tensor, torch.Tensor], LossBatch], vectors: torch.Tensor, projections: torch.Tensor
) -> torch.Tensor:
    """Compute the loss of the stage and, where it asks for it, NT-Xent beside it."""
    batch = batch_of(vectors, projections)
    stage = batch.stage
    loss = get_loss(stage.loss)(batch)
    if stage.self_supervised_weight > 0:
        temperature = 2 * stage.temperature
        loss = loss + stage.self_supervised_weight * nt_xent(*batch.projection_pair, temperature, batch.lesions)
    return loss


def _fit_label_heads(
    encoder: LesionEncoder, rois: TrainingRois, labels: Sequence[str], strength: float, detail: float
) -> None:
    """Add a head for each of `labels` with at least two classes, fitted to the training ROIs as they are."""
    names = list(rois.labels)
    read = sorted(name for name in labels if len(rois.labels[name]) > 1)
    if not read:
        return
    # A sample as an epoch draws it: sources weigh as they do in training, and a fit of all rows would take an hour
    drawn = torch.multinomial(rois.chances, min(_FITTED_ROWS, len(rois)), generator=torch.Generator().manual_seed(0))
    classes = rois.classes[drawn][:, [names.index(name) for name in read]]
    features = Embedder.of(encoder)(rois.images[drawn].numpy())
    heads = encoder.add_label_heads({name: rois.labels[name] for name in read}, detail)
    heads.fit(features, classes.numpy(), rois.lesions[drawn].numpy(), strength)


def _fit_out_of_distribution_score(encoder: LesionEncoder, rois: TrainingRois) -> None:
    """Add an out-of-distribution score, fitted to the training ROIs as they are."""
    with torch.inference_mode():
        parts = [encoder.early_channel_means(part.float()) for part in rois.images.split(256)]
    encoder.add_out_of_distribution_score().fit([torch.cat(stage) for stage in zip(*parts, strict=True)])


def _fit_same_lesion_head(encoder: LesionEncoder, rois: TrainingRois, dim: int) -> None:
    """Add the head that finds one lesion again, fitted to changed views of the training ROIs."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.multinomial(rois.chances, _SAME_LESION_VIEWS, replacement=True, generator=generator)
    views = [
        coarse_pixels(augment(rois.images[part].float(), SAME_LESION_VIEWS, generator, rois.calibrated[part]))
        for part in drawn.split(256)
    ]
    encoder.add_same_lesion_head(dim).fit(torch.cat(views), rois.lesions[drawn])


def _write_weights(
    encoder: LesionEncoder, out: Path, packs: Sequence[Path], plan: Preset, train_on_validation: bool
) -> None:
    """Write the weights in half precision, and a record of how they came to be."""
    encoder.half()  # type: ignore[no-untyped-call]
    encoder.save_pretrained(out)
    command = ["lesion-search", "train", *(Path(p).name for p in packs), "--preset", plan.name]
    command += ["--epochs", str(plan.stages[0].epochs), *(["--train-on-validation"] if train_on_validation else [])]
    record = {
        "command": " ".join(command),
        "trained_on_validation": train_on_validation,
        "fingerprint": fingerprint(encoder.config.architecture, encoder.arrays()),
        "preset": asdict(plan),
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
