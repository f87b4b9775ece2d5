"""Figures are readable PNG files of what they are given."""

import builtins

import numpy as np
import pytest
from PIL import Image

from eval.encoder.plots import Failure, FigureError, embedding_map, failure_gallery, heat_maps, precision_recall


def size(path) -> tuple[int, int]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert len(image.convert("L").getcolors(256)) > 2  # something is drawn
        return image.size


def test_every_figure_is_a_png(tmp_path):
    curve = np.linspace(1, 0.3, 11)
    wide = precision_recall({"a": {"m": curve}, "b": {"m": curve}}, {"a": 0.3, "b": 0.5}, tmp_path / "new" / "pr.png")
    assert size(wide)[0] > size(wide)[1]
    points = np.random.default_rng(0).normal(size=(20, 2))
    size(embedding_map(points, {"type": np.repeat(["x", "y"], 10)}, tmp_path / "map.png"))
    images = np.random.default_rng(0).integers(0, 255, (3, 64, 64)).astype(np.uint8)
    failure = Failure(images[0], "query", images[1:], ("near", "far"), (True, False))
    one, two = (failure_gallery([failure] * count, tmp_path / f"{count}.png") for count in (1, 2))
    assert size(two)[1] == 2 * size(one)[1]
    size(
        heat_maps({"1": np.eye(2), "2": np.ones((2, 2))}, (0.1, 1), (0.2, 2), ("1", 0, 1), "score", tmp_path / "h.png")
    )


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(FigureError, match=r"lesion-search\[figures\]"):
        embedding_map(np.zeros((2, 2)), {"type": np.array(["x", "y"])}, tmp_path / "map.png")


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FigureError, match="cannot be written"):
        embedding_map(np.zeros((2, 2)), {"type": np.array(["x", "y"])}, tmp_path / "file" / "map.png")
