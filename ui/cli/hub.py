"""What the commands that speak to the Hugging Face Hub do and print."""

from collections.abc import Sequence
from pathlib import Path

from encoder.embedder import load_embedder
from tools.pipelines.demo import patient_keys
from tools.pipelines.hub import pull_atlas, push_atlas, push_encoder
from ui.cli.arguments import ArgumentError
from ui.cli.atlas_upkeep import location_of
from ui.cli.terminal import progress_bars, say, settings_with


def push_atlas_of(repository: str, location: str | None, licences: Sequence[str], private: bool) -> None:
    """Push an atlas. Raises HubError, AtlasError, ArgumentError."""
    pairs = [each.rpartition("=") for each in licences]
    if not all(equals and licence for _, equals, licence in pairs):
        raise ArgumentError('A licence is given by source, as in --licence "LIDC-IDRI=cc-by-3.0".')
    settings = settings_with()
    fingerprint = load_embedder(settings.encoder).fingerprint if location is None else ""
    with progress_bars() as progress:
        pushed = push_atlas(
            location_of(location, settings, fingerprint), repository, patient_keys(settings),
            {source: licence for source, _, licence in pairs}, private, progress,
        )  # fmt: skip
    say(f"{sum(pushed.by_licence.values())} lesions at {pushed.address} ({_counted(pushed.by_licence)})")


def pull_atlas_to(repository: str, out: Path, encoder: str | None, revision: str | None) -> None:
    """Pull an atlas. Raises HubError, PackError, AtlasError."""
    settings = settings_with(encoder=encoder)
    embedder = load_embedder(settings.encoder)
    with progress_bars() as progress:
        pulled = pull_atlas(repository, out, embedder, patient_keys(settings), revision, progress)
    how = "with its own vectors" if pulled.same_encoder else "embedded anew, because it was made with another encoder"
    say(f"{pulled.lesions} lesions ({_counted(pulled.by_licence)}), {how}; search it with --atlas {out}")


def push_encoder_to(repository: str, encoder: str | None, private: bool) -> None:
    """Push an encoder. Raises HubError, EncoderError."""
    pushed = push_encoder(encoder or settings_with().encoder, repository, private)
    say(f"The encoder is at {pushed.address}; use it with --encoder {repository}")


def _counted(by_licence: dict[str, int]) -> str:
    return ", ".join(f"{count} under {licence}" for licence, count in by_licence.items())
