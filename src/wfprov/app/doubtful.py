"""What is doubtful about the grants of a definition: unproven, undone by a call, or too wide."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

from wfprov.catalog import question
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.facts import Facts
from wfprov.core.rule import Rule, Severity
from wfprov.iam.cover import is_grantable
from wfprov.iam.grant import Grant
from wfprov.iam.proof import prove
from wfprov.iam.requirement import Requirement
from wfprov.iam.scope import hidden_in

UNGRANTABLE: Final = Rule(
    slug="ungrantable-permission",
    severity=Severity.ERROR,
    summary="A permission that no role can give to a workflow",
    docs="Only basic roles, service agents' roles or roles that Google withdrew hold this "
    "permission, and `custom_roles: never` (or a place that is not known) forbids to make one.",
    source="https://docs.cloud.google.com/iam/docs/roles-overview",
)
UNPROVEN: Final = Rule(
    slug="unproven-grants",
    severity=Severity.ERROR,
    summary="Grants that wfprov's own checker does not accept",
    docs="A checker that knows nothing of how grants are chosen found a need that none answers, "
    "or a grant that nothing needs. This is a mistake in wfprov: please report it with the "
    "definition. Nothing is applied.",
)
REPLACES_OWN_POLICY: Final = Rule(
    slug="replaces-own-policy",
    severity=Severity.WARNING,
    summary="A call that replaces the policy which holds the workflow's own access",
    docs="`setIamPolicy` replaces the whole policy of a resource. Where the workflow's own grant "
    "stands in that policy it is gone after the call, and the next call of that resource is "
    "refused until the next apply. Nothing reads the policy before, so its members are not kept.",
    source="https://docs.cloud.google.com/iam/docs/granting-changing-revoking-access",
)
WIDENED: Final = Rule(
    slug="widened-grant",
    severity=Severity.NOTE,
    summary="Access to all resources of a kind, since the definition does not tell which is used",
    docs="The name of the resource comes from an argument, a template or another call, so the "
    "grant stands on what all such resources lie in. Where the workflow always uses the same few, "
    "`arguments:`, `env:` or `answers:` in wfprov.yaml say which, and the grant stands on those.",
    source="https://docs.cloud.google.com/iam/docs/using-iam-securely",
)
RULES: Final = (UNGRANTABLE, UNPROVEN, REPLACES_OWN_POLICY, WIDENED)


def doubts(
    requirements: Iterable[Requirement], chosen: Sequence[Grant], facts: Facts
) -> Iterator[Diagnostic]:
    """What the checker of grants does not accept; what no role at all holds is asked about."""
    proof = prove(requirements, chosen, facts)
    for requirement in proof.uncovered:
        permission = requirement.need.permission
        if not facts.exists(permission):
            continue
        if not any(map(is_grantable, facts.roles_with(permission))):
            yield Diagnostic(
                rule=UNGRANTABLE,
                message=f"no role that may be granted holds {permission}",
                at=requirement.at,
                help="allow a custom role, `policy: {custom_roles: when-narrower}`, "
                "or let another identity make this call",
            )
            continue
        yield Diagnostic(
            rule=UNPROVEN,
            message=f"no grant answers {permission} on {requirement.on}",
            at=requirement.at,
            help="this is a mistake in wfprov: report it with the definition",
        )
    for grant in proof.idle:
        yield Diagnostic(
            rule=UNPROVEN,
            message=f"nothing needs {grant.role_name} on {grant.on}",
            at=grant.because[0].at,
            help="this is a mistake in wfprov: report it with the definition",
        )


def replaced(requirements: Sequence[Requirement], chosen: Sequence[Grant]) -> Iterator[Diagnostic]:
    """A warning for each call that replaces a policy with an own grant in it, unread before."""
    held = {grant.on for grant in chosen}
    read = {r.on for r in requirements if r.need.permission.endswith(".getIamPolicy")}
    for requirement in requirements:
        on = requirement.on
        if requirement.need.permission.endswith(".setIamPolicy") and on in held and on not in read:
            yield Diagnostic(
                rule=REPLACES_OWN_POLICY,
                message=f"{requirement.site} replaces the policy of {on}, "
                "which holds this workflow's own access",
                at=requirement.at,
                help="read the policy with getIamPolicy, add to its bindings and write it with its "
                "etag; or name this workflow's account in the bindings that are written",
            )


def widened(
    requirements: Iterable[Requirement], asked: Container[str], facts: Facts
) -> Iterator[Diagnostic]:
    """A note for each call whose grant is wider because a part of a name is not known.

    `asked` are the sites with a question, which says it already.
    """
    told: set[tuple[str, str]] = set()
    for requirement in requirements:
        need = requirement.need
        hidden = hidden_in(need, facts)
        if (
            hidden is None
            or requirement.site in asked
            or (requirement.site, hidden.breadth) in told
        ):
            continue
        told.add((requirement.site, hidden.breadth))
        hole = hidden.holes[0][1:-1]
        setting = question.setting(hole)
        form = f'{{permissions: ["{need.permission} on //FULL/RESOURCE/NAME"]}}'
        yield Diagnostic(
            rule=WIDENED,
            message=f"{requirement.site} gets {need.permission} on {hidden.breadth}: "
            f"which of them it uses comes from {question.origin(hole)}",
            at=requirement.at,
            help=f"where it is always the same, write `{setting}`"
            if setting is not None
            else f"where it is always the same, answer `{requirement.site}: {form}`",
        )
