"""The embedded base model as a writer of prose: its prompt, and what of its text is taken."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.core.sentences import split_sentences

Write = Callable[[Sequence[str]], str]  # statements to prose

MAX_TOKENS = 120
MAX_SENTENCES = 3
SYSTEM = "You turn the facts of a search for CT lesions that look alike into short, plain prose."
TASK = (
    "Write two or three connecting sentences for a clinician. Use only these facts, and keep every number and every "
    "name as it is."
)
EXAMPLE = (
    (
        "R1 lies on slice 31 of 90 and measures 14.2 × 11 mm.",
        "The search covered 640 of 800 atlas lesions: women, other patients only.",
        "R1 most resembles bone lesions.",
        "Of the vote: bone 71% and pelvis 22%.",
        "Confidence is moderate.",
        "The 10 hits: 8 bone and 2 pelvis.",
        "[P0101-S1-L02] is bone, 16 × 12.3 mm, woman of 66, with a similarity of 0.91.",
        "[P0114-S2-L01] is bone, 18.4 × 15 mm, woman of 71, with a similarity of 0.9.",
        "[P0120-S1-L04] is pelvis, 12.8 × 9.7 mm, woman of 59, with a similarity of 0.88.",
    ),
    "R1, which measures 14.2 × 11 mm, most resembles bone lesions, with 71% of the vote and moderate confidence. Of "
    "the 10 hits 8 are bone, and the nearest, [P0101-S1-L02], has a similarity of 0.91. The search covered 640 of 800 "
    "atlas lesions, those of women and of other patients only.",
)  # without one the model mostly repeats a single line


class Writer:
    """The base model as it comes, writing greedily by its chat template. `base`: its unpacked folder."""

    def __init__(self, base: Path) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModelForCausalLM

        from encoder import MODEL_LOAD_LOCK

        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        with MODEL_LOAD_LOCK:
            model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="sdpa")
        self._model = model.eval()

    def __call__(self, told: Sequence[str]) -> str:
        """Write prose from statements: the first complete sentences, each once."""
        import torch

        from assistant.understanding.language_model.reader import END

        facts, prose = EXAMPLE
        said = (("system", SYSTEM), ("user", _task(facts)), ("assistant", prose), ("user", _task(told)))
        prompt = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in said) + "<|im_start|>assistant\n"
        begin = self._tokenizer.encode(prompt, add_special_tokens=False).ids

        def text_of(tokens: Any) -> str:
            text: str = self._tokenizer.decode(tokens[0, len(begin) :].tolist(), skip_special_tokens=True)
            return text

        def enough(tokens: Any, _: Any, **__: Any) -> Any:
            return torch.tensor([len(split_sentences(text_of(tokens))) > MAX_SENTENCES])

        with torch.inference_mode():
            output = self._model.generate(
                torch.tensor([begin]),
                attention_mask=torch.ones(1, len(begin), dtype=torch.long),
                do_sample=False,
                max_new_tokens=MAX_TOKENS,
                stopping_criteria=[enough],
                eos_token_id=END,
                pad_token_id=END,
            )
        return first_sentences(text_of(output))


def _task(told: Sequence[str]) -> str:
    return "\n".join(["Facts:", *(f"- {t}" for t in told), "", TASK])


def first_sentences(text: str) -> str:
    """Take the first sentences of a text, none of them twice, without one that broke off."""
    complete = [s.strip() for s in split_sentences(text) if re.search(r"[.!?][”\"')*]*\s*$", s)]
    return " ".join(list(dict.fromkeys(complete))[:MAX_SENTENCES])
