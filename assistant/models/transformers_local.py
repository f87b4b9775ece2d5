"""A tool-calling chat model run in this process by transformers, on the CPU or a GPU."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCallChunk,
    ToolMessage,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from assistant.models.tool_call_parser import ToolCallStream
from encoder.errors import LesionSearchError

MAX_NEW_TOKENS = 1024
GPU_S = 60  # what a shared GPU of a Hugging Face Space is asked for at a time
TIMEOUT_S = 180.0  # generation stops by itself
# While transformers loads a network it changes torch's default dtype and initialisers for the whole process, and builds
# on the meta device: two loaders side by side would hand each other empty weights. So one network is loaded at a time.
_LOAD_LOCK = threading.Lock()
_PROBE = {
    "type": "function",
    "function": {"name": "probe_of_tools", "description": "-", "parameters": {"type": "object", "properties": {}}},
}


class LocalModelError(LesionSearchError):
    """Raise where a model cannot run in this process: absent, unreadable, or its chat template takes no tools."""


class TransformersModel(BaseChatModel):
    """Run a causal language model with its tokenizer, as a chat model that calls tools and streams.

    `model` and `tokenizer` are those of transformers; the tokenizer's chat template renders messages and tools.
    """

    name_or_path: str
    model: Any
    tokenizer: Any

    @property
    def _llm_type(self) -> str:
        return "transformers"

    @cached_property
    def _special_tokens(self) -> str:
        """Write a regular expression of the special tokens, longest first."""
        return "|".join(re.escape(t) for t in sorted(self.tokenizer.all_special_tokens, key=len, reverse=True))

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools: the model's own chat template writes them into the prompt."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools])

    def render(self, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]] = ()) -> str:
        """Write the prompt of a conversation, up to where the model begins to write."""
        prompt = self.tokenizer.apply_chat_template(
            [_as_dict(m) for m in _one_call_each(messages)],
            tools=list(tools) or None,
            add_generation_prompt=True,
            tokenize=False,
        )
        return str(prompt)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        text = ToolCallStream(self._special_tokens)
        for written in _on_gpu(self._generated)(self.render(messages, kwargs.get("tools") or ())):
            if said := text.feed(written):
                generation = ChatGenerationChunk(message=AIMessageChunk(content=said))
                if run_manager:
                    run_manager.on_llm_new_token(said, chunk=generation)
                yield generation
        rest, calls = text.finish()
        chunks = [
            ToolCallChunk(name=c.name, args=json.dumps(c.args), id=f"call_{uuid.uuid4().hex[:12]}", index=i)
            for i, c in enumerate(calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content=rest, tool_call_chunks=chunks))

    def _generated(self, prompt: str) -> Iterator[str]:
        """Yield what the model writes, as it comes. A failure of the generating thread is raised here."""
        from transformers import TextIteratorStreamer

        encoded = self.tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(self.model.device)
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=False)
        failures: list[Exception] = []

        def generate() -> None:
            try:
                self.model.generate(
                    **encoded, streamer=streamer, do_sample=False, max_new_tokens=MAX_NEW_TOKENS, max_time=TIMEOUT_S
                )
            except Exception as error:
                failures.append(error)
                streamer.end()  # else its consumer waits for ever

        thread = threading.Thread(target=generate, name="transformers", daemon=True)
        thread.start()
        yield from streamer
        thread.join()
        if failures:
            raise failures[0]


def load_local_model(name: str) -> TransformersModel:
    """Load the model of a folder or hub repository, on the GPU if there is one. Raises LocalModelError."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    looks_local = name.startswith((".", "/", "~")) or name.count("/") > 1
    if looks_local and not Path(name).expanduser().is_dir():
        raise LocalModelError(f"There is no folder {name}: give the folder of a transformers model, or a repository.")
    source = str(Path(name).expanduser()) if Path(name).expanduser().is_dir() else name
    gpu = torch.cuda.is_available()
    transformers_logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        with _LOAD_LOCK:
            model = AutoModelForCausalLM.from_pretrained(
                source, dtype=torch.bfloat16 if gpu else "auto", use_safetensors=True, trust_remote_code=False
            )
    except Exception as error:  # each cause has its own class: no network, no such repository, damaged files
        raise LocalModelError(
            f"The model transformers:{name} cannot be loaded ({type(error).__name__}): check its name or folder; it "
            f"needs a tokenizer, a configuration and safetensors weights."
        ) from error
    if gpu:
        torch.nn.Module.cuda(model)
    local = TransformersModel(name_or_path=name, model=model.eval(), tokenizer=tokenizer)
    if not tokenizer.chat_template:
        raise LocalModelError(f"The model transformers:{name} has no chat template, so it cannot hold a conversation.")
    if "probe_of_tools" not in local.render([HumanMessage("-")], [_PROBE]):
        raise LocalModelError(f"The chat template of transformers:{name} takes no tools: use a tool-calling model.")
    return local


def _on_gpu(function: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    """Run a whole generation where the shared GPU of a Hugging Face Space is lent; elsewhere leave it as it is."""
    try:
        import spaces  # type: ignore[import-not-found]
    except ImportError:
        return function
    lent: Callable[[str], Iterator[str]] = spaces.GPU(duration=GPU_S)(function)
    return lent


def _one_call_each(messages: Sequence[BaseMessage]) -> Iterator[BaseMessage]:
    """Put each result right after its own call: the template of Llama 3.1 refuses several calls in one message."""
    placed: set[int] = set()
    for index, message in enumerate(messages):
        if isinstance(message, AIMessage) and len(message.tool_calls) > 1:
            following = takewhile(lambda m: isinstance(m, ToolMessage), messages[index + 1 :])
            results = {m.tool_call_id: m for m in following if isinstance(m, ToolMessage)}
            for number, call in enumerate(message.tool_calls):
                yield AIMessage(message.text if number == 0 else "", tool_calls=[call])
                result = results.get(call["id"] or "")
                if result is not None:
                    placed.add(id(result))
                    yield result
        elif id(message) not in placed:
            yield message


def _as_dict(message: BaseMessage) -> dict[str, Any]:
    """Convert a message to what chat templates take."""
    if isinstance(message, AIMessage):
        calls = [
            {"type": "function", "function": {"name": c["name"], "arguments": c["args"]}} for c in message.tool_calls
        ]
        return {"role": "assistant", "content": message.text} | ({"tool_calls": calls} if calls else {})
    if isinstance(message, ToolMessage):
        return {"role": "tool", "name": message.name or "", "content": message.text}
    return {"role": "system" if isinstance(message, SystemMessage) else "user", "content": message.text}
