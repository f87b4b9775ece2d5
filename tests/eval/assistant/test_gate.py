"""The gate of the reader: what each set is read like, and the table that says so."""

import pytest

from assistant.training.corpus import Filled, Line
from assistant.training.generator.scenes import Scene
from assistant.understanding.call_language import ParsedCall
from eval.assistant import gate
from eval.assistant.gate import WANTED, measure_gate, to_markdown


@pytest.fixture
def few(monkeypatch):
    """One sentence of each file of the gate, no conversations."""
    said = Filled(Scene(2, "search", True), "only women", (ParsedCall(do="refine", sex="F"),))
    files = ("colleagues", "gate_types", "gate_voices", "some")
    monkeypatch.setattr(
        gate, "measured", lambda: [(Line("hits", "only women", "refine sex=F", f, 1), said) for f in files]
    )
    monkeypatch.setattr("eval.assistant.conversations.DemoInstallation.build", lambda _: None)
    monkeypatch.setattr(gate, "message_cases", lambda *_: [])


def test_each_set_is_read(few, monkeypatch):
    monkeypatch.setattr(gate.np, "percentile", lambda *_: 12.0)
    report = measure_gate()
    by = {line.name: line.exact for line in report.lines}
    assert set(by) == set(WANTED)
    assert by["sentences kept apart"].right == 1
    assert 0 < report.memory_mb < 1000
    table = to_markdown(report)
    assert "| three voices (gate_voices) | 93 % | 100.0 %" in table
    assert "understood in 12 ms" in table
