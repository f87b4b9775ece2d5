"""Whose images these are: told by patient numbers, and where those are missing or placeholders, by other facts."""

import re
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field

from tools.intake.messages import FrameRecord
from tools.intake.sandbox import ReceivedFrame

PLACEHOLDERS = frozenset(
    """
    ANON ANONYM ANONYMOUS ANONYMIZED ANONYMISED ANONYMIZE ANONYMOUSPATIENT DEIDENTIFIED DEID UNKNOWN UNKNOWNID
    UNKNOWNPATIENT UNKNOWNPATIENTID NONE NULL NA NAN NIL NOID NOPATIENTID NOTAVAILABLE NOTKNOWN UNNAMED UNDEFINED EMPTY
    MISSING BLANK INCONNU INCONNUE UNBEKANNT ANONIMO ANONIMA ANONIMIZADO ANONYMISIERT ANONYMISE DESCONOCIDO
    DESCONHECIDO SCONOSCIUTO ONBEKEND NIEZNANY UKENDT UKJENT OKAND 匿名 未知 TEST TESTPATIENT PATIENT PATIENTID PATID
    PID ID DUMMY DEFAULT REMOVED REDACTED HIDDEN DELETED CONFIDENTIAL PRIVATE MASKED NONAME NOBODY JOHNDOE DOE DEMO
    SAMPLE TEMP TBD
    """.split()  # noqa: SIM905
)
OLDEST_STATED = 90  # ages above 89 are read as 90
WEIGHT_CT = 1000  # a CT image counts more than all others of an upload

FILLED = "Some files carry no patient number; what they share with the others says that they are of the same patient."
NO_NUMBERS = (
    "Examinations without a patient number, or with a placeholder, are shown with others as sex and age agree: "
    "check that they are of one patient."
)
OTHER_NUMBERS = (
    "Files of one series carry different patient numbers, though nothing else differs: "
    "check that all are of one patient."
)
CONTRADICTION = (
    "Files with one patient number contradict each other in sex, age or birth year: check that all are of one patient."
)

Years = tuple[int, int]


@dataclass(frozen=True)
class _Facts:
    """What files say of a patient: sex, and the first and last year in which he or she can have been born.

    The years count from the examination (so they are negative) where it has no date.
    """

    sex: str | None
    born: Years | None
    dated: bool

    @classmethod
    def of(cls, record: FrameRecord) -> "_Facts":
        if record.birth_year is not None:
            return cls(record.sex, (record.birth_year, record.birth_year), True)
        day = record.keys.study_date or record.keys.series_date
        if record.age_years is None:
            return cls(record.sex, None, bool(day))
        year = int(day[:4] or 0)
        earliest = -OLDEST_STATED if record.age_years >= OLDEST_STATED else year - record.age_years - 1
        return cls(record.sex, (earliest, year - record.age_years), bool(day))

    def agree(self, other: "_Facts") -> bool:
        """Whether nothing that both state differs: ages may by a year."""
        if self.sex and other.sex and self.sex != other.sex:
            return False
        if self.born is None or other.born is None or self.dated != other.dated:
            return True
        return max(self.born[0], other.born[0]) <= min(self.born[1], other.born[1])

    def match(self, other: "_Facts") -> bool:
        """Whether both state sex and age, and agree."""
        stated = self.sex and other.sex and self.born and other.born and self.dated and other.dated
        return bool(stated) and self.agree(other)


@dataclass(eq=False)
class Patient:
    """Frames of one patient, as far as is known; `number` is empty where there is none. `remarks` are sentences."""

    number: str
    issuer: str = ""
    facts: _Facts = _Facts(None, None, False)
    frames: list[ReceivedFrame] = field(default_factory=list)
    remarks: tuple[str, ...] = ()

    def shares(self, uid: str) -> bool:
        """Whether a series or study of this UID is among the frames."""
        return any(uid in (frame.record.series_uid, frame.record.study_uid) for frame in self.frames)

    def take(self, frames: list[ReceivedFrame], facts: _Facts, remark: str | None) -> None:
        """Add frames that turned out to be of the same patient."""
        self.frames += frames
        self.facts = _Facts(self.facts.sex or facts.sex, self.facts.born or facts.born, self.facts.dated or facts.dated)
        if remark and remark not in self.remarks:
            self.remarks += (remark,)


def is_placeholder(patient_id: str) -> bool:
    """Tell whether a Patient ID (0010,0020) names nobody: empty, a word such as ANONYMOUS, or one sign repeated."""
    plain = re.sub(r"[\W_]+", "", patient_id.upper())
    counted = len(plain) > 2 and plain in "1234567890"
    return plain in PLACEHOLDERS or counted or bool(re.fullmatch(r"0*|X+|9{3,}|ANON[A-Z]*", plain))


def patients_of(frames: list[ReceivedFrame]) -> list[Patient]:
    """Split frames by patient, the one with most CT images first; the order of each one's frames stays.

    One Series or Study Instance UID is one patient unless facts disagree, so that a number that is missing in a part is
    filled. Examinations without numbers belong together where sex and age are stated and agree.
    """
    patients: list[Patient] = []
    for group in sorted(_by_claim(frames), key=lambda group: (not _number(group[0].record), -len(group))):
        number, facts = _number(group[0].record), _Facts.of(group[0].record)
        patient, remark = _whose(group[0].record, number, facts, patients)
        if patient is None:
            patients.append(Patient(number, group[0].record.patient_id_issuer, facts, group))
        else:
            patient.take(group, facts, remark)
    order = {id(frame): place for place, frame in enumerate(frames)}
    for patient in patients:
        patient.frames.sort(key=lambda frame: order[id(frame)])
    patients.sort(key=lambda p: -sum(WEIGHT_CT if f.record.dtype == "int16" else 1 for f in p.frames))
    return patients


def _whose(
    record: FrameRecord, number: str, facts: _Facts, patients: list[Patient]
) -> tuple[Patient | None, str | None]:
    """Find whose frames these are, and what is to be said of it; None for somebody new."""
    issuers = ("", record.patient_id_issuer)  # a number is unique within its issuer (PS3.3 C.7.1.1)
    alike = (p for p in patients if _plain(p.number) == _plain(number) and (not issuers[1] or p.issuer in issuers))
    if number and (same := next(alike, None)):
        return same, None if same.facts.agree(facts) else CONTRADICTION
    if number:
        found = [p for p in patients if p.facts.match(facts) and p.shares(record.series_uid)]
        return (found[0], OTHER_NUMBERS) if len(found) == 1 else (None, None)
    for uid in (record.series_uid, record.study_uid):
        found = [p for p in patients if p.facts.agree(facts) and p.shares(uid)]
        if len(found) == 1:
            return found[0], FILLED if found[0].number else None
    return next(((p, NO_NUMBERS) for p in patients if p.facts.match(facts)), (None, None))


def _by_claim(frames: list[ReceivedFrame]) -> list[list[ReceivedFrame]]:
    """Group frames of one series that say the same of their patient."""
    groups: dict[Hashable, list[ReceivedFrame]] = defaultdict(list)
    for frame in frames:
        r = frame.record
        groups[r.study_uid, r.series_uid, _number(r), r.patient_id_issuer, r.sex, r.birth_year, r.age_years].append(
            frame
        )
    return list(groups.values())


def _number(record: FrameRecord) -> str:
    return "" if is_placeholder(record.patient_id) else record.patient_id.strip()


def _plain(number: str) -> str:
    """Write a patient number alike, whatever capitals and spaces a system gave it."""
    return "".join(number.split()).upper()
