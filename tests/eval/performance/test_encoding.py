"""The speed report measures what it says; how fast is not asserted, machines differ."""

from encoder.embedder import load_embedder
from eval.performance.encoding import measure_speed, to_markdown


def test_the_report_is_complete_and_frangi_is_exact():
    report = measure_speed(load_embedder(), rois=40, repeats=1)
    assert report.frangi_largest_difference < 1e-5
    assert report.encoding_rois_per_s > 0
    assert report.paper_rois_per_s > 0
    assert "| whole encoding |" in to_markdown(report)
