"""LoRA fine-tuning of the language model: an utterance in its state in, one compact call out, loss on the call only.

Everything is computed in bfloat16 while the adapter itself is kept and stepped in float32 (a third faster on a CPU than
autocast, which converts activations again and again); batches hold sentences of like length, and the vocabulary layer
sees only the positions of the answer and the tokens that answers are made of, as the grammar does later. A run may stop at any time: it goes on from its last checkpoint. Hu et al., LoRA: low-rank adaptation of large language models (arXiv 2106.09685).
"""

import hashlib
import importlib.util
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.training.corpus import measured
from assistant.training.generator.utterances import Kept, Utterance, distinct, read_jsonl, write_jsonl
from encoder.errors import LesionSearchError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

BEGIN, END = 1, 2  # <|im_start|> and <|im_end|> of the base model's vocabulary
BASE_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
STATE_FILE = "run.json"
OPTIMIZER_FILE = "optimizer.safetensors"


class TuneError(LesionSearchError):
    """A tuning run cannot begin or go on."""


class AdapterConfig(BaseModel):
    """The recipe. The learning rate rises, stays, and falls as a cosine over the last `decay` of the run."""

    model_config = ConfigDict(frozen=True)

    utterances: int = Field(default=24_000, ge=100)
    seed: int = 0
    rank: int = Field(default=16, ge=1)
    alpha: int = 32
    learning_rate: float = Field(default=1e-3, gt=0)
    batch: int = Field(default=16, ge=1)
    warm_up: float = 0.02
    decay: float = 0.3
    begin_from: str = ""  # fingerprint of the adapter whose weights it begins with; empty: from nothing
    checkpoint_s: float = 240.0
    snapshots: tuple[int, ...] = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)  # kept for the data-size curve


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    loss: float
    rate: float  # utterances a second
    left_s: float


def prompt_ids(tokenizer: "Tokenizer", state: str, text: str) -> list[int]:
    """Tokenize a message in its state. What looks like a control token in a message is only text."""
    return [BEGIN, *tokenizer.encode(f"{state}\n{text.replace('<|', '< |')}\n", add_special_tokens=False).ids]


def answer_ids(tokenizer: "Tokenizer", answer: str) -> list[int]:
    """Tokenize calls, with the end."""
    return [*tokenizer.encode(answer, add_special_tokens=False).ids, END]


def batches(rows: Sequence[tuple[list[int], list[int]]], size: int, seed: int) -> list[list[int]]:
    """Put row numbers in batches of like length: shuffled, sorted within windows of 50 batches, and shuffled again.

    The windows follow one another, so that the first n rows of a longer run are the rows of a shorter one.
    """
    import random

    rng = random.Random(seed)
    found: list[list[int]] = []
    for start in range(0, len(rows), 50 * size):
        window = sorted(range(start, min(start + 50 * size, len(rows))), key=lambda i: sum(map(len, rows[i])))
        cut = [window[i : i + size] for i in range(0, len(window), size)]
        rng.shuffle(cut)
        found += cut
    return found


def learning_rate(step: int, steps: int, config: AdapterConfig) -> float:
    """Compute the learning rate of one step, counted from 0: warm-up, stable, cosine decay.

    Unlike transformers' `get_wsd_schedule` the first step has a rate: the warm-up ends a step earlier.
    """
    rise = max(1, round(config.warm_up * steps))
    fall = max(1, round(config.decay * steps))
    if step < rise:
        return config.learning_rate * (step + 1) / rise
    if step < steps - fall:
        return config.learning_rate
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - (steps - fall)) / fall))


