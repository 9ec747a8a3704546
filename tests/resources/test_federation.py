"""Pools and providers of Workload Identity Federation: what is kept, and what is never loosened."""

from dataclasses import replace

import pytest

from wfprov.desired.federation import GITLAB, Pipeline
from wfprov.resources.workload_identity_pool import WorkloadIdentityPool
from wfprov.resources.workload_identity_provider import takes_no_more

POOL = WorkloadIdentityPool(project="acme", pool_id="orders-github", stack="s")
WANTED = Pipeline(host="github", repository="acme/orders").checked().provider(POOL)
A = "assertion.repository == 'acme/orders'"


@pytest.mark.parametrize(
    ("live", "no_more"),
    [
        (A, True),
        (f"  {A}  ", True),
        (f"{A} && assertion.ref == 'refs/heads/main'", True),
        ("", False),
        ("true", False),
        ("assertion.repository == 'acme/other'", False),
        (f"{A} || true", False),
        (f"{A} && false || true", False),
        (f"{A} && (x ? true : false)", False),
        (f"{A}x", False),
        (f"true || {A}", False),
    ],
)
def test_only_the_same_condition_or_one_with_more_terms_takes_no_more(live, no_more):
    assert takes_no_more(live, A) is no_more


def test_what_others_mapped_and_allowed_besides_stays():
    live = replace(
        WANTED,
        mapping={**WANTED.mapping, "attribute.actor": "assertion.actor"},
        audiences=("https://deploy.example",),
        condition=f"{WANTED.condition} && assertion.environment == 'prod'",
        disabled=True,
    )
    assert WANTED.over(live) == live
    assert WANTED.loosened(live) == ()


def test_a_provider_without_a_condition_gets_one():
    live = replace(WANTED, condition="")
    assert WANTED.loosened(live) == ()
    (call,) = WANTED.over(live).update(live)
    assert call.request["updateMask"] == "attributeCondition"


@pytest.mark.parametrize(
    "changed",
    [
        {"condition": "assertion.repository == 'acme/legacy'"},
        {"issuer": GITLAB},
        {"mapping": {**WANTED.mapping, "google.subject": "assertion.actor"}},
        {"mapping": {**WANTED.mapping, "attribute.repository": "'acme/orders'"}},
    ],
    ids=["condition", "issuer", "subject", "attribute"],
)
def test_what_decides_who_comes_in_is_not_changed_unseen(changed):
    assert WANTED.loosened(replace(WANTED, **changed))


def test_both_hosts_name_repository_number_and_branch():
    github = Pipeline(host="github", repository="a/b", repository_id="7", branch="x/y").checked()
    assert github.condition == (
        "assertion.repository == 'a/b' && assertion.repository_id == '7' && "
        "assertion.ref == 'refs/heads/x/y'"
    )
    gitlab = Pipeline(host="gitlab", repository="a/b/c", branch="*").checked()
    assert gitlab.condition == "assertion.project_path == 'a/b/c'"
    assert gitlab.issuer == GITLAB
    assert gitlab.member(POOL) == (
        "principalSet://iam.googleapis.com/projects/{number:acme}/locations/global/"
        "workloadIdentityPools/orders-github/attribute.project_path/a/b/c"
    )
