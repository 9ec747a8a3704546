"""Tells what was just made and is not seen yet from what is wrong, and for how long to wait."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wfprov.core.address import Address
from wfprov.core.errors import (
    CloudError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
)

_NOT_THERE: Final = re.compile(
    r"does not exist|do not exist|may not exist|not found|unknown service account", re.IGNORECASE
)
_ABOUT_ACCOUNTS: Final = re.compile(r"iam\.service-?accounts\.|service ?account", re.IGNORECASE)
YOUNG: Final = frozenset({"api_service", "service_account", "storage_agent", "custom_role"})
"""The kinds that are seen everywhere only some time after they were made."""

LONGEST: Final = 300.0
REFUSED: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait until something is seen, in seconds; 0: not at all.

    `longest` holds where the answer says that it is not there. `refused` is for a 403: it is what a
    fresh account looks like, and also what a missing permission looks like, for which no waiting
    helps.

    A new account is to be waited for a minute or more; a change of access takes two minutes as a
    rule, and seven or more at times.

    Source: https://docs.cloud.google.com/iam/docs/access-change-propagation,
    https://docs.cloud.google.com/iam/docs/service-accounts-create (2026-11-23)
    """

    longest: float = LONGEST
    refused: float = REFUSED
    first: float = 1.0
    ceiling: float = 15.0

    @classmethod
    def of(cls, seconds: float) -> Patience:
        """A patience that is at an end after so many seconds whatever is waited for."""
        return cls(longest=seconds, refused=min(seconds, REFUSED))

    def limit(self, error: CloudError) -> float:
        """For how long an error is waited out, from its first appearance."""
        return self.refused if isinstance(error, RefusedError) else self.longest


PATIENCE: Final = Patience()
"""Five minutes, two for a refusal."""


def is_young(error: CloudError, *, waited_for: Iterable[Address], owned: frozenset[str]) -> bool:
    """Whether an error may only say that something new is not seen everywhere yet.

    `waited_for` are the things that the step rests on and that the plan makes or has seen made.
    `owned` are the members that the stack's own accounts are.

    The reads of IAM lag behind its writes, and a fresh account is refused in several wordings: 400
    "does not exist", 404, 403 "(or it may not exist)", and 403 "Permission iam.serviceAccounts.get
    is required", with no word of existence.

    Source: https://docs.cloud.google.com/cpp/docs/reference/iam/2.15.0/classgoogle_1_1cloud_1_1iam__admin__v1_1_1IAMClient
    (consistency of reads and writes),
    https://github.com/hashicorp/terraform-provider-google/issues/10227 (2026-11-23)
    """
    names = [address for address in waited_for if address.kind in YOUNG]
    if isinstance(error, ServiceDisabledError):
        return any(address.kind == "api_service" for address in names)
    if not isinstance(error, InvalidError | NotFoundError | RefusedError):
        return False
    about = f"{error.message} {getattr(error, 'resource', '')} {getattr(error, 'permission', '')}"
    ids = {a.name.rpartition("/")[2] for a in names if a.kind != "api_service"}
    emails = {m.partition(":")[2] for m in owned}
    ours = any(name in about for name in ids | emails)
    accounts = any(address.kind == "service_account" for address in names)
    if isinstance(error, RefusedError):
        return accounts and (ours or bool(_ABOUT_ACCOUNTS.search(about)))
    if not _NOT_THERE.search(error.message):
        return False
    return ours or (isinstance(error, NotFoundError) and accounts)
