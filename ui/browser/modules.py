"""The page's ES modules (`ui/*/js/`), joined into the scripts of the page's head.

Fetching the modules one by one made the page a fifth slower to its first picture. So the server joins them when it
starts; in the tests they run as the modules they are.
"""

import json
import posixpath
import re
from pathlib import Path

UI = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_EVENT = re.compile(r'trigger\("(\w+)"')
_PARTS = "pageParts"
_LEFT = re.compile(r"^(?:import|export)\b.*|.*\bimport[.(].*", re.MULTILINE)


def bundle(*entries: str) -> str:
    """Join the modules at `entries` (paths within `ui/`, as `viewer/js/viewer.js`) and all that they import.

    Each becomes a function that is called once, after those it imports, and returns what it exports into `modules`.
    Understood are named and `* as` imports of relative paths, and exported functions, classes and single constants;
    raises ValueError for any other form, and for modules that import each other in a circle.
    """
    joined: dict[str, str] = {}
    for entry in entries:
        _join(entry, joined, ())
    return "\n".join(["const modules = {};", *joined.values()])


def script(*entries: str, and_then: str = "") -> str:
    """Write a script element that runs modules, and then a statement that knows them as `modules`."""
    return f"<script>(() => {{\n{bundle(*entries)}\n{and_then}\n}})();</script>"


def script_of_parts(*entries: str) -> str:
    """Write a script element for the page's head with modules that export `mount({element, props, trigger, watch})`."""
    return script(*entries, and_then=f"window.{_PARTS} = modules;")


def mounting(entry: str) -> str:
    """Write the `js_on_load` of a gr.HTML whose module is among `script_of_parts`.

    It is short because Gradio makes a component anew with every reply that leaves it as it is, and searches its script
    for the names of events; they stand in a comment.
    """
    events = sorted(set(_EVENT.findall(bundle(entry))))
    mount = f"{_PARTS}[{json.dumps(entry)}].mount({{ element, props, trigger, watch }});"
    return f"{mount} // {' '.join(map(json.dumps, events))}"


def _join(path: str, joined: dict[str, str], importers: tuple[str, ...]) -> None:
    if path in importers:
        raise ValueError(f"{' imports '.join((*importers, path))}: modules must not import each other in a circle")
    if path in joined:
        return
    text = (UI / path).read_text(encoding="utf-8")
    for _, wanted in _IMPORT.findall(text):
        _join(_resolved(path, wanted), joined, (*importers, path))
    exported = ", ".join(name for _, name in _EXPORT.findall(text))
    text = _EXPORT.sub(r"\1 \2", _IMPORT.sub(lambda found: _imported(path, found[1], found[2]), text))
    if left := _LEFT.search(text):
        raise ValueError(f"{path}: this form of import or export cannot be joined: {left[0]}")
    joined[path] = f'modules[{json.dumps(path)}] = (() => {{\n"use strict";\n{text}return {{ {exported} }};\n}})();'


def _resolved(path: str, wanted: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), wanted))


def _imported(path: str, names: str, wanted: str) -> str:
    target = names.removeprefix("* as ").replace(" as ", ": ")
    return f"const {target} = modules[{json.dumps(_resolved(path, wanted))}];"
