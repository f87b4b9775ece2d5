"""A few users for a few seconds: the long run is `make soak`."""

from typing import Any

from eval.performance.soak import Record, soak
from tests.browser.conftest import running
from tests.conftest import in_a_thread


def test_several_users_at_once_see_no_error_and_nothing_of_each_other(demo: Any) -> None:
    record = Record()
    cases = sorted({case.folder for case in demo.cases})[:2]
    with running(demo.settings) as server:
        in_a_thread(soak(server.address, cases, users=3, seconds=4, record=record))
    assert record.errors == {}
    assert record.leaks == 0
    assert record.done["opened"] >= 3
