"""What a managed thing is: it says which API calls make it, and makes none."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import ClassVar, Final, Self, TypeAlias

from wfprov.core.address import Address
from wfprov.core.policy import Membership

_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")

Body: TypeAlias = Mapping[str, object]
"""An answer or a part of a request, JSON-like; never changed in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API request, as a value.

    `client` is a Google client class, `google.cloud.workflows_v1:WorkflowsClient`, or a discovery
    API, `pubsub:v1`. `method` is the client's method, or the dotted resource path of the discovery
    document, `projects.topics.getIamPolicy`. `request` is the JSON request: for a client class the
    request message in JSON form, for a discovery API the parameters by name, with `body`.

    `pages`: the repeated field that is gathered over all pages of the answer. `host`: the host that
    serves the resource where it is not the API's own. `if_match`: the etag that must still hold.
    """

    client: str
    method: str
    request: Mapping[str, object]
    pages: str = ""
    host: str = ""
    if_match: str = ""

    def __str__(self) -> str:
        library, _, name = self.client.partition(":")
        return f"{name if '.' in library else library}.{self.method}"


@dataclass(frozen=True, slots=True)
class Replace:
    """An update that can only be made by deleting and creating, and why."""

    reason: str


def digest_of(text: str) -> str:
    """`sha256:` and the digest of a text in UTF-8; what is such a digest comes back as it is."""
    if _DIGEST.fullmatch(text):
        return text
    return f"sha256:{sha256(text.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """A text that a plan carries whole and shows as digest and line count.

    `known` is the digest where only that and the `count` of lines are known: enough to recognise
    the text. Two are equal when their digests are.
    """

    text: str
    known: str = ""
    count: int = 0

    @property
    def digest(self) -> str:
        """`sha256:` and the digest of the text in UTF-8."""
        return self.known or f"sha256:{sha256(self.text.encode()).hexdigest()}"

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.count if self.known else len(self.text.splitlines())

    def sealed(self) -> Contents:
        """The same without its text."""
        return Contents("", self.digest, self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contents) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


class Managed(ABC):
    """A thing that a plan reads and changes. Subclasses are frozen dataclasses."""

    __slots__ = ()
    kind: ClassVar[str]

    @property
    @abstractmethod
    def address(self) -> Address:
        """Its kind and full resource name."""

    @abstractmethod
    def needs(self) -> Iterable[Address]:
        """What must be made before it, and removed after it; some of it may not be managed."""

    @abstractmethod
    def read(self) -> Call:
        """The request that reads it."""

    def wire(self) -> Body:
        """What a plan shows of it, JSON-like: empty fields left out, texts as digests."""
        shown = _wire(self)
        assert isinstance(shown, dict), "a managed thing is a dataclass"
        return shown


class Resource(Managed):
    """A managed thing that is made, changed and removed as a whole.

    It holds what wfprov decides of it. Fields that wfprov does not manage are not part of the
    value: two resources are equal when nothing is to be changed.
    """

    __slots__ = ()

    @abstractmethod
    def create(self) -> Call:
        """The request that makes it."""

    @abstractmethod
    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        """The requests that make `was` this, naming only the fields that differ."""

    @abstractmethod
    def delete(self) -> Call | None:
        """The request that removes it; None when it is never removed."""

    @abstractmethod
    def parse(self, body: Body) -> Self:
        """The live resource in the answer to its `read`, as far as it is managed."""

    @property
    def scope(self) -> str:
        """Where it is listed, `projects/p/locations/l`; empty: it is read by itself."""
        return ""

    @classmethod
    def listing(cls, scope: str) -> Call:
        """The request that reads all of the kind in a scope."""
        raise NotImplementedError(f"{cls.kind} in {scope} is not listed")

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        """The live resources in the answer to `listing`."""
        raise NotImplementedError(f"{cls.kind} in {scope} is not listed: {sorted(body)}")

    def shown_whole(self) -> bool:
        """Whether a listing showed all of it; else it is read by itself before it is compared."""
        return True

    def as_created(self) -> Self:
        """The resource as its `create` leaves it; what is left to do then is an update of that."""
        return self

    def over(self, _live: Self) -> Self:
        """The resource as it shall be where `_live` is: what is not managed stays as it is."""
        return self

    def sealed(self) -> Self:
        """The resource as a saved plan keeps what is only to be recognised: texts as digests."""
        return self

    def without_values(self) -> Self:
        """The resource as a saved plan keeps what it makes: no value that may be a secret."""
        return self

    def with_values(self, _known: Mapping[str, str]) -> Self:
        """The resource with its values again, from those that are known by their digests.

        Raises:
            KeyError: with the name of a value that is not known.
        """
        return self

    @property
    def identity(self) -> str:
        """What tells it from another one of the same name made later; empty: nothing does."""
        return ""

    @property
    def applied(self) -> str:
        """A digest of what it was last made from, as it carries it; empty: it carries none."""
        return ""

    @property
    def owner(self) -> str:
        """The stack whose mark it carries; empty: none, or it can carry no mark."""
        return ""

    @property
    def gone(self) -> bool:
        """Whether it is deleted, although the API still shows it."""
        return False

    @property
    def protected(self) -> bool:
        """Whether its owner has forbidden its deletion."""
        return False

    @property
    def runs_as(self) -> str:
        """The policy member whose grants it works with, `serviceAccount:E-MAIL`; empty: none."""
        return ""

    @property
    def revision(self) -> str:
        """What the API says changed since it was read; empty when it says nothing."""
        return ""


class Access(Managed):
    """A list of who may do what, of which wfprov manages single memberships.

    `memberships` are those that are wanted; all others are somebody else's.
    """

    __slots__ = ()
    memberships: frozenset[Membership]

    @property
    @abstractmethod
    def subject(self) -> str:
        """The full resource name of the thing that the list is about."""

    @abstractmethod
    def members(self, body: Body) -> frozenset[Membership]:
        """Every membership in the answer to its `read`."""

    @abstractmethod
    def changed(
        self, body: Body, *, add: Iterable[Membership] = (), remove: Iterable[Membership] = ()
    ) -> Body:
        """The body with memberships added and removed, all else as it was read."""

    @abstractmethod
    def write(self, body: Body) -> Call:
        """The request that sets it, bound to the etag of the body."""


def _wire(value: object) -> object:
    if isinstance(value, Contents):
        return {"digest": value.digest, "lines": value.lines}
    if is_dataclass(value):
        shown = {f.name: _wire(getattr(value, f.name)) for f in fields(value)}
        return {k: v for k, v in shown.items() if v not in (None, "", [], {}, False)}
    if isinstance(value, Mapping):
        return {str(k): _wire(v) for k, v in sorted(value.items())}
    if isinstance(value, frozenset):
        return sorted((_wire(v) for v in value), key=str)
    if isinstance(value, list | tuple):
        return [_wire(v) for v in value]
    assert value is None or isinstance(value, str | int | float), f"not shown: {value!r}"
    return value
