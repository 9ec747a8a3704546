"""How many requests are sent, as the control plane counts them: the floor, and not one more."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from wfprov.app.apply import carry_out
from wfprov.app.load import Selection, load
from wfprov.app.plan import Asked, make_live
from wfprov.app.wiring import Reach, control_plane
from wfprov.cli.main import run
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.plan.change import Mode

OWNER = "user:ana@example.com"
REGION = "europe-west1"
PARALLEL = 10
DEFINITION = """\
- key:
    call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
    args: {{secret_id: key-{index}, project_id: {project}}}
    result: key
- charge:
    call: http.post
    args:
      url: https://service-{index}-{number}.{region}.run.app/charge
      auth: {{type: OIDC}}
      body: ${{key}}
"""
LISTED_ONCE = tuple(
    f"{what}.list"
    for what in (
        "run.projects.locations",
        "cloudkms.projects.locations",
        "cloudtasks.projects.locations",
        "cloudfunctions.projects.locations.functions",
        "secretmanager.projects.secrets",
        "pubsub.projects.topics",
        "pubsub.projects.subscriptions",
        "storage.buckets",
        "bigquery.datasets",
    )
)


class Fleet:
    """So many workflows over so many projects, each with a service and a secret of its own."""

    def __init__(self, folder: Path, emulator: Emulator, count: int, projects: int) -> None:
        self.emulator, self.count, self.projects = emulator, count, projects
        rows = []
        names = {f"fleet-{p}": [] for p in range(projects)}
        for project, number in self.numbers().items():
            self.admin("projects", {"projectId": project, "projectNumber": number, "owner": OWNER})
        (folder / "flows").mkdir()
        for index in range(count):
            project = f"fleet-{index % projects}"
            text = DEFINITION.format(
                index=index, project=project, number=self.numbers()[project], region=REGION
            )
            (folder / "flows" / f"w{index}.yaml").write_text(text, encoding="utf-8")
            rows.append(f"  flow-{index}: {{source: flows/w{index}.yaml, project: {project}}}\n")
            services = f"//run.googleapis.com/projects/{project}/locations/{REGION}/services"
            secrets = f"//secretmanager.googleapis.com/projects/{project}/secrets"
            names[project] += [f"{services}/service-{index}", f"{secrets}/key-{index}"]
        for project, some in names.items():
            self.admin("resources", {"names": some, "project": project})
        config = folder / "wfprov.yaml"
        config.write_text(f"version: 1\nstack: fleet\nworkflows:\n{''.join(rows)}")
        (folder / "environments").mkdir()
        (folder / "environments" / "dev.yaml").write_text(
            f"endpoint: {emulator.http_url}\nendpoints: {{iam: 'http://{emulator.grpc_target}'}}\n"
            f"project: fleet-0\nregion: {REGION}\n",
            encoding="utf-8",
        )
        self.loaded = load(Selection(environment="dev", config=str(config)))
        self.emulator.plane.forget_requests()

    def numbers(self) -> dict[str, str]:
        return {f"fleet-{p}": str(700000000000 + p) for p in range(self.projects)}

    def admin(self, what: str, body: dict) -> None:
        admin.answer(self.emulator.plane, "POST", f"emulator/v1/{what}", {}, body)

    def sent(self) -> dict[str, int]:
        """The requests since the last time, by method; those that wait for operations left out."""
        entries = self.emulator.plane.requests()
        self.emulator.plane.forget_requests()
        methods = Counter(str(entry["method"]).partition(" ")[2] for entry in entries)
        return {m: n for m, n in methods.items() if not m.endswith("operations.get")}

    def planned(self) -> dict[str, int]:
        """What a plan of an empty cloud sends."""
        n, p = self.count, self.projects
        return {
            "cloudresourcemanager.projects.get": p,
            "serviceusage.services.list": p,
            "iam.projects.serviceAccounts.list": p,
            "iam.projects.roles.list": p,
            "workflows.projects.locations.workflows.list": p,
            "cloudresourcemanager.projects.getIamPolicy": p,
            "run.projects.locations.services.getIamPolicy": n,
            "secretmanager.projects.secrets.getIamPolicy": n,
            "iam.roles.queryGrantableRoles": 2,
            "cloudresourcemanager.projects.testIamPermissions": p,
            "run.projects.locations.services.testIamPermissions": n,
            "secretmanager.projects.secrets.testIamPermissions": n,
        }

    def applied(self) -> dict[str, int]:
        """What carrying it out sends: one write for each thing, no policy read again."""
        n, p = self.count, self.projects
        return {
            "serviceusage.services.enable": 2 * p,
            "iam.projects.serviceAccounts.create": n,
            "run.projects.locations.services.setIamPolicy": n,
            "secretmanager.projects.secrets.setIamPolicy": n,
            "workflows.projects.locations.workflows.create": n,
        }

    def planned_away(self) -> dict[str, int]:
        """What the plan of its removal sends.

        It reads what a plan reads. What the accounts may hold elsewhere is looked for in each
        project by a search for each project that has accounts, then by 13 lists, whose policies are
        read where no other request has read them: those of the accounts.
        """
        n, p = self.count, self.projects
        once = {k: v for k, v in self.planned().items() if not k.endswith("queryGrantableRoles")}
        two_kinds = ("run.projects.locations.services", "run.projects.locations.jobs")
        return once | {
            "cloudasset.searchAllIamPolicies": p * p,
            **dict.fromkeys((f"{kind}.list" for kind in two_kinds), 2 * p),
            **dict.fromkeys(LISTED_ONCE, p),
            "iam.projects.serviceAccounts.getIamPolicy": n + p,  # each project has one of its own
            "iam.projects.serviceAccounts.testIamPermissions": n,
        }

    def removed(self) -> dict[str, int]:
        """What carrying that out sends: one write for each thing, no policy read again."""
        n = self.count
        return {
            "workflows.projects.locations.workflows.delete": n,
            "run.projects.locations.services.setIamPolicy": n,
            "secretmanager.projects.secrets.setIamPolicy": n,
            "iam.projects.serviceAccounts.delete": n,
        }


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    with Emulator.start(operation_polls=0) as emulator:
        monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(OWNER))
        yield lambda count, projects: Fleet(tmp_path, emulator, count, projects)


def plan(made, control, mode=Mode.APPLY):
    asked = Asked(mode=mode)
    return make_live(made.loaded, control, time.time, asked=asked, parallel=PARALLEL)


def carried_out(planned, control):
    report = carry_out(
        planned.plan,
        planned.live,
        control,
        clock=SystemClock(),
        dice=SystemDice(),
        reach=Reach(parallel=PARALLEL),
    )
    return report.ok


@pytest.mark.parametrize(("count", "projects"), [(1, 1), (10, 2), (10, 1), (1000, 20)])
def test_plan_apply_and_destroy_send_what_they_must(fleet, count, projects):
    made = fleet(count, projects)
    with control_plane(made.loaded.stack, Reach(parallel=PARALLEL)) as control:
        first = plan(made, control)
        assert first.may_apply
        assert made.sent() == made.planned()
        assert carried_out(first, control)
        assert made.sent() == made.applied()
        last = plan(made, control, Mode.DESTROY)
        assert made.sent() == made.planned_away()
        assert carried_out(last, control)
        assert made.sent() == made.removed()


@pytest.mark.parametrize(("count", "projects"), [(1, 1), (10, 2), (10, 1)])
def test_planning_again_sends_what_it_must(fleet, count, projects):
    made = fleet(count, projects)
    with control_plane(made.loaded.stack, Reach(parallel=PARALLEL)) as control:
        assert carried_out(plan(made, control), control)
        made.sent()
        assert plan(made, control).plan.due == ()
    sent = made.sent()
    once = {
        method: number
        for method, number in made.planned().items()
        if not method.endswith(("queryGrantableRoles", "testIamPermissions"))
    }
    assert {method: sent[method] for method in once} == once
    # What the accounts may hold elsewhere is looked for in each project, whatever the count: by a
    # search for each project that has accounts, then by 13 lists.
    accounts = sent["iam.projects.serviceAccounts.getIamPolicy"]
    assert accounts == count + projects  # each project has a default account too
    rest = sum(sent.values()) - sum(once.values()) - accounts
    assert rest == projects * (projects + 13)


def test_verbose_ends_with_the_count(fleet, tmp_path, monkeypatch, capsys):
    made = fleet(10, 2)
    monkeypatch.chdir(tmp_path)
    assert run(["plan", "-e", "dev", "--verbose"]) == 0
    assert capsys.readouterr().err.splitlines()[-1].strip() == "56 requests, 2 refused"
    assert sum(made.sent().values()) == 56
