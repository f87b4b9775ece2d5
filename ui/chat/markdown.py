"""Text of users and models inside a conversation that is shown as Markdown: no HTML, nothing fetched from elsewhere."""

import re

# what Markdown would read as more than the character: anywhere, at the edge of a word, after a bracket, at the start
_SYNTAX = re.compile(r"[\\`*~]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|!(?=\[)|(?<=\])[(:]|^[#>+=-]|(?<=^\d)[.)]")
_ESCAPE = re.compile(r"\\([\\`*~<&_!(:#>+=.)-])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")


def escaped(text: str) -> str:
    """Write one line so that Markdown shows it as it was typed."""
    return _SYNTAX.sub(r"\\\g<0>", text)


def unescaped(markdown: str) -> str:
    """Give back what `escaped` was given."""
    return _ESCAPE.sub(r"\1", markdown)


def without_html(markdown: str) -> str:
    """Keep Markdown and show its tags as text; an image, which the browser would fetch, becomes a link.

    Entities, because a backslash could be taken away by another one before it.
    """
    return _IMAGE.sub("&#33;", _TAG.sub("&lt;", markdown))
