"""`lesion-search cases`: the own cases on the command line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from tools.atlas.own_cases import OwnCase, OwnCases
    from tools.domain.facts import CaseFacts

app = typer.Typer(help="Your own cases: saved, listed, changed, deleted, exported, imported.", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(metavar="ID", help="as `cases list` shows it")]
Type = Annotated[Optional[str], typer.Option("--type", help="lesion type, known or new")]  # noqa: UP045
Confirmed = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--confirmed-by", metavar="HOW", help="pathology, follow-up or opinion"),
]
Difficulty = Annotated[Optional[str], typer.Option(help="for learners: easy, medium or hard")]  # noqa: UP045
Note = Annotated[Optional[str], typer.Option(help="teaching note, for people alone; it must name nobody")]  # noqa: UP045


@app.command("save")
def save(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="DICOM file, folder or zip")],
    roi: Annotated[str, typer.Option(metavar="x0,y0,x1,y1", help="box around the lesion, in columns and rows")],
    lesion_type: Annotated[str, typer.Option("--type", help="lesion type, known or new")],
    slice_number: Annotated[Optional[int], typer.Option("--slice", min=1, help="from 1; else the middle one")] = None,  # noqa: UP045
    series_number: Annotated[Optional[int], typer.Option("--series", min=1, help="else the first")] = None,  # noqa: UP045
    confirmed_by: Confirmed = None,
    difficulty: Difficulty = None,
    note: Note = None,
) -> None:
    """Save the lesion in a box among your own cases."""
    from ui.cli.arguments import parse_roi
    from ui.cli.terminal import add_box, open_workspace, settings_with

    box = parse_roi(roi)
    with open_workspace(settings_with(), path, series_number) as workspace:
        from tools.workspace.cases import save_region

        region = add_box(workspace.session, box, slice_number)
        saved = save_region(workspace, region.region_id, lesion_type, confirmed_by, difficulty, note or "")
    typer.echo(saved.statement)


@app.command("list")
def list_cases(
    types: Annotated[Optional[list[str]], typer.Option("--type", help="of this type; may be repeated")] = None,  # noqa: UP045
    confirmed_by: Confirmed = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
) -> None:
    """List your own cases with their notes."""
    found = _own_cases().cases(tuple(types or ()), confirmed_by)
    if as_json:
        typer.echo(json.dumps({"cases": [_facts(case).model_dump() | {"note": case.note} for case in found]}))
        return
    from rich.table import Table

    from assistant.wording.phrases import counted
    from ui.cli.terminal import make_console, say

    if not found:
        say("No own case: save one by `lesion-search cases save PATH --roi x0,y0,x1,y1 --type TYPE`, or on the page.")
        return
    table = Table(title=counted(len(found), "own case"))
    for column in ("case", "type", "long axis mm", "confirmed by", "difficulty", "note"):
        table.add_column(column, overflow="fold")
    for case in found:
        lesion = case.lesion
        size = None if lesion.long_axis_mm is None else f"{lesion.long_axis_mm:.1f}"
        cells = (lesion.lesion_id, lesion.lesion_type, size, lesion.confirmed_by, lesion.difficulty, case.note)
        table.add_row(*(cell or "" for cell in cells))
    make_console().print(table)


@app.command("edit")
def edit(
    case_id: CaseId,
    lesion_type: Type = None,
    confirmed_by: Confirmed = None,
    difficulty: Difficulty = None,
    note: Note = None,
) -> None:
    """Change a case; what is left out stays, an empty text deletes it."""
    from tools.atlas.own_cases import CaseError

    given = {"lesion_type": lesion_type, "confirmed_by": confirmed_by, "difficulty": difficulty}
    changes = {name: value or None for name, value in given.items() if value is not None}
    if not changes and note is None:
        raise CaseError("Nothing was to change: give --type, --confirmed-by, --difficulty or --note.")
    case = _own_cases().edit(case_id, note, **changes)
    typer.echo(f"{case.lesion.lesion_id} is changed.")


@app.command("delete")
def delete(case_id: CaseId) -> None:
    """Delete a case with its pictures and its note; this cannot be undone here."""
    _own_cases().delete(case_id)
    typer.echo(f"{case_id} is deleted.")


@app.command("export")
def export(
    out: Annotated[Path, typer.Option(help="new folder of a ROI pack, or a new .zip of one")],
    types: Annotated[Optional[list[str]], typer.Option("--type", help="of this type; may be repeated")] = None,  # noqa: UP045
) -> None:
    """Write your own cases as a ROI pack, notes included: for a colleague, or for training."""
    from assistant.wording.phrases import counted
    from tools.pipelines.case_exchange import export_cases

    typer.echo(f"{counted(export_cases(_own_cases(), out, tuple(types or ())), 'case')} written to {out}.")


@app.command("import")
def import_cases(
    source: Annotated[Path, typer.Argument(metavar="PACK_OR_ZIP", help="what `cases export` wrote, or any ROI pack")],
) -> None:
    """Add a colleague's cases to your own."""
    from tools.pipelines.case_exchange import import_cases as run
    from ui.cli.terminal import say

    summary = run(_own_cases(), source)
    for sentence in summary.notes:
        say(sentence)
    typer.echo(f"{summary.added} of {summary.cases} cases added or changed.")


def _own_cases() -> "OwnCases":
    """Open the own cases of this installation. Raises CaseError where they are turned off."""
    from tools.pipelines.demo import open_own_cases
    from tools.settings import get_settings

    return open_own_cases(get_settings())


def _facts(case: "OwnCase") -> "CaseFacts":
    from tools.domain.facts import CaseFacts

    return CaseFacts.of(case.lesion, bool(case.note))
