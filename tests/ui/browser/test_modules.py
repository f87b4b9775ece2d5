"""The page's modules are joined in order, each in a scope of its own, and what cannot be joined is refused."""

import re
from pathlib import Path

import pytest

from ui.browser import modules
from ui.browser.modules import UI, bundle, mounting, script
from ui.server.theme import AT_ONCE, PARTS, head

ALL = sorted(path.relative_to(UI).as_posix() for path in UI.glob("*/js/*.js"))
ENTRIES = (*AT_ONCE, *PARTS)


def joined(text: str) -> list[str]:
    return re.findall(r'^modules\["(.+?)"\] = ', text, re.MULTILINE)


def test_every_module_is_on_the_page() -> None:
    assert sorted({path for entry in ENTRIES for path in joined(bundle(entry))}) == ALL


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_module_comes_once_and_after_what_it_imports(entry: str) -> None:
    order = joined(bundle(entry))
    assert order[-1] == entry
    assert len(order) == len(set(order))
    for path in order:
        imported = re.findall(r'= modules\["(.+?)"\];', bundle(path).split(f'modules["{path}"] = ')[1])
        assert set(imported) <= set(order[: order.index(path)])


def test_viewer_and_gallery_do_not_know_each_other() -> None:
    for path in ALL:
        known = {imported.split("/")[0] for imported in joined(bundle(path))}
        assert known <= {"browser", path.split("/")[0]}


def test_no_module_is_long() -> None:
    assert [path for path in ALL if (UI / path).read_text(encoding="utf-8").count("\n") > 400] == []


def test_events_and_scripts_are_where_gradio_looks_for_them() -> None:
    assert '"act"' in mounting("viewer/js/viewer.js")
    assert '"search"' in mounting("gallery/js/gallery.js")
    assert script("server/js/theme.js").startswith("<script>")


def test_what_gradio_copies_with_every_reply_is_short() -> None:
    assert max(len(mounting(entry)) for entry in PARTS) < 300
    assert all(f'modules["{entry}"] = ' in head() for entry in PARTS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(modules, "UI", tmp_path)
    return tmp_path


def test_names_are_joined_as_they_are_imported(folder: Path) -> None:
    (folder / "a.js").write_text(
        'import { one as first, two } from "./b.js";\nimport * as all from "./b.js";\nfirst();\n'
    )
    (folder / "b.js").write_text("export const one = () => 1;\nexport async function two() {}\nconst three = 3;\n")
    text = bundle("a.js")
    assert 'const { one: first, two } = modules["b.js"];' in text
    assert 'const all = modules["b.js"];' in text
    assert "return { one, two };" in text
    assert "export" not in text


@pytest.mark.parametrize(
    "text",
    [
        'import "./b.js";\n',
        'import b from "./b.js";\n',
        "export default 1;\n",
        "export { one };\n",
        'await import("./b.js");\n',
    ],
)
def test_other_forms_are_refused(folder: Path, text: str) -> None:
    (folder / "a.js").write_text(text)
    (folder / "b.js").write_text("export const one = 1;\n")
    with pytest.raises(ValueError, match=r"a\.js: this form"):
        bundle("a.js")


def test_a_circle_is_refused(folder: Path) -> None:
    (folder / "a.js").write_text('import { b } from "./b.js";\nexport const a = 1;\n')
    (folder / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;\n')
    with pytest.raises(ValueError, match="circle"):
        bundle("a.js")
