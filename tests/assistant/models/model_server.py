"""An OpenAI-compatible chat server on loopback that plays a script: the one fake, at the network's edge."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server answers, one entry a request, and what it was asked.

    An entry is a text, a list of (tool, arguments), an HTTP status to fail with, or a fault: "HANG" says nothing until
    the server stops, "ENDLESS" writes until then, "HALF" breaks off in the middle of an answer, "DROP" closes the
    connection, "NONSENSE" is no JSON.
    """

    replies: list[str | list[tuple[str, dict[str, Any]]] | int]
    requests: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    """The server, for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.requests.append(body)
            reply = script.replies.pop(0) if script.replies else "I have nothing to add."
            if isinstance(reply, int):
                self.send_response(reply)
                self.end_headers()
                self.wfile.write(b'{"error": {"message": "out of order"}}')
                return
            if reply == "HANG":
                script.stopped.wait(20)
                return
            if reply == "DROP":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(200)
            if reply in ("NONSENSE", "HALF", "ENDLESS"):
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", "100000")  # more than ever comes
                self.end_headers()
                half = {
                    "id": "c",
                    "object": "chat.completion.chunk",
                    "model": "m",
                    "choices": list(_deltas("R1 is "))[:1],
                }
                self.wfile.write(
                    b"data: <html>\n\n" if reply == "NONSENSE" else f"data: {json.dumps(half)}\n\n".encode()
                )
                self.wfile.flush()
                while reply == "ENDLESS" and not script.stopped.wait(0.05):
                    try:
                        self.wfile.write(f"data: {json.dumps(half)}\n\n".encode())
                    except OSError:  # the client had enough
                        return
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_header("Content-Type", "text/event-stream" if body.get("stream") else "application/json")
            self.end_headers()
            if body.get("stream"):
                for delta in _deltas(reply):
                    chunk = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [delta]}
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")
            else:
                self.wfile.write(json.dumps(_whole(reply)).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        script.stopped.set()
        server.shutdown()
        server.server_close()


def _tool_calls(calls: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {
            "index": i, "id": f"call_{name}_{i}_{abs(hash(json.dumps(args))) % 10**6}", "type": "function",
            "function": {"name": name, "arguments": json.dumps(args)},
        }
        for i, (name, args) in enumerate(calls)
    ]  # fmt: skip


def _deltas(reply: Any) -> Iterator[dict[str, Any]]:
    if isinstance(reply, str):
        for start in range(0, len(reply), 7):
            yield {
                "index": 0,
                "delta": {"role": "assistant", "content": reply[start : start + 7]},
                "finish_reason": None,
            }
        yield {"index": 0, "delta": {}, "finish_reason": "stop"}
    else:
        yield {"index": 0, "delta": {"role": "assistant", "tool_calls": _tool_calls(reply)}, "finish_reason": None}
        yield {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


def _whole(reply: Any) -> dict[str, Any]:
    text = reply if isinstance(reply, str) else None
    message = {"role": "assistant", "content": text, "tool_calls": None if text is not None else _tool_calls(reply)}
    return {
        "id": "c", "object": "chat.completion", "model": "m",
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        "choices": [{"index": 0, "message": message, "finish_reason": "stop" if text is not None else "tool_calls"}],
    }  # fmt: skip
