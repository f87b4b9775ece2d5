"""Commands that measure how messages are understood and answers are grounded."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from eval.cli.options import JsonOption, ModelOption, SplitChoice, progress_bar, show

app = typer.Typer()


NetworkOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(metavar="FOLDER", help="a network to measure instead of the shipped one, e.g. runs/offline"),
]


@app.command()
def agent(
    model: ModelOption = "offline",
    split: Annotated[
        SplitChoice, typer.Option(help="utterances for tuning, those kept apart, or all")
    ] = SplitChoice.all,
    json: JsonOption = False,
) -> None:
    """Compare the assistant's tool calls with those expected, over conversations in varied voices."""
    from eval.assistant.tool_calls import run, to_markdown

    report = run(model, split.value)
    show(report, to_markdown(report), json)


@app.command()
def written(
    network: NetworkOption = None,
    file: Annotated[Optional[list[str]], typer.Option(help="only the lines of this file; may be repeated")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Measure the reader of messages on the written sentences that training never saw, by file."""
    from eval.assistant.corpus import run, to_markdown

    with progress_bar("sentences") as progress:
        report = run(file or (), progress, network)
    show(report, to_markdown(report), json)


@app.command()
def gate(network: NetworkOption = None, json: JsonOption = False) -> None:
    """Measure the reader of messages on all that nothing learnt from, with its time and memory; some minutes."""
    from eval.assistant.gate import measure_gate, to_markdown

    with progress_bar("sentences") as progress:
        report = measure_gate(progress, network)
    show(report, to_markdown(report), json)


@app.command()
def grounding(
    model: ModelOption = "offline",
    split: Annotated[SplitChoice, typer.Option(help="whose answers")] = SplitChoice.all,
    json: JsonOption = False,
) -> None:
    """Measure what the check of answers catches of sentences made false, and cuts of honest ones."""
    from eval.assistant.grounding import run, to_markdown

    report = run(model, split.value)
    show(report, to_markdown(report), json)
