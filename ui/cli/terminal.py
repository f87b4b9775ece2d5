"""What the command line shares: settings, progress bars, one conversation, and how answers are printed."""

import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from encoder.errors import LesionSearchError, storage_error
from tools.domain.lesions import check_hits
from tools.domain.number_words import likeness, number, percent
from tools.domain.region import PixelBox, Region, RegionError
from tools.scratch import lasting_folder
from tools.settings import Settings, get_settings
from ui.cli.arguments import check_study, parse_roi

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.agent.assistant import Assistant
    from assistant.core.events import Answer
    from tools.domain.facts import SearchFacts
    from tools.domain.lesions import Filters
    from tools.domain.progress import StageProgress
    from tools.domain.study import Series, Study
    from tools.workspace.session import Session, Workspace

NEW_CONVERSATION = "/new"
PIPED_WIDTH = 10_000  # columns, where no screen sets a limit


class ScriptError(LesionSearchError):
    """The file of messages cannot be read."""


def say(text: str) -> None:
    """Print one line to standard error."""
    typer.echo(text, err=True)


def settings_with(atlas: str | Sequence[str] | None = None, **overrides: str | None) -> Settings:
    """Read the settings of the environment, with what was given on the command line in their place.

    `atlas` may name several, which are searched together.
    """
    update: dict[str, object] = {name: value for name, value in overrides.items() if value is not None}
    if atlas:
        first, *more = [atlas] if isinstance(atlas, str) else atlas
        update |= {"atlas": first, "more_atlases": tuple(more)}
    return get_settings().model_copy(update=update)


def login_of(auth: str | None, settings: Settings) -> str | None:
    """Complete `--auth` with a password that is typed, where nothing else names one. Warns of one that others see."""
    auth = auth or settings.auth
    if auth and ":" in auth and sys.argv[1:] and any(auth in argument for argument in sys.argv):
        say("A password on the command line is seen by every user of this machine: use LESION_SEARCH_PASSWORD.")
    known = settings.password is not None or settings.password_file is not None
    if auth and ":" not in auth and not known and sys.stdin.isatty():
        return f"{auth}:{typer.prompt(f'Password for {auth}', hide_input=True, err=True)}"
    return auth


