"""Training of the offline reader's network from nothing, on sentences drawn as it goes: no two passes are the same.

The sentences are those of the embedded model (DATA_CARD.md), half of them written one by one. The rate rises and then falls as
half a cosine. A run may stop at any time and goes on from its last checkpoint, on the sentences it would have seen.
"""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.embedded_language import read
from assistant.offline_reader import NETWORK_FILE, SHAPE_FILE, TOKENIZER_FILE, plain, prefix_ids
from assistant.symbols import END, to_symbols
from assistant.tuning.train import Progress, TuneError, batches, kept_out, progress_line
from assistant.tuning.utterances import Kept, Utterance, utterance

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from assistant.offline_network import OfflineNetwork

RUN_FILE, CHECKPOINT = "run.json", "checkpoint.pt"
LOOKED_AT = 60_000  # sentences from which the words and the symbols are taken
WORDS = 4_000
UNKNOWN = 1  # the id of what is no piece
RARE = 3  # a piece of a word seen less often is no piece


class OfflineConfig(BaseModel):
    """The recipe."""

    model_config = ConfigDict(frozen=True)

    utterances: int = Field(default=260_000, ge=100)
    seed: int = 0
    written: float = 0.5  # share of the sentences that were written one by one
    batch: int = 64
    learning_rate: float = 1.2e-3
    warm_up: float = 0.05
    weight_decay: float = 0.05
    dropout: float = 0.1
    unread: float = 0.03  # share of the pieces of a message that the network does not get to see
    label_smoothing: float = 0.03
    checkpoint_s: float = 240.0


def train_offline(
    out: Path, config: OfflineConfig, kept: Kept, progress: Callable[[Progress], None] | None = None
) -> Path:
    """Train the network; its files are written to `out`, and the folder returned.

    A run that stopped goes on from its checkpoint in `out`. Raises TuneError if `out` holds another recipe's run.
    """
    import torch

    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    looked_at = list(itertools.islice(_drawn(config, kept, itertools.count()), min(LOOKED_AT, config.utterances)))
    tokenizer, symbols = _tokenizer(out / TOKENIZER_FILE, looked_at), _symbols(looked_at)
    places = {symbol: place for place, symbol in enumerate(symbols)}
    network = _network(tokenizer, symbols, config)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay
    )
    began_at = _resume(out, config, network, optimizer)
    began, saved, smooth = time.monotonic(), time.monotonic(), math.nan
    window = 50 * config.batch
    for start in range(began_at, config.utterances, window):
        drawn = _drawn(config, kept, range(start, min(start + window, config.utterances)))
        rows = [row for one in drawn if (row := _row(tokenizer, places, one))]
        for number, batch in enumerate(batches(rows, config.batch, start)):
            done = start + number * config.batch
            for group in optimizer.param_groups:
                group["lr"] = _rate(done / config.utterances, config)
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
    _write(out, network, symbols)
    return out


def run_in_terminal(out: Path, config: OfflineConfig, keep_out: Path) -> None:
    """`train_offline` with a progress line on standard error."""
    with progress_line("Preparing the sentences", f"The network is in {out}.") as told:
        train_offline(out, config, kept_out(keep_out), told)


def _drawn(config: OfflineConfig, kept: Kept, numbers: Iterable[int]) -> Iterator[Utterance]:
    """The sentences of these numbers, but for those that are kept out."""
    for number in numbers:
        one = utterance(config.seed, number, config.written)
        if not kept.holds(one.text):
            yield one


