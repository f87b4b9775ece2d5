"""What an installation is made of is read off what is installed."""

from eval.performance.installation import measure_installation, read_purposes, to_markdown


def test_a_requirement_is_for_what_stands_above_it():
    text = "# What is installed.\n\n# DICOM\n# reads files\n# with care\npydicom>=3\nhost<3\n\n# people\ngradio>=6,<7\n"
    assert read_purposes(text) == {"pydicom>=3": "reads files", "host<3": "", "gradio>=6,<7": "people"}


def test_packages_are_found_through_those_that_need_them():
    report = measure_installation()
    by_name = {package.name: package for package in report.packages}
    assert by_name["torch"].purpose.startswith("trains")
    assert by_name["pandas"].purpose == "needed by gradio"
    assert 1 < by_name["numpy"].mb < 200
    assert "pytest" not in by_name  # an extra's
    assert 50 < report.weights_mb < 90
    table = to_markdown(report)
    assert "| torch |" in table
    assert table.splitlines()[-1].startswith("| together |")
