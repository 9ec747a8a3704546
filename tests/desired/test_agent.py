"""The key that a workflow is encrypted with, and the account of another project that it runs as."""

from __future__ import annotations

import pytest

from wfprov.core.span import Source
from wfprov.desired import rules
from wfprov.desired.build import build
from wfprov.desired.model import AccessPolicy, Existing, Inspected, Shared, Stack, WorkflowSpec
from wfprov.store.facts import open_facts

NUMBER = "493817260155"
AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-workflows.iam.gserviceaccount.com"
UNNUMBERED = "serviceAccount:service-{number:acme}@gcp-sa-workflows.iam.gserviceaccount.com"
KEY = "projects/{}/locations/{}/keyRings/ring/cryptoKeys/key"
OTHERS = "ops@other-project.iam.gserviceaccount.com"
COMPUTE = f"{NUMBER}-compute@developer.gserviceaccount.com"
ELSEWHERE = "7-compute@developer.gserviceaccount.com"


def built(number=NUMBER, **spec):
    source = Source("w.yaml", "main: {steps: []}\n")
    workflow = WorkflowSpec(
        name="orders",
        source_path=source.name,
        project="acme",
        project_number=number,
        region="europe-west1",
        **spec,
    )
    one = Inspected(
        workflow=workflow, source=source, contents=source.text, sites=(), grants=(), apis=()
    )
    stack = Stack(
        name="s",
        project="acme",
        region="europe-west1",
        policy=AccessPolicy(dedicated_identity="preferred"),
    )
    return build(stack, (one,), open_facts())


def asked(checked) -> dict[str, tuple[str, str]]:
    """Resource to role and member."""
    return {
        access.subject: (membership.key.role, membership.member)
        for access in checked.value.accesses
        for membership in access.memberships
    }


def slugs(checked) -> list[str]:
    return [d.rule.slug for d in checked.diagnostics]


@pytest.mark.parametrize("project", ["acme", "acme-keys"])
def test_the_agent_of_the_workflows_project_gets_the_key_wherever_that_lies(project):
    checked = built(crypto_key=KEY.format(project, "europe-west1"))
    assert asked(checked) == {
        f"//cloudkms.googleapis.com/{KEY.format(project, 'europe-west1')}": (
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            AGENT,
        )
    }
    assert slugs(checked) == []


def test_a_workflow_without_a_key_asks_for_none():
    assert asked(built()) == {}


@pytest.mark.parametrize("place", ["europe-west4", "global", "europe"])
def test_a_key_of_another_region_is_an_error(place):
    checked = built(crypto_key=KEY.format("acme", place))
    assert slugs(checked) == [rules.KEY_ELSEWHERE.slug]
    assert not checked.ok
    (found,) = checked.diagnostics
    assert "a key ring in europe-west1" in found.help


def test_whose_key_it_is_waits_for_the_projects_number():
    checked = built(None, crypto_key=KEY.format("acme", "europe-west1"))
    ((_, member),) = asked(checked).values()
    assert member == UNNUMBERED
    assert checked.value.unnumbered == ("acme",)


@pytest.mark.parametrize("email", [OTHERS, ELSEWHERE, "other-project@appspot.gserviceaccount.com"])
def test_an_account_of_another_project_makes_tokens_for_the_agent_and_that_is_told(email):
    checked = built(service_account=Existing(email))
    assert asked(checked) == {
        f"//iam.googleapis.com/projects/-/serviceAccounts/{email}": (
            "roles/iam.serviceAccountTokenCreator",
            AGENT,
        )
    }
    assert slugs(checked) == [rules.FOREIGN_ACCOUNT.slug]
    (found,) = checked.diagnostics
    assert "iam.disableCrossProjectServiceAccountUsage" in found.help
    assert not found.is_error


@pytest.mark.parametrize(
    "account",
    [
        {},
        {"service_account": Shared("everyone")},
        {"service_account": Existing("ops@acme.iam.gserviceaccount.com")},
        {"service_account": Existing("acme@appspot.gserviceaccount.com")},
        {"service_account": Existing(COMPUTE)},
    ],
)
def test_an_account_of_the_own_project_asks_for_nothing(account):
    checked = built(**account)
    assert asked(checked) == {}
    assert slugs(checked) == []


def test_whose_a_default_account_is_cannot_be_told_without_the_projects_number():
    checked = built(None, service_account=Existing(COMPUTE))
    assert asked(checked) == {}
    (found,) = checked.diagnostics
    assert found.rule is rules.FOREIGN_ACCOUNT
    assert "project_number" in found.help
