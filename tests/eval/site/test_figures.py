"""Every figure of the documentation is drawn, and shows something."""

import numpy as np
import pytest
from PIL import Image

from eval.assistant.conversations import DemoInstallation
from eval.site.figures import draw_figures
from eval.site.grounding_example import grounding_table
from tests.conftest import REPO


def test_figures_are_drawn_and_are_those_that_the_pages_show(demo, tmp_path):
    drawn = draw_figures(tmp_path, demo.settings, others=2)
    pages = "".join((REPO / "docs" / "explanation" / name).read_text() for name in ("method.md", "limits.md"))
    for path in drawn:
        assert f"(../images/{path.name})" in pages
        grey = np.asarray(Image.open(path).convert("L"))
        assert min(grey.shape) > 200
        assert grey.std() > 20


@pytest.fixture
def rows(demo):
    table = grounding_table(DemoInstallation(demo.settings)).splitlines()[2:]
    return [row.strip("| ").split(" | ") for row in table]


def test_written_sentences_are_carried_and_false_ones_are_cut(rows):
    assert [check for what, _, check in rows if what == "as written"] == ["carried"] * 3
    false = [check for what, _, check in rows if what.startswith("false")]
    assert len(false) >= 10
    assert all(check.startswith("cut: ") for check in false)
