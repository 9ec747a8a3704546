"""`wfprov plan`, `apply` and `destroy` on the embedded control plane, as a user runs them."""

from __future__ import annotations

import json

import jsonschema
import pytest

ENVIRONMENT = """\
endpoint: embedded
project: acme-test
region: europe-west1
"""
CONFIG = """\
version: 1
stack: orders
workflows:
  order-intake:
    source: workflows/order-intake.yaml
"""
DEFINITION = """\
main:
  params: [order]
  steps:
    - charge_card:
        call: http.post
        args:
          url: https://payments-abcdefghij-ew.a.run.app/charge
          auth: {type: OIDC}
    - publish:
        call: googleapis.pubsub.v1.projects.topics.publish
        args:
          topic: ${"projects/" + sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + "/topics/orders"}
          body: {messages: [{data: aGk=}]}
"""


@pytest.fixture
def stack(session):
    """A stack of one workflow, not yet applied."""
    session.write("wfprov.yaml", CONFIG)
    session.write("environments/local.yaml", ENVIRONMENT)
    session.write("workflows/order-intake.yaml", DEFINITION)
    return session


def plan(session, *more: str, code: int = 0) -> dict:
    ended = session.wfprov("plan", "-e", "local", "--format", "json", *more)
    assert ended.code == code, ended.err
    return ended.json


def actions(document: dict) -> dict[str, str]:
    return {
        f"{c['kind']} {c['address'].rpartition('/')[2]}": c["action"] for c in document["changes"]
    }


def test_a_plan_names_each_thing_and_changes_nothing(stack):
    first = plan(stack, "--detailed-exitcode", code=2)
    assert actions(first)["workflow order-intake"] == "create"
    assert actions(first)["iam_policy payments"] == "update"
    assert actions(first)["iam_policy orders"] == "update"
    email = "order-intake@acme-test.iam.gserviceaccount.com"
    assert actions(first)[f"service_account {email}"] == "create"
    assert actions(plan(stack, "--detailed-exitcode", code=2)) == actions(first)


def test_the_plan_document_is_valid_by_its_schema(stack):
    schema = json.loads(stack.wfprov("schema", "plan").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plan(stack), schema)
    stack.wfprov("plan", "-e", "local", "-o", "plan.json")
    jsonschema.validate(json.loads((stack.folder / "plan.json").read_text()), schema)
    stack.wfprov("apply", "plan.json")
    jsonschema.validate(plan(stack), schema)


def test_nothing_is_left_to_do_after_an_apply(stack):
    applied = stack.wfprov("apply", "-e", "local", "--auto-approve")
    assert applied.code == 0, applied.err
    again = plan(stack, "--detailed-exitcode", code=0)
    assert set(actions(again).values()) <= {"no-op", "inherited"}


def test_a_saved_plan_is_applied_once_and_is_spent_then(stack):
    assert stack.wfprov("plan", "-e", "local", "-o", "plan.json").code == 0
    assert stack.wfprov("apply", "plan.json").code == 0
    again = stack.wfprov("apply", "plan.json")
    assert again.code == 0
    assert "Nothing left to do" in again.out


def test_an_edited_plan_is_refused(stack):
    stack.wfprov("plan", "-e", "local", "-o", "plan.json")
    file = stack.folder / "plan.json"
    file.write_text(file.read_text().replace("roles/run.invoker", "roles/run.admin"))
    ended = stack.wfprov("apply", "plan.json")
    assert ended.code == 3
    assert "damaged or edited" in ended.err


def test_a_changed_definition_changes_only_what_differs(stack):
    stack.wfprov("apply", "-e", "local", "--auto-approve")
    stack.write(
        "workflows/order-intake.yaml",
        DEFINITION + "    - say:\n        call: sys.log\n        args: {text: done}\n",
    )
    changed = {
        name: action
        for name, action in actions(plan(stack)).items()
        if action not in {"no-op", "inherited"}
    }
    changed.pop("api_service logging.googleapis.com", None)  # enabled by default, or not
    assert changed == {"workflow order-intake": "update", "iam_policy acme-test": "update"}
    text = stack.wfprov("plan", "-e", "local").out
    assert "+        call: sys.log" in text


