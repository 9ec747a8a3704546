"""Where a condition narrows a project's grant: resources without a policy of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wfprov.catalog.url import HOLE
from wfprov.core.address import Permission
from wfprov.core.facts import Facts
from wfprov.core.policy import Condition

PLAIN: Final = re.compile(r"[\w().~%+-]+(?:/[\w().~%+-]+)*")
"""Characters of a name that mean themselves within the quotes of an expression."""

LONGEST_TITLE: Final = 100
"""Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/Expr (not opened)"""

MOST: Final = 20
"""How many conditions one principal may have beside one role in a policy.

Source: https://docs.cloud.google.com/iam/quotas (not opened)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioned:
    """A type of resource that conditions can name, and the permissions that honour them.

    `type` is the condition's word for it, `service` the first word of its permissions. A permission
    outside `honoured` is checked on something that has no resource name: a condition denies it.
    """

    type: str
    service: str
    honoured: re.Pattern[str]

    def honours(self, permission: Permission) -> bool:
        """Whether a condition on the resource's name lets the permission through."""
        return self.honoured.fullmatch(permission) is not None

    def working(self, facts: Facts) -> frozenset[Permission]:
        """Every permission that a grant under such a condition can give."""
        roles = facts.roles_of(self.service)
        return frozenset(p for role in roles for p in role.permissions if self.honours(p))


CONDITIONED: Final[Mapping[str, Conditioned]] = {
    # A created or listed instance is checked on the project; databases and users know no names.
    # https://cloud.google.com/sql/docs/mysql/iam-conditions (2026-11-23)
    # https://github.com/terraform-google-modules/terraform-google-sql-db/pull/616 (2026-11-23)
    "cloudsql.googleapis.com/projects/instances": Conditioned(
        type="sqladmin.googleapis.com/Instance",
        service="cloudsql",
        honoured=re.compile(r"cloudsql\.instances\.(?!create$|list$)\w+"),
    ),
    # What makes or lists databases, and operations, is checked on the project.
    # https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23)
    # https://cloud.google.com/firestore/docs/manage-databases (not opened)
    "firestore.googleapis.com/projects/databases": Conditioned(
        type="firestore.googleapis.com/Database",
        service="datastore",
        honoured=re.compile(r"datastore\.(?:entities\.\w+|databases\.(?:get|getMetadata))"),
    ),
}
"""By type of resource, those whose services hand `resource.name` to conditions.

Only what was found to work is here: a condition that a service does not honour denies everything.
"""

CONDITIONED_HOSTS: Final = tuple(sorted({f"//{kind.partition('/')[0]}/" for kind in CONDITIONED}))
"""What full names of such resources begin with."""


def condition_on(name: str, type: str, permission: Permission) -> Condition | None:  # noqa: A002
    """The condition that narrows a project's grant to one resource, by its full name and type.

    None when the service would not honour it: another type, another permission, a name that is not
    wholly known, or one that is known by its project's number (names hold the id).
    Source: https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23)
    """
    kind = CONDITIONED.get(type)
    if kind is None or not kind.honours(permission):
        return None
    path = name.removeprefix("//").partition("/")[2]
    told = HOLE.sub("", path.replace("{project}", "p"))
    parts = path.split("/")
    if told != path.replace("{project}", "p") or not PLAIN.fullmatch(told) or parts[1].isdecimal():
        return None
    title = f"only {kind.type.rpartition('/')[2]} {parts[-1]}"
    return Condition(
        expression=f'resource.type == "{kind.type}" && resource.name == "{path}"',
        title=title[:LONGEST_TITLE],
    )