def train_adapter(
    base: Path,
    out: Path,
    config: AdapterConfig,
    kept: Kept | None = None,
    progress: Callable[[Progress], None] | None = None,
    begin_from: Path | None = None,
) -> Path:
    """Fine-tune the base model in folder `base`; write the adapter to `out`, and return that folder.

    `begin_from`: folder of an adapter whose weights the run begins with, under a fresh optimizer. A run that stopped
    goes on from its checkpoint in `out`. Raises TuneError if `out` holds another recipe's run, or the adapter does not fit.
    """
    import torch
    from tokenizers import Tokenizer

    if begin_from is not None:
        config = config.model_copy(update={"begin_from": fingerprint(begin_from)})
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    rows = [_row(tokenizer, one) for one in _utterances(out / "utterances.jsonl", config, kept)]
    model = _with_adapter(base, config)
    shadows = {name: p for name, p in model.named_parameters() if p.requires_grad}  # bfloat16, computed with
    trained = {name: p.detach().float().requires_grad_() for name, p in shadows.items()}  # float32, stepped
    optimizer = torch.optim.AdamW(trained.values(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    if begin_from is not None:
        _begin(begin_from, config, trained)
    plan = batches(rows, config.batch, config.seed)
    first = _resume(out, config, trained, optimizer)
    _hand_over(trained, shadows)
    alphabet = sorted({token for _, answer in rows for token in answer})
    began, saved, smooth = time.monotonic(), time.monotonic(), math.nan
    for step in range(first, len(plan)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, len(plan), config)
        loss = _loss(model, [rows[i] for i in plan[step]], alphabet)
        loss.backward()
        for name, p in shadows.items():
            trained[name].grad = p.grad.float() if p.grad is not None else None
            p.grad = None
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        _hand_over(trained, shadows)
        smooth = loss.item() if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss.item()
        done = min(len(rows), (step + 1) * config.batch)
        if progress is not None and (step % 10 == 9 or step + 1 == len(plan)):
            rate = (step + 1 - first) * config.batch / (time.monotonic() - began)
            progress(Progress(done, len(rows), smooth, rate, (len(rows) - done) / rate))
        for count in config.snapshots:
            if done - config.batch < count <= done:
                _save_adapter(out / f"at-{count}", model)
        if time.monotonic() - saved > config.checkpoint_s:
            _checkpoint(out, config, model, trained, optimizer, step + 1)
            saved = time.monotonic()
    _checkpoint(out, config, model, trained, optimizer, len(plan))
    return out


def run_in_terminal(
    data: Path, out: Path, config: AdapterConfig, keep_out: Path, begin_from: Path | None = None
) -> None:
    """Run `train_adapter` with a progress line on standard error, on the base model of a data folder."""
    from assistant.understanding.language_model.base_weights import base_model

    if importlib.util.find_spec("peft") is None:
        raise TuneError('Tuning needs the package peft: install it with pip install "lesion-search[tune]".')
    kept = kept_out(keep_out)
    with progress_line("Preparing the base model and the sentences", f"The adapter is in {out}.") as told:
        train_adapter(base_model(data), out, config, kept, told, begin_from)


def kept_out(folder: Path) -> Kept:
    """Collect what is never trained on: the conversations of a folder, and the written sentences kept apart."""
    if not folder.is_dir():
        raise TuneError(f"{folder} is no folder: name the folder of conversations whose sentences are kept out.")
    return Kept([*human_sentences([folder]), *(filled.text for _, filled in measured())])


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


def _utterances(path: Path, config: AdapterConfig, kept: Kept | None) -> list[Utterance]:
    """Draw what this run is trained on, written down beside it: going on reads the same sentences again."""
    found = read_jsonl(path) if path.exists() else []
    if len(found) < config.utterances:
        write_jsonl(distinct(config.seed, config.utterances, kept, found), path)
        found = read_jsonl(path)
    return found[: config.utterances]


def _row(tokenizer: "Tokenizer", one: Utterance) -> tuple[list[int], list[int]]:
    return prompt_ids(tokenizer, one.state, one.text), answer_ids(tokenizer, one.answer)


def _with_adapter(base: Path, config: AdapterConfig) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from peft.tuners.lora import Linear
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # plain attention: on a CPU the fused kernel's backward pass costs more than all else together at 40 tokens
    attention = "eager" if device == "cpu" else "sdpa"
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation=attention)
    lora = LoraConfig(
        r=config.rank, lora_alpha=config.alpha, target_modules="all-linear", lora_dropout=0.0, bias="none"
    )
    tuned = get_peft_model(model.to(device), lora, autocast_adapter_dtype=False)
    for module in tuned.modules():
        if isinstance(module, Linear):
            module.forward = partial(_adapted, module)  # type: ignore[method-assign]
    return tuned


def _adapted(layer: Any, x: "torch.Tensor") -> "torch.Tensor":
    """Compute what peft's layer computes without dropout, with one fused addition: on a CPU its extra passes cost a fifth."""
    import torch

    name = layer.active_adapters[0]
    out = layer.base_layer(x)
    low = torch.nn.functional.linear(x, layer.lora_A[name].weight).flatten(0, -2) * layer.scaling[name]
    return torch.addmm(out.flatten(0, -2), low, layer.lora_B[name].weight.T).view(out.shape)


def _hand_over(trained: dict[str, Any], shadows: dict[str, Any]) -> None:
    """Copy the stepped weights to those that are computed with."""
    import torch

    with torch.no_grad():
        for name, p in shadows.items():
            p.copy_(trained[name])


def _loss(model: Any, rows: list[tuple[list[int], list[int]]], alphabet: list[int]) -> "torch.Tensor":
    """Compute the mean cross-entropy of the answers among the tokens of `alphabet`.

    Rows are padded on the right, where causal attention never looks.
    """
    import torch

    causal = model.get_base_model()
    longest = max(len(p) + len(a) for p, a in rows)
    ids = torch.tensor([[*p, *a, *[END] * (longest - len(p) - len(a))] for p, a in rows], device=causal.device)
    spots = torch.tensor(
        [r * longest + i for r, (p, a) in enumerate(rows) for i in range(len(p) - 1, len(p) + len(a) - 1)],
        device=causal.device,
    )
    place = {token: i for i, token in enumerate(alphabet)}
    targets = torch.tensor([place[token] for _, a in rows for token in a], device=causal.device)
    hidden = causal.model(input_ids=ids, use_cache=False).last_hidden_state  # (batch, longest, width)
    words = causal.lm_head.weight[torch.tensor(alphabet, device=causal.device)]
    scores = hidden.reshape(-1, hidden.shape[-1])[spots] @ words.T  # (answer tokens, alphabet)
    return torch.nn.functional.cross_entropy(scores.float(), targets)


# -- what a run begins with, and leaves behind ---------------------------------------------------------------------
def fingerprint(adapter: Path) -> str:
    """Compute the first 16 hexadecimal digits of the SHA-256 of an adapter's weights. Raises TuneError if there are none."""
    weights = adapter / "adapter_model.safetensors"
    if not weights.is_file():
        raise TuneError(f"{adapter} holds no adapter_model.safetensors: name the folder of a tuned adapter.")
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:16]


