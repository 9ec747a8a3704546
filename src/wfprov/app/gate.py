"""Which access a change adds to that of its base, from the texts of both; no cloud is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.suppress import heeded
from wfprov.core.diagnostic import in_order
from wfprov.core.errors import InputError
from wfprov.core.facts import Facts
from wfprov.desired.model import NewAccessPolicy
from wfprov.desired.new_access import Gate, added, judged
from wfprov.store import files
from wfprov.store.revisions import revision


def gate(selection: Selection, ref: str, facts: Facts) -> Gate:
    """The access that the working tree asks for and the revision `ref` does not.

    Raises:
        InputError: there is nothing to read, or no such revision.
    """
    loaded = load(selection)
    head = heeded(inspect_stack(loaded, facts))
    with revision(ref, Path.cwd()) as (folder, commit):
        before = _base(selection, folder)
        base = () if before is None else inspect_stack(before, facts)
    trusted = before is not None and before.ok
    policy = before.stack.policy.new_access if before and trusted else NewAccessPolicy()
    return Gate(
        stack=loaded.stack.name,
        environment=loaded.stack.environment,
        base=ref,
        commit=commit,
        judged=judged(added(head, base, facts), policy),
        policy=policy,
        is_new=before is None,
        head=head,
        diagnostics=in_order([*loaded.diagnostics, *(d for one in head for d in one.diagnostics)]),
    )


def _base(selection: Selection, folder: Path) -> Loaded | None:
    """The same selection in the base's folder; None when there is nothing of it."""
    config = files.configuration(selection.config)
    here = None if config is None else folder / Path(config)
    if selection.config is not None and Path(selection.config).is_absolute():
        here = folder / Path(selection.config).resolve().relative_to(Path.cwd().resolve())
    paths = tuple(str(folder / path) for path in selection.paths if path != files.STANDARD_INPUT)
    there = tuple(path for path in paths if Path(path).exists())
    if here is not None and not here.is_file():
        here = None
    if here is None and not there:
        return None
    try:
        return load(
            replace(
                selection,
                config=None if here is None else str(here),
                bare=here is None,
                environment=selection.environment if here is not None else None,
                paths=there,
            )
        )
    except InputError:
        return None
