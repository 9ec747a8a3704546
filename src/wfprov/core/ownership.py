"""Whose a thing is, where it has no labels, and the addresses that several kinds refer to."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from wfprov.core.address import Address, ResourceName, segment_after

STACK_LABEL: Final = "wfprov-stack"
"""The label that marks what can carry labels."""

_LONGEST: Final = 63
_MARK: Final = re.compile(r"\s*\[wfprov stack=([a-z0-9_-]{1,63})\]\s*$")


def mark_of(stack: str, environment: str) -> str:
    """What marks the things of a stack in one environment: `orders__dev`; at most 63 characters.

    Two environments may share a project, and removing one must leave the other alone.
    """
    text = f"{stack}__{environment}" if environment else stack
    plain = re.sub(r"[^a-z0-9_-]", "-", text.lower())
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST - 9]}-{sha256(text.encode()).hexdigest()[:8]}"


def bootstrap_mark(mark: str) -> str:
    """What marks the things that `bootstrap` makes for a stack, by the stack's own mark.

    It is another one: what deploys a stack must outlive the stack.
    """
    return mark_of(mark, "bootstrap")


def marked(text: str, stack: str) -> str:
    """A description that ends with the stack's mark; without a stack, the text."""
    return f"{text} [wfprov stack={stack}]".strip() if stack else text


def unmarked(text: str) -> tuple[str, str]:
    """A description without its mark, and the stack that the mark names, empty for none."""
    mark = _MARK.search(text)
    return (text[: mark.start()], mark[1]) if mark else (text, "")


def account_email(project: str, account_id: str) -> str:
    """The e-mail address of a service account.

    The project `example.com:acme` gives `@acme.example.com.iam.gserviceaccount.com`.

    Source: https://docs.cloud.google.com/iam/docs/service-account-types#user-managed (2026-11-23)
    """
    domain, colon, name = project.rpartition(":")
    home = f"{name}.{domain}" if colon else project
    return f"{account_id}@{home}.iam.gserviceaccount.com"


def account_address(email: str) -> Address | None:
    """The address of a user-managed service account; None for one that Google makes."""
    home = email.partition("@")[2]
    if not home.endswith(".iam.gserviceaccount.com") or home.startswith("gcp-sa-"):
        return None
    name, dot, domain = home.removesuffix(".iam.gserviceaccount.com").partition(".")
    project = f"{domain}:{name}" if dot else name
    return Address(
        "service_account",
        ResourceName(f"//iam.googleapis.com/projects/{project}/serviceAccounts/{email}"),
    )


def account_home(email: str) -> str | None:
    """The project of a service account, its id or its number; None where the name does not tell.

    Source: https://docs.cloud.google.com/iam/docs/service-account-types (not opened)
    """
    address = account_address(email)
    if address is not None:
        return segment_after(address.name, "projects")
    name, _, home = email.partition("@")
    if home == "developer.gserviceaccount.com":
        number = name.removesuffix("-compute")
        return number if number.isdigit() and number != name else None
    return name if home == "appspot.gserviceaccount.com" else None


def api_address(project: str, service: str) -> Address:
    """The address of an enabled API, `run.googleapis.com` in a project."""
    name = f"//serviceusage.googleapis.com/projects/{project}/services/{service}"
    return Address("api_service", ResourceName(name))


def role_address(role: str) -> Address | None:
    """The address of a project's custom role; None for a predefined one."""
    if not role.startswith("projects/"):
        return None
    return Address("custom_role", ResourceName(f"//iam.googleapis.com/{role}"))
