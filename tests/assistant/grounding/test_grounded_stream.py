"""Streamed text is checked before it is shown."""

from assistant.core.events import TextChunk, TextReset
from assistant.grounding.checker import Checker, GroundedStream
from tests.assistant.facts import ledger_of
from tests.assistant.grounding.test_checker import SEARCH, STATE


def writer() -> GroundedStream:
    return GroundedStream(lambda: Checker(ledger_of(SEARCH), STATE))


def test_a_sentence_comes_out_when_it_is_complete_and_supported() -> None:
    checked = writer()
    shown: list[str] = []
    for letter in "The closest is [A-01]. It measures 44 mm. It is a liver lesion.":
        shown += [e.text for e in checked.feed(letter) if isinstance(e, TextChunk)]
    assert shown == ["The closest is [A-01]. "]
    shown += [e.text for e in checked.finish() if isinstance(e, TextChunk)]
    assert "".join(shown).startswith("The closest is [A-01]. It is a liver lesion.")
    assert "44" not in "".join(shown)
    assert checked.removed == ["It measures 44 mm."]
    assert checked.text.endswith("*(1 sentence without evidence was removed.)*")


def test_a_new_message_clears_what_was_written() -> None:
    checked = writer()
    list(checked.feed("The closest is [A-01]. More"))
    assert any(isinstance(e, TextReset) for e in checked.reset())
    assert checked.empty


def test_what_was_not_streamed_is_made_good() -> None:
    checked = writer()
    shown = [e.text for e in checked.settle("The closest is [A-01].") if isinstance(e, TextChunk)]
    assert shown == ["The closest is [A-01]."]
    assert list(checked.settle("The closest is [A-01].")) == []


def test_a_list_stays_a_list_when_a_line_is_cut() -> None:
    checked = writer()
    list(checked.feed("Nearest:\n- [A-01] liver, 20.1 mm.\n- [A-02] liver, 99 mm.\n- [B-03] kidney, 11.5 mm."))
    list(checked.finish())
    assert checked.text.startswith("Nearest:\n- [A-01] liver, 20.1 mm.\n- [B-03] kidney, 11.5 mm.")
