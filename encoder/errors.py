"""The one family of errors that a user can act on."""

import errno
import os


class LesionSearchError(Exception):
    """Something a user can act on. The message is one clear sentence: what, why, what to do.

    Every interface turns it into words in one place: exit code 2 on the command line, a message in the chat.
    Each kind of failure has a subclass, defined beside the code that raises it.
    """


class EncoderError(LesionSearchError):
    """Weights are missing, damaged, or do not fit the input or the atlas."""


class StorageError(LesionSearchError):
    """A disk is full or read-only, or a file or folder may not be read or written."""


_STORAGE_FAILURES = {
    errno.ENOSPC: ("the disk is full", "Free some space and run it again"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space and run it again"),
    errno.EFBIG: ("a file may not grow that large there", "Raise the limit on the size of files and run it again"),
    errno.EROFS: ("the disk is read-only", "Choose a place that can be written"),
    errno.EACCES: ("this user has no right to it", "Change its permissions, or choose another place"),
    errno.EPERM: ("this user has no right to it", "Change its permissions, or choose another place"),
    errno.EEXIST: ("something else stands in its place", "Move that away, or choose another place"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "Move that away, or choose another place"),
    errno.EISDIR: ("a folder stands where a file is needed", "Move that away, or choose another place"),
    errno.EIO: ("the disk reports an error", "Check it, or choose another place"),
}


def storage_error(error: OSError, what: str = "", remedy: str = "") -> StorageError:
    """Word a failure of the file system: `what` cannot be used, why, and what to do (`remedy` where one is known)."""
    cause = _first_cause(error)
    what = what or (str(cause.filename) if cause.filename else "A file")
    why, usual = _STORAGE_FAILURES.get(
        cause.errno or 0, (cause.strerror or str(cause), "Check that it exists and may be used")
    )
    return StorageError(f"{what} cannot be read or written: {why}. {remedy or usual}.")


def is_full(error: OSError) -> bool:
    """Tell whether a file could not be written for want of space."""
    return _first_cause(error).errno in (errno.ENOSPC, errno.EDQUOT)


def _first_cause(error: OSError) -> OSError:
    """Find the error of the system: libraries raise it again as one of their own, without its number."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno:
            return found
        found = found.__cause__ or found.__context__
    if "requested and" in str(error):  # numpy says how much it has written, and not why
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return error
