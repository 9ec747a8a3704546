"""A stack becomes resources and memberships, each with its reason."""

from dataclasses import replace

import pytest

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.span import Source, Span
from wfprov.desired import rules
from wfprov.desired.build import build
from wfprov.desired.model import AccessPolicy, Existing, Inspected, Shared, Stack, WorkflowSpec
from wfprov.iam.grant import CustomRole, Grant
from wfprov.iam.requirement import Requirement
from wfprov.resources.bigquery_dataset import DatasetAccess
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow
from wfprov.store.facts import open_facts

FACTS = open_facts()
SERVICE = "//run.googleapis.com/projects/acme/locations/r/services/orders"


def grant(source, on=SERVICE, role="roles/run.invoker", principal="workflow", tier=Tier.CURATED):
    need = Need(permission=Permission("run.routes.invoke"), on=ResourceName(on), tier=tier)
    why = Requirement(principal=principal, need=need, site="main.a", at=Span(source, 7, 8))
    return Grant(principal=principal, role=RoleName(role), on=ResourceName(on), because=(why,))


def inspected(name, *grants, **spec):
    source = Source(f"{name}.yaml", "main:\n  a: 1\n")
    fields = {"project": "acme", "region": "r", **spec}
    return Inspected(
        workflow=WorkflowSpec(name=name, source_path=source.name, **fields),
        source=source,
        contents=source.text,
        sites=(),
        grants=tuple(make(source) for make in grants),
        apis=(("run.googleapis.com", "acme"), ("pubsub.googleapis.com", "{args.p}")),
    )


def built(*ones, **policy):
    stack = Stack(name="orders", project="acme", region="r", policy=AccessPolicy(**policy))
    return build(stack, ones, FACTS)


def of_kind(desired, kind):
    return [r for r in desired.resources if isinstance(r, kind)]


def test_a_workflow_gets_an_account_its_apis_and_its_memberships():
    desired = built(inspected("order-intake", grant)).value
    (account,) = of_kind(desired, ServiceAccount)
    (workflow,) = of_kind(desired, Workflow)
    assert workflow.service_account == account.email
    assert workflow.owner == account.owner == "orders"
    services = {r.address.name.rpartition("/")[2] for r in desired.resources}
    assert {"run.googleapis.com", "workflows.googleapis.com", "iam.googleapis.com"} <= services
    assert "pubsub.googleapis.com" not in services
    (access,) = desired.accesses
    (membership,) = access.memberships
    assert membership.member == f"serviceAccount:{account.email}"
    (because,) = desired.because[access.address][membership]
    assert (because.site, because.file, because.line, because.column) == (
        "main.a",
        "order-intake.yaml",
        2,
        2,
    )


def test_grants_of_a_shared_account_are_united_with_every_reason():
    ones = [inspected(n, grant, service_account=Shared("team")) for n in ("first", "second")]
    checked = built(*ones)
    assert checked.ok
    assert len(of_kind(checked.value, ServiceAccount)) == 1
    (access,) = checked.value.accesses
    ((_, why),) = checked.value.because[access.address].items()
    assert [b.workflow for b in why] == ["first", "second"]


def test_each_reason_says_what_it_opens_and_no_other_does():
    def wide(source):
        one = grant(source)
        narrow = replace(one.because[0], site="main.b")
        return replace(one, because=(*one.because, narrow), opened=("all services of acme", ""))

    made = wide(Source("w.yaml", "main:\n  a: 1\n"))
    assert made.breadth == "all services of acme"
    (access,) = built(inspected("order-intake", wide)).value.accesses
    desired = built(inspected("order-intake", wide)).value
    ((_, why),) = desired.because[access.address].items()
    assert {b.site: b.breadth for b in why} == {"main.a": "all services of acme", "main.b": ""}


def test_names_that_would_be_one_account_are_found():
    checked = built(inspected("order-intake"), inspected("order_intake"))
    assert [d.rule for d in checked.diagnostics] == [rules.ACCOUNT_COLLISION]


