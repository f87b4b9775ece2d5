"""Choosing an answer: its region, its search and the lesion it cites come back to the screen."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoder.errors import LesionSearchError
from ui.chat.chat import turn_at
from ui.state.transcript import ChatTurn
from ui.state.visit import Visit

NOTHING_THERE = "That answer is no longer in the conversation."
NOTHING_TO_COMPARE = "Click a lesion first: then {lesion} is shown beside it."


class ShowRequest(BaseModel):
    """A citation or a link of an answer was chosen: its turn, region and atlas lesion, each empty where none."""

    model_config = ConfigDict(extra="forbid")
    turn: Annotated[str, Field(max_length=8)]
    region_id: Annotated[str, Field(max_length=8)] = ""
    lesion: Annotated[str, Field(max_length=200)] = ""


def recall(visit: Visit, data: object) -> str:
    """Bring back what a link of an answer points at, after checking every field of `data`.

    Returns a sentence where that cannot be done, empty where it was.
    """
    try:
        asked = ShowRequest.model_validate(data)
    except ValidationError:
        return NOTHING_THERE
    turn = next((each for each in visit.turns if each.key == asked.turn), None)
    if turn is None:
        return NOTHING_THERE
    return _recall(visit, turn, asked.region_id, asked.lesion)


def recall_message(visit: Visit, index: object) -> str:
    """Bring back the answer that a message of the transcript belongs to; nothing happens where it shows none."""
    turn = turn_at(visit, index, question=False) if isinstance(index, int) else None
    return _recall(visit, turn) if turn is not None and turn.done else ""


def _recall(visit: Visit, turn: ChatTurn, region_id: str = "", lesion: str = "") -> str:
    scene = turn.scenes.get(region_id) or next(reversed(turn.scenes.values()), None)
    session = visit.session
    if scene is not None:
        try:
            scene.bring_back(session)
        except LesionSearchError as error:
            return str(error)
        visit.compare(scene.region.region_id, lesion or scene.lesion_id)
    elif lesion and session.study is not None and session.selected is not None:
        visit.compare(session.selected.region_id, lesion)
    elif lesion:
        return NOTHING_TO_COMPARE.format(lesion=lesion)
    return ""
