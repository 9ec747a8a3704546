"""Every check of the campaign can fail: a wfprov that does wrong is found out, by what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

import pytest
from judge import WrongError
from processes import told_truly
from scene import staged
from schedule import Dice, Schedule, play
from stack import PROJECT

from wfprov.apply.outcome import Ended, Event, Started
from wfprov.core.errors import InvalidError
from wfprov.core.ports import Cloud
from wfprov.core.resource import Call
from wfprov.plan.change import Mode, address_of
from wfprov.plan.live import read_live
from wfprov.plan.stale import looked_at
from wfprov.render.events import of
from wfprov.resources.registry import kinds

Spoil = Callable[["Wrong", Call], Mapping[str, object]]
WORKFLOW = "google.cloud.workflows_v1:WorkflowsClient"
OPS = f"projects/{PROJECT}/locations/europe-west1/workflows/ops"


@dataclass
class Wrong:
    """A cloud that stands for a wfprov which sends something else than it should."""

    cloud: Cloud
    spoil: Spoil
    spoilt: list[Call] = field(default_factory=list)

    def send(self, call: Call) -> Mapping[str, object]:
        return self.spoil(self, call)


def policy_spoiler(change: Callable[[dict], None]) -> Spoil:
    """Sends each policy after a change of it, as a careless read-modify-write would."""

    def spoil(wrong: Wrong, call: Call) -> Mapping[str, object]:
        if not call.method.endswith("setIamPolicy"):
            return wrong.cloud.send(call)
        request = deepcopy(dict(call.request))
        body = request["body"]
        before = deepcopy(body)
        change(body.get("policy", body))
        if "policy" in body and "auditConfigs" in before["policy"]:
            # Without a mask only bindings and etag are written, and a lost one would do no harm.
            body["updateMask"] = "bindings,etag,auditConfigs"
        if body != before:
            wrong.spoilt.append(call)
        return wrong.cloud.send(replace(call, request=request))

    return spoil


def no_audit(policy: dict) -> None:
    policy.pop("auditConfigs", None)


def no_conditions(policy: dict) -> None:
    for binding in policy["bindings"]:
        binding.pop("condition", None)


def no_foreign_member(policy: dict) -> None:
    for binding in policy["bindings"]:
        kept = [m for m in binding["members"] if m != "user:ops@example.com"]
        binding["members"] = kept or binding["members"]


def no_foreign_binding(policy: dict) -> None:
    policy["bindings"] = [
        b for b in policy["bindings"] if b["members"] != ["group:auditors@example.com"]
    ]


def more_than_planned(policy: dict) -> None:
    mine = [
        m for b in policy["bindings"] for m in b["members"] if m.startswith("serviceAccount:order-")
    ]
    if mine:
        policy["bindings"].append({"role": "roles/editor", "members": mine[:1]})


def no_etag(policy: dict) -> None:
    policy.pop("etag", None)


def no_view(wrong: Wrong, call: Call) -> Mapping[str, object]:
    """Writes a dataset's list of access without the entries that are no members."""
    if call.method == "datasets.patch":
        access = [e for e in call.request["body"]["access"] if "view" not in e]
        wrong.spoilt.append(call)
        call = replace(call, request={**call.request, "body": {"access": access}})
    return wrong.cloud.send(call)


def deletes_anothers(wrong: Wrong, call: Call) -> Mapping[str, object]:
    """Deletes a workflow of somebody else besides its own."""
    if not wrong.spoilt and call.client == WORKFLOW and not call.method.startswith(("list", "get")):
        wrong.spoilt.append(call)
        wrong.cloud.send(Call(client=WORKFLOW, method="delete_workflow", request={"name": OPS}))
    return wrong.cloud.send(call)


def sends_nothing(wrong: Wrong, call: Call) -> Mapping[str, object]:
    """Takes a grant for done that was never sent."""
    if call.method.endswith("setIamPolicy") and not wrong.spoilt:
        wrong.spoilt.append(call)
        return call.request["body"]
    return wrong.cloud.send(call)


def denies_what_it_did(wrong: Wrong, call: Call) -> Mapping[str, object]:
    """Calls a creation refused that was carried out, whatever it reads afterwards."""
    if wrong.spoilt and call.method == "get_role":
        raise InvalidError("made up", call=call, status="INVALID_ARGUMENT")
    answer = wrong.cloud.send(call)
    if call.method == "create_role" and not wrong.spoilt:
        wrong.spoilt.append(call)
        raise InvalidError("made up", call=call, status="INVALID_ARGUMENT")
    return answer


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("stack")) as made:
        yield made


