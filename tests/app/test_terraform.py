"""A Terraform file stands for the workflows that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.wiring import facts
from wfprov.core.errors import InputError
from wfprov.desired.model import Existing

HEREDOC = """\
resource "google_cloud_run_v2_service" "api" {
  name     = "orders"
  location = var.region
}

resource "google_workflows_workflow" "flow" {
  name            = "order-flow"
  region          = var.region
  service_account = "orders@acme-prod.iam.gserviceaccount.com"
  source_contents = <<-EOT
    - charge:
        call: http.post
        args:
          url: ${google_cloud_run_v2_service.api.uri}/charge
          auth: {type: OIDC}
  EOT
}
"""
FILE = """\
resource "google_workflows_workflow" "flow" {
  source_contents = templatefile("${path.module}/flow.yaml", { host = "a.example" })
}
"""
FLOW = "- get:\n    call: http.get\n    args: {url: 'https://${host}/x'}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


VARIABLES = """\
resource "google_cloud_run_v2_service" "api" {
  name     = "orders"
  location = "us-east1"
}

locals {
  more = { WAIT = 5, KEY = var.key }
}

resource "google_workflows_workflow" "flow" {
  user_env_vars = {
    ORDERS = google_cloud_run_v2_service.api.uri
    KEY    = var.key
    WAIT   = 5
  }
  source_contents = <<-EOT
    - charge:
        call: http.post
        args:
          url: $${sys.get_env("ORDERS") + "/" + sys.get_env("WAIT")}
          auth: {type: OIDC}
    - told:
        call: http.post
        args:
          url: $${"https://" + sys.get_env("KEY") + ".example"}
  EOT
}
"""


def loaded(*paths: str) -> Loaded:
    return load(Selection(paths=paths, project="acme-prod", region="europe-west1"))


def test_a_heredoc_is_inspected_where_it_stands() -> None:
    Path("main.tf").write_text(HEREDOC, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    assert one.workflow.name == "order-flow"
    assert isinstance(one.workflow.service_account, Existing)
    (use,) = one.sites
    assert HEREDOC[use.site.span.start : use.site.span.end] == "http.post"
    (target,) = use.targets
    assert target.resource == (
        "//run.googleapis.com/projects/acme-prod/locations/europe-west1/services/orders"
    )
    # The project's number is part of the address and not known here.
    assert [place.text for place in one.unfilled] == ["${google_cloud_run_v2_service.api.uri}"]


def test_what_a_templatefile_names_is_rendered_and_followed() -> None:
    Path("main.tf").write_text(FILE, encoding="utf-8")
    Path("flow.yaml").write_text(FLOW, encoding="utf-8")
    (one,) = inspect_stack(loaded("."), facts())
    assert (one.workflow.name, one.workflow.source_path) == ("flow", "flow.yaml")
    assert one.contents == FLOW.replace("${host}", "a.example")
    assert one.unfilled == ()


def test_a_file_that_is_not_there_is_an_error_at_the_resource() -> None:
    Path("main.tf").write_text(FILE, encoding="utf-8")
    (finding,) = loaded("main.tf").diagnostics
    assert finding.rule.slug == "terraform-source"
    assert "flow.yaml" in finding.message


def test_a_named_file_without_a_workflow_is_refused() -> None:
    Path("main.tf").write_text("locals {}\n", encoding="utf-8")
    with pytest.raises(InputError, match="no workflow"):
        loaded("main.tf")


def test_other_terraform_files_of_a_folder_are_passed_over() -> None:
    Path("main.tf").write_text("locals {}\n", encoding="utf-8")
    Path("flow.yaml").write_text("- a: {return: 1}\n", encoding="utf-8")
    assert [w.name for w in loaded(".").stack.workflows] == ["flow"]


def test_values_of_a_template_come_from_the_configuration() -> None:
    Path("wfprov.yaml").write_text(
        "version: 1\nstack: s\nworkflows:\n  flow:\n    source: flow.tftpl\n"
        "    template_values: {host: h.example}\n",
        encoding="utf-8",
    )
    Path("flow.tftpl").write_text(FLOW, encoding="utf-8")
    (one,) = inspect_stack(loaded(), facts())
    assert [t.url for u in one.sites for t in u.targets] == ["https://h.example/x"]


def test_variables_of_the_module_are_the_workflows_environment() -> None:
    Path("main.tf").write_text(VARIABLES, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    charge, told = one.sites
    assert [target.resource for target in charge.targets] == [
        "//run.googleapis.com/projects/acme-prod/locations/us-east1/services/orders"
    ]
    assert [target.url for target in charge.targets] == [
        "https://orders-{project_number}.us-east1.run.app/5"
    ]
    question = told.targets[0].question
    assert question is not None
    assert question.answer.endswith("template_values: {var: {key: VALUE}}")
    # What is deployed is not known, so a plan stops at it.
    assert [place.text for place in one.unfilled] == [
        "google_cloud_run_v2_service.api.uri",
        "var.key",
    ]


@pytest.mark.parametrize("written", ["local.more", "merge(local.more, {})", "var.all"])
def test_a_variable_that_the_module_may_set_is_never_taken_for_unset(written: str) -> None:
    start = VARIABLES.index("{", VARIABLES.index("user_env_vars"))
    end = VARIABLES.index("}", start) + 1
    Path("main.tf").write_text(VARIABLES[:start] + written + VARIABLES[end:], encoding="utf-8")
    Path("wfprov.yaml").write_text(
        "version: 1\nstack: s\nworkflows:\n  flow: {source: main.tf}\n", encoding="utf-8"
    )
    Path("environments").mkdir()
    Path("environments/dev.yaml").write_text(
        "project: acme-prod\nregion: us-east1\n", encoding="utf-8"
    )
    (one,) = inspect_stack(load(Selection(environment="dev")), facts())
    url = one.sites[1].targets[0].url
    assert url in {"https://{var.key}.example", "https://{env:KEY}.example"}
    assert one.unfilled


FUNCTION = """\
resource "KIND" "f" {
  name     = "tax${var.suffix}"
  location = "us-east1"
  region   = "us-east1"
}

