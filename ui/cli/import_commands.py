"""The commands of `import`. What is no command of it is a path: `import WHAT` is `import files WHAT`.

Everything heavy is imported inside the command that needs it.
"""

from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

PackOut = Annotated[Path, typer.Option("--out", help="folder of the ROI pack to write")]
Labels = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--label", metavar="NAME[=TYPE]", help="take this label alone, as this type; may be repeated"),
]
Collection = Annotated[Optional[str], typer.Option("--source", help="name of the collection, shown with each hit")]  # noqa: UP045
Licence = Annotated[Optional[str], typer.Option(help="licence of the collection, kept for each lesion")]  # noqa: UP045
EachReader = Annotated[bool, typer.Option("--each-reader", help="every reader's outline too, beside the consensus")]
Workers = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(min=1, help="processes of Ray that read volumes and annotated studies, here or on RAY_ADDRESS"),
]


class ImportGroup(TyperGroup):
    """A group of commands, of which `default` may be left out."""

    default = "files"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before anything that is neither a command nor a wish for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


imports = typer.Typer(
    cls=ImportGroup, help="Turn annotated images into a ROI pack: `import WHAT --out PACK`.", no_args_is_help=True
)


@imports.command("files")
def import_files(
    what: Annotated[Path, typer.Argument(metavar="WHAT", help="folder, zip or file with images and annotations")],
    out: PackOut,
    labels: Labels = None,
    source: Collection = None,
    licence: Licence = None,
    each_reader: EachReader = False,
    workers: Workers = None,
) -> None:
    """What `import WHAT` does: DICOM SEG, RTSTRUCT or SR, NIfTI or NRRD with masks and more become a ROI pack."""
    from ui.cli.arguments import check_exists, check_unused

    check_exists(what, "a folder, a zip or a file with images and annotations")
    check_unused(out)
    from tools.pipelines.importers.run import ImportOptions
    from ui.cli.importing import run_import

    run_import(what, out, ImportOptions(tuple(labels or ()), source, each_reader, licence, workers))


@imports.command("dicomweb")
def import_dicomweb(
    url: Annotated[str, typer.Argument(metavar="URL", help="address of the archive's DICOMweb service")],
    out: PackOut,
    query: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--query", metavar="NAME=VALUE", help="which studies, by an attribute; may be repeated"),
    ] = None,
    headers: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--header", metavar="NAME=VALUE", help="sent with every request; may be repeated"),
    ] = None,
    labels: Labels = None,
    source: Collection = None,
    licence: Licence = None,
    each_reader: EachReader = False,
) -> None:
    """Fetch annotated studies from an archive (QIDO-RS, WADO-RS) and turn them into a ROI pack."""
    from ui.cli.arguments import check_unused

    check_unused(out)
    from tools.pipelines.importers.run import ImportOptions
    from ui.cli.importing import run_dicomweb_import

    options = ImportOptions(tuple(labels or ()), source, each_reader, licence)
    run_dicomweb_import(url, query or [], headers or [], out, options)


@imports.command("deeplesion")
def import_deeplesion(
    images: Annotated[Path, typer.Option(help="the Images_png folder")],
    csv: Annotated[Path, typer.Option(help="DL_info.csv")],
    out: PackOut,
) -> None:
    """Turn DeepLesion's 16-bit PNGs and DL_info.csv into a ROI pack; rows that cannot be read are reported."""
    from ui.cli.arguments import check_unused

    check_unused(out)
    from ui.cli.importing import run_deeplesion_import

    run_deeplesion_import(images, csv, out)
