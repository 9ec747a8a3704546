"""Every policy in which some members appear, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wfprov.app.inventory import SEARCHED_BY_NOBODY, Gathering, Unseen, resources_of
from wfprov.core.address import Address, ResourceName, project_name
from wfprov.core.errors import InvalidError, NotFoundError, ServiceDisabledError
from wfprov.core.facts import Facts
from wfprov.core.policy import Membership, Policy
from wfprov.core.ports import Cloud
from wfprov.core.resource import Access, Body, Call
from wfprov.desired.accesses import access_to

PARALLEL: Final = 10
ASSET_PAGE: Final = 500
MOST_QUERIES: Final = 4
"""Members that are searched one by one: a stack of a thousand must not make a thousand searches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One membership that a policy gives.

    `access` is how the policy is read and written, None when wfprov knows no way. `fresh`: it was
    read from the resource itself; else only Cloud Asset says so, which may lag behind.
    """

    on: ResourceName
    membership: Membership
    access: Access | None
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What some members hold.

    `found` by resource and membership. `bodies` are the policies that were read whole, by the
    address of their access; `above` names the folders and the organisation over each project,
    nearest first; `absent` the resources that are not there. `not_looked` names what may hold
    more: nothing of it is known to be empty.
    """

    found: tuple[Holding, ...] = ()
    accesses: Mapping[Address, Access] = field(default_factory=dict)
    bodies: Mapping[Address, Body] = field(default_factory=dict)
    above: Mapping[str, tuple[ResourceName, ...]] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    absent: frozenset[ResourceName] = frozenset()
    not_looked: tuple[Unseen, ...] = ()

    def of(self, member: str) -> tuple[Holding, ...]:
        """What one member holds, spelled canonically."""
        return tuple(h for h in self.found if h.membership.member == member)

    def members(self, name: ResourceName) -> frozenset[Membership] | None:
        """Every membership of a policy that was read whole; None when it was not."""
        for address, access in self.accesses.items():
            if access.subject == name and address in self.bodies:
                return access.members(self.bodies[address])
        return None


def find(
    cloud: Cloud,
    members: Iterable[str],
    projects: Iterable[str],
    facts: Facts,
    *,
    parallel: int = PARALLEL,
    also: Iterable[ResourceName] = (),
    over: Iterable[str] | None = None,
    known: Iterable[tuple[Access, Body | None]] = (),
    accounts: Mapping[str, Iterable[str]] | None = None,
) -> Holdings:
    """Every policy of the projects, in them and above them, in which the members appear.

    By Cloud Asset search where it is enabled and allowed, whose results are read again from the
    resource itself; else by the policies of the project and of every resource of the kinds that
    wfprov binds. `also` are resources whose policies are read in any case. A deleted account counts
    as the member that it was. `projects` are ids, `over` those whose folders and organisation are
    looked at too, all of them when it is None. `known` are policies that were read a moment ago
    and are not read again, None for one of which there is nothing; `accounts` the e-mail addresses
    of the accounts of projects where they were listed a moment ago.

    Raises:
        CloudError: no answer, or no credentials; what is refused is in `not_looked` instead.

    Source: https://cloud.google.com/asset-inventory/docs/searching-iam-policies (2026-11-23)
    """
    wanted, asked = frozenset(members), tuple(dict.fromkeys(projects))
    with Gathering(cloud, parallel) as gathering:
        looking = _Looking(gathering, facts, wanted, known)
        names = {ResourceName(n): None for n in (*map(project_name, asked), *also)}
        above = looking.above(asked if over is None else over)
        for some in above.values():
            names |= dict.fromkeys(some)
        searched = []
        for project, results in looking.searched(asked).items():
            if results is None:
                there = (accounts or {}).get(project)
                names |= dict.fromkeys(resources_of(project, gathering, there))
            else:
                searched.append(project)
                names |= dict.fromkeys(results)
        looking.read(names)
        gathering.unseen += SEARCHED_BY_NOBODY
    return Holdings(
        found=looking.holdings(),
        accesses=looking.accesses,
        bodies=looking.bodies,
        above=above,
        searched=tuple(searched),
        absent=frozenset(looking.gone),
        not_looked=tuple(sorted(set(gathering.unseen))),
    )


