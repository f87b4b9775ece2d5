"""Training of the network reader's network, on sentences drawn as it goes: no two epochs are the same.

It begins with the commonest words and the first layers of a small language model, and nothing else; or with a network
that was trained before, also where that had fewer output tokens, layers or pointers. DATA_CARD.md describes the
sentences. The learning rate rises linearly and falls as half a cosine
(Loshchilov and Hutter 2017, arXiv 1608.03983) that spans the whole run, where those of transformers begin after the
warm-up. A run may stop at any time and goes on from its last checkpoint, on the
sentences it would have seen.
"""

import hashlib
import itertools
import json
import math
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from assistant.training.base_weights import base_model
from assistant.training.batches import PADDING, Batch, drawn_batches
from assistant.training.corpus import measured
from assistant.training.generator.utterances import Kept
from assistant.understanding.network.model import EncoderLayer, PrefixTransformer, dequantize, quantize
from assistant.understanding.network.onnx_network import Shape
from assistant.understanding.network.output_tokens import (
    END,
    MAX_NUMBERS,
    MAX_TYPES,
    output_vocabulary,
)
from assistant.understanding.network.reader import (
    NETWORK_FILE,
    SHAPE_FILE,
    TOKENIZER_FILE,
)
from encoder.errors import LesionSearchError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


RUN_FILE, CHECKPOINT = "run.json", "checkpoint.pt"
WORDS = 16_000  # of the base model's vocabulary, the commonest


class TuneError(LesionSearchError):
    """A tuning run cannot begin or go on."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    loss: float
    rate: float  # utterances a second
    left_s: float


class NetworkConfig(BaseModel):
    """The recipe."""

    model_config = ConfigDict(frozen=True)

    utterances: int = Field(default=2_019_328, ge=100)
    seed: int = 0
    written: float = 0.6  # share of the sentences that were written one by one, not generated
    batch: int = 512
    window: int = Field(default=4_096, ge=1)  # sentences that are put in batches of like length
    learning_rate: float = 1.5e-3
    encoder_rate: float = 0.2  # of it, for the pretrained layers; the word embeddings stay as they are
    warm_up: float = 0.03
    weight_decay: float = 0.05
    dropout: float = 0.1
    word_dropout: float = 0.03  # share of the input tokens that are dropped
    label_smoothing: float = 0.03
    checkpoint_s: float = 240.0
    encoder_layers: int = Field(default=12, ge=1)  # of the base model, the first
    layers: int = Field(default=3, ge=1)  # of its own
    frozen_layers: int = Field(default=0, ge=0)  # of the base model, the first, which stay as they are
    average: float = Field(default=0.0, ge=0, lt=1)  # decay of the moving average of the weights, which is written
    focus: tuple[str, ...] = ()  # files of written sentences that are drawn FOCUS times as often
    limit_s: float = 1e9  # of one start; the learning rate falls within it where that is the less
    begin_from: str = ""  # fingerprint of the network it begins with; empty: from the base model


CONTINUED = NetworkConfig(
    utterances=100_000,
    batch=64,
    window=384,
    learning_rate=2e-4,
    frozen_layers=10,
    average=0.98,
    focus=(
        "screen_orders",
        "three_at_once",
        "ends_and_lists",
        "slips_of_all_kinds",
        "beside_searching",
        "lists",
        "misheard",
        "two_bounds",
        "several",
        "weak_several",
        "both_at_once",
        "several_voices",
        "other_collections",
        "viewer_words",
        "at_work",
    ),
    checkpoint_s=120.0,
    limit_s=3_000.0,
)  # the recipe for a finished network: what came after it and what it is weakest at, on two cores


def train_network(
    base: Path,
    out: Path,
    config: NetworkConfig,
    kept: Kept,
    progress: Callable[[Progress], None] | None = None,
    start: Path | None = None,
) -> Path:
    """Train the network on the base model in folder `base`; write its files to `out`, and return that folder.

    With `start`, the folder of a finished network, it begins with that one's weights instead of the base model's. It
    runs on a GPU where PyTorch has one, and the sentences are then drawn by all cores. A run that stopped goes on from
    its checkpoint in `out`. Raises TuneError if `out` holds another recipe's run.
    """
    from tokenizers import Tokenizer

    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    output_tokens = output_vocabulary()
    if start is None:
        tokenizer = _tokenizer(base)
        network = _network(base, tokenizer, output_tokens, config)
    else:
        config = config.model_copy(update={"begin_from": fingerprint(start)})
        tokenizer = Tokenizer.from_file(str(start / TOKENIZER_FILE))
        network = begun_from(start, output_tokens, config)
    tokenizer.save(str(out / TOKENIZER_FILE))
    network.to(device).train()
    optimizer = torch.optim.AdamW(_groups(network, config), betas=(0.9, 0.98), weight_decay=config.weight_decay)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.average))
    averaged.update_parameters(network)
    parts = {"network": network, "averaged": averaged, "optimizer": optimizer}
    began_at = _resume(out, config, parts)
    began, saved, smooth, steps = time.monotonic(), time.monotonic(), math.nan, 0
    done = began_at
    windows = range(began_at // config.window, math.ceil(config.utterances / config.window))
    for window, batches in zip(windows, drawn_batches(config, kept, tokenizer, windows), strict=True):
        for number, batch in enumerate(batches):
            seen = config.window * (window + number / len(batches))
            share = max(seen / config.utterances, (time.monotonic() - began) / config.limit_s)
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * learning_rate(min(share, 1.0), config)
            loss = batch_loss(network, batch.to(device), config)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            averaged.update_parameters(network)
            steps += 1
            if steps % 10 == 0:
                smooth = loss.item() if math.isnan(smooth) else 0.8 * smooth + 0.2 * loss.item()
            if progress is not None and steps % 10 == 0:
                rate = (seen - began_at) / (time.monotonic() - began)
                left_s = (config.utterances - seen) / rate if rate else math.nan
                progress(Progress(int(seen), config.utterances, smooth, rate, left_s))
        done = min(config.window * (window + 1), config.utterances)
        if time.monotonic() - saved > config.checkpoint_s:
            _checkpoint(out, config, parts, done)
            saved = time.monotonic()
        if time.monotonic() - began > config.limit_s:
            break
    _checkpoint(out, config, parts, done)
    network.load_state_dict(averaged.module.state_dict())
    _write(out, network, output_tokens)
    return out


def run_in_terminal(data: Path, out: Path, config: NetworkConfig, keep_out: Path, start: Path | None = None) -> None:
    """Run `train_network` with a progress line on standard error. Raises TuneError where `start` holds no network."""
    if start is not None and not (start / NETWORK_FILE).exists():
        raise TuneError(
            f"{start} holds no {NETWORK_FILE}: name the folder of a finished network, or begin without one."
        )
    kept = kept_out(keep_out)
    with progress_line("Preparing the sentences", f"The network is in {out}.") as progress:
        train_network(data if start else base_model(data), out, config, kept, progress, start)


def kept_out(folder: Path) -> Kept:
    """Collect what is never trained on: the conversations of a folder, and the written sentences kept apart."""
    if not folder.is_dir():
        raise TuneError(f"{folder} is no folder: name the folder of conversations whose sentences are kept out.")
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.toml"))]
    spoken = [str(turn["say"]) for file in files for one in file.get("conversation", []) for turn in one["turn"]]
    return Kept([*spoken, *(filled.text for _, filled in measured())])


def batch_loss(network: PrefixTransformer, batch: Batch, config: NetworkConfig) -> torch.Tensor:
    """Compute the mean cross-entropy of the output tokens of a batch; some of its words are dropped."""
    scores, targets = batch_scores(network, batch, config.word_dropout)
    return torch.nn.functional.cross_entropy(scores, targets, label_smoothing=config.label_smoothing)


def batch_scores(
    network: PrefixTransformer, batch: Batch, word_dropout: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Score each output token, given those before it. Shape: (tokens, vocabulary), (tokens,) the right ones."""
    end = output_vocabulary().index(END)
    targets = batch.targets
    output = torch.cat((targets.new_full((len(targets), 1), end), targets[:, :-1].clamp(min=0)), dim=1)
    text = batch.text
    if word_dropout:
        text = text.masked_fill(torch.rand(text.shape, device=text.device) < word_dropout, PADDING)
    with torch.autocast(text.device.type, torch.bfloat16, enabled=text.is_cuda):  # slower than float32 on most CPUs
        hidden = network(network.encode_words(text), batch.numbers, batch.types, batch.lengths, output)
        scores = network.head(hidden[targets >= 0])
    return scores.float(), targets[targets >= 0]


