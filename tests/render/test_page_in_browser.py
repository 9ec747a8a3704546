"""The page in a browser: search, filters, keys, reasons, and pictures of it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from chromium import BINARY, Chromium, chromium

from wfprov.render.graph import Edge, Graph, Reason
from wfprov.render.html import page

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no chromium")

TEAMS = ("billing", "catalog", "fraud", "ledger", "orders", "search")
HOSTILE = "<img src=x onerror=document.title='taken'>"


def reason(workflow: str, step: str) -> Reason:
    return Reason(
        site=f"main.{step}", file=f"flows/{workflow}.yaml", line=12, column=15, shown_column=6,
        width=9, first=11, lines=(f"- {step}:", "call: http.post", HOSTILE),
        permission="run.routes.invoke", on="service", source="https://cloud.google.com/run",
    )  # fmt: skip


def made(number: int) -> Graph:
    edges = []
    for n in range(number):
        team = TEAMS[n % len(TEAMS)]
        name = f"{team}-{n}"
        shared = {"workflow": name, "identity": f"{name}@acme.iam.gserviceaccount.com"}
        edges += [
            Edge(
                **shared, sort="grant", role="roles/run.invoker", kind="Cloud Run services",
                resource=f"//run.googleapis.com/projects/acme/locations/eu/services/{team}",
                label=f"service {team}", because=(reason(name, "charge"),),
            ),
            Edge(
                **shared, sort="grant", role="roles/bigquery.jobUser", kind="projects",
                resource="//cloudresourcemanager.googleapis.com/projects/acme",
                label="project acme", project_level=True, excess=8,
                because=(reason(name, "load"),),
            ),
            Edge(
                **shared, sort="grant", role="roles/secretmanager.secretAccessor", kind="secrets",
                resource=f"//secretmanager.googleapis.com/projects/acme/secrets/key-{n}",
                label=f"secret key-{n}", because=(reason(name, "key"),),
            ),
        ]  # fmt: skip
        if n % 3 == 0:
            edges.append(
                Edge(
                    **shared,
                    sort="question",
                    role="open question",
                    kind="unknown",
                    resource="{args.host}",
                    label=HOSTILE,
                    message="who is that?",
                    answer="workflows:\n  x: {}",
                    because=(reason(name, "ask"),),
                )
            )
    return Graph(
        sources={e.workflow: f"flows/{e.workflow}.yaml" for e in edges}, edges=tuple(edges)
    )


@pytest.fixture(scope="module", params=[3, 300])
def opened(request, tmp_path_factory) -> Iterator[tuple[Chromium, Graph]]:
    """The page of 3 workflows, and of 300."""
    folder = tmp_path_factory.mktemp("page")
    drawn = made(request.param)
    (folder / "access.html").write_text(page(drawn, "1"), encoding="utf-8")
    with chromium(folder / "profile") as browser:
        browser.open(folder / "access.html")
        browser.sized(1500, 1000)
        yield browser, drawn


@pytest.fixture
def fresh(opened) -> tuple[Chromium, Graph]:
    """The page as it was opened."""
    opened[0].run("document.getElementById('clear').click()")
    return opened


def status(browser: Chromium) -> str:
    return browser.run("document.getElementById('status').textContent")


def search(browser: Chromium, text: str) -> None:
    before = status(browser)
    browser.run("document.getElementById('query').focus()")
    browser.press(text)
    browser.until(f"document.getElementById('status').textContent !== {before!r}")


def rows(browser: Chromium) -> int:
    return browser.run("document.querySelectorAll('#table tbody tr:not([hidden])').length")


def test_it_starts_with_all_and_draws_no_hairball(fresh):
    browser, drawn = fresh
    assert f"{drawn.grants} grants of {drawn.grants}" in status(browser)
    assert rows(browser) == len(drawn.edges)
    assert 0 < browser.run("document.querySelectorAll('#lines path').length") <= 150
    assert browser.run("document.querySelectorAll('#columns .box').length") <= 80
    assert browser.problems == []


def test_a_search_leaves_what_fits_everywhere(fresh):
    browser, drawn = fresh
    search(browser, "catalog jobuser")
    fitting = [e for e in drawn.edges if "catalog" in e.workflow and e.role.endswith("jobUser")]
    assert rows(browser) == len(fitting)
    assert f"{len(fitting)} grant" in status(browser)
    assert browser.run("[...document.querySelectorAll('.col-r .box')].length") == 1


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ("only-project", lambda e: e.project_level),
        ("only-question", lambda e: e.sort == "question"),
        ("only-excess", lambda e: e.excess),
    ],
)
def test_a_filter_keeps_its_own(fresh, box, kept):
    browser, drawn = fresh
    browser.run(f"document.getElementById('{box}').click()")
    assert rows(browser) == len([e for e in drawn.edges if kept(e)])


def test_a_choice_of_a_role_is_kept_in_the_address(fresh):
    browser, drawn = fresh
    browser.run(
        "(() => { const s = document.getElementById('by-r'); s.value = 'roles/run.invoker';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert rows(browser) == len(drawn.sources)
    assert browser.run("location.hash") == "#r=roles%2Frun.invoker"


def test_keys_alone_lead_from_a_workflow_to_the_lines_that_ask(fresh):
    browser, _ = fresh
    search(browser, "catalog-1 ")
    browser.run("document.querySelector('.col-w .box').focus()")
    if browser.run("document.activeElement.classList.contains('group')"):
        browser.press("Enter", "ArrowDown")
    assert browser.run("document.activeElement.dataset.value").startswith("catalog-1")
    browser.press("Enter")
    assert browser.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    browser.press("ArrowRight", "ArrowRight")
    assert browser.run("document.activeElement.dataset.column") == "r"
    assert "main." in browser.run("document.querySelector('#why .way .body').textContent")
    assert browser.run("document.querySelector('#why pre mark').textContent") == "http.post"
    browser.press("Escape")
    assert browser.run("document.querySelectorAll('[aria-pressed=true]').length") == 0


def test_a_line_opens_the_reasons_of_what_it_joins(fresh):
    browser, _ = fresh
    search(browser, "catalog-1 invoker")
    browser.run("document.querySelector('#lines path').dispatchEvent(new MouseEvent('click'))")
    assert browser.run("document.querySelectorAll('#why .way').length") > 0
    assert "roles/run.invoker" in browser.run("document.querySelector('#why .way').textContent")


def test_a_row_of_the_table_opens_its_reason(fresh):
    browser, _ = fresh
    browser.run("document.querySelector('.open-row').click()")
    assert browser.run("document.activeElement.id") == "reason"
    assert "roles/run.invoker" in browser.run("document.querySelector('#why .way').textContent")


def test_a_hostile_name_stays_a_text_and_nothing_is_loaded(fresh):
    browser, _ = fresh
    browser.run("document.getElementById('only-question').click()")
    assert "<img src=x" in browser.run("document.querySelector('.col-o .box').textContent")
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.title").startswith("Access of")
    browser.run("document.body.append(Object.assign(document.createElement('script'), "
                "{textContent: 'window.taken = 1'}))")  # fmt: skip
    assert browser.run("window.taken === undefined")
    assert len(browser.requests) == 1


def test_everything_that_acts_has_a_name_and_can_be_reached(fresh):
    browser, _ = fresh
    assert browser.run(
        "[...document.querySelectorAll('button, input, select, pre')].filter((e) => "
        "!e.closest('[hidden]') && !(e.textContent.trim() || e.labels?.length || "
        "e.getAttribute('aria-label'))).length"
    ) == 0  # fmt: skip
    assert browser.run(
        "[...document.querySelectorAll('.column')].every((c) => "
        "c.querySelectorAll('.box[tabindex=\"0\"]').length === 1)"
    )
    browser.run("document.activeElement.blur()")
    browser.run("scrollTo(0, 0)")
    browser.press("Tab")
    first = browser.run("document.activeElement.className")
    assert first in {"skip", "wide", ""} or browser.run("document.activeElement.id") == "query"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1500])
def test_it_fits_the_window_in_both_colours(fresh, tmp_path, scheme, width):
    browser, _ = fresh
    picture = browser.look(tmp_path / "page.png", width, 1000, scheme)
    assert struct.unpack(">II", picture[16:24]) == (width, 1000)
    assert browser.run("document.documentElement.scrollWidth") <= width
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    dark = sum(int(n) for n in ground.strip("rgb()").split(",")) < 3 * 128
    assert dark == (scheme == "dark")
    browser.sized(1500, 1000)