def test_destroy_removes_what_the_stack_owns(stack):
    stack.wfprov("apply", "-e", "local", "--auto-approve")
    ended = stack.wfprov("destroy", "-e", "local", "--auto-approve")
    assert ended.code == 0, ended.err
    assert actions(plan(stack))["workflow order-intake"] == "create"
    again = stack.wfprov("destroy", "-e", "local", "--auto-approve")
    assert "Nothing to do" in again.out


def test_an_open_question_blocks_with_four_and_nothing_is_applied(stack):
    stack.write(
        "workflows/order-intake.yaml",
        DEFINITION + "    - tell:\n        call: http.post\n        args: {url: '${order.url}'}\n",
    )
    blocked = stack.wfprov("plan", "-e", "local", "--format", "json")
    assert blocked.code == 4
    assert blocked.json["applyable"] is False
    assert blocked.json["questions"][0]["site"] == "main.tell"
    assert stack.wfprov("apply", "-e", "local", "--auto-approve").code == 4
    assert actions(plan(stack, code=4))["workflow order-intake"] == "create"


def test_an_answer_closes_the_question(stack):
    stack.write(
        "workflows/order-intake.yaml",
        DEFINITION + "    - tell:\n        call: http.post\n        args: {url: '${order.url}'}\n",
    )
    stack.write("wfprov.yaml", CONFIG + "    answers:\n      main.tell: {external: a partner}\n")
    assert plan(stack)["questions"] == []


def test_an_iap_endpoint_is_bound_on_the_resource_that_the_answer_names(stack):
    stack.write(
        "workflows/order-intake.yaml",
        DEFINITION + "    - erp:\n        call: http.get\n        args:\n"
        "          url: https://erp.acme.example/orders\n"
        "          auth: {type: OIDC, audience: 12-ab.apps.googleusercontent.com}\n",
    )
    assert plan(stack, code=4)["questions"][0]["site"] == "main.erp"
    stack.write(
        "wfprov.yaml",
        CONFIG + "    answers:\n      main.erp:\n"
        "        iap: {resource: projects/12/iap_web/compute/services/34}\n",
    )
    changes = plan(stack)["changes"]
    (iap,) = [c for c in changes if c["address"].startswith("//iap.googleapis.com/")]
    assert iap["add"][0]["role"] == "roles/iap.httpsResourceAccessor"
    assert stack.wfprov("apply", "-e", "local", "--auto-approve").code == 0
    assert plan(stack, "--detailed-exitcode", code=0)["questions"] == []


def test_a_forbidden_role_blocks(stack):
    stack.write(
        "wfprov.yaml", CONFIG + "policy: {forbidden_roles: [roles/run.invoker, roles/owner]}\n"
    )
    blocked = stack.wfprov("plan", "-e", "local", "--format", "json")
    assert blocked.code == 4
    assert blocked.json["questions"][0]["reason"] == "forbidden-role"


def test_an_offline_plan_reads_nothing_and_cannot_be_applied(stack):
    offline = stack.wfprov("plan", "-e", "local", "--offline", "-o", "plan.json")
    assert offline.code == 0
    assert not (stack.folder / ".wfprov").exists()
    refused = stack.wfprov("apply", "plan.json")
    assert refused.code == 3
    assert "offline" in refused.err


def test_an_unknown_environment_lists_those_there_are(stack):
    ended = stack.wfprov("plan", "-e", "prd")
    assert ended.code == 3
    assert "local" in ended.err


def test_a_wrong_configuration_is_shown_at_its_place(stack):
    stack.write("wfprov.yaml", CONFIG.replace("source:", "sorce:"))
    ended = stack.wfprov("check", "-e", "local")
    assert ended.code == 1
    assert "wfprov.yaml:5:5" in ended.out
    assert "source" in ended.out


def test_verbose_names_each_request_and_the_count(stack):
    ended = stack.wfprov("plan", "-e", "local", "--verbose")
    assert "requests" in ended.err
    assert "getIamPolicy" in ended.err


