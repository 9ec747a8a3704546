"""What a pasted refusal tells: who was refused which permission on what, or another cause."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST: Final = 65_536
"""How much of a pasted text is read, in characters."""
_DEEPEST: Final = 12
_MOST: Final = 24


class Cause(StrEnum):
    """Why a request was turned away; only `permission` is a matter of grants."""

    PERMISSION = "permission"
    TOKEN = "token"  # noqa: S105 (a cause, no secret)
    SCOPE = "scope"
    PERIMETER = "perimeter"
    DISABLED = "disabled"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Frame:
    """A step of a workflow that a failed execution names."""

    step: str
    routine: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """What a refusal tells; everything that it does not tell is empty.

    `permissions` in the order of how sure they are: words of the form `service.resource.verb`, so
    that names of hosts may be among them. `resources` as they are written: full names, paths,
    e-mail addresses, ids of projects. `path` is that of an address that a service refused,
    `/charge`. `frames`, the innermost first.
    """

    cause: Cause = Cause.PERMISSION
    permissions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    path: str = ""
    frames: tuple[Frame, ...] = ()
    status: int = 0

    @property
    def tells_nothing(self) -> bool:
        """Whether there is nothing by which a call could be found."""
        return not (self.permissions or self.resources or self.path or self.frames)


_PERMISSION: Final = r"[a-z][A-Za-z0-9]{1,40}\.[A-Za-z][A-Za-z0-9]{0,60}\.[A-Za-z][A-Za-z0-9]{0,60}"
_ANY_PERMISSION: Final = re.compile(rf"(?<![\w./@:-]){_PERMISSION}(?![\w/@:-])(?!\.\w)")
_NAMED: Final = tuple(
    re.compile(form.replace("PERMISSION", f"({_PERMISSION})"))
    for form in (
        # https://cloud.google.com/iam/docs/permission-error-messages (2026-11-23), and as people
        # pasted them: https://github.com/google-github-actions/deploy-cloudrun/issues/427,
        # https://github.com/googleapis/repo-automation-bots/issues/5598,
        # https://github.com/google/cluster-data/issues/25,
        # https://github.com/hashicorp/terraform-provider-google/issues/9577 (all 2026-11-23)
        r"[Pp]ermissions? ['\"`]?PERMISSION['\"`]? (?:is )?(?:denied|required|missing)",
        r"lacks? (?:the )?(?:IAM )?permissions? ['\"`]?PERMISSION",
        r"(?:does|do) not have ['\"`]?PERMISSION['\"`]? (?:access|permission)",
        r"[Rr]equired ['\"`]?PERMISSION['\"`]? permission",
        r"[Mm]issing (?:the |a )?(?:necessary |required )?permissions?:? ?['\"`]?PERMISSION",
    )
)
_QUOTED: Final = re.compile(
    r"(?:on|for|to access)(?: the)?(?: \w{1,30}){0,3}? ?['\"`]([^'\"`\s]{3,400})['\"`]"
)
_FULL_NAME: Final = re.compile(
    r"(?<!:)//[a-z][a-z0-9.-]{2,60}\.googleapis\.com/[^\s'\"`<>,)\]]{1,400}"
)
_PATH: Final = re.compile(
    r"(?<![\w/.-])projects/[^\s'\"`<>,)\]/?]{1,80}(?:/[^\s'\"`<>,)\]/?]{1,200}){0,16}"
)
_PROJECT: Final = re.compile(
    r"\b(?:in|on|of|for) (?:the )?(?:resource )?project[ :]+"
    r"['\"`]?([a-z0-9][a-z0-9.:-]{2,60}[a-z0-9])"
)
_BIGQUERY: Final = re.compile(
    r"\b(?:[Tt]able|[Dd]ataset|[Vv]iew|[Rr]outine) "
    r"([a-z0-9][a-z0-9.:-]{2,60}):(\w{1,300})(?:\.([\w$*-]{1,300}))?"
)
_ACCOUNT: Final = re.compile(
    r"service account ['\"`\[]?([\w.+-]{1,64}@[\w.-]{1,200}\.gserviceaccount\.com)"
)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_REFUSED: Final = re.compile(
    r"([\w.+-]{1,64}@[\w.-]{1,250}\w)\]? "
    r"(?:does not have|lacks|is missing|is not authorized|may not)"
)
_ADDRESS: Final = re.compile(
    r"permission to (?:get|the requested) URL (/\S{0,500}?)\.?(?: from|\s|$)"
)
_ASKED: Final = re.compile(r"https://([a-z0-9.-]{4,253})(/[^\s'\"`<>]{0,500})?")
_FRAME: Final = re.compile(
    r"in step \"([^\"\n]{1,200})\", routine \"([^\"\n]{1,200})\", line: (\d{1,7})"
)
_STATUS: Final = re.compile(r"(?:error code|HTTP(?:/[\d.]+)?|Error|code\W{1,4})[ :]*(4\d\d)\b")
_TYPOGRAPHIC: Final = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
_TAGS: Final = re.compile(r"<[^<>]{0,300}>")
_TELLING: Final[tuple[tuple[Cause, str], ...]] = (
    # https://docs.cloud.google.com/vpc-service-controls/docs/troubleshooting (not opened)
    (
        Cause.PERIMETER,
        (
            "vpcServiceControlsUniqueIdentifier|SECURITY_POLICY_VIOLATED|"
            "prohibited by organization's policy"
        ),
    ),
    # Read on 2026-11-23:
    # https://cloud.google.com/resource-manager/docs/organization-restrictions/error-messages
    (Cause.RESTRICTED, "ORG_RESTRICTION_VIOLATION|denied by organization restriction"),
    (Cause.DISABLED, "SERVICE_DISABLED|accessNotConfigured|has not been used in project"),
    (Cause.SCOPE, "ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient authentication scopes"),
    # https://cloud.google.com/iap/docs/faq (2026-11-23)
    (
        Cause.TOKEN,
        (
            "UNAUTHENTICATED|CREDENTIALS_MISSING|Invalid IAP credentials|was not authenticated|"
            "(?:missing|invalid) (?:required )?authentication cred"
        ),
    ),
)
_IMPLIED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # https://cloud.google.com/run/docs/troubleshooting (not opened)
    (
        r"permission to (?:get|the requested) URL|not authorized to invoke this service",
        ("run.routes.invoke", "cloudfunctions.functions.invoke"),
    ),
    # https://cloud.google.com/iap/docs/managing-access (2026-11-23)
    (
        r"You don't have access|Access denied by IAP|x-goog-iap-generated-response",
        ("iap.webServiceVersions.accessViaIAP",),
    ),
)


def denial(text: str) -> Denial:
    """What a refusal tells: a message, a JSON body, a page, or the error of a failed execution.

    Source: https://cloud.google.com/iam/docs/permission-error-messages (2026-11-23)
    """
    cut = text[:LONGEST]
    told: dict[str, list[str]] = {"permission": [], "resource": []}
    plain = "\n".join(_plain(part) for part in _texts(cut, told))
    causes = [cause for cause, form in _TELLING if re.search(form, plain)]
    permissions = [*told["permission"]]
    for form in _NAMED:
        permissions += form.findall(plain)
    permissions += _ANY_PERMISSION.findall(plain)
    for sign, implied in _IMPLIED:
        if re.search(sign, plain) and not permissions:
            permissions += implied
    path = _ADDRESS.search(plain)
    frames = (Frame(step, routine, int(line)) for step, routine, line in _FRAME.findall(plain))
    status = _STATUS.search(plain)
    resources = _few([*told["resource"], *_resources(plain), *_ACCOUNT.findall(plain)])
    others = [e for e in _EMAIL.findall(plain) if not any(e in name for name in resources)]
    return Denial(
        cause=causes[0] if causes else Cause.PERMISSION,
        permissions=_few(permissions),
        resources=resources,
        principals=_few([*_REFUSED.findall(plain), *others]),
        path="" if path is None else path[1],
        frames=tuple(frames)[:_MOST],
        status=int(status[1]) if status else 0,
    )


def _plain(text: str) -> str:
    """A text without tags, entities, escapes and typographic quotes."""
    if "<" in text and ">" in text:
        text = _TAGS.sub("", text)
    text = html.unescape(text).replace('\\"', '"').replace("\\n", "\n")
    return text.translate(_TYPOGRAPHIC)


def _texts(text: str, told: dict[str, list[str]]) -> Iterator[str]:
    """The text and every string of the JSON in it; metadata of an ErrorInfo goes to `told`."""
    yield text
    for start in _beginnings(text):
        try:
            found, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield from _strings(found, told, _DEEPEST)
        return


def _beginnings(text: str) -> Iterator[int]:
    at = text.find("{")
    for _ in range(_MOST):
        if at < 0:
            return
        yield at
        at = text.find("{", at + 1)


def _strings(value: object, told: dict[str, list[str]], depth: int) -> Iterator[str]:
    if depth == 0:
        return
    match value:
        case str():
            yield value
            if value.lstrip().startswith("{"):
                yield from (s for s in _texts(value, told) if s is not value)
        case Mapping():
            metadata = value.get("metadata")
            if isinstance(metadata, Mapping):
                for key, found in told.items():
                    if isinstance(metadata.get(key), str):
                        found.append(str(metadata[key]))
            for inner in value.values():
                yield from _strings(inner, told, depth - 1)
        case list():
            for inner in value:
                yield from _strings(inner, told, depth - 1)
        case int() if not isinstance(value, bool) and 400 <= value < 500:  # noqa: PLR2004 (HTTP)
            yield f"error code {value}"


def _resources(plain: str) -> Iterator[str]:
    yield from _FULL_NAME.findall(plain)
    yield from (name for name in _QUOTED.findall(plain) if not re.fullmatch(_PERMISSION, name))
    for project, dataset, table in _BIGQUERY.findall(plain):
        name = f"//bigquery.googleapis.com/projects/{project}/datasets/{dataset}"
        yield f"{name}/tables/{table}" if table else name
    yield from (path.rstrip(".:;") for path in _PATH.findall(plain))
    yield from (f"projects/{project}" for project in _PROJECT.findall(plain))
    # The host that was asked tells the service, and for run.app and cloudfunctions.net which one.
    for host, path in _ASKED.findall(plain):
        if host.endswith((".run.app", ".cloudfunctions.net")):
            yield f"https://{host}{path}"


def _few(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST]
