"""The ES modules of the page: which files a browser may fetch, under which address, and how a component starts one.

They are served as they lie in `ui/*/js/`, with no build step. All share one version in their address, so that a browser
keeps them for good and still sees an update; imports between them are relative and carry the version along.
"""

import hashlib
import json
from functools import cache
from pathlib import Path, PurePosixPath

UI = Path(__file__).resolve().parents[1]
MODULES_PREFIX = "modules"
NOT_LOADED = "This part of the page could not be loaded: reload the page."


@cache
def sources() -> dict[str, bytes]:
    """Read every module: path within `ui/`, as `viewer/js/viewer.js`, to its text."""
    return {PurePosixPath(f.relative_to(UI)).as_posix(): f.read_bytes() for f in sorted(UI.glob("*/js/*.js"))}


@cache
def version() -> str:
    """Hash the modules' names and texts: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path, text in sources().items():
        digest.update(f"{path}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:16]


def address(path: str) -> str:
    """Give the address of a module, relative to the page so that it holds behind any prefix of a proxy.

    Raises KeyError where there is no such module.
    """
    if path not in sources():
        raise KeyError(path)
    return f"{MODULES_PREFIX}/{version()}/{path}"


def mounting(path: str, events: tuple[str, ...]) -> str:
    """Write the `js_on_load` of a gr.HTML whose module exports `mount({element, props, trigger, watch})`.

    `events` are those that the module triggers: Gradio knows only events that stand in this text, in quotes. The
    address is resolved against the page here, because Gradio runs this body with `Function`, which has no address of
    its own to resolve an import against.
    """
    return f"""// events: {", ".join(map(json.dumps, events))}
import(new URL({json.dumps(address(path))}, document.baseURI)).then(
  ({{ mount }}) => mount({{ element, props, trigger, watch }}),
  () => {{ element.textContent = {json.dumps(NOT_LOADED)}; }},
);"""


def preloads() -> str:
    """Write the links that fetch all modules at once, while Gradio still builds the page."""
    return "".join(f'<link rel="modulepreload" href="{address(path)}">' for path in sources())
