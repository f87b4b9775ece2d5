"""The one family of errors that a user can act on."""


class LesionSearchError(Exception):
    """Something a user can act on. The message is one clear sentence: what, why, what to do.

    Every interface turns it into words in one place: exit code 2 on the command line, a message in the chat.
    Each kind of failure has a subclass, defined beside the code that raises it.
    """


class EncoderError(LesionSearchError):
    """Weights are missing, damaged, or do not fit the input or the atlas."""
