"""How the written sentences are measured: the state they are said in, and when two readings are the same."""

import pytest

from assistant.training.corpus import Filled, Line, WrittenError
from assistant.training.generator.scenes import Scene
from assistant.understanding.call_language import ParsedCall, state_line
from assistant.understanding.call_to_request import to_request
from assistant.understanding.message_reader import read_message
from eval.assistant.corpus import CorpusReport, is_read, run, scores, to_markdown, turn_state

SCENES = (
    Scene(study=False),
    Scene(0, "study"),
    Scene(1),
    Scene(2, "search", True),
    Scene(1, "compare", True, {"in": "liver+soft tissue", "sex": "F", "age": "61-", "size": "10-20", "k": "5"}),
    Scene(3, "search", True, {"not": "liver", "age": "-40", "scope": "same"}),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.line)
def test_the_conversation_is_where_the_scene_says(scene):
    assert state_line(turn_state(scene)) == scene.line


def filled(text, scene=SCENES[3], **said):
    return Filled(scene, text, (ParsedCall.model_validate(said),))


def test_two_ways_to_say_the_same_search_are_the_same():
    assert is_read(filled("only women over 60", do="refine", sex="F", age=">60"), read_message)
    assert is_read(filled("only women over 60", do="refine", sex="F", age=">=61"), read_message)


@pytest.mark.parametrize("other", [{"sex": "M"}, {"age": ">60"}, {"do": "measure"}, {"do": "thanks"}])
def test_another_meaning_is_not(other):
    assert not is_read(filled("only women", **{"do": "refine", "sex": "F", **other}), read_message)


@pytest.mark.parametrize(
    ("calls", "others", "same"),
    [
        ("hit hit=1+6", "hit hit=1 ; hit hit=6", True),
        ("measure region=all", "measure region=R1 ; measure region=R2", True),
        ("measure region=all", "measure", False),
        ("search region=R1+R2 sex=F", "search region=R1 sex=F ; search region=R2 sex=F", True),
        ("compare region=R1+R2", "measure region=all", False),
        ("study topic=age+phase", "study topic=phase+age", True),
        ("study topic=age", "study topic=phase", False),
        ("measure", "where", False),
    ],
)
def test_readings_that_do_and_tell_the_same_are_the_same(calls, others, same):
    meant, read = (
        tuple(ParsedCall.model_validate({"do": do, **dict(field.split("=") for field in fields)})
              for do, *fields in map(str.split, text.split(" ; ")))
        for text in (calls, others)
    )  # fmt: skip
    sentence = Filled(SCENES[3], "both", meant)
    assert is_read(sentence, lambda _, state: [to_request(one, state) for one in read]) is same


def test_courtesy_beside_a_request_is_no_request():
    assert is_read(filled("thanks! only women", do="refine", sex="F"), read_message)
    assert not is_read(filled("thanks!", do="refine", sex="F"), read_message)


def test_files_are_told_apart():
    line = Line("hits", "only women", "refine sex=F", "some", 1)
    other = Line("hits", "only men", "refine sex=M", "others", 1)
    found = [(one, filled(one.text, do="refine", sex=one.calls[-1])) for one in (line, other)]

    def read(message, state):
        return (to_request(ParsedCall(do="refine", sex="F"), state),)

    shares = {s.file: (s.exact.right, s.exact.total) for s in scores(found, read).scores}
    assert shares == {"others": (0, 1), "some": (1, 1), "all": (1, 2)}


def test_the_files_that_are_named_are_measured(monkeypatch):
    few = [(Line("hits", "undo", "undo", "some", 1), filled("undo", do="undo"))]
    monkeypatch.setattr("eval.assistant.corpus.measured", lambda: few)
    counts = []
    report = run(progress=lambda done, total: counts.append((done, total)))
    assert isinstance(report, CorpusReport)
    assert counts == [(1, 1)]
    assert "| some | 100.0 %" in to_markdown(report)
    with pytest.raises(WrittenError, match="there is no file others; choose among some"):
        run(["others"])
