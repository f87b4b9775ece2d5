"""The command line. Answers go to standard output, progress and logs to standard error, bad input exits with 2.

Everything heavy is imported inside the command that needs it, so that `--help` answers at once.
"""

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Optional, cast

import typer

from ui.cli.atlas_commands import atlases, encoders
from ui.cli.cases import app as cases_app
from ui.cli.import_commands import imports
from ui.cli.options import (
    HUMAN_CONVERSATIONS,
    AtlasOption,
    AtlasOptions,
    Dicom,
    Encoder,
    Head,
    Json,
    KeepOut,
    LongAxis,
    Model,
    OptionalDicom,
    PresetOption,
    Reports,
    RequiredRoi,
    Roi,
    ScopeOption,
    SentenceSeed,
    SeriesNumber,
    SexOption,
    Slice,
    Tuned,
    Workers,
    Years,
)

app = typer.Typer(
    name="lesion-search",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    """Print the version and stop, whatever else is asked."""
    if wanted:
        from tools import VERSION

        typer.echo(f"lesion-search {VERSION}")
        raise typer.Exit


app.add_typer(imports, name="import")
app.add_typer(atlases, name="atlas")
app.add_typer(encoders, name="encoder")
app.add_typer(cases_app, name="cases")
USAGE_ERROR = cast(type[Exception], typer.BadParameter.__mro__[1])  # click's, or that of the copy inside a newer typer


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="print the version and stop")
    ] = False,
) -> None:
    """Find and explain similar CT lesions. A research and teaching tool, not a diagnosis."""
    if context.invoked_subcommand != "doctor":  # which says itself what is wrong with the temporary folder
        from tools.scratch import own_temporary_folder

        own_temporary_folder()


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 7860,
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reachable from other machines")] = "127.0.0.1",
    atlas: AtlasOptions = None,
    model: Model = None,
    auth: Annotated[Optional[str], typer.Option(metavar="USER", help="ask for a login with this name")] = None,  # noqa: UP045
) -> None:
    """Open the chat in the browser; builds the demo atlas on first use."""
    from ui.server.memory import bound_memory

    bound_memory()
    from ui.cli.terminal import login_of, progress_bars, say, settings_with
    from ui.server.app import build_app, run_server

    settings = settings_with(atlas=atlas, model=model)
    login = login_of(auth, settings)
    if login is None and not settings.hub_users and host not in ("127.0.0.1", "localhost", "::1"):
        if settings.own_cases == "auto":
            settings = settings.model_copy(update={"own_cases": "read"})  # strangers write nothing unless wished
        if settings.dicomweb is not None:
            settings = settings.model_copy(update={"dicomweb": None})
            say("The archive is not offered to other machines without a login: start with --auth NAME.")
    with progress_bars() as progress:
        app = build_app(settings, login, progress)
    run_server(app, host, port, settings.proxies)


@app.command()
def ask(
    path: Dicom,
    question: Annotated[str, typer.Argument(help="what you want to know, in quotes")],
    roi: Roi = None,
    slice_number: Slice = None,
    series_number: SeriesNumber = None,
    model: Model = None,
    atlas: AtlasOptions = None,
    reports: Reports = Path(),
    as_json: Json = False,
) -> None:
    """Ask one question about a study and print the grounded answer."""
    from ui.cli.arguments import check_question
    from ui.cli.terminal import open_conversation, print_answer, settings_with

    check_question(question)
    settings = settings_with(atlas=atlas, model=model)
    with open_conversation(settings, path, roi, slice_number, series_number, reports) as assistant:
        print_answer(assistant.ask(question), as_json)


@app.command()
def chat(
    path: Dicom,
    roi: Roi = None,
    slice_number: Slice = None,
    series_number: SeriesNumber = None,
    model: Model = None,
    atlas: AtlasOptions = None,
    script: Annotated[Optional[Path], typer.Option(help="one message a line; /new starts a new conversation")] = None,  # noqa: UP045
    reports: Reports = Path(),
    as_json: Json = False,
) -> None:
    """Talk about a study in the terminal, or run a script of messages."""
    from ui.cli.terminal import converse, messages_of, open_conversation, settings_with

    settings = settings_with(atlas=atlas, model=model)
    messages = messages_of(script)
    with open_conversation(settings, path, roi, slice_number, series_number, reports) as assistant:
        converse(assistant, messages, as_json)


