"""What the cloud is made of, before any service: projects, accounts, enabled APIs, settings."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final

from wfprov.emulator.discovery import Discovery
from wfprov.emulator.errors import ApiError, error_info, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import META, OPERATIONS, POLICIES, RESOURCES, Objects
from wfprov.emulator.roles import RoleTable

PROJECT_HOST: Final = "//cloudresourcemanager.googleapis.com/"
ACCOUNT_HOST: Final = "//iam.googleapis.com/"
_NUMBERED: Final = re.compile(r"(\d+)-compute@developer\.gserviceaccount\.com")
_OWNED: Final = re.compile(r"[^@]+@(.+)\.iam\.gserviceaccount\.com")
_APPSPOT: Final = re.compile(r"([^@]+)@appspot\.gserviceaccount\.com")

SERVICE_AGENTS: Final[dict[str, str]] = {
    "cloudfunctions": "gcf-admin-robot",
    "compute": "compute-system",
    "container": "container-engine-robot",
    "dataflow": "dataflow-service-producer-prod",
    "run": "serverless-robot-prod",
    "storage": "gs-project-accounts",
}
"""Service agents whose domain is not `gcp-sa-{api}`.

Source: https://cloud.google.com/iam/docs/service-agents (not opened)
"""

_WITH_DEFAULT_ACCOUNT: Final = ("compute", "run", "cloudfunctions", "workflows", "container")

ENABLED_AT_BIRTH: Final = (
    "bigquery.googleapis.com",
    "cloudapis.googleapis.com",
    "cloudtrace.googleapis.com",
    "datastore.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "servicemanagement.googleapis.com",
    "serviceusage.googleapis.com",
    "sql-component.googleapis.com",
    "storage-api.googleapis.com",
    "storage-component.googleapis.com",
    "storage.googleapis.com",
)
"""APIs that a new project has.

