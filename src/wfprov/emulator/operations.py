"""Long-running operations: pending for some polls, then done; they survive a restart."""

from typing import Any

from wfprov.emulator.errors import not_found
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import OPERATIONS
from wfprov.emulator.world import World, shown


def start(
    world: World,
    *,
    project: str,
    scope: str,
    metadata: Json | None,
    response: Json,
    final_metadata: Json | None = None,
) -> Json:
    """The first answer of an operation; its effect is already in the state.

    `scope` is what stands before `/operations/` (`projects/p/locations/l`, or
    empty). `done` is left out, not false, until the set number of polls
    was made; then the response appears, and `endTime` or `final_metadata`.
    """
    identifier = "operation-" + world.unique_hex(24)
    name = f"{scope}/operations/{identifier}" if scope else f"operations/{identifier}"
    body: Json = {
        "name": name,
        "_project": project,
        "_polls": world.settings.operation_polls,
        "_response": response,
        "_metadata": final_metadata,
    }
    if metadata is not None:
        body["metadata"] = metadata
    world.objects.put(OPERATIONS, name, body)
    answer: Json = shown(body)
    return answer


def finished(world: World, *, project: str, scope: str, metadata: Any, response: Json) -> Json:
    """An operation that is done in its first answer; it can still be read."""
    begun = start(world, project=project, scope=scope, metadata=metadata, response=response)
    return wait(world, begun["name"])


def poll(world: World, name: str) -> Json:
    """What a GET of the operation answers; each one counts.

    Raises:
        ApiError: 404.
    """
    found = _found(world, name)
    if found["_polls"] > 0:
        found["_polls"] -= 1
        world.objects.put(OPERATIONS, name, found)
    elif "done" not in found:
        found = _complete(world, found)
    answer: Json = shown(found)
    return answer


def wait(world: World, name: str) -> Json:
    """The operation once it is done; for `operations.wait`."""
    found = _found(world, name)
    answer: Json = shown(found if "done" in found else _complete(world, found))
    return answer


def listed(world: World, scope: str) -> list[Json]:
    """Operations under `projects/p/locations/l`, by name; listing does not count as a poll."""
    prefix = f"{scope}/operations/" if scope else "operations/"
    names = (name for name in world.objects.names(OPERATIONS) if name.startswith(prefix))
    return [shown(world.objects.peek(OPERATIONS, name)) for name in names]


def forget(world: World, name: str) -> None:
    """Deletes an operation.

    Raises:
        ApiError: 404.
    """
    _found(world, name)
    world.objects.drop(OPERATIONS, name)


def _found(world: World, name: str) -> Json:
    found = world.objects.get(OPERATIONS, name)
    if found is None:
        raise not_found(name)
    return found


def _complete(world: World, body: Json) -> Json:
    body["done"] = True
    body["response"] = body["_response"]
    if body["_metadata"] is not None:
        body["metadata"] = body["_metadata"]
    elif "createTime" in body.get("metadata", {}) and "verb" in body["metadata"]:
        body["metadata"]["endTime"] = world.now()
    world.objects.put(OPERATIONS, body["name"], body)
    return body