@app.command()
def search(
    path: Dicom,
    roi: RequiredRoi,
    slice_number: Slice = None,
    series_number: SeriesNumber = None,
    k: Annotated[Optional[int], typer.Option("-k", min=1, help="how many hits; LESION_SEARCH_HITS if left out")] = None,  # noqa: UP045
    types: Annotated[Optional[list[str]], typer.Option("--type", help="lesion type; may be repeated")] = None,  # noqa: UP045
    sex: Annotated[Optional[SexOption], typer.Option(case_sensitive=False, help="of the patients")] = None,  # noqa: UP045
    min_age: Years = None,
    max_age: Years = None,
    min_size_mm: LongAxis = None,
    max_size_mm: LongAxis = None,
    scope: Annotated[ScopeOption, typer.Option(help="whose lesions may be found")] = ScopeOption.cross_patient,
    atlas: AtlasOptions = None,
    as_json: Json = False,
) -> None:
    """Find the atlas lesions most like the one in a box."""
    from tools.domain.lesions import Filters
    from ui.cli.terminal import print_search, search_once, settings_with

    filters = Filters(
        lesion_types=tuple(types or ()),
        sex=sex.value if sex else None,
        min_age=min_age,
        max_age=max_age,
        min_size_mm=min_size_mm,
        max_size_mm=max_size_mm,
        scope=scope.value,
    )
    found = search_once(settings_with(atlas=atlas), path, roi, slice_number, series_number, k, filters)
    print_search(found, as_json)


@app.command()
def index(
    source: Annotated[Path, typer.Argument(metavar="PACK_OR_DICOM_FOLDER", help="ROI pack, or folder of DICOM")],
    atlas: AtlasOption = None,
    workers: Workers = None,
) -> None:
    """Add the lesions of a ROI pack, or suggested regions of DICOM studies, to an atlas. Can be interrupted."""
    from ui.cli.arguments import check_exists
    from ui.cli.terminal import progress_bars, say, settings_with

    check_exists(source, "a ROI pack or a folder of DICOM")
    from tools.pipelines.index import index_source

    settings = settings_with(atlas=atlas)
    with progress_bars() as progress:
        summary = index_source(source, settings, progress, workers)
    for note in summary.notes:
        say(note)
    from assistant.wording.phrases import counted

    say(f"{counted(summary.added, 'lesion')} added, the atlas now holds {summary.total}: {summary.location}")


@app.command()
def mcp(
    path: OptionalDicom = None,
    atlas: AtlasOptions = None,
    model: Model = None,
) -> None:
    """Offer the tools to an assistant of your own by the Model Context Protocol, on standard input and output."""
    from encoder.errors import LesionSearchError
    from ui.cli.terminal import settings_with

    try:
        from ui.mcp.stdio import run_stdio
    except ModuleNotFoundError as error:
        raise LesionSearchError('This command needs a package: pip install "lesion-search[mcp]".') from error
    run_stdio(settings_with(atlas=atlas, model=model), path)


@app.command()
def phantoms(
    out: Annotated[Path, typer.Option(help="folder to write dicom/, pack/ and truth.csv into")],
    patients: Annotated[int, typer.Option(min=1, help="how many, with two studies each")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="the same seed gives the same cases")] = 0,
    segmentations: Annotated[bool, typer.Option("--segmentations", help="and a DICOM SEG of each study")] = False,
) -> None:
    """Write synthetic teaching cases: DICOM series, a ROI pack and the truth."""
    from ui.cli.arguments import check_unused
    from ui.cli.terminal import progress_bars, say

    check_unused(out)
    from tools.pipelines.phantoms.generate import make_phantoms

    with progress_bars() as progress:
        summary = make_phantoms(
            out, patients, seed, lambda n, of: progress("Making teaching cases", n, of), segmentations
        )
    say(f"{summary.lesions} lesions of {summary.patients} synthetic patients written to {out}.")


@app.command()
def embed(
    source: Annotated[Path, typer.Argument(metavar="PACK_OR_NPZ", help="ROI pack, or an .npz with `images`")],
    out: Annotated[Path, typer.Option(help="vectors.npy: float32, one unit row per ROI")],
    head: Annotated[
        Head, typer.Option(help="find lesions that look alike, or the same lesion again")
    ] = Head.look_alike,
    encoder: Encoder = None,
    workers: Workers = None,
) -> None:
    """Embed every ROI of a pack; memory stays flat however long the pack is."""
    from ui.cli.arguments import check_exists
    from ui.cli.terminal import progress_bars, say, settings_with

    check_exists(source, "a ROI pack, an .npz or an .npy")
    from tools.pipelines.embed import embed_pack

    with progress_bars() as progress:
        count, dim = embed_pack(
            source, out, settings_with(encoder=encoder).encoder, progress, head is Head.same_lesion, workers
        )
    say(f"{count} vectors of {dim} numbers written to {out}.")


