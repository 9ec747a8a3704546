"""Saved plans: a plan as a file that can be reviewed, and read back exactly as it was.

The file is the JSON document of the plan, with three keys more: `exact`, the plan's own values;
`contents`, the texts that those name by digest; `digest`, over all the rest. It is refused unless
the digest fits and the exact plan gives the very document that was reviewed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, TypeAlias, get_origin

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from wfprov.core.errors import InputError
from wfprov.core.facts import Facts
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Contents, Managed, Resource
from wfprov.desired.graph import Because
from wfprov.plan import change as changes
from wfprov.plan.change import AccessChange, Change, Plan
from wfprov.plan.document import FORMAT, document
from wfprov.plan.legal import IllegalPlanError, check_legal, check_routes
from wfprov.resources.registry import kinds
from wfprov.store.fingerprint import digest

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of the largest file that is read."""

_OUTER: Final = 3
"""How deep the file is broken into lines: what the plan shows of a change is one for each key."""

_CHANGES: Final[Mapping[str, type]] = {
    "create": changes.Create,
    "update": changes.Update,
    "replace": changes.Replace,
    "delete": changes.Delete,
    "no-op": changes.NoOp,
    "access": AccessChange,
}
_Reader: TypeAlias = Callable[[type], Callable[[Any, Any], Any]]
_TAGS: Final = {made: tag for tag, made in _CHANGES.items()}


def save_plan(plan: Plan, path: Path) -> None:
    """Writes a plan, readable by its owner only; what was at `path` is replaced as a whole.

    Raises:
        InputError: when it cannot be written.
    """
    text = _lines(sealed(plan)) + "\n"
    try:
        with NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        with suppress(OSError, NameError):
            Path(file.name).unlink()
        raise InputError(f"{path}: the plan cannot be written: {error.strerror}") from error


def load_plan(path: Path, facts: Facts) -> Plan:
    """The plan in a file.

    The facts tell how each policy is reached: the file is held against them, not believed.

    Raises:
        InputError: when it is no plan, cannot be applied, is of another version, damaged, or
            edited.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than any plan")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: the plan cannot be read: {error.strerror}",
            help=f"save one first: wfprov plan -e ENV -o {path}",
        ) from error
    except UnicodeDecodeError as error:
        raise _refusal(path, "is no text") from error
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "is no JSON: it may have been cut off") from error
    return _opened(path, body, facts)


def _lines(value: object, depth: int = 0) -> str:
    """JSON with a line for each of the outer values.

    An indent all through would be the work of json's slow encoder: 2 s for 1,000 workflows.
    """
    if depth == _OUTER or not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        named = ((json.dumps(key, ensure_ascii=False), inner) for key, inner in value.items())
        items = [f"{name}: {_lines(inner, depth + 1)}" for name, inner in named]
    else:
        items = [_lines(inner, depth + 1) for inner in value]
    line = "\n" + " " * depth
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return f"{opened}{line} {f',{line} '.join(items)}{line}{closed}"


def sealed(plan: Plan) -> dict[str, Any]:
    """The content of a plan's file.

    A plan that cannot be applied is shown and not held. Of what is live now, digests are kept:
    enough to recognise it, and no text or value that somebody else deployed; of environment
    variables no value at all.
    """
    shown = document(plan)
    if not plan.applyable:
        return {**shown, "digest": digest(shown)}
    texts: dict[str, str] = {}
    body = {**shown, "exact": _converter(texts).unstructure(_kept(plan)), "contents": texts}
    return {**body, "digest": digest(body)}


def _kept(plan: Plan) -> Plan:
    return replace(plan, changes=tuple(map(_recognisable, plan.changes)))


def _recognisable(change: Change) -> Change:
    """A change of which all that is not to be sent is known by digest only.

    The values of what is made are left out too: they are read from the configuration again.
    """
    match change:
        case changes.Create(after=after):
            return replace(change, after=after.without_values())
        case changes.Update(before=before, after=after):
            return replace(change, before=before.sealed(), after=after.without_values())
        case changes.Replace(before=before, after=after):
            return replace(change, before=before.sealed(), after=after.without_values())
        case changes.Delete(before=before):
            return replace(change, before=before.sealed())
        case changes.NoOp(resource=resource):
            return replace(change, resource=resource.sealed())
        case _:
            return change


def _opened(path: Path, body: object, facts: Facts) -> Plan:
    if not isinstance(body, dict) or "format_version" not in body:
        raise _refusal(path, "is no plan")
    version = body["format_version"]
    if not isinstance(version, str):
        raise _refusal(path, "is no plan")
    if version != FORMAT:
        older = "an older" if version < FORMAT else "another"
        raise _refusal(
            path, f"has format {version:.20} of {older} wfprov, and this one reads {FORMAT}"
        )
    written = body.pop("digest", None)
    if written != digest(body):
        raise _refusal(path, "was damaged or edited: its digest does not fit")
    if "exact" not in body:
        raise _refusal(path, f"cannot be applied: {_why_not(body)}")
    texts = body.get("contents")
    if not isinstance(texts, dict):
        raise _refusal(path, "has no contents")
    try:
        plan = _converter(texts).structure(body["exact"], Plan)
        check_legal(plan)
        check_routes(plan, facts)
        same = json.loads(json.dumps(document(plan))) == {
            k: v for k, v in body.items() if k not in {"exact", "contents"}
        }
    except (BaseValidationError, *_BROKEN) as error:
        raise _refusal(path, f"holds no possible plan: {_reason(error)}") from error
    if not same:
        raise _refusal(path, "shows something else than it would do")
    return plan


def _why_not(body: Mapping[str, Any]) -> str:
    if body.get("offline"):
        return "it was made offline"
    if body.get("errors"):
        return f"there were errors: {body['errors'][0]}"
    if body.get("questions"):
        return "questions are open"
    return "it was printed, and not saved with `plan -o FILE`"


_BROKEN: Final = (
    IllegalPlanError,
    AssertionError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    OSError,
)
"""How reading a file of one's own making ends; the last two: of a time that no clock shows."""


