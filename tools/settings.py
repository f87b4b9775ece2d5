"""Settings from the environment (`LESION_SEARCH_*`), each with a working default."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things live and which model answers. Command-line options override these."""

    model_config = SettingsConfigDict(env_prefix="LESION_SEARCH_", extra="ignore")

    model: str = Field(default="auto", description="auto, offline, or provider:name")
    data: Path = Field(default=Path.home() / ".cache" / "lesion-search", description="atlases, sample cases, sessions")
    atlas: str | None = Field(
        default=None,
        description="folder or http(s) address; None is the own atlas if there is one, else the demo's",
    )
    encoder: str | None = Field(default=None, description="encoder folder or hub repository; None is the shipped one")
    salt: SecretStr | None = Field(default=None, description="secret for patient keys; None makes one per installation")

    @property
    def own_atlas(self) -> Path:
        """Where `index` puts lesions when no atlas is named; once it exists it takes the demo atlas's place."""
        return self.data / "atlas"

    @property
    def samples(self) -> Path:
        """The phantom DICOM cases and their ROI pack, made on first use."""
        return self.data / "phantoms"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
