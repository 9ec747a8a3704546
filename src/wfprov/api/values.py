"""What the Python API returns: frozen values in the words of the JSON documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file: lines and columns from 1, in code points, the end exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, or may be: what, where, and what to do.

    `location` is None where it is about a live thing, which `resource` then names.
    """

    rule: str
    severity: Literal["error", "warning", "note"]
    confidence: Literal["high", "medium", "low"]
    message: str
    help: str
    location: Location | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How a request is signed: `OIDC`, `OAuth2`, or `header` for the author's own."""

    type: str
    audience: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One permission that a call needs on one resource, by its full name.

    `when`: the condition under which it is needed, None for always. `principal`: who needs it,
    where that is not the target's signer. `tier`: how it is known, `curated`, `map` or `derived`.
    """

    permission: str
    on: str
    tier: str
    when: str | None = None
    principal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the definition does not tell; `answer` is the YAML to write."""

    hole: str
    origin: str
    message: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that a call reaches, on one way of reaching it (`via`, outermost first).

    What is not known in `url` and `resource` stands as `{name}`; `confidence` is `exact`,
    `pattern` or `unknown`.
    """

    kind: str
    method: str | None
    api_method: str | None
    url: str | None
    resource: str | None
    auth: Auth | None
    principal: str
    confidence: str
    via: tuple[str, ...]
    needs: tuple[Need, ...]
    question: Question | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One call in the text, `main.charge_card`, and what it reaches."""

    id: str
    call: str
    reachable: bool
    location: Location
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An IAM condition."""

    expression: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role for a principal on a resource, and the ids of the sites that ask for it.

    A predefined `role`, or else a custom role with `permissions`, `custom_role` naming it in full,
    `projects/P/roles/ID`. `excess` counts permissions that nobody asked for and that can take
    effect there, `inert` those that cannot.
    """

    principal: str
    role: str | None
    permissions: tuple[str, ...] | None
    custom_role: str | None
    on: str
    condition: Condition | None
    because: tuple[str, ...]
    excess: int
    inert: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowAccess:
    """What one definition calls, what that needs, and the grants that answer it."""

    name: str
    source: str
    ok: bool
    findings: tuple[Finding, ...]
    sites: tuple[Site, ...]
    grants: tuple[Grant, ...]
    apis: tuple[str, ...]

    @property
    def questions(self) -> tuple[tuple[str, Question], ...]:
        """The open questions, each with the id of its site."""
        return tuple(
            (site.id, target.question)
            for site in self.sites
            for target in site.targets
            if target.question is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is known of definitions from their text and configuration alone.

    `findings` are about the configuration; those of a definition are with its workflow. `document`
    is the JSON that `wfprov inspect --format json` prints.
    """

    workflows: tuple[WorkflowAccess, ...]
    findings: tuple[Finding, ...]
    document: Mapping[str, object] = field(repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        found = (*self.findings, *(f for w in self.workflows for f in w.findings))
        return not any(f.severity == "error" for f in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a plan does with one thing, by its full resource name.

    `action` is `create`, `update`, `replace`, `delete`, `inherited` or `no-op`; `before` and
    `after` are as the JSON plan has them, texts and values of variables as digests.
    """

    address: str
    kind: str
    action: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None

    @property
    def due(self) -> bool:
        """Whether it does something."""
        return self.action not in {"no-op", "inherited"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What must be answered or changed before a plan may be applied; `answer` is YAML, or empty."""

    reason: str
    workflow: str
    site: str
    file: str
    line: int
    column: int
    message: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would change in one environment, and what stands in the way.

    `document` is the JSON that `wfprov plan --format json` prints.
    """

    stack: str
    environment: str
    project: str
    offline: bool
    applyable: bool
    changes: tuple[Change, ...]
    questions: tuple[OpenQuestion, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    deployer_permissions: tuple[str, ...]
    document: Mapping[str, object] = field(repr=False, compare=False)
    _made: object = field(repr=False, compare=False)

    @property
    def due(self) -> tuple[Change, ...]:
        """The changes that do something."""
        return tuple(change for change in self.changes if change.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one step: `done`, `failed`, `unknown` or `not-started`.

    `part` is what the step does with the thing: `make`, `grant`, `revoke` or `remove`. `error` says
    why it failed, empty otherwise.
    """

    address: str
    part: str
    state: str
    seconds: float
    notes: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an apply did, in the order of the plan."""

    steps: tuple[Step, ...]
    ok: bool
