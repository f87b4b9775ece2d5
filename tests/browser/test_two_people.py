"""People at the same server never meet."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_two_people_never_see_each_other(visitor: Any, server: Any) -> None:
    ann, bob = visitor(), visitor()
    ann.open_sample(server.shelf.samples[0].title)
    bob.open_sample(server.shelf.samples[1].title)
    ann.click_image(256, 256)
    ann.regions().first.wait_for()
    ann.ask("What does R1 look like?")
    bob.ask("Describe the study")
    ann.answer()
    bob.answer()
    assert bob.regions().count() == 0
    assert server.shelf.samples[0].title not in bob.page.locator("body").inner_text()
    assert ann.page.request.get(ann.study_address()).status == 200
    assert bob.page.request.get(ann.study_address()).status == 404
    assert bob.page.request.get(ann.study_address().split("/series")[0] + "/regions/R1.png").status == 404
    bob.shot("15-other-person")


def test_a_session_that_ended_says_so_and_a_new_one_begins(visitor: Any, server: Any) -> None:
    person = visitor()
    person.open_sample(server.shelf.samples[0].title)
    (visit,) = server.visits.opened(person.cookie())
    server.visits._drop(visit)  # as when it was idle for too long
    visit.discard()
    person.click_image(256, 256)
    person.page.locator(".notice", has_text="no longer open").wait_for()
    person.open_sample(server.shelf.samples[1].title)
    person.click_image(256, 256)
    person.regions().first.wait_for()
    # slices that were still on their way when the session ended are gone, of which the browser itself complains
    person.complaints[:] = [one for one in person.complaints if "404" not in one]