def test_the_definition_that_was_planned_is_the_one_that_is_deployed(stack):
    stack.wfprov("plan", "-e", "local", "-o", "plan.json")
    stack.write("workflows/order-intake.yaml", "- other:\n    return: 1\n")
    assert stack.wfprov("apply", "plan.json").code == 0
    document = plan(stack)
    (workflow,) = [c for c in document["changes"] if c["kind"] == "workflow"]
    assert workflow["action"] == "update"


def test_a_plan_file_holds_no_token(stack):
    stack.wfprov("plan", "-e", "local", "-o", "plan.json")
    text = json.dumps(json.loads((stack.folder / "plan.json").read_text()))
    assert "Bearer" not in text
    assert "emulator-token" not in text


def test_two_environments_in_one_project_leave_each_other_alone(stack):
    assert stack.wfprov("apply", "-e", "local", "--auto-approve").code == 0
    stack.write("environments/twin.yaml", ENVIRONMENT)
    twin = stack.wfprov("plan", "-e", "twin")
    assert twin.code == 1
    assert "error[owned-by-another-stack]" in twin.out
    stack.wfprov("destroy", "-e", "twin", "--auto-approve")
    assert set(actions(plan(stack, "--detailed-exitcode", code=0)).values()) <= {
        "no-op",
        "inherited",
    }


def test_a_saved_plan_is_for_the_control_plane_that_it_was_made_on(stack):
    assert stack.wfprov("plan", "-e", "local", "-o", "plan.json").code == 0
    stack.write(
        "environments/local.yaml",
        ENVIRONMENT.replace("endpoint: embedded", "endpoint: http://127.0.0.1:9"),
    )
    refused = stack.wfprov("apply", "plan.json")
    assert refused.code == 3
    assert "control plane" in refused.err


def test_credentials_are_not_sent_where_only_the_repository_says(stack, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "secret-token")
    stack.write(
        "environments/local.yaml",
        "project: acme-test\nregion: europe-west1\n"
        "endpoints: {cloudresourcemanager: 'https://collector.example'}\n",
    )
    refused = stack.wfprov("plan", "-e", "local")
    assert refused.code == 3
    assert "collector.example" in refused.err


def test_a_plan_of_one_definition_says_nothing_of_the_others(stack):
    stack.wfprov("apply", "-e", "local", "--auto-approve")
    stack.write("workflows/second.yaml", "- done:\n    return: 1\n")
    ended = stack.wfprov("plan", "workflows/second.yaml", "-e", "local")
    assert ended.code == 0
    assert "order-intake" not in ended.out


def test_what_is_wrong_with_a_definition_is_told_before_the_cloud_is_asked(session):
    session.write("a.yaml", "- a:\n    next: nowhere\n")
    ended = session.wfprov("plan", "a.yaml", "--project", "acme-test", "--region", "europe-west1")
    assert ended.code == 1
    assert "error[undefined-step]" in ended.out
    assert "Blocked by 1 error" in ended.out


def test_what_a_wide_grant_opens_is_said_beside_it(stack):
    stack.write(
        "workflows/order-intake.yaml",
        "main:\n  params: [a]\n  steps:\n    - read:\n"
        "        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString\n"
        "        args: {secret_id: '${a.name}'}\n",
    )
    text = stack.wfprov("plan", "-e", "local").out
    assert "all secrets of acme-test" in text


def test_a_wrong_flag_is_wrong_usage(session):
    session.write("a.yaml", "- a:\n    return: 1\n")
    ended = session.wfprov("inspect", "a.yaml", "--project", "../x")
    assert ended.code == 3
    assert "--project" in ended.err


def test_an_unknown_function_is_a_question_and_no_grant(session):
    session.write(
        "a.yaml",
        "- a:\n    call: http.gett\n    args: {url: 'https://x-1.europe-west1.run.app', "
        "auth: {type: OIDC}}\n- b:\n    call: experimental.executions.nope\n",
    )
    ended = session.wfprov(
        "inspect", "a.yaml", "--format", "json", "--project", "acme-test", "--region", "us-east1"
    )
    found = ended.json["workflows"][0]
    assert [s["targets"][0]["kind"] for s in found["sites"]] == ["unknown", "unknown"]
    assert all(s["targets"][0]["question"] for s in found["sites"])
    assert found["grants"] == []
