"""The data-size curve: from a tuning run's folder to the table in the adapter's card."""

from eval.assistant.message_readers import (
    AS_IT_COMES,
    CURVE,
    ReaderScore,
    UnderstandingReport,
    adapters_of,
    curve_to_markdown,
    keep_curve,
)
from eval.metrics import Share


def _score(name: str, right: int) -> ReaderScore:
    return ReaderScore(name=name, exact=Share(right=right, total=10), p50_s=0.1, p95_s=0.2)


def test_adapters_are_named_by_what_they_learnt_from_in_order_of_it(tmp_path):
    for count in (16000, 500, 2000):
        (tmp_path / f"at-{count}").mkdir()
    names = [name for name, _ in adapters_of(tmp_path)]
    assert names == ["tuned on 500", "tuned on 2000", "tuned on 16000", "tuned"]


def test_the_kept_curve_begins_with_the_untuned_model_and_leaves_other_readers_out(tmp_path):
    names = {"planner": 9, AS_IT_COMES: 1, "tuned on 500": 4, "tuned on 2000": 7, "both": 10}
    report = UnderstandingReport(split="test", scores=tuple(_score(*one) for one in names.items()))
    keep_curve(report, tmp_path / "curve.json")
    rows = curve_to_markdown(tmp_path / "curve.json").splitlines()[4:]
    assert [row.split("|")[1].strip() for row in rows] == ["none", "500", "2000"]
    assert [row.split("|")[2].split("(")[1].split(";")[0] for row in rows] == ["1/10", "4/10", "7/10"]


def test_the_curve_in_the_card_rises():
    report = UnderstandingReport.model_validate_json(CURVE.read_text())
    shares = [s.exact.right for s in report.scores if s.name == AS_IT_COMES or s.name.startswith("tuned on ")]
    assert len(shares) >= 4  # untuned, and three lengths
    assert shares[0] < shares[1] < shares[-1]
