"""Tuning: it learns, goes on exactly where it stopped, and leaves an adapter that the reader takes."""

import itertools
import json

import pytest
import torch
from safetensors.torch import load_file

from assistant.training.generator.utterances import utterance
from assistant.training.train_adapter import (
    STATE_FILE,
    AdapterConfig,
    TuneError,
    batches,
    fingerprint,
    learning_rate,
    train_adapter,
)
from tests.assistant.models.tiny_model import make_tiny_base

CONFIG = AdapterConfig(utterances=128, batch=16, rank=4, learning_rate=5e-2, checkpoint_s=1e9, snapshots=())


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_base(tmp_path_factory.mktemp("tiny"))


def test_the_rate_rises_stays_and_falls():
    rates = [learning_rate(step, 100, AdapterConfig()) for step in range(100)]
    assert rates[0] < rates[1] == rates[60] == 1e-3
    assert rates[-1] < 1e-5
    assert all(b <= a for a, b in itertools.pairwise(rates[60:]))


def test_batches_hold_every_row_once_and_rows_of_like_length():
    rows = [([1] * (5 + n % 37), [2]) for n in range(2000)]
    plan = batches(rows, 16, seed=0)
    assert sorted(itertools.chain(*plan)) == list(range(2000))
    assert max(max(len(rows[i][0]) for i in b) - min(len(rows[i][0]) for i in b) for b in plan) <= 6
    assert plan[:50] == batches(rows[:800], 16, seed=0)


def test_a_run_learns(base, tmp_path, monkeypatch):
    one = utterance(0, 0)
    monkeypatch.setattr("assistant.training.train_adapter.distinct", lambda _, count, *__: iter([one] * count))

    def last_loss(rate):
        losses = []
        config = CONFIG.model_copy(update={"learning_rate": rate})
        train_adapter(base, tmp_path / str(rate), config, progress=lambda p: losses.append(p.loss))
        return losses[-1]

    assert last_loss(5e-2) < last_loss(1e-9)


class StoppedError(Exception):
    pass


def test_a_stopped_run_goes_on_exactly(base, tmp_path):
    through, stopped = tmp_path / "through", tmp_path / "stopped"
    config = CONFIG.model_copy(update={"utterances": 192, "checkpoint_s": 0.0})
    train_adapter(base, through, config)

    def stop(_):
        raise StoppedError

    with pytest.raises(StoppedError):
        train_adapter(base, stopped, config, progress=stop)
    train_adapter(base, stopped, config)
    one, other = (load_file(f / "adapter_model.safetensors") for f in (through, stopped))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[k], other[k]) for k in one)


def test_another_recipe_is_not_gone_on_with(base, tmp_path):
    train_adapter(base, tmp_path / "a", CONFIG)
    with pytest.raises(TuneError, match="other settings"):
        train_adapter(base, tmp_path / "a", CONFIG.model_copy(update={"rank": 2}))


def test_a_run_begins_with_an_adapter_says_which_and_goes_on(base, tmp_path):
    train_adapter(base, tmp_path / "first", CONFIG)
    still = CONFIG.model_copy(update={"learning_rate": 1e-12})
    train_adapter(base, tmp_path / "second", still, begin_from=tmp_path / "first")
    one, other = (load_file(tmp_path / f / "adapter_model.safetensors") for f in ("first", "second"))
    assert all(torch.allclose(one[k].float(), other[k].float(), atol=1e-3) for k in one)
    assert any(one[k].abs().max() > 0 for k in one if "lora_B" in k)
    recipe = json.loads((tmp_path / "second" / STATE_FILE).read_text())["config"]
    assert recipe["begin_from"] == fingerprint(tmp_path / "first")
    train_adapter(base, tmp_path / "second", still, begin_from=tmp_path / "first")
    with pytest.raises(TuneError, match="other settings"):
        train_adapter(base, tmp_path / "second", still)


def test_an_adapter_of_another_form_is_refused(base, tmp_path):
    train_adapter(base, tmp_path / "first", CONFIG)
    with pytest.raises(TuneError, match="another rank"):
        train_adapter(base, tmp_path / "second", CONFIG.model_copy(update={"rank": 2}), begin_from=tmp_path / "first")
    with pytest.raises(TuneError, match="no adapter_model"):
        train_adapter(base, tmp_path / "third", CONFIG, begin_from=tmp_path / "nothing")
