"""Training of the network reader's network, on sentences drawn as it goes: no two epochs are the same.

It begins with the commonest words and the first layers of the language model's base, and nothing else; or with a network
that was trained before, also where that had fewer output tokens, layers or pointers. The sentences are those of the
language model's adapter (DATA_CARD.md). The learning rate rises linearly and falls as half a cosine
(Loshchilov and Hutter 2017, arXiv 1608.03983) that spans the whole run, where those of transformers begin after the
warm-up. A run may stop at any time and goes on from its last checkpoint, on the
sentences it would have seen.
"""

import hashlib
import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from assistant.training.generator.utterances import Kept, Utterance, utterance
from assistant.training.train_adapter import Progress, TuneError, batches, kept_out, progress_line
from assistant.understanding.call_language import read
from assistant.understanding.language_model.base_weights import base_model
from assistant.understanding.network.output_tokens import (
    END,
    MAX_NUMBERS,
    MAX_TYPES,
    output_vocabulary,
    to_output_tokens,
)
from assistant.understanding.network.reader import (
    NETWORK_FILE,
    SHAPE_FILE,
    TOKENIZER_FILE,
    EncodedMessage,
    encode_message,
)

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from assistant.understanding.network.model import PrefixTransformer

RUN_FILE, CHECKPOINT = "run.json", "checkpoint.pt"
WORDS = 16_000  # of the base model's vocabulary, the commonest
PRETRAINED_LAYERS = 8  # of the base model, the first
PADDING = 0  # the id of the mark between documents, which no message has; dropped words become it too


class NetworkConfig(BaseModel):
    """The recipe."""

    model_config = ConfigDict(frozen=True)

    utterances: int = Field(default=260_000, ge=100)
    seed: int = 0
    written: float = 0.6  # share of the sentences that were written one by one, not generated
    batch: int = 64
    learning_rate: float = 1.2e-3
    encoder_rate: float = 0.2  # of it, for the pretrained layers; the word embeddings stay as they are
    warm_up: float = 0.05
    weight_decay: float = 0.05
    dropout: float = 0.1
    word_dropout: float = 0.03  # share of the input tokens that are dropped
    label_smoothing: float = 0.03
    checkpoint_s: float = 240.0
    layers: int = Field(default=2, ge=1)  # of its own
    frozen: bool = False  # the pretrained layers: then the words of a sentence are encoded once for all passes
    passes: int = Field(default=1, ge=1)  # over each window of sentences
    window: int = Field(default=3_200, ge=1)  # sentences that are shuffled together
    begin_from: str = ""  # fingerprint of the network it begins with; empty: from the base model


# what a finished network is trained on by. First its own layers alone, quickly, where output tokens, pointers or a layer
# are new; then all of it
OWN_LAYERS = NetworkConfig(
    utterances=30_000, batch=32, learning_rate=6e-4, layers=3, frozen=True, passes=4, window=5_000
)
CONTINUED = NetworkConfig(utterances=30_000, batch=32, learning_rate=4e-4, layers=3)


