"""The offline network learns, stops, goes on, and is read again as it was written."""

import json
from contextlib import suppress

import pytest

from assistant.training.generator.utterances import Kept
from assistant.training.train_adapter import TuneError
from assistant.training.train_network import RUN_FILE, NetworkConfig, run_in_terminal, train_network
from assistant.understanding.network.reader import WEIGHTS, NetworkReader
from tests.assistant.models.tiny_model import make_tiny_base
from tests.assistant.understanding.network.test_reader import STATE

SHORT = NetworkConfig(utterances=640, batch=8, learning_rate=2e-3, checkpoint_s=0.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_base(tmp_path_factory.mktemp("tiny"))


def test_a_run_learns_and_its_files_are_read(base, tmp_path):
    losses = []
    out = train_network(base, tmp_path / "run", SHORT, Kept([]), lambda now: losses.append(now.loss))
    assert losses[-1] < 0.8 * losses[0]
    reader = NetworkReader(out)
    assert reader.network.shape.output_tokens == len(reader.output_tokens)
    with suppress(ValueError):  # after so little it may write what is not of the language
        assert reader.read("similar lesions", STATE).calls


def test_a_run_that_stopped_goes_on_with_the_sentences_it_had_not_seen(base, tmp_path):
    seen = []

    def stop_later(now):
        seen.append(now.done)
        if now.done > 450:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_network(base, tmp_path, SHORT, Kept([]), stop_later)
    assert json.loads((tmp_path / "run.json").read_text())["done"] == 400
    again = []
    train_network(base, tmp_path, SHORT, Kept([]), lambda now: again.append(now.done))
    assert min(again) >= 400
    with pytest.raises(TuneError, match="other settings"):
        train_network(base, tmp_path, SHORT.model_copy(update={"seed": 1}), Kept([]))


def test_the_shipped_network_is_of_the_recipe_that_the_command_has():
    told = json.loads((WEIGHTS / RUN_FILE).read_text())
    assert NetworkConfig.model_validate(told["config"]) == NetworkConfig()
    assert told["done"] == NetworkConfig().utterances


def test_without_the_conversations_to_keep_out_it_does_not_begin(tmp_path):
    with pytest.raises(TuneError, match="is no folder"):
        run_in_terminal(tmp_path, tmp_path / "run", SHORT, tmp_path / "nowhere")
