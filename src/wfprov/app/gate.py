"""Which access a change adds to that of its base, from the texts of both; no cloud is asked."""

from __future__ import annotations

import os
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
    with revision(ref, Path.cwd()) as (root, folder, commit):
        before = _base(selection, root, folder)
        base = () if before is None else inspect_stack(_inside(before, root), facts)
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


def _inside(before: Loaded, root: Path) -> Loaded:
    """Without the workflows whose source lies elsewhere: that is the same file on both sides."""
    kept = tuple(
        w for w in before.stack.workflows if root.resolve() in Path(w.source_path).resolve().parents
    )
    return replace(before, stack=replace(before.stack, workflows=kept))


def _base(selection: Selection, root: Path, folder: Path) -> Loaded | None:
    """The same selection in the base's folder; None when there is nothing of it."""
    config = files.configuration(selection.config)
    here = None if config is None else _counterpart(str(config), root, folder)
    paths = tuple(
        str(_counterpart(path, root, folder))
        for path in selection.paths
        if path != files.STANDARD_INPUT
    )
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


def _counterpart(path: str, root: Path, folder: Path) -> Path:
    """Where the base has what `path` names; never the working tree, where nothing would be new.

    Raises:
        InputError: the path is not in the repository.
    """
    there = Path(os.path.normpath(folder / os.path.relpath(path)))
    if not there.is_relative_to(root):
        raise InputError(
            f"{path} is not in the repository here: it has no base to compare with",
            help="run wfprov in the repository that has it",
        )
    return there
