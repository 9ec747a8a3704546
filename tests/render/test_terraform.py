"""A plan as a Terraform module: as `terraform fmt` lays it out, by the provider's own schema."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wfprov.app.export import export_terraform
from wfprov.app.init import init, templates
from wfprov.app.load import Selection
from wfprov.app.wiring import facts
from wfprov.desired.accesses import access_to
from wfprov.render.hcl import Attribute, Block, Expression, document, quoted, text_of
from wfprov.render.terraform_access import MEMBER_RESOURCES, member_resource

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not installed"
)
PROVIDER = json.loads(Path(__file__).with_name("google_provider.json").read_text())
VERSIONS = ("6.50.0", "8.7.0")

DEFINITION = """\
main:
  params: [order]
  steps:
    - charge:
        call: http.post
        args:
          url: https://payments-493817260155.europe-west1.run.app/charge
          auth: {type: OIDC}
          body: ${"%{if} é " + order.who}
    - read_customers:
        call: googleapis.bigquery.v2.tabledata.list
        args: {projectId: acme-shop, datasetId: crm, tableId: customers}
    - list_tables:
        call: googleapis.bigquery.v2.tables.list
        args: {projectId: acme-shop, datasetId: crm}
    - restart:
        call: googleapis.sqladmin.v1.instances.restart
        args: {project: acme-shop, instance: ledger}
    - predict:
        call: googleapis.aiplatform.v1.projects.locations.endpoints.predict
        args: {endpoint: projects/acme-shop/locations/europe-west1/endpoints/7}
"""
CONFIG = r"""
version: 1
stack: orders
workflows:
  order-intake:
    source: workflows/order-intake.yaml
    description: "It's ${HOME} and %{more}, \"quoted\", of two\nlines"
    env: {GREETING: "${args} \\ %{x}", ÜBER: "1", "a key": "2"}
    crypto_key: projects/acme-shop/locations/europe-west1/keyRings/ring/cryptoKeys/flows
    deletion_protection: true
    triggers:
      - {schedule: "0 6 * * *", time_zone: Europe/Berlin, argument: {a: "${b}"}}
      - event: google.cloud.pubsub.topic.v1.messagePublished
        topic: orders
policy:
  custom_role_threshold: 5
"""
ENVIRONMENT = "project: acme-shop\nregion: europe-west1\nproject_number: '493817260155'\n"


def terraform(
    *arguments: str, cwd: Path, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *arguments],
        cwd=cwd,
        env={
            **os.environ,
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            **environment,
        },
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def evaluated(source: str, expression: str, folder: Path) -> object:
    """What Terraform takes a file's text for."""
    (folder / "main.tf").write_text(source, encoding="utf-8")
    encoded = f"base64encode(jsonencode({expression}))\n"
    done = terraform("console", cwd=folder, stdin=encoded)
    assert done.returncode == 0, done.stderr
    return json.loads(base64.b64decode(json.loads(done.stdout)))


@pytest.fixture(params=VERSIONS)
def validated(request, tmp_path):
    """Runs `terraform validate` with a stand-in that knows the schema of one provider version."""
    plugin = tmp_path / "plugins/terraform-provider-google"
    plugin.parent.mkdir()
    standin = Path(__file__).with_name("standin_provider.py")
    schema = Path(__file__).with_name("google_provider.json")
    words = [sys.executable, str(standin), str(schema), request.param]
    plugin.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    plugin.chmod(0o755)
    settings_file = tmp_path / "terraform.rc"
    settings_file.write_text(
        'provider_installation {\n  dev_overrides {\n    "hashicorp/google" = '
        f'"{plugin.parent}"\n  }}\n  direct {{}}\n}}\n'
    )

    def run(folder: Path) -> list[str]:
        done = terraform(
            "validate",
            "-json",
            cwd=folder,
            TF_CLI_CONFIG_FILE=str(settings_file),
            TF_DISABLE_PLUGIN_TLS="1",
        )
        told = json.loads(done.stdout)["diagnostics"]
        return [f"{d['summary']}: {d.get('detail')}" for d in told if d["severity"] == "error"]

    return run