@contextmanager
def progress_bars() -> Iterator["StageProgress"]:
    """Show progress on standard error: one bar per kind of work, with the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def update(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield update


@contextmanager
def open_workspace(
    settings: Settings, path: Path, series_number: int | None = None, reports: Path | None = None
) -> Iterator["Workspace"]:
    """Open a study in a session that is deleted afterwards; its reports are moved to `reports` first.

    `series_number` is that of `--series`, from 1; None is the first. Raises IntakeError, AtlasError, SessionError.
    """
    check_study(path, settings)
    from tools.intake.intake import intake_limits, read_study
    from tools.pipelines.demo import open_workspace_parts, patient_keys
    from tools.workspace.session import Session, Workspace

    study = read_study(path, patient_keys(settings), intake_limits(settings, follow_links=True))
    session = Session(Path(tempfile.mkdtemp(prefix="lesion-search-")))
    session.open(study)
    try:
        if series_number is not None:
            session.choose_series_number(series_number)
        for sentence in (*study.skipped, *session.series.warnings, *_listed(study, session.series)):
            say(sentence)
        with progress_bars() as progress:
            embedder, atlas = open_workspace_parts(settings, progress)
        yield Workspace(session, atlas, embedder)
        if reports is not None:
            _keep_reports(session, reports)
    finally:
        session.close()


def _listed(study: "Study", shown: "Series") -> list[str]:
    """List the series of a study that holds several, and say which is open."""
    from assistant.wording.study_answers import series_name
    from tools.domain.facts import SeriesFacts

    names = [series_name(series) for series in SeriesFacts.all_of(study)]
    return [f"Series {study.number_of(shown)} is open; --series N opens another: {', '.join(names)}."] if names else []


def add_box(session: "Session", box: PixelBox, slice_number: int | None) -> Region:
    """Add the region of `--roi` on `--slice` (from 1), on the middle slice if that is left out. Raises RegionError."""
    series = session.series
    slices = int(series.volume_hu.shape[0])
    if slice_number is not None and not 1 <= slice_number <= slices:
        raise RegionError(f"There is no slice {slice_number}: this series has slices 1 to {slices}.")
    slice_index = series.middle_slice if slice_number is None else slice_number - 1
    return session.add_box(slice_index, box)


@contextmanager
def open_conversation(
    settings: Settings,
    path: Path,
    roi: str | None,
    slice_number: int | None,
    series_number: int | None,
    reports: Path,
) -> Iterator["Assistant"]:
    """Open a study for an assistant, with the region of `--roi` if one was given. Raises ModelError."""
    box = None if roi is None else parse_roi(roi)
    check_study(path, settings)
    from assistant.agent.assistant import Assistant
    from assistant.models.registry import resolve_model

    resolve_model(settings.model)  # a model that cannot be used is said before a study is read
    with open_workspace(settings, path, series_number, reports) as workspace:
        if box is not None:
            add_box(workspace.session, box, slice_number)
        assistant = Assistant(workspace, settings.model)
        yield assistant


def search_once(
    settings: Settings,
    path: Path,
    roi: str,
    slice_number: int | None,
    series_number: int | None,
    k: int | None,
    filters: "Filters",
) -> tuple["Series", Region, "SearchFacts"]:
    """Search once, without a conversation. Raises FilterError."""
    box = parse_roi(roi)
    if k is not None:
        check_hits(k, settings.max_hits)
    filters.check_bounds()
    check_study(path, settings)
    from tools.workspace.search import search_region

    with open_workspace(settings, path, series_number) as workspace:
        region = add_box(workspace.session, box, slice_number)
        return workspace.session.series, region, search_region(workspace, region.region_id, k, filters)


def messages_of(script: Path | None) -> Iterable[str]:
    """Read the messages of a script, one a line, or those typed at the prompt. Raises ScriptError."""
    if script is None:
        return _typed_messages()
    try:
        lines = script.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ScriptError(f"The script {script.name} cannot be read: it must be a UTF-8 text file.") from None
    messages = [line.strip() for line in lines if line.strip()]
    if not messages:
        raise ScriptError(f"The script {script.name} holds no message: write one a line.")
    return messages


def converse(assistant: "Assistant", messages: Iterable[str], as_json: bool) -> None:
    """Answer message after message; `/new` forgets what was said."""
    from tools.workspace.undo import kept_regions, note_changes

    for message in messages:
        if message == NEW_CONVERSATION:
            assistant.new_conversation()
        else:
            before = kept_regions(assistant.workspace.session)
            print_answer(assistant.ask(message), as_json)
            note_changes(assistant.workspace.session, before)  # so that "undo" brings them back


def print_answer(answer: "Answer", as_json: bool) -> None:
    """Print the answer as text, or as one JSON document on one line."""
    if as_json:
        typer.echo(answer.model_dump_json())
        return
    console = make_console()
    if not console.is_terminal:
        typer.echo(answer.answer)  # Markdown as it was written: nothing is wrapped or cut
        return
    from rich.markdown import Markdown

    console.print(Markdown(answer.answer))


def print_search(found: tuple["Series", Region, "SearchFacts"], as_json: bool) -> None:
    """Print hits and votes as a table, or as one JSON document."""
    series, region, facts = found
    if as_json:
        typer.echo(search_document(series, region, facts))
        return
    from rich.table import Table

    from assistant.wording.search_answers import nothing_found
    from tools.atlas.confidence import LIMIT_WORDS
    from tools.domain.region import OUTLINE_WORDS

    table = Table(title=f"{len(facts.hits)} hits among {facts.candidates} lesions, confidence {facts.confidence}")
    several = any(hit.atlas for hit in facts.hits)
    for column in ("#", "lesion", "type", "similarity", "long axis mm", "sex", "age", "patient", *["atlas"] * several):
        table.add_column(column, overflow="fold")  # a whole id, on two lines where the screen is narrow
    for hit in facts.hits:
        long_axis = "" if hit.long_axis_mm is None else number(hit.long_axis_mm)
        cells = (hit.rank, hit.lesion_id, hit.lesion_type, likeness(hit.similarity), long_axis, hit.sex)
        further = (hit.age_years, hit.patient_key, *[hit.atlas] * several)
        table.add_row(*("" if c is None else str(c) for c in (*cells, *further)))
    console = make_console()
    if region.outline != "measured":
        console.print(f"{region.region_id}: {OUTLINE_WORDS[region.outline]}.")
    console.print(table)
    if not facts.hits:
        console.print(nothing_found(facts))
    if facts.confidence_limit:
        console.print(f"The confidence is no higher because {LIMIT_WORDS[facts.confidence_limit]}.")
    elif facts.hits and facts.confidence == "none":
        console.print("There is nothing similar: no lesion is alike enough to name a type.")
    if facts.votes:
        console.print("Votes: " + ", ".join(f"{v.lesion_type} {percent(v.probability)}" for v in facts.votes))


def make_console() -> "Console":
    """Make the console of standard output; what is piped is never wrapped, so that ids stay whole."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


