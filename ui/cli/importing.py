"""What `import` prints: a bar while it reads, a table of what was imported, and everything left out with its reason."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tools.pipelines.importers.annotated_lesion import ImportFailure, LeftOutItem
from tools.pipelines.importers.run import ImportOptions, import_annotations
from tools.pipelines.importers.write import ImportSummary
from ui.cli.terminal import make_console, progress_bars, say, settings_with


def run_import(what: Path, out: Path, labels: tuple[str, ...], source: str | None, each_reader: bool) -> None:
    """Import and tell what came of it. Raises ImportFailure."""
    from tools.intake.intake import intake_limits
    from tools.pipelines.demo import patient_keys

    settings = settings_with()
    options = ImportOptions(labels, source, each_reader)
    with progress_bars() as progress:
        limits = intake_limits(settings, follow_links=True)
        try:
            summary = import_annotations(what, out, patient_keys(settings), limits, options, progress)
        except ImportFailure as failure:
            _say_left_out(failure.left_out)
            raise
    _say_left_out(summary.left_out)
    print_import(summary, out)


def print_import(summary: ImportSummary, out: Path) -> None:
    """Print what was imported as a table on standard output."""
    from rich.table import Table

    table = Table(title=f"{summary.lesions} lesions of {summary.patients} patients")
    table.add_column("lesion type")
    table.add_column("lesions", justify="right")
    for name, count in [*summary.by_type.items(), *([("unknown", summary.untyped)] if summary.untyped else [])]:
        table.add_row(name, str(count))
    make_console().print(table)
    say(f"Written to {out}; next: lesion-search index {out} --atlas ATLAS_FOLDER")


def _say_left_out(left_out: Iterable[LeftOutItem]) -> None:
    """Say everything that was left out, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for item in left_out:
        by_reason[item.reason].append(item.what)
    for reason, items in by_reason.items():
        say(f"{len(items)} × {reason}: {', '.join(items)}.")
