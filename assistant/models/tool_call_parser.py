"""Parse tool calls out of text, in the ways the common families of models write them.

Hermes and Qwen: <tool_call>{"name": …, "arguments": {…}}</tool_call>. Llama 3: {"name": …, "parameters": {…}}, perhaps
after <|python_tag|>. Mistral: [TOOL_CALLS] [{…}, …]. Qwen3-Coder: <function=name><parameter=key>value</parameter>….
`read_calls` reads these from a local model, which has no other way to call. `text_calls` reads whatever model wrote a
call where its answer belongs: also fenced JSON, name(argument=value), <invoke name="…">, and ReAct's Action lines.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Signatures = Mapping[str, Sequence[str]]  # the arguments of each tool, in order

MAX_OBJECTS = 64  # tried in one text: decoding stays short, whatever a model writes
_OPENERS = ("<tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "<function=")
_TAGS = re.compile(
    r"<tool_call\b|\[TOOL_CALLS\]|<\|python_tag\|>|<function[=_]|<invoke\b|<tool_use\b|<\|tool|functools\["
)
_INVOKE = re.compile(r"<invoke name=[\"']([\w.-]+)[\"']\s*>(.*?)(?:</invoke>|$)", re.DOTALL)
_ARGUMENT = re.compile(r"<parameter name=[\"']([\w.-]+)[\"'][^>]*>(.*?)</parameter>", re.DOTALL)
_NAME_KEYS = ("name", "tool", "tool_name", "function_name", "function", "action")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "kwargs", "input", "tool_input", "action_input")
_LIKE_JSON_CALL = re.compile(
    rf"[\"'](?:{'|'.join(_NAME_KEYS)}|tool_calls?)[\"']\s*:.*[\"'](?:{'|'.join(_ARGUMENT_KEYS)})[\"']\s*:", re.DOTALL
)
_MAY_BE_CALL = re.compile(
    r"^\s*(?:[{<]|\[\s*[{\w.]+\s*[(\"'\n]|\[TOOL|```|functools|print\(|(?:\w+\.)*[a-z]+(?:_[a-z]+)+[`*\s]*[({:\n]"
    r"|(?:action|tool|function)\b[^\n]{0,20}:)",
    re.MULTILINE | re.IGNORECASE,
)
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


def may_be_call(text: str) -> bool:
    """Tell whether the beginning of an answer may turn out to be a call: then none of it is shown yet."""
    return bool(_MAY_BE_CALL.search(text))


def text_calls(text: str, signatures: Signatures) -> list[WrittenCall] | None:
    """Read an answer that is calls of these tools, in order.

    None: it is no call. Empty: it is meant as one and cannot be read. Names may carry a prefix (`functions.`).
    """
    text = _REASONING.sub("", text).strip().translate({ord("｜"): "|", ord("▁"): "_"})  # as DeepSeek writes its tags
    for read in (_tagged, _json_calls, _python_calls, _named_json):
        calls = read(text, signatures)
        if calls is not None:
            return [WrittenCall(c.name.rpartition(".")[2], c.args) for c in calls]
    return None


def _tagged(text: str, signatures: Signatures) -> list[WrittenCall] | None:
    """Read calls between the tags of a chat template."""
    if not _TAGS.search(text):
        return None
    invoked = [WrittenCall(name, {k: _value(v.strip()) for k, v in _ARGUMENT.findall(body)})
               for name, body in _INVOKE.findall(text)]  # fmt: skip
    inside = re.sub(r"</?[\w|▁:-]+>", "\n", text)
    return (
        invoked
        or read_calls(text)
        or _json_calls(inside, signatures)
        or _named_json(inside, signatures)
        or _python_calls(inside, signatures)
        or []
    )


def _json_calls(text: str, signatures: Signatures) -> list[WrittenCall] | None:
    """Read JSON objects that name a tool and its arguments, fenced or not; None where there are none."""
    values = [*_objects(text)]
    calls = [call for value in values for call in _calls_in(value, signatures)]
    if calls:
        return calls
    return [] if _LIKE_JSON_CALL.search(text) and re.search(r"^\s*(?:```\w*\s*)?[\[{]", text, re.MULTILINE) else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Decode every object of a text, written in JSON or as a Python dict."""
    at = 0
    for _ in range(MAX_OBJECTS):
        if (brace := text.find("{", at)) < 0:
            return
        try:
            value, at = json.JSONDecoder().raw_decode(text, brace)
        except ValueError:
            end = _closing(text, brace)
            value, at = _literal(text[brace:end]), brace + 1
            if isinstance(value, dict):
                at = end
        if isinstance(value, dict):
            yield value