resource "google_workflows_workflow" "flow" {
  source_contents = <<-EOT
    - step: {call: http.post, args: {url: "URL", auth: {type: OIDC}}}
  EOT
}
"""


@pytest.mark.parametrize(
    ("kind", "attribute", "host"),
    [
        ("google_cloudfunctions_function", "https_trigger_url", "cloudfunctions"),
        ("google_cloudfunctions2_function", "url", "run"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "${var.suffix}"])
@pytest.mark.parametrize("written", ["reference", "address"])
def test_the_module_says_of_which_generation_its_functions_are(
    kind: str, attribute: str, host: str, suffix: str, written: str
) -> None:
    url = f"https://us-east1-acme-prod.cloudfunctions.net/tax{suffix}"
    url = url if written == "address" else f"${{{kind}.f.{attribute}}}"
    text = (
        FUNCTION.replace("KIND", kind)
        .replace("URL", url)
        .replace('${var.suffix}"', suffix + '"', 1)
    )
    Path("main.tf").write_text(text, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    ((target,),) = (use.targets for use in one.sites)
    assert target.question is None
    assert target.note.endswith("generation, as Terraform says")
    assert target.resource is not None
    assert target.resource.startswith(f"//{host}.googleapis.com/projects/acme-prod/")


SHARED = """\
resource "google_workflows_workflow" "NAME" {
  source_contents = templatefile("${path.module}/flow.yaml", { host = "NAME.example" })
}
"""


def urls(*paths: str) -> dict[str, list[str | None]]:
    """The addresses that each workflow calls, by its name."""
    return {
        one.workflow.name: [target.url for use in one.sites for target in use.targets]
        for one in inspect_stack(loaded(*paths), facts())
    }


@pytest.mark.parametrize(
    "paths", [("main.tf",), ("flow.yaml", "main.tf"), ("main.tf", "flow.yaml")]
)
def test_two_workflows_may_be_made_of_one_file(paths: tuple[str, ...]) -> None:
    text = SHARED.replace("NAME", "first") + SHARED.replace("NAME", "second")
    Path("main.tf").write_text(text, encoding="utf-8")
    Path("flow.yaml").write_text(FLOW, encoding="utf-8")
    assert urls(*paths) == {
        "first": ["https://first.example/x"],
        "second": ["https://second.example/x"],
    }


EACH = """\
locals {
  flows = {
    a = { file = "flow.yaml", host = "one.example" }
    b = { file = "flow.yaml", host = "two.example" }
  }
  folder = "."
}