def fmt(folder: Path) -> str:
    """What `terraform fmt` would change; empty when nothing."""
    done = terraform("fmt", "-check", "-diff", "-recursive", cwd=folder)
    return done.stdout + (done.stderr if done.returncode else "")


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """A stack with a condition, a custom role, a service agent, and texts full of signs."""
    for path, text in (
        ("workflows/order-intake.yaml", DEFINITION),
        ("wfprov.yaml", CONFIG),
        ("environments/prod.yaml", ENVIRONMENT),
    ):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exported(**how: bool):
    found = export_terraform(Selection(environment="prod"), lambda: 0.0, **how)
    assert found.files, [d.message for d in found.planned.diagnostics]
    return found


def block(text: str, head: str) -> str:
    (found,) = re.findall(rf"^{re.escape(head)} \{{\n.*?^\}}$", text, re.MULTILINE | re.DOTALL)
    return found


@pytest.mark.usefixtures("stack")
def test_it_refers_to_what_it_makes_and_names_what_is_there():
    main = exported().files["main.tf"]
    account = block(main, 'resource "google_service_account" "order_intake"')
    assert 'description  = "Runs the workflow order-intake. [wfprov stack=orders__prod]"' in account
    invoker = block(
        main,
        'resource "google_cloud_run_v2_service_iam_member" "order_intake_run_invoker_payments"',
    )
    assert "member   = google_service_account.order_intake.member" in invoker
    assert 'name     = "payments"' in invoker
    agent = block(
        main,
        'resource "google_kms_crypto_key_iam_member" '
        '"workflows_agent_cloudkms_cryptokeyencrypterdecrypter_flows"',
    )
    assert 'crypto_key_id = "acme-shop/europe-west1/ring/flows"' in agent
    assert "service-493817260155@gcp-sa-workflows.iam.gserviceaccount.com" in agent
    workflow = block(main, 'resource "google_workflows_workflow" "order_intake"')
    assert "service_account     = google_service_account.order_intake.id" in workflow
    assert 'source_contents = file("${path.module}/workflows/order_intake.yaml")' in workflow
    assert "google_kms_crypto_key_iam_member.workflows_agent" not in workflow
    assert "google_cloud_run_v2_service_iam_member.order_intake_run_invoker_payments" in workflow


@pytest.mark.usefixtures("stack")
def test_no_resource_takes_a_whole_binding_or_policy_for_itself():
    types = re.findall(r'^resource "(\w+)"', exported(imports=True).files["main.tf"], re.MULTILINE)
    assert types
    assert not [t for t in types if t.endswith(("_iam_binding", "_iam_policy"))]
    # It takes authorized views away from the dataset.
    assert "google_bigquery_dataset_iam_member" not in types
    assert "google_bigquery_dataset_access" in types


@pytest.mark.usefixtures("stack")
def test_what_the_provider_has_no_resource_for_is_said():
    found = exported()
    (finding,) = found.left
    assert finding.rule.slug == "not-exported"
    assert "endpoints/7" in finding.message
    comments = [ln for ln in found.files["main.tf"].splitlines() if ln.startswith("# NOT HERE")]
    assert len(comments) == 1
    assert "endpoints/7" in comments[0]


@pytest.mark.usefixtures("stack")
def test_imports_name_each_thing_as_the_provider_does_and_say_what_it_cannot_import():
    imports = exported(imports=True).files["imports.tf"]
    ids = dict(re.findall(r'to = (\S+)\n  id = "(.*)"', imports))
    email = "order-intake@acme-shop.iam.gserviceaccount.com"
    assert ids["google_project_service.run"] == "acme-shop/run.googleapis.com"
    assert ids["google_service_account.order_intake"] == (
        f"projects/acme-shop/serviceAccounts/{email}"
    )
    run = "google_cloud_run_v2_service_iam_member.order_intake_run_invoker_payments"
    assert ids[run] == (
        "projects/acme-shop/locations/europe-west1/services/payments roles/run.invoker "
        f"serviceAccount:{email}"
    )
    (conditional,) = (i for i in ids.values() if "only Instance ledger" in i)
    assert conditional.endswith(f"serviceAccount:{email} only Instance ledger")
    assert not [
        to for to in ids if to.startswith(("google_workflows_workflow", "google_bigquery_d"))
    ]
    assert "cannot import //workflows.googleapis.com/projects/acme-shop" in imports


def test_a_project_whose_number_is_not_known_is_asked_for_it(stack):
    (stack / "environments/prod.yaml").write_text("project: acme-shop\nregion: europe-west1\n")
    found = exported()
    main = found.files["main.tf"]
    assert 'data "google_project" "acme_shop"' in main
    assert "service-${data.google_project.acme_shop.number}@gcp-sa-workflows" in main
    assert {d.rule.slug for d in found.left} == {"not-exported", "project-named-by-number"}


def test_nothing_is_written_while_a_question_is_open(stack):
    definition = stack / "workflows/order-intake.yaml"
    definition.write_text(
        "- a:\n    call: http.get\n    args: {url: 'https://x.example', auth: {type: OIDC}}\n"
    )
    found = export_terraform(Selection(environment="prod"), lambda: 0.0)
    assert found.planned.exit_code() == 4
    assert found.files == {}


def test_names_are_the_same_whatever_comes_beside_them(stack):
    alone = exported().files["main.tf"]
    (stack / "wfprov.yaml").write_text(
        CONFIG.replace("policy:", "  another: {source: workflows/another.yaml}\npolicy:")
    )
    (stack / "workflows/another.yaml").write_text("- a:\n    return: 1\n")
    both = exported().files["main.tf"]
    heads = re.compile(r'^resource "\w+" "\w+"', re.MULTILINE)
    assert set(heads.findall(alone)) < set(heads.findall(both))


def parsed_arguments(main: str) -> dict[str, list[set[str]]]:
    """The arguments of each resource, and its blocks, by type."""
    found: dict[str, list[set[str]]] = {}
    for type_, body in re.findall(
        r'^resource "(\w+)" "\w+" \{\n(.*?)^\}$', main, re.MULTILINE | re.DOTALL
    ):
        names = set(re.findall(r"^  (\w+)(?: +=| \{)", body, re.MULTILINE))
        found.setdefault(type_, []).append(names - {"depends_on"})
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.usefixtures("stack")
def test_every_argument_is_one_that_the_provider_knows(version):
    schema = PROVIDER[version]
    resources = parsed_arguments(exported().files["main.tf"])
    assert {"google_project_iam_custom_role", "google_workflows_workflow"} <= resources.keys()
    for type_, made in resources.items():
        known = schema[type_]
        for names in made:
            assert names <= known.keys(), type_
            assert {n for n, how in known.items() if how[0] == "required"} <= names, type_


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("type_", MEMBER_RESOURCES)
def test_a_member_resource_has_the_arguments_of_the_provider(type_, version):
    found = MEMBER_RESOURCES[type_]
    known = PROVIDER[version][found.type]
    names = {*found.arguments, "role", "member"}
    assert found.type.endswith("_iam_member")
    assert names <= known.keys()
    places = {"project", "location", "region", "zone", "condition", "timeouts"}
    # Nothing is left to the provider's own project or region.
    assert {n for n in known if n in places - {"condition", "timeouts"}} <= names
    assert {n for n, how in known.items() if how[0] == "required"} <= names


@pytest.mark.parametrize("type_", MEMBER_RESOURCES)
def test_a_member_resource_is_filled_in_for_a_thing_with_a_policy(type_):
    kind, _, behind = type_.partition(" ")
    service, *collections = kind.split("/")
    ids = {c: f"my-{c}" for c in collections}
    if behind:
        ids["iap_web"] = behind + ("europe-west1" if behind.endswith("-") else "")
    path = "/".join(f"{c}/{ids[c]}" for c in collections)
    found = member_resource(f"//{service}/{path}")
    assert found is not None
    assert "{" not in "".join([*found.arguments.values(), found.imported])
    assert all(any(i in v for v in [found.imported]) for c, i in ids.items() if c != "iap_web") or (
        service == "storage.googleapis.com"
    )
    assert access_to(f"//{service}/{path}", facts()) is not None


@needs_terraform
@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.usefixtures("stack")
def test_it_is_laid_out_as_terraform_fmt_wants(inline, tmp_path):
    for path, text in exported(imports=True, inline=inline).files.items():
        file = tmp_path / "module" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert fmt(tmp_path / "module") == ""


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@needs_terraform
@pytest.mark.usefixtures("stack")
def test_terraform_finds_it_valid_by_the_schema_of_the_provider(validated, tmp_path):
    files = exported(imports=True).files
    assert validated(written(tmp_path / "module", files)) == []
    main = files["main.tf"]
    for right, wrong, told in (
        ("account_id ", "acount_id ", "Missing required argument"),
        ("display_name", "displayname", "Unsupported argument"),
        (
            "google_service_account.order_intake.member",
            "google_service_account.x.member",
            "Reference",
        ),
        (
            "google_service_account.order_intake.id",
            "google_service_account.order_intake.i",
            "attrib",
        ),
        ("disable_on_destroy = false", 'disable_on_destroy = "no"', "bool"),
    ):
        assert right in main
        spoilt = written(tmp_path / "module", {"main.tf": main.replace(right, wrong)})
        assert any(told in error for error in validated(spoilt)), (wrong, validated(spoilt))


@needs_terraform
def test_terraform_finds_every_starter_valid(validated, tmp_path, monkeypatch):
    for starter in templates():
        folder = tmp_path / starter.name
        init(folder, starter.name)
        monkeypatch.chdir(folder)
        found = export_terraform(Selection(environment="prod"), lambda: 0.0, imports=True)
        assert validated(written(folder / "module", dict(found.files))) == []


@needs_terraform
def test_every_starter_is_laid_out_as_terraform_fmt_wants(tmp_path, monkeypatch):
    for starter in templates():
        folder = tmp_path / starter.name
        init(folder, starter.name)
        monkeypatch.chdir(folder)
        found = export_terraform(Selection(environment="prod"), lambda: 0.0, imports=True)
        for path, text in found.files.items():
            if path.endswith(".tf"):
                (folder / path).write_text(text, encoding="utf-8")
        assert (folder / "main.tf").exists()
    assert fmt(tmp_path) == ""


@needs_terraform
@pytest.mark.usefixtures("stack")
def test_terraform_reads_the_definition_that_is_written_into_the_module(tmp_path):
    main = exported(inline=True).files["main.tf"]
    workflow = block(main, 'resource "google_workflows_workflow" "order_intake"')
    heredoc = re.search(r"source_contents = (<<EOT\n.*^EOT$)", workflow, re.MULTILINE | re.DOTALL)
    env = re.search(r"user_env_vars = (\{.*?^  \})", workflow, re.MULTILINE | re.DOTALL)
    described = re.search(r"description += (.*)", workflow)
    assert heredoc
    assert env
    assert described
    folder = tmp_path / "console"
    folder.mkdir()
    source = f"locals {{\n  a = {heredoc[1]}\n  b = {env[1]}\n  c = {described[1]}\n}}\n"
    assert evaluated(source, "[local.a, local.b, local.c]", folder) == [
        DEFINITION,
        {"GREETING": "${args} \\ %{x}", "ÜBER": "1", "a key": "2"},
        'It\'s ${HOME} and %{more}, "quoted", of two\nlines',
    ]


SIGNS = st.text(
    st.one_of(st.sampled_from('${}%\\"\n\r\t EOT_~<-#/*'), st.characters(codec="utf-8")),
    max_size=30,
)


@needs_terraform
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(SIGNS, min_size=40, max_size=40))
def test_any_text_comes_back_as_it_was(tmp_path, texts):
    texts = [t.replace("\x00", "") for t in texts]
    rows = tuple(
        Attribute(f"{how}{i}", Expression(write(text)))
        for i, text in enumerate(texts)
        for how, write in (("q", quoted), ("h", text_of))
    )
    source = document((), [Block("locals", (), rows)])
    names = ", ".join(f"local.{row.name}" for row in rows)
    back = evaluated(source, f"[{names}]", tmp_path)
    wanted = [unicodedata.normalize("NFC", text) for text in texts for _ in range(2)]
    assert back == wanted
    assert fmt(tmp_path) == ""