@app.command()
def train(
    packs: Annotated[list[Path], typer.Argument(metavar="PACK ...", help="ROI packs")],
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="new folder for checkpoints and encoder; runs/latest, or that of --resume, if left out"),
    ] = None,
    preset: Annotated[
        PresetOption, typer.Option(help="the paper's recipe, or what measured best")
    ] = PresetOption.default,
    epochs: Annotated[Optional[int], typer.Option(min=1, help="instead of the preset's")] = None,  # noqa: UP045
    resume: Annotated[Optional[Path], typer.Option(help="folder of an interrupted run; goes on exactly there")] = None,  # noqa: UP045
    train_on_validation: Annotated[
        bool, typer.Option("--train-on-validation", help="also rows whose split is validation; test never")
    ] = False,
) -> None:
    """Train the encoder on ROI packs; says at the end how good it is and what to do with it."""
    from ui.cli.training import run_training

    out = out or resume or Path("runs/latest")
    run_training(packs, out, preset.value, epochs, resume, train_on_validation)


@app.command()
def tune_offline(
    out: Tuned = Path("runs/offline"),
    utterances: Annotated[Optional[int], typer.Option(min=100, help="instead of the recipe's")] = None,  # noqa: UP045
    seed: SentenceSeed = 0,
    keep_out: KeepOut = HUMAN_CONVERSATIONS,
    start: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="a finished network to begin with, e.g. that of this package"),
    ] = None,
) -> None:
    """Train the network of the offline reader, ten minutes on a GPU; or go on from a finished one on two cores."""
    from assistant.training.train_network import CONTINUED, NetworkConfig, run_in_terminal
    from tools.settings import get_settings

    recipe = CONTINUED if start else NetworkConfig()
    config = recipe.model_copy(update={"seed": seed, "utterances": utterances or recipe.utterances})
    run_in_terminal(get_settings().data, out, config, keep_out, start)


@app.command()
def utterances(
    out: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="file to write")],
    count: Annotated[int, typer.Option(min=1, help="distinct sentences")] = 100_000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same sentences")] = 0,
) -> None:
    """Write generated utterances and the calls they mean, one JSON object a line."""
    from assistant.training.generator.utterances import distinct, write_jsonl

    typer.echo(f"{write_jsonl(distinct(seed, count), out)} utterances in {out}", err=True)


@app.command()
def doctor(
    path: OptionalDicom = None,
    atlas: AtlasOptions = None,
    model: Model = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="that `serve` would use")] = 7860,
    as_json: Json = False,
) -> None:
    """Check this installation, and say what is understood of an upload; nothing identifying is printed."""
    from ui.cli.doctor import examine
    from ui.cli.terminal import settings_with

    examine(settings_with(atlas=atlas, model=model), path, port, as_json)


def _say_usage(error: Any) -> None:
    """Word what could not be parsed; where only help was wanted, it is on the screen already."""
    kind = type(error).__name__
    if kind != "NoArgsIsHelpError":
        command = error.ctx.command_path if error.ctx else app.info.name
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        if kind == "MissingParameter" and (meant := getattr(error.param, "help", None)):
            message += f", {meant}"
        elif "unexpected extra argument" in message:
            message += ', so write what belongs together as one, "What is this?" and --roi 254,169,293,205'
        typer.echo(f"lesion-search: {message}: see `{command} --help`.", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run one command, by default that of `sys.argv`: one sentence and exit code 2 for all that a user can act on."""
    from encoder.errors import LesionSearchError, storage_error
    from ui.cli.arguments import check_text

    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        check_text(arguments)
        for command in entry_points(group="lesion_search.commands"):
            if not arguments or arguments[0] in (command.name, "--help"):
                app.add_typer(command.load(), name=command.name)
        code = app(args=arguments, standalone_mode=False)
        if isinstance(code, int) and code:
            sys.exit(code)
    except USAGE_ERROR as error:
        _say_usage(error)
        sys.exit(2)
    except LesionSearchError as error:
        typer.echo(f"lesion-search: {error}", err=True)
        sys.exit(2)
    except OSError as error:  # wherever a disk is full or read-only
        typer.echo(f"lesion-search: {storage_error(error)}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
