"""The user's own cases: an atlas that is written to one lesion at a time, each with a teaching note for people.

Radiology's word for such a collection is a teaching file (RSNA MIRC; IHE profile "Teaching File and Clinical Trial
Export").
"""

import contextlib
import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from encoder.errors import LesionSearchError
from encoder.pack import Images, LesionRow, RoiPack
from tools.atlas.atlas import Atlas
from tools.atlas.build import Embed, index_pack, remove_lesions
from tools.atlas.folder import DATABASE, sole_writer
from tools.atlas.records import NOTE, lesion_to_row
from tools.domain.free_text import check_note
from tools.domain.lesions import AtlasLesion, NoAtlasError
from tools.domain.patient_keys import PatientKeys

CALIBRATED_AT_ONCE = 300  # lesions of an atlas that is calibrated anew with every case: a fraction of a second
DRIFT = 1.1  # a larger one is calibrated anew when it has grown or shrunk by a tenth


class CaseError(LesionSearchError):
    """An own case cannot be saved, or is not there."""


@dataclass(frozen=True)
class OwnCase:
    """One own case: its record, and the note that only people read."""

    lesion: AtlasLesion
    note: str = ""


@dataclass(frozen=True, eq=False)
class CaseContent:
    """All there is of one case, with which it can be brought back: row, image (2, 64, 64) or (64, 64), and note."""

    row: LesionRow
    image: Images
    note: str


@dataclass
class OwnCases:
    """The own cases in a folder, which is made with the first one. Safe to use from several threads and processes.

    With `writable` False they are searched and listed, and nothing can be saved, edited or deleted.
    """

    folder: Path
    fingerprint: str
    keys: PatientKeys
    embed: Embed
    writable: bool = True
    _atlas: Atlas | None = field(default=None, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def atlas(self) -> Atlas | None:
        """Open the atlas of own cases; None as long as there is none. Raises AtlasError."""
        with self._lock:
            if self._atlas is None and (self.folder / DATABASE).is_file():
                with contextlib.suppress(NoAtlasError):  # the first save was killed before its first case
                    self._atlas = Atlas(self.folder, self.fingerprint, self.keys)
            return self._atlas

    def cases(self, lesion_types: Sequence[str] = (), confirmed_by: str | None = None) -> tuple[OwnCase, ...]:
        """List the cases of some types (all, if none is named), however confirmed, by their ids."""
        atlas = self.atlas()
        if atlas is None:
            return ()
        wanted = {name.casefold() for name in lesion_types}
        lesions = [
            lesion
            for lesion in atlas.lesions()
            if (not wanted or (lesion.lesion_type or "").casefold() in wanted)
            and confirmed_by in (None, lesion.confirmed_by)
        ]
        return tuple(OwnCase(lesion, note) for lesion, note in zip(lesions, self._notes(atlas, lesions), strict=True))

    def get(self, lesion_id: str) -> OwnCase:
        """Read one case. Raises CaseError if there is none of this id."""
        atlas = self.atlas()
        if atlas is None or atlas.view().catalog.row(lesion_id) is None:
            raise CaseError(f"There is no own case {lesion_id[:60]!r}: list your cases to see their ids.")
        lesion = atlas.get(lesion_id)
        return OwnCase(lesion, self._notes(atlas, [lesion])[0])

    def holds(self, lesion_id: str) -> bool:
        """Tell whether a lesion is among the own cases."""
        atlas = self.atlas()
        return atlas is not None and atlas.view().catalog.row(lesion_id) is not None

    def types(self) -> tuple[str, ...]:
        """List the lesion types of the own cases, sorted."""
        atlas = self.atlas()
        return () if atlas is None else atlas.types()

    def content(self, lesion_id: str) -> CaseContent:
        """Read all there is of a case. Raises CaseError."""
        case, atlas = self.get(lesion_id), self.atlas()
        assert atlas is not None
        return CaseContent(lesion_to_row(case.lesion), atlas.encoder_input(lesion_id), case.note)

    def save(self, contents: Sequence[CaseContent]) -> int:
        """Add cases, or replace those of the same ids; return how many were new or changed.

        Nothing is half there: a case is found when its picture is stored too. Raises CaseError, AtlasError, PackError.
        """
        self._check_writable()
        notes = {content.row.lesion_id: check_note(content.note) for content in contents if content.note}
        inputs = np.stack([_with_context(content.image) for content in contents])
        pack = RoiPack.of_inputs(inputs, tuple(content.row for content in contents))
        with self._lock, sole_writer(str(self.folder)):
            atlas = self.atlas() or self._create()
            return index_pack(atlas, pack, self.embed, notes=notes, recalibrate=self._is_due(atlas, len(pack)))

    def edit(self, lesion_id: str, note: str | None = None, **changes: Any) -> OwnCase:
        """Change fields of a case's record, or its note; an empty note deletes it. Raises CaseError, PackError."""
        self._check_writable()
        with self._lock:
            now = self.content(lesion_id)
            row = dataclasses.replace(now.row, **changes)
            self.save([CaseContent(row, now.image, now.note if note is None else note)])
            return self.get(lesion_id)

    def delete(self, lesion_id: str) -> CaseContent:
        """Delete a case with its picture and note; return it, so that it can be saved again. Raises CaseError."""
        self._check_writable()
        with self._lock, sole_writer(str(self.folder)):
            gone, atlas = self.content(lesion_id), self.atlas()
            assert atlas is not None
            remove_lesions(atlas, [lesion_id], recalibrate=self._is_due(atlas, -1))
            return gone

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._atlas is not None:
                self._atlas.close()
            self._atlas = None

    def _create(self) -> Atlas:
        self._atlas = Atlas(self.folder, self.fingerprint, self.keys, create=True)
        return self._atlas

    def _check_writable(self) -> None:
        if not self.writable:
            raise CaseError(
                "Cases cannot be saved here, as whoever runs this server has not allowed it: start it with "
                "LESION_SEARCH_OWN_CASES=on on a machine of your own."
            )

    def _is_due(self, atlas: Atlas, change: int) -> bool:
        """Tell whether a change of so many lesions has the atlas calibrated anew."""
        size = len(atlas) + change
        fit = atlas.calibration()
        fitted = fit.queries if fit else 0
        return size <= CALIBRATED_AT_ONCE or not fitted / DRIFT <= size <= fitted * DRIFT

    @staticmethod
    def _notes(atlas: Atlas, lesions: Sequence[AtlasLesion]) -> list[str]:
        found: dict[str, dict[str, Any]] = {}
        ids = [lesion.lesion_id for lesion in lesions]
        for start in range(0, len(ids), atlas.store.max_batch):
            found |= atlas.store.metadata_of(ids[start : start + atlas.store.max_batch])
        return [str(found.get(lesion_id, {}).get(NOTE) or "") for lesion_id in ids]


def _with_context(image: Images) -> Images:
    """Give an image without context one that shows nothing, so that all are alike: (2, 64, 64)."""
    return image if image.ndim == 3 else np.stack((image, np.zeros_like(image)))