def search_document(series: "Series", region: Region, facts: "SearchFacts") -> str:
    """Write the JSON document of `search --json`; values that are not HU are none."""
    import json

    m, box, in_hu = region.measurement, region.box, series.facts.units == "HU"
    document = {
        "region": {
            "region_id": region.region_id,
            "slice": region.slice_index + 1,
            "box": [box.x0, box.y0, box.x1, box.y1],
            "outline": region.outline,
            "long_axis_mm": m.long_axis_mm,
            "short_axis_mm": m.short_axis_mm,
            "area_mm2": m.area_mm2,
            "mean_hu": m.mean_hu if in_hu else None,
            "sd_hu": m.sd_hu if in_hu else None,
            "min_hu": m.min_hu if in_hu else None,
            "max_hu": m.max_hu if in_hu else None,
        },
        "hits": [hit.model_dump() for hit in facts.hits],
        "votes": [vote.model_dump() for vote in facts.votes],
        "confidence": facts.confidence,
        "confidence_limit": facts.confidence_limit,
        "body_part_seen": facts.body_part_seen,
        "body_part_certainty": facts.body_part_certainty,
        "candidates": facts.candidates,
        "own_patient": facts.own_patient,
        "filters": facts.filters.model_dump(),
        "units": series.facts.units,
        "warnings": series.warnings,
    }
    return json.dumps(document)


def _typed_messages() -> Iterator[str]:
    if sys.stdin.isatty():
        say("Ask about the study. /new starts a new conversation, an empty line or Ctrl-D ends.")
    while True:
        try:
            message = input("> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return
        if not message and sys.stdin.isatty():
            return
        if message:
            yield message


def _keep_reports(session: "Session", reports: Path) -> None:
    """Move reports where they were wanted, or else to a temporary folder. Raises StorageError in that case."""
    for file in sorted(session.folder.iterdir()) if session.folder.exists() else ():
        try:
            reports.mkdir(parents=True, exist_ok=True)
            place = _unused(reports / file.name)
            shutil.move(file, place)
        except OSError as error:
            kept = shutil.move(file, tempfile.mkdtemp(prefix="lesion-search-report-", dir=lasting_folder()))
            raise storage_error(error, str(reports), f"The report was kept as {kept}") from error
        say(f"Report written to {place}")


def _unused(path: Path) -> Path:
    """Give a file that ends with a number the next one that is free: no report replaces another."""
    stem, number = path.stem.rsplit("-", 1)
    places = (path.with_name(f"{stem}-{n}{path.suffix}") for n in itertools.count(int(number)))
    return next(place for place in places if not place.exists())
