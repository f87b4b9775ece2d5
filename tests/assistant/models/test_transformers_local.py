"""A model in this process: a tiny one with a real tokenizer and chat template, and one whose logits force its words."""

from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from assistant.agent.assistant import Assistant
from assistant.models.registry import ModelError, resolve_model
from assistant.models.transformers_local import TransformersModel
from tests.conftest import Demo, open_case
from tools.domain.region import PixelBox
from tools.workspace.session import Workspace

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if tools %}<tools>{{ tools | tojson }}</tools>\n{% endif %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CALL = '<tool_call>{"name": "measure_region", "arguments": {"region_id": "R1"}}</tool_call>'


@tool
def measure_region(region_id: str) -> str:
    """Measure a region."""
    return region_id


def tokenizer(template: str | None = TEMPLATE) -> PreTrainedTokenizerFast:
    """Bytes as tokens, with the control tokens of ChatML."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_only = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=bytes_only, eos_token="<|im_end|>", pad_token="<|im_end|>")
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    made.chat_template = template
    return made


def config(words: PreTrainedTokenizerFast) -> LlamaConfig:
    torch.manual_seed(0)
    return LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=32768, eos_token_id=words.eos_token_id, bos_token_id=None,
    )  # fmt: skip


class Forced(LlamaForCausalLM):
    """Says what it is told to, one answer after another: the logits of the next token decide."""

    script: tuple[list[int], ...] = ()
    said = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        out = super().forward(*args, **kwargs)
        answer = self.script[min(self.said, len(self.script) - 1)]
        token = answer[self.at] if self.at < len(answer) else self.config.eos_token_id
        self.at += 1
        out.logits[:, -1] = -1e4
        out.logits[:, -1, token] = 1e4
        return out

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        self.at = 0
        try:
            return super().generate(*args, **kwargs)
        finally:
            self.said += 1


def forced(*answers: str) -> TransformersModel:
    words = tokenizer()
    model = Forced(config(words)).eval()
    model.script = tuple(words(a, add_special_tokens=False)["input_ids"] for a in answers)
    return TransformersModel(name_or_path="forced", model=model, tokenizer=words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete model folder: random weights, tokenizer, chat template."""
    words = tokenizer()
    LlamaForCausalLM(config(words)).save_pretrained(tmp_path / "tiny")
    words.save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_a_folder_is_loaded_and_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.models.transformers_local.MAX_NEW_TOKENS", 8)
    model = resolve_model(f"transformers:{folder}")
    assert model.name == f"transformers:{folder}"
    answer = model.chat_model.bind_tools([measure_region]).invoke("measure r1")
    assert isinstance(answer, AIMessage)


def test_what_is_missing_is_said_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no folder"):
        resolve_model(f"transformers:{tmp_path / 'nowhere'}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="cannot be loaded"):
        resolve_model(f"transformers:{tmp_path / 'empty'}")
    for template, sentence in ((None, "no chat template"), ("{{ messages[0].content }}", "takes no tools")):
        (folder / "chat_template.jinja").unlink(missing_ok=True)
        tokenizer(template).save_pretrained(folder)
        with pytest.raises(ModelError, match=sentence):
            resolve_model(f"transformers:{folder}")


def test_the_template_gets_tools_calls_and_results() -> None:
    model = forced("")
    prompt = model.render(
        [
            SystemMessage("rules"), HumanMessage("measure r1"),
            AIMessage("", tool_calls=[{"name": "measure_region", "args": {"region_id": "R1"}, "id": "1"}]),
            ToolMessage('{"long_axis_mm": 12}', tool_call_id="1", name="measure_region"),
        ],
        [{"type": "function", "function": {"name": "measure_region"}}],
    )  # fmt: skip
    assert prompt.startswith("<|im_start|>system\nrules<|im_end|>")
    assert '"region_id": "R1"' in prompt
    assert '{"long_axis_mm": 12}' in prompt
    assert "<tools>" in prompt
    assert prompt.endswith("<|im_start|>assistant\n")


def test_a_template_that_takes_one_call_a_message_gets_one_with_its_own_result() -> None:
    """As that of Llama 3.1 does; results stand after their call, and nothing is lost or said twice."""
    template = (
        "{% for m in messages %}{% if m.tool_calls and m.tool_calls|length > 1 %}"
        "{{ raise_exception('one call at a time') }}{% endif %}"
        "[{{ m.role }} {{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}]{% endfor %}"
    )
    calls = [{"name": name, "args": {}, "id": name} for name in ("first", "second")]
    model = TransformersModel(name_or_path="-", model=None, tokenizer=tokenizer(template))
    turn = [
        AIMessage("Two.", tool_calls=calls),
        ToolMessage("2", tool_call_id="second"),
        ToolMessage("1", tool_call_id="first"),
    ]
    asked = HumanMessage("both")
    said = model.render([asked, *turn, AIMessage("Done."), asked, *turn])
    once = "[user both][assistant Two.first][tool 1][assistant second][tool 2]"
    assert said == f"{once}[assistant Done.]{once}"


def test_a_forced_call_is_a_tool_call_and_prose_streams() -> None:
    model = forced("Let me measure. " + CALL, "It is measured. That is all.")
    message = model.bind_tools([measure_region]).invoke("measure r1")
    assert message.text.strip() == "Let me measure."
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [("measure_region", {"region_id": "R1"})]
    pieces = [chunk.text for chunk in model.stream("thanks")]
    assert "".join(pieces) == "It is measured. That is all."
    assert len([p for p in pieces if p]) > 1


def test_a_failure_while_it_writes_is_raised_and_none_waits() -> None:
    model = forced("never")
    model.model.script = ()
    with pytest.raises(IndexError):
        model.invoke("hello")


def test_it_drives_a_whole_turn(workspace: Workspace, demo: Demo) -> None:
    case = demo.case("liver")
    open_case(workspace, case, demo)
    workspace.session.add_box(case.slice - 1, PixelBox(*case.box))
    answer = Assistant(workspace, forced(CALL, "R1 was measured (E1). It is 912 mm long.")).ask("how big is it?")
    assert [(c.name, c.args) for c in answer.tool_calls] == [("measure_region", {"region_id": "R1"})]
    assert answer.answer.startswith("R1 was measured (E1).")
    assert "912" not in answer.answer
    assert answer.notice is None
