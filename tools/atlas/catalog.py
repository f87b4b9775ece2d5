"""The atlas's records as columns in memory, so that a filter costs microseconds instead of a database query."""

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from tools.domain.lesions import AtlasError, AtlasLesion, Filters

Vectors = NDArray[np.float32]  # (N, dim) unit vectors, or one of (dim,)
Rows = NDArray[np.intp]  # positions in `Catalog.lesions`
RowMask = NDArray[np.bool_]  # (N,), one for each lesion

UNKNOWN = "unknown"


class Catalog:
    """All lesions, sorted by id; row numbers are positions in `lesions`."""

    def __init__(self, lesions: Iterable[AtlasLesion]) -> None:
        self.lesions = tuple(sorted(lesions, key=lambda lesion: lesion.lesion_id))
        self.row_of = {lesion.lesion_id: row for row, lesion in enumerate(self.lesions)}
        self.types = tuple(sorted({lesion.lesion_type for lesion in self.lesions if lesion.lesion_type}))
        patients = sorted({lesion.patient_key for lesion in self.lesions})
        self._patient_codes = {key: code for code, key in enumerate(patients)}
        type_codes = {name: code for code, name in enumerate(self.types)}
        self.patient = np.array([self._patient_codes[lesion.patient_key] for lesion in self.lesions], np.int64)
        self.type = np.array([type_codes.get(lesion.lesion_type or "", -1) for lesion in self.lesions], np.int64)
        self._sex = np.array([lesion.sex or "" for lesion in self.lesions], dtype="U1")
        self._age = _column(lesion.age_years for lesion in self.lesions)
        self._size_mm = _column(lesion.long_axis_mm for lesion in self.lesions)
        self._counted: dict[str, dict[str, int]] = {}  # every search asks for some of these

    def __len__(self) -> int:
        return len(self.lesions)

    @property
    def patients(self) -> int:
        """Count the different patients."""
        return len(self._patient_codes)

    @property
    def type_shares(self) -> NDArray[np.float64]:
        """How often each type occurs among lesions of known type: (types,), summing to one."""
        counts = np.bincount(self.type[self.type >= 0], minlength=len(self.types))
        shares: NDArray[np.float64] = counts / max(counts.sum(), 1)
        return shares

    def in_scope(self, filters: Filters, patient_key: str | None) -> RowMask:
        """Mark the rows (N,) that the scope allows; without a patient key every lesion is of another patient."""
        own: RowMask = self.patient == self._patient_codes.get(patient_key or "", -1)
        if filters.scope == "same-patient":
            return own
        return ~own if filters.scope == "cross-patient" else np.ones(len(self), bool)

    def passing(self, filters: Filters, patient_key: str | None) -> RowMask:
        """Mark the rows (N,) that pass scope and all filters. NaN, the unknown number, fails every comparison."""
        mask = self.in_scope(filters, patient_key)
        if filters.lesion_types:
            mask &= np.isin(self.type, [self.types.index(name) for name in self.allowed_types(filters)])
        if filters.sex is not None:
            mask &= self._sex == filters.sex
        if filters.min_age is not None:
            mask &= self._age >= filters.min_age
        if filters.max_age is not None:
            mask &= self._age <= filters.max_age
        if filters.min_size_mm is not None:
            mask &= self._size_mm >= filters.min_size_mm
        if filters.max_size_mm is not None:
            mask &= self._size_mm <= filters.max_size_mm
        return mask

    def allowed_types(self, filters: Filters) -> list[str]:
        """List the atlas's types that the filters admit, whatever the case they are written in."""
        wanted = {name.casefold() for name in filters.lesion_types}
        return [name for name in self.types if not wanted or name.casefold() in wanted]

    def counts(self, group_by: str) -> dict[str, int]:
        """Count the lesions of each group, in the groups' natural order, unknown last. Raises AtlasError."""
        try:
            name = GROUPS[group_by]
        except KeyError:
            raise AtlasError(f"The atlas cannot be counted by {group_by!r}; use one of {', '.join(GROUPS)}.") from None
        if group_by not in self._counted:
            found = Counter(name(lesion) for lesion in self.lesions)
            unknown = found.pop(None, 0)
            named = {label: count for (_, label), count in sorted((key, count) for key, count in found.items() if key)}
            self._counted[group_by] = named | ({UNKNOWN: unknown} if unknown else {})
        return dict(self._counted[group_by])


def _column(values: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


Group = tuple[float, str] | None  # where it sorts, what it is called


def _word(value: str | None) -> Group:
    return (0, value) if value else None


def _band(value: float | None, width: int, unit: str) -> Group:
    if value is None:
        return None
    low = int(value // width) * width
    return low, f"{low}–{low + width - 1}{unit}" if unit == " years" else f"{low}–{low + width}{unit}"


GROUPS: dict[str, Callable[[AtlasLesion], Group]] = {
    "lesion_type": lambda lesion: _word(lesion.lesion_type),
    "sex": lambda lesion: _word(lesion.sex),
    "age": lambda lesion: _band(lesion.age_years, 10, " years"),
    "size": lambda lesion: _band(lesion.long_axis_mm, 10, " mm"),
    "body_part": lambda lesion: _word(lesion.body_part),
    "source": lambda lesion: _word(lesion.source),
    "licence": lambda lesion: _word(lesion.licence),
    "patient": lambda lesion: _word(lesion.patient_key),
}
