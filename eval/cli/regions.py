"""Commands that measure outlines, suggestions and the part of the body."""

import typer

from eval.cli.options import DATA_FOLDER, DataOption, ImagesOption, JsonOption, TableOption, progress_bar, show

app = typer.Typer()


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
