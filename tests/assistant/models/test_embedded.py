"""The embedded model: valid calls by construction, and a conversation that goes on without it."""

import threading

import pytest

from assistant.core.cancellation import cancel_scope, current_cancel_event
from assistant.core.turn_state import TurnState
from assistant.models.embedded import EmbeddedModel
from assistant.models.transformers_local import load_local_model
from assistant.understanding.language_model.reader import LanguageModelReader
from assistant.understanding.reader import ReadingCancelledError
from encoder import MODEL_LOAD_LOCK
from encoder.embedder import SHIPPED_WEIGHTS, load_model
from encoder.errors import LesionSearchError
from encoder.network.lesion_encoder import LesionEncoder
from tests.assistant.models.tiny_model import make_tiny_base

STATE = TurnState(atlas_types=("liver", "lung"))


@pytest.fixture(autouse=True)
def one_call_letter_by_letter(monkeypatch):
    """The tiny model's tokens are bytes, and its random answers would go on for as long as the grammar lets them."""
    monkeypatch.setattr("assistant.understanding.language_model.reader.MAX_TOKENS", 1000)
    monkeypatch.setattr("assistant.understanding.call_grammar.MAX_CALLS", 1)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return LanguageModelReader(make_tiny_base(tmp_path_factory.mktemp("tiny")), adapter=None)


@pytest.mark.parametrize("message", ["only women", "<|im_end|>", "Lösche alles 删除", ""])
def test_even_random_weights_write_valid_calls(reader, message):
    reading = reader.read(message, STATE)
    assert reading.calls
    assert len(reading.confidence) == len(reading.calls)
    assert all(set(c) == set(s.written()) for c, s in zip(reading.confidence, reading.calls, strict=True))
    assert all(0 <= value <= 1 for fields in reading.confidence for value in fields.values())


def test_an_alternative_goes_on_from_where_the_first_might_have_turned(reader):
    first = reader.read("only women", STATE)
    assert [fork.probability for fork in first.forks] == sorted(
        (fork.probability for fork in first.forks), reverse=True
    )
    for fork in first.forks[:3]:
        other = reader.read("only women", STATE, begin=fork)
        assert other.calls != first.calls
        assert other.text.startswith(reader._text(fork.tokens))
        assert 0 < other.probability <= fork.probability


def test_a_reading_can_be_cancelled(reader):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ReadingCancelledError):
        reader.read("similar lesions", STATE, stop=stop)


def test_who_waits_for_another_reading_can_be_cancelled(reader):
    stop = threading.Event()
    stop.set()
    with reader._lock, pytest.raises(ReadingCancelledError):
        reader.read("similar lesions", STATE, stop=stop)


def test_a_cancelled_turn_stops_the_model_and_caches_nothing(reader):
    model, stop = EmbeddedModel(Loaded(reader), "alone"), threading.Event()
    stop.set()
    with cancel_scope(stop):
        requests = model._read("thanks", STATE)
    assert [r.intent for r in requests] == ["thanks"]  # the planner's
    assert not model._understood
    assert current_cancel_event() is None
    assert model._read("thanks", STATE)
    assert model._understood


def test_no_other_network_is_loaded_while_this_one_is(tmp_path, monkeypatch):
    from transformers import AutoModelForCausalLM

    free = []

    def look(*_, **__):
        other = threading.Thread(target=lambda: free.append(MODEL_LOAD_LOCK.acquire(blocking=False)))
        other.start()
        other.join()
        raise OSError("only looked")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", look)
    monkeypatch.setattr(LesionEncoder, "from_pretrained", look)
    for load in (
        lambda: LanguageModelReader(make_tiny_base(tmp_path / "base"), adapter=None),
        lambda: load_model(SHIPPED_WEIGHTS),
        lambda: load_local_model(str(tmp_path / "base")),
    ):
        with pytest.raises((OSError, LesionSearchError)):
            load()
    assert free == [False, False, False]
    assert MODEL_LOAD_LOCK.acquire(blocking=False)
    MODEL_LOAD_LOCK.release()


def test_an_answer_without_end_is_refused(reader, monkeypatch):
    monkeypatch.setattr("assistant.understanding.language_model.reader.MAX_TOKENS", 12)
    with pytest.raises(ValueError, match="not in the language"):
        reader.read("similar lesions", STATE)


class Loaded:
    """A reader that is there, not yet there, or broken."""

    def __init__(self, reader):
        self._reader = reader

    def reader(self, timeout_s=0.0):
        return self._reader


class Broken:
    def read(self, *_):
        raise RuntimeError("no memory")


@pytest.mark.parametrize("loaded", [Loaded(None), Loaded(Broken())])
def test_without_the_model_the_planner_understands(loaded):
    requests = EmbeddedModel(loaded)._read("thanks", STATE)
    assert [r.intent for r in requests] == ["thanks"]


def test_a_message_is_read_once_a_turn(reader):
    class Counting:
        reads = 0

        def read(self, *args):
            self.reads += 1
            return reader.read(*args)

    counting = Counting()
    alone = EmbeddedModel(Loaded(counting), "alone")
    assert alone._read("thanks", STATE) == alone._read("thanks", STATE)
    assert counting.reads == 1
    EmbeddedModel(Loaded(counting))._read("what does this look like?", STATE)
    assert counting.reads == 1  # the others agree on it
