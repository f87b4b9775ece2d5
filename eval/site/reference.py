"""The reference pages, written from the code: what stands between `<!-- generated: NAME -->` and its end.

`python -m eval.site.reference` writes them anew; a test compares them with the code.
"""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import typer

from eval.documents import insert_tables

REPO = Path(__file__).resolve().parents[2]
PAGES = (*sorted((REPO / "docs" / "reference").glob("*.md")), REPO / "docs" / "explanation" / "limits.md")


def write_reference(pages: Iterable[Path] = PAGES) -> None:
    """Write what the code says into every place that the pages have for it."""
    written = {name: write() for name, write in GENERATED.items()}
    for page in pages:
        insert_tables(page, written, kind="generated")


def command_line() -> str:
    """Describe every command with its arguments and options, as `--help` does."""
    from eval.cli import app as evaluation
    from ui.cli.main import app

    program: Any = typer.main.get_command(app)
    program.commands["eval"] = typer.main.get_command(evaluation)
    return "\n".join(_command(program, "lesion-search"))


def _command(command: Any, name: str) -> Iterator[str]:
    """Describe one command, then those inside it. Commands are click's, whose copy inside typer has no public type."""
    yield f"{'#' * (1 + len(name.split()))} `{name}`\n\n{_cell(command.help)}\n"
    kinds = get_type_hints(inspect.unwrap(command.callback)) if command.callback else {}
    rows = [_row(each, kinds.get(each.name)) for each in command.params if not getattr(each, "hidden", False)]
    if rows:
        yield "| argument or option | what it is | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    for word, sub in getattr(command, "commands", {}).items():
        yield from _command(sub, f"{name} {word}")


def _row(parameter: Any, kind: Any) -> str:
    """Write the row of one argument or option; `kind` is the annotation that it has in our code."""
    value = parameter.metavar or _words_of_kind(kind)
    if parameter.param_type_name == "argument":
        names = parameter.metavar or parameter.name.upper()
    else:
        names = " ".join(filter(None, (", ".join([*parameter.opts, *parameter.secondary_opts]), value)))
    default = "required" if parameter.required else _default(parameter.default)
    return f"| `{_cell(names)}` | {_cell(parameter.help)} | {default} |"


def _words_of_kind(kind: Any) -> str:
    """Say what an option takes: its choices, or what kind of value; nothing for a switch."""
    inner = [each for each in get_args(kind) if each is not NoneType]
    if inner:
        return _words_of_kind(inner[0])
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    return {int: "INTEGER", float: "NUMBER", str: "TEXT", Path: "PATH"}.get(kind, "")


def _default(value: Any) -> str:
    """Show a default; folders of the machine that writes the page are shown as they lie from the repository."""
    if value in (None, False, "", (), []) or callable(value):
        return ""
    if isinstance(value, Path) and value.is_absolute():
        if value.is_relative_to(Path.home()):
            return f"`~/{value.relative_to(Path.home())}`"
        value = Path("..") / value.relative_to(REPO.parent)
    return f"`{_cell(getattr(value, 'value', value))}`"


def _cell(text: Any) -> str:
    """Fit text into one cell of a table."""
    return " ".join(str(text or "").split()).replace("|", "\\|")


def tools() -> str:
    """Describe every tool by its docstring and the schema that a model reads."""
    from tools.agent_tools import TOOLS

    told = []
    for tool in TOOLS:
        told.append(f"## `{tool.name}`\n\n{inspect.cleandoc(tool.description)}\n")
        schema: dict[str, Any] = tool.tool_call_schema.model_json_schema()  # type: ignore[union-attr]
        rows = [
            f"| `{name}` | {_kind(each)} | {_cell(each.get('description'))} "
            f"| {'required' if name in schema.get('required', ()) else _default(each.get('default'))} |"
            for name, each in schema["properties"].items()
        ]
        if rows:
            told.append("| argument | kind | what it is | default |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(told)


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in words what a JSON schema accepts."""
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    bounds = [f"{sign} {schema[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return _cell(" ".join([schema.get("type", "any"), *bounds]))


def settings() -> str:
    """List every setting of the environment, in the order of `tools/settings.py`."""
    from tools.settings import PREFIX, Settings

    def default(value: Any) -> str:
        return "unset" if value in (None, "", {}) else _default(value) or f"`{value}`"

    rows = "".join(
        f"| `{PREFIX}{name.upper()}` | {_cell(each.description)} | {default(each.default)} |\n"
        for name, each in Settings.model_fields.items()
    )
    return "| setting | what it is | default |\n|---|---|---|\n" + rows


def pack_columns() -> str:
    """List the columns of `lesions.csv` with their rules, from `encoder/pack.py`."""
    from encoder import pack
    from encoder.names import ID_RULE, NAME_RULE

    def rule(name: str) -> str:
        if name in pack.CODED_COLUMNS:
            return ", ".join(pack.CODED_COLUMNS[name])
        if name == "lesion_id":
            return ID_RULE
        if name in pack.NAME_COLUMNS:
            return NAME_RULE
        if name in pack.LENGTH_COLUMNS:
            return f"above 0, at most {pack.MAX_LENGTH_MM:.0f}"
        special = {"age_years": f"whole, 0 to {pack.MAX_AGE_YEARS}", "slice": "whole, from 1", "sex": "F, M or O"}
        return special.get(name, "printable text")

    rows = "".join(
        f"| `{name}` | {rule(name)} | {'required' if name in pack.REQUIRED_COLUMNS else ''} |\n"
        for name in pack.COLUMNS
    )
    return "| column | accepted | |\n|---|---|---|\n" + rows


def presets() -> str:
    """Set the training presets side by side, with every constant, from `encoder/training/presets.py`."""
    from encoder.training.presets import PRESETS

    told = []
    for preset in PRESETS.values():
        told.append(f"## `{preset.name}`\n\n{_constants(preset, leave_out=('name', 'stages'))}")
        for stage in preset.stages:
            inside = ("name", "augmentation", "optimization")
            both = {**_values(stage.augmentation), **_values(stage.optimization)}
            told.append(
                f"### `{preset.name}`, stage `{stage.name}`\n\n{_constants(stage, leave_out=inside, more=both)}"
            )
    return "\n".join(told)


def confidence_limits() -> str:
    """List what keeps the confidence of an answer low, from `tools/atlas/confidence.py`."""
    from tools.atlas.confidence import LIMIT_WORDS

    return "".join(f"- {words};\n" for words in LIMIT_WORDS.values())


def _constants(of: Any, leave_out: tuple[str, ...], more: Mapping[str, Any] | None = None) -> str:
    values = {name: value for name, value in _values(of).items() if name not in leave_out} | dict(more or {})
    rows = "".join(f"| `{name}` | {_shown(value)} |\n" for name, value in values.items())
    return "| constant | value |\n|---|---|\n" + rows


def _values(of: Any) -> dict[str, Any]:
    return {each.name: getattr(of, each.name) for each in dataclasses.fields(of)}


def _shown(value: Any) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


GENERATED: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "tools": tools,
    "settings": settings,
    "pack-columns": pack_columns,
    "presets": presets,
    "confidence-limits": confidence_limits,
}

if __name__ == "__main__":
    write_reference()