def train_network(
    base: Path,
    out: Path,
    config: NetworkConfig,
    kept: Kept,
    progress: Callable[[Progress], None] | None = None,
    start: Path | None = None,
) -> Path:
    """Train the network on the base model in folder `base`; write its files to `out`, and return that folder.

    With `start`, the folder of a finished network, it begins with that one's weights instead of the base model's. A run
    that stopped goes on from its checkpoint in `out`. Raises TuneError if `out` holds another recipe's run.
    """
    import torch
    from tokenizers import Tokenizer

    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    output_tokens = output_vocabulary()
    places = {token: place for place, token in enumerate(output_tokens)}
    if start is None:
        tokenizer = _tokenizer(base)
        network = _network(base, tokenizer, output_tokens, config)
    else:
        config = config.model_copy(update={"begin_from": fingerprint(start)})
        tokenizer = Tokenizer.from_file(str(start / TOKENIZER_FILE))
        network = begun_from(start, output_tokens, config)
    tokenizer.save(str(out / TOKENIZER_FILE))
    optimizer = torch.optim.AdamW(_groups(network, config), betas=(0.9, 0.98), weight_decay=config.weight_decay)
    began_at = _resume(out, config, network, optimizer)
    began, saved, smooth = time.monotonic(), time.monotonic(), math.nan
    for start_at in range(began_at, config.utterances, config.window):
        drawn = _drawn(config, kept, range(start_at, min(start_at + config.window, config.utterances)))
        rows = [row for one in drawn if (row := _row(tokenizer, places, one))]
        words = _words_of(network, rows, config) if config.frozen else None
        lengths = [(row.message.ids, row.answer) for row in rows]
        order = [batch for turn in range(config.passes) for batch in batches(lengths, config.batch, start_at + turn)]
        for number, batch in enumerate(order):
            done = start_at + number * config.window / len(order)
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * learning_rate(done / config.utterances, config)
            known = [words[i] for i in batch] if words else None
            loss = _loss(network, [rows[i] for i in batch], config, known)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            smooth = loss.item() if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss.item()
            if progress is not None and number % 10 == 9:
                rate = (done - began_at) / (time.monotonic() - began)
                left_s = (config.utterances - done) / rate if rate else math.nan
                progress(Progress(int(done), config.utterances, smooth, rate, left_s))
        if time.monotonic() - saved > config.checkpoint_s:
            _checkpoint(out, config, network, optimizer, start_at + config.window)
            saved = time.monotonic()
    _checkpoint(out, config, network, optimizer, config.utterances)
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


