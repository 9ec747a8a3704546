"""`wfprov audit`, as a user runs it against the embedded control plane."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from wfprov.audit.command import added, removed
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.desired.accesses import access_to
from wfprov.emulator import admin
from wfprov.emulator.serve import gcloud_environment
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.store.facts import open_facts

PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme-shop"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
ACCOUNT = "serviceAccount:order-intake@acme-shop.iam.gserviceaccount.com"


class Live:
    """The policies of the control plane, read and changed with the real libraries."""

    def __init__(self, emulator, token: str) -> None:
        self.cloud = GoogleCloud(
            embedded_session(root=emulator.http_url, grpc_target=emulator.grpc_target, token=token)
        )

    def members(self, on: str) -> str:
        return json.dumps(self.cloud.send(access_to(on, open_facts()).read()))

    def revoke(self, on: str, role: str, member: str) -> None:
        access = access_to(on, open_facts())
        body = self.cloud.send(access.read())
        gone = [Membership(BindingKey(role, None), member)]
        self.cloud.send(access.write(access.changed(body, remove=gone)))


@pytest.fixture
def live(emulator, owner):
    """What is live, as the owner sees it."""
    made = Live(emulator, emulator.token(owner))
    yield made
    made.cloud.close()


@pytest.fixture
def applied(deployed):
    """The stack of `deployed`, applied, and then a foreign change: its grant is gone."""
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    return deployed


@pytest.fixture
def broken(applied, live):
    """A stack whose one grant somebody took away."""
    live.revoke(SERVICE, "roles/run.invoker", ACCOUNT)
    return applied


def test_what_apply_made_has_no_finding(applied):
    ended = applied.wfprov("audit", "-e", "shop", "--fail-on", "note")
    assert ended.code == 0, ended.out
    assert "nothing found in what was looked at" in ended.out


@pytest.mark.parametrize("printed", ["text", "json", "sarif", "markdown", "github"])
def test_every_format_names_the_call_that_will_fail(broken, printed):
    ended = broken.wfprov("audit", "-e", "shop", "--format", printed)
    assert ended.code == 0
    assert "missing-grant" in ended.out
    if printed in {"json", "sarif"}:
        assert ended.json


def test_a_finding_at_the_severity_asked_for_ends_with_4(broken):
    assert broken.wfprov("audit", "-e", "shop", "--fail-on", "error").code == 4
    assert broken.wfprov("audit", "-e", "shop", "--fail-on", "warning").code == 4


def test_a_baseline_that_is_written_accepts_what_was_found(broken):
    wrote = broken.wfprov("audit", "-e", "shop", "--write-baseline", "accepted.json")
    assert "Accepted 1 findings" in wrote.err
    again = broken.wfprov("audit", "-e", "shop", "--baseline", "accepted.json", "--fail-on", "note")
    assert again.code == 0
    assert "1 suppressed" in again.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fleet", "workflows"), "--fleet reads definitions from the cloud"),
        (("-e", "shop", "--baseline", "none.json"), "none.json"),
        (("-e", "shop", "--project", "acme-a", "--project", "acme-b"), "several projects"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_read(applied, arguments, said):
    ended = applied.wfprov("audit", *arguments)
    assert ended.code in {1, 3}
    assert said in ended.err


def test_a_baseline_that_is_no_baseline_is_refused_with_its_place(applied):
    applied.write("accepted.json", '{"format_version": "1.0", "accepted": [')
    ended = applied.wfprov("audit", "-e", "shop", "--baseline", "accepted.json")
    assert ended.code in {1, 3}
    assert "accepted.json" in ended.err


ON = (
    PROJECT,
    SERVICE,
    "//secretmanager.googleapis.com/projects/acme-shop/secrets/partner",
    "//pubsub.googleapis.com/projects/acme-shop/topics/orders",
)


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
@pytest.mark.parametrize("on", ON)
def test_the_command_of_a_fix_does_in_gcloud_what_it_says(emulator, owner, live, tmp_path, on):
    if on not in {PROJECT, SERVICE}:
        sent = {"names": [on], "owner": owner}
        admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    condition = Condition(expression='resource.name != "a,b"', title="t") if on == PROJECT else None
    membership = Membership(
        BindingKey("roles/browser" if condition else "roles/viewer", condition),
        "user:ops@acme.example",
    )
    token = tmp_path / "token"
    token.write_text(emulator.token(owner))
    environment = {
        **gcloud_environment(emulator, token),
        "PATH": os.environ["PATH"],
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
    }
    for fix, stays in ((added(on, membership), True), (removed(on, membership), False)):
        done = subprocess.run(
            ["bash", "-c", fix.command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert ("ops@acme.example" in live.members(on)) is stays
