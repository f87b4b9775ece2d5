"""The embedded model as a chat model: the tuned language model reads messages beside rules and network.

The planner makes the calls and writes the answer in either case; what the language model changes is how a message is
understood. It is loaded in the background; until it is there, and whenever it fails, rules and network read alone.
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
from assistant.understanding.ensemble import asks_of_study, read_requests, read_with_all
from assistant.understanding.language_model.base_weights import BaseModelError, base_model, installed_gguf, unpacked
from assistant.understanding.language_model.reader import ADAPTER, LanguageModelReader
from assistant.understanding.network.reader import load_network_reader
from assistant.understanding.rules.parser import understand

log = logging.getLogger(__name__)

ReaderChoice = Literal["both", "alone"]


class BackgroundLoader:
    """Load the reader in a background thread, once for all conversations."""

    def __init__(self, data: Path, adapter: Path = ADAPTER) -> None:
        self._data, self._adapter = data, adapter
        self._reader: LanguageModelReader | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._load, name="embedded model", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        """Load and warm up; on failure log why, and leave no reader."""
        try:
            reader = LanguageModelReader(base_model(self._data), self._adapter)
            reader.warm_up()
            self._reader = reader
        except Exception as error:  # whatever is wrong with it, the conversation goes on
            log.warning(
                "the embedded model cannot be used: %s",
                error if isinstance(error, BaseModelError) else type(error).__name__,
            )
        finally:
            self._done.set()

    def reader(self, timeout_s: float = 0.0) -> LanguageModelReader | None:
        """Return the reader if it is loaded within the time, else None."""
        self._done.wait(timeout_s)
        return self._reader


@lru_cache(maxsize=4)
def background_loader(data: Path, adapter: Path = ADAPTER) -> BackgroundLoader:
    """Return the loader of a data folder; the first call starts it."""
    return BackgroundLoader(data, adapter)


def available(data: Path) -> bool:
    """Tell whether the base model and the tuned adapter are on this machine. Loads nothing."""
    return (ADAPTER / "adapter_model.safetensors").exists() and (unpacked(data) or installed_gguf()) is not None


class EmbeddedModel(PlannerChatModel):
    """Plan as PlannerChatModel does, with the language model as one more reader (`both`) or the only one (`alone`)."""

    readers: ReaderChoice = "both"
    wait_s: float = 0.0  # for the model to be loaded, at each message
    _loader: BackgroundLoader = PrivateAttr()

    def __init__(self, loader: BackgroundLoader, readers: ReaderChoice = "both", wait_s: float = 0.0) -> None:
        super().__init__(readers=readers, wait_s=wait_s)  # type: ignore[call-arg]
        self._loader = loader

    @property
    def _llm_type(self) -> str:
        return "lesion-search-embedded"

    def understood(self, message: str, state: TurnState) -> tuple[Request, ...]:
        """Return what all readers understood; until the language model is there, those that need no download.

        The language model comes last, since it takes longest: where the others agree it is not run.
        """
        reader = self._loader.reader(self.wait_s)
        if reader is None:
            return super().understood(message, state)
        if self.readers == "alone":
            by_rules = understand(message, state)
            if asks_of_study(by_rules):
                return by_rules
            return read_requests(reader, message, state).requests
        return read_with_all([load_network_reader(), reader], message, state)
