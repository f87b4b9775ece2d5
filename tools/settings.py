"""Settings from the environment (`LESION_SEARCH_*`), each with a working default.

The descriptions are what docs/reference/settings.md shows an operator.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as JsonError

from encoder.errors import LesionSearchError

PREFIX = "LESION_SEARCH_"
OwnCasesMode = Literal["auto", "on", "read", "off"]


class SettingsError(LesionSearchError):
    """A setting of the environment makes no sense."""


class Settings(BaseSettings):
    """Where things live, which model answers, and the limits an operator may want to move.

    Command-line options override the first three. Every limit is a whole number above 0.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    model: str = Field(
        default="auto", description="who answers: `offline`, which `auto` stands for, or `provider:name`"
    )
    atlas: str | None = Field(
        default=None,
        description="atlas folder, address of a Chroma server, `demo` or `own`; unset, the demo's; own cases are "
        "searched beside any",
    )
    more_atlases: tuple[str, ...] = Field(
        default=(), description="searched together with it, as a JSON list; the same as `--atlas A --atlas B`"
    )
    atlas_headers: dict[str, dict[str, SecretStr]] = Field(
        default={},
        description="headers that let into Chroma servers, as JSON: to host and port as in the address, name to value",
    )
    own_cases: OwnCasesMode = Field(
        default="auto",
        description="`on` saves and searches own cases, `read` only searches them, `off` neither; `auto` is `on`, but "
        "`read` in a Space, or for other machines without a login",
    )
    encoder: str | None = Field(
        default=None, description="encoder folder or hub repository; unset, the shipped weights"
    )
    data: Path = Field(
        default=Path.home() / ".cache" / "lesion-search",
        description="where atlases, teaching cases and the secret of patient keys live",
    )
    salt: SecretStr | None = Field(
        default=None,
        description="secret of the patient keys; machines that share an atlas share it; unset, one is made",
    )
    dicomweb: SecretStr | None = Field(
        default=None,
        description="address of a DICOMweb archive that the page opens studies from; for other machines only with a "
        "login",
    )
    dicomweb_token: SecretStr | None = Field(
        default=None, description="bearer token that lets into an archive, also for `import dicomweb`"
    )
    dicomweb_store: bool = Field(default=False, description="the page may store its DICOM reports in that archive")
    original_uids: bool = Field(
        default=False,
        description="DICOM reports refer to studies by their own UIDs, so that the archive can file them; else these "
        "are replaced",
    )

    auth: str | None = Field(
        default=None, description="name to log in with, as `--auth NAME`; unset, everybody is let in"
    )
    password: SecretStr | None = Field(default=None, description="its password; unset, it is asked for")
    password_file: Path | None = Field(default=None, description="the file that holds it")
    hub_users: str = Field(
        default="",
        description="names of Hugging Face accounts that may sign in to a Space with `hf_oauth: true`, with commas; "
        "`*` for all",
    )
    hosts: str = Field(
        default="",
        description="names that the server is reached by, with commas; any other is refused, but for its own, "
        "addresses in numbers and its Space's",
    )
    proxies: str = Field(
        default="",
        description="addresses or networks of proxies that say where a request comes from and whether it was "
        "encrypted; unset, `127.0.0.1`",
    )
    mcp: bool = Field(
        default=False, description="offers the tools to MCP clients of this machine at `/mcp/` of the page"
    )

    max_upload_mb: PositiveInt = Field(default=1024, description="size of one upload, in MB of 1024 × 1024 bytes")
    max_upload_files: PositiveInt = Field(default=5000, description="files of one upload")
    max_upload_megavoxels: PositiveInt = Field(
        default=400,
        description="rows × columns × slices of one upload, in millions; 400 are 1,500 slices of 512 × 512",
    )
    max_disk_mb: PositiveInt = Field(
        default=8192,
        description="uploads of all visits on the disk, in MB; then unused ones and the oldest idle visits give way",
    )
    max_disk_mb_per_address: PositiveInt = Field(default=4096, description="uploads from one network address, in MB")
    min_free_disk_mb: PositiveInt = Field(default=512, description="space that uploads leave free, in MB")
    upload_timeout_s: PositiveInt = Field(default=120, description="seconds that reading an upload may take")
    uploads_at_once: PositiveInt = Field(default=2, description="uploads read at the same time; others wait")
    answers_at_once: PositiveInt = Field(default=8, description="questions answered at the same time; others wait")
    max_visits: PositiveInt = Field(default=64, description="studies that one server keeps open")
    max_visits_per_user: PositiveInt = Field(
        default=8, description="studies that one browser keeps open; a further one closes the oldest"
    )
    max_visits_per_address: PositiveInt = Field(default=32, description="studies open from one network address")
    idle_minutes: PositiveInt = Field(
        default=60, description="minutes after which an unused page and its files are deleted"
    )
    keep_minutes: PositiveInt = Field(
        default=30, description="minutes that a closed page can be come back to, until all of it is deleted"
    )
    max_kept_mb: PositiveInt = Field(
        default=4096, description="pixels kept of studies that no page shows, in MB; the oldest go first"
    )
    sweep_s: PositiveInt = Field(default=60, description="seconds between two looks for unused pages")
    hits: PositiveInt = Field(default=10, description="hits of a search that names no number")
    max_hits: PositiveInt = Field(default=50, description="hits of one search at most")

    @property
    def own_atlas(self) -> Path:
        """Where own cases are saved, and where `index` puts lesions when no atlas is named."""
        return self.data / "atlas"

    @property
    def atlases(self) -> tuple[str, ...]:
        """All atlases that are named, in order; none: the demo's."""
        return ((self.atlas,) if self.atlas else ()) + self.more_atlases

    @property
    def may_save_cases(self) -> bool:
        """Tell whether own cases may be saved: not in a public Space, unless its owner says so."""
        return self.own_cases == "on" or (self.own_cases == "auto" and not os.environ.get("SPACE_ID"))

    @property
    def samples(self) -> Path:
        """The phantom DICOM cases and their ROI pack, made on first use."""
        return self.data / "phantoms"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings of this process, once. Raises SettingsError, which names the variable and what it may be."""
    try:
        settings = Settings()
    except JsonError as error:
        raise SettingsError(f"A setting is not the JSON that it must be: {error}.") from None
    except ValidationError as error:
        wrong = error.errors()[0]
        name = f"{PREFIX}{wrong['loc'][0]}".upper()
        if wrong["loc"][0] == "atlas_headers":  # never shown
            example = '{"chroma.example:443": {"Authorization": "Bearer TOKEN"}}'
            raise SettingsError(f"{name} must give headers to each server, as in {example}.") from None
        needed = {"literal_error": "auto, on, read or off", "bool_parsing": "true or false"}.get(
            wrong["type"], "a whole number above 0"
        )
        raise SettingsError(f"{name} must be {needed}, and is {wrong['input']!r}.") from None
    if settings.hits > settings.max_hits:
        raise SettingsError(
            f"{PREFIX}HITS must be at most {PREFIX}MAX_HITS, {settings.max_hits}, and is {settings.hits}."
        )
    return settings
