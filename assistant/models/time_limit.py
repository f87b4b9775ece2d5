"""A time limit for a whole answer: providers' clients limit the wait for the next token, not for the last one."""

import time
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler


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
