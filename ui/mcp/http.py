"""`/mcp` of the page: the MCP server by streamable HTTP, for clients on this machine that have no files to open."""

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from tools.domain.study import Study
from tools.workspace.session import Workspace
from ui.mcp.protocol import McpSetup, build_server
from ui.state.samples import SampleShelf
from ui.state.visits import Shared

LOCAL = ("127.0.0.1:*", "localhost:*", "[::1]:*")  # a page of another origin cannot reach it by a name of its own
IDLE_S = 1800
MAX_SESSIONS = 16
MAX_BODY_BYTES = 64 * 1024


def mcp_sessions(shared: Shared, shelf: SampleShelf) -> StreamableHTTPSessionManager:
    """Make what answers `/mcp`, to be run as long as the server does. Studies are the sample cases."""

    def open_sample(name: str) -> Study:
        return shelf.study(shelf.get(name))

    cases = ", ".join(f"{sample.sample_id} ({sample.title})" for sample in shelf.samples)
    server = build_server(
        McpSetup(
            workspace=lambda session: Workspace(session, shared.atlas, shared.embedder),
            open_study=open_sample,
            opened_by=f"These can be opened: {cases}.",
            model=shared.settings.model,
        )
    )
    return StreamableHTTPSessionManager(
        server,
        security_settings=TransportSecuritySettings(
            allowed_hosts=list(LOCAL), allowed_origins=[f"http://{host}" for host in LOCAL]
        ),
        session_idle_timeout=IDLE_S,
        max_request_body_size=MAX_BODY_BYTES,
        max_sessions=MAX_SESSIONS,
    )
