"""Memory that is free goes back to the system (what the C library keeps of it was half as much as the server used), and
what is no longer needed is freed."""

import ctypes
import gc
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # malloc.h of glibc
ARENAS = 2  # one for every thread would each keep what a burst of work once needed
MMAP_BYTES = 1 << 20  # what is larger is the system's again as soon as it is freed; else this bound grows to 32 MB


def bound_memory() -> None:
    """Tell the C library to keep little of what is freed, where it is glibc. Before much is allocated."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_ARENA_MAX, ARENAS)
        libc.mallopt(_MMAP_THRESHOLD, MMAP_BYTES)


def keep_for_good() -> None:
    """Take all that lives now out of later collections, which then look at what users brought alone: they hold up every
    answer, and what a server loads once stays."""
    gc.collect()
    gc.freeze()


def give_back(collect: bool = False) -> None:
    """Give free memory back to the system; `collect`: what lies in circles is freed before."""
    if collect:
        gc.collect()
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def forget_pages(page: "gr.Blocks", unused_s: float) -> None:
    """Drop what Gradio keeps of pages that are closed, or were not used for so long: the last value of every part of
    them, until ten thousand others were opened. A page that is still open gets a new, empty record."""
    holder = page.state_holder
    oldest = datetime.now() - timedelta(seconds=unused_s)
    for name, state in list(holder.session_data.items()):
        if state.is_closed or holder.time_last_used.get(name, oldest) <= oldest:
            holder.session_data.pop(name, None)
            holder.time_last_used.pop(name, None)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
