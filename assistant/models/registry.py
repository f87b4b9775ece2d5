"""Which model answers, and where it runs: the built-in planner, or any tool-calling chat model by `provider:name`."""

import importlib.util
import os
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel

from assistant.models.planner_model import PlannerChatModel
from encoder.errors import LesionSearchError

TIMEOUT_S = 60.0  # without a word
MAX_RESPONSE_S = 180.0  # for a whole answer
MAX_TOKENS = 4096  # of an answer, with whatever a model thinks before it
RETRIES = 2
BUILT_IN = ("auto", "offline")  # names of the reader and planner on board
# provider -> the package that speaks its protocol, the extra that installs it, the environment variable of its key
PROVIDERS: dict[str, tuple[str, str, str]] = {
    "openai": ("langchain_openai", "openai", "OPENAI_API_KEY"),
    "anthropic": ("langchain_anthropic", "anthropic", "ANTHROPIC_API_KEY"),
    "ollama": ("langchain_ollama", "ollama", ""),
}


class ModelTimeoutError(TimeoutError):
    """Raise where a model kept writing past its time."""


class TimeLimit(BaseCallbackHandler):
    """Stop a streamed answer that is not complete after `limit_s` seconds.

    Raises ModelTimeoutError at its next token. An answer in one piece is bounded by its client's own time limit.
    """

    raise_error = True  # else an error in a callback is only logged

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._until: dict[UUID, float] = {}

    def on_chat_model_start(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        """Start the clock of a run."""
        self._until[run_id] = time.monotonic() + self._limit_s

    def on_llm_new_token(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        """Raise ModelTimeoutError past the limit."""
        if time.monotonic() > self._until[run_id]:
            raise ModelTimeoutError

    def on_llm_end(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        """Forget the run."""
        self._until.pop(run_id, None)

    def on_llm_error(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        """Forget the run."""
        self._until.pop(run_id, None)


class ModelError(LesionSearchError):
    """Raise where the chosen model cannot be used: unknown, not installed, without a key, or not answering."""


@dataclass(frozen=True)
class ResolvedModel:
    """Hold a model ready to answer, and what the user should know of it."""

    name: str
    label: str
    chat_model: BaseChatModel


def offline_model() -> ResolvedModel:
    """Return the built-in planner."""
    return ResolvedModel("offline", "offline: nothing leaves this machine", PlannerChatModel())


def resolve_model(model: "str | BaseChatModel" = "auto") -> ResolvedModel:
    """Return the model of a name: `auto` or `offline`, `provider:name`, or a chat model as it is.

    Checks what can be checked without a call. Raises ModelError with what is missing.
    """
    if isinstance(model, BaseChatModel):
        if type(model) is PlannerChatModel:
            return offline_model()
        name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or model._llm_type)
        return ResolvedModel(name, f"{name}: given by the program", model)
    name = model.strip()
    if name in BUILT_IN:
        return offline_model()
    provider, _, model_name = name.partition(":")
    if provider == "transformers" and model_name:
        return _in_process(name, model_name)
    if provider not in PROVIDERS or not model_name:
        raise ModelError(
            f"There is no model called {name[:60]!r}: use auto, offline, or provider:name with one of "
            f"{', '.join(PROVIDERS)} or transformers, e.g. openai:gpt-4.1-mini."
        )
    return _from_provider(provider, model_name)


def _in_process(name: str, source: str) -> ResolvedModel:
    """Load a transformers model into this process. Raises ModelError."""
    from assistant.models.transformers_local import LocalModelError, load_local_model

    try:
        chat_model = load_local_model(source)
    except LocalModelError as error:
        raise ModelError(str(error)) from error
    return ResolvedModel(name, f"{name}: on this machine, in this process", chat_model)


def _from_provider(provider: str, model_name: str) -> ResolvedModel:
    """Set up the client of a provider. Raises ModelError where its package or key is missing."""
    package, extra, key = PROVIDERS[provider]
    if importlib.util.find_spec(package) is None:
        raise ModelError(
            f"The model {provider}:{model_name} needs the package {package.replace('_', '-')}: "
            f'install it with pip install "lesion-search[{extra}]".'
        )
    if key and not os.environ.get(key):
        raise ModelError(f"The model {provider}:{model_name} needs a key: set the environment variable {key}.")
    from langchain.chat_models import init_chat_model

    # Ollama's client takes a timeout for its connection only this way, and knows no retries
    options: dict[str, Any] = {"client_kwargs": {"timeout": TIMEOUT_S}, "num_predict": MAX_TOKENS}
    if provider != "ollama":
        options = {"timeout": TIMEOUT_S, "max_retries": RETRIES, "max_tokens": MAX_TOKENS}
    try:
        chat_model = init_chat_model(
            model_name, model_provider=provider, temperature=0, callbacks=[TimeLimit(MAX_RESPONSE_S)], **options
        )
    except Exception as error:  # each provider has its own errors for a bad name or setting
        raise ModelError(
            f"The model {provider}:{model_name} could not be set up ({type(error).__name__}): check its name and "
            f"settings."
        ) from error
    where = (
        "on this machine, through Ollama"
        if provider == "ollama"
        else f"your words and the evidence go to {_host(provider)}"
    )
    return ResolvedModel(f"{provider}:{model_name}", f"{provider}:{model_name}: {where}", chat_model)


def _host(provider: str) -> str:
    """Name the host that requests go to."""
    address = os.environ.get({"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}.get(provider, ""), "")
    return address.split("//")[-1].split("/")[0] or provider