def _begin(adapter: Path, config: AdapterConfig, trained: dict[str, Any]) -> None:
    """Copy the weights of an adapter of the same form. Raises TuneError if it has another one."""
    import torch
    from safetensors.torch import load_file

    form = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    weights = load_file(adapter / "adapter_model.safetensors")
    names = {name: name.replace(".default.", ".") for name in trained}
    fits = (form["r"], form["lora_alpha"]) == (config.rank, config.alpha) and set(names.values()) == set(weights)
    if not fits or any(weights[names[name]].shape != p.shape for name, p in trained.items()):
        raise TuneError(f"The adapter in {adapter} has another rank or is of another base model: begin without it.")
    with torch.no_grad():
        for name, p in trained.items():
            p.copy_(weights[names[name]])


def _save_adapter(folder: Path, model: Any) -> None:
    """Write the adapter in float16, as peft reads it."""
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().to("cpu", torch.float16).contiguous() for k, v in get_peft_model_state_dict(model).items()}
    save_file(weights, folder / "adapter_model.safetensors")
    adapter = model.peft_config["default"]
    adapter.base_model_name_or_path = BASE_NAME
    adapter.save_pretrained(folder)


def _checkpoint(
    out: Path, config: AdapterConfig, model: Any, trained: dict[str, Any], optimizer: Any, step: int
) -> None:
    from safetensors.torch import save_file

    _save_adapter(out, model)
    moments = {f"weight/{n}": p.detach() for n, p in trained.items()}
    for name, p in trained.items():
        for key in ("exp_avg", "exp_avg_sq"):
            if optimizer.state.get(p):
                moments[f"{key}/{name}"] = optimizer.state[p][key]
    new = out / f"{OPTIMIZER_FILE}.new"
    save_file({k: v.contiguous().clone() for k, v in moments.items()}, new)
    new.replace(out / OPTIMIZER_FILE)
    (out / STATE_FILE).write_text(json.dumps({"step": step, "config": config.model_dump(mode="json")}, indent=1))


def _resume(out: Path, config: AdapterConfig, trained: dict[str, Any], optimizer: Any) -> int:
    """Restore the run in `out`; return the step to go on with, 0 if there is none."""
    import torch
    from safetensors.torch import load_file

    if not (out / STATE_FILE).exists():
        return 0
    run = json.loads((out / STATE_FILE).read_text())
    before = AdapterConfig.model_validate(run["config"])
    if before.model_copy(update={"utterances": config.utterances, "checkpoint_s": config.checkpoint_s,
                                 "snapshots": config.snapshots}) != config:  # fmt: skip
        raise TuneError(f"{out} holds a run with other settings: choose another folder, or the same settings to go on.")
    moments = load_file(out / OPTIMIZER_FILE)
    step = int(run["step"])
    with torch.no_grad():
        for name, p in trained.items():
            p.copy_(moments[f"weight/{name}"])
            if f"exp_avg/{name}" in moments:
                optimizer.state[p] = {"step": torch.tensor(float(step)), "exp_avg": moments[f"exp_avg/{name}"].to(p.device),
                                      "exp_avg_sq": moments[f"exp_avg_sq/{name}"].to(p.device)}  # fmt: skip
    return step


def human_sentences(folders: Iterator[Path] | Sequence[Path]) -> list[str]:
    """Read what users say in the evaluation's conversations, to keep it out of the training data."""
    import tomllib

    found = []
    for folder in folders:
        for path in sorted(folder.glob("**/*.toml")):
            for conversation in tomllib.loads(path.read_text(encoding="utf-8")).get("conversation", []):
                found += [str(turn["say"]) for turn in conversation["turn"]]
    return found
