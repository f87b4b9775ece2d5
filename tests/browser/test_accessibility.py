"""axe-core looks at every screen people meet, dark and light: nothing serious may be wrong."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE
from tests.browser.test_journeys import lesion_on

pytestmark = pytest.mark.browser


def serious(page: Any, screen: str) -> list[str]:
    """What axe-core calls serious or critical, in words."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response
    assert found["passes"], "axe-core did not look"
    return [
        f"{screen}: {violation['id']} at {node['target']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def test_no_screen_has_a_serious_barrier(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    page = person.page
    found = serious(page, "welcome")
    sample = server.shelf.samples[1]
    person.open_sample(sample.title)
    person.click_image(*lesion_on(demo, sample).centre)
    person.regions().first.wait_for()
    found += serious(page, "region")
    person.ask("What does R1 look like?")
    page.locator(".hits button").nth(3).wait_for()
    person.answer()
    page.wait_for_timeout(500)  # what fades in has arrived
    found += serious(page, "answer")
    page.locator(".hits button").first.click()
    page.locator(".compare").wait_for()
    page.locator(".how summary").click()
    page.locator(".types summary").click()
    found += serious(page, "comparison")
    page.locator("[data-view=map]").click()
    page.locator(".legend li").first.wait_for()
    found += serious(page, "map")
    page.locator("#theme-button").click()
    page.locator("body:not(.dark)").wait_for()
    page.wait_for_timeout(500)
    found += serious(page, "light")
    assert found == []


def test_a_phone_has_no_serious_barrier_either(visitor: Any, server: Any) -> None:
    person = visitor(**PHONE)
    page = person.page
    found = serious(page, "welcome")
    person.open_sample(server.shelf.samples[0].title)
    page.locator("#chips button", has_text="Suggest").click()
    person.answer()
    found += serious(page, "chat")
    person.pane("picture")
    page.locator(".regions li.suggested").first.wait_for()
    page.locator("[data-do=help]").click()
    found += serious(page, "suggestions and help")
    page.locator("[data-do=help]").click()
    page.locator(".choose").first.click()
    page.locator("#chips button").first.click()
    person.answer()
    person.pane("hits")
    page.locator(".hits button").nth(3).wait_for()
    page.locator(".hits button").first.click()
    page.locator(".compare").wait_for()
    page.evaluate(
        "() => { const t = document.getElementById('trouble'); t.textContent = 'Trouble.'; t.hidden = false; }"
    )
    page.locator("#theme-button").click()
    page.locator("body:not(.dark)").wait_for()
    page.wait_for_timeout(500)
    found += serious(page, "light comparison, and trouble")
    assert found == []
