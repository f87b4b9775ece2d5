"""A conversation that was cleared, and how it comes back; regions do in `tools.workspace.undo`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.domain.region import same_outline
from tools.workspace.undo import KeptRegion

if TYPE_CHECKING:
    from assistant.agent.assistant import Assistant
    from ui.state.transcript import ChatTurn
    from ui.state.visit import Visit


@dataclass(frozen=True)
class ClearedConversation:
    """What was said and found before a new conversation was begun."""

    turns: "tuple[ChatTurn, ...]"
    assistant: "Assistant | None"
    regions: tuple[KeptRegion, ...]

    def bring_back(self, visit: "Visit") -> str:
        """Go on with it, and say so in a sentence."""
        session = visit.session
        for kept in self.regions:
            now = session.wherever(kept.region.region_id)
            if now is not None and same_outline(now, kept.region) and session.search_of(now.region_id) is None:
                session.restore_search(now.region_id, kept.search)
        visit.resume(self.turns, self.assistant)
        return "The conversation is as before."
