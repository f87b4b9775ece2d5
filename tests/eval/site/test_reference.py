"""The reference says what the code says."""

import pytest

from eval.documents import insert_tables, read_tables
from eval.site.reference import GENERATED, PAGES, write_reference
from tools.agent_tools import TOOLS


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return {name: write() for name, write in GENERATED.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_as_the_code_would_write_it(page, written):
    standing = read_tables(page, "generated")
    assert standing
    for name, text in standing.items():
        assert text.strip() == written[name].strip(), f"run `make docs`: {page.name} is behind the code"


def test_every_part_has_its_page(written):
    assert {name for page in PAGES for name in read_tables(page, "generated")} == set(GENERATED)


def test_commands_tools_and_columns_are_all_there(written):
    for heading in ("lesion-search ask", "lesion-search cases export", "lesion-search eval retrieval"):
        assert f"`{heading}`\n" in written["command-line"]
    assert "| `--sex F\\|M` |" in written["command-line"]
    assert "| `PATH` | DICOM file, folder or zip | required |" in written["command-line"]
    assert [f"## `{tool.name}`" for tool in TOOLS] == [
        li for li in written["tools"].splitlines() if li.startswith("##")
    ]
    assert "`cross-patient`, `all`, `same-patient`" in written["tools"]
    assert "| `frangi_gamma` | 0.0444 |" in written["presets"]
    assert "| `difficulty` | easy, medium, hard |" in written["pack-columns"]


def test_no_folder_of_this_machine_is_shown(written):
    from pathlib import Path

    from tests.conftest import REPO

    assert str(REPO.parent) not in "".join(written.values())
    assert str(Path.home()) not in "".join(written.values())


def test_what_is_measured_stays_beside_what_is_generated(tmp_path):
    page = tmp_path / "page.md"
    both = "<!-- measured: a -->\nold\n<!-- end: a -->\n<!-- generated: settings -->\nold\n<!-- end: settings -->\n"
    page.write_text(both)
    write_reference([page])
    assert "LESION_SEARCH_MODEL" in page.read_text()
    assert read_tables(page) == {"a": "old\n"}
    insert_tables(page, {"a": "new"})
    assert "LESION_SEARCH_MODEL" in page.read_text()
