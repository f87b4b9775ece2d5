"""Many users at once on one server: they open, upload, click, ask and leave without goodbye, and nothing may go wrong.

Speaks the page's own protocol (Gradio's queue and the plain routes), a cookie and a network address for each user.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from eval.performance.reliability import Conversation, Soak, keep
from tools.pipelines.demo import ensure_samples
from tools.settings import get_settings

QUESTIONS = ("Describe this study", "What does it look like?", "Measure it", "What is in the atlas?", "only women")
PATIENCE_S = 120.0


@dataclass
class Record:
    """What was seen: how often each thing was done, how long answers took, and what went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    answers_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    leaks: int = 0


@dataclass
class User:
    """One browser: its cookie, its page, and what it has open."""

    http: httpx.AsyncClient
    functions: dict[str, tuple[int, bool]]
    page: str
    record: Record
    draw: random.Random
    viewer: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    async def send(self, handler: str, data: list[Any] | None = None, event: Any = None) -> list[Any]:
        """Let a handler answer an event; its last outputs. Raises RuntimeError for one that failed."""
        number, queued = self.functions[handler]
        body = {"fn_index": number, "data": data or [], "session_hash": self.page, "event_data": event}
        if not queued:
            reply = await self.http.post("/gradio_api/run/predict", json=body)
            if reply.status_code != 200:
                raise RuntimeError(f"{handler}: {reply.status_code}")
            return self._noted(reply.json()["data"])
        reply = await self.http.post("/gradio_api/queue/join", json=body)
        if reply.status_code != 200:
            raise RuntimeError(f"{handler}: {reply.status_code}")
        wanted = reply.json()["event_id"]
        async with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.page}) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed" and message.get("event_id") == wanted:
                    if not message["success"]:
                        raise RuntimeError(f"{handler}: failed")
                    return self._noted(message["output"]["data"])
        raise RuntimeError(f"{handler}: the stream ended")

    def _noted(self, outputs: list[Any]) -> list[Any]:
        for output in outputs:
            if isinstance(output, dict) and "visit_key" in output:
                self.viewer = output
                names = {region["name"] for region in output["regions"]} - {""}
                self.record.leaks += len(names - {self.name})
        return outputs

    async def act(self, kind: str, **fields: Any) -> None:
        await self.send("act", event={"kind": kind, "study": self.viewer["study_key"], **fields})

    async def open_sample(self) -> None:
        await self.send("open", event={"sample": f"case{self.draw.randint(1, 3)}"})

    async def upload(self, folder: Path) -> None:
        """Send the files of a folder and open them."""
        batch = secrets.token_hex(12)
        files = sorted(path for path in folder.iterdir() if path.is_file())
        for place, path in enumerate(files):
            reply = await self.http.put(
                f"/uploads/{self.viewer['visit_key']}/{batch}/{place}", content=path.read_bytes()
            )
            if reply.status_code != 204:
                raise RuntimeError(f"upload: {reply.status_code}")
        await self.send("open", event={"batch": batch, "files": len(files)})

    async def look(self) -> None:
        """Fetch slices, mark a place, and call it by a name that nobody else may see."""
        key, count = self.viewer["study_key"], self.viewer["series"][0]["slices"]
        for _ in range(4):
            reply = await self.http.get(f"/studies/{key}/series/0/slices/{self.draw.randrange(count)}")
            if reply.status_code != 200:
                raise RuntimeError(f"slice: {reply.status_code}")
        spot = self.draw.randint(180, 320), self.draw.randint(180, 320)
        await self.act("click", slice_index=self.draw.randrange(count), x=spot[0], y=spot[1])
        if not self.viewer["selected"]:
            raise RuntimeError("click: no region")
        await self.act("rename", region_id=self.viewer["selected"], name=self.name)
        if self.name not in {region["name"] for region in self.viewer["regions"]}:
            raise RuntimeError("rename: no name")

    async def ask(self) -> None:
        began = time.monotonic()
        await self.send("ask", [self.draw.choice(QUESTIONS)])
        self.record.answers_s.append(time.monotonic() - began)


async def soak(address: str, uploads: list[Path], users: int, seconds: float, record: Record, seed: int = 0) -> None:
    """Let `users` use the server at `address` at once for so long, each coming and going as another person."""
    end = time.monotonic() + seconds

    async def seat(number: int) -> None:
        visits = 0
        while time.monotonic() < end:
            visits += 1
            draw = random.Random(f"{seed} {number} {visits}")
            try:
                async with visitor(address, record, draw, f"10.9.{number}.{visits % 250 + 1}") as user:
                    await _one_visit(user, uploads, draw, end)
            except (httpx.HTTPError, RuntimeError, KeyError, TimeoutError) as error:
                record.errors[f"{type(error).__name__}: {error}"[:120]] += 1
                await asyncio.sleep(1)

    await asyncio.gather(*(seat(number) for number in range(users)))


