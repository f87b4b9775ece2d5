"""What mkdocs does beyond its own: documents that lie beside the code become pages, and links to code find it.

A document keeps the links that are right where it lies in the repository. Here they become links that are right on the
site: to a page where there is one, to the file at `repo_url` where that is set, else nothing but their words.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPO = Path(__file__).resolve().parents[2]
BESIDE_THE_CODE = (
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "MODEL_CARD.md",
    "SECURITY.md",
    "assistant/training/DATA_CARD.md",
    "assistant/understanding/network/weights/README.md",
)
_LINK = re.compile(r"(?P<picture>!?)\[(?P<words>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents that lie beside the code as pages."""
    for source in BESIDE_THE_CODE:
        files.append(File.generated(config, page_of(source), content=(REPO / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that are right in the repository into links that are right on the site."""
    here = page.file.src_uri
    source = next((each for each in BESIDE_THE_CODE if page_of(each) == here), f"docs/{here}")
    return _LINK.sub(lambda link: rewritten(link, source, files, config.repo_url or ""), markdown)


def page_of(source: str) -> str:
    """Name the page that a document of the repository becomes, as mkdocs names files."""
    return source.removeprefix("docs/") if source.startswith("docs/") else source.replace("README", "reader")


def rewritten(link: re.Match[str], source: str, files: Files, repo_url: str) -> str:
    """Write one Markdown link anew, whose target is relative to the document `source` of the repository."""
    target, _, anchor = link["target"].partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return link[0]
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    page = page_of(wanted)
    if wanted.startswith("docs/") or files.get_file_from_path(page) is not None:  # what misses there, mkdocs notices
        address = posixpath.relpath(page, posixpath.dirname(page_of(source)) or ".") + (f"#{anchor}" if anchor else "")
    elif repo_url:
        address = f"{repo_url.rstrip('/')}/blob/main/{wanted}"
    else:
        return f"{link['words']} (`{wanted}`)"
    return f"{link['picture']}[{link['words']}]({address})"
