"""The engine through the real client libraries against the embedded control plane."""

import socket
from dataclasses import replace

import pytest

from wfprov.apply.execute import execute
from wfprov.apply.outcome import State
from wfprov.core.errors import (
    ConflictError,
    ExistsError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from wfprov.core.resource import Call
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.plan.change import Action, Create, Mode, Update, action_of, address_of, calls_of
from wfprov.plan.rules import MISSING_RESOURCE
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow


def test_a_stack_is_applied_planned_empty_changed_and_destroyed(place):
    cloud = place.cloud()
    desired = place.desired("order-intake", "refunds")
    report = place.apply(desired, cloud)
    assert report.ok, [o.error for o in report.failed]
    assert place.plan(desired, cloud)[0].value.due == ()

    changed = place.desired("order-intake", "refunds", call_log_level="LOG_ERRORS_ONLY")
    due = place.plan(changed, cloud)[0].value.due
    assert [type(c) for c in due] == [Update, Update]
    assert [call.request["updateMask"] for c in due for call in calls_of(c)] == [
        "labels,callLogLevel"
    ] * 2
    assert place.apply(changed, cloud).ok
    assert place.plan(changed, cloud)[0].value.due == ()

    assert place.apply(changed, cloud, Mode.DESTROY).ok
    assert place.plan(changed, cloud, Mode.DESTROY)[0].value.due == ()
    again = place.plan(changed, cloud)[0].value
    assert {action_of(c) for c in again.due} == {Action.CREATE, Action.UPDATE}


def test_foreign_members_conditions_and_audit_configs_survive(place):
    cloud = place.cloud()
    (project,) = [
        a
        for a in place.desired("order-intake").accesses
        if a.subject.startswith("//cloudresourcemanager")
    ]
    body = dict(cloud.send(project.read()))
    body["bindings"] = [
        *body["bindings"],
        {
            "role": "roles/viewer",
            "members": ["group:auditors@example.com"],
            "condition": {"title": "t", "expression": "request.time.getFullYear() < 2030"},
        },
        {"role": "roles/logging.logWriter", "members": ["user:ops@example.com"]},
    ]
    body["auditConfigs"] = [
        {"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}
    ]
    foreign = dict(cloud.send(project.write({**body, "version": 3})))
    assert place.apply(place.desired("order-intake"), cloud).ok
    assert place.apply(place.desired("order-intake"), cloud, Mode.DESTROY).ok
    after = dict(cloud.send(project.read()))
    assert {**after, "etag": ""} == {**foreign, "etag": ""}


def test_a_refused_permission_is_named_with_its_resource(place):
    with pytest.raises(RefusedError) as refused:
        place.plan(place.desired("order-intake"), place.cloud("user:eve@example.com"))
    assert refused.value.permission
    assert "acme-dev" in refused.value.resource or "acme-dev" in refused.value.message


def test_a_stale_etag_is_a_conflict_and_not_something_that_exists(place):
    cloud = place.cloud()
    access = place.desired("order-intake").accesses[0]
    body = cloud.send(access.read())
    cloud.send(access.write(body))
    with pytest.raises(ConflictError):
        cloud.send(access.write({**body, "etag": "BwStale00000="}))


def test_a_409_restarts_the_cycle(place):
    cloud = place.cloud()
    place.admin(
        "POST",
        "faults",
        {"kind": "error", "status": "ABORTED", "api": "run", "path": "setIamPolicy"},
    )
    report = place.apply(place.desired("order-intake"), cloud)
    assert report.ok, [o.error for o in report.failed]
    assert any("restarted" in note for o in report.outcomes for note in o.notes)


def test_what_exists_is_told_from_what_is_not_there(place):
    cloud = place.cloud()
    account = ServiceAccount(project="acme-dev", account_id="order-intake")
    with pytest.raises(NotFoundError):
        cloud.send(account.read())
    cloud.send(account.create())
    with pytest.raises(ExistsError):
        cloud.send(account.create())
    workflow = next(r for r in place.desired("order-intake").resources if isinstance(r, Workflow))
    assert place.apply(place.desired("order-intake"), cloud).ok
    with pytest.raises(ExistsError):
        cloud.send(workflow.create())


def test_a_resource_that_is_not_there_is_named_with_the_place_that_asks_for_it(place):
    missing = "//pubsub.googleapis.com/projects/acme-dev/topics/nowhere"
    desired = place.desired(
        "order-intake", grants={missing: ("pubsub.topics.publish", "roles/pubsub.publisher")}
    )
    checked, _ = place.plan(desired, place.cloud())
    (finding,) = checked.diagnostics
    assert finding.rule is MISSING_RESOURCE
    assert missing in finding.message
    assert "workflows/order-intake.yaml:2:1" in finding.message
    assert not checked.value.applyable


def test_nobody_listens_is_an_error_that_names_the_endpoint_setting(place):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{closed.getsockname()[1]}"
    cloud = place.cloud(root=root)
    with pytest.raises(UnreachableError) as error:
        place.plan(place.desired("order-intake"), cloud)
    assert "endpoint" in error.value.help


def test_a_token_that_is_not_accepted_is_no_refused_permission(place):
    session = embedded_session(
        root=place.emulator.http_url, grpc_target=place.emulator.grpc_target, token="nonsense"
    )
    with GoogleCloud(session) as cloud:
        for resource in place.desired("order-intake").resources:
            with pytest.raises(NotAuthenticatedError):
                cloud.send(resource.read())


def test_a_request_that_the_library_refuses_is_invalid(place):
    call = Call(client="pubsub:v1", method="projects.topics.getIamPolicy", request={"resource": ""})
    with pytest.raises(InvalidError):
        place.cloud().send(call)


def test_what_is_just_made_may_be_seen_late(place):
    place.admin("PATCH", "settings", {"visibilityDelay": 1.5})
    report = place.apply(place.desired("order-intake"), place.cloud())
    assert report.ok, [o.error for o in report.failed]
    assert any("waited" in note for o in report.outcomes for note in o.notes)


def test_every_request_is_counted(place):
    cloud = place.cloud()
    place.plan(place.desired("order-intake"), cloud)
    logged = place.admin("GET", "requests")["requests"]
    assert cloud.requests == len([r for r in logged if "admin" not in str(r)])


def test_a_list_is_read_page_by_page(place):
    cloud = place.cloud()
    for number in range(12):
        cloud.send(ServiceAccount(project="acme-dev", account_id=f"account-{number:03}").create())
    listing = ServiceAccount.listing("projects/acme-dev")
    listing = replace(listing, request={**listing.request, "pageSize": 5})
    found = ServiceAccount.listed("projects/acme-dev", cloud.send(listing))
    assert {f"account-{n:03}" for n in range(12)} <= {a.account_id for a in found}


def test_a_failed_step_leaves_a_true_report_and_the_next_run_finishes(place):
    cloud = place.cloud()
    desired = place.desired("order-intake")
    place.admin(
        "POST",
        "faults",
        {
            "kind": "error",
            "status": "INVALID_ARGUMENT",
            "api": "secretmanager",
            "path": "setIamPolicy",
            "count": 2,  # as the plan read it, and read again
        },
    )
    report = place.apply(desired, cloud)
    assert [o.step.id.address.kind for o in report.failed] == ["iam_policy"]
    assert report.count(State.NOT_STARTED) == 1
    place.admin("DELETE", "faults")
    assert place.apply(desired, cloud).ok
    assert place.plan(desired, cloud)[0].value.due == ()


@pytest.mark.parametrize("kind", ["lost", "reset"])
@pytest.mark.parametrize("skip", [0, 4, 9, 14, 19])
def test_a_broken_connection_at_any_write_is_got_over(place, kind, skip):
    cloud = place.cloud()
    desired = place.desired("order-intake")
    checked, live = place.plan(desired, cloud)
    place.admin("POST", "faults", {"kind": kind, "skip": skip})
    report = execute(checked.value, cloud, clock=SystemClock(), dice=SystemDice(), live=live)
    assert report.ok, [o.error for o in report.failed]
    assert place.plan(desired, cloud)[0].value.due == ()


def test_a_project_without_any_api_is_planned_as_empty(place):
    place.admin("POST", "projects", {"projectId": "acme-new", "owner": "user:ana@example.com"})
    desired = place.desired("order-intake", grants={}, project="acme-new")
    checked, _ = place.plan(desired, place.cloud())
    made = {address_of(c).kind for c in checked.value.due if isinstance(c, Create)}
    assert made == {"api_service", "service_account", "workflow"}


def test_the_limit_of_accounts_is_not_tried_again(place):
    place.admin(
        "POST",
        "faults",
        {
            "kind": "error",
            "status": "RESOURCE_EXHAUSTED",
            "message": "Maximum number of service accounts on project reached.",
            "path": "serviceAccounts",
        },
    )
    with pytest.raises(InvalidError, match="Maximum number"):
        place.cloud().send(ServiceAccount(project="acme-dev", account_id="order-intake").create())
