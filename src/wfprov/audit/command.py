"""The gcloud command that adds one member to a policy, or takes it away."""

from __future__ import annotations

import re
import shlex
from typing import Final, Literal

from wfprov.audit.model import Fix
from wfprov.core.policy import Membership

Verb = Literal["add", "remove"]

_ROUTES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), command)
    for pattern, command in (
        # https://cloud.google.com/sdk/gcloud/reference (not opened); a test runs those for
        # projects, services, secrets and topics in the installed gcloud.
        (r"//cloudresourcemanager\.[^/]+/projects/(?P<p>[^/]+)",
         "projects {verb} {p}"),
        (r"//cloudresourcemanager\.[^/]+/folders/(?P<f>[^/]+)",
         "resource-manager folders {verb} {f}"),
        (r"//cloudresourcemanager\.[^/]+/organizations/(?P<o>[^/]+)",
         "organizations {verb} {o}"),
        (r"//run\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)/services/(?P<n>[^/]+)",
         "run services {verb} {n} --region={l} --project={p}"),
        (r"//run\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)/jobs/(?P<n>[^/]+)",
         "run jobs {verb} {n} --region={l} --project={p}"),
        ((r"//cloudfunctions\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)"
         r"/functions/(?P<n>[^/]+)"),
         "functions {verb} {n} --region={l} --project={p}"),
        (r"//secretmanager\.[^/]+/projects/(?P<p>[^/]+)/secrets/(?P<n>[^/]+)",
         "secrets {verb} {n} --project={p}"),
        (r"//pubsub\.[^/]+/projects/(?P<p>[^/]+)/topics/(?P<n>[^/]+)",
         "pubsub topics {verb} {n} --project={p}"),
        (r"//pubsub\.[^/]+/projects/(?P<p>[^/]+)/subscriptions/(?P<n>[^/]+)",
         "pubsub subscriptions {verb} {n} --project={p}"),
        (r"//storage\.[^/]+/projects/_/buckets/(?P<n>[^/]+)",
         "storage buckets {verb} gs://{n}"),
        (r"//cloudtasks\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)/queues/(?P<n>[^/]+)",
         "tasks queues {verb} {n} --location={l} --project={p}"),
        ((r"//cloudkms\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)/keyRings/(?P<r>[^/]+)"
         r"/cryptoKeys/(?P<n>[^/]+)"),
         "kms keys {verb} {n} --keyring={r} --location={l} --project={p}"),
        (r"//cloudkms\.[^/]+/projects/(?P<p>[^/]+)/locations/(?P<l>[^/]+)/keyRings/(?P<n>[^/]+)",
         "kms keyrings {verb} {n} --location={l} --project={p}"),
        (r"//iam\.[^/]+/projects/[^/]+/serviceAccounts/(?P<n>[^/]+)",
         "iam service-accounts {verb} {n}"),
    )
)  # fmt: skip
_DATASET: Final = re.compile(r"//bigquery\.[^/]+/projects/([^/]+)/datasets/([^/]+)")
_CONDITIONLESS: Final = ("run ", "functions ", "pubsub ", "tasks ")
"""Groups of commands that know no conditions."""


def added(on: str, membership: Membership) -> Fix:
    """The fix that adds a member to a policy."""
    return Fix(text=f"grant {_said(on, membership)}", command=_command("add", on, membership))


def removed(on: str, membership: Membership) -> Fix:
    """The fix that takes a member from a policy."""
    return Fix(text=f"revoke {_said(on, membership)}", command=_command("remove", on, membership))


def _said(on: str, membership: Membership) -> str:
    return f"{membership.key.role} on {'/'.join(on.split('/')[-2:])}"


def _command(verb: Verb, on: str, membership: Membership) -> str:
    """The command, with the shell's quotes; empty where gcloud has none."""
    if dataset := _DATASET.fullmatch(on):
        return _of_dataset(verb, dataset[1], dataset[2], membership)
    for pattern, template in _ROUTES:
        if found := pattern.fullmatch(on):
            parts = {name: shlex.quote(value) for name, value in found.groupdict().items()}
            words = template.format(verb=f"{verb}-iam-policy-binding", **parts)
            return _finished(words, membership)
    return ""


def _finished(words: str, membership: Membership) -> str:
    member = shlex.quote(f"--member={membership.member}")
    line = f"gcloud {words} {member} --role={shlex.quote(membership.key.role)}"
    condition = membership.key.condition
    if condition is not None:
        fields = [f"expression={condition.expression}", f"title={condition.title}"]
        fields += [f"description={condition.description}"] if condition.description else []
        # A comma in an expression would end it: another separator is set.
        return f"{line} {shlex.quote('--condition=^:|:^' + ':|:'.join(fields))}"
    return line if words.startswith(_CONDITIONLESS) else f"{line} --condition=None"


def _of_dataset(verb: Verb, project: str, dataset: str, membership: Membership) -> str:
    """Datasets are granted on in SQL.

    Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language
    (not opened)
    """
    words = {"add": ("GRANT", "TO"), "remove": ("REVOKE", "FROM")}
    act, preposition = words[verb]
    sql = (
        f"{act} `{membership.key.role}` ON SCHEMA `{project}`.`{dataset}` "
        f'{preposition} "{membership.member}"'
    )
    unsafe = membership.key.condition is not None or '"' in membership.member
    return "" if unsafe else f"bq query --use_legacy_sql=false {shlex.quote(sql)}"
