"""The atlas's records as columns: a filter is a vector operation, and a million lesions take about 80 MB.

Text is dictionary-coded; of a number NaN is unknown. A record is put together when it is shown.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from encoder.pack import LENGTH_COLUMNS, WHOLE_COLUMNS
from tools.atlas.records import checked
from tools.domain.lesions import AtlasError, AtlasLesion, Filters

Vectors = NDArray[np.float32]  # (N, dim) unit vectors, or one of (dim,)
Rows = NDArray[np.intp]  # positions in the catalog
RowMask = NDArray[np.bool_]  # (N,), one for each lesion
Bytes = NDArray[np.bytes_]  # UTF-8, whose order is that of the text

UNKNOWN = "unknown"
NUMBERS = (*LENGTH_COLUMNS, *WHOLE_COLUMNS)
WORDS = tuple(field.name for field in fields(AtlasLesion) if field.name not in ("lesion_id", *NUMBERS))
KEYS = ("patient_key", "study_key")
BANDS = {"age": ("age_years", " years", 1), "size": ("long_axis_mm", " mm", 0)}  # unit, and what the next begins beyond
BAND_WIDTH = 10
GROUPS = ("lesion_type", "sex", *BANDS, "body_part", "source", "licence", "patient")


class Condition(NamedTuple):
    """What a filter asks of one column; `value` is a number, a text, or for `in` several texts."""

    column: str
    comparison: Literal["==", "!=", "in", ">=", "<="]
    value: Any


@dataclass(frozen=True, eq=False)
class Words:
    """A column of text: its different `values` (V,), sorted, and the position of each lesion's (N,), -1 if unknown."""

    values: Bytes
    codes: NDArray[Any]

    @classmethod
    def of(cls, values: Bytes, codes: NDArray[Any]) -> "Words":
        """Sort the values, which may repeat or be unused, and code anew, in as few bytes as there are values for."""
        used = np.unique(codes[codes >= 0])
        values, place = np.unique(values[used], return_inverse=True)
        new = np.full((len(used) and int(used[-1]) + 2) or 1, -1, np.min_scalar_type(-max(len(values), 1)))
        new[used] = place.reshape(-1)
        return cls(values, new[codes])  # -1 takes the last, which no value has

    def code(self, text: str) -> int:
        """Find the position of a value; -1 where no lesion has it."""
        wanted = np.array([text.encode()])
        row = int(np.searchsorted(self.values, wanted)[0])
        return row if row < len(self.values) and self.values[row] == wanted[0] else -1

    def at(self, row: int) -> str | None:
        """Read a lesion's value."""
        code = self.codes[row]
        return None if code < 0 else self.values[code].decode()