def _refusal(path: Path, why: str) -> InputError:
    return InputError(f"{path} {why}", help="make the plan again with `wfprov plan -o FILE`")


def _reason(error: Exception) -> str:
    if isinstance(error, BaseValidationError):
        return "; ".join(transform_error(error)[:3])
    return str(error)


def _converter(texts: dict[str, str]) -> Converter:
    """Values to and from JSON; texts are put into, and taken from, `texts` by digest."""
    made = Converter(forbid_extra_keys=True)

    @cache
    def read(cls: type) -> Callable[[Any, Any], Any]:
        return make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True)

    def text_out(value: Contents) -> Any:
        if value.known:
            return {"digest": value.known, "lines": value.lines}
        texts[value.digest] = value.text
        return value.digest

    def text_in(value: Any, _: type) -> Contents:
        if isinstance(value, Mapping):
            return Contents("", str(value["digest"]), int(value["lines"]))
        found = Contents(texts[value])
        if found.digest != value:
            raise ValueError(f"{value} is another text")
        return found

    made.register_unstructure_hook(Contents, text_out)
    made.register_structure_hook(Contents, text_in)
    made.register_unstructure_hook_func(
        _is_frozenset,
        lambda found: [made.unstructure(value) for value in sorted(found, key=repr)],
    )
    for kind, managed in kinds().items():
        made.register_unstructure_hook(managed, _tagged(made, managed, "kind", kind))
    for base in (Resource, Access):
        made.register_unstructure_hook(base, lambda v: made.unstructure(v, unstructure_as=type(v)))
        made.register_structure_hook(base, partial(_managed, read, base))
    for tag, change in _CHANGES.items():
        made.register_unstructure_hook(change, _tagged(made, change, "change", tag))
    made.register_structure_hook(Change, partial(_change, read))
    for field, value in _MAPS:
        _by_membership(made, field, value)
    return made


def _is_frozenset(hint: Any) -> bool:
    origin: object = get_origin(hint)
    return origin is frozenset


def _by_membership(made: Converter, mapping: Any, value: Any) -> None:
    """JSON has no objects as keys: a map by membership is a list of pairs."""
    made.register_unstructure_hook_func(
        lambda t: t == mapping,
        lambda found: [
            [made.unstructure(m), made.unstructure(found[m])]
            for m in sorted(found, key=Membership.sort_key)
        ],
    )
    made.register_structure_hook_func(
        lambda t: t == mapping,
        lambda pairs, _: {
            made.structure(k, Membership): made.structure(v, value) for k, v in pairs
        },
    )


_MAPS: Final = (
    (Mapping[Membership, str], str),
    (Mapping[Membership, tuple[Because, ...]], tuple[Because, ...]),
)


def _tagged(made: Converter, cls: type, key: str, tag: str) -> Callable[[Any], dict[str, Any]]:
    """What writes a value with its tag; cattrs writes a program for it, once and when needed."""
    fields = cache(partial(make_dict_unstructure_fn, cls, made))
    return lambda value: {key: tag, **fields()(value)}


def _managed(read: _Reader, base: type[Managed], body: Any, _: type) -> Managed:
    kind = kinds()[body["kind"]]
    if not issubclass(kind, base):
        raise IllegalPlanError(f"{body['kind']} is not to be here")
    rest = {k: v for k, v in body.items() if k != "kind"}
    found: Managed = read(kind)(rest, kind)
    return found


def _change(read: _Reader, body: Any, _: type) -> Any:
    cls = _CHANGES[body["change"]]
    rest = {k: v for k, v in body.items() if k != "change"}
    return read(cls)(rest, cls)
