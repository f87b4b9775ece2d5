"""Training of the network reader's network, on sentences drawn as it goes: no two epochs are the same.

It begins with the commonest words and the first layers of the language model's base, and nothing else. The sentences are
those of the language model's adapter (DATA_CARD.md). The learning rate rises linearly and falls as half a cosine
(Loshchilov and Hutter 2017, arXiv 1608.03983) that spans the whole run, where those of transformers begin after the
warm-up. A run may stop at any time and goes on from its last checkpoint, on the
sentences it would have seen.
"""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from assistant.training.generator.utterances import Kept, Utterance, utterance
from assistant.training.train_adapter import Progress, TuneError, batches, kept_out, progress_line
from assistant.understanding.call_language import read
from assistant.understanding.language_model.base_weights import base_model
from assistant.understanding.network.output_tokens import DECADE, END, MAX_NUMBERS, to_output_tokens
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
VOCABULARY_SAMPLE = 20_000  # sentences from which the output tokens are taken
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


def train_network(
    base: Path, out: Path, config: NetworkConfig, kept: Kept, progress: Callable[[Progress], None] | None = None
) -> Path:
    """Train the network on the base model in folder `base`; write its files to `out`, and return that folder.

    A run that stopped goes on from its checkpoint in `out`. Raises TuneError if `out` holds another recipe's run.
    """
    import torch

    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    tokenizer = _tokenizer(base)
    tokenizer.save(str(out / TOKENIZER_FILE))
    sample = itertools.islice(_drawn(config, kept, itertools.count()), min(VOCABULARY_SAMPLE, config.utterances))
    output_tokens = _output_vocabulary(sample)
    places = {token: place for place, token in enumerate(output_tokens)}
    network = _network(base, tokenizer, output_tokens, config)
    optimizer = torch.optim.AdamW(_groups(network, config), betas=(0.9, 0.98), weight_decay=config.weight_decay)
    began_at = _resume(out, config, network, optimizer)
    began, saved, smooth = time.monotonic(), time.monotonic(), math.nan
    window = 50 * config.batch
    for start in range(began_at, config.utterances, window):
        drawn = _drawn(config, kept, range(start, min(start + window, config.utterances)))
        rows = [row for one in drawn if (row := _row(tokenizer, places, one))]
        lengths = [(row.message.ids, row.answer) for row in rows]
        for number, batch in enumerate(batches(lengths, config.batch, start)):
            done = start + number * config.batch
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * learning_rate(done / config.utterances, config)
            loss = _loss(network, [rows[i] for i in batch], config)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            smooth = loss.item() if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss.item()
            if progress is not None and number % 10 == 9:
                rate = (done - began_at) / (time.monotonic() - began)
                left_s = (config.utterances - done) / rate if rate else math.nan
                progress(Progress(done, config.utterances, smooth, rate, left_s))
        if time.monotonic() - saved > config.checkpoint_s:
            _checkpoint(out, config, network, optimizer, start + window)
            saved = time.monotonic()
    _checkpoint(out, config, network, optimizer, config.utterances)
    _write(out, network, output_tokens)
    return out


def run_in_terminal(data: Path, out: Path, config: NetworkConfig, keep_out: Path) -> None:
    """Run `train_network` with a progress line on standard error."""
    kept = kept_out(keep_out)
    with progress_line("Preparing the sentences", f"The network is in {out}.") as progress:
        train_network(base_model(data), out, config, kept, progress)


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


def _output_vocabulary(sample: Iterable[Utterance]) -> list[str]:
    """List the output tokens of a sample of sentences, with every pointer and digit."""
    pointers = {f"#{n + 1}" for n in range(MAX_NUMBERS)}
    found = {token for one in sample for token in to_output_tokens(read(one.answer))}
    return sorted({*found, *pointers, *"0123456789", DECADE, END})


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


def _groups(network: "PrefixTransformer", config: NetworkConfig) -> list[dict[str, Any]]:
    """Group the parameters that are trained by their share of the learning rate."""
    pretrained = {id(parameter) for parameter in network.encoder_layers.parameters()}
    own = [p for p in network.parameters() if p.requires_grad and id(p) not in pretrained]
    return [
        {"params": own, "share": 1.0},
        {"params": list(network.encoder_layers.parameters()), "share": config.encoder_rate},
    ]


class _Row(NamedTuple):
    """One sentence as the network takes it."""

    message: EncodedMessage
    answer: list[int]  # numbers of its output tokens, with the end


def _row(tokenizer: "Tokenizer", places: Mapping[str, int], one: Utterance) -> _Row | None:
    """Encode a sentence; None for an answer with a token too rare to be in the vocabulary."""
    message = encode_message(tokenizer, one.state, one.text)
    answer = [*to_output_tokens(read(one.answer), message.values), END]
    if any(token not in places for token in answer):
        return None
    return _Row(message, [places[token] for token in answer])


def _loss(network: "PrefixTransformer", rows: Sequence[_Row], config: NetworkConfig) -> "torch.Tensor":
    """Compute the mean cross-entropy of the output tokens."""
    import torch

    def padded(lists: Sequence[Sequence[int]], filling: int) -> torch.Tensor:
        return torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in lists], True, filling)

    text, targets = padded([row.message.ids for row in rows], PADDING), padded([row.answer for row in rows], -1)
    text = text.masked_fill(torch.rand(text.shape) < config.word_dropout, PADDING)
    end = rows[0].answer[-1]
    output = torch.cat((torch.full((len(rows), 1), end), targets[:, :-1].clamp(min=0)), dim=1)
    lengths = torch.tensor([len(row.message.ids) for row in rows])
    with torch.autocast("cpu", torch.bfloat16):
        hidden = network(text, padded([row.message.numbers for row in rows], 0), lengths, output)
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