class Catalog:
    """All lesions, sorted by id; a row is a position among them."""

    def __init__(self, ids: Bytes, words: Mapping[str, Words], numbers: Mapping[str, NDArray[np.float64]]) -> None:
        self.ids = ids
        self.words = words
        self.numbers = numbers
        self.types = tuple(value.decode() for value in words["lesion_type"].values)
        self.type = words["lesion_type"].codes  # (N,), positions in `types`, -1: unknown
        self.patient = words["patient_key"].codes  # (N,)
        self._counted: dict[str, dict[str, int]] = {}  # every search asks for some of these

    @classmethod
    def of(cls, lesions: Iterable[AtlasLesion]) -> "Catalog":
        """Put records into columns, one after the other."""
        ids: list[bytes] = []
        numbers = {name: array("d") for name in NUMBERS}
        codes = {name: array("i") for name in WORDS}
        known: dict[str, dict[str, int]] = {name: {} for name in WORDS}
        for lesion in lesions:
            ids.append(lesion.lesion_id.encode())
            for name, column in numbers.items():
                number = getattr(lesion, name)
                column.append(np.nan if number is None else number)
            for name, coded in codes.items():
                word = getattr(lesion, name)
                coded.append(known[name].setdefault(word, len(known[name])) if word else -1)
        columns = cls(
            np.array(ids, "S1" if not ids else None),
            {
                name: Words.of(np.array([word.encode() for word in known[name]], None if known[name] else "S1"), found)
                for name, found in ((name, np.array(codes[name])) for name in WORDS)
            },
            {name: np.array(column) for name, column in numbers.items()},
        )
        return columns._taken(np.argsort(columns.ids, kind="stable"))

    @classmethod
    def joined(cls, catalogs: Sequence["Catalog"]) -> tuple["Catalog", list[Rows]]:
        """Join catalogs; where several hold an id, the first counts.

        Return with it, for each catalog, the rows (n,) of its lesions in the whole, -1 for one that does not count.
        """
        words = {}
        for name in WORDS:
            columns = [catalog.words[name] for catalog in catalogs]
            starts = np.cumsum([0, *(len(column.values) for column in columns)])
            words[name] = Words.of(
                np.concatenate([column.values for column in columns]),
                np.concatenate(
                    [
                        np.where(column.codes < 0, -1, column.codes.astype(np.int64) + start)
                        for column, start in zip(columns, starts, strict=False)
                    ]
                ),
            )
        numbers = {name: np.concatenate([catalog.numbers[name] for catalog in catalogs]) for name in NUMBERS}
        every = cls(np.concatenate([catalog.ids for catalog in catalogs]), words, numbers)
        _, first = np.unique(every.ids, return_index=True)
        rows = np.full(len(every), -1, np.intp)
        rows[first] = np.arange(len(first))
        return every._taken(first), np.split(rows, np.cumsum([len(catalog) for catalog in catalogs])[:-1])

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Catalog":
        """Read what `arrays` wrote. Raises KeyError, ValueError or AtlasError where it is not what that writes."""
        ids = arrays["lesion_id"]
        words = {name: Words(arrays[f"{name}.values"], arrays[f"{name}.codes"]) for name in WORDS}
        numbers = {name: arrays[name] for name in NUMBERS}
        for name, column in words.items():
            if len(column.codes) != len(ids) or column.codes.max(initial=-1) >= len(column.values):
                raise ValueError(name)
            for value in () if name in KEYS else column.values:  # these are listed, beyond records that are shown
                checked(AtlasLesion("any", **{"patient_key": f"p-{0:012x}", name: value.decode()}))
        if any(column.shape != ids.shape for column in numbers.values()):
            raise ValueError("numbers")
        return cls(ids, words, numbers)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give all columns as arrays of bytes and numbers, to be stored."""
        values = {f"{name}.values": column.values for name, column in self.words.items()}
        codes = {f"{name}.codes": column.codes for name, column in self.words.items()}
        return {"lesion_id": self.ids, **values, **codes, **self.numbers}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def patients(self) -> int:
        """Count the different patients."""
        return len(self.words["patient_key"].values)

    @property
    def type_shares(self) -> NDArray[np.float64]:
        """How often each type occurs among lesions of known type: (types,), summing to one."""
        counts = np.bincount(self.type[self.type >= 0], minlength=len(self.types))
        shares: NDArray[np.float64] = counts / max(counts.sum(), 1)
        return shares

    def lesion(self, row: int) -> AtlasLesion:
        """Put a record together. Raises AtlasError where it holds what no record may."""
        facts: dict[str, Any] = {name: column.at(row) for name, column in self.words.items()}
        for name, column in self.numbers.items():
            value = float(column[row])
            facts[name] = None if np.isnan(value) else int(value) if name in WHOLE_COLUMNS else value
        return checked(AtlasLesion(self.ids[row].decode(), **facts))

    def rows(self, lesion_ids: Sequence[str]) -> Rows:
        """Find the rows of lesions by their ids, -1 where there is none."""
        if not len(self) or not lesion_ids:
            return np.full(len(lesion_ids), -1, np.intp)
        wanted = np.array([lesion_id.encode() for lesion_id in lesion_ids])
        found = np.searchsorted(self.ids, wanted.astype(self.ids.dtype)).clip(max=len(self) - 1)
        return np.where(self.ids[found] == wanted, found, -1)

    def row(self, lesion_id: str) -> int | None:
        """Find the row of a lesion; None where there is none."""
        (row,) = self.rows([lesion_id]).tolist()
        return row if row >= 0 else None

    def conditions(self, filters: Filters, patient_key: str | None) -> tuple[Condition, ...]:
        """Say what scope and filters ask of a column; without a patient key every lesion is of another patient."""
        found: list[Condition] = []
        if filters.scope == "same-patient":
            found.append(Condition("patient_key", "==", patient_key or ""))
        elif filters.scope == "cross-patient" and patient_key:
            found.append(Condition("patient_key", "!=", patient_key))
        if filters.lesion_types:
            wanted = {name.casefold() for name in filters.lesion_types}  # whatever case they are written in
            found.append(Condition("lesion_type", "in", tuple(t for t in self.types if t.casefold() in wanted)))
        found += [
            Condition("sex", "==", filters.sex),
            Condition("age_years", ">=", filters.min_age),
            Condition("age_years", "<=", filters.max_age),
            Condition("long_axis_mm", ">=", filters.min_size_mm),
            Condition("long_axis_mm", "<=", filters.max_size_mm),
        ]
        return tuple(condition for condition in found if condition.value is not None)

    def passing(self, conditions: Iterable[Condition]) -> RowMask:
        """Mark the rows (N,) that meet all conditions. NaN, the unknown number, meets no comparison."""
        mask = np.ones(len(self), bool)
        for name, comparison, value in conditions:
            if name in self.numbers:
                mask &= self.numbers[name] >= value if comparison == ">=" else self.numbers[name] <= value
                continue
            column = self.words[name]
            marked = np.zeros(len(column.values) + 1, bool)  # the last for -1, unknown
            marked[[column.code(text) for text in (value if isinstance(value, tuple) else (value,))]] = True
            marked[-1] = False
            mask &= ~marked[column.codes] if comparison == "!=" else marked[column.codes]
        return mask

    def counts(self, group_by: str) -> dict[str, int]:
        """Count the lesions of each group, in the groups' natural order, unknown last. Raises AtlasError."""
        if group_by not in GROUPS:
            raise AtlasError(f"The atlas cannot be counted by {group_by!r}; use one of {', '.join(GROUPS)}.")
        if group_by not in self._counted:
            if group_by in BANDS:
                named = self._bands(*BANDS[group_by])
            else:
                column = self.words["patient_key" if group_by == "patient" else group_by]
                found = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values)).tolist()
                named = {value.decode(): count for value, count in zip(column.values, found, strict=True)}
            unknown = len(self) - sum(named.values())
            self._counted[group_by] = named | ({UNKNOWN: unknown} if unknown else {})
        return dict(self._counted[group_by])

    def _bands(self, name: str, unit: str, apart: int) -> dict[str, int]:
        values = self.numbers[name]
        lows, found = np.unique(values[~np.isnan(values)] // BAND_WIDTH, return_counts=True)
        starts = (lows * BAND_WIDTH).astype(int).tolist()
        return {
            f"{low}–{low + BAND_WIDTH - apart}{unit}": count for low, count in zip(starts, found.tolist(), strict=True)
        }

    def _taken(self, rows: Rows) -> "Catalog":
        """Keep these rows in this order."""
        return Catalog(
            self.ids[rows],
            {name: Words.of(column.values, column.codes[rows]) for name, column in self.words.items()},
            {name: column[rows] for name, column in self.numbers.items()},
        )