def _drawn(config: NetworkConfig, kept: Kept, numbers: Iterable[int]) -> Iterator[Utterance]:
    """Draw the sentences of these numbers, but for those that are kept out."""
    for number in numbers:
        one = utterance(config.seed, number, config.written)
        if not kept.holds(one.text):
            yield one


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
) -> "PrefixTransformer":
    """Make the network; its word embeddings and encoder layers are those of the base model in folder `base`."""
    import torch
    from safetensors import safe_open

    from assistant.understanding.network.model import EncoderLayer, PrefixTransformer, Shape

    llama = json.loads((base / "config.json").read_text(encoding="utf-8"))
    shape = Shape(
        vocabulary=tokenizer.get_vocab_size(),
        output_tokens=len(output_tokens),
        numbers=MAX_NUMBERS,
        encoder_width=llama["hidden_size"],
        encoder_layers=min(PRETRAINED_LAYERS, llama["num_hidden_layers"]),
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


def begun_from(start: Path, output_tokens: Sequence[str], config: NetworkConfig) -> "PrefixTransformer":
    """Make a network that reads as the finished one in folder `start` does, as far as that could.

    Rows of output tokens are taken by the tokens' names; what `start` lacks is drawn, and layers more than it has pass on
    what they are given.
    """
    import torch
    from safetensors.torch import load_file

    from assistant.understanding.network import quantization
    from assistant.understanding.network.model import PrefixTransformer, Shape

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
        for name, table in quantization.dequantize(load_file(start / NETWORK_FILE)).items():
            if name.startswith(("output_embedding.", "head.")):
                parameters[name][here] = table[there]
            else:
                parameters[name][: len(table)] = table[: len(parameters[name])]
    return network


def _groups(network: "PrefixTransformer", config: NetworkConfig) -> list[dict[str, Any]]:
    """Group the parameters that are trained by their share of the learning rate."""
    network.encoder_layers.requires_grad_(not config.frozen)
    pretrained = [p for p in network.encoder_layers.parameters() if p.requires_grad]
    own = [p for name, p in network.named_parameters() if p.requires_grad and not name.startswith("encoder_layers.")]
    return [{"params": own, "share": 1.0}, {"params": pretrained, "share": config.encoder_rate}]


class _Row(NamedTuple):
    """One sentence as the network takes it."""

    message: EncodedMessage
    answer: list[int]  # numbers of its output tokens, with the end


def _row(tokenizer: "Tokenizer", places: Mapping[str, int], one: Utterance) -> _Row | None:
    """Encode a sentence; None for an answer that names a type of a drawn atlas in words nothing finds."""
    message = encode_message(tokenizer, one.state, one.text, one.types)
    answer = [*to_output_tokens(read(one.answer), message.values, message.names), END]
    if any(token not in places for token in answer):
        return None
    return _Row(message, [places[token] for token in answer])


def _padded(lists: "Sequence[Sequence[int] | torch.Tensor]", filling: int) -> "torch.Tensor":
    import torch

    return torch.nn.utils.rnn.pad_sequence([torch.as_tensor(one) for one in lists], True, filling)


def _texts(rows: "Sequence[_Row]", config: NetworkConfig) -> "torch.Tensor":
    """Pad the token ids of messages, some of them dropped. Shape: (B, T)."""
    import torch

    text = _padded([row.message.ids for row in rows], PADDING)
    return text.masked_fill(torch.rand(text.shape) < config.word_dropout, PADDING)


def _words_of(network: "PrefixTransformer", rows: "Sequence[_Row]", config: NetworkConfig) -> "list[torch.Tensor]":
    """Encode the words of all messages, those of like length together. Shape: (T, encoder width) each."""
    import torch

    found: dict[int, torch.Tensor] = {}
    by_length = sorted(range(len(rows)), key=lambda i: len(rows[i].message.ids))
    for first in range(0, len(rows), config.batch):
        batch = by_length[first : first + config.batch]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            encoded = network.encode_words(_texts([rows[i] for i in batch], config)).to(torch.bfloat16)
        found |= {i: one[: len(rows[i].message.ids)].clone() for i, one in zip(batch, encoded, strict=True)}
    return [found[i] for i in range(len(rows))]


def _loss(
    network: "PrefixTransformer",
    rows: "Sequence[_Row]",
    config: NetworkConfig,
    words: "Sequence[torch.Tensor] | None" = None,
) -> "torch.Tensor":
    """Compute the mean cross-entropy of the output tokens; `words` are the encoded ones where they are known."""
    import torch

    targets = _padded([row.answer for row in rows], -1)
    end = rows[0].answer[-1]
    output = torch.cat((torch.full((len(rows), 1), end), targets[:, :-1].clamp(min=0)), dim=1)
    lengths = torch.tensor([len(row.message.ids) for row in rows])
    numbers, types = (_padded([getattr(row.message, mark) for row in rows], 0) for mark in ("numbers", "types"))
    with torch.autocast("cpu", torch.bfloat16):
        encoded = network.encode_words(_texts(rows, config)) if words is None else _padded(words, 0)
        hidden = network(encoded, numbers, types, lengths, output)
        scores = network.head(hidden[targets >= 0])
    return torch.nn.functional.cross_entropy(
        scores.float(), targets[targets >= 0], label_smoothing=config.label_smoothing
    )


def learning_rate(share: float, config: NetworkConfig) -> float:
    """Compute the learning rate after a share of the run: a linear rise, then half a cosine to a hundredth."""
    if share < config.warm_up:
        return config.learning_rate * (share + 1e-3) / config.warm_up
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


# -- what a run leaves behind ------------------------------------------------------------------------------------------
def _checkpoint(out: Path, config: NetworkConfig, network: "PrefixTransformer", optimizer: Any, done: int) -> None:
    import torch

    new = out / f"{CHECKPOINT}.new"
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict()}, new)
    new.replace(out / CHECKPOINT)
    (out / RUN_FILE).write_text(json.dumps({"done": done, "config": config.model_dump(mode="json")}, indent=1))


def _resume(out: Path, config: NetworkConfig, network: "PrefixTransformer", optimizer: Any) -> int:
    """Restore the run in `out`; return the number of the sentence to go on with, 0 if there is none."""
    import torch

    if not (out / RUN_FILE).exists():
        return 0
    run = json.loads((out / RUN_FILE).read_text())
    if NetworkConfig.model_validate(run["config"]) != config:
        raise TuneError(f"{out} holds a run with other settings: choose another folder, or the same settings to go on.")
    kept = torch.load(out / CHECKPOINT, weights_only=True)
    network.load_state_dict(kept["network"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(run["done"])


def _write(out: Path, network: "PrefixTransformer", output_tokens: Sequence[str]) -> None:
    """Write the network in int8, as `NetworkReader` reads it."""
    from safetensors.torch import save_file

    from assistant.understanding.network.quantization import quantize

    save_file(quantize(network.state_dict()), out / NETWORK_FILE)
    saved = {"shape": asdict(network.shape), "output_tokens": list(output_tokens)}
    (out / SHAPE_FILE).write_text(json.dumps(saved, indent=1), encoding="utf-8")
