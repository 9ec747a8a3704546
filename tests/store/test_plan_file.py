"""Saved plans come back exactly, or are refused with a reason."""

import json
from dataclasses import replace

import pytest

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.errors import InputError
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.core.resource import Contents, digest_of
from wfprov.desired.graph import Because
from wfprov.plan.change import (
    AccessChange,
    Create,
    Delete,
    Mode,
    NoOp,
    Plan,
    Update,
    calls_of,
)
from wfprov.plan.legal import IllegalPlanError, check_routes
from wfprov.resources.api_service import ApiService
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow
from wfprov.store.facts import open_facts
from wfprov.store.fingerprint import digest
from wfprov.store.plan_file import load_plan, save_plan

FACTS = open_facts()
MEMBER = "serviceAccount:order-intake@p.iam.gserviceaccount.com"
INVOKER = Membership(BindingKey(RoleName("roles/run.invoker")), MEMBER)
TIMED = Membership(
    BindingKey(RoleName("roles/a"), Condition(expression="true", title="t")), "user:a@x.example"
)
VIEWER = Membership(BindingKey(RoleName("roles/viewer")), MEMBER)
SERVICE = ResourceName("//run.googleapis.com/projects/p/locations/l/services/s")
WORKFLOW = Workflow(
    project="p",
    region="l",
    workflow_id="order-intake",
    source=Contents("main:\n  steps: []\n"),
    labels={"wfprov-stack": "orders"},
    env={"URL": "https://x"},
)
LIVE = replace(
    WORKFLOW,
    source=Contents("somebody else's text"),
    env={"URL": "https://x", "KEY": "somebody else's value"},
    last_revision="000007-abc",
)
PLAN = Plan(
    stack="orders",
    mark="orders",
    endpoint="cloud",
    environment="dev",
    project="p",
    mode=Mode.PRUNE,
    created=1000.0,
    expires=4600.0,
    owned=frozenset({MEMBER}),
    changes=(
        NoOp(ApiService(project="p", service="run.googleapis.com")),
        AccessChange(
            access=IamPolicy(
                subject_name=SERVICE,
                route=policy_route(SERVICE, FACTS),
                memberships=frozenset({INVOKER, VIEWER}),
            ),
            before=frozenset({TIMED}),
            add=frozenset({INVOKER}),
            inherited={VIEWER: "//cloudresourcemanager.googleapis.com/projects/p"},
            because={
                INVOKER: (
                    Because(workflow="order-intake", site="main.a", file="w", line=1, column=2),
                )
            },
        ),
        Delete(ServiceAccount(project="p", account_id="old-one", stack="orders")),
        Create(ServiceAccount(project="p", account_id="order-intake", stack="orders")),
        Update(LIVE, WORKFLOW),
    ),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "plan.json"
    save_plan(PLAN, path)
    return path


def edited(path, edit, *, sealed=False):
    body = json.loads(path.read_text())
    edit(body)
    if sealed:
        body.pop("digest")
        body["digest"] = digest(body)
    path.write_text(json.dumps(body))


def test_a_plan_comes_back_exactly_and_what_is_live_as_its_digest(path):
    found = load_plan(path, FACTS)
    kept = Update(LIVE.sealed(), WORKFLOW.without_values())
    assert found == replace(PLAN, changes=(*PLAN.changes[:-1], kept))
    assert found.changes[-1].before.revision == "000007-abc"
    whole = kept.after.with_values({digest_of("https://x"): "https://x"})
    assert calls_of(Update(kept.before, whole)) == calls_of(PLAN.changes[-1])


def test_no_text_and_no_value_that_somebody_else_deployed_is_in_the_file(path):
    assert "somebody else" not in path.read_text()
    assert "https://x" not in path.read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parameters", {"resource": "projects/p/locations/l/services/other"}),
        ("host", "collector.example"),
        ("client", "storage:v1"),
        ("bare", True),
    ],
)
def test_a_plan_that_reaches_a_policy_by_a_way_of_its_own_is_refused(path, field, value):
    def forge(body):
        body["exact"]["changes"][1]["access"]["route"][field] = value
        for call in body["changes"][1]["calls"]:
            call["request"] = {**call["request"], **(value if field == "parameters" else {})}

    edited(path, forge, sealed=True)
    with pytest.raises(InputError, match=r"no possible plan|something else"):
        load_plan(path, FACTS)


