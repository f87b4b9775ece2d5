"""Commands that measure time, memory, scale and what a server withstands."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from eval.cli.options import EncoderOption, FiguresOption, JsonOption, progress_bar, show

app = typer.Typer()


@app.command()
def speed(
    rounds: Annotated[int, typer.Option(min=1, help="of each comparison")] = 5,
    encoder: EncoderOption = None,
    figure: Annotated[Optional[Path], typer.Option(help="PNG of the ratios")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Time Frangi, encoding, search, indexing, intake and training beside what people would use instead; minutes.

    ITK and SimpleITK take part with `pip install lesion-search[bench]`.
    """
    from encoder.embedder import load_embedder
    from eval.performance.comparison import draw
    from eval.performance.speed import measure_speed, to_markdown
    from tools.settings import get_settings

    with progress_bar("comparisons") as progress:
        report = measure_speed(load_embedder(encoder), get_settings(), rounds, progress)
    if figure is not None:
        typer.echo(f"drawn: {draw(report.comparisons, report.cpu, figure)}", err=True)
    show(report, to_markdown(report), json)


@app.command()
def installation(json: JsonOption = False) -> None:
    """List the packages that take most of the disk, and what each is for."""
    from eval.performance.installation import measure_installation, to_markdown

    report = measure_installation()
    show(report, to_markdown(report), json)


@app.command()
def memory(encoder: EncoderOption = None, json: JsonOption = False) -> None:
    """Measure the peak memory of `embed` for 10,000 and for 100,000 ROIs; a few minutes."""
    from eval.performance.memory import measure_memory, to_markdown

    report = measure_memory(encoder=encoder)
    show(report, to_markdown(report), json)


@app.command()
def scale(
    lesions: Annotated[Optional[list[int]], typer.Option(min=100, help="how many; may be repeated")] = None,  # noqa: UP045
    engine: Annotated[Optional[list[str]], typer.Option(help="only this one; may be repeated")] = None,  # noqa: UP045
    queries: Annotated[int, typer.Option(min=1, help="asked with each filter")] = 100,
    shards: Annotated[
        Optional[list[int]],  # noqa: UP045
        typer.Option(min=1, help="instead: search in so many parts, and what follows for 100 million; may be repeated"),
    ] = None,
    figures: FiguresOption = None,
    keep: Annotated[Optional[Path], typer.Option(help="where the figures go; default: the repository's")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Compare search of many synthetic lesions with Chroma, FAISS, hnswlib and numpy; hours for all up to a million.

    What was kept of other engines and sizes on this machine stays.
    """
    from eval.performance import growth
    from eval.performance import scale as measured
    from eval.performance.scale_engines import ENGINES
    from ui.cli.terminal import progress_bars

    target, sizes = keep or (growth.RESULTS if shards else measured.RESULTS), lesions or measured.SIZES
    report: growth.GrowthReport | measured.ScaleReport
    with progress_bars() as progress:
        if shards:
            known = growth.read_kept(target) if target.is_file() else None
            report = growth.measure_growth(sizes, shards, queries, progress, known)
            table = growth.to_markdown(report)
        else:
            kept = measured.read_results(target)
            report = measured.measure_scale(sizes, engine or tuple(ENGINES), queries, progress=progress, kept=kept)
            table = measured.to_markdown(report)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report.model_dump_json(indent=1) + "\n")
    if figures is not None and isinstance(report, measured.ScaleReport):
        typer.echo(f"drawn: {measured.draw(report, figures / 'scale.png')}", err=True)
    show(report, table, json)


@app.command("page-speed")
def page_speed(
    runs: Annotated[int, typer.Option(min=1, help="clicks and questions")] = 30,
    json: JsonOption = False,
) -> None:
    """Time click to region, question to first word and to the whole answer, in a real browser on 300 slices."""
    from eval.performance.page import measure_page_speed, to_markdown

    report = measure_page_speed(runs)
    show(report, to_markdown(report), json)


@app.command()
def kills(
    rounds: Annotated[int, typer.Option(min=4, help="how often something is killed, in all")] = 50,
    seed: Annotated[int, typer.Option(help="of the moments")] = 0,
    json: JsonOption = False,
) -> None:
    """Kill indexing, importing, saving and serving at random moments, and look for what is lost or left over."""
    from eval.performance.kills import kill_rounds
    from eval.performance.reliability import Fault, Reliability, keep, to_markdown

    faults: list[Fault] = []
    for fault in kill_rounds(rounds, seed, lambda text: typer.echo(text, err=True)):
        faults.append(fault)
        keep(faults=tuple(faults))
    found = Reliability(faults=tuple(faults))
    show(found, to_markdown(found), json)
