"""The shipped network reads messages; whatever happens to it, the tables read on."""

import threading

import pytest
import torch

from assistant.embedded_model import CalledOffError
from assistant.offline import OfflineModel
from assistant.offline_network import OfflineNetwork, Shape
from assistant.offline_reader import offline_reader, prefix_ids
from assistant.state import TurnState
from assistant.understanding import understand
from tests.assistant.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("abdomen", "bone", "kidney", "liver", "lung", "mediastinum",
                                                     "pelvis", "soft tissue")})  # fmt: skip


def test_it_reads_filters_of_a_search():
    reading = offline_reader().read("show me similar lesions in women over 60", STATE)
    assert reading.text == '[{"do":"search","sex":"F","age":">60"}]'
    assert 0.5 < reading.sureness <= 1
    assert set(reading.confidence[0]) == {"do", "sex", "age"}
    assert all(0 < fork.chance < 0.5 for fork in reading.forks)


def test_it_goes_on_from_a_fork_and_remembers_how_likely_that_was():
    reader = offline_reader()
    reading = reader.read("what is it, and how big", STATE)
    for fork in reading.forks[:3]:
        try:
            other = reader.read("what is it, and how big", STATE, begin=fork)
        except ValueError:
            continue
        assert other.text != reading.text
        assert other.sureness <= fork.chance * (1 + 1e-6)


def test_symbols_written_one_by_one_score_as_all_at_once():
    network = OfflineNetwork(Shape(30, 7, width=16, layers=2, heads=2, hidden=32)).eval()
    ids = torch.tensor([[4, 9, 2, 0, 31, 33]])
    whole = network.scores(network(ids, torch.tensor([4])))[0].log_softmax(-1)
    scores, memory = network.next_symbol(ids[:, :4], None)
    torch.testing.assert_close(scores, whole[3])
    for at in (4, 5):
        scores, memory = network.next_symbol(ids[:, at : at + 1], memory)
        torch.testing.assert_close(scores, whole[at])


def test_capitals_accents_and_length_do_not_matter():
    ids = [prefix_ids(offline_reader().tokenizer, "R1", text) for text in ("Läsion im FUSS?", "lasion im fuss?")]
    assert ids[0] == ids[1]
    assert offline_reader().read("similar lesions " + "please " * 500, STATE).said[0].do == "search"


def test_a_reading_can_be_called_off():
    stop = threading.Event()
    stop.set()
    with pytest.raises(CalledOffError):
        offline_reader().read("measure it", STATE, stop=stop)


def test_a_network_that_fails_leaves_the_tables(monkeypatch):
    def broken():
        raise OSError("no weights")

    monkeypatch.setattr("assistant.offline.offline_reader", broken)
    assert OfflineModel()._read("measure R1", STATE) == understand("measure R1", STATE)


def test_another_atlas_than_it_knows_is_left_to_the_tables():
    other = STATE.model_copy(update={"atlas_types": ("thyroid",)})
    message = "similar thyroid lesions in men"
    assert OfflineModel().understood(message, other) == understand(message, other)


def test_a_message_is_read_once_a_turn(monkeypatch):
    read = []

    def once(message: str, state: TurnState):
        read.append(message)
        return understand(message, state)

    model = OfflineModel()
    monkeypatch.setattr(OfflineModel, "understood", lambda self, message, state: once(message, state))
    for _ in range(3):
        model._read("measure it", STATE)
    assert read == ["measure it"]
