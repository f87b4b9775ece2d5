"""Calls as the common families of local models write them."""

import pytest

from assistant.models.tool_call_parser import ToolCallStream, WrittenCall, may_be_call, read_calls, text_calls

MEASURE = WrittenCall("measure_region", {"region_id": "R1"})
WRITTEN = {
    "hermes": '<tool_call>\n{"name": "measure_region", "arguments": {"region_id": "R1"}}\n</tool_call>',
    "hermes with prose": ('Let me look.\n<tool_call>{"name": "measure_region", "arguments": {"region_id":'
                         ' "R1"}}</tool_call>'),
    "not closed": '<tool_call>{"name": "measure_region", "arguments": {"region_id": "R1"}}',
    "llama": '{"name": "measure_region", "parameters": {"region_id": "R1"}}',
    "llama with a tag": '<|python_tag|>{"name": "measure_region", "parameters": {"region_id": "R1"}}<|eom_id|>',
    "mistral": '[TOOL_CALLS] [{"name": "measure_region", "arguments": {"region_id": "R1"}}]</s>',
    "qwen coder": "<tool_call>\n<function=measure_region>\n<parameter=region_id>\nR1\n</parameter>\n"
    "</function>\n</tool_call>",
    "arguments as text": ('<tool_call>{"name": "measure_region", "arguments": "{\\"region_id\\":'
                         ' \\"R1\\"}"}</tool_call>'),
    "openai": ('[TOOL_CALLS] [{"type": "function", "function": {"name": "measure_region", "arguments": {"region_id":'
               ' "R1"}}}]'),
    "after a thought": ('<think>I could call {"name": "x"}.</think>{"name": "measure_region", "parameters":'
                        ' {"region_id": "R1"}}'),
}  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_call_is_read_in_every_form(text: str) -> None:
    assert read_calls(text) == [MEASURE]


def test_several_calls_keep_their_order() -> None:
    text = (
        '<tool_call>{"name": "a", "arguments": {}}</tool_call>\n<tool_call>{"name": "b", "arguments": {"k":'
        " 3}}</tool_call>"
    )
    assert read_calls(text) == [WrittenCall("a", {}), WrittenCall("b", {"k": 3})]


@pytest.mark.parametrize(
    "text",
    [
        "The lesion is 12 mm long.", "Use {braces} freely.", "<tool_call>not json</tool_call>", '{"name": 3}',
        '{"name": "a", "arguments": [1]}', '<tool_call>{"name": "a", "arguments": "{broken"}</tool_call>', "",
    ],
)  # fmt: skip
def test_what_is_malformed_is_no_call(text: str) -> None:
    assert read_calls(text) == []


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_no_part_of_a_call_is_streamed_as_prose(text: str, size: int) -> None:
    writer = ToolCallStream(r"<\|eom_id\|>|</s>")
    said = "".join(writer.feed(text[i : i + size]) for i in range(0, len(text), size))
    rest, calls = writer.finish()
    assert calls == [MEASURE]
    assert said + rest in ("", "Let me look.", "Let me look.\n")


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_prose_comes_out_whole_without_reasoning_and_special_tokens(size: int) -> None:
    text = "<think>hm</think>R1 is < 2 cm [P1-L2], mean 40 HU.<|im_end|>"
    writer = ToolCallStream(r"<\|im_end\|>")
    said = "".join(writer.feed(text[i : i + size]) for i in range(0, len(text), size))
    rest, calls = writer.finish()
    assert (said + rest, calls) == ("R1 is < 2 cm [P1-L2], mean 40 HU.", [])


SIGNATURES = {"measure_region": ["region_id"], "find_regions": ["max_regions"], "search": ["region_id", "sex"]}
AS_ANSWERS = WRITTEN | {
    "fenced": '```json\n{"name": "measure_region", "arguments": {"region_id": "R1"}}\n```',
    "python": 'measure_region(region_id="R1")',
    "python by place": 'measure_region("R1")',
    "python in a list": '[measure_region(region_id="R1")]',
    "python printed": '```tool_code\nprint(default_api.measure_region(region_id="R1"))\n```',
    "python dict": "{'name': 'measure_region', 'arguments': {'region_id': 'R1'}}",
    "other keys": '{"tool": "measure_region", "args": {"region_id": "R1"}}',
    "react": 'Thought: measure it\nAction: measure_region\nAction Input: {"region_id": "R1"}',
    "invoke": '<invoke name="measure_region"><parameter name="region_id">R1</parameter></invoke>',
    "harmony": '<|channel|>commentary to=functions.measure_region <|message|>{"region_id": "R1"}<|call|>',
    "deepseek": "<｜tool▁call▁begin｜>function<｜tool▁sep｜>measure_region\n"
    '```json\n{"region_id": "R1"}\n```<｜tool▁call▁end｜>',
    "name as key": '{"measure_region": {"region_id": "R1"}}',
}


@pytest.mark.parametrize("text", AS_ANSWERS.values(), ids=AS_ANSWERS)
def test_a_call_in_place_of_an_answer_is_read_in_every_form(text: str) -> None:
    assert text_calls(text, SIGNATURES) == [MEASURE]
    assert may_be_call(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "measure_region", "arguments": {"region_id": "R1"}}\n{"name": "find_regions", "arguments": {}}',
        '[{"name": "measure_region", "arguments": {"region_id": "R1"}}, {"name": "find_regions", "arguments": {}}]',
        'measure_region(region_id="R1")\nfind_regions()',
        '[measure_region(region_id="R1"), find_regions()]',
    ],
)
def test_several_calls_in_place_of_an_answer(text: str) -> None:
    assert text_calls(text, SIGNATURES) == [MEASURE, WrittenCall("find_regions", {})]


def test_words_of_json_are_values_in_a_python_call() -> None:
    assert text_calls('search(region_id="R1", sex=null)', SIGNATURES) == [
        WrittenCall("search", {"region_id": "R1", "sex": None})
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "measure_region", "arguments": {"region_id": "R1"',
        "measure_region(region_id=R1)",
        "<tool_call>no</tool_call>",
    ],
)
def test_a_call_that_cannot_be_read_is_no_answer(text: str) -> None:
    assert text_calls(text, SIGNATURES) == []


@pytest.mark.parametrize(
    "text",
    [
        "R1 is 18 mm (E1).",
        "[A-01] is a liver lesion.",
        '{"long_axis_mm": 18.2}',
        "I can search or measure.",
        "- R1: 18 mm",
    ],
)
def test_an_answer_is_no_call(text: str) -> None:
    assert text_calls(text, SIGNATURES) is None


@pytest.mark.parametrize("text", ["{" * 20_000, "{a" * 5000 + "}" * 5000, "measure_region(" * 3000, "[" * 20_000])
def test_reading_stays_short_whatever_is_written(text: str) -> None:
    assert text_calls(text, SIGNATURES) in (None, [])
