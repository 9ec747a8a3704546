"""What starts a workflow is planned, applied, run, changed and removed like all else."""

from __future__ import annotations

import base64
import json

import jsonschema
import pytest
import yaml

from wfprov.core.address import ResourceName, RoleName, project_name
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Call
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.render.schemas.config import config_schema
from wfprov.render.schemas.plan import plan_schema
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.store.facts import open_facts

PLACE = "projects/acme-shop/locations/europe-west1"
WORKFLOW = f"{PLACE}/workflows/order-intake"
JOB = f"{PLACE}/jobs/order-intake-schedule"
STARTER = "order-intake-trigger@acme-shop.iam.gserviceaccount.com"
AGENT = "service-493817260155@gs-project-accounts.iam.gserviceaccount.com"
SCHEDULE = '{schedule: "0 6 * * *", time_zone: Europe/Berlin, argument: {shop: 1}}'
STORED = "{event: google.cloud.storage.object.v1.finalized, filters: {bucket: in}}"
LOGGED = (
    "{event: google.cloud.audit.log.v1.written, filters: "
    "{serviceName: bigquery.googleapis.com, methodName: jobservice.insert}}"
)
PUBLISHED = (
    "{event: google.cloud.pubsub.topic.v1.messagePublished, topic: orders, name: on-message, "
    "service_account: {shared: messages}}"
)
SCHEMA = jsonschema.Draft202012Validator(plan_schema())


@pytest.fixture
def stack(deployed):
    """Writes the configuration with some triggers; returns the session."""

    def write(*triggers: str, region: str = "", more: str = ""):
        listed = "".join(f"      - {trigger}\n" for trigger in triggers)
        deployed.write(
            "wfprov.yaml",
            "version: 1\nstack: orders\nworkflows:\n  order-intake:\n"
            "    source: workflows/order-intake.yaml\n"
            f"{region and f'    region: {region}'}\n    triggers:{' []' if not triggers else ''}\n"
            f"{listed}{more}",
        )
        return deployed

    return write


