"""Parse tool calls out of the text of a local model, in the ways the common families write them.

Hermes and Qwen: <tool_call>{"name": …, "arguments": {…}}</tool_call>. Llama 3: {"name": …, "parameters": {…}}, perhaps
after <|python_tag|>. Mistral: [TOOL_CALLS] [{…}, …]. Qwen3-Coder: <function=name><parameter=key>value</parameter>….
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_OPENERS = ("<tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "<function=")
_REASONING = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)(?:</function>|$)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?(?:</parameter>|(?=<parameter=)|$)", re.DOTALL)


@dataclass(frozen=True)
class WrittenCall:
    """Hold a call as the model wrote it; the tools check its arguments."""

    name: str
    args: dict[str, Any]


class ToolCallStream:
    """Parse a stream: let prose through at once, hold back what may be a call or a reasoning block.

    `special_tokens` is a regular expression of the tokenizer's, which are dropped from prose.
    """

    def __init__(self, special_tokens: str = "") -> None:
        self._special = re.compile(
            f"(?!{'|'.join(map(re.escape, _OPENERS))})(?:{special_tokens})" if special_tokens else "(?!)"
        )
        self._all = ""
        self._said = 0  # characters of prose already given out

    def feed(self, text: str) -> str:
        """Take more text; return the prose that is certain by now."""
        self._all += text
        prose = self._prose()
        if prose.lstrip().startswith("{"):
            return ""  # perhaps a bare call
        # an opener or a special token may be half written: keep back what could be its beginning
        tail = max(prose.rfind("<"), prose.rfind("["))
        certain = prose if tail < 0 or "\n" in prose[tail:] or len(prose) - tail > 40 else prose[:tail]
        new, self._said = certain[self._said :], max(self._said, len(certain))
        return new

    def finish(self) -> tuple[str, list[WrittenCall]]:
        """Return the prose that was held back, and the calls."""
        calls = read_calls(self._all)
        prose = self._prose()
        if calls and prose.lstrip().startswith("{"):
            prose = ""
        return prose[self._said :].rstrip(), calls

    def _prose(self) -> str:
        """Return the text before the first call, without reasoning and special tokens."""
        text = _REASONING.sub("", self._all)
        starts = [i for opener in _OPENERS if (i := text.find(opener)) >= 0]
        return self._special.sub("", text[: min(starts)] if starts else text).lstrip()


def read_calls(text: str) -> list[WrittenCall]:
    """Return all calls in a finished text, in order; what is malformed is no call."""
    text = _REASONING.sub("", text)
    functions = [
        WrittenCall(name, {key: _value(value) for key, value in _PARAMETER.findall(body)})
        for name, body in _FUNCTION.findall(text)
    ]
    if functions:
        return functions
    starts = [i + len(opener) for opener in _OPENERS if (i := text.find(opener)) >= 0]
    bare = re.match(r"\s*(?=\{)", re.sub(r"^(?:\s*<\|[^|]*\|>)+", "", text))
    if not starts and bare is None:
        return []
    return [
        call for value in _json_values(text[min(starts) :] if starts else text) if (call := _call(value)) is not None
    ]


def _json_values(text: str) -> list[Any]:
    """Decode every JSON object of a text, lists opened."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (brace := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, brace)
        except ValueError:
            at = brace + 1
            continue
        found.append(value)
    return found


def _call(value: Any) -> WrittenCall | None:
    """Read a call from a JSON value; None where it is none."""
    if not isinstance(value, dict):
        return None
    value = value.get("function", value) if isinstance(value.get("function"), dict) else value
    name, args = value.get("name"), value.get("arguments", value.get("parameters", {}))
    if isinstance(args, str):
        try:
            args = json.loads(args)
        except ValueError:
            return None
    return WrittenCall(name, args) if isinstance(name, str) and isinstance(args, dict) else None


def _value(text: str) -> Any:
    """Decode a parameter; what is no JSON is a string."""
    try:
        return json.loads(text)
    except ValueError:
        return text
