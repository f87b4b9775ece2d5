"""The embedded model as a chat model: the tuned language model reads messages beside planner and network.

The planner makes the calls and writes the answer in either case; what the language model changes is how a message is
understood. It is loaded in the background, and until it is there, or whenever it fails, the planner understands alone.
"""

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import PrivateAttr

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.models.planner_model import PlannerChatModel
from assistant.understanding.ensemble import read_requests, read_with_all
from assistant.understanding.language_model.base_weights import BaseModelError, base_model, installed_gguf, unpacked
from assistant.understanding.language_model.reader import ADAPTER, LanguageModelReader
from assistant.understanding.network.reader import load_network_reader

log = logging.getLogger(__name__)

ReaderChoice = Literal["both", "alone"]


class BackgroundLoader:
    """A reader that is loaded in the background, once, for everybody."""

    def __init__(self, data: Path, adapter: Path = ADAPTER) -> None:
        self._data, self._adapter = data, adapter
        self._reader: LanguageModelReader | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._load, name="embedded model", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        try:
            reader = LanguageModelReader(base_model(self._data), self._adapter)
            reader.warm_up()
            self._reader = reader
        except Exception as error:  # whatever is wrong with it, the planner goes on alone
            log.warning(
                "the embedded model cannot be used: %s",
                error if isinstance(error, BaseModelError) else type(error).__name__,
            )
        finally:
            self._done.set()

    def reader(self, timeout_s: float = 0.0) -> LanguageModelReader | None:
        """The reader if it is there within the time, else None."""
        self._done.wait(timeout_s)
        return self._reader


@lru_cache(maxsize=4)
def background_loader(data: Path, adapter: Path = ADAPTER) -> BackgroundLoader:
    """The reader of a data folder, being loaded from the first call on."""
    return BackgroundLoader(data, adapter)


def available(data: Path) -> bool:
    """Whether the base model and the tuned adapter are on this machine. Loads nothing."""
    return (ADAPTER / "adapter_model.safetensors").exists() and (unpacked(data) or installed_gguf()) is not None


class EmbeddedModel(PlannerChatModel):
    """The planner with the language model as one more mind (`both`), or that model's understanding only (`alone`)."""

    minds: ReaderChoice = "both"
    wait_s: float = 0.0  # for the model to be loaded, at each message
    _loading: BackgroundLoader = PrivateAttr()

    def __init__(self, loaded: BackgroundLoader, minds: ReaderChoice = "both", wait_s: float = 0.0) -> None:
        super().__init__(minds=minds, wait_s=wait_s)  # type: ignore[call-arg]
        self._loading = loaded

    @property
    def _llm_type(self) -> str:
        return "lesion-search-embedded"

    def understood(self, message: str, state: TurnState) -> tuple[Request, ...]:
        """What all minds understood; until the language model is there, those that need no download.

        The language model comes last, since it takes longest: where the others agree it is not asked.
        """
        reader = self._loading.reader(self.wait_s)
        if reader is None:
            return super().understood(message, state)
        if self.minds == "alone":
            return read_requests(reader, message, state).requests
        return read_with_all([load_network_reader(), reader], message, state)
