"""IAM policies: reading, writing, and the rules that the cloud enforces on them."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from wfprov.emulator.condition import ConditionError, compiled
from wfprov.emulator.errors import aborted, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.world import ACCOUNT_HOST, World

EMPTY_ETAG: Final = "ACAB"
MOST_MEMBERS: Final = 1500
"""Principals in one policy, each counted as often as it appears.

Source: https://cloud.google.com/iam/quotas (not opened)
"""
_CONDITIONAL_VERSION: Final = 3
_DEFAULT_MASK: Final = ("bindings", "etag")
_PLAIN_KINDS: Final = ("user", "serviceAccount", "group", "domain")
_MEMBER: Final = re.compile(
    r"allUsers|allAuthenticatedUsers|(?:user|serviceAccount|group):[^\s@]+@\S+|domain:\S+\.\S+"
    r"|serviceAccount:\S+\.svc\.id\.goog\[\S+\]"
    r"|principal(?:Set)?://\S+|deleted:\S+\?uid=\d+|deleted:principal\S+"
    r"|project(?:Owner|Editor|Viewer):\S+"
)


def stored(world: World, full: str) -> Json:
    """The policy of a resource as it is kept; an empty one where none was ever set."""
    return world.objects.get(POLICIES, full) or {"etag": EMPTY_ETAG, "bindings": []}


def presented(policy: Mapping[str, Any], requested_version: int) -> Json:
    """The policy as an answer of getIamPolicy or setIamPolicy.

    An empty policy has no bindings and no version. A reader that asked for
    less than version 3 sees conditional roles under a name with a hash, and
    no condition.

    Source: https://cloud.google.com/iam/docs/policies#versions (not opened)
    """
    answer: Json = {}
    bindings = [dict(binding) for binding in policy.get("bindings", ())]
    conditional = any("condition" in binding for binding in bindings)
    if requested_version < _CONDITIONAL_VERSION:
        for binding in bindings:
            condition = binding.pop("condition", None)
            if condition is not None:
                mark = base64.b16encode(repr(sorted(condition.items())).encode()[-10:]).decode()
                binding["role"] += f"_withcond_{mark.lower()}"
    if bindings or policy.get("auditConfigs"):
        shows_conditions = conditional and requested_version >= _CONDITIONAL_VERSION
        answer["version"] = _CONDITIONAL_VERSION if shows_conditions else 1
    answer["etag"] = policy["etag"]
    if bindings:
        answer["bindings"] = bindings
    if policy.get("auditConfigs"):
        answer["auditConfigs"] = policy["auditConfigs"]
    return answer


def write(world: World, full: str, policy: Mapping[str, Any], mask: str = "") -> Json:
    """Replaces a policy and returns it as kept.

    Raises:
        ApiError: 409 ABORTED for a stale etag; 400 for a member that does not
            exist, an unknown role, a condition without version 3, too many
            members.
    """
    old = stored(world, full)
    given = policy.get("etag")
    if given and given != old["etag"]:
        raise aborted(
            "There were concurrent policy changes. Please retry the whole read-modify-write with "
            "exponential backoff. The request's ETag did not match the current policy's ETag."
        )
    paths = tuple(part.strip() for part in mask.split(",") if part.strip()) or _DEFAULT_MASK
    bindings = _merged(policy.get("bindings", ())) if "bindings" in paths else old["bindings"]
    if "bindings" in paths:
        _check(world, full, bindings, old["bindings"], int(policy.get("version") or 0))
        if given and any("condition" in b for b in old["bindings"]):
            _check_version(int(policy.get("version") or 0))
    new: Json = {"bindings": bindings, "etag": world.etag()}
    audit = policy.get("auditConfigs") if "auditConfigs" in paths else old.get("auditConfigs")
    if audit:
        new["auditConfigs"] = audit
    delay = world.settings.visibility_delay
    if delay > 0:
        now = world.seconds()
        entries = [{"from": 0.0, "bindings": effective(old, now)}]
        entries += [e for e in old.get("_schedule", ()) if e["from"] > now]
        new["_schedule"] = [*entries, {"from": now + delay, "bindings": bindings}]
    world.objects.put(POLICIES, full, new)
    return new


def effective(policy: Mapping[str, Any], now: float) -> list[Json]:
    """The bindings that count at a moment: grants may take a while to be seen."""
    schedule = policy.get("_schedule")
    if schedule is None:
        return list(policy.get("bindings", ()))
    counting = [entry for entry in schedule if entry["from"] <= now]
    return list(counting[-1]["bindings"])


def rename_member(world: World, old: str, new: str) -> None:
    """Renames a member in every policy (an account was deleted or undeleted)."""
    for name in world.objects.names(POLICIES):
        policy = world.objects.peek(POLICIES, name)
        if policy is None or not any(old in b["members"] for b in policy["bindings"]):
            continue
        changed = world.objects.get(POLICIES, name)
        assert changed is not None
        for holder in (changed, *changed.get("_schedule", ())):
            for binding in holder["bindings"]:
                binding["members"] = [new if m == old else m for m in binding["members"]]
        changed["etag"] = world.etag()
        world.objects.put(POLICIES, name, changed)


def _merged(bindings: Iterable[Mapping[str, Any]]) -> list[Json]:
    """One binding for each role and condition, members once each, empty ones dropped."""
    merged: dict[tuple[Any, ...], Json] = {}
    for binding in bindings:
        condition = binding.get("condition")
        key = (binding.get("role", ""), *sorted((condition or {}).items()))
        kept = merged.setdefault(key, {"role": binding.get("role", ""), "members": []})
        if condition:
            kept["condition"] = dict(condition)
        for member in binding.get("members", ()):
            name = _lowered(str(member))
            if name not in kept["members"]:
                kept["members"].append(name)
    return [binding for binding in merged.values() if binding["members"]]


def _lowered(member: str) -> str:
    kind, _, value = member.partition(":")
    return f"{kind}:{value.lower()}" if kind in _PLAIN_KINDS and "[" not in value else member


def _check(
    world: World, full: str, bindings: list[Json], old: Iterable[Mapping[str, Any]], version: int
) -> None:
    count = sum(len(binding["members"]) for binding in bindings)
    if count > MOST_MEMBERS:
        raise invalid(
            f"The number of members in the policy ({count:,}) is larger than the maximum "
            f"allowed size {MOST_MEMBERS:,}."
        )
    known = {member for binding in old for member in binding["members"]}
    known_roles = {binding["role"] for binding in old}
    project = world.project_of(full)
    for binding in bindings:
        if binding["role"] not in known_roles:
            _check_role(world, binding["role"], project)
        condition = binding.get("condition")
        if condition is not None:
            _check_version(version)
            try:
                compiled(condition.get("expression", ""))
            except ConditionError as error:
                raise invalid(f"Invalid condition expression: {error}.") from None
        for member in binding["members"]:
            if member not in known:
                _check_member(world, member)


def _check_version(version: int) -> None:
    if version != _CONDITIONAL_VERSION:
        raise invalid(
            "Policies with conditions must have policy version 3. Set version to 3 and retry."
        )


def _check_role(world: World, role: str, project: str | None) -> None:
    if role.startswith("roles/"):
        exists = world.roles.role(role) is not None
    else:
        custom = world.objects.peek(RESOURCES, ACCOUNT_HOST + role)
        inside = role.startswith((f"projects/{project}/roles/", "organizations/"))
        exists = custom is not None and not custom.get("deleted") and inside
    if not exists:
        raise invalid(f"Role ({role}) does not exist in the resource's hierarchy.")


def _check_member(world: World, member: str) -> None:
    if _MEMBER.fullmatch(member) is None:
        raise invalid(f"Invalid principal: the member {member!r} is of an unknown type or form.")
    kind, _, value = member.partition(":")
    if kind == "serviceAccount" and not world.principal_exists(value):
        raise invalid(f"Service account {value} does not exist.")