class _Looking:
    """The policies that were read so far, and what Cloud Asset said of them before."""

    def __init__(
        self,
        gathering: Gathering,
        facts: Facts,
        members: frozenset[str],
        known: Iterable[tuple[Access, Body | None]],
    ) -> None:
        self._gathering = gathering
        self._facts = facts
        self._members = members
        self._said: dict[ResourceName, set[Membership]] = {}
        self.accesses: dict[Address, Access] = {}
        self.bodies: dict[Address, Body] = {}
        self.gone: set[ResourceName] = set()
        for access, body in known:
            self.accesses[access.address] = access
            if body is None:
                self.gone.add(ResourceName(access.subject))
            else:
                self.bodies[access.address] = body

    def above(self, projects: Iterable[str]) -> dict[str, tuple[ResourceName, ...]]:
        """The folders and the organisation over each project, nearest first."""
        calls = {
            project: Call(
                client="cloudresourcemanager:v1",
                method="projects.getAncestry",
                request={"projectId": project, "body": {}},
            )
            for project in projects
        }
        answers = self._gathering.answers(
            calls, lambda p: f"the folders and the organisation above {p}"
        )
        return {project: _ancestors(answers.get(project) or {}) for project in calls}

    def searched(self, projects: Iterable[str]) -> dict[str, list[ResourceName] | None]:
        """The resources that Cloud Asset names for each project; None where it does not answer."""
        queries = _queries(self._members)
        found: dict[str, list[ResourceName] | None] = {project: [] for project in projects}
        calls = {
            (project, email): Call(
                client="cloudasset:v1",
                method="v1.searchAllIamPolicies",
                request={
                    "scope": f"projects/{project}",
                    "query": f"policy:{email}",
                    "pageSize": ASSET_PAGE,
                },
                pages="results",
            )
            for project in projects
            for email in queries
        }
        answers = self._gathering.quietly(calls)
        for (project, email), body in answers.items():
            if body is None:
                found[project] = None
            so_far = found[project]
            if so_far is None or body is None:
                continue
            for result in _maps(body.get("results")):
                number = str(result.get("project", "")).rpartition("/")[2]
                name = canonical_name(str(result.get("resource", "")), {number: project})
                policy = result.get("policy")
                assert email, "an empty query would find every policy"
                if not isinstance(policy, Mapping):
                    so_far.append(name)
                    continue
                said = {m for m in Policy(policy).memberships() if was(m.member) in self._members}
                if said:
                    self._said.setdefault(name, set()).update(said)
                    so_far.append(name)
        return found

    def read(self, names: Iterable[ResourceName]) -> None:
        """Reads each policy from its resource."""
        calls: dict[ResourceName, Call] = {}
        done = {access.subject for access in self.accesses.values()}
        for name in names:
            if name in done:
                continue
            access = access_to(name, self._facts)
            if access is None:
                self._gathering.unseen.append(Unseen(name, "wfprov knows no way to its policy"))
                continue
            self.accesses[access.address] = access
            calls[name] = access.read()
        by_subject = {access.subject: address for address, access in self.accesses.items()}
        answers = self._gathering.answers(
            calls, str, absent=(NotFoundError, ServiceDisabledError, InvalidError), gone=self.gone
        )
        for name, body in answers.items():
            if body is not None:
                self.bodies[by_subject[name]] = body

    def holdings(self) -> tuple[Holding, ...]:
        """Every membership of the members."""
        found: dict[tuple[ResourceName, Membership], Holding] = {}
        for address, body in self.bodies.items():
            access = self.accesses[address]
            name = ResourceName(access.subject)
            for m in access.members(body):
                if was(m.member) in self._members:
                    found[name, m] = Holding(on=name, membership=m, access=access)
        read = {self.accesses[address].subject for address in self.bodies}
        for name, said in self._said.items():
            if name in read or name in self.gone:
                continue
            known = next((a for a in self.accesses.values() if a.subject == name), None)
            for m in said:
                if was(m.member) in self._members:
                    found[name, m] = Holding(on=name, membership=m, access=known, fresh=False)
        ordered = sorted(found, key=lambda k: (k[0], k[1].sort_key()))
        return tuple(found[key] for key in ordered)


def was(member: str) -> str:
    """The member that a deleted one was, `deleted:serviceAccount:a@b?uid=1`; others as they are."""
    return member.removeprefix("deleted:").partition("?uid=")[0]


def canonical_name(name: str, numbers: Mapping[str, str]) -> ResourceName:
    """The name of an asset as wfprov writes it: projects by id, accounts and buckets in none.

    Source: https://cloud.google.com/asset-inventory/docs/asset-names (2026-11-23)
    """
    service, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    if service == "storage.googleapis.com" and len(parts) == 1:
        parts = ["projects", "_", "buckets", *parts]
    if parts[0] == "projects" and len(parts) > 1:
        parts[1] = numbers.get(parts[1], parts[1])
    if service == "iam.googleapis.com" and parts[2:3] == ["serviceAccounts"] and "@" in parts[3]:
        parts[1] = "-"
    return ResourceName(f"//{service}/{'/'.join(parts)}")


def _ancestors(body: Body) -> tuple[ResourceName, ...]:
    """What is above the project in an answer of getAncestry, nearest first."""
    found = []
    for ancestor in _maps(body.get("ancestor")):
        identity = ancestor.get("resourceId")
        if isinstance(identity, Mapping) and identity.get("type") in {"folder", "organization"}:
            kind = f"{identity['type']}s"
            found.append(
                ResourceName(f"//cloudresourcemanager.googleapis.com/{kind}/{identity['id']}")
            )
    return tuple(found)


def _queries(members: Iterable[str]) -> list[str]:
    """What is searched for: each member; of many, what they have in common behind the `@`."""
    found = {_searchable(m) for m in members}
    if len(found) > MOST_QUERIES:
        found = {q if q.startswith('"') else q.rpartition("@")[2] for q in found}
    return sorted(found)


def _searchable(member: str) -> str:
    """What is searched for: the e-mail address, or a principal whole, in quotes."""
    return f'"{member}"' if "://" in member else was(member).rpartition(":")[2]


def _maps(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list | tuple) else []
