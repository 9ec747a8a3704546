"""No two shards write one thing, whatever the stack; all of them together are the whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Contents
from wfprov.desired.graph import Because, Desired
from wfprov.plan.build import plan_offline
from wfprov.plan.change import AccessChange, Create, Plan, address_of
from wfprov.plan.document import document
from wfprov.plan.legal import check_legal
from wfprov.plan.shard import MergeError, Shard, merged, part_of, workflows_of
from wfprov.resources.api_service import ApiService
from wfprov.resources.iam_policy import IamPolicy, PolicyRoute
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow
from wfprov.store.facts import open_facts

FACTS = open_facts()
INVOKER = BindingKey(RoleName("roles/run.invoker"))
FOREIGN = "other@elsewhere-1.iam.gserviceaccount.com"


def because(workflow: str) -> Because:
    return Because(workflow=workflow, site="main.a", file="f", line=1, column=1)


def stack(called: dict[int, tuple[int, frozenset[int]]]) -> Desired:
    """A stack: for each workflow an account (0 is somebody else's) and the services it calls."""
    resources: dict[object, object] = {}
    wanted: dict[int, dict[Membership, tuple[Because, ...]]] = {}
    for api in ("run", "workflows", "idle"):
        made = ApiService(project="acme-1", service=f"{api}.googleapis.com")
        resources[made.address] = made
    for number, (account, services) in called.items():
        email = FOREIGN
        if account:
            own = ServiceAccount(project="acme-1", account_id=f"account-{account}", stack="s")
            resources[own.address] = own
            email = own.email
        workflow = Workflow(
            project="acme-1",
            region="r",
            workflow_id=f"w{number}",
            source=Contents("main: {}"),
            service_account=email,
            labels={"wfprov-stack": "s"},
        )
        resources[workflow.address] = workflow
        for service in services:
            member = Membership(INVOKER, f"serviceAccount:{email}")
            reasons = wanted.setdefault(service, {})
            reasons[member] = (*reasons.get(member, ()), because(f"w{number}"))
    accesses = {
        service: IamPolicy(
            subject_name=ResourceName(
                f"//run.googleapis.com/projects/acme-1/locations/r/services/s{service}"
            ),
            route=PolicyRoute(client="run:v2", collection="c", parameters={"resource": "x"}),
            memberships=frozenset(by),
        )
        for service, by in wanted.items()
    }
    return Desired(
        stack="s",
        mark="s",
        resources=tuple(resources[a] for a in sorted(resources)),
        accesses=tuple(accesses[s] for s in sorted(accesses)),
        because={accesses[s].address: by for s, by in wanted.items()},
        owned=frozenset(f"serviceAccount:{r.email}" for r in resources.values() if _owns(r)),
    )


def _owns(resource: object) -> bool:
    return isinstance(resource, ServiceAccount)


def planned(desired: Desired) -> Plan:
    return plan_offline(desired, FACTS, created=0.0).value


stacks = st.dictionaries(
    st.integers(0, 30),
    st.tuples(st.integers(0, 12), st.frozensets(st.integers(0, 25), max_size=3)),
    max_size=25,
).map(stack)
counts = st.integers(1, 6)


@given(stacks, counts)
def test_each_workflow_is_in_one_shard_with_all_who_share_its_policies(desired, count):
    parts = [workflows_of(desired, Shard(i, count))[0] for i in range(1, count + 1)]
    every = [name for part in parts for name in part]
    ids = {r.workflow_id for r in desired.resources if isinstance(r, Workflow)}
    assert sorted(every) == sorted(ids)
    for reasons in desired.because.values():
        asking = {b.workflow for why in reasons.values() for b in why}
        assert sum(bool(asking & part) for part in parts) == 1


@given(stacks, counts)
def test_the_shards_of_a_plan_write_nothing_twice_and_make_the_plan(desired, count):
    plan = planned(desired)
    parts = [part_of(plan, Shard(i, count)) for i in range(1, count + 1)]
    seen: set[object] = set()
    for part in parts:
        check_legal(part)
        made = {address_of(c) for c in part.changes}
        shared = {a for a in made & seen if a.kind != "api_service"}
        assert not shared
        for change in part.changes:
            things = [change.after] if isinstance(change, Create) else [change.access]
            known = {address_of(c) for c in plan.changes}
            assert all(n in made for thing in things for n in thing.needs() if n in known)
        seen |= made
    together = merged(parts)
    check_legal(together)
    assert document(together) == document(replace(plan, drift=()))


@given(stacks)
def test_shards_are_dealt_the_same_in_every_task(desired):
    shuffled = replace(
        desired,
        resources=tuple(reversed(desired.resources)),
        accesses=tuple(reversed(desired.accesses)),
    )
    for index in (1, 2, 3):
        assert workflows_of(desired, Shard(index, 3)) == workflows_of(shuffled, Shard(index, 3))


def test_what_does_not_share_is_dealt_evenly():
    desired = stack({i: (i + 1, frozenset({i})) for i in range(12)})
    sizes = [len(workflows_of(desired, Shard(i, 4))[0]) for i in range(1, 5)]
    assert sizes == [3, 3, 3, 3]
    assert workflows_of(desired, Shard(1, 4))[1].together == 1


def test_one_policy_of_all_keeps_all_together_and_it_is_said():
    desired = stack({i: (i + 1, frozenset({7})) for i in range(12)})
    assert sorted(len(workflows_of(desired, Shard(i, 3))[0]) for i in (1, 2, 3)) == [0, 0, 12]
    assert workflows_of(desired, Shard(2, 3))[1].together == 12


@pytest.mark.parametrize("text", ["0/3", "4/3", "a/b", "1", "", "1/0", "-1/2", "1/99999"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ValueError, match="no shard"):
        Shard.of(text)


def _shards(count: int = 3) -> list[Plan]:
    plan = planned(stack({i: (i + 1, frozenset({i})) for i in range(6)}))
    return [part_of(plan, Shard(i, count)) for i in range(1, count + 1)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s[:-1], "3/3 is missing"),
        (lambda s: [*s, s[0]], "1/3 is there twice"),
        (lambda s: [*s[:-1], replace(s[2], environment="prod")], "environment"),
        (lambda s: [*s[:-1], replace(s[2], division=None)], "is no shard"),
        (lambda s: [*s[:-1], *_shards(4)[2:]], "3 and of 4"),
        (lambda _: [], "no plan"),
        (lambda s: [*s[:-1], replace(s[2], changes=(*s[2].changes, _other(s[0])))], "two of them"),
    ],
)
def test_what_is_not_all_the_shards_of_one_plan_is_not_merged(change, words):
    with pytest.raises(MergeError, match=words):
        merged(change(_shards()))


def _other(plan: Plan) -> AccessChange:
    """A change of the same policy with another member."""
    change = next(c for c in plan.changes if isinstance(c, AccessChange))
    return replace(change, add=frozenset({Membership(INVOKER, "user:x@y.example")}))
