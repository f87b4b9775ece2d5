"""Streamed text, checked sentence by sentence before the user sees it."""

from collections.abc import Callable, Iterator, Sequence

from assistant.core.events import Event, TextChunk, TextReset
from assistant.core.sentences import split_sentences
from assistant.grounding.checker import Checker


class GroundedStream:
    """Takes text as it comes, lets through what the evidence supports, and remembers what it took out.

    `checker` is made when the first sentence of an answer is complete, so that it knows the evidence of this turn.
    While `holds` is true of the text so far, all of it waits: it may turn out to be a tool call.
    """

    def __init__(self, checker: Callable[[], Checker], holds: Callable[[str], bool] = lambda text: False) -> None:
        self._make_checker = checker
        self._holds = holds
        self._start()

    def _start(self) -> None:
        self._checker: Checker | None = None
        self._given = ""  # all text of this message so far
        self._pending = ""
        self.text = ""
        self.claims = 0
        self.unsupported: list[str] = []
        self.removed: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing could stand as an answer."""
        return not (self.text + self._pending).strip()

    def reset(self) -> Iterator[Event]:
        """Begin another message: what was written does not count."""
        written = bool(self.text)
        self._start()
        if written:
            yield TextReset()

    def feed(self, text: str) -> Iterator[Event]:
        """Take more text; complete sentences come out checked."""
        self._given += text
        self._pending += text
        if self._holds(self._given):
            return
        *complete, self._pending = split_sentences(self._pending) or [""]
        for sentence in complete:
            yield from self._pass(sentence)

    def settle(self, text: str) -> Iterator[Event]:
        """Take the complete message, which reads `text`: make good what was not streamed, or streamed otherwise."""
        if text != self._given:
            yield from self.reset()
            yield from self.feed(text)
        yield from self._pass_rest()

    def add(self, sentences: Sequence[str]) -> Iterator[Event]:
        """Add sentences of the program's own behind the answer, unchecked."""
        yield from self._pass_rest()
        for sentence in sentences:
            said = f"\n\n{sentence}" if self.text.strip() else sentence
            self.text += said
            yield TextChunk(said)

    def finish(self) -> Iterator[Event]:
        """Check what is left, and say what was removed."""
        yield from self._pass_rest()
        self.text = self.text.strip()
        if self.removed:
            n = len(self.removed)
            note = f"({n} sentence{'s' if n > 1 else ''} without evidence {'were' if n > 1 else 'was'} removed.)"
            note = f"\n\n*{note}*" if self.text else f"*{note}*"
            self.text += note
            yield TextChunk(note)

    def _pass_rest(self) -> Iterator[Event]:
        rest, self._pending = self._pending, ""
        for sentence in split_sentences(rest):
            yield from self._pass(sentence)

    def _pass(self, sentence: str) -> Iterator[Event]:
        if self._checker is None:
            self._checker = self._make_checker()
        checked = self._checker.check(sentence)
        self.claims += len(checked.claims)
        if checked.unsupported:
            self.unsupported += checked.unsupported
            self.removed.append(sentence.strip())
            # keep the line break, so that a list stays a list
            sentence = "\n" if sentence.endswith("\n") and not self.text.endswith("\n") else ""
        if sentence:
            self.text += sentence
            yield TextChunk(sentence)
