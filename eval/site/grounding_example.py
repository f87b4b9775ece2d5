"""One answer about a synthetic case, its sentences made false in one place each, and what the grounding check says."""

import random
import tempfile
from pathlib import Path

from assistant.core.patterns import split_sentences
from assistant.grounding.checker import Checker
from eval.assistant.conversations import Conversation, DemoInstallation, Played, ScriptedTurn, play
from eval.assistant.perturbations import KINDS, Context, perturbed

QUESTION = "What does R1 look like?"


def grounding_table(installation: DemoInstallation, study: str = "liver", seed: int = 0) -> str:
    """Ask about the largest lesion of a type, and write a Markdown table: a sentence, false or not, and the verdict."""
    turn = ScriptedTurn(say=QUESTION, calls=())
    conversation = Conversation(id="example", voice="", split="dev", study=study, regions=1, turn=(turn,))
    with tempfile.TemporaryDirectory() as folder:
        (played,) = play(conversation, installation, "offline", Path(folder))
    sentences = [s.strip() for s in split_sentences(played.answer.answer) if s.strip()]
    context = Context(played.state.atlas_types, played.evidence, played.number)
    rng = random.Random(seed)
    rows = [_row("as written", sentence, played) for sentence in sentences[:3]]
    for kind in KINDS:
        for sentence in rng.sample(sentences, len(sentences)):
            if (false := perturbed(kind, sentence, context, rng)) is not None:
                rows.append(_row(f"false: {kind}", false, played))
                break
    return "| | sentence | check |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _row(what: str, sentence: str, played: Played) -> str:
    checker = Checker(played.evidence, played.state, played.question, played.told, played.number)
    unsupported = checker.check(sentence).unsupported
    verdict = f"cut: {', '.join(unsupported)}" if unsupported else "carried"
    return f"| {what} | {_plain(sentence)} | {_plain(verdict)} |"


def _plain(text: str) -> str:
    """Keep Markdown of an answer from becoming links and tables."""
    return " ".join(text.lstrip("- ").split()).replace("|", "\\|").replace("[", "\\[")
