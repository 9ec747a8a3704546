"""What a managed thing is: it says which API calls make it, and makes none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from wfprov.core.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API request, as a value.

    `client` is a Google client class, `google.cloud.workflows_v1:WorkflowsClient`, or a discovery
    API, `pubsub:v1`. `method` is the client's method, or the dotted resource path of the discovery
    document, `projects.topics.getIamPolicy`. `request` is the JSON request: for a client class the
    request message in JSON form, for a discovery API the parameters by name, with `body`.
    """

    client: str
    method: str
    request: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.client.partition(':')[2] or self.client}.{self.method}"


@dataclass(frozen=True, slots=True)
class Replace:
    """An update that can only be made by deleting and creating, and why."""

    reason: str


class Resource(ABC):
    """A managed thing. Subclasses are frozen dataclasses that hold what wfprov decides of it.

    Fields that wfprov does not manage are not part of the value: two resources are equal when
    nothing is to be changed.
    """

    __slots__ = ()
    kind: ClassVar[str]

    @property
    @abstractmethod
    def address(self) -> Address:
        """Its kind and full resource name."""

    @abstractmethod
    def needs(self) -> Iterable[Address]:
        """What must be made before it, and removed after it."""

    @abstractmethod
    def create(self) -> Call:
        """The request that makes it."""

    @abstractmethod
    def update(self, was: Self) -> Call | Replace:
        """The request that makes `was` this, naming only the fields that differ."""

    @classmethod
    @abstractmethod
    def read(cls, at: Address) -> Call:
        """The request that reads it."""

    @classmethod
    @abstractmethod
    def delete(cls, at: Address) -> Call:
        """The request that removes it."""

    @classmethod
    @abstractmethod
    def parse(cls, at: Address, body: Mapping[str, object]) -> Self:
        """The resource in a read's answer."""

    def wire(self) -> Mapping[str, object]:
        """What a plan shows of it, JSON-like, with no secret."""
        raise NotImplementedError