# -- what a run begins with --------------------------------------------------------------------------------------------
def _tokenizer(base: Path) -> "Tokenizer":
    """Cut the base model's to its first words (they came in the order of how common they are); digits stand alone."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    saved = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    words = {word: number for word, number in saved["vocab"].items() if number < WORDS}
    merges = [tuple(pair) for pair in saved["merges"] if "".join(pair) in words]
    tokenizer = Tokenizer(models.BPE(words, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\d"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _network(
    base: Path, tokenizer: "Tokenizer", output_tokens: Sequence[str], config: NetworkConfig
) -> PrefixTransformer:
    """Make the network; its word embeddings and encoder layers are those of the base model in folder `base`."""
    from safetensors import safe_open

    llama = json.loads((base / "config.json").read_text(encoding="utf-8"))
    shape = Shape(
        vocabulary=tokenizer.get_vocab_size(),
        output_tokens=len(output_tokens),
        numbers=MAX_NUMBERS,
        encoder_width=llama["hidden_size"],
        encoder_layers=min(config.encoder_layers, llama["num_hidden_layers"]),
        encoder_heads=llama["num_attention_heads"],
        encoder_kv_heads=llama["num_key_value_heads"],
        encoder_hidden=llama["intermediate_size"],
        rope_base=llama["rope_parameters"]["rope_theta"],
        layers=config.layers,
        types=MAX_TYPES,
    )
    network = PrefixTransformer(shape, config.dropout)
    with safe_open(base / "model.safetensors", "pt") as weights:
        network.word_embedding.weight.data = weights.get_slice("model.embed_tokens.weight")[: shape.vocabulary].float()
        network.word_embedding.weight.requires_grad = False
        for name, parameter in network.encoder_layers.named_parameters():
            number, part, _ = name.split(".")
            tables = [weights.get_tensor(f"model.layers.{number}.{n}.weight") for n in EncoderLayer.OF_LLAMA[part]]
            parameter.data = torch.cat(tables).float()
    return network


def fingerprint(folder: Path) -> str:
    """Compute the fingerprint of a finished network: the first 16 digits of the SHA-256 of its weights."""
    return hashlib.sha256((folder / NETWORK_FILE).read_bytes()).hexdigest()[:16]


def begun_from(start: Path, output_tokens: Sequence[str], config: NetworkConfig) -> PrefixTransformer:
    """Make a network that reads as the finished one in folder `start` does, as far as that could.

    Rows of output tokens are taken by the tokens' names; what `start` lacks is drawn, and layers more than it has pass on
    what they are given.
    """
    from safetensors.torch import load_file

    saved = json.loads((start / SHAPE_FILE).read_text(encoding="utf-8"))
    old = Shape(**saved["shape"])
    layers = max(old.layers, config.layers)
    shape = replace(old, output_tokens=len(output_tokens), types=MAX_TYPES, numbers=MAX_NUMBERS, layers=layers)
    network = PrefixTransformer(shape, config.dropout)
    network.word_embedding.weight.requires_grad = False
    had = {token: place for place, token in enumerate(saved["output_tokens"])}
    both = [token for token in output_tokens if token in had]
    here, there = [output_tokens.index(token) for token in both], [had[token] for token in both]
    with torch.no_grad():
        parameters = dict(network.named_parameters())
        for number, part in itertools.product(
            range(old.layers, layers), ("out_proj.weight", "down_proj.weight", "down_proj.bias")
        ):
            parameters[f"layers.{number}.{part}"].zero_()
        for name, table in dequantize(load_file(start / NETWORK_FILE)).items():
            if name.startswith(("output_embedding.", "head.")):
                parameters[name][here] = table[there]
            else:
                parameters[name][: len(table)] = table[: len(parameters[name])]
    return network


def _groups(network: PrefixTransformer, config: NetworkConfig) -> list[dict[str, Any]]:
    """Group the parameters that are trained by their share of the learning rate."""
    network.encoder_layers[: config.frozen_layers].requires_grad_(False)
    pretrained = [p for p in network.encoder_layers.parameters() if p.requires_grad]
    own = [p for name, p in network.named_parameters() if p.requires_grad and not name.startswith("encoder_layers.")]
    return [{"params": own, "share": 1.0}, {"params": pretrained, "share": config.encoder_rate}]


def learning_rate(share: float, config: NetworkConfig) -> float:
    """Compute the learning rate after a share of the run: a linear rise, then half a cosine to a hundredth."""
    if share < config.warm_up:
        return config.learning_rate * (share + 1e-3) / config.warm_up
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


# -- what a run leaves behind ------------------------------------------------------------------------------------------
def _checkpoint(out: Path, config: NetworkConfig, parts: Mapping[str, Any], done: int) -> None:
    new = out / f"{CHECKPOINT}.new"
    torch.save({name: part.state_dict() for name, part in parts.items()}, new)
    new.replace(out / CHECKPOINT)
    (out / RUN_FILE).write_text(json.dumps({"done": done, "config": config.model_dump(mode="json")}, indent=1))


def _resume(out: Path, config: NetworkConfig, parts: Mapping[str, Any]) -> int:
    """Restore the run in `out`; return the number of the sentence to go on with, 0 if there is none."""
    if not (out / RUN_FILE).exists():
        return 0
    run = json.loads((out / RUN_FILE).read_text())
    if NetworkConfig.model_validate(run["config"]) != config:
        raise TuneError(f"{out} holds a run with other settings: choose another folder, or the same settings to go on.")
    kept = torch.load(out / CHECKPOINT, weights_only=True, map_location="cpu")
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    return int(run["done"])


def _write(out: Path, network: PrefixTransformer, output_tokens: Sequence[str]) -> None:
    """Write the network in int8, as `NetworkReader` reads it."""
    from safetensors.torch import save_file

    save_file(quantize(network.cpu().state_dict()), out / NETWORK_FILE)
    saved = {"shape": asdict(network.shape), "output_tokens": list(output_tokens)}
    (out / SHAPE_FILE).write_text(json.dumps(saved, indent=1), encoding="utf-8")


@contextmanager
def progress_line(before: str, after: str) -> Iterator[Callable[[Progress], None]]:
    """Show one line on standard error that says how far a run is."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(before) as status:

        def told(now: Progress) -> None:
            line = (f"{now.done} of {now.total} utterances, loss {now.loss:.3f}, {now.rate:.1f} a second, "
                    f"{now.left_s / 60:.0f} min left")  # fmt: skip
            status.update(line)
            if not console.is_terminal:  # a file keeps every line, and a status shows nothing there
                console.print(line)

        yield told
    console.print(after)