@pytest.mark.parametrize(
    ("scene", "spoil", "said"),
    [
        ("create", policy_spoiler(no_audit), "foreign content changed"),
        ("change", policy_spoiler(no_audit), "foreign content changed"),
        ("destroy", policy_spoiler(no_audit), "foreign content changed"),
        ("create", policy_spoiler(no_conditions), "foreign content changed"),
        ("create", policy_spoiler(no_foreign_member), "foreign content changed"),
        ("destroy", policy_spoiler(no_foreign_binding), "foreign content changed"),
        ("create", no_view, "foreign content changed"),
        ("change", deletes_anothers, "foreign content changed"),
        ("destroy", deletes_anothers, "foreign content changed"),
        ("create", policy_spoiler(more_than_planned), "no plan showed it"),
        ("create", sends_nothing, "reported done, and is not"),
        ("destroy", sends_nothing, "reported success left something to do"),
        ("create", denies_what_it_did, "reported failed, and is done"),
    ],
)
def test_what_is_done_wrong_is_found(stage, scene, spoil, said):
    made: list[Wrong] = []

    def through(cloud: Cloud) -> Cloud:
        made.append(Wrong(cloud, spoil))
        return made[-1]

    with pytest.raises(WrongError, match=said):
        play(stage, Schedule(scene=scene), through)
    assert made[-1].spoilt


def test_a_write_that_is_bound_to_no_etag_is_found(stage):
    schedule = Schedule(scene="create", meddling=0.6, seed=0)
    play(stage, schedule)
    with pytest.raises(WrongError, match="foreign content changed"):
        play(stage, schedule, lambda cloud: Wrong(cloud, policy_spoiler(no_etag)))


def test_every_kind_of_resource_is_in_the_campaign_and_every_one_that_is_written_is_written(stage):
    seen, due = set(), set()
    for scene in stage.scenes.values():
        stage.restore(scene)
        plan, _ = stage.plan(scene, stage.client, Dice(0))
        seen |= {type(c).__name__ + " " + _kind(c) for c in plan.changes}
        due |= {_kind(c) for c in plan.due}
    # Cloud Storage makes its agent when it is read: no plan against a project has to write it.
    assert due == set(kinds()) - {"storage_agent"}
    assert "NoOp storage_agent" in seen
    assert {
        "Update workflow",
        "Update service_account",
        "Update custom_role",
        "Update scheduler_job",
        "Replace eventarc_trigger",
        "Update workload_identity_pool",
        "Update workload_identity_provider",
        "Create service_agent",
        "Delete scheduler_job",
    } <= seen


def _kind(change: object) -> str:
    return address_of(change).kind


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (lambda events: events, None),
        (lambda events: events[:-1], None),
        (lambda events: [e for e in events if e["kind"] != "change_started"][:0], "not told begun"),
        (lambda events: [*events, {**events[-1], "kind": "failed"}], "nothing was refused"),
    ],
)
def test_the_events_of_a_killed_process_are_held_against_what_is_there(stage, told, said):
    scene = stage.scenes["create"]
    stage.restore(scene)
    plan, live = stage.plan(scene, stage.client, Dice(0))
    seen: list[Event] = []
    stage.execute(plan, live, stage.client, Dice(0), observe=seen.append)
    events = [of(e) for e in seen if isinstance(e, Started | Ended)]
    now = read_live(looked_at(plan), stage.client, parallel=1)
    if said is None:
        told_truly(stage, plan, told(events), now, set())
        return
    with pytest.raises(WrongError, match=said):
        told_truly(stage, plan, told(events), now, set())


def test_a_step_that_is_told_done_and_is_not_is_found(stage):
    scene = stage.scenes["destroy"]
    assert scene.mode is Mode.DESTROY
    stage.restore(scene)
    plan, live = stage.plan(scene, stage.client, Dice(0))
    seen: list[Event] = []
    stage.execute(plan, live, stage.client, Dice(0), observe=seen.append)
    events = [of(e) for e in seen if isinstance(e, Started | Ended)]
    stage.restore(scene)
    now = read_live(looked_at(plan), stage.client, parallel=1)
    with pytest.raises(WrongError, match="told done, and is not"):
        told_truly(stage, plan, events, now, set())
