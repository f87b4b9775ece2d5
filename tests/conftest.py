"""Fixtures every test may use, and an environment that touches nothing outside the test."""

import asyncio
import os
import resource
import shutil
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from filelock import FileLock
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

if TYPE_CHECKING:
    from tools.settings import Settings
    from tools.workspace.session import Workspace

REPO = Path(__file__).resolve().parent.parent
for name in [n for n in os.environ if n.startswith("LESION_SEARCH_") and n != "LESION_SEARCH_SHARED"]:
    del os.environ[name]  # before anything is imported: tool schemas are made of settings

DEMO_PATIENTS = 16  # enough for every lesion type in every fold, quick to make
FUZZ_TIMES = 25  # as many examples of each property in `make fuzz`

# The same examples in every run: whether the suite passes depends on the code alone. `make fuzz` looks for new ones.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, print_blob=True, database=None)
hypothesis.settings.register_profile(
    "fuzz",
    max_examples=100 * FUZZ_TIMES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores; this is read when torch and numpy are imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")


# atlases that tests leave open hold a dozen files each, more than some shells allow one process
_SOFT, _HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_SOFT, min(_HARD, 8192)), _HARD))


def pytest_configure(config: pytest.Config) -> None:
    """Take no constants from the code into the suite's examples, which vary with what a worker happens to import."""
    if config.getoption("hypothesis_profile") != "fuzz":
        providers._get_local_constants = Constants


def examples(number: int) -> int:
    """Scale the number of examples of a property test to the profile that runs."""
    return number * (FUZZ_TIMES if hypothesis.settings.get_current_profile_name() == "fuzz" else 1)


def in_a_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end; not in this thread, where Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's machine reaches a test; data goes to a folder of its own, the planner answers."""
    from tools.settings import get_settings

    monkeypatch.setenv("LESION_SEARCH_DATA", str(tmp_path / "lesion-search-data"))
    monkeypatch.setenv("LESION_SEARCH_MODEL", "offline")  # nothing loads a language model unasked
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT (see the README, section Data); a test that asks for it is marked `shared`."""
    folder = Path(os.environ.get("LESION_SEARCH_SHARED", REPO.parent / "shared" / "data"))
    if not (folder / "lidc" / "lesions.csv").is_file():
        pytest.skip(f"real CT data is not at {folder}; set LESION_SEARCH_SHARED to its folder")
    return folder


@dataclass(frozen=True)
class PhantomCase:
    """One lesion of the sample cases, with the truth about it."""

    lesion_id: str
    patient_id: str
    lesion_type: str
    folder: Path
    slice: int
    box: tuple[int, int, int, int]
    long_axis_mm: float

    @property
    def centre(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def roi(self) -> str:
        return ",".join(str(value) for value in self.box)


@dataclass(frozen=True)
class Demo:
    """A small demo installation: phantom cases and the atlas built from them."""

    settings: "Settings"
    cases: tuple[PhantomCase, ...]

    def case(self, lesion_type: str) -> PhantomCase:
        """The largest lesion of a type."""
        return max((c for c in self.cases if c.lesion_type == lesion_type), key=lambda c: c.long_axis_mm)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Phantoms and demo atlas as a first `make run` makes them, but of fewer patients.

    Made once for all workers of a run; each gets a copy of its own, because an atlas has one writer.
    """
    from tools.settings import Settings

    folder = tmp_path_factory.mktemp("demo") / "data"
    if "PYTEST_XDIST_WORKER" in os.environ:
        made = tmp_path_factory.getbasetemp().parent / "demo-of-all-workers"
        with FileLock(made.with_suffix(".lock")):
            if not made.is_dir():
                _make_demo(folder)
                shutil.copytree(folder, made.with_suffix(".part"), dirs_exist_ok=True)
                made.with_suffix(".part").rename(made)
            else:
                shutil.copytree(made, folder)
    else:
        _make_demo(folder)
    settings = Settings(data=folder, model="offline")
    return Demo(settings, read_truth(settings.samples))


def _make_demo(folder: Path) -> None:
    from tools.pipelines import demo as first_run
    from tools.pipelines.phantoms.generate import make_phantoms
    from tools.settings import Settings

    settings = Settings(data=folder, model="offline")
    make_phantoms(settings.samples, patients=DEMO_PATIENTS)
    (settings.samples / first_run.COMPLETE).touch()
    first_run.open_workspace_parts(settings)


@pytest.fixture
def workspace(demo: Demo, tmp_path: Path) -> Iterator["Workspace"]:
    """An empty session beside the demo atlas."""
    from tools.pipelines.demo import open_workspace_parts
    from tools.workspace.session import Session, Workspace

    embedder, atlas = open_workspace_parts(demo.settings)
    session = Session(tmp_path / "session")
    yield Workspace(session, atlas, embedder)
    session.close()


@pytest.fixture
def demo_environment(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """The settings of this process and its children point at the small demo."""
    from tools.settings import get_settings

    monkeypatch.setenv("LESION_SEARCH_DATA", str(demo.settings.data))
    get_settings.cache_clear()
    return demo


def read_truth(samples: Path) -> tuple[PhantomCase, ...]:
    """The rows of truth.csv."""
    import csv

    with (samples / "truth.csv").open(newline="") as file:
        return tuple(
            PhantomCase(
                lesion_id=row["lesion_id"],
                patient_id=row["patient_id"],
                lesion_type=row["lesion_type"],
                folder=samples / row["dicom_folder"],
                slice=int(row["slice"]),
                box=(int(row["x0"]), int(row["y0"]), int(row["x1"]), int(row["y1"])),
                long_axis_mm=float(row["long_axis_mm"]),
            )
            for row in csv.DictReader(file)
        )


def open_case(workspace: "Workspace", case: PhantomCase, demo: Demo) -> None:
    """Read a phantom case into the session."""
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    workspace.session.open(read_study(case.folder, patient_keys(demo.settings)))
