"""The graph as Mermaid and as a page: nothing of a definition is more than text in either."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.wiring import facts
from wfprov.render.graph import Edge, Graph, graph
from wfprov.render.html import page
from wfprov.render.mermaid import MOST_CHARACTERS, MOST_EDGES, mermaid

DEFINITION = """\
main:
  params: [args]
  steps:
    - charge:
        call: http.post
        args:
          url: https://orders-493817260155.europe-west1.run.app/charge
          auth: {type: OIDC}
    - load:
        call: googleapis.bigquery.v2.jobs.query
        args: {projectId: acme-prod, body: {query: SELECT 1 FROM sales.orders, useLegacySql: false}}
    - partner:
        call: http.get
        args: {url: 'https://api.example.com/v1'}
    - ask:
        call: http.post
        args: {url: '${args.host}', auth: {type: OIDC}}
"""
HOSTILE = "</script><img src=x onerror=alert(1)>\"'`]|{{DATA}}#&\u202e\x1b"


@pytest.fixture
def drawn(tmp_path) -> Graph:
    path = tmp_path / "intake.yaml"
    path.write_text(DEFINITION)
    selection = Selection(paths=(str(path),), project="acme-prod", region="europe-west1")
    return graph(inspect_stack(load(selection), facts()))


def edge(number: int = 0, **more) -> Edge:
    given = {
        "sort": "grant", "workflow": f"flow-{number}", "identity": f"flow-{number}@acme",
        "role": "roles/run.invoker", "resource": f"//run/services/s{number}",
        "label": f"service s{number}", "kind": "services",
    }  # fmt: skip
    return Edge(**(given | more))


def picture(*edges: Edge) -> Graph:
    return Graph(sources={e.workflow: f"{e.workflow}.yaml" for e in edges}, edges=edges)


class Parsed(HTMLParser):
    """The tags of a page with their attributes, and its data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside, self.texts = "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag if tag != "script" or "type" not in dict(attrs) else "data"

    def handle_data(self, data):
        if self.inside in {"style", "script", "data"}:
            self.texts[self.inside] = self.texts.get(self.inside, "") + data

    def handle_endtag(self, tag):  # noqa: ARG002 (called so)
        self.inside = ""


def test_a_grant_keeps_the_lines_that_ask_for_it(drawn):
    [invoker] = [e for e in drawn.edges if e.role == "roles/run.invoker" and "orders" in e.label]
    [reason] = invoker.because
    assert (reason.site, reason.line, reason.column) == ("main.charge", 5, 15)
    assert reason.permission == "run.routes.invoke"
    shown = reason.lines[reason.line - reason.first]
    assert shown[reason.shown_column : reason.shown_column + reason.width] == "http.post"


def test_questions_and_calls_without_iam_are_part_of_the_picture(drawn):
    assert {(e.sort, e.because[0].site) for e in drawn.edges if e.sort != "grant"} == {
        ("question", "main.ask"),
        ("none", "main.partner"),
    }
    [project] = [e for e in drawn.edges if e.project_level]
    assert project.role == "roles/bigquery.jobUser"
    assert project.excess > 0


def test_a_credential_in_a_definition_reaches_no_picture(tmp_path):
    path = tmp_path / "leak.yaml"
    secret = "AIza" + "x" * 35
    path.write_text(
        "- a:\n    call: http.get\n    args:\n"
        f"      url: https://orders-493817260155.europe-west1.run.app/a\n"
        f"      headers: {{X-Key: {secret}}}\n      auth: {{type: OIDC}}\n"
    )
    found = inspect_stack(load(Selection(paths=(str(path),), project="acme-prod")), facts())
    assert secret not in page(graph(found), "1")


def test_mermaid_shows_each_way_once(drawn):
    text = mermaid(drawn)
    assert text.startswith("flowchart LR\n")
    assert '(["intake"]):::workflow' in text
    assert '-->|"run.invoker"|' in text
    assert '["service orders' in text
    assert ":::project" in text
    assert '-.->|"open question"|' in text


def test_mermaid_ids_stay_when_other_workflows_come():
    before = mermaid(picture(edge(1)))
    after = mermaid(picture(edge(0), edge(1), edge(2)))
    assert {line for line in before.splitlines() if "flow-1" in line} <= set(after.splitlines())


def test_mermaid_takes_a_hostile_text_as_a_label():
    more = {"workflow": HOSTILE, "label": f"{HOSTILE}\nend\n", "role": HOSTILE}
    for line in mermaid(picture(edge(**more))).splitlines():
        inside = re.sub(r'"[^"]*"', '""', line)
        assert not set(inside) & set("<`'\\{"), line
        for label in re.findall(r'"([^"]*)"', line):
            rest = re.sub(r"#\w+;|<br>", "", label)
            assert not set(rest) & set("<>`\\#&\x1b\u202e"), line


@pytest.mark.parametrize("number", [300, 3000])
def test_mermaid_stays_within_what_github_draws(number):
    many = [
        edge(n, resource=f"//x/secrets/{n}-{m}", label=f"secret {n}-{m}", kind="secrets")
        for n in range(number)
        for m in range(4)
    ]
    text = mermaid(picture(*many))
    assert len(text) <= MOST_CHARACTERS
    assert text.count("-->") + text.count("-.->") <= MOST_EDGES
    assert text.count("-->") > 100
    assert "more ways: inspect --format html" in text
    assert "4 secrets" in text


def test_the_page_allows_only_its_own_style_and_script(drawn):
    parsed = Parsed(page(drawn, "1"))
    [policy] = [a["content"] for t, a in parsed.tags if a.get("http-equiv")]
    assert policy.startswith("default-src 'none';")
    for inside in ("style", "script"):
        digest = b64encode(sha256(parsed.texts[inside].encode()).digest()).decode()
        assert f"{inside}-src 'sha256-{digest}'" in policy


def test_the_page_loads_nothing(drawn):
    parsed = Parsed(page(drawn, "1"))
    assert not {t for t, _ in parsed.tags} & {"link", "img", "iframe", "object", "embed", "base"}
    assert not [a for _, a in parsed.tags if a.keys() & {"src", "srcset", "action", "style"}]
    assert not [a for _, a in parsed.tags if any(k.startswith("on") for k in a)]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(", page(drawn, "1"))


def test_a_hostile_definition_is_only_text_of_the_page():
    more = dict.fromkeys(("workflow", "identity", "role", "resource", "label", "kind"), HOSTILE)
    plain, hostile = Parsed(page(picture(edge()), "1")), Parsed(page(picture(edge(**more)), "1"))
    assert [t for t, _ in plain.tags] == [t for t, _ in hostile.tags]
    assert plain.texts["script"] == hostile.texts["script"]
    [row] = json.loads(hostile.texts["data"])["rows"]
    assert row["r"] == HOSTILE.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")


def test_the_table_is_whole_without_the_script(drawn):
    parsed = Parsed(page(drawn, "1"))
    rows = [a for t, a in parsed.tags if t == "tr" and "data-row" in a]
    assert len(rows) == len(drawn.edges)
    assert [
        a for t, a in parsed.tags if a.get("id") in {"tools", "upper"} and "hidden" not in a
    ] == []


def test_what_was_found_alike_is_drawn_alike(drawn):
    assert page(drawn, "1") == page(replace(drawn), "1")
