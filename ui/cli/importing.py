"""What `import` prints: a bar while it reads, a table of what was imported, and everything left out with its reason."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from assistant.wording.phrases import counted
from tools.domain.progress import StageProgress
from tools.intake.archive import Archive
from tools.intake.intake import intake_limits
from tools.pipelines.demo import patient_keys
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, ImportJob, LeftOutItem
from tools.pipelines.importers.deeplesion import lesions_of_deeplesion
from tools.pipelines.importers.dicomweb import lesions_of_archive
from tools.pipelines.importers.run import ImportOptions, import_annotations, import_lesions
from tools.pipelines.importers.write import ImportSummary
from ui.cli.arguments import ArgumentError, check_attributes
from ui.cli.terminal import make_console, progress_bars, say, settings_with


def run_import(what: Path, out: Path, options: ImportOptions) -> None:
    """Import a folder, a zip or a file, and tell what came of it. Raises ImportFailure."""
    settings = settings_with()
    limits, keys = intake_limits(settings, follow_links=True), patient_keys(settings)
    _tell(lambda progress: import_annotations(what, out, keys, limits, options, progress), out)


def run_dicomweb_import(url: str, query: list[str], headers: list[str], out: Path, options: ImportOptions) -> None:
    """Import what an archive has, and tell what came of it. Raises ImportFailure, ArgumentError."""
    settings = settings_with()
    token = settings.dicomweb_token
    allowed = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    archive = Archive(url, check_attributes(_pairs(query, "--query")), allowed | _pairs(headers, "--header"))
    limits, keys = intake_limits(settings), patient_keys(settings)
    _tell(
        lambda progress: import_lesions(
            lambda job: lesions_of_archive(archive, job, progress), out, keys, limits, options
        ),
        out,
    )


def run_deeplesion_import(images: Path, csv: Path, out: Path) -> None:
    """Import DeepLesion, and tell what came of it. Raises ImportFailure."""
    settings = settings_with()
    limits, keys = intake_limits(settings), patient_keys(settings)

    def run(progress: StageProgress) -> ImportSummary:
        def read(job: ImportJob) -> Iterator[AnnotatedLesion]:
            job = replace(job, progress=lambda done, total: progress("Reading DeepLesion", done, total))
            return lesions_of_deeplesion(images, csv, job)

        return import_lesions(read, out, keys, limits)

    _tell(run, out)


def _tell(run: Callable[[StageProgress], ImportSummary], out: Path) -> None:
    """Show how far an import is, then what was left out on standard error and what was imported on standard output."""
    try:
        with progress_bars() as progress:
            summary = run(progress)
    except ImportFailure as failure:
        _say_left_out(failure.left_out)
        raise
    _say_left_out(summary.left_out)
    _print_imported(summary)
    say(f"Written to {out}; next: lesion-search index {out} --atlas ATLAS_FOLDER")


def _print_imported(summary: ImportSummary) -> None:
    from rich.table import Table

    table = Table(title=f"{counted(summary.lesions, 'lesion')} of {counted(summary.patients, 'patient')}")
    table.add_column("lesion type")
    table.add_column("lesions", justify="right")
    for name, count in [*summary.by_type.items(), *([("unknown", summary.untyped)] if summary.untyped else [])]:
        table.add_row(name, str(count))
    make_console().print(table)


def _say_left_out(left_out: Iterable[LeftOutItem]) -> None:
    """Say everything that was left out, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for item in left_out:
        by_reason[item.reason].append(item.what)
    for reason, items in by_reason.items():
        say(f"{len(items)} × {reason}: {', '.join(items)}.")


def _pairs(options: list[str], name: str) -> dict[str, str]:
    """Read `NAME=VALUE`. Raises ArgumentError."""
    split = [option.partition("=") for option in options]
    if any(not key.strip() or not equals for key, equals, _ in split):
        raise ArgumentError(f"{name} is written NAME=VALUE, e.g. --query PatientID=4711.")
    return {key.strip(): value.strip() for key, _, value in split}