def _calls_in(value: dict[str, Any], signatures: Signatures) -> Iterator[WrittenCall]:
    """Find the calls in a decoded object: itself, one within, or a list of them."""
    for within in ("tool_calls", "tool_call", "function_call", "function", "calls"):
        inner = value.get(within)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                yield from _calls_in(one, signatures)
    for key in [key for key in value if key in signatures and isinstance(value[key], dict)]:
        yield WrittenCall(key, value[key])  # {"measure_region": {…}}
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    args = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
    if isinstance(args, str):
        args = _value(args)
    if name is None:
        return
    known = name.rpartition(".")[2] in signatures
    if isinstance(args, dict) and (known or "name" in value):
        yield WrittenCall(name, args)
    elif known and args is None:
        yield WrittenCall(name, {})


def _python_calls(text: str, signatures: Signatures) -> list[WrittenCall] | None:
    """Read name(argument=value) where its line holds no prose; None where there is none."""
    called = re.compile(rf"(?<![\w.])(?:\w+\.)*({'|'.join(map(re.escape, signatures))})[*`]*\s*\(")
    calls: list[WrittenCall | None] = []
    masked, at = "", 0
    while match := called.search(text, at):
        opening, end = match.end() - 1, _closing(text, match.end() - 1)
        calls.append(_python_call(match.group(1), text[opening:end], signatures))
        masked, at = masked + text[at : match.start()] + "\0", end
    masked += text[at:]
    alone: list[bool] = []
    for line in masked.splitlines():
        words = re.findall(r"[A-Za-z]\w*(?!\w*\s*=[^=])", line)
        alone += [all(word.lower() in _WRAPPERS for word in words)] * line.count("\0")
    if not any(alone):
        return None
    return [call for call, lone in zip(calls, alone, strict=True) if lone and call is not None]


_WRAPPERS = frozenset(("print", "call", "tool", "action", "tool_call", "function", "python", "tool_code", "json"))


def _python_call(name: str, arguments: str, signatures: Signatures) -> WrittenCall | None:
    """Read the arguments of a Python call, literals only; None where it is none."""
    try:
        tree = ast.parse(f"f{arguments}", mode="eval").body
        assert isinstance(tree, ast.Call)
        in_order = [_constant(node) for node in tree.args]
        if len(in_order) == 1 and isinstance(in_order[0], dict):
            return WrittenCall(name, in_order[0])
        args = dict(zip(signatures[name], in_order, strict=False))
        args |= {k.arg: _constant(k.value) for k in tree.keywords if k.arg}
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
        return None
    return WrittenCall(name, args) if len(tree.args) <= len(signatures[name]) else None


def _constant(node: ast.expr) -> Any:
    """Evaluate a literal, JSON's words among them. Raises ValueError for anything else."""
    if isinstance(node, ast.Name) and node.id in _JSON_WORDS:
        return _JSON_WORDS[node.id]
    return ast.literal_eval(node)


_JSON_WORDS = {"null": None, "true": True, "false": False}


def _named_json(text: str, signatures: Signatures) -> list[WrittenCall] | None:
    """Read the name of a tool with a JSON object behind it, as ReAct writes Action and Action Input; None without."""
    named = re.compile(
        rf"(?:^|\bto=|:)[\s`*]*(?:\w+\.)*({'|'.join(map(re.escape, signatures))})\b[`*]*"
        r"(?:\s*(?:<[^>]*>|json|```\w*|(?:action )?(?:input|arguments|args|parameters)\s*:|,|-|:|\|))*\s*(?=\{)",
        re.MULTILINE | re.IGNORECASE,
    )
    calls, found = [], False
    for match in named.finditer(text):
        found = True
        value = next(_objects(text[match.end() : _closing(text, match.end())]), None)
        if value is not None:
            calls.append(WrittenCall(match.group(1), value))
    return calls if found else None


def _closing(text: str, start: int) -> int:
    """Return the place behind the bracket that closes the one at `start`; the text's end where none does."""
    depth, quote = 0, ""
    for at in range(start, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
    return len(text)


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


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
