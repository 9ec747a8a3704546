"""The `answers:` of a workflow: what only its author can tell of a call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast, get_args

from wfprov.catalog.target import Answer, AnswerKind
from wfprov.desired.reader import Entry, Reader, nearest
from wfprov.desired.rules_config import UNKNOWN_CONFIG_KEY
from wfprov.desired.shapes import NAME_IN_RUN, NAME_OF_FUNCTION, PERMISSION_ON
from wfprov.language.nodes import MappingNode, Node

ANSWER_KINDS: Final[tuple[str, ...]] = get_args(AnswerKind)
GENERATIONS: Final = ("1", "2")
SITE_ID: Final = re.compile(r"[^@\s][^@]*(?:@[^@\s][^@]*)?")
"""The key of an answer: a call site, or one way of reaching it."""

SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "cloud_run": re.compile(
        rf"{NAME_IN_RUN.pattern}|(?://run\.googleapis\.com/)?projects/[^/\s]+/locations/[^/\s]+"
        rf"/services/{NAME_IN_RUN.pattern}|https://[^/\s]+\.run\.app(?:/\S*)?"
    ),
    "cloud_run_job": re.compile(
        rf"{NAME_IN_RUN.pattern}|(?://run\.googleapis\.com/)?projects/[^/\s]+/locations/[^/\s]+"
        rf"/jobs/{NAME_IN_RUN.pattern}"
    ),
    "function": re.compile(
        rf"{NAME_OF_FUNCTION.pattern}|(?://cloudfunctions\.googleapis\.com/)?projects/[^/\s]+"
        rf"/locations/[^/\s]+/functions/{NAME_OF_FUNCTION.pattern}"
    ),
    "iap": re.compile(r"(?://iap\.googleapis\.com/)?projects/[a-z0-9:.-]+/iap_web(?:/[^/\s.]+)*"),
    "private": re.compile(
        r"(?:(?://[a-z.]+/)?projects/[a-z0-9:.-]+/(?:global/networks|locations)/\S+|[a-z][a-z0-9:.-]+)"
    ),
    "api_method": re.compile(r"(?:googleapis\.)?[a-z]\w*\.v\d\w*\.\w+(?:\.\w+)*"),
    "host": re.compile(r"(?:https?://)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:/\S*)?"),
}
"""What an answer looks like, where a form can be asked of it."""

EXAMPLES: Final[Mapping[str, str]] = {
    "external": '{external: "partner API, key in the header"}',
    "cloud_run": "{cloud_run: orders}",
    "cloud_run_job": "{cloud_run_job: nightly}",
    "function": "{function: {name: tax, generation: 2}}",
    "iap": "{iap: {resource: projects/493817260155/iap_web/appengine-acme}}",
    "private": "{private: projects/acme-net/global/networks/vpc}",
    "api_method": "{api_method: compute.v1.instances.stop}",
    "permissions": "{permissions: [run.routes.invoke]}",
    "host": "{host: api.example.com}",
    "workspace": '{workspace: "sheet shared with the service account"}',
}
"""How each answer is written."""


def answers(reader: Reader, node: Node) -> dict[str, Answer]:
    """The block, by the id of a call site or by `site@via`."""
    found: dict[str, Answer] = {}
    for entry in reader.entries(node, "`answers`"):
        if not SITE_ID.fullmatch(entry.key):
            reader.bad_key(
                entry,
                f"`{entry.key}` is not the id of a call site",
                "as `wfprov inspect` shows it: main.STEP, or main.STEP@CALLER for one way there",
            )
            continue
        answer = _answer(reader, entry)
        if answer is not None:
            found[entry.key] = answer
    return found


def _answer(reader: Reader, entry: Entry) -> Answer | None:
    node = entry.node
    if not isinstance(node, MappingNode):
        reader.wrong_type(node, "an answer", f"a map such as {EXAMPLES['external']}")
        return None
    given = list(reader.entries(node, "an answer"))
    for one in given:
        if one.key not in ANSWER_KINDS:
            reader.reject(
                UNKNOWN_CONFIG_KEY,
                one.at,
                f"there is no answer `{one.key}`",
                nearest(one.key, ANSWER_KINDS),
            )
            return None
    if len(given) != 1:
        reader.bad_value(
            node,
            "an answer says one thing, this one says "
            + ("nothing" if not given else str(len(given))),
            f"one of {', '.join(ANSWER_KINDS)}",
        )
        return None
    kind = given[0].key
    value = _value(reader, kind, given[0].node)
    if not value:
        return None
    return Answer(key=entry.key, kind=cast("AnswerKind", kind), value=value, at=entry.at)


def _value(
    reader: Reader, kind: str, node: Node
) -> str | tuple[str, ...] | Mapping[str, str] | None:
    match kind:
        case "function":
            return _fields(reader, kind, node, ("name", "generation"))
        case "iap":
            return _fields(reader, kind, node, ("resource",))
        case "permissions":
            each = reader.text("a permission", shape=PERMISSION_ON, hint="as run.routes.invoke")
            listed = reader.texts("`permissions`", each)(node)
            if listed == () and not getattr(node, "items", True):
                reader.bad_value(node, "`permissions` is empty", EXAMPLES[kind])
            return listed
        case _:
            shape = SHAPES.get(kind)
            return reader.text(f"the answer `{kind}`", shape=shape, hint=EXAMPLES[kind])(node)


def _fields(
    reader: Reader, kind: str, node: Node, keys: tuple[str, ...]
) -> Mapping[str, str] | None:
    fields = reader.fields(node, f"the answer `{kind}`", keys)
    found: dict[str, str] = {}
    for key in keys:
        reading = (
            reader.choice("a generation", GENERATIONS)
            if key == "generation"
            else reader.text(f"`{key}`", shape=SHAPES[kind], hint=EXAMPLES[kind])
        )
        value = fields.read(key, reading)
        if value is not None:
            found[key] = value
        elif isinstance(node, MappingNode) and fields.node(key) is None:
            reader.missing(node, f"the answer `{kind}` has no `{key}`", f"write {EXAMPLES[kind]}")
    return found if len(found) == len(keys) else None
