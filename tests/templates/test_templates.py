"""Every starter is a definition and a configuration without a finding, ready to be planned."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from wfprov.app.doubtful import WIDENED
from wfprov.app.init import init, templates
from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.wiring import facts
from wfprov.catalog.target import Kind
from wfprov.core.errors import InputError
from wfprov.render.json import inspect_document
from wfprov.render.schemas import SCHEMAS
from wfprov.render.text import inspection

NAMES = [starter.name for starter in templates()]
ENVIRONMENTS = ["local", "dev", "staging", "prod"]

GRANTS = {
    "child-workflow": {("roles/workflows.invoker", "project local-project")},
    "cloud-run-oidc": {
        ("roles/run.invoker", "service billing"),
        ("roles/run.invoker", "service invoice-renderer"),
    },
    "iap-endpoint": {("roles/iap.httpsResourceAccessor", "service tickets-backend")},
    "scheduled-and-events": {
        ("roles/eventarc.eventReceiver", "project local-project"),
        ("roles/pubsub.publisher", "project local-project"),
        ("roles/run.invoker", "service reports"),
        ("roles/workflows.invoker", "project local-project"),
    },
    "order-intake": {
        ("roles/bigquery.dataViewer", "table customers of dataset crm"),
        ("roles/bigquery.jobUser", "project local-project"),
        ("roles/logging.logWriter", "project local-project"),
        ("roles/run.invoker", "service payments"),
        ("roles/secretmanager.secretAccessor", "secret partner-key"),
    },
}
"""What the starters whose needs Google's pages state one by one are granted."""


def started(name: str, environment: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    init(folder, name)
    monkeypatch.chdir(folder)
    return load(Selection(environment=environment))


def test_the_starters_of_the_contract_are_there() -> None:
    assert {
        "cloud-run-oidc",
        "google-api-oauth2",
        "connectors",
        "iap-endpoint",
        "external-api-secret",
        "order-intake",
    } <= set(NAMES)
    assert all(starter.summary.endswith(".") for starter in templates())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_starter_has_no_question_and_nothing_to_mend(
    name: str, environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = started(name, environment, tmp_path, monkeypatch)
    assert loaded.diagnostics == ()
    [inspected] = inspect_stack(loaded, facts())
    assert {d.rule for d in inspected.diagnostics} <= {WIDENED}
    assert inspected.questions == ()
    assert inspected.sites
    assert inspected.workflow.name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_document_of_a_starter_is_as_its_schema_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspected = inspect_stack(started(name, "local", tmp_path, monkeypatch), facts())
    document = inspect_document(inspected)
    jsonschema.validate(document, SCHEMAS["inspect"]())
    assert document == inspect_document(inspected)


@pytest.mark.parametrize("name", sorted(GRANTS))
def test_a_starter_is_granted_what_google_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wfprov.render.names import short_name

    [inspected] = inspect_stack(started(name, "local", tmp_path, monkeypatch), facts())
    grants = {(str(g.role), short_name(g.on)) for g in inspected.grants}
    assert grants == GRANTS[name]


def test_the_files_of_a_starter_are_as_their_schemas_say(tmp_path: Path) -> None:
    for name in NAMES:
        init(tmp_path / name, name)
        config = yaml.safe_load((tmp_path / name / "wfprov.yaml").read_text())
        jsonschema.validate(config, SCHEMAS["config"]())
    for environment in ENVIRONMENTS:
        file = tmp_path / NAMES[0] / "environments" / f"{environment}.yaml"
        jsonschema.validate(yaml.safe_load(file.read_text()), SCHEMAS["environment"]())


def test_an_outside_api_needs_no_grant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = started("external-api-secret", "local", tmp_path, monkeypatch)
    [inspected] = inspect_stack(loaded, facts())
    [fetch] = [use for use in inspected.sites if use.site.id == "main.fetch_rates"]
    [target] = fetch.targets
    assert (target.kind, target.needs) == (Kind.EXTERNAL, ())


def test_what_is_read_leads_with_the_calls_and_ends_with_the_grants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = started("cloud-run-oidc", "local", tmp_path, monkeypatch)
    text = inspection(inspect_stack(loaded, facts()), width=100)
    assert text.splitlines() == [
        (
            "cloud-run-oidc  workflows/cloud-run-oidc.yaml"
            "                                      2 calls, 2 grants"
        ),
        "",
        "  main.list_due           15:17  http.get  OIDC  Cloud Run  billing (europe-west1)",
        "                                   run.routes.invoke on service billing",
        (
            "  main.render_all.render  36:27  http.post  OIDC  Cloud Run"
            "  invoice-renderer (europe-west1)"
        ),
        "                                   run.routes.invoke on service invoice-renderer",
        "",
        "Grants for cloud-run-oidc@local-project.iam.gserviceaccount.com",
        "  roles/run.invoker  on service billing           because main.list_due  (2 inert)",
        (
            "  roles/run.invoker  on service invoice-renderer  because main.render_all.render"
            "  (2 inert)"
        ),
    ]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text("mine")
    with pytest.raises(InputError, match=r"would overwrite .*dev\.yaml; nothing was written"):
        init(tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["dev.yaml"]


def test_an_unknown_template_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        init(tmp_path, "conectors")
    assert refusal.value.message == "there is no template 'conectors'"
    assert refusal.value.help.startswith("did you mean connectors? There are child-workflow, ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        init(tmp_path / "f" / "g")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_holds_at_a_width(
    name: str, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = started(name, "local", tmp_path, monkeypatch)
    lines = inspection(inspect_stack(loaded, facts()), width=width).splitlines()
    assert [line for line in lines if len(line) > width and len(line.split()) > 1] == []
