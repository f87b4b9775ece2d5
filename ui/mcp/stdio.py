"""`lesion-search mcp`: the MCP server on standard input and output, for a client on this machine."""

from pathlib import Path

import anyio
from mcp.server.stdio import stdio_server

from tools.domain.study import Study
from tools.intake.intake import intake_limits, read_study
from tools.pipelines.demo import open_workspace_parts, patient_keys
from tools.settings import Settings
from tools.workspace.session import Workspace
from ui.mcp.protocol import McpSetup, build_server


def run_stdio(settings: Settings, path: Path | None) -> None:
    """Serve one client until it goes away, with the study at `path` open. Raises IntakeError, AtlasError."""
    keys = patient_keys(settings)
    limits = intake_limits(settings, follow_links=True)

    def open_path(name: str) -> Study:
        return read_study(Path(name).expanduser(), keys, limits)

    first = None if path is None else read_study(path, keys, limits)
    embedder, atlas = open_workspace_parts(settings)
    server = build_server(
        McpSetup(
            workspace=lambda session: Workspace(session, atlas, embedder),
            open_study=open_path,
            opened_by="It is named by its path on this machine: a DICOM file, a folder or a zip.",
            model=settings.model,
            first_study=first,
        )
    )

    async def serve() -> None:
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    anyio.run(serve)
