"""Shorthand for a search: a few signs a filter, each number of the text in the call and none besides."""

import random
import re

import pytest

from assistant.core.turn_state import TurnState
from assistant.training.generator.phrase_tables import TYPE_NAMES
from assistant.training.generator.scenes import Scene
from assistant.training.generator.telegraphic import SEARCH, shorthand
from assistant.understanding.call_language import language


@pytest.mark.parametrize("seed", range(60))
def test_each_number_is_said_and_meant(seed):
    scene = Scene(regions=3, hits=seed % 2 == 0)
    text, (said,) = shorthand(random.Random(seed), scene)
    written = said.written()
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    meant = [
        n for key, value in written.items() if key not in ("do", "in", "not") for n in re.findall(r"[\d.]+", value)
    ]
    assert sorted(numbers) == sorted(meant)
    assert language(TurnState(atlas_types=TYPE_NAMES)).fullmatch(
        f"[{said.model_dump_json(exclude_defaults=True, by_alias=True)}]"
    )
    names_a_search = bool(set(re.findall(r"\w+", text)) & set(SEARCH))
    assert said.do == ("refine" if scene.hits and not names_a_search and "region" not in written else "search")