Source: https://cloud.google.com/service-usage/docs/enabled-service#default (not opened)
"""


@dataclass(slots=True, kw_only=True)
class Settings:
    """What the admin API can change; seconds where it is a duration."""

    enforce: bool = True
    operation_polls: int = 1
    list_sources: bool = True
    visibility_delay: float = 0.0
    refuse_disabled_apis: tuple[str, ...] = (
        "cloudasset",
        "cloudfunctions",
        "cloudkms",
        "cloudscheduler",
        "cloudtasks",
        "eventarc",
        "pubsub",
        "recommender",
        "run",
        "secretmanager",
        "workflowexecutions",
        "workflows",
    )
    groups: dict[str, list[str]] = field(default_factory=dict)
    iap_hosts: dict[str, str] = field(default_factory=dict)
    metadata_account: str = ""

    def as_json(self) -> Json:
        """The settings as the admin API shows them (camelCase)."""
        return {_camel(name): value for name, value in asdict(self).items()}

    def update(self, body: Json) -> None:
        """Takes over the given settings.

        Raises:
            ApiError: 400, for an unknown setting or a value of another type.
        """
        known = {_camel(f.name): f.name for f in fields(self)}
        for key, value in body.items():
            if key not in known:
                raise invalid(f"unknown setting {key!r}; there are: {', '.join(sorted(known))}")
            old = getattr(self, known[key])
            wanted = (int, float) if isinstance(old, float) else type(old)
            if isinstance(old, tuple) and isinstance(value, list):
                value = tuple(str(item) for item in value)  # noqa: PLW2901
            if not isinstance(value, wanted) or (isinstance(value, bool) != isinstance(old, bool)):
                raise invalid(f"setting {key!r} has another type")
            setattr(self, known[key], value)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


@dataclass(slots=True, kw_only=True)
class World:
    """State and facts that all services share. Every method runs inside a transaction."""

    objects: Objects
    discovery: Discovery
    roles: RoleTable
    clock: Callable[[], datetime]
    settings: Settings = field(default_factory=Settings)

    # -- time and ids ---------------------------------------------------------

    def now(self) -> str:
        """The present as the cloud writes it: `2026-11-23T10:00:00.123456Z`."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def seconds(self) -> float:
        """The present in seconds since 1970."""
        return self.clock().timestamp()

    def unique_number(self, digits: int = 21) -> str:
        """A decimal id never used before, `digits` long, that looks random."""
        number = hashlib.sha256(f"id {self.objects.next_number()}".encode()).digest()
        return "1" + str(int.from_bytes(number, "big"))[: digits - 1]

    def unique_hex(self, length: int) -> str:
        """A hexadecimal id never used before, `length` long."""
        return hashlib.sha256(f"hex {self.objects.next_number()}".encode()).hexdigest()[:length]

    def etag(self) -> str:
        """An etag never used before: eight bytes in base64, as policies and roles have.

        It reads the same in both alphabets of base64, for clients decode it and encode it anew:
        gcloud sends `-` for `+`.
        """
        while True:
            digest = hashlib.sha256(f"etag {self.objects.next_number()}".encode()).digest()
            made = base64.b64encode(b"\x07\x06" + digest[:6]).decode()
            if "+" not in made and "/" not in made:
                return made

    # -- projects -------------------------------------------------------------

    def project(self, reference: str) -> Json | None:
        """The project with this id or number, or None. For reading only."""
        known = self.objects.peek(META, f"project-number/{reference}")
        name = reference if known is None else known["id"]
        return self.objects.peek(RESOURCES, f"{PROJECT_HOST}projects/{name}")

    def project_id(self, reference: str) -> str:
        """The id for an id or number; an unknown one is returned as it is."""
        known = self.objects.peek(META, f"project-number/{reference}")
        return reference if known is None else str(known["id"])

    def project_number(self, reference: str) -> str:
        """The number for an id or number; an unknown one is returned as it is."""
        found = self.project(reference)
        return reference if found is None else str(found["_number"])

    def create_project(
        self, project_id: str, *, number: str | None, owner: str | None, body: Json | None = None
    ) -> Json:
        """Makes a project, owned by `owner`, with the APIs that every new project has."""
        if re.fullmatch(r"[a-z][a-z0-9.:-]{1,60}[a-z0-9]", project_id) is None:
            raise invalid(f"'{project_id}' is not a valid project ID.")
        if number is None:
            digest = hashlib.sha256(f"project {project_id}".encode()).digest()
            number = str(100_000_000_000 + int.from_bytes(digest, "big") % 900_000_000_000)
        if self.objects.peek(META, f"project-number/{number}") is not None:
            raise invalid(f"project number {number} is taken")
        now = self.now()
        project: Json = {
            "displayName": project_id,
            **(body or {}),
            "_number": number,
            "projectId": project_id,
            "state": "ACTIVE",
            "createTime": now,
            "updateTime": now,
        }
        self.objects.put(RESOURCES, f"{PROJECT_HOST}projects/{project_id}", project)
        self.objects.put(META, f"project-number/{number}", {"id": project_id})
        for service in ENABLED_AT_BIRTH:
            self.objects.put(META, f"enabled/{project_id}/{service}", {})
        if owner is not None:
            policy = {
                "bindings": [{"role": "roles/owner", "members": [owner]}],
                "etag": self.etag(),
            }
            self.objects.put(POLICIES, f"{PROJECT_HOST}projects/{project_id}", policy)
        return project

    # -- APIs -----------------------------------------------------------------

    def enabled(self, project: str, service: str) -> bool:
        """Whether `run.googleapis.com` is enabled in a project."""
        return self.objects.peek(META, f"enabled/{self.project_id(project)}/{service}") is not None

    def enable(self, project: str, service: str) -> None:
        """Enables an API; its service agent and the default account appear, as in the cloud."""
        project = self.project_id(project)
        self.objects.put(META, f"enabled/{project}/{service}", {})
        api = service.removesuffix(".googleapis.com")
        if api in self.discovery.versions:
            self.service_agent(project, api)
        if api in _WITH_DEFAULT_ACCOUNT:
            self.default_account(project)

    def disable(self, project: str, service: str) -> None:
        """Disables an API."""
        self.objects.drop(META, f"enabled/{self.project_id(project)}/{service}")

    def require_enabled(self, project: str, api: str) -> None:
        """Refuses a call to an API that is not enabled in the project.

        Raises:
            ApiError: 403 with reason SERVICE_DISABLED.
        """
        service = f"{api}.googleapis.com"
        if api not in self.settings.refuse_disabled_apis or self.enabled(project, service):
            return
        number = self.project_number(project)
        raise ApiError(
            "PERMISSION_DENIED",
            f"{service} has not been used in project {number} before or it is disabled. Enable it "
            f"by visiting https://console.developers.google.com/apis/api/{service}/overview"
            f"?project={number} then retry.",
            details=(
                error_info(
                    "SERVICE_DISABLED",
                    "googleapis.com",
                    {"service": service, "consumer": f"projects/{number}"},
                ),
            ),
        )

    def service_agent(self, project: str, api: str) -> str:
        """The e-mail of an API's service agent, which exists from now on."""
        number = self.project_number(project)
        domain = SERVICE_AGENTS.get(api, f"gcp-sa-{api}")
        email = f"service-{number}@{domain}.iam.gserviceaccount.com"
        if self.objects.peek(META, f"agent/{email}") is None:
            self.objects.put(META, f"agent/{email}", {"uniqueId": self.unique_number()})
        return email

    # -- service accounts -----------------------------------------------------

    def default_account(self, project: str) -> str:
        """The e-mail of the Compute Engine default account, which exists from now on."""
        email = f"{self.project_number(project)}-compute@developer.gserviceaccount.com"
        if self.account(email) is None:
            self.create_account(
                project, email, {"displayName": "Compute Engine default service account"}
            )
        return email

    def create_account(self, project: str, email: str, body: Json) -> Json:
        """Makes a service account; visible to others after the set delay."""
        unique = self.unique_number()
        name = f"projects/{self.project_id(project)}/serviceAccounts/{email}"
        account: Json = {
            "name": name,
            "projectId": self.project_id(project),
            "uniqueId": unique,
            "email": email,
            **body,
            "etag": "MDEwMjE5MjA=",
            "oauth2ClientId": unique,
            "_visible": self.seconds() + self.settings.visibility_delay,
        }
        self.objects.put(RESOURCES, ACCOUNT_HOST + name, account)
        self.objects.put(META, f"account-id/{unique}", {"email": email})
        return account

    def account(self, reference: str) -> Json | None:
        """The visible account with this e-mail or unique id, or None. For reading only."""
        known = self.objects.peek(META, f"account-id/{reference}")
        email = reference if known is None else str(known["email"])
        project = self.account_project(email)
        name = f"{ACCOUNT_HOST}projects/{project}/serviceAccounts/{email}"
        found = self.objects.peek(RESOURCES, name)
        if found is None or found.get("_visible", 0.0) > self.seconds():
            return None
        return found

    def account_project(self, email: str) -> str | None:
        """The id of the project that an account's e-mail belongs to, if the e-mail tells."""
        if found := _NUMBERED.fullmatch(email):
            return self.project_id(found[1])
        for pattern in (_OWNED, _APPSPOT):
            if found := pattern.fullmatch(email):
                return found[1]
        return None

    def principal_exists(self, email: str) -> bool:
        """Whether a policy may name `serviceAccount:{email}`: an account or a service agent."""
        if self.account(email) is not None or "svc.id.goog[" in email:
            return True
        return self.objects.peek(META, f"agent/{email}") is not None

    # -- names ----------------------------------------------------------------

    def full_name(self, api: str, resource: str) -> str:
        """The full resource name in its one canonical form (project by id).

        `//run.googleapis.com/projects/{id}/locations/{l}/services/{s}`; buckets
        are `//storage.googleapis.com/projects/_/buckets/{b}`.
        """
        parts = resource.split("/")
        if api == "storage" and parts[0] == "b":
            parts = ["projects", "_", "buckets", *parts[1:]]
            if len(parts) > 5 and parts[4] == "o":  # noqa: PLR2004
                parts[4] = "objects"
        if api == "iamcredentials":
            api = "iam"
        if api == "iam" and len(parts) >= 4 and parts[2] == "serviceAccounts":  # noqa: PLR2004
            found = self.account(parts[3])
            if found is not None:
                parts[3] = found["email"]
            if parts[1] == "-":
                parts[1] = self.account_project(parts[3]) or "-"
        if parts[0] == "projects" and len(parts) > 1:
            parts[1] = self.project_id(parts[1])
        if parts[0] == "projects" and len(parts) == 2:  # noqa: PLR2004
            return PROJECT_HOST + "/".join(parts)
        return f"//{api}.googleapis.com/" + "/".join(parts)

    def project_of(self, full: str) -> str | None:
        """The id of the project that holds a resource, or None when nothing tells."""
        path = full.removeprefix("//").partition("/")[2]
        parts = path.split("/")
        if parts[0] in ("projects", "namespaces") and len(parts) > 1 and parts[1] not in "_-":
            return self.project_id(parts[1])
        if parts[:2] == ["projects", "_"]:
            bucket = "/".join(full.split("/")[:7])
            found = self.objects.peek(RESOURCES, bucket)
            return None if found is None else self.project_id(str(found["_project"]))
        if parts[0] == "operations":
            found = self.objects.peek(OPERATIONS, path)
            return None if found is None else found.get("_project")
        return None

    def ancestry(self, full: str) -> Iterator[str]:
        """The resource itself, then all that may hold a policy above it, up to the organisation."""
        host_end = full.index("/", 2) + 1
        project = self.project_of(full)
        name = full
        while len(name) > host_end and name.rpartition("/")[0] + "/" != full[:host_end]:
            yield name
            name = name.rpartition("/")[0]
        top = f"projects/{project}" if project is not None else name[host_end:]
        while top:
            yield PROJECT_HOST + top
            found = self.objects.peek(RESOURCES, PROJECT_HOST + top)
            top = "" if found is None else str(found.get("parent", ""))


def shown(body: Any) -> Any:
    """The object without what only the emulator knows (keys that begin with `_`)."""
    if isinstance(body, dict):
        return {k: shown(v) for k, v in body.items() if not k.startswith("_")}
    if isinstance(body, list):
        return [shown(item) for item in body]
    return body
