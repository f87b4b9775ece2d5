"""Patient keys: the only trace of a patient's identity that goes beyond intake."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from encoder.errors import LesionSearchError

SHORTEST_SECRET = 16  # bytes
KEY_LENGTH = 12  # hexadecimal digits, 48 bits: a collision among a million patients has odds of 1 in 500


class PatientKeyError(LesionSearchError):
    """The secret that patients are told apart by is none."""


@dataclass(frozen=True)
class PatientKeys:
    """Turn identifiers into keyed hashes (HMAC-SHA-256), so that equal patients match and nobody can go back.

    The secret is never stored beside the keys: an atlas that is passed on cannot be attacked by trying all
    patient numbers.
    """

    secret: bytes

    def patient(self, patient_id: str) -> str:
        """Hash a patient identifier to `p-` and 12 hexadecimal digits."""
        return f"p-{self._digest('patient', patient_id)}"

    def study(self, study_uid: str) -> str:
        """Hash a study or series identifier to `s-` and 12 hexadecimal digits."""
        return f"s-{self._digest('study', study_uid)}"

    def _digest(self, kind: str, value: str) -> str:
        text = f"{kind}\0{value.strip()}".encode()
        return hmac.new(self.secret, text, hashlib.sha256).hexdigest()[:KEY_LENGTH]


def load_patient_keys(data: Path, salt: str | None = None) -> PatientKeys:
    """Load the keys of this installation: from `salt`, else from a secret file in `data`.

    The file is made on first use (mode 0600).

    Machines that share one atlas server must share one salt. Raises OSError where the file cannot be made or read, and
    PatientKeyError where what it holds is no secret.
    """
    if salt:
        return PatientKeys(salt.encode())
    path = data / "patient-key-secret"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        part = data / f".patient-key-secret.{os.getpid()}"
        try:
            part.touch(mode=0o600)
            part.write_bytes(secrets.token_bytes(32))
            with part.open("r+b") as file:
                os.fsync(file.fileno())  # a secret that is lost with the current makes every key worthless
            os.link(part, path)  # atomic, and loses to a process that was faster
        except FileExistsError:
            pass
        finally:
            part.unlink(missing_ok=True)
    secret = path.read_bytes()
    if len(secret) < SHORTEST_SECRET:
        raise PatientKeyError(
            f"The secret of the patient keys in {path} is empty or cut off: restore it from a backup, or delete it if "
            "no atlas of yours holds patients, whose keys would no longer match."
        )
    return PatientKeys(secret)
