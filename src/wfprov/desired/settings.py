"""Readings of the settings of one workflow that have a shape of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from wfprov.core.credential import credential_in
from wfprov.desired.model import Dedicated, Existing, ServiceAccountChoice, Shared
from wfprov.desired.reader import Entry, Reader, plain
from wfprov.desired.rules_config import CREDENTIAL_IN_ENV, RESERVED_ENV_VAR
from wfprov.desired.shapes import (
    EMAIL,
    LABEL_KEY,
    LABEL_VALUE,
    MAX_DESCRIPTION,
    MAX_ENV_VALUE_BYTES,
    MAX_LABELS,
    RESERVED_LABELS,
    RESERVED_PREFIXES,
    SHARED_NAME,
)
from wfprov.language.nodes import MappingNode, Node, ScalarNode


def service_account(reader: Reader) -> Callable[[Node], ServiceAccountChoice | None]:
    """A reading of `dedicated`, an e-mail address or `{shared: NAME}`."""
    email = reader.text(
        "a service account",
        shape=EMAIL,
        hint="write `dedicated`, an e-mail address, or {shared: NAME}",
    )
    shared = reader.text(
        "a name for a shared service account",
        shape=SHARED_NAME,
        hint="6 to 30 lower-case letters, digits and hyphens, beginning with a letter",
    )

    def reading(node: Node) -> ServiceAccountChoice | None:
        if isinstance(node, MappingNode):
            fields = reader.fields(node, "`service_account`", ("shared",))
            name = fields.read("shared", shared)
            if "shared" not in fields:
                reader.missing(node, "`service_account` names no account", "write {shared: NAME}")
            return None if name is None else Shared(name, reader.span(node))
        if isinstance(node, ScalarNode) and node.text == "dedicated":
            return Dedicated()
        address = email(node)
        return None if address is None else Existing(address, reader.span(node))

    return reading


def env(reader: Reader) -> Callable[[Node], dict[str, str] | None]:
    """A reading of the user environment variables, as texts as they are written."""

    def is_free(entry: Entry) -> bool:
        if entry.key and not entry.key.startswith(RESERVED_PREFIXES):
            return True
        reader.reject(
            RESERVED_ENV_VAR,
            entry.at,
            f"`{entry.key}` cannot be an environment variable of yours"
            if entry.key
            else "an environment variable needs a name",
            "choose a name that begins with neither GOOGLE nor WORKFLOWS",
        )
        return False

    def value(node: Node) -> str | None:
        if not isinstance(node, ScalarNode) or node.value is None:
            reader.wrong_type(node, "the value of an environment variable", "a text")
            return None
        if len(node.text.encode()) > MAX_ENV_VALUE_BYTES:
            reader.bad_value(
                node, f"the value is longer than the {MAX_ENV_VALUE_BYTES} bytes the service takes"
            )
            return None
        if found := credential_in(node.text):
            reader.reject(
                CREDENTIAL_IN_ENV,
                node,
                f"the value is {found}, which everybody reads who may read the workflow",
                "put it into Secret Manager and read it in the definition: "
                "call: googleapis.secretmanager.v1.projects.secrets.versions.accessString",
            )
            return None
        return node.text

    return reader.text_map("`env`", value, key=is_free)


def template_values(reader: Reader) -> Callable[[Node], dict[str, object] | None]:
    """A reading of what fills in a template: a value, list or map for each name."""

    def reading(node: Node) -> dict[str, object] | None:
        if isinstance(node, MappingNode):
            return cast("dict[str, object]", plain(node))
        reader.wrong_type(node, "`template_values`", "a map")
        return None

    return reading


def labels(reader: Reader) -> Callable[[Node], dict[str, str] | None]:
    """A reading of labels."""

    def is_key(entry: Entry) -> bool:
        if entry.key.startswith(RESERVED_LABELS):
            reader.bad_key(
                entry,
                f"`{entry.key}` is no label of yours: keys that begin with `goog-` are Google's, "
                "those with `wfprov-` are wfprov's",
                "choose a key with another beginning",
            )
            return False
        if LABEL_KEY.fullmatch(entry.key):
            return True
        reader.bad_key(
            entry,
            f"`{entry.key}` cannot be the key of a label",
            "at most 63 lower-case letters, digits, - and _, beginning with a letter",
        )
        return False

    def value(node: Node) -> str | None:
        if not isinstance(node, ScalarNode) or node.value is None:
            reader.wrong_type(node, "the value of a label", "a text")
            return None
        if not LABEL_VALUE.fullmatch(node.text):
            reader.bad_value(
                node,
                f"`{node.text[:70]}` cannot be the value of a label",
                "at most 63 lower-case letters, digits, - and _",
            )
            return None
        return node.text

    mapped = reader.text_map("`labels`", value, key=is_key)

    def reading(node: Node) -> dict[str, str] | None:
        found = mapped(node)
        if found is not None and len(found) > MAX_LABELS:
            reader.bad_value(node, f"{len(found)} labels; a resource takes {MAX_LABELS}")
            return None
        return found

    return reading


def description(reader: Reader) -> Callable[[Node], str | None]:
    """A reading of a description."""
    text = reader.text("a description")

    def reading(node: Node) -> str | None:
        found = text(node)
        if found is not None and len(found) > MAX_DESCRIPTION:
            reader.bad_value(node, f"{len(found)} characters; the service takes {MAX_DESCRIPTION}")
            return None
        return found

    return reading
