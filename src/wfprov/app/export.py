"""The desired state in the words of another engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wfprov.app.load import Selection, load
from wfprov.app.plan import Planned, make_offline
from wfprov.app.wiring import facts
from wfprov.core.address import Address, segment_after
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.rule import Rule, Severity
from wfprov.plan.change import address_of
from wfprov.render.gcloud import gcloud_script
from wfprov.render.made import Left
from wfprov.render.terraform import terraform_module

NOT_EXPORTED: Final = Rule(
    slug="not-exported",
    severity=Severity.WARNING,
    summary="Something that the other engine has no word for",
    docs="The export says it in a comment and leaves it out, or says it differently. Make it by "
    "hand, or leave this stack to wfprov.",
    source="https://registry.terraform.io/providers/hashicorp/google/latest/docs (not opened)",
)
NAMED_BY_NUMBER: Final = Rule(
    slug="project-named-by-number",
    severity=Severity.WARNING,
    summary="An export that names a project by its number",
    docs="An address such as `https://orders-493817260155.europe-west1.run.app` tells a project's "
    "number. `plan` reads which project that is; an export asks nobody. gcloud makes no custom "
    "role in a project that is named by its number, and grants nothing on a service of Cloud Run "
    "there, and Terraform sees two names of one thing. "
    "Write `project_number:` beside `project:` in the environment if it is that one.",
    source="https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects "
    "(not opened)",
)
RULES: Final = (NOT_EXPORTED, NAMED_BY_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, by path, and the plan that it was made from.

    `files` is empty when something stands in the way: half of the access is no export. `left` are
    the findings about what is not in them.
    """

    planned: Planned
    files: Mapping[str, str]
    left: tuple[Diagnostic, ...] = ()


def export_terraform(
    selection: Selection,
    now: Callable[[], float],
    *,
    only: tuple[str, ...] = (),
    imports: bool = False,
    inline: bool = False,
) -> Exported:
    """The stack as a Terraform module.

    Raises:
        InputError: there is nothing to read.
    """
    planned = make_offline(load(selection), now, only)
    if planned.exit_code():
        return Exported(planned=planned, files={})
    module = terraform_module(planned.plan, imports=imports, inline=inline)
    return _exported(planned, module.files, module.left)


def export_gcloud(
    selection: Selection, now: Callable[[], float], *, only: tuple[str, ...] = ()
) -> Exported:
    """The stack as a script of gcloud commands, the one file.

    Raises:
        InputError: there is nothing to read.
    """
    planned = make_offline(load(selection), now, only)
    if planned.exit_code():
        return Exported(planned=planned, files={})
    script, left = gcloud_script(planned.plan, facts())
    return _exported(planned, {"apply.sh": script}, left)


def _exported(planned: Planned, files: Mapping[str, str], left: Iterable[Left]) -> Exported:
    found = [
        Diagnostic(
            rule=NOT_EXPORTED,
            message=one.message,
            at=one.address,
            help="make it by hand, or leave this stack to wfprov",
        )
        for one in left
    ]
    numbered: dict[str, Address] = {}
    for change in planned.plan.changes:
        address = address_of(change)
        project = segment_after(address.name, "projects") or ""
        if project.isdecimal() and not address.name.startswith("//iap."):
            numbered.setdefault(project, address)
    found += [
        Diagnostic(
            rule=NAMED_BY_NUMBER,
            message=f"only the number of the project {number} is known",
            at=address,
            help=f'write `project_number: "{number}"` into the environment if it is its project',
        )
        for number, address in numbered.items()
    ]
    return Exported(planned=planned, files=files, left=in_order(found))
