"""The accounts that a call acts as: those its request names, or its instance template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from wfprov.analysis.domain import Abstract, Unknown, shown
from wfprov.catalog import value
from wfprov.catalog.condition import any_of
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import is_own_project, pairs_of
from wfprov.catalog.target import Need, Place, Tier
from wfprov.core.address import Permission, ResourceName, RoleName, is_pattern
from wfprov.core.facts import ActAs, MethodNeeds

ACT_AS: Final = Permission("iam.serviceAccounts.actAs")
ACT_AS_SOURCE: Final = "https://docs.cloud.google.com/iam/docs/service-accounts-actas"
SERVICE_ACCOUNT_USER: Final = RoleName("roles/iam.serviceAccountUser")
_TEMPLATES: Final = "//compute.googleapis.com/"
_OF_TEMPLATE: Final = "account_of:"
"""How the hole of an account begins that a known instance template names."""
_OF_GROUPS: Final = ("body.instanceTemplate", "body.versions[].instanceTemplate")
_FROM_TEMPLATES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "instances.insert": (("query.sourceInstanceTemplate",), "body.serviceAccounts"),
    "instances.bulkInsert": (
        ("body.sourceInstanceTemplate",),
        "body.instanceProperties.serviceAccounts",
    ),
    "instanceGroupManagers.insert": (_OF_GROUPS, ""),
    "instanceGroupManagers.setInstanceTemplate": (_OF_GROUPS[:1], ""),
    "regionInstanceGroupManagers.insert": (_OF_GROUPS, ""),
    "regionInstanceGroupManagers.setInstanceTemplate": (_OF_GROUPS[:1], ""),
}
"""Where methods of Compute Engine name an instance template, and where accounts in place of its."""
_INVOKING: Final = ("workflowInvocations.create", "workflowConfigs.create", "workflowConfigs.patch")
"""Methods of Dataform that run as the repository's account where the request names none.

