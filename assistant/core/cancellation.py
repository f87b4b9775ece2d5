"""Cancellation of a turn while a model is silent: who runs it sets the event, what takes long looks at it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_cancelled: ContextVar[threading.Event | None] = ContextVar("cancelled", default=None)


@contextmanager
def cancel_scope(event: threading.Event) -> Iterator[None]:
    """Cancel what runs within, in this context and its copies, once the event is set."""
    token = _cancelled.set(event)
    try:
        yield
    finally:
        _cancelled.reset(token)


def current_cancel_event() -> threading.Event | None:
    """Return the event that cancels what is running here; None outside any scope."""
    return _cancelled.get()