resource "google_workflows_workflow" "flow" {
  for_each        = FOR_EACH
  name            = "flow-${each.key}"
  user_env_vars   = { HOST = "${each.key}.example" }
  source_contents = CONTENTS
}
"""
INLINE = """<<-EOT
    - get: {call: http.get, args: {url: 'https://${each.value}/x'}}
    - own: {call: http.get, args: {url: '$${"https://" + sys.get_env("HOST")}'}}
  EOT"""


@pytest.mark.parametrize(
    ("for_each", "contents", "found"),
    [
        (
            "local.flows",
            'templatefile("${path.module}/${each.value.file}", each.value)',
            {"flow-a": ["https://one.example/x"], "flow-b": ["https://two.example/x"]},
        ),
        (
            'toset(["a", "b"])',
            'templatefile("${local.folder}/flow.yaml", { host = "${each.key}.example" })',
            {"flow-a": ["https://a.example/x"], "flow-b": ["https://b.example/x"]},
        ),
        (
            '{ a = "one.example" }',
            INLINE,
            {"flow-a": ["https://one.example/x", "https://a.example"]},
        ),
        (
            "var.flows",
            INLINE,
            {"flow": ["https://{each.value}/x", "https://{each.key}.example"]},
        ),
    ],
)
def test_each_instance_of_a_resource_is_a_workflow(
    for_each: str, contents: str, found: dict[str, list[str]]
) -> None:
    text = EACH.replace("FOR_EACH", for_each).replace("CONTENTS", contents)
    Path("main.tf").write_text(text, encoding="utf-8")
    Path("flow.yaml").write_text(FLOW, encoding="utf-8")
    assert urls("main.tf") == found


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("google_cloudfunctions_function", "https_trigger_url"),
        ("google_cloudfunctions2_function", "url"),
    ],
)
def test_one_of_the_functions_that_for_each_makes_is_of_their_generation(
    kind: str, attribute: str
) -> None:
    text = FUNCTION.replace("KIND", kind).replace("tax${var.suffix}", "tax-${each.key}")
    text = text.replace("{\n", "{\n  for_each = var.all\n", 1)
    text = text.replace("URL", "${" + kind + '.f["eu"].' + attribute + "}")
    Path("main.tf").write_text(text, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    ((target,),) = (use.targets for use in one.sites)
    assert target.url == "https://us-east1-acme-prod.cloudfunctions.net/tax-eu"
    assert target.question is None
    assert target.note.endswith("generation, as Terraform says")


ELSEWHERE = """\
resource "google_cloud_run_v2_service" "api" {
  PROJECT
  name     = "orders"
  location = "us-east1"
}

resource "google_cloudfunctions2_function" "fn" {
  PROJECT
  name     = "orders"
  location = "us-east1"
}

resource "google_workflows_workflow" "flow" {
  source_contents = <<-EOT
    - step: {call: http.post, args: {url: "${URL}", auth: {type: OIDC}}}
  EOT
}
"""
NUMBERED = ["google_cloud_run_v2_service.api.uri", "google_cloudfunctions2_function.fn.service_config[0].uri"]  # fmt: skip  # noqa: E501 - the addresses side by side


@pytest.mark.parametrize("url", NUMBERED)
@pytest.mark.parametrize(
    ("project", "more", "lies_in"),
    [
        ("", "", "acme-prod"),
        ('project = "acme-prod"', "", "acme-prod"),
        ('project = "svc-proj"', "", "svc-proj"),
        ("project = local.svc", 'locals {\n  svc = "svc-proj"\n}\n', "svc-proj"),
        ("project = data.google_project.p.project_id", "", "{data.google_project.p.project_id}"),
        ("project = data.google_project.p.project_id", 'data "google_project" "p" {}', "acme-prod"),
        ("", 'provider "google" {\n  project = "prov-proj"\n}\n', "prov-proj"),
        ('project = "acme-prod"', 'provider "google" {\n  project = "prov-proj"\n}\n', "acme-prod"),
        ("", 'provider "google" {\n  alias = "b"\n  project = "prov-proj"\n}\n', "acme-prod"),
    ],
)  # fmt: skip
def test_a_service_lies_in_the_project_that_its_resource_or_the_provider_writes(
    url: str, project: str, more: str, lies_in: str
) -> None:
    written = more + "\n" + ELSEWHERE.replace("PROJECT", project).replace("URL", url)
    Path("main.tf").write_text(written, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    (target,) = one.sites[0].targets
    service = f"//run.googleapis.com/projects/{lies_in}/locations/us-east1/services/orders"
    assert target.resource == service
    assert [(need.on, need.project) for need in target.needs] == [(service, lies_in)]
    assert (target.question is None) == ("{" not in lies_in)
    assert one.unfilled  # the project's number is part of the address and not known here


@pytest.mark.parametrize(
    ("project", "hole"),
    [
        ("var.svc", "var.svc"),
        ('"svc-${var.env}"', "google_cloud_run_v2_service.api.project_number"),
        ("one([for p in var.all : p])", "one([for p in var.all : p])"),
        ("<<-X\n  a${var.b}\n  X\n", "google_cloud_run_v2_service.api.project"),
    ],
)
def test_a_project_that_is_not_known_is_asked_for_and_never_taken_for_the_workflows_own(
    project: str, hole: str
) -> None:
    written = ELSEWHERE.replace("PROJECT", f"project = {project}").replace("URL", NUMBERED[0])
    Path("main.tf").write_text(written, encoding="utf-8")
    (one,) = inspect_stack(loaded("main.tf"), facts())
    (target,) = one.sites[0].targets
    assert "acme-prod" not in (target.resource or "")
    assert target.question is not None
    assert target.question.hole == hole
