"""A turn can be called off while a model is silent: who runs it says by which event, what takes long looks at it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


@contextmanager
def cancel_scope(event: threading.Event) -> Iterator[None]:
    """What runs within, in this context and its copies, is called off once the event is set."""
    token = _stop.set(event)
    try:
        yield
    finally:
        _stop.reset(token)


def current_cancel_event() -> threading.Event | None:
    """The event that calls off what is running here; None where nothing can."""
    return _stop.get()