Source: https://docs.cloud.google.com/dataform/docs/strict-act-as-mode (2026-11-28)
"""


def needs(row: MethodNeeds, reached: Reached, request: Request) -> Iterator[Need]:
    """The permission to act as each account that the call makes something run as."""
    account = row.act_as
    project = reached.parts.id_of("projects", "project") or request.place.project
    if account is not None:
        if account.default is not None and _keeps(account, request):
            account = replace(account, default=None)
            kept = "{account_of_what_is_changed}"
            yield _need(kept, request.place, tier=Tier(account.tier))
        emails = list(_emails(account, request, project))
        if not emails and reached.id.api == "dataform" and reached.id.name.endswith(_INVOKING):
            emails = [("{account_of_the_repository}", None)]
        for email, when in dict.fromkeys(emails):
            yield _need(email, request.place, tier=Tier(account.tier), when=when)
    if reached.id.api == "compute" and reached.id.name in _FROM_TEMPLATES:
        paths, own = _FROM_TEMPLATES[reached.id.name]
        tier = Tier.CURATED if own else Tier.MAP  # of groups no page that was read says it
        for path in paths:
            for need in _of_template(request, path, own, project):
                yield replace(need, tier=tier)


def _keeps(row: ActAs, request: Request) -> bool:
    """Whether a change leaves the account as it is: an update mask that does not speak of it.

    Source: https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch
    (not opened)
    """
    masks = [text for given in request.values("query.updateMask") for text in value.texts(given)]
    if not masks or any("{" in mask for mask in masks):
        return False
    fields = {field.strip().replace("_", "").lower() for mask in masks for field in mask.split(",")}
    written = {path.removeprefix("body.").replace("_", "").lower() for path in row.paths}
    return not any(
        field in ("*", path) or path.startswith(f"{field}.") for field in fields for path in written
    )


def template_of(hole: str) -> ResourceName | None:
    """The instance template whose account stands as a hole, None for a hole of another kind."""
    if not hole.startswith(_OF_TEMPLATE):
        return None
    return ResourceName(_TEMPLATES + hole.removeprefix(_OF_TEMPLATE))


def doubt(hole: str, place: Place) -> str:
    """Why the cloud did not tell an account, after a semicolon; empty when it was not asked."""
    name = template_of(hole)
    seen = None if name is None else place.templates.get(name)
    return "" if seen is None or not seen.why else f"; {seen.why}"


def _of_template(request: Request, path: str, own: str, project: str) -> Iterator[Need]:
    """The accounts of the instance template, named at a path, that instances are made from.

    What the body says of accounts, at the path `own`, stands in place of what the template says;
    empty where it says nothing of them.

    Source: https://docs.cloud.google.com/compute/docs/access/iam (2026-11-23)
    Source: https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert (2026-11-28)
    """
    in_body = any_of(value.is_set, request.values(own)) if own else False
    if in_body:
        return
    given = list(request.values(path))
    for one in given:
        if value.is_set(one) is False:
            continue
        name = _template(shown(one), request.place)
        seen = None if name is None else request.place.templates.get(name)
        if seen is None or seen.accounts is None:
            when = "the instance template names a service account"
            yield _need("{" + _hole(name) + "}", request.place, when=when)
            continue
        short = name.rpartition("/")[2] if name is not None else ""
        sure = len(given) == 1 and in_body is False
        for account in seen.accounts:
            unsure = None if sure else f"the instance is made from {short} and as it says"
            email = account
            if account == "default":
                email = _default_account("compute", request, project)
            yield _need(email, request.place, when=unsure)


def _hole(template: ResourceName | None) -> str:
    """What stands for the account that an instance template names."""
    if template is None:
        return "account_of_the_instance_template"
    return _OF_TEMPLATE + template.removeprefix(_TEMPLATES)


def _template(given: str | None, place: Place) -> ResourceName | None:
    """The full name of an instance template by a whole or a partial address of it.

    `.../projects/{p}/global/instanceTemplates/{t}`, `.../regions/{r}/...`, or no project for the
    workflow's own. None when a part of it is not known.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert (2026-11-28)
    """
    parts, hidden = pairs_of(given or "")
    name = parts.get("instanceTemplates")
    if hidden is not None or name is None:
        return None
    project = parts.get("projects", place.project)
    project = place.project if is_own_project(project, place) else project
    where = f"regions/{parts['regions']}" if "regions" in parts else "global"
    whole = ResourceName(f"{_TEMPLATES}projects/{project}/{where}/instanceTemplates/{name}")
    return None if is_pattern(whole) else whole


def _need(email: str, place: Place, *, tier: Tier = Tier.CURATED, when: str | None = None) -> Need:
    """The need to act as an account, which belongs on the account and never on the project."""
    on = ResourceName(f"//iam.googleapis.com/projects/-/serviceAccounts/{email}")
    return Need(
        permission=ACT_AS,
        on=on,
        tier=tier,
        when=when,
        policy_on=on,
        role=SERVICE_ACCOUNT_USER,
        source=ACT_AS_SOURCE,
        project=place.project,
    )


def _emails(row: ActAs, request: Request, project: str) -> Iterator[tuple[str, str | None]]:
    """The accounts, each with the reason why it may not count.

    Source: https://docs.cloud.google.com/dataform/docs/strict-act-as-mode (2026-11-28)
    """
    certain = False
    for path in row.paths:
        for given in request.values(path):
            text = shown(given)
            if text is None or text == "" or path.endswith(".instanceTemplate"):
                continue
            if path.endswith(".workflowConfig"):
                yield "{account_of_the_workflow_configuration}", _unless_unknown(given, path)
                continue
            if isinstance(given, Unknown) and len(row.paths) > 1:
                yield text, f"{path} is set"
                continue
            if text == "default" and row.default is None:
                text = _default_account("compute", request, project)
            certain = True
            yield text.rsplit("/", 1)[-1], None
    if not certain and row.default is not None:
        yield _default_account(row.default, request, project), None


def _unless_unknown(given: Abstract, path: str) -> str | None:
    """The reason why what a path holds may not count: it may not be set."""
    return f"{path} is set" if isinstance(given, Unknown) else None


def _default_account(kind: str, request: Request, project: str) -> str:
    """The account that stands in when a request names none: that of the project it works in.

    Source: https://docs.cloud.google.com/iam/docs/service-account-types (2026-11-23)
    """
    place = request.place
    own = project == place.project or is_own_project(project, place)
    if is_pattern(project) and not own:
        return "{account_of_the_default_account}"
    if kind == "appengine":
        return f"{place.project if own else project}@appspot.gserviceaccount.com"
    if not own:
        return f"{{account_of_the_default_account_of_{project}}}"
    return f"{place.project_number or '{project_number}'}-compute@developer.gserviceaccount.com"
