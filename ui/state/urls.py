"""Where a visit's files lie, and under which address."""

import re
from pathlib import Path
from urllib.parse import quote

from encoder.errors import LesionSearchError
from ui.state.visit import UPLOADS, Visit

BATCH = re.compile(r"[0-9a-f]{24}")


def upload_folder(visit: Visit, batch: str) -> Path:
    """Give the folder of one upload's files, until they are read. Raises LesionSearchError for a bad batch name."""
    if not BATCH.fullmatch(batch):
        raise LesionSearchError("The upload has no proper name: reload the page and try again.")
    return visit.session.files_folder() / UPLOADS / batch


def report_address(visit: Visit, name: str) -> str:
    """Give the address of a report of this visit, which answers its visitor only."""
    return f"studies/{visit.study_key}/files/{quote(name)}"
