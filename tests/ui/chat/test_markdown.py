"""What people type is shown as they typed it, and nothing that is shown fetches anything."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from ui.chat.markdown import escaped, unescaped, without_html

pytestmark = pytest.mark.hypothesis
LINES = st.text(st.sampled_from("ab1 <>/!?\\`*_~&#;[]():.+-=\"'") | st.characters(blacklist_categories=["Cs", "Cc"]))


@given(LINES)
@settings(max_examples=examples(300))
def test_what_is_escaped_comes_back(line: str) -> None:
    assert unescaped(escaped(line)) == line


@given(LINES)
@settings(max_examples=examples(300))
def test_no_tag_and_no_image_is_left(line: str) -> None:
    shown = without_html(line)
    assert not re.search(r"<[A-Za-z/!?]|!\[", shown)


@pytest.mark.parametrize(
    "question", ["Is R1 > 10 mm and < 50 HU?", "lesions like [P0016-S2-L03]", "P1_S2, 3-5 mm, ok?"]
)
def test_usual_questions_stay_as_they_are(question: str) -> None:
    assert escaped(question) == question