def _tokenizer(path: Path, looked_at: Sequence[Utterance]) -> "Tokenizer":
    """Pieces of words, from the sentences; digits are each by themselves."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    if path.exists():
        return Tokenizer.from_file(str(path))
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\d"), "isolated"), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS, min_frequency=RARE, special_tokens=["<go>", "<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator((plain(f"{one.state} | {one.text}") for one in looked_at), trainer)
    tokenizer.save(str(path))
    return tokenizer


def _symbols(looked_at: Sequence[Utterance]) -> list[str]:
    return sorted({symbol for one in looked_at for symbol in to_symbols(read(one.answer))} | {END})


def _network(tokenizer: "Tokenizer", symbols: Sequence[str], config: OfflineConfig) -> "OfflineNetwork":
    from assistant.offline_network import OfflineNetwork, Shape

    return OfflineNetwork(Shape(tokenizer.get_vocab_size(), len(symbols)), config.dropout)


def _row(tokenizer: "Tokenizer", places: Mapping[str, int], one: Utterance) -> tuple[list[int], list[int]] | None:
    """Ids of the prefix, and numbers of the symbols with the end; None for a symbol too rare to have been looked at."""
    answer = [*to_symbols(read(one.answer)), END]
    if any(symbol not in places for symbol in answer):
        return None
    return prefix_ids(tokenizer, one.state, one.text), [places[symbol] for symbol in answer]


def _loss(
    network: "OfflineNetwork", rows: Sequence[tuple[list[int], list[int]]], config: OfflineConfig
) -> "torch.Tensor":
    """Mean cross-entropy of the symbols. Rows are padded on the right, where nothing looks."""
    import torch

    first = network.shape.text_ids
    longest = max(len(prefix) + len(answer) - 1 for prefix, answer in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -1)
    for row, (prefix, answer) in enumerate(rows):
        seen = [*prefix, *(first + symbol for symbol in answer[:-1])]
        ids[row, : len(seen)] = torch.tensor(seen)
        targets[row, len(prefix) - 1 : len(seen)] = torch.tensor(answer)
    in_prefix = torch.arange(longest) < torch.tensor([[len(prefix) - 1] for prefix, _ in rows])
    ids[in_prefix & (torch.rand(ids.shape) < config.unread)] = UNKNOWN
    with torch.autocast("cpu", torch.bfloat16):
        known = network(ids, torch.tensor([len(prefix) for prefix, _ in rows]))
        scores = network.scores(known[targets >= 0])
    return torch.nn.functional.cross_entropy(
        scores.float(), targets[targets >= 0], label_smoothing=config.label_smoothing
    )


def _rate(share: float, config: OfflineConfig) -> float:
    """Learning rate after a share of the run: a linear rise, then half a cosine."""
    if share < config.warm_up:
        return config.learning_rate * (share + 1e-3) / config.warm_up
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


# -- what a run leaves behind ------------------------------------------------------------------------------------------
def _checkpoint(out: Path, config: OfflineConfig, network: "OfflineNetwork", optimizer: Any, done: int) -> None:
    import torch

    new = out / f"{CHECKPOINT}.new"
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict()}, new)
    new.replace(out / CHECKPOINT)
    (out / RUN_FILE).write_text(json.dumps({"done": done, "config": config.model_dump(mode="json")}, indent=1))


def _resume(out: Path, config: OfflineConfig, network: "OfflineNetwork", optimizer: Any) -> int:
    """Take up the run in `out`; the number of the sentence to go on with, 0 if there is none."""
    import torch

    if not (out / RUN_FILE).exists():
        return 0
    run = json.loads((out / RUN_FILE).read_text())
    if OfflineConfig.model_validate(run["config"]) != config:
        raise TuneError(f"{out} holds a run with other settings: choose another folder, or the same settings to go on.")
    kept = torch.load(out / CHECKPOINT, weights_only=True)
    network.load_state_dict(kept["network"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(run["done"])


def _write(out: Path, network: "OfflineNetwork", symbols: Sequence[str]) -> None:
    """The network in half precision, as `OfflineReader` reads it."""
    import torch
    from safetensors.torch import save_file

    weights = {name: t.detach().to(torch.float16).contiguous() for name, t in network.state_dict().items()}
    save_file(weights, out / NETWORK_FILE)
    told = {"shape": asdict(network.shape), "symbols": list(symbols)}
    (out / SHAPE_FILE).write_text(json.dumps(told, indent=1), encoding="utf-8")
