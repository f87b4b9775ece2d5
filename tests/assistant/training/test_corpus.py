"""Sentences written with their meaning: in the language, true to their values, and a part never learnt from."""

import random
import re

import pytest

from assistant.core.turn_state import TurnState
from assistant.training.corpus import KEPT_APART, UNSEEN, WrittenError, fill, learnt_from, lines, measured
from assistant.training.corpus import written as draw
from assistant.training.generator.phrase_tables import TYPE_NAMES
from assistant.training.generator.utterances import Kept, distinct, plain
from assistant.understanding.call_language import MAX_CALLS, language, write


def written(folder, *rows):
    folder.mkdir(exist_ok=True)
    (folder / "some.txt").write_text("\n".join(rows), encoding="utf-8")
    return lines(folder)


def test_every_line_is_in_the_language_and_is_filled_whole():
    assert len(lines()) > 1500
    for line in lines():
        filled = fill(line, random.Random(7))
        assert language(TurnState(atlas_types=filled.scene.types), ids=1).fullmatch(write(filled.said)), line
        assert not set("{}|") & set(filled.text), line


def test_no_sentence_is_written_twice():
    said = [(line.types, line.state, re.sub(r"[^\w<>=≤≥{}]+", " ", line.text.casefold()).strip()) for line in lines()]
    assert len(set(said)) == len(said)


def test_a_value_is_the_same_in_sentence_and_calls(tmp_path):
    (line,) = written(tmp_path, "two hits in lung | {R}: {men} between {age} and {age2}, over {size}, {organ} | "
                                "refine in={type} sex=M age={age}-{age2} size=>{size} region={R}")  # fmt: skip
    for seed in range(40):
        filled = fill(line, random.Random(seed), voice=False)
        said = filled.said[0]
        assert filled.scene.line.startswith("R1 R2")
        assert "hits in lung" in filled.scene.line
        assert said.region.lower() in filled.text.lower()
        assert said.types != "lung"
        low, high = map(int, said.age.split("-"))
        assert low < high
        if numbers := re.search(r"between (\d+) and (\d+)", filled.text):
            assert said.age == "-".join(numbers.groups())
        if size := re.search(r"over (\d+) mm", filled.text):
            assert said.size == f">{size.group(1)}mm"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("new | similar ones", "STATE"),
        ("later | similar ones | search", "no state"),
        ("new | similar ones | search in=brain", "not in the language"),
        ("hits on top | similar ones | search", "no filter"),
        ("hits age ~ | similar ones | search", "LOW-HIGH"),
        ("new | similar ones | look", "no call"),
        ("new | similar ones | search colour=red", "unknown"),
        ("new | similar ones | search sex=X", "not of the language"),
        ("new | similar ones | search age=old", "not in the language"),
        ("new | similar ones | search age=>{age}", "does not say age"),
        ("new | {weight} and more | search", "no placeholder"),
    ],
)
def test_a_bad_line_is_named(tmp_path, row, reason):
    with pytest.raises(WrittenError, match=rf"some\.txt, line 2.*{reason}"):
        written(tmp_path, "new | this one | search", row)


def test_a_line_of_types_gives_the_lines_after_it_another_atlas(tmp_path):
    first, second, third = written(
        tmp_path, "new | only liver | search in=liver", "types: hepatic cyst; adenoma; Node B",
        "hits in hepatic_cyst | no, {type} | refine in={type}", "new | nodes in the pancreas | search in=?",
    )  # fmt: skip
    assert first.types == TYPE_NAMES
    assert second.types == third.types == ("hepatic cyst", "adenoma", "Node B")
    named = {fill(second, random.Random(seed), voice=False).said[0].types for seed in range(30)}
    assert named == {"adenoma", "Node B"}
    filled = fill(third, random.Random(0))
    assert filled.scene.types == second.types
    assert filled.said[0].types == "?"


def test_part_of_the_lines_are_filled_in_drawn_atlases_and_none_as_it_was_written(tmp_path):
    (line,) = written(tmp_path, "hits in lung | only {organ}, no bone | refine in={type} not=bone")
    filled = [fill(line, random.Random(seed)) for seed in range(200)]
    other = [one for one in filled if one.scene.types != TYPE_NAMES]
    assert 30 < len(other) < 110
    for one in other:
        names = {one.said[0].types, one.said[0].without, one.scene.filters["in"]} - {"?"}
        assert names <= set(one.scene.types)
    assert all(fill(line, random.Random(seed), voice=False).scene.types == TYPE_NAMES for seed in range(20))


def test_lines_said_together_ask_for_both_in_one_state():
    rng, found = random.Random(5), 0
    for _ in range(4000):
        filled = draw(rng)
        if filled.said[1:] and {"do=" + call.do for call in filled.said} >= {"do=measure", "do=search"}:
            found += 1
        regions = [int(n) for call in filled.said for n in re.findall(r"R(\d)", call.region)]
        assert max(regions, default=0) <= max(filled.scene.regions, 0) or not filled.scene.regions
        assert len(filled.said) <= MAX_CALLS
    assert found > 20


def test_about_one_in_seven_lines_is_kept_apart_and_none_of_them_is_generated():
    of_some = [line for line in lines() if line.file not in UNSEEN]
    apart = [line for line in of_some if line.kept_apart]
    assert abs(len(apart) / len(of_some) - KEPT_APART) < 0.03
    assert not any(line.file in UNSEEN for line in learnt_from())
    apart = [line for line in lines() if line.kept_apart]
    assert not set(apart) & set(learnt_from())
    assert [line for line, _ in measured()] == apart
    whole = {plain(line.text) for line in apart if "{" not in line.text}
    kept = Kept([filled.text for _, filled in measured()])
    made = list(distinct(5, 2000, kept))
    assert not whole & {plain(one.text) for one in made}
    assert not any(kept.holds(one.text) for one in made)


def test_written_sentences_are_a_large_part_of_what_is_learnt_from():
    made = list(distinct(6, 2000))
    assert 0.6 < sum(one.kind == "written" for one in made) / len(made) < 0.8
