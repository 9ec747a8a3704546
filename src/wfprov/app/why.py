"""Why a workflow has a grant, or was refused: the chain, held against what is live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from wfprov.app.audit import called, configured, numbers_of
from wfprov.app.deployed import Deployed
from wfprov.app.holdings import canonical_name, find
from wfprov.app.inspect import inspect_stack
from wfprov.app.inventory import Gathering
from wfprov.app.load import Loaded
from wfprov.app.sights import Sights
from wfprov.app.used import Reading
from wfprov.app.wiring import ControlPlane, facts
from wfprov.audit.model import Estate, Held, Subject
from wfprov.audit.survey import PUBLIC, canonical
from wfprov.audit.why import Called, Looked, calls
from wfprov.catalog.target import SERVICE_AGENT
from wfprov.core.address import ResourceName
from wfprov.core.policy import canonical_member
from wfprov.core.resource import Call
from wfprov.desired.model import Inspected
from wfprov.desired.names import NUMBER, identity_email, member_of
from wfprov.resources.workflow import CLIENT, Workflow

PARALLEL: Final = 10
NO_PROJECT: Final = "no project is named: give -e ENV or --project ID"
OFFLINE: Final = "--offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """Every call of a stack with its chain; `live`: the policies were read.

    `ingress` is what each Cloud Run service takes requests from, by its full name.
    """

    calls: tuple[Called, ...]
    live: bool
    ingress: dict[str, str]


def chains_offline(loaded: Loaded, why: str = OFFLINE) -> Chains:
    """The chains with nothing live read, since `why`."""
    subjects = tuple(map(_unread, inspect_stack(loaded, facts())))
    return Chains(calls=calls(subjects, Looked(estate=None, unchecked=why)), live=False, ingress={})


def chains_live(
    loaded: Loaded, control: ControlPlane, *, apply: str, parallel: int = PARALLEL
) -> Chains:
    """The chains, with the policies read that can give each need: the resource's and those above.

    Raises:
        CloudError: no answer, or no credentials; what is refused makes a standing unclear instead.
    """
    stack = loaded.stack
    projects = tuple(dict.fromkeys(w.project for w in stack.workflows if w.project))
    with Gathering(control.reader, parallel) as gathering:
        numbers = numbers_of(projects, control.reader)
        workflows = tuple(
            replace(w, project_number=w.project_number or numbers.get(w.project or ""))
            for w in stack.workflows
        )
        known = replace(loaded, stack=replace(stack, workflows=workflows))
        sights = Sights(gathering)
        inspected = sights.inspected(known, facts())
        live = _deployed(inspected, gathering)
        refused = {u.what for u in gathering.unseen}
        subjects = tuple(
            # Not to be read is not the same as not deployed.
            replace(s, live=s.live or _known_as(s.inspected) in refused)
            for s in configured(inspected, live, known.stack, gathering, sights)
        )
        estate = _estate(subjects, projects, gathering, control, parallel)
        ingress = _ingress(inspected, gathering)
    looked = Looked(estate=estate, apply=apply)
    return Chains(calls=calls(subjects, looked), live=True, ingress=ingress)


def _unread(one: Inspected) -> Subject:
    agent = member_of(SERVICE_AGENT, one.workflow)
    return Subject(
        inspected=one,
        member=canonical_member(f"serviceAccount:{identity_email(one.workflow)}"),
        agent="" if NUMBER.search(agent) else agent,
    )


def _known_as(one: Inspected) -> str:
    """What the gathering calls a workflow that it could not read."""
    w = one.workflow
    return f"workflow projects/{w.project}/locations/{w.region}/workflows/{w.name}"


def _deployed(inspected: Iterable[Inspected], gathering: Gathering) -> dict[str, Deployed]:
    """The stack's workflows as they are deployed, each asked for by its name."""
    names = {
        _known_as(one).removeprefix("workflow ")
        for one in inspected
        if one.workflow.project and one.workflow.region
    }
    asked = {
        name: Call(
            client=CLIENT,
            method="get_workflow",
            request={"name": name},
        )
        for name in sorted(names)
    }
    answers = gathering.answers(asked, lambda name: f"workflow {name}")
    found: dict[str, Deployed] = {}
    for name, body in answers.items():
        if body is not None:
            [workflow] = Workflow.listed(name.partition("/workflows/")[0], {"workflows": [body]})
            found[name] = Deployed(name, workflow)
    return found


def _estate(
    subjects: tuple[Subject, ...],
    projects: tuple[str, ...],
    gathering: Gathering,
    control: ControlPlane,
    parallel: int,
) -> Estate:
    """What the policies give on the needed resources and above them; nothing else is read."""
    members = {m for s in subjects for m in (s.member, s.agent, s.compute) if m}
    members |= {
        member_of(g.principal, s.inspected.workflow) for s in subjects for g in s.inspected.grants
    }
    holdings = find(
        control.reader,
        sorted(members),
        (),
        facts(),
        parallel=parallel,
        also=called(subjects),
        over=projects,
    )
    policies = {
        ResourceName(holdings.accesses[a].subject): holdings.accesses[a].members(body)
        for a, body in holdings.bodies.items()
    }
    names = {h.membership.key.role for h in holdings.found}
    groups = (*PUBLIC, "group:", "domain:", "principalSet:")
    names |= {m.key.role for ms in policies.values() for m in ms if m.member.startswith(groups)}
    estate = Estate(
        facts=facts(),
        subjects=subjects,
        policies=policies,
        roles=Reading(gathering, facts()).roles(names),
        unread={u.what: u.why for u in holdings.not_looked if u.what.startswith("//")},
        absent=frozenset(holdings.absent),
        above=holdings.above,
    )
    held = tuple(
        Held(
            on=canonical(h.on),
            membership=h.membership,
            permissions=estate.permissions(h.membership.key.role),
            fresh=h.fresh,
        )
        for h in holdings.found
        if not h.membership.member.startswith("deleted:")
    )
    return replace(estate, held=held)


def _ingress(inspected: Iterable[Inspected], gathering: Gathering) -> dict[str, str]:
    """From where each called Cloud Run service takes requests, as far as it may be read.

    Source: https://docs.cloud.google.com/run/docs/securing/ingress (not opened)
    """
    names = {
        t.resource
        for one in inspected
        for use in one.sites
        for t in use.targets
        if t.resource and "/services/" in t.resource and t.resource.startswith("//run.")
    }
    asked = {
        name: Call(
            client="run:v2",
            method="projects.locations.services.get",
            request={"name": name.removeprefix("//run.googleapis.com/")},
        )
        for name in sorted(names)
        if "{" not in name
    }
    answers = gathering.quietly(asked)
    return {
        canonical_name(name, {}): str(body["ingress"]).removeprefix("INGRESS_TRAFFIC_").lower()
        for name, body in answers.items()
        if body is not None and body.get("ingress")
    }