@pytest.fixture
def cloud(emulator, owner):
    """The control plane, as the owner of the project reaches it."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as reached:
        yield reached


def applied(session, *more: str):
    ended = session.wfprov("apply", "-e", "shop", "--auto-approve", *more)
    assert ended.code == 0, ended.out + ended.err
    return ended


def planned(session, *more: str, code: int = 0) -> dict:
    ended = session.wfprov("plan", "-e", "shop", "--format", "json", *more)
    assert ended.code == code, ended.out + ended.err
    SCHEMA.validate(ended.json)
    return ended.json


def due(document: dict) -> dict[str, str]:
    return {
        f"{c['kind']} {c['address'].rpartition('/')[2]}": c["action"]
        for c in document["changes"]
        if c["action"] not in {"no-op", "inherited"}
    }


def sent(cloud, api: str, method: str, **request):
    return cloud.send(Call(client=api, method=f"projects.locations.{method}", request=request))


def job(cloud, name: str = JOB):
    return sent(cloud, "cloudscheduler:v1", "jobs.get", name=name)


def jobs(cloud, place: str = PLACE) -> set[str]:
    found = sent(cloud, "cloudscheduler:v1", "jobs.list", parent=place).get("jobs", ())
    return {one["name"].rpartition("/")[2] for one in found}


def triggers(cloud) -> dict[str, dict]:
    place = "projects/acme-shop/locations/-"
    found = sent(cloud, "eventarc:v1", "triggers.list", parent=place).get("triggers", ())
    return {one["name"].rpartition("/")[2]: one for one in found}


def executions(cloud) -> list[dict]:
    found = sent(cloud, "workflowexecutions:v1", "workflows.executions.list", parent=WORKFLOW)
    return found.get("executions", [])


def project_policy() -> IamPolicy:
    name = project_name("acme-shop")
    route = policy_route(name, open_facts())
    assert route is not None
    return IamPolicy(subject_name=ResourceName(name), route=route)


def without(cloud, member: str, role: str) -> None:
    access = project_policy()
    body = cloud.send(access.read())
    lost = Membership(BindingKey(RoleName(role)), f"serviceAccount:{member}")
    assert lost in access.members(body)
    cloud.send(access.write(access.changed(body, remove=[lost])))


def test_every_kind_of_trigger_is_made_and_planned_again_with_nothing_to_do(stack, cloud):
    session = stack(SCHEDULE, STORED, LOGGED, PUBLISHED)
    applied(session)
    assert due(planned(session)) == {}
    assert jobs(cloud) == {"order-intake-schedule"}
    made = triggers(cloud)
    assert made.keys() == {"order-intake-event", "order-intake-event-2", "on-message"}
    assert made["order-intake-event"]["serviceAccount"] == STARTER
    assert made["order-intake-event"]["labels"] == {"wfprov-stack": "orders__shop"}
    assert made["on-message"]["transport"]["pubsub"]["topic"] == "projects/acme-shop/topics/orders"
    target = job(cloud)["httpTarget"]
    assert json.loads(base64.b64decode(target["body"])) == {"argument": '{"shop": 1}'}
    assert target["oauthToken"]["serviceAccountEmail"] == STARTER


def test_both_sides_of_a_trigger_get_their_roles_and_not_the_workflows_account(stack, cloud):
    applied(stack(SCHEDULE, STORED, PUBLISHED))
    access = project_policy()
    held = {
        (m.member.partition(":")[2].partition("@")[0], str(m.key.role))
        for m in access.members(cloud.send(access.read()))
        if m.member.startswith("serviceAccount:")
    }
    agent = AGENT.partition("@")[0]
    assert held >= {
        ("order-intake-trigger", "roles/workflows.invoker"),
        ("order-intake-trigger", "roles/eventarc.eventReceiver"),
        ("messages", "roles/workflows.invoker"),
        (agent, "roles/pubsub.publisher"),
    }
    assert ("messages", "roles/eventarc.eventReceiver") not in held
    assert not [role for member, role in held if member == "order-intake"]


def test_inspect_shows_the_access_of_triggers_among_the_grants_only(stack):
    session = stack(SCHEDULE, STORED)
    document = session.wfprov("inspect", "--format", "json", "--project", "acme-shop").json
    [workflow] = document["workflows"]
    assert {s["id"] for s in workflow["sites"]} == {"main.charge"}
    rows = {(g["principal"], g["role"]): g["because"] for g in workflow["grants"]}
    assert rows[STARTER, "roles/workflows.invoker"] == [
        "triggers.order-intake-event",
        "triggers.order-intake-schedule",
    ]
    assert rows[STARTER, "roles/eventarc.eventReceiver"] == ["triggers.order-intake-event"]
    assert "cloudscheduler.googleapis.com" in workflow["apis"]
    assert "eventarcpublishing.googleapis.com" in workflow["apis"]


def test_a_job_starts_the_workflow_and_is_refused_once_its_grant_is_gone(stack, cloud):
    applied(stack(SCHEDULE))
    sent(cloud, "cloudscheduler:v1", "jobs.run", name=JOB, body={})
    [execution] = executions(cloud)
    assert execution["argument"] == '{"shop": 1}'
    without(cloud, STARTER, "roles/workflows.invoker")
    sent(cloud, "cloudscheduler:v1", "jobs.run", name=JOB, body={})
    assert len(executions(cloud)) == 1
    status = job(cloud)["status"]
    assert (status["code"], "workflows.executions.create" in status["message"]) == (7, True)


@pytest.mark.parametrize(
    ("member", "role"),
    [(STARTER, "roles/eventarc.eventReceiver"), (AGENT, "roles/pubsub.publisher")],
)
def test_without_any_one_of_its_grants_a_trigger_is_refused(stack, cloud, member, role):
    session = stack(STORED)
    applied(session)
    [made] = triggers(cloud).values()
    sent(cloud, "eventarc:v1", "triggers.delete", name=made["name"])
    without(cloud, member, role)
    body = {key: made[key] for key in ("eventFilters", "destination", "serviceAccount")}
    with pytest.raises(Exception, match=r"denied") as refused:
        sent(cloud, "eventarc:v1", "triggers.create", parent=PLACE, triggerId="again", body=body)
    assert member in str(refused.value)
    assert due(planned(session)).keys() == {
        "eventarc_trigger order-intake-event",
        "iam_policy acme-shop",
    }
    applied(session)
    assert due(planned(session)) == {}


def test_the_deployer_needs_to_act_as_the_account_of_the_trigger(stack):
    permissions = planned(stack(SCHEDULE, STORED), "--offline")["deployer_permissions"]
    assert set(permissions) >= {
        "cloudscheduler.jobs.create",
        "eventarc.triggers.create",
        "iam.serviceAccounts.actAs",
    }


def test_a_changed_schedule_is_changed_in_place(stack, cloud):
    applied(stack(SCHEDULE))
    session = stack(SCHEDULE.replace("0 6", "30 7"))
    document = planned(session)
    assert due(document) == {"scheduler_job order-intake-schedule": "update"}
    assert document["drift"] == []
    applied(session)
    assert job(cloud)["schedule"] == "30 7 * * *"
    assert due(planned(session)) == {}


def test_a_saved_plan_is_stale_when_somebody_changed_or_removed_a_trigger(stack, cloud):
    applied(stack(SCHEDULE, STORED))
    session = stack(SCHEDULE.replace("0 6", "0 7"), STORED.replace("in}", "other}"))
    planned(session, "-o", "plan.json")

    def rescheduled(schedule):
        body = {"schedule": schedule}
        sent(cloud, "cloudscheduler:v1", "jobs.patch", name=JOB, updateMask="schedule", body=body)

    def refused(words):
        ended = session.wfprov("apply", "plan.json")
        assert ended.code == 5, ended.out + ended.err
        assert words in ended.err

    rescheduled("0 9 * * *")
    refused("jobs/order-intake-schedule was changed")
    rescheduled("0 6 * * *")
    name = triggers(cloud)["order-intake-event"]["name"]
    sent(cloud, "eventarc:v1", "triggers.delete", name=name)
    refused("triggers/order-intake-event is gone")
    rescheduled("0 7 * * *")  # as planned: the trigger alone has moved
    refused("triggers/order-intake-event is gone")
    assert job(cloud)["schedule"] == "0 7 * * *"


def test_another_type_of_event_makes_the_trigger_anew(stack, cloud):
    applied(stack(STORED))
    session = stack(STORED.replace("finalized", "deleted"))
    [change] = [c for c in planned(session)["changes"] if c["action"] == "replace"]
    assert change["reason"] == "the type of event of a trigger can not be changed"
    applied(session)
    filters = triggers(cloud)["order-intake-event"]["eventFilters"]
    assert {"attribute": "type", "value": "google.cloud.storage.object.v1.deleted"} in filters


def test_who_paused_a_job_keeps_it_paused_until_the_configuration_speaks(stack, cloud):
    session = stack(SCHEDULE)
    applied(session)
    sent(cloud, "cloudscheduler:v1", "jobs.pause", name=JOB, body={})
    assert due(planned(session)) == {}
    applied(stack(SCHEDULE.replace("0 6", "0 7")))
    assert job(cloud)["state"] == "PAUSED"
    applied(stack(SCHEDULE.replace("argument", "paused: false, argument")))
    assert job(cloud)["state"] == "ENABLED"
    applied(stack(SCHEDULE.replace("argument", "paused: true, argument")))
    assert job(cloud)["state"] == "PAUSED"


def test_a_job_that_shall_be_paused_is_made_so_by_a_saved_plan(stack, cloud):
    session = stack(SCHEDULE.replace("argument", "paused: true, argument"))
    assert session.wfprov("plan", "-e", "shop", "-o", "plan.json").code == 0
    assert session.wfprov("apply", "plan.json").code == 0
    assert job(cloud)["state"] == "PAUSED"
    assert due(planned(session)) == {}


def test_what_is_no_longer_asked_for_is_shown_and_pruned(stack, cloud):
    applied(stack(SCHEDULE, STORED))
    session = stack()
    document = planned(session)
    left = {d["address"].rpartition("/")[2] for d in document["drift"]}
    assert left >= {"order-intake-schedule", "order-intake-event", STARTER}
    assert due(document) == {}
    out = applied(session, "--prune").out
    assert out.index("remove job") < out.index("remove service account")
    assert (jobs(cloud), triggers(cloud)) == (set(), {})
    assert due(planned(session, "--prune")) == {}


def test_a_trigger_in_another_location_is_found_when_it_is_asked_for_no_more(stack, cloud):
    applied(stack(STORED.replace("filters", "location: eu, filters")))
    assert next(iter(triggers(cloud).values()))["name"].split("/")[3] == "eu"
    applied(stack(), "--prune")
    assert triggers(cloud) == {}


def test_a_stack_that_moves_takes_its_triggers_along(stack, cloud):
    applied(stack(SCHEDULE, STORED))
    session = stack(SCHEDULE, STORED, region="us-central1")
    out = applied(session).out
    there = PLACE.replace("europe-west1", "us-central1")
    assert (jobs(cloud), jobs(cloud, there)) == (set(), {"order-intake-schedule"})
    assert [t["name"].split("/")[3] for t in triggers(cloud).values()] == ["us-central1"]
    assert out.index("create job") < out.index("remove job")
    assert due(planned(session)) == {}


def test_the_end_removes_triggers_first(stack, cloud):
    session = stack(SCHEDULE, STORED)
    applied(session)
    ended = session.wfprov("destroy", "-e", "shop", "--auto-approve")
    assert ended.code == 0, ended.err
    report = ended.out
    assert report.index("remove job") < report.index("remove workflow")
    assert report.index("remove trigger") < report.index("remove workflow")
    assert (jobs(cloud), triggers(cloud)) == (set(), {})


def test_triggers_of_others_are_left_alone_and_never_taken(stack, cloud):
    session = stack(SCHEDULE)
    applied(session)
    foreign = {k: v for k, v in job(cloud).items() if k in {"schedule", "httpTarget"}}
    for name, description in (("theirs", "by hand"), ("second", "[wfprov stack=other]")):
        body = {**foreign, "name": f"{PLACE}/jobs/{name}", "description": description}
        sent(cloud, "cloudscheduler:v1", "jobs.create", parent=PLACE, body=body)
    refused = stack(SCHEDULE, SCHEDULE.replace("argument", "name: second, argument"))
    ended = refused.wfprov("plan", "-e", "shop")
    assert (ended.code, "part of the stack other" in ended.out) == (1, True)
    adopting = stack(SCHEDULE, SCHEDULE.replace("argument", "name: theirs, argument"))
    ended = adopting.wfprov("plan", "-e", "shop")
    assert (ended.code, "carries no mark" in ended.out) == (0, True)
    assert stack().wfprov("destroy", "-e", "shop", "--auto-approve").code == 0
    assert jobs(cloud) == {"theirs", "second"}


def test_a_job_that_somebody_changed_is_told_and_put_back(stack, cloud):
    session = stack(SCHEDULE)
    applied(session)
    body = {"name": JOB, "schedule": "1 1 * * *"}
    sent(cloud, "cloudscheduler:v1", "jobs.patch", name=JOB, updateMask="schedule", body=body)
    [drift] = planned(session)["drift"]
    assert drift["message"] == "was changed"
    applied(session)
    assert job(cloud)["schedule"] == "0 6 * * *"


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (SCHEDULE.replace("Berlin", "Berlinn"), "did you mean Europe/Berlin"),
        (SCHEDULE.replace("0 6 * * *", "0 6 * * MOON"), "`MOON` is no day of the week"),
        (STORED.replace("finalized", "finalised"), "did you mean google.cloud.storage"),
        (
            STORED.replace(
                "filters", "service_account: a@other-project.iam.gserviceaccount.com, filters"
            ),
            "is not of the project acme-shop",
        ),
        (SCHEDULE.replace("argument", "name: order-intake-schedule-2, argument"), "two triggers"),
    ],
)
def test_a_trigger_that_could_not_be_is_named_at_its_place(stack, trigger, words):
    ended = stack(SCHEDULE, SCHEDULE, trigger).wfprov("plan", "-e", "shop", "--offline")
    assert ended.code == 1
    assert words in ended.out
    assert "wfprov.yaml:10:" in ended.out


def test_an_account_of_others_must_be_there(stack):
    named = SCHEDULE.replace(
        "argument", "service_account: timer@acme-shop.iam.gserviceaccount.com, argument"
    )
    ended = stack(named).wfprov("plan", "-e", "shop")
    assert (ended.code, "timer@acme-shop.iam.gserviceaccount.com does not exist" in ended.out) == (
        1,
        True,
    )


def test_the_schema_for_editors_knows_every_trigger():
    schema = jsonschema.Draft202012Validator(config_schema())
    for text in (SCHEDULE, STORED, LOGGED, PUBLISHED):
        entry = {"source": "a.yaml", "triggers": [yaml.safe_load(text)]}
        schema.validate({"version": 1, "workflows": {"a": entry}})
    wrong = {"source": "a.yaml", "triggers": [{"schedule": "0 6 * * *", "event": "x"}]}
    assert not schema.is_valid({"version": 1, "workflows": {"a": wrong}})
