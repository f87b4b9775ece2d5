"""The documentation becomes a site without a warning, and its pages fetch nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as `make docs` builds it; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=REPO,
        capture_output=True,
        text=True,
        env=dict(os.environ, NO_MKDOCS_2_WARNING="1", REPOSITORY_URL="https://code.example/lesion-search"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_documents_beside_the_code_are_pages_and_links_to_code_lead_to_it(site):
    measured = (site / "measured" / "index.html").read_text()
    assert 'href="../MODEL_CARD/"' in measured
    assert (site / "MODEL_CARD" / "index.html").is_file()
    contributing = (site / "CONTRIBUTING" / "index.html").read_text()
    assert 'href="../ARCHITECTURE/"' in contributing
    reader = next(site.rglob("reader/index.html")).read_text()
    assert 'href="https://code.example/lesion-search/blob/main/assistant/understanding/call_language.py"' in reader


def test_tables_and_generated_parts_are_shown_as_such(site):
    settings = (site / "reference" / "settings" / "index.html").read_text()
    assert "<td><code>LESION_SEARCH_MODEL</code></td>" in settings
    assert "<!-- " not in re.sub(r"<!-- (?:generated|measured|end|not run|headline).*?-->", "", settings)


def test_no_page_fetches_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        fetched = re.findall(r'<(?:script|img|source|video|iframe)[^>]* src="(https?://[^"]+)', page.read_text())
        fetched += re.findall(
            r'<link[^>]* rel="(?:stylesheet|preload|icon)"[^>]* href="(https?://[^"]+)', page.read_text()
        )
        assert fetched == [], page


def test_every_page_of_the_reader_has_a_title_and_a_picture_has_words(site):
    for page in (REPO / "docs").rglob("*.md"):
        text = page.read_text()
        assert text.startswith("# "), page
        assert "![](" not in text, page
