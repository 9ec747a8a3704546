"""The list of who may do what on a resource, by the resource's full name."""

from __future__ import annotations

from wfprov.core.address import ResourceName
from wfprov.core.facts import Facts
from wfprov.core.policy import Membership
from wfprov.core.resource import Access
from wfprov.resources.bigquery_dataset import DatasetAccess
from wfprov.resources.iam_policy import IamPolicy, policy_route


def access_to(
    name: ResourceName, facts: Facts, memberships: frozenset[Membership] = frozenset()
) -> Access | None:
    """The access list of a resource with these memberships wanted; None when it has none."""
    service, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    if service == "bigquery.googleapis.com" and parts[::2] == ["projects", "datasets"]:
        return DatasetAccess(project=parts[1], dataset=parts[3], memberships=memberships)
    route = policy_route(name, facts)
    if route is None:
        return None
    return IamPolicy(subject_name=name, route=route, memberships=memberships)
