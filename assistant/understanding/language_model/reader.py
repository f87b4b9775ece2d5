"""The language model as a reader: a message in its state in, calls with a confidence for each argument out."""

import json
import logging
import math
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.core.turn_state import TurnState
from assistant.understanding.call_grammar import grammar
from assistant.understanding.call_language import read, state_line
from assistant.understanding.language_model.base_weights import BaseModelError
from assistant.understanding.reader import MAX_CHARACTERS, Fork, Reading, ReadingCancelledError
from encoder import MODEL_LOAD_LOCK

log = logging.getLogger(__name__)

ADAPTER = Path(__file__).parent / "adapter"
BEGIN, END = 1, 2  # <|im_start|> and <|im_end|>: before a message, after an answer
MAX_TOKENS = 120  # of the output
CERTAIN = 1.0  # the probability of a token that the grammar forces
POLL_S = 0.05  # how often a waiting reading looks whether it was cancelled


class LanguageModelReader:
    """The tuned model, loaded. One reading at a time: other threads wait their turn.

    `base`: folder of the unpacked base model; `adapter`: folder of the tuned adapter, None for the base alone.
    """

    def __init__(self, base: Path, adapter: Path | None = ADAPTER, constrained: bool = True) -> None:
        # waiting threads that spin would take the cores from everything else that runs beside
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import torch
        from llguidance import LLTokenizer
        from tokenizers import Tokenizer
        from transformers import AutoModelForCausalLM

        self._lock = threading.Lock()
        self._constrained = constrained
        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True  # control tokens in a message are only text
        with MODEL_LOAD_LOCK:
            model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="sdpa")
        if adapter is not None:
            merge(model, adapter)
        self._model = model.eval()
        vocabulary = model.config.vocab_size
        self._grammar_tokens = LLTokenizer(
            (base / "tokenizer.json").read_text("utf-8"), n_vocab=vocabulary, eos_token=END
        )
        self._pieces = [self._tokenizer.decode([i], skip_special_tokens=False) for i in range(vocabulary)]

    def warm_up(self) -> None:
        """Read one message, so that the first user does not wait for memory to be touched."""
        self.read("similar lesions", TurnState(atlas_types=("lung",)))

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading:
        """Read a message in which `ids` lesion ids stand as L1, L2, …; going on from `begin`, if given.

        Raises ReadingCancelledError when `stop` is set, also while another message is read; ValueError when the output
        is no calls.
        """
        with self._turn(stop):
            tokens, probabilities, forks = self._decode(message[:MAX_CHARACTERS], state, ids, stop, begin)
        text = self._text(tokens)
        try:
            calls = tuple(read(text))
        except ValidationError as error:
            raise ValueError(f"not in the language: {text[:80]}") from error
        # the same words in other tokens are no alternative
        alternatives = tuple(fork for fork in forks if not text.startswith(self._text(fork.tokens)))
        return Reading(calls, self._by_field(tokens, probabilities, len(calls)), text, alternatives)

    def _text(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    @contextmanager
    def _turn(self, stop: threading.Event | None) -> Iterator[None]:
        while not self._lock.acquire(timeout=POLL_S if stop is not None else -1):
            if stop is not None and stop.is_set():
                raise ReadingCancelledError
        try:
            yield
        finally:
            self._lock.release()

    def _decode(
        self, message: str, state: TurnState, ids: int, stop: threading.Event | None, begin: Fork | None
    ) -> tuple[list[int], list[float], list[Fork]]:
        """Decode greedily under the grammar; tokens that are the only ones possible are never computed.

        Returns the tokens, the probability of each, and the forks, likeliest first.
        """
        import llguidance.numpy as guide
        import numpy as np
        import torch
        from llguidance import LLMatcher
        from transformers import DynamicCache

        matcher = LLMatcher(self._grammar_tokens, LLMatcher.grammar_from_lark(grammar(state, ids)))
        mask = guide.allocate_token_bitmask(1, len(self._pieces))
        prompt = f"{state_line(state)}\n{message}\n"
        waiting = [BEGIN, *self._tokenizer.encode(prompt, add_special_tokens=False).ids]
        cache = DynamicCache(config=self._model.config)
        tokens: list[int] = []
        probabilities: list[float] = []
        forks: list[Fork] = []
        if begin is not None:
            matcher.consume_tokens(list(begin.tokens))
            tokens += begin.tokens
            probabilities += [CERTAIN] * (len(tokens) - 1) + [begin.probability]
            waiting += begin.tokens
        with torch.inference_mode():
            while len(tokens) < MAX_TOKENS and not matcher.is_stopped():
                if stop is not None and stop.is_set():
                    raise ReadingCancelledError
                if self._constrained and (forced := matcher.compute_ff_tokens()):
                    matcher.consume_tokens(forced)
                    tokens += forced
                    probabilities += [CERTAIN] * len(forced)
                    waiting += forced
                    continue
                output = self._model(torch.tensor([waiting]), cache=cache, logits_to_keep=1)
                scores = output.logits[:, -1].float()
                if self._constrained:
                    guide.fill_next_token_bitmask(matcher, mask)
                    allowed = np.unpackbits(mask.view(np.uint8), bitorder="little")[: scores.shape[-1]].astype(bool)
                    scores[0, torch.from_numpy(~allowed)] = -torch.inf
                best = torch.softmax(scores[0], -1).topk(2)
                (token, other), (probability, next_best) = best.indices.tolist(), best.values.tolist()
                if token == END:
                    break
                forks.append(Fork((*tokens, other), math.prod(probabilities) * next_best))
                tokens.append(token)
                probabilities.append(probability)
                waiting = [token]
                if self._constrained:
                    matcher.consume_token(token)
        return tokens, probabilities, sorted(forks, key=lambda fork: -fork.probability)

    def _by_field(
        self, tokens: Sequence[int], probabilities: Sequence[float], calls: int
    ) -> tuple[dict[str, float], ...]:
        """Multiply the probabilities of the tokens of each field's name and value."""
        found: list[dict[str, float]] = [{} for _ in range(calls)]
        text, spans = "", []
        for token, probability in zip(tokens, probabilities, strict=True):
            spans.append((len(text), probability))
            text += self._pieces[token]
        call = -1
        fields = [(m.start(), m.group(1)) for m in re.finditer(r'"([a-z]+)":"', text)]
        for start, name in fields:
            call += name == "do"
            end = next((s for s, _ in fields if s > start), len(text))
            product = 1.0
            for at, probability in spans:
                if start <= at < end:
                    product *= probability
            found[call][name] = product
        return tuple(found)


def merge(model: Any, adapter: Path) -> None:
    """Add a LoRA adapter, as peft writes it, to a model's weights: W + alpha / r * B A (arXiv 2106.09685).

    Raises BaseModelError if it fits another model.
    """
    import torch
    from safetensors.torch import load_file

    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    scale = config["lora_alpha"] / config["r"]
    weights = load_file(adapter / "adapter_model.safetensors")
    modules = dict(model.named_modules())
    with torch.no_grad():
        for name, down in weights.items():
            if not name.endswith(".lora_A.weight"):
                continue
            module = modules.get(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"))
            if module is None:
                raise BaseModelError(f"The tuned adapter in {adapter} does not fit the base model.")
            up: torch.Tensor = weights[name.replace("lora_A", "lora_B")]
            module.weight += (scale * (up.float() @ down.float())).to(module.weight.dtype)
