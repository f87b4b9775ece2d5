"""What a burst of work needed goes back to the system."""

import subprocess
import sys
from datetime import datetime, timedelta

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from tests.conftest import REPO
from ui.server.memory import forget_pages

BURST = """
import re, sys, threading
from ui.server.memory import bound_memory, give_back
bound_memory()

def resident_mb():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) >> 10

def burst(kept):
    pieces = [bytearray(b"x" * 60_000) for _ in range(400)]
    kept.append(pieces[::40])

before = resident_mb()
kept = []
threads = [threading.Thread(target=burst, args=(kept,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
kept.clear()
give_back(collect=True)
print(before, resident_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_given_back_after_a_burst() -> None:
    said = subprocess.run([sys.executable, "-c", BURST], cwd=REPO, capture_output=True, text=True, check=True).stdout
    before, after = map(int, said.split())
    assert after < before + 30  # of 190 MB


def test_nothing_is_kept_of_pages_that_are_closed_or_unused() -> None:
    with gr.Blocks() as page:
        gr.HTML("a part", js_on_load=None)
    holder = StateHolder()  # type: ignore[no-untyped-call]
    holder.set_blocks(page)
    for name in ("open", "closed", "unused"):
        assert holder[name].config_values
    holder["closed"].is_closed = True
    holder.time_last_used["unused"] = datetime.now() - timedelta(minutes=31)
    forget_pages(page, unused_s=30 * 60)
    assert set(holder.session_data) == set(holder.time_last_used) == {"open"}
    assert holder["closed"].config_values  # who comes back finds a page
