import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import REPO
from tools.intake import sandbox, worker_process
from tools.intake.intake import intake_limits
from tools.intake.messages import Reason
from tools.intake.sandbox import read_sandboxed, worker_for
from tools.intake.worker_process import WorkerError
from tools.settings import Settings

LIMITS = intake_limits(Settings())
WAIT_S = 20.0
needs_forks = pytest.mark.skipif(not worker_process.HAS_ZYGOTE, reason="workers are forked on Linux alone")


@pytest.fixture
def three_slices(make_ct, save):
    return [save(make_ct(ImagePositionPatient=[0, 0, z], InstanceNumber=z), f"{z}.dcm") for z in (1, 2, 3)]


def files_read(reading) -> list[int]:
    return [frame.record.file for frame in reading.frames]


@needs_forks
def test_a_server_with_a_thousand_connections_reads_files(three_slices):
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert files_read(read_sandboxed(three_slices, LIMITS)) == [1, 2, 3]
    finally:
        for descriptor in held:
            os.close(descriptor)


def test_a_file_that_kills_the_worker_is_left_out_and_the_others_are_read(worker_that, three_slices):
    worker_that("file == 2 and os.kill(os.getpid(), signal.SIGSEGV)")

    reading = read_sandboxed(three_slices, LIMITS)

    assert files_read(reading) == [1, 3]
    assert reading.left_out == [(2, Reason.CRASHED)]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_file_that_takes_too_long_is_left_out_and_the_others_are_read(worker_that, three_slices):
    worker_that("file == 1 and time.sleep(60)")

    reading = read_sandboxed(three_slices, replace(LIMITS, file_timeout_s=0.3))

    assert files_read(reading) == [2, 3]
    assert reading.left_out == [(1, Reason.TIMEOUT)]


def test_an_upload_that_takes_too_long_keeps_what_was_read(worker_that, three_slices):
    worker_that("file == 2 and time.sleep(60)")

    reading = read_sandboxed(three_slices, replace(LIMITS, timeout_s=6.0))

    assert files_read(reading) == [1]
    assert reading.left_out == [(2, Reason.TIMEOUT), (3, Reason.UNFINISHED)]


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux")
def test_memory_is_bounded(worker_that, three_slices):
    worker_that("file == 2 and bytearray(8 << 30)")

    reading = read_sandboxed(three_slices, LIMITS)

    assert files_read(reading) == [1, 3]
    assert reading.left_out == [(2, Reason.MEMORY)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_the_worker_can_write_no_file_and_sees_no_secret(worker_that, three_slices, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    target = tmp_path / "written"
    writes = f"os.write(os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY), b'x')"
    worker_that(f"'OPENAI_API_KEY' in os.environ or {writes}")

    reading = read_sandboxed(three_slices[:1], LIMITS)

    assert reading.left_out == [(1, Reason.CRASHED)]
    assert target.stat().st_size == 0


def test_what_libraries_print_goes_nowhere(worker_that, three_slices, capfd):
    worker_that("print('noise'); os.write(1, b'noise'); os.write(2, b'noise')")

    assert files_read(read_sandboxed(three_slices, LIMITS)) == [1, 2, 3]
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_cannot_start_is_an_error_of_its_own(three_slices, monkeypatch):
    zygote = worker_process._Zygote()
    monkeypatch.setattr(worker_process, "BOOTSTRAP", "raise SystemExit(1)")
    monkeypatch.setattr(worker_process, "_zygote", zygote)

    with pytest.raises(WorkerError):
        read_sandboxed(three_slices, LIMITS)
    zygote.close()


def test_workers_are_started_where_none_can_be_forked(three_slices, monkeypatch):
    monkeypatch.setattr(worker_process, "HAS_ZYGOTE", False)

    assert files_read(read_sandboxed(three_slices, LIMITS)) == [1, 2, 3]


@needs_forks
def test_an_upload_has_a_process_of_its_own_that_holds_nothing_else(three_slices):
    workers = [worker_for(three_slices, LIMITS) for _ in range(2)]
    pids = [worker._process._pid for worker in workers]

    assert len({os.getpid(), worker_process._zygote._process.pid, *pids}) == 4
    for pid in pids:
        opened = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
        assert not [each for each in opened if each.startswith("socket:")], "it could ask for more workers"
    assert len({os.readlink(f"/proc/{pid}/fd/0") for pid in pids}) == 2
    for worker in workers:
        worker.close()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@needs_forks
def test_a_killed_zygote_starts_again_and_the_upload_is_told(three_slices):
    worker = worker_for(three_slices, LIMITS)
    gone = worker_process._zygote._process
    gone.kill()
    gone.wait()

    assert worker.close() == -signal.SIGKILL
    assert files_read(read_sandboxed(three_slices, LIMITS)) == [1, 2, 3]
    assert worker_process._zygote._process.pid != gone.pid


@needs_forks
def test_a_parent_that_is_killed_leaves_no_process(three_slices):
    code = (
        "import sys, time; from pathlib import Path; from tools.intake import worker_process\n"
        "from tests.tools.intake.test_sandbox import LIMITS; from tools.intake.sandbox import worker_for\n"
        "worker = worker_for([Path(sys.argv[1])], LIMITS)\n"
        "print(worker_process._zygote._process.pid, worker._process._pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(three_slices[0])], cwd=REPO, stdout=subprocess.PIPE, text=True
    ) as parent:
        pids = parent.stdout.readline().split()
        parent.kill()
    end = time.monotonic() + WAIT_S
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert len(pids) == 2


def _runs(pid: str) -> bool:
    """Whether a process is there and no zombie: who adopts it may be slow to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_workers_share_a_long_upload(make_ct, save, monkeypatch):
    monkeypatch.setattr(sandbox, "MANY_FILES", 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for z in range(7):
        folder = save(make_ct(ImagePositionPatient=[0, 0, z]), f"{z}.dcm").parent

    reading = read_sandboxed([folder], replace(LIMITS, max_voxels=6 * 120))

    assert len(reading.frames) == 6  # the bound holds for both together
    assert [reason for _, reason in reading.left_out] == [Reason.TOO_LARGE_IMAGE]
    assert files_read(reading) == sorted(files_read(reading))
    assert reading.files == 7


def test_the_worker_loads_neither_torch_nor_the_user_interface():
    code = "import sys, tools.intake.worker, tools.intake.dicom.decode; print([m for m in sys.modules if '.' not in m])"
    root = REPO
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout

    assert not {"torch", "gradio", "chromadb", "pydantic", "transformers"} & set(eval(loaded, {}))
