"""Every module of the page can be fetched under its own version, and nothing else."""

import posixpath
import re
from typing import Any

import pytest

from ui.browser.modules import address, mounting, preloads, sources, version


def test_modules_are_served_for_good_as_scripts(client: Any) -> None:
    for path, text in sources().items():
        reply = client.get(f"/{address(path)}")
        assert reply.status_code == 200
        assert reply.content == text
        assert reply.headers["content-type"].startswith("text/javascript")  # browsers refuse another type
        assert "immutable" in reply.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["0123456789abcdef/viewer/js/viewer.js", "{}/viewer/viewer.py", "{}/viewer/js/..%2F..%2Fserver%2Fapp.py", "{}/"],
)
def test_another_version_and_other_files_are_not_there(client: Any, path: str) -> None:
    assert client.get("/modules/" + path.format(version())).status_code == 404


def test_imports_between_modules_lead_to_modules() -> None:
    for path, text in sources().items():
        for wanted in re.findall(r'^import .*?from "(.+?)";$', text.decode(), re.MULTILINE | re.DOTALL):
            assert wanted.startswith("."), f"{path} imports {wanted}, which no server here knows"
            assert posixpath.normpath(posixpath.join(posixpath.dirname(path), wanted)) in sources(), (path, wanted)


def test_viewer_and_gallery_do_not_know_each_other() -> None:
    for path, text in sources().items():
        folder = path.split("/")[0]
        imported = set(re.findall(r'from "\.\./\.\./(\w+)/', text.decode()))
        assert imported <= {"browser"} - {folder}, path


def test_no_module_is_long() -> None:
    assert {path for path, text in sources().items() if text.count(b"\n") > 400} == set()


def test_addresses_are_relative_and_unknown_modules_are_a_fault_of_the_program() -> None:
    assert not address("viewer/js/viewer.js").startswith(("/", "http"))
    assert preloads().count("modulepreload") == len(sources())
    with pytest.raises(KeyError):
        address("viewer/js/nothing.js")
    with pytest.raises(KeyError):
        mounting("viewer/js/nothing.js", ("act",))