@contextlib.asynccontextmanager
async def visitor(address: str, record: Record, draw: random.Random, network: str) -> AsyncIterator[User]:
    """Open the page as a new person; leaving is closing the connection, without a word."""
    headers = {"x-forwarded-for": network}
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S, headers=headers) as http:
        await http.get("/")
        dependencies = (await http.get("/config")).json()["dependencies"]
        functions = {each["api_name"]: (each["id"], each["queue"] is not False) for each in dependencies}
        user = User(http, functions, secrets.token_hex(6), record, draw, name=f"of {secrets.token_hex(4)}")
        heart = asyncio.create_task(_beat(http, user.page))
        try:
            await user.send("load")
            yield user
        finally:
            heart.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                await heart


async def _beat(http: httpx.AsyncClient, page: str) -> None:
    async with http.stream("GET", f"/gradio_api/heartbeat/{page}") as stream:
        async for _ in stream.aiter_bytes():
            pass


async def _one_visit(user: User, uploads: list[Path], draw: random.Random, end: float) -> None:
    await (user.upload(draw.choice(uploads)) if uploads and draw.random() < 0.5 else user.open_sample())
    user.record.done["opened"] += 1
    for _ in range(draw.randint(2, 6)):
        if time.monotonic() > end:
            return
        await user.look()
        await user.ask()
        user.record.done["asked"] += 1
        await asyncio.sleep(draw.uniform(0.5, 3))


async def converse(address: str, questions: int, record: Record) -> None:
    """Let one user of the server at `address` ask so many questions about one region."""
    async with visitor(address, record, random.Random("long"), "10.8.0.1") as user:
        await user.open_sample()
        await user.look()
        for _ in range(questions):
            await user.ask()


@contextlib.contextmanager
def warm_server() -> Iterator[tuple[str, int]]:
    """Start a server over the demo, and let somebody use it; its address and process."""
    settings = os.environ | {"LESION_SEARCH_SWEEP_S": "10", "LESION_SEARCH_KEEP_MINUTES": "1"}
    command = [sys.executable, "-m", "ui.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            asyncio.run(soak(address, [], 1, 30.0, Record()))
            yield address, server.pid
        finally:
            server.terminate()


def soaked(users: int = 20, minutes: float = 10.0) -> Soak:
    """Let people use a server, and wait until what they left behind is swept."""
    cases = sorted({path.parent for path in (ensure_samples(get_settings()) / "dicom").rglob("*") if path.is_file()})
    record = Record()
    with warm_server() as (address, process):
        before = resident_mb(process)
        asyncio.run(soak(address, cases[:4], users, 60 * minutes, record))
        loaded = resident_mb(process)
        time.sleep(120)
        after = resident_mb(process)
    for error, count in record.errors.items():
        print(f"{count} x {error}")
    times = sorted(record.answers_s)
    return Soak(
        users=users,
        minutes=minutes,
        studies=record.done["opened"],
        answers=len(times),
        answer_p95_s=times[int(0.95 * len(times))] if times else float("inf"),
        errors=sum(record.errors.values()),
        leaks=record.leaks,
        memory_before_mb=before,
        memory_loaded_mb=loaded,
        memory_after_mb=after,
    )


def conversed(questions: int = 500) -> Conversation:
    """Let one user talk with a server for long."""
    record = Record()
    with warm_server() as (address, process):
        before = resident_mb(process)
        asyncio.run(converse(address, questions, record))
        grown = resident_mb(process) - before
    tenth = questions // 10
    first, last = statistics.median(record.answers_s[:tenth]), statistics.median(record.answers_s[-tenth:])
    return Conversation(questions=questions, first_tenth_s=first, last_tenth_s=last, grown_mb=grown)


def main() -> None:
    """Keep and print what became of both. Exits with 1 where anything went wrong."""
    keep(soak=(many := soaked()))
    keep(conversation=(long := conversed()))
    print(many.model_dump_json(indent=2), long.model_dump_json(indent=2), sep="\n")
    wrong = many.errors or many.leaks or many.answer_p95_s > 3 or many.memory_after_mb > many.memory_before_mb + 100
    sys.exit(bool(wrong or not long.is_flat or long.grown_mb > 100))


def resident_mb(process: int) -> int:
    """Read how much memory a process of this machine holds; Linux only."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) >> 10


if __name__ == "__main__":
    main()
