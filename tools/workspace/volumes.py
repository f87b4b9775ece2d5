"""The volumes of a session's regions: measured when asked for, drawn on the screen, gone when the outline changes."""

from tools.domain.region import same_outline
from tools.regions.volume import RegionVolume, volume_of
from tools.workspace.session import Session


def measure_volume(session: Session, region_id: str) -> RegionVolume:
    """Follow a region through its neighbouring slices, keep the outlines for the screen, and select the region.

    Raises RegionError and SliceGapError as `volume_of` does.
    """
    region = session.region(region_id)
    found = volume_of(session.series, region)
    session.volumes[region.region_id] = region, found
    session.select(region.region_id)
    return found


def known_volume(session: Session, region_id: str) -> RegionVolume | None:
    """Read the volume of a region, None where it was not measured since the region was outlined."""
    now = session.wherever(region_id)
    region, found = session.volumes.get(region_id, (None, None))
    return found if now is not None and region is not None and same_outline(now, region) else None