def test_one_workflow_twice_is_found():
    checked = built(inspected("order-intake"), inspected("order-intake"))
    assert rules.WORKFLOW_COLLISION in [d.rule for d in checked.diagnostics]


def test_an_unknown_place_makes_nothing_and_says_so():
    checked = built(inspected("order-intake", project=None))
    assert [d.rule for d in checked.diagnostics] == [rules.UNKNOWN_PLACE]
    assert not of_kind(checked.value, Workflow)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s: grant(s, role="roles/editor"), "forbidden-role"),
        (lambda s: grant(s, on=SERVICE.replace("acme", "{args.p}")), "unknown-resource"),
        (lambda s: grant(s, tier=Tier.DERIVED), "derived-permission"),
    ],
)
def test_what_must_not_be_applied_blocks(make, reason):
    desired = built(inspected("order-intake", make)).value
    assert [b.reason for b in desired.blocked] == [reason]


def test_the_default_account_is_refused_where_a_dedicated_one_is_required():
    default = Existing("7-compute@developer.gserviceaccount.com")
    one = inspected("order-intake", service_account=default, project_number="7")
    assert built(one, dedicated_identity="preferred").ok
    checked = built(one, dedicated_identity="required")
    assert [d.rule for d in checked.diagnostics] == [rules.DEFAULT_IDENTITY]


def test_an_existing_account_is_not_made_and_not_owned():
    email = "ops@acme.iam.gserviceaccount.com"
    desired = built(inspected("order-intake", grant, service_account=Existing(email))).value
    assert not of_kind(desired, ServiceAccount)
    assert not desired.owned
    assert [m.member for m in desired.accesses[0].memberships] == [f"serviceAccount:{email}"]


def test_an_account_of_another_project_is_lent_to_the_service_agent():
    email = "ops@other.iam.gserviceaccount.com"
    desired = built(inspected("order-intake", service_account=Existing(email))).value
    (access,) = desired.accesses
    assert access.subject.endswith(email)
    assert desired.unnumbered == ("acme",)
    numbered = desired.with_numbers({"acme": "7"})
    (membership,) = numbered.accesses[0].memberships
    agent = "serviceAccount:service-7@gcp-sa-workflows.iam.gserviceaccount.com"
    assert (membership.key.role, membership.member) == (
        "roles/iam.serviceAccountTokenCreator",
        agent,
    )
    assert numbered.unnumbered == ()


def test_a_dataset_is_bound_by_its_access_list():
    on = "//bigquery.googleapis.com/projects/acme/datasets/sales"
    make = lambda s: grant(s, on=on, role="roles/bigquery.dataViewer")  # noqa: E731
    (access,) = built(inspected("order-intake", make)).value.accesses
    assert isinstance(access, DatasetAccess)


def test_a_resource_without_a_policy_is_an_error():
    on = "//workflows.googleapis.com/projects/acme/locations/r/workflows/w"
    checked = built(inspected("order-intake", lambda s: grant(s, on=on)))
    assert [d.rule for d in checked.diagnostics] == [rules.NO_POLICY]


def test_a_custom_role_is_made_before_it_is_bound():
    def custom(source):
        made = grant(source)
        role = CustomRole(
            id="wf_x", project="acme", title="t", permissions=(Permission("run.routes.invoke"),)
        )
        return Grant(
            principal="workflow", role=None, custom_role=role, on=made.on, because=made.because
        )

    desired = built(inspected("order-intake", custom)).value
    (role,) = [r for r in desired.resources if r.kind == "custom_role"]
    assert role.address in desired.accesses[0].needs()


def test_building_is_deterministic():
    ones = [inspected("second", grant), inspected("first", grant)]
    assert built(*ones).value == built(*ones).value
    assert built(*ones).value.resources == built(*reversed(ones)).value.resources
