"""A server over the small demo, and its visits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from ui.state.visits import Shared, Visit, Visits


@pytest.fixture(scope="session")
def shared(demo: Any) -> "Shared":
    """Atlas and encoder of the small demo."""
    from tools.pipelines.demo import open_workspace_parts, patient_keys
    from ui.state.visits import Shared

    embedder, atlas = open_workspace_parts(demo.settings)
    return Shared(atlas, embedder, patient_keys(demo.settings), demo.settings)


@pytest.fixture
def visits(shared: "Shared") -> Iterator["Visits"]:
    from ui.state.visits import Visits

    made = Visits(shared)
    yield made
    made.close_all()


@pytest.fixture(scope="session")
def shelf(demo: Any) -> Any:
    from tools.pipelines.demo import patient_keys
    from ui.state.samples import SampleShelf

    return SampleShelf(demo.settings.samples, patient_keys(demo.settings))


@pytest.fixture
def visit(visits: "Visits", shelf: Any) -> "Visit":
    """Somebody who looks at the first sample case."""
    from ui.state.visits import new_visitor

    made = visits.of_page(new_visitor(), "a-page")
    sample = shelf.samples[0]
    made.open(shelf.study(sample), sample.title, sample.slice_index)
    return made


@pytest.fixture(scope="session")
def app(demo: Any) -> Any:
    """All addresses there are, those of an archive too, where nobody listens."""
    from pydantic import SecretStr

    from ui.server.app import build_app

    return build_app(demo.settings.model_copy(update={"dicomweb": SecretStr("http://127.0.0.1:9/dicom-web")}))


@pytest.fixture
def client(app: Any) -> Iterator["TestClient"]:
    """A browser without a cookie, before the page was opened."""
    from fastapi.testclient import TestClient

    with TestClient(app, "http://localhost", client=("127.0.0.1", 50000)) as made:
        yield made
    app.state.visits.close_all()
