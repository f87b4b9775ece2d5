"""`import WHAT` without a word between: what is no command of the group is a path for `import files`."""

from typing import Any

from typer.core import TyperGroup

DEFAULT_COMMAND = "files"


class ImportGroup(TyperGroup):
    """A group of commands with one that may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before anything that is neither a command nor a wish for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [DEFAULT_COMMAND, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed
