"""Workflows in `.tf` files are read where they stand, with what the module tells."""
# ruff: noqa: E501 (modules on one line)

from __future__ import annotations

import time
from textwrap import dedent

import pytest

from wfprov.core.span import Source
from wfprov.language import hcl
from wfprov.language.ast import Call, Mapping, Scalar
from wfprov.language.parser import parse
from wfprov.language.terraform import Module, Place, TerraformWorkflow, known

ACME = Place("acme-prod", "493817260155", "europe-west1")


def only(text: str, place: Place = ACME, **given: object) -> tuple[TerraformWorkflow, Module]:
    source = Source("main.tf", dedent(text))
    module = Module([source], given)
    (workflow,) = module.workflows(source, place)
    return workflow, module


def url_of(text: str, place: Place = ACME, **given: object) -> str:
    """The address that the first step of the only workflow calls, where it is known."""
    workflow, module = only(text, place, **given)
    assert workflow.heredoc is not None
    values = known(module.values(workflow), workflow.place)
    definition = parse(workflow.heredoc, "terraform", values).value
    assert definition is not None
    assert definition.main is not None
    body = definition.main.steps[0].body
    assert isinstance(body, Call)
    assert isinstance(body.args, Mapping)
    url = body.args.get("url")
    if isinstance(url, Scalar):
        return str(url.value)
    return "".join(p if isinstance(p, str) else "{" + p.text + "}" for p in url.parts)  # type: ignore[union-attr]


def calling(url: str, more: str = "") -> str:
    return (
        f'{more}\nresource "google_workflows_workflow" "w" {{\n  source_contents = <<-EOT\n'
        f"    - a:\n        call: http.get\n        args:\n          url: {url}\n  EOT\n}}\n"
    )


def test_a_heredoc_is_read_in_place():
    text = calling("https://a.example/$${x}")
    workflow, _ = only(text)
    assert workflow.name == "w"
    assert workflow.heredoc is not None
    assert len(workflow.heredoc.text.splitlines()) == 7
    definition = parse(workflow.heredoc, "terraform").value
    assert definition is not None
    assert definition.main is not None
    span = definition.main.steps[0].name_span
    assert dedent(text)[span.start : span.end] == "a"


def test_literal_attributes_are_the_workflows():
    workflow, _ = only(
        """
        resource "google_workflows_workflow" "w" {
          name            = "orders"   # its id
          region          = "us-east1"
          project         = "other-project"
          service_account = "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com"
          user_env_vars   = { A = "1", B = var.b }
          source_contents = file("${path.module}/flows/orders.yaml")
        }
        """
    )
    assert workflow.name == "orders"
    assert workflow.place == Place("other-project", None, "us-east1")
    assert workflow.service_account is not None
    assert workflow.service_account[0] == "a@p.iam.gserviceaccount.com"
    assert workflow.env == {"A": "1"}
    assert [(n, text) for n, (text, _) in workflow.open_env.items()] == [("B", "${var.b}")]
    assert (workflow.path, workflow.templating) == ("flows/orders.yaml", None)


SERVICE = (
    'resource "google_cloud_run_v2_service" "api" {\n  name = "orders"\n  location = "us-east1"\n}'
)


@pytest.mark.parametrize(
    ("url", "more", "address"),
    [
        (
            "${google_cloud_run_v2_service.api.uri}/x",
            SERVICE,
            "https://orders-493817260155.us-east1.run.app/x",
        ),
        (
            "${google_cloud_run_v2_service.api.uri}",
            "",
            "https://{google_cloud_run_v2_service.api.name}-493817260155.{google_cloud_run_v2_service.api.location}.run.app",
        ),
        (
            "${google_cloud_run_service.api.status[0].url}",
            SERVICE.replace("_v2", "").replace('"us-east1"', "var.r"),
            "https://orders-493817260155.{var.r}.run.app",
        ),
        (
            "${local.uri}",
            'locals {\n uri = google_cloudfunctions_function.f.https_trigger_url\n}\nresource "google_cloudfunctions_function" "f" {\n  name = "up"\n}',
            "https://europe-west1-acme-prod.cloudfunctions.net/up",
        ),
        (
            "${google_cloudfunctions2_function.f.service_config[0].uri}",
            'resource "google_cloudfunctions2_function" "f" {\n  name = "up"\n  location = "us-east1"\n}',
            "https://up-493817260155.us-east1.run.app",
        ),
        (
            '${google_cloud_run_v2_service.api["eu"].uri}',
            'resource "google_cloud_run_v2_service" "api" {\n  for_each = toset(["eu"])\n  name = "api-${each.key}-${each.value}"\n  location = "us-east1"\n}',
            "https://api-eu-eu-493817260155.us-east1.run.app",
        ),
        (
            '${google_cloud_run_v2_service.api["a"].uri}',
            'resource "google_cloud_run_v2_service" "api" {\n  for_each = { a = "us-west1", b = var.r }\n  name = upper(each.key)\n  location = each.value\n}',
            "https://A-493817260155.us-west1.run.app",
        ),
        (
            "${local.u}",
            'locals {\n u = google_cloud_run_v2_service.api[1].uri\n}\nresource "google_cloud_run_v2_service" "api" {\n  count = 2\n  name = "api-${count.index}"\n  location = "us-east1"\n}',
            "https://api-1-493817260155.us-east1.run.app",
        ),
        (
            "${google_cloud_run_v2_service.api[each.key].uri}",
            'resource "google_cloud_run_v2_service" "api" {\n  for_each = var.all\n  name = each.key\n  location = "us-east1"\n}',
            "https://{each.key}-493817260155.us-east1.run.app",
        ),
        ("${local.a}/${local.b}", 'locals {\n a = "https://h/${local.b}"\n b = "c"\n}', "https://h/c/c"),
        ("${local.a}", "locals {\n a = local.b\n b = local.a\n}", "{local.a}"),
        ("https://${google_storage_bucket.b.name}/", 'resource "google_storage_bucket" "b" {\n name = "n"\n}', "https://n/"),
        ("https://${var.host}/", 'variable "host" {\n type = string\n default = "d.example"\n}', "https://d.example/"),
        ("https://${var.host}/", 'variable "host" {\n type = string\n}', "https://{var.host}/"),
        ("https://${var.host}/", 'variable "host" {\n default = ""\n}', "https://{var.host}/"),
        ("${local.c}", 'locals {\n a = "h.example"\n b = "https://${local.a}"\n c = "${local.b}/x"\n}', "https://h.example/x"),
        ("${local.u}", 'locals {\n h = "h.example"\n u = format("https://%s/%s", local.h, "p")\n}', "https://h.example/p"),
        ("https://${var.prod ? local.h.p : local.h.d}/", 'locals {\n h = { p = "p.x", d = "d.x" }\n}\nvariable "prod" {\n default = false\n}', "https://d.x/"),
        ("${module.api.uri}/x", 'module "api" {\n source = "./api"\n}', "{module.api.uri}/x"),
        ("${google_cloud_run_v2_service.api.uri}", 'locals {\n p = "acme"\n}\nresource "google_cloud_run_v2_service" "api" {\n name = "${local.p}-orders"\n location = "us-east1"\n}', "https://acme-orders-493817260155.us-east1.run.app"),
        ("${data.google_cloud_run_v2_service.api.uri}", SERVICE.replace("resource", "data"), "https://orders-493817260155.us-east1.run.app"),
        ("https://${var.region}.x", 'provider "google" {\n region = var.region\n}', "https://europe-west1.x"),
    ],
)  # fmt: skip
def test_a_reference_is_followed_as_far_as_the_module_tells(url, more, address):
    assert url_of(calling(url, more)) == address


@pytest.mark.parametrize(
    ("reference", "more", "made"),
    [
        (
            "google_cloud_tasks_queue.q.id",
            "",
            "projects/acme-prod/locations/{google_cloud_tasks_queue.q.location}/queues/{google_cloud_tasks_queue.q.name}",
        ),
        (
            "google_cloud_tasks_queue.q.id",
            'resource "google_cloud_tasks_queue" "q" {\n  name = "mails"\n}',
            "projects/acme-prod/locations/europe-west1/queues/mails",
        ),
        (
            "google_pubsub_topic.t.id",
            'resource "google_pubsub_topic" "t" {\n  name = "orders"\n}',
            "projects/acme-prod/topics/orders",
        ),
        (
            "google_service_account.a.email",
            'resource "google_service_account" "a" {\n  account_id = "runner"\n}',
            "runner@acme-prod.iam.gserviceaccount.com",
        ),
        (
            "google_storage_bucket.b.url",
            'resource "google_storage_bucket" "b" {\n  name = "photos"\n}',
            "gs://photos",
        ),
        ("data.google_project.p.number", 'data "google_project" "p" {\n}', "493817260155"),
        (
            "data.google_project.p.number",
            'data "google_project" "p" {\n  project_id = var.other\n}',
            "{data.google_project.p.number}",
        ),
        ("data.google_client_config.now.region", "", "europe-west1"),
        (
            'google_cloud_run_v2_service.s["a"].uri',
            'resource "google_cloud_run_v2_service" "s" {\n  for_each = var.all\n  name = "s-${each.key}"\n}',
            "https://s-a-493817260155.europe-west1.run.app",
        ),
        (
            'google_cloud_run_v2_service.s["a"].uri',
            "",
            'https://{google_cloud_run_v2_service.s["a"].name}-493817260155.{google_cloud_run_v2_service.s["a"].location}.run.app',
        ),
        (
            "google_cloudfunctions2_function.f.url",
            'resource "google_cloudfunctions2_function" "f" {\n  name = "up"\n}',
            "https://europe-west1-acme-prod.cloudfunctions.net/up",
        ),
        (
            'google_service_account.a["x"].email',
            'resource "google_service_account" "a" {\n  for_each = toset(["x"])\n  account_id = "run-${each.value}"\n}',
            "run-x@acme-prod.iam.gserviceaccount.com",
        ),
        (
            "google_pubsub_topic.t[1].id",
            "",
            "projects/acme-prod/topics/{google_pubsub_topic.t[1].name}",
        ),
        (
            "google_pubsub_topic.t.id",
            'resource "google_pubsub_topic" "t" {\n  name = "orders"\n  project = "other-project"\n}',
            "projects/other-project/topics/orders",
        ),
        (
            "google_pubsub_topic.t.id",
            'provider "google" {\n  project = "prov-proj"\n}\nresource "google_pubsub_topic" "t" {\n  name = "orders"\n}',
            "projects/prov-proj/topics/orders",
        ),
        (
            "data.google_client_config.now.project",
            'provider "google" {\n  project = "prov-proj"\n}',
            "prov-proj",
        ),
        (
            "google_service_account.a.email",
            'resource "google_service_account" "a" {\n  account_id = "runner"\n  project = var.other\n}',
            "runner@{var.other}.iam.gserviceaccount.com",
        ),
        (
            "google_pubsub_topic.t.id",
            'provider "google" {\n  project = var.p\n}\nresource "google_pubsub_topic" "t" {\n  name = "orders"\n  project = var.p\n}',
            "projects/acme-prod/topics/orders",
        ),
        (
            'google_storage_bucket.b["v1.2"].name',
            'resource "google_storage_bucket" "b" {\n  for_each = var.all\n  name = "b-${each.key}"\n}',
            "b-v1.2",
        ),
        (
            "local.bucket",
            'locals {\n  bucket = google_storage_bucket.b[var.which].name\n}\nresource "google_storage_bucket" "b" {\n  for_each = var.all\n  name = "b-${each.key}"\n}',
            "b-{var.which}",
        ),
    ],
)
def test_what_an_attribute_is_made_of_is_known_by_the_type_of_its_resource(reference, more, made):
    assert url_of(calling("${" + reference + "}", more)) == made


def test_a_number_that_is_not_known_is_the_workflows_own():
    url = url_of(calling("${google_cloud_run_v2_service.api.uri}", SERVICE), Place())
    assert url == "https://orders-{project_number}.us-east1.run.app"


def test_given_values_come_first():
    assert (
        url_of(calling("https://${var.host}/"), var={"host": "h.example"}) == "https://h.example/"
    )


def test_variables_of_a_templatefile_are_values():
    workflow, module = only(
        'resource "google_workflows_workflow" "w" {\n  source_contents = templatefile('
        '"w.yaml", {\n    a = "x"\n    b = 3, c = [1, "y"]\n    d = unknown(1)\n  })\n}\n'
    )
    assert (workflow.path, workflow.templating) == ("w.yaml", "terraform")
    values = module.values(workflow)
    assert (values["a"], values["b"], values["c"]) == ("x", 3, [1, "y"])


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("local.wf", "- a: {return: 1}"),
        ("local.again", "- a: {return: 1}"),
        ("trimspace(local.wf)", "- a: {return: 1}"),
        ("chomp(<<-E\n  - b: {return: 2}\n  E\n  )", "- b: {return: 2}"),
        ("<<E\n- c:\n    return: <<-X\nE", "- c:\n    return: <<-X"),
    ],
)
def test_a_heredoc_is_found_behind_locals_and_functions_that_strip(expression, text):
    workflow, _ = only(
        "locals {\n  wf = <<-EOT\n    - a: {return: 1}\n  EOT\n  again = local.wf\n}\n"
        f'resource "google_workflows_workflow" "w" {{\n  source_contents = {expression}\n}}\n'
    )
    assert workflow.heredoc is not None
    assert workflow.heredoc.text.strip() == text


@pytest.mark.parametrize(
    "cycle", ["locals {\n  wf = local.wf\n}", "locals {\n wf = local.x\n x = local.wf\n}"]
)
def test_a_local_that_is_itself_is_a_problem_and_no_endless_search(cycle):
    workflow, _ = only(
        f'{cycle}\nresource "google_workflows_workflow" "w" {{\n source_contents = local.wf\n}}\n'
    )
    assert workflow.problem is not None


@pytest.mark.parametrize(
    "given", ["local.vars", "merge(local.vars, { b = 1 })", '{ a = "x", b = 1 }']
)
def test_variables_of_a_templatefile_may_be_put_together(given):
    workflow, _ = only(
        'locals {\n  vars = { a = "x" }\n}\nresource "google_workflows_workflow" "w" {\n'
        f'  source_contents = templatefile("${{path.module}}/w.yaml", {given})\n}}\n'
    )
    assert workflow.path == "w.yaml"
    assert workflow.variables["a"] == "x"


def test_a_default_that_is_used_is_told_of_once_and_a_given_value_silences_it():
    text = 'variable "h" {\n  default = "d.example"\n}\nvariable "unused" {\n  default = 1\n}\n'
    source = Source("main.tf", text)
    (note,) = Module([source], {}).defaults_used("https://${var.h}/ ${var.h}")
    assert note.rule.slug == "terraform-default"
    assert note.at.text == '"d.example"'  # type: ignore[union-attr]
    assert Module([source], {"var": {"h": "x"}}).defaults_used("${var.h}") == ()


def test_a_finding_in_a_nested_heredoc_stands_at_its_line_of_the_terraform_file():
    text = dedent(
        """\
        locals { x = 1 }
        resource "google_workflows_workflow" "w" {
          source_contents = <<-EOT
            main:
              steps:
                - log:
                    call: sys.log
                    args:
                      text: |
                        <<-INNER
                        EOTX
                - bad:
                    cal: http.get
          EOT
        }
        """
    )
    workflow, _ = only(text)
    assert workflow.heredoc is not None
    findings = parse(workflow.heredoc, "terraform").diagnostics
    (unknown,) = [d for d in findings if d.rule.slug == "unknown-key"]
    assert text[: unknown.at.start].count("\n") + 1 == 13  # type: ignore[union-attr]
    assert text[unknown.at.start : unknown.at.end] == "cal"  # type: ignore[union-attr]


def test_a_definition_that_is_not_found_is_an_error_at_its_expression():
    workflow, _ = only(
        'resource "google_workflows_workflow" "w" {\n  source_contents = join("", [a, b])\n}\n'
    )
    assert workflow.problem is not None
    assert workflow.problem.rule.slug == "terraform-source"
    assert workflow.problem.at.text == 'join("", [a, b])'  # type: ignore[union-attr]


def test_comments_strings_and_heredocs_hide_what_looks_like_a_block():
    text = dedent(
        """
        # resource "x" "a" {
        /* resource "x" "b" { */
        resource "x" "c" {
          s = "} ${lookup({ a = "}" }, "a")} \\" {"
          h = <<EOT
        } resource "x" "d" {
        EOT
          n { m = [1, { k = 2 }] }
          t = 1 }
        resource "x" "e" {}
        """
    )
    assert [b.labels for b in hcl.blocks(text)] == [("x", "c"), ("x", "e")]
    block = hcl.blocks(text)[0]
    assert list(block.attributes) == ["s", "h", "t"]
    assert block.blocks[0].kind == "n"


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        'a = "' * 20_000,
        "a = ${" * 20_000,
        "a = <<X\n" * 20_000,
        'r "a" {' * 20_000,
        "a = [" * 20_000,
        'a = "${' * 20_000,
        "/*" * 50_000,
    ],
)
def test_any_text_is_read_in_little_time(text):
    start = time.perf_counter()
    source = Source("main.tf", text)
    Module([source], {}).workflows(source, Place())
    assert time.perf_counter() - start < 5
