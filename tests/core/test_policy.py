"""The laws of the policy algebra."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from wfprov.core.address import RoleName
from wfprov.core.policy import BindingKey, Condition, Membership, Policy, canonical_member

ROLES = ("roles/run.invoker", "roles/viewer", "projects/p/roles/mine")
MEMBERS = (
    "user:ana@example.com",
    "serviceAccount:a@p.iam.gserviceaccount.com",
    "deleted:serviceAccount:a@p.iam.gserviceaccount.com?uid=12",
    "principalSet://iam.googleapis.com/locations/global/workforcePools/X/*",
    "allUsers",
)
CONDITION = Condition(title="t", expression='resource.name == "x"')

keys = st.builds(
    BindingKey, st.sampled_from(ROLES).map(RoleName), st.sampled_from((None, CONDITION))
)
memberships = st.builds(Membership, keys, st.sampled_from(MEMBERS))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    bindings = []
    for _ in range(draw(st.integers(0, 4))):
        key = draw(keys)
        binding: dict[str, object] = {
            "role": key.role,
            "members": draw(st.lists(st.sampled_from(MEMBERS), min_size=1, unique=True)),
            "unknownField": draw(st.integers()),
        }
        if key.condition:
            binding["condition"] = key.condition.body()
        bindings.append(binding)
    return Policy(
        {
            "version": 1,
            "etag": "abc",
            "bindings": bindings,
            "auditConfigs": [{"service": "allServices"}],
        }
    )


@given(policies(), st.frozensets(memberships), st.frozensets(memberships))
def test_a_change_adds_and_removes_exactly_what_it_says(policy, add, remove):
    remove = remove - add
    assert policy.changed(add=add, remove=remove).memberships() == (
        (policy.memberships() - remove) | add
    )


@given(policies(), st.frozensets(memberships), st.frozensets(memberships))
def test_a_change_leaves_the_old_policy_and_every_other_field_alone(policy, add, remove):
    before = deepcopy(policy.body)
    after = policy.changed(add=add, remove=remove - add)
    assert policy.body == before
    assert after.etag == "abc"
    assert after.body["auditConfigs"] == before["auditConfigs"]
    kept = [b["unknownField"] for b in after.body["bindings"] if "unknownField" in b]
    assert set(kept) <= {b["unknownField"] for b in before["bindings"]}


@given(policies(), st.frozensets(memberships))
def test_adding_then_removing_what_was_not_there_restores_the_members(policy, add):
    fresh = add - policy.memberships()
    there = policy.changed(add=fresh)
    assert there.changed(remove=fresh).memberships() == policy.memberships()


@given(policies())
def test_no_change_is_no_change(policy):
    after = policy.changed()
    assert after.body["bindings"] == policy.body["bindings"]


def test_a_condition_makes_the_policy_version_three():
    key = BindingKey(RoleName("roles/viewer"), CONDITION)
    after = Policy({"version": 1}).changed(add=[Membership(key, "allUsers")])
    assert after.body["version"] == 3


def test_members_compare_without_case_but_not_workforce_principals():
    assert canonical_member("user:Ana@Example.com") == "user:ana@example.com"
    assert canonical_member("principal://iam/X/Y") == "principal://iam/X/Y"
    assert (
        canonical_member("deleted:serviceAccount:A@p.iam?uid=12Z")
        == "deleted:serviceAccount:a@p.iam?uid=12Z"
    )
    assert canonical_member("allUsers") == "allUsers"
