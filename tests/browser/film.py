"""Screenshots for the documentation, and a film made of many: each picture is shown for as long as its reader needs.

A film's time is that of its script, not that of the machine that plays it, so that it is the same everywhere.
"""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.conftest import OUTPUT, Person

PICTURES = Path(os.environ.get("PICTURES") or OUTPUT)  # where `make pictures` wants them
FILMING = "PICTURES" in os.environ
FRAMES_PER_S = 4
WEBP_QUALITY = 82
READING_S = 0.06  # a character of a caption
# Above everything, without a word to the page: a pointer, and what the film says.
OVERLAY = """
([x, y, words]) => {
  const made = (id, css) => {
    const found = document.getElementById(id);
    const each = found || document.body.appendChild(Object.assign(document.createElement("div"), { id }));
    each.style.cssText = `position:fixed;pointer-events:none;z-index:99999;${css}`;
    return each;
  };
  made("film-pointer", `left:${x - 9}px;top:${y - 9}px;width:18px;height:18px;border-radius:50%;` +
    "background:rgba(255,196,0,.55);border:2px solid #fff;box-shadow:0 0 4px #000");
  const line = made("film-words", `left:0;right:0;bottom:0;padding:12px 24px;font:600 20px sans-serif;color:#fff;` +
    `text-align:center;background:rgba(0,0,0,.82);visibility:${words ? "visible" : "hidden"}`);
  line.textContent = words;
}
"""


def picture(person: Person, name: str) -> None:
    """Keep what is on the screen as `name.webp`."""
    PICTURES.mkdir(exist_ok=True)
    person.page.evaluate(
        "() => document.querySelectorAll('#film-pointer, #film-words').forEach((each) => each.remove())"
    )
    shot = Image.open(io.BytesIO(person.page.screenshot()))
    shot.convert("RGB").save(PICTURES / f"{name}.webp", quality=WEBP_QUALITY, method=6)


@dataclass
class Film:
    """A person at the page, filmed where films are wanted; elsewhere only what they do happens."""

    person: Person
    frames: list[tuple[bytes, int]] = field(default_factory=list)  # a picture, and how many frames it stands
    at: tuple[float, float] = (640.0, 360.0)
    words: str = ""

    def say(self, words: str) -> None:
        """Show a caption for as long as it takes to read."""
        self.words = words
        self.hold(1.5 + READING_S * len(words))

    def hold(self, seconds: float) -> None:
        """Keep the picture that is on the screen for a while."""
        if FILMING:
            self.person.page.evaluate(OVERLAY, [*self.at, self.words])
            self.frames.append((self.person.page.screenshot(type="png"), max(1, round(seconds * FRAMES_PER_S))))

    def click(self, target: Any) -> None:
        """Go to something on the page, or to a place of it, and click."""
        if not isinstance(target, tuple):
            target.scroll_into_view_if_needed()
            box = target.bounding_box()
            target = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        start, steps = self.at, FRAMES_PER_S if FILMING else 0
        for step in range(1, steps + 1):
            part = step / steps
            self.at = start[0] + part * (target[0] - start[0]), start[1] + part * (target[1] - start[1])
            self.hold(1 / FRAMES_PER_S)
        self.at = target
        self.person.page.mouse.click(*target)

    def ask(self, question: str, answer: str) -> None:
        """Type a question, send it, and wait until the answer has these words and is complete."""
        page = self.person.page
        box = page.locator("#ask textarea")
        for end in range(3, len(question), 3) if FILMING else ():
            box.fill(question[:end])
            self.hold(1 / FRAMES_PER_S)
        self.person.ask(question)
        page.locator("#chat [data-testid=bot]").last.filter(has_text=re.compile(answer)).wait_for()
        self.person.answer()
        page.wait_for_function("() => [...document.querySelectorAll('.hits img')].every(i => i.naturalWidth)")
        self.hold(1)

    def write(self, path: Path) -> None:
        """Write the film as WebM (VP9)."""
        import imageio_ffmpeg

        size = Image.open(io.BytesIO(self.frames[0][0])).size
        writer = imageio_ffmpeg.write_frames(
            str(path), size, fps=FRAMES_PER_S, codec="libvpx-vp9", macro_block_size=1, quality=None, bitrate=0,
            output_params=["-crf", "40", "-deadline", "realtime", "-cpu-used", "7", "-g", "160"],
        )  # fmt: skip
        writer.send(None)
        for frame in self._each():
            writer.send(frame)
        writer.close()

    def _each(self) -> Iterator[bytes]:
        for shot, count in self.frames:
            pixels = Image.open(io.BytesIO(shot)).convert("RGB").tobytes()
            yield from [pixels] * count
