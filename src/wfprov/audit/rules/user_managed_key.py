"""A key file that lets whoever has it act as a workflow's identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey
from wfprov.audit.words import head, names
from wfprov.core.address import ResourceName
from wfprov.core.rule import Rule, Severity

_NEVER: Final = "9999"


def look(survey: Survey) -> Iterator[Finding]:
    """The active keys of the accounts that workflows run as."""
    estate = survey.estate
    for account, keys in sorted(estate.keys.items()):
        member = f"serviceAccount:{account}"
        for key in keys:
            until = (
                "it never expires"
                if not key.expires or key.expires.startswith(_NEVER)
                else f"it expires on {key.expires[:10]}"
            )
            yield Finding(
                rule=RULE.rule,
                message=f"{account} has a key that somebody downloaded",
                on=ResourceName(
                    f"//iam.googleapis.com/projects/-/serviceAccounts/{account}/keys/{key.id}"
                ),
                identity=member,
                workflows=names(estate, member),
                reasons=(
                    f"key {key.id}, made on {key.created[:10] or 'an unknown day'}; {until}",
                    "workflows sign with short-lived tokens and need no key",
                ),
                fixes=(
                    Fix(
                        text="see that nothing uses it, then delete it",
                        command=f"gcloud iam service-accounts keys delete {key.id} "
                        f"--iam-account={account}",
                    ),
                ),
                at=head(estate, member),
            )


RULE: Final = AuditRule(
    rule=Rule(
        slug="user-managed-key",
        severity=Severity.WARNING,
        summary="A key of a workflow's account",
        docs="Whoever has the file of a user-managed key acts as the account, from anywhere, "
        "until the key is deleted. A workflow never needs one: Google mints its tokens.",
        source="https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys "
        "(not opened)",
    ),
    look=look,
)
