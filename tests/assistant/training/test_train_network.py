"""The network learns, stops, goes on, and is read again as it was written."""

import json
from contextlib import suppress
from types import SimpleNamespace

import pytest
import torch

from assistant.training.generator.utterances import Kept
from assistant.training.train_network import (
    RUN_FILE,
    NetworkConfig,
    TuneError,
    begun_from,
    fingerprint,
    run_in_terminal,
    train_network,
)
from assistant.understanding.network.output_tokens import END, output_vocabulary
from assistant.understanding.network.reader import WEIGHTS, NetworkReader, encode_message
from tests.assistant.models.tiny_model import make_tiny_base
from tests.assistant.understanding.network.test_reader import STATE

SHORT = NetworkConfig(utterances=400, batch=4, learning_rate=2e-3, checkpoint_s=0.0, window=200, encoder_layers=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def run(base, tmp_path_factory):
    """A run that was stopped soon after its first checkpoint, and then went on to its end."""
    out = tmp_path_factory.mktemp("run")
    before, after = [], []

    def stop_later(now):
        before.append(now)
        if now.done > 220:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_network(base, out, SHORT, Kept([]), stop_later)
    saved = json.loads((out / RUN_FILE).read_text())
    train_network(base, out, SHORT, Kept([]), after.append)
    return SimpleNamespace(out=out, before=before, saved=saved, after=after)


def test_a_run_learns_and_its_files_are_read(run):
    assert run.after[-1].loss < 0.8 * run.before[0].loss
    reader = NetworkReader(run.out)
    assert reader.network.shape.output_tokens == len(reader.output_tokens)
    with suppress(ValueError):  # after so little it may write what is not of the language
        assert reader.read("similar lesions", STATE)


def test_a_run_that_stopped_goes_on_with_the_sentences_it_had_not_seen(run):
    assert run.saved["done"] == 200
    assert min(now.done for now in run.before) < 200 <= min(now.done for now in run.after)


def test_a_run_begins_where_a_finished_network_ended(base, run, tmp_path):
    config = SHORT.model_copy(update={"utterances": 100, "window": 50, "learning_rate": 1e-4})
    seen = []
    train_network(base, tmp_path, config, Kept([]), seen.append, start=run.out)
    assert seen[0].loss < 1.1 * run.after[-1].loss  # what it knew is not lost
    saved = json.loads((tmp_path / RUN_FILE).read_text())
    assert saved["config"]["begin_from"] == fingerprint(run.out)


def test_a_network_begun_from_another_with_more_of_its_own_layers_scores_as_before(run):
    old = NetworkReader(run.out)
    tokens = output_vocabulary()
    new = begun_from(run.out, tokens, SHORT.model_copy(update={"layers": 4})).eval()
    assert new.shape.layers == 4
    encoded = encode_message(old.tokenizer, "R1", "similar lesions in women over 60", ())
    marks = encoded.ids, encoded.numbers, encoded.types
    end = tokens.index(END)
    was, _ = old.network.next_token(end, old.network.encode(*marks))
    with torch.inference_mode():
        now, _ = new.next_token(end, new.encode(*(torch.tensor([one]) for one in marks)))
    torch.testing.assert_close(now, torch.from_numpy(was), rtol=0.05, atol=0.05)


def test_a_folder_without_a_network_is_not_begun_from(tmp_path):
    with pytest.raises(TuneError, match="holds no network"):
        run_in_terminal(tmp_path, tmp_path / "run", SHORT, tmp_path, tmp_path / "nowhere")


def test_another_recipe_is_not_gone_on_with(base, run):
    with pytest.raises(TuneError, match="other settings"):
        train_network(base, run.out, SHORT.model_copy(update={"seed": 1}), Kept([]))


def test_the_shipped_network_is_of_the_recipe_that_the_command_has():
    saved = json.loads((WEIGHTS / RUN_FILE).read_text())
    assert NetworkConfig.model_validate(saved["config"]) == NetworkConfig()
    assert saved["done"] == NetworkConfig().utterances


def test_without_the_conversations_to_keep_out_it_does_not_begin(tmp_path):
    with pytest.raises(TuneError, match="is no folder"):
        run_in_terminal(tmp_path, tmp_path / "run", SHORT, tmp_path / "nowhere")