def test_a_forged_way_is_refused_even_where_the_shown_calls_fit():
    access = PLAN.changes[1].access
    forged = replace(access, route=replace(access.route, host="collector.example"))
    with pytest.raises(IllegalPlanError, match="reached otherwise"):
        check_routes(replace(PLAN, changes=(replace(PLAN.changes[1], access=forged),)), FACTS)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ({"offline": True, "changes": ()}, "offline"),
        ({"errors": ("a literal credential",)}, "a literal credential"),
    ],
)
def test_a_plan_that_cannot_be_applied_is_shown_and_not_held(tmp_path, why, words):
    save_plan(replace(PLAN, **why), tmp_path / "p.json")
    assert "contents" not in json.loads((tmp_path / "p.json").read_text())
    with pytest.raises(InputError, match=f"cannot be applied: .*{words}"):
        load_plan(tmp_path / "p.json", FACTS)


def test_a_plan_is_readable_by_its_owner_only(path):
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_plan_gives_the_same_bytes(path, tmp_path):
    save_plan(load_plan(path, FACTS), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_each_change_shown_is_one_line_of_the_file(path):
    text = path.read_text(encoding="utf-8")
    values = [line.strip().removesuffix(",") for line in text.splitlines()]
    for change in json.loads(text)["exact"]["changes"]:
        assert json.dumps(change, ensure_ascii=False) in values


def test_a_text_is_shown_as_its_digest_and_carried_once(path):
    body = json.loads(path.read_text())
    assert WORKFLOW.source.text not in json.dumps(body["changes"])
    assert body["contents"][WORKFLOW.source.digest] == WORKFLOW.source.text


@pytest.mark.parametrize("kept", [0, 1, 100, -2])
def test_a_file_that_was_cut_off_is_refused(path, kept):
    path.write_text(path.read_text()[:kept])
    with pytest.raises(InputError, match="plan"):
        load_plan(path, FACTS)


def test_an_edit_is_refused(path):
    edited(path, lambda body: body.update(stack="other"))
    with pytest.raises(InputError, match="digest does not fit"):
        load_plan(path, FACTS)


def test_another_version_is_refused_by_name(path):
    edited(path, lambda body: body.update(format_version="9.0"))
    with pytest.raises(InputError, match=r"has format 9\.0"):
        load_plan(path, FACTS)
    edited(path, lambda body: body.update(format_version="0.9"))
    with pytest.raises(InputError, match=r"has format 0\.9 of an older wfprov"):
        load_plan(path, FACTS)


def test_a_plan_that_shows_one_thing_and_does_another_is_refused(path):
    def forge(body):
        body["exact"]["changes"][1]["add"][0]["key"]["role"] = "roles/owner"

    edited(path, forge, sealed=True)
    with pytest.raises(InputError):
        load_plan(path, FACTS)


def test_a_forged_text_is_refused(path):
    def forge(body):
        body["contents"][WORKFLOW.source.digest] = "main: {steps: [steal: {}]}"

    edited(path, forge, sealed=True)
    with pytest.raises(InputError, match="no possible plan"):
        load_plan(path, FACTS)


def test_removing_what_is_not_the_stacks_is_no_possible_plan(path):
    def forge(body):
        body["exact"]["changes"][2]["before"]["stack"] = "others"

    edited(path, forge, sealed=True)
    with pytest.raises(InputError, match="only what carries the stack's mark is removed"):
        load_plan(path, FACTS)


@pytest.mark.parametrize("version", [1.0, None, [], {}, True])
def test_a_version_that_is_no_text_is_no_plans(path, version):
    edited(path, lambda body: body.update(format_version=version))
    with pytest.raises(InputError, match="is no plan"):
        load_plan(path, FACTS)


@pytest.mark.parametrize("key", ["created", "expires"])
@pytest.mark.parametrize("when", [1e20, -1e20, 1e12, float("inf"), float("nan"), -1.0])
def test_a_time_that_no_clock_shows_is_refused(path, key, when):
    edited(path, lambda body: body["exact"].update({key: when}), sealed=True)
    with pytest.raises(InputError, match="no possible plan"):
        load_plan(path, FACTS)


def test_a_plan_that_lasts_longer_than_any_is_refused(path):
    save_plan(replace(PLAN, expires=PLAN.expires + 3600), path)
    with pytest.raises(InputError, match="later than any plan"):
        load_plan(path, FACTS)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format_version": "1.0"}', "\x00", "[" * 100_000])
def test_what_is_no_plan_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(InputError, match=r"plan|digest|JSON"):
        load_plan(path, FACTS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.json"):
        load_plan(tmp_path / "none.json", FACTS)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        save_plan(PLAN, tmp_path / "none" / "plan.json")
