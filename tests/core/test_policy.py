"""The policy algebra: what is added and removed, and that nothing else is touched."""

from hypothesis import given
from hypothesis import strategies as st

from wfprov.core.address import RoleName
from wfprov.core.policy import BindingKey, Condition, Membership, Policy, canonical_member

members = st.sampled_from(
    [
        "user:a@x.example",
        "user:B@x.example",
        "serviceAccount:s@p.iam.gserviceaccount.com",
        "allUsers",
        "principal://iam.googleapis.com/Pools/A",
        "deleted:user:a@x.example?uid=1",
    ]
)
conditions = st.none() | st.builds(
    Condition, expression=st.sampled_from(["true", "false"]), title=st.sampled_from(["t", "u"])
)
keys = st.builds(
    BindingKey, st.sampled_from([RoleName("roles/a"), RoleName("roles/b")]), conditions
)
memberships = st.frozensets(st.builds(Membership, keys, members.map(canonical_member)), max_size=6)


@st.composite
def bindings(draw):
    key, held = draw(keys), draw(st.lists(members, min_size=1, max_size=3, unique=True))
    body = {"role": key.role, "members": held, "foreign": draw(st.integers(0, 3))}
    return body | ({"condition": key.condition.body()} if key.condition else {})


policies = st.builds(
    lambda found: Policy(
        {"etag": "e", "bindings": found, "auditConfigs": [{"service": "allServices"}]}
    ),
    st.lists(bindings(), max_size=4),
)


@given(policies, memberships, memberships)
def test_a_change_does_exactly_what_it_says(policy, add, remove):
    after = policy.changed(add=add, remove=remove - add).memberships()
    assert after == (policy.memberships() - (remove - add)) | add


@given(policies, memberships)
def test_adding_is_idempotent(policy, add):
    once = policy.changed(add=add)
    assert once.changed(add=add).body == once.body


@given(policies, memberships)
def test_adding_and_taking_away_again_restores_the_members(policy, add):
    fresh = add - policy.memberships()
    assert policy.changed(add=fresh).changed(remove=fresh).memberships() == policy.memberships()


@given(policies, memberships, memberships)
def test_what_is_not_about_bindings_survives(policy, add, remove):
    body = policy.changed(add=add, remove=remove).body
    assert body["auditConfigs"] == policy.body["auditConfigs"]
    assert body["etag"] == "e"


@given(policies, memberships)
def test_untouched_bindings_survive_as_they_were_written(policy, add):
    touched = {m.key for m in add}
    after = policy.changed(add=add)
    for binding in policy.body["bindings"]:
        key = next(iter(Policy({"bindings": [binding]}).memberships())).key
        if key not in touched:
            assert binding in after.body["bindings"]


@given(policies, memberships)
def test_the_policy_that_was_read_is_never_changed(policy, add):
    before = repr(policy.body)
    policy.changed(add=add)
    assert repr(policy.body) == before


def test_a_condition_asks_for_version_three():
    key = BindingKey(RoleName("roles/a"), Condition(expression="true", title="t"))
    assert Policy().changed(add=[Membership(key, "allUsers")]).body["version"] == 3


def test_mail_addresses_compare_without_case_and_principals_with_it():
    assert canonical_member("user:Ana@X.example") == "user:ana@x.example"
    assert canonical_member("principal://iam/Ana") == "principal://iam/Ana"
    assert canonical_member("deleted:user:Ana@x?uid=Q") == "deleted:user:ana@x?uid=Q"
