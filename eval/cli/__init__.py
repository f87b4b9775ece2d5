"""`lesion-search eval …`: every claim of README, docs/measured.md and the model card as a command."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from eval.cli import assistant, encoder, performance, regions
from eval.cli.options import DATA_FOLDER, DataOption

app = typer.Typer(no_args_is_help=True, help="Measure the encoder; Markdown on standard output, or --json.")

for part in (encoder, regions, assistant, performance):
    app.add_typer(part.app)

CARD = "assistant/understanding/network/weights/README.md"  # of the reader
DOCUMENTS = tuple(
    Path(__file__).resolve().parents[2] / name
    for name in ("MODEL_CARD.md", "docs/measured.md", "docs/scale.md", "README.md", CARD)
)


@app.command()
def bench(
    documents: Annotated[Optional[list[Path]], typer.Argument(help="default: model card, docs, README")] = None,  # noqa: UP045
    data: DataOption = DATA_FOLDER,
    only: Annotated[Optional[list[str]], typer.Option(help="name of a table; may be repeated; others stay")] = None,  # noqa: UP045
) -> None:
    """Measure everything that the documents have a table for, and write the tables and their headlines into them.

    Nothing is trained: the ablation's table is made from the figures that `eval ablation` kept.
    """
    from eval.bench import MEASURED
    from eval.documents import insert_headlines, insert_tables, read_tables, wanted_tables

    chosen = documents or DOCUMENTS
    for document in chosen:
        wanted = [name for name in wanted_tables(document) if name in MEASURED and (not only or name in only)]
        tables = {name: MEASURED[name](data) for name in wanted}
        typer.echo(
            f"{insert_tables(document, tables, only_these=bool(only))} tables written to {document.name}", err=True
        )
    read = [read_tables(document) for document in (*DOCUMENTS, *chosen) if document.is_file()]
    standing = {name: table for tables in read for name, table in tables.items()}
    for document in chosen:
        if count := insert_headlines(document, standing):
            typer.echo(f"{count} headlines written to {document.name}", err=True)
