"""The small phrases every answer is made of."""

from assistant.wording.phrases import bounds, filter_phrases, person
from tests.assistant.facts import TYPES
from tools.domain.lesions import Filters


def test_filters_are_said_in_words() -> None:
    said = Filters(lesion_types=("liver",), sex="F", min_age=61, min_size_mm=10, max_size_mm=20, scope="all")
    assert filter_phrases(said, TYPES) == [
        "only liver", "women", "aged 61 or over", "long axis 10 to 20 mm", "all patients, this one included",
    ]  # fmt: skip
    without = Filters(lesion_types=tuple(t for t in TYPES if t != "liver"))
    assert filter_phrases(without, TYPES) == ["everything but liver"]


def test_small_phrases() -> None:
    assert person("F", 63) == "woman of 63"
    assert person("M", 12) == "boy of 12"
    assert person(None, 50) == "patient of 50"
    assert person("F", 0) == "girl under 1 year"
    assert person(None, 0) == "child under 1 year"
    assert person("M", 90) == "man of 90 or older"
    assert bounds("aged", None, 39, "") == ["aged 39 or under"]
