"""One way to round."""

from tools.domain.number_words import likeness, number, percent, size


def test_numbers_have_one_decimal_and_no_zero_at_the_end() -> None:
    assert [number(v) for v in (20.0, 12.34, 0.04, 1234.56)] == ["20", "12.3", "0", "1234.6"]
    assert size(20.0, 12.5) == "20 × 12.5 mm"
    assert (size(18.24), size(None)) == ("18.2 mm", "")


def test_what_is_not_certain_is_not_written_as_certain() -> None:
    assert [percent(p) for p in (0, 0.004, 0.5, 0.994, 0.9996, 1)] == [
        "0%",
        "under 1%",
        "50%",
        "over 99%",
        "over 99%",
        "100%",
    ]
    assert [likeness(s) for s in (0.5, 0.984, 0.9899, 1)] == ["0.50", "0.98", "0.990", "1.000"]
