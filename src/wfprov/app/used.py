"""Reads what an audit needs beside policies: custom roles, keys, and Google's record of use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wfprov.app.holdings import canonical_name
from wfprov.app.inventory import Gathering, Unseen
from wfprov.audit.model import Key, Usage
from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Facts
from wfprov.core.policy import canonical_member
from wfprov.core.resource import Body, Call

INSIGHTS: Final = "projects/{project}/locations/global/insightTypes/google.iam.policy.Insight"
DAYS: Final = 90
_DAY: Final = 86_400


class Reading:
    """Reads, and notes in the gathering what it may not."""

    def __init__(self, gathering: Gathering, facts: Facts) -> None:
        self._gathering = gathering
        self._facts = facts

    def roles(self, names: Iterable[RoleName]) -> dict[RoleName, frozenset[Permission]]:
        """What each custom role holds; a deleted one holds nothing."""
        calls = {}
        for name in sorted(set(names)):
            parent = name.partition("/")[0]
            if self._facts.role(name) is None and parent in {"projects", "organizations"}:
                calls[name] = Call(
                    client="iam:v1", method=f"{parent}.roles.get", request={"name": name}
                )
        answers = self._gathering.answers(calls, lambda name: f"what {name} holds")
        return {
            name: frozenset(Permission(str(p)) for p in _list(body.get("includedPermissions")))
            if not body.get("deleted")
            else frozenset()
            for name, body in answers.items()
            if body is not None
        }

    def keys(self, members: Sequence[str]) -> dict[str, tuple[Key, ...]]:
        """The active user-managed keys of each account, by e-mail.

        Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys/list
        (not opened)
        """
        emails = [member.partition(":")[2] for member in members]
        calls = {
            email: Call(
                client="iam:v1",
                method="projects.serviceAccounts.keys.list",
                request={
                    "name": f"projects/-/serviceAccounts/{email}",
                    "keyTypes": "USER_MANAGED",
                },
            )
            for email in emails
            if "{" not in email
        }
        answers = self._gathering.answers(calls, lambda email: f"the keys of {email}")
        return {
            email: found for email, body in answers.items() if (found := tuple(_keys(body or {})))
        }

    def usage(self, projects: Iterable[str]) -> tuple[Usage, ...] | None:
        """What Google saw used of each grant; None where no project tells.

        Source: https://docs.cloud.google.com/policy-intelligence/docs/policy-insights (2026-11-23)
        """
        calls = {
            project: Call(
                client="recommender:v1",
                method="projects.locations.insightTypes.insights.list",
                request={"parent": INSIGHTS.format(project=project), "pageSize": 500},
                pages="insights",
            )
            for project in projects
        }
        answers = self._gathering.quietly(calls)
        for project, body in answers.items():
            if body is None:
                self._gathering.unseen.append(
                    Unseen(
                        f"what was used in {project}",
                        "policy insights want recommender.googleapis.com enabled and "
                        "roles/recommender.iamViewer",
                    )
                )
        told = {project: body for project, body in answers.items() if body is not None}
        if not told:
            return None
        return tuple(
            use
            for project, body in told.items()
            for insight in _maps(body.get("insights"))
            if (use := usage_of(insight, project)) is not None
        )


def usage_of(insight: Body, project: str) -> Usage | None:
    """The use that a policy insight tells of; None for one of another kind or without a grant.

    Its content names `member`, `role` and `exercisedPermissions`, a list of `{permission}`; those
    that are inferred are no use. `observationPeriod` is in seconds, `7776000s`.

    Source: https://docs.cloud.google.com/policy-intelligence/docs/policy-insights (2026-11-23)
    """
    content = insight.get("content")
    if not isinstance(content, Mapping) or "member" not in content or "role" not in content:
        return None
    if not str(insight.get("insightSubtype", "PERMISSIONS_USAGE")).startswith("PERMISSIONS_USAGE"):
        return None
    targets = _list(insight.get("targetResources"))
    number = str(insight.get("name", "")).split("/")[1:2]
    numbers = {number[0]: project} if number else {}
    on = canonical_name(str(targets[0]) if targets else "", numbers)
    if on.startswith("//cloudresourcemanager.googleapis.com/projects/"):
        on = canonical_name(f"//cloudresourcemanager.googleapis.com/projects/{project}", {})
    exercised = frozenset(
        Permission(str(p["permission"]))
        for p in _maps(content.get("exercisedPermissions"))
        if p.get("permission")
    )
    return Usage(
        member=canonical_member(str(content["member"])),
        role=RoleName(str(content["role"])),
        on=on,
        exercised=exercised,
        days=_days(str(insight.get("observationPeriod", ""))),
    )


def _days(period: str) -> int:
    seconds = period.removesuffix("s").partition(".")[0]
    return round(int(seconds) / _DAY) if seconds.isdecimal() else DAYS


def _keys(body: Body) -> Iterable[Key]:
    for key in _maps(body.get("keys")):
        if key.get("keyType", "USER_MANAGED") == "USER_MANAGED" and not key.get("disabled"):
            yield Key(
                id=str(key.get("name", "")).rpartition("/")[2],
                created=str(key.get("validAfterTime", "")),
                expires=str(key.get("validBeforeTime", "")),
            )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _maps(value: object) -> list[Mapping[str, object]]:
    return [v for v in _list(value) if isinstance(v, Mapping)]
