"""Where there is an archive, who may ask it, and in which words its studies are told."""

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from tools.settings import Settings
from ui.server.archive import archive_of, since

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today"),
        (1, "yesterday"),
        (45, "45 days ago"),
        (90, "3 months ago"),
        (365, "12 months ago"),
        (1100, "3 years ago"),
    ],
)
def test_how_long_ago_a_study_was_made_is_said_and_never_its_date(days, said):
    assert since(TODAY - timedelta(days=days), TODAY) == said


def test_a_date_that_is_not_known_is_said():
    assert since(None, TODAY) == "date not recorded"


def test_the_archive_is_the_configured_one_and_keeps_its_secrets():
    assert archive_of(Settings(dicomweb=None)) is None
    archive = archive_of(
        Settings(dicomweb=SecretStr("https://u:pass@archive/dicom-web"), dicomweb_token=SecretStr("t0ken"))
    )
    assert archive.headers == {"Authorization": "Bearer t0ken"}
    assert "pass" not in repr(archive)
    assert "t0ken" not in repr(archive)
