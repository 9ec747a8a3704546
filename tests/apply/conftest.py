"""A control plane in memory, and a stack for it: the ports' real, small implementations."""

import json
from copy import deepcopy
from threading import Lock
from types import SimpleNamespace

import pytest

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.errors import (
    ConflictError,
    ExistsError,
    InvalidError,
    NotFoundError,
    UnreachableError,
)
from wfprov.core.policy import BindingKey, Membership, Policy
from wfprov.core.resource import Contents
from wfprov.desired.graph import Desired
from wfprov.resources.api_service import ApiService
from wfprov.resources.iam_policy import IamPolicy, PolicyRoute
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

FOREIGN = {"role": "roles/run.invoker", "members": ["user:ops@x.example", "allUsers"]}
TIMED = {
    "role": "roles/viewer",
    "members": ["group:g@x.example"],
    "condition": {"expression": "true", "title": "t", "description": "kept"},
}


class MemoryCloud:
    """Accounts, workflows, APIs, policies with etags; `fail` may raise before or after a call."""

    def __init__(self, policies):
        self.lock = Lock()
        self.things = {}
        self.policies = {name: {"etag": "0", **deepcopy(body)} for name, body in policies.items()}
        self.calls = []
        self.fail = lambda _number, _call, **_when: None
        self.before_write = lambda _cloud, _name: None

    def send(self, call):
        with self.lock:
            number = len(self.calls)
            self.calls.append(call)
            self.fail(number, call, after=False)
            answer = self._answer(call)
            self.fail(number, call, after=True)
            return json.loads(json.dumps(answer))

    def _answer(self, call):
        verb, request = call.method.rpartition(".")[2], call.request
        if verb in {"getIamPolicy", "setIamPolicy"}:
            return self._policy(verb, request)
        match verb:
            case "enable":
                self.things[request["name"]] = {"name": request["name"], "state": "ENABLED"}
            case "create_service_account":
                mail = f"{request['accountId']}@p.iam.gserviceaccount.com"
                name = f"projects/p/serviceAccounts/{mail}"
                return self._create(name, {**request["serviceAccount"], "email": mail})
            case "create_workflow":
                name = f"{request['parent']}/workflows/{request['workflowId']}"
                return self._create(name, request["workflow"])
            case "update_workflow" | "patch_service_account":
                changes = request.get("workflow") or request["serviceAccount"]
                was = self._found(changes["name"])
                for field in request["updateMask"].split(","):
                    was.pop(field, None)
                was |= changes
            case "delete_workflow" | "delete_service_account":
                self._found(request["name"])
                del self.things[request["name"]]
            case _ if call.pages:
                parent = request.get("parent") or request["name"]
                here = f"{parent}/{'serviceAccounts' if call.pages == 'accounts' else call.pages}/"
                return {call.pages: [t for n, t in self.things.items() if n.startswith(here)]}
            case _:
                return self._found(request["name"])
        return {}

    def _create(self, name, body):
        if name in self.things:
            raise ExistsError(f"{name} exists")
        self.things[name] = {**body, "name": name}
        return self.things[name]

    def _found(self, name):
        if name not in self.things:
            raise NotFoundError(f"{name} is not there")
        return self.things[name]

    def _policy(self, verb, request):
        name = request["resource"]
        if name not in self.policies:
            raise NotFoundError(f"{name} is not there")
        if verb == "setIamPolicy":
            self.before_write(self, name)
            sent = request["body"]["policy"]
            if sent["etag"] != self.policies[name]["etag"]:
                raise ConflictError("stale etag", status="ABORTED")
            for m in Policy(sent).memberships():
                mail = m.member.removeprefix("serviceAccount:")
                if mail != m.member and f"projects/p/serviceAccounts/{mail}" not in self.things:
                    raise InvalidError(f"Service account {mail} does not exist.")
            self.put(name, sent)
        return self.policies[name]

    def put(self, name, body):
        self.policies[name] = {**deepcopy(body), "etag": str(int(self.policies[name]["etag"]) + 1)}

    def members(self, name):
        return Policy(self.policies[name]).memberships()

    def foreign(self, name):
        """All of a policy but the stack's members, in a form that compares."""
        body = {k: v for k, v in self.policies[name].items() if k not in {"etag", "version"}}
        ours = {m for m in Policy(body).memberships() if ".iam.gserviceaccount.com" in m.member}
        body = dict(Policy(body).changed(remove=ours).body)
        return {k: v for k, v in body.items() if k != "version"}


class Time:
    """Time that passes only by sleeping, in no time."""

    def __init__(self):
        self.seconds = 1000.0
        self.lock = Lock()

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        with self.lock:
            self.seconds += seconds


class Highest:
    """A die that falls on its highest side."""

    def uniform(self, _low, high):
        return high


def policy(name, *wanted):
    return IamPolicy(
        subject_name=ResourceName(f"//run.googleapis.com/{name}"),
        route=PolicyRoute(
            client="run:v2", collection="projects.locations.services", parameters={"resource": name}
        ),
        memberships=frozenset(
            Membership(BindingKey(RoleName(role)), member) for role, member in wanted
        ),
    )


def desired(*names, source="main: {}", services=("projects/p/s/one", "projects/p/s/two")):
    """A stack of workflows, each with an account that may invoke every service."""
    accounts = [ServiceAccount(project="p", account_id=n, stack="orders") for n in names]
    workflows = [
        Workflow(
            project="p",
            region="r",
            workflow_id=name,
            source=Contents(source),
            service_account=account.email,
            labels={"wfprov-stack": "orders"},
        )
        for name, account in zip(names, accounts, strict=True)
    ]
    members = [f"serviceAccount:{a.email}" for a in accounts]
    return Desired(
        stack="orders",
        mark="orders",
        project="p",
        resources=(ApiService(project="p", service="run.googleapis.com"), *accounts, *workflows),
        accesses=tuple(policy(s, *(("roles/run.invoker", m) for m in members)) for s in services),
        projects=("p",),
        regions=("projects/p/locations/r",),
        owned=frozenset(members),
    )


def plane():
    foreign = {"bindings": [FOREIGN, TIMED], "auditConfigs": [{"service": "allServices"}]}
    return MemoryCloud({"projects/p/s/one": foreign, "projects/p/s/two": foreign})


class Nothing:
    """Facts of which none is known."""

    def needs(self, _method):
        return None


def lost(call):
    return UnreachableError(f"{call}: reset", call=call)


@pytest.fixture
def world():
    return SimpleNamespace(
        plane=plane,
        desired=desired,
        policy=policy,
        time=Time,
        dice=Highest(),
        facts=Nothing(),
        lost=lost,
        foreign=FOREIGN,
    )
