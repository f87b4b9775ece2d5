"""The commands of `atlas` and `encoder`: what an atlas holds, building it anew, joining, a backup; the Hub."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from ui.cli.options import Encoder

atlases = typer.Typer(help="Look after an atlas: info, reindex, merge, backup, push, pull.", no_args_is_help=True)

encoders = typer.Typer(help="Pass an encoder on.", no_args_is_help=True)

OneAtlas = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--atlas", help="atlas folder or http(s) address; that of the settings if left out"),
]
NewAtlas = Annotated[Path, typer.Option("--out", help="new folder for the atlas")]
Repository = Annotated[str, typer.Argument(metavar="OWNER/NAME", help="repository on the Hugging Face Hub")]
Private = Annotated[bool, typer.Option("--private", help="visible to its owner alone, where it is new")]


@atlases.command()
def info(
    atlas: OneAtlas = None, as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False
) -> None:
    """Count lesions, types and sources; name pictures that are there twice, and labels that all neighbours doubt."""
    from ui.cli.atlas_upkeep import show_info

    show_info(atlas, as_json)


@atlases.command()
def reindex(out: NewAtlas, atlas: OneAtlas = None, encoder: Encoder = None) -> None:
    """Embed the lesions of an atlas with another encoder, into a new atlas; the old one stays as it is."""
    from ui.cli.arguments import check_unused
    from ui.cli.atlas_upkeep import build_of

    check_unused(out)
    build_of([atlas], out, encoder)


@atlases.command()
def merge(
    sources: Annotated[list[str], typer.Argument(metavar="ATLAS ...", help="atlases to join")],
    out: NewAtlas,
    encoder: Encoder = None,
) -> None:
    """Join atlases into a new one; the old ones stay as they are."""
    from ui.cli.arguments import check_unused
    from ui.cli.atlas_upkeep import build_of

    check_unused(out)
    build_of(list(sources), out, encoder)


@atlases.command()
def backup(
    out: Annotated[Path, typer.Option("--out", help="new folder for the ROI pack")], atlas: OneAtlas = None
) -> None:
    """Write an atlas, which may be in use, as a ROI pack, of which `index` makes an atlas again."""
    from ui.cli.arguments import check_unused
    from ui.cli.atlas_upkeep import write_backup

    check_unused(out)
    write_backup(atlas, out)


@atlases.command()
def push(
    repository: Repository,
    atlas: OneAtlas = None,
    licence: Annotated[
        list[str], typer.Option("--licence", metavar="SOURCE=LICENCE", help="licence of a source's lesions; repeatable")
    ] = [],  # noqa: B006  typer copies it
    private: Private = False,
) -> None:
    """Put an atlas on the Hub: crops, vectors, what is known of each lesion, and its licence; notes stay here."""
    from ui.cli.hub import push_atlas_of

    push_atlas_of(repository, atlas, licence, private)


@atlases.command()
def pull(
    repository: Repository,
    out: NewAtlas,
    encoder: Encoder = None,
    revision: Annotated[Optional[str], typer.Option("--revision", help="branch, tag or commit")] = None,  # noqa: UP045
) -> None:
    """Make an atlas of one that was pushed; one of another encoder is embedded anew."""
    from ui.cli.arguments import check_unused
    from ui.cli.hub import pull_atlas_to

    check_unused(out)
    pull_atlas_to(repository, out, encoder, revision)


@encoders.command("push")
def push_encoder(repository: Repository, encoder: Encoder = None, private: Private = False) -> None:
    """Put an encoder on the Hub with its card; `--encoder OWNER/NAME` takes it from there."""
    from ui.cli.hub import push_encoder_to

    push_encoder_to(repository, encoder, private)
