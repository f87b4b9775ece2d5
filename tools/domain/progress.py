"""Callbacks by which long work reports how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # items done, items in all
StageProgress = Callable[[str, int, int], None]  # name of the stage, items done, items in all
