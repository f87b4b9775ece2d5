"""The embedded model as a chat model: two minds read each message, the planner and the tuned language model.

The planner makes the calls and writes the answer in either case; what the language model changes is how a message is
understood. It is loaded in the background, and until it is there, or whenever it fails, the planner understands alone.
"""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant import offline
from assistant.calling_off import stop_event
from assistant.embedded_base import BaseModelError, base_model, installed_gguf, unpacked
from assistant.embedded_language import to_request
from assistant.embedded_model import ADAPTER, CalledOffError, Fork, Reader, Reading
from assistant.requests import Request
from assistant.second_opinion import POSSIBLE, THOUGHTS, settle
from assistant.state import TurnState
from assistant.turn import Call, Reply
from assistant.understanding import lesion_ids, understand

log = logging.getLogger(__name__)

Minds = Literal["both", "alone"]
REMEMBERED = 16  # messages: a turn asks several times about the same one


class Mind(Protocol):
    """Whatever reads a message as the tuned model does."""

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading: ...


class Loading:
    """A reader that is loaded in the background, once, for everybody."""

    def __init__(self, data: Path, adapter: Path = ADAPTER) -> None:
        self._data, self._adapter = data, adapter
        self._reader: Reader | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._load, name="embedded model", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        try:
            reader = Reader(base_model(self._data), self._adapter)
            reader.warm_up()
            self._reader = reader
        except Exception as error:  # whatever is wrong with it, the planner goes on alone
            log.warning(
                "the embedded model cannot be used: %s",
                error if isinstance(error, BaseModelError) else type(error).__name__,
            )
        finally:
            self._done.set()

    def reader(self, timeout_s: float = 0.0) -> Reader | None:
        """The reader if it is there within the time, else None."""
        self._done.wait(timeout_s)
        return self._reader


@lru_cache(maxsize=4)
def loading(data: Path, adapter: Path = ADAPTER) -> Loading:
    """The reader of a data folder, being loaded from the first call on."""
    return Loading(data, adapter)


def available(data: Path) -> bool:
    """Whether the base model and the tuned adapter are on this machine. Loads nothing."""
    return (ADAPTER / "adapter_model.safetensors").exists() and (unpacked(data) or installed_gguf()) is not None


class EmbeddedModel(offline.OfflineModel):
    """The planner with a second mind (`both`), or with the language model's understanding only (`alone`)."""

    minds: Minds = "both"
    wait_s: float = 0.0  # for the model to be loaded, at each message
    _loading: Loading = PrivateAttr()
    _understood: "OrderedDict[tuple[str, str], tuple[Request, ...]]" = PrivateAttr(default_factory=OrderedDict)

    def __init__(self, loaded: Loading, minds: Minds = "both", wait_s: float = 0.0) -> None:
        super().__init__(minds=minds, wait_s=wait_s)  # type: ignore[call-arg]
        self._loading = loaded

    @property
    def _llm_type(self) -> str:
        return "lesion-search-embedded"

    def decide(self, messages: Sequence[BaseMessage]) -> Call | Reply:
        """The next call or the answer, from what both minds understood."""
        return offline.decide(messages, self._read)

    def _read(self, message: str, state: TurnState) -> tuple[Request, ...]:
        key = (message, state.render())
        if key not in self._understood:
            try:
                self._understood[key] = self._read_anew(message, state)
            except CalledOffError:  # nobody waits for it; asked again it is read anew
                return understand(message, state)
            while len(self._understood) > REMEMBERED:
                self._understood.popitem(last=False)
        return self._understood[key]

    def _read_anew(self, message: str, state: TurnState) -> tuple[Request, ...]:
        reader = self._loading.reader(self.wait_s)
        if reader is not None:
            try:
                if self.minds == "alone":
                    return read_requests(reader, message, state).requests
                return read_by_both(reader, message, state)
            except CalledOffError:
                raise
            except Exception:  # a model that answers nonsense never stops a conversation
                log.exception("the embedded model failed on a message")
        return understand(message, state)


@dataclass(frozen=True)
class Understood:
    """What the model made of a text: requests, and the reading they come from."""

    text: str  # a message, or a question of ours together with the reply
    requests: tuple[Request, ...]
    reading: Reading


def read_by_both(reader: Mind, message: str, state: TurnState) -> tuple[Request, ...]:
    """What planner and model understood together. Raises what the reader raises."""
    first = read_requests(reader, message, state)
    return settle(message, understand(message, state), first.requests, second_thoughts(reader, first, state), state)


def second_thoughts(reader: Mind, first: Understood, state: TurnState) -> Iterator[tuple[Request, ...]]:
    """What else the model thinks possible beside what it read first; decoded one by one, as asked."""
    least = POSSIBLE * first.reading.sureness
    for fork in first.reading.forks[:THOUGHTS]:
        if fork.chance < least:
            return
        try:
            other = _understood(reader, first.text, state, fork)
        except ValueError:  # no calls begin so
            continue
        if other.reading.sureness >= least:
            yield other.requests


def read_requests(reader: Mind, message: str, state: TurnState) -> Understood:
    """The model's requests. A reply to a question of ours that says nothing by itself is read together with it."""
    alone = _understood(reader, message, state)
    says_nothing = all(r.intent in ("refine", "unknown", "describe_lesion") for r in alone.requests)
    if state.open_question is not None and says_nothing:
        together = _understood(reader, f"{state.open_question} {message}", state)
        if not any(r.unread or r.unclear for r in together.requests):
            return together
    return alone


def _understood(reader: Mind, text: str, state: TurnState, begin: Fork | None = None) -> Understood:
    replaced, ids = lesion_ids(text, state)
    replaced = re.sub(r"\s*\bidref(\d+)\b", lambda m: f" L{int(m.group(1)) + 1}", replaced).strip()
    reading = reader.read(replaced, state, len(ids), stop_event(), begin)
    return Understood(text, tuple(to_request(said, state, ids) for said in reading.said), reading)
