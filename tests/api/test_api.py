"""The Python API does what the commands do, and shows nothing of the inside."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import wfprov
from wfprov import api
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator

OWNER = "user:ana@example.com"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
DEFINITION = """\
- charge:
    call: http.post
    args:
      url: https://payments-493817260155.europe-west1.run.app/charge
      auth: {type: OIDC}
"""


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """A stack in the working folder, and the control plane that it is for."""
    with Emulator.start(operation_polls=0) as emulator:
        project = {"projectId": "acme-shop", "projectNumber": "493817260155", "owner": OWNER}
        admin.answer(emulator.plane, "POST", "emulator/v1/projects", {}, project)
        service = {"names": [SERVICE], "owner": OWNER}
        admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, service)
        monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(OWNER))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "environments").mkdir()
        (tmp_path / "order.yaml").write_text(DEFINITION)
        (tmp_path / "wfprov.yaml").write_text(
            "version: 1\nstack: orders\nworkflows:\n  order-intake: {source: order.yaml}\n"
        )
        (tmp_path / "environments/shop.yaml").write_text(
            f"endpoint: {emulator.http_url}\nproject: acme-shop\nregion: europe-west1\n"
            f"endpoints: {{iam: 'http://{emulator.grpc_target}'}}\n"
        )
        yield emulator


def test_importing_wfprov_imports_nothing_else():
    program = (
        "import sys, importlib, typing\n"
        "before = set(sys.modules)\n"
        "import wfprov\n"
        "assert set(sys.modules) - before == {'wfprov'}, set(sys.modules) - before\n"
        "wfprov.inspect\n"
        "late = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "never = {'google', 'googleapiclient', 'grpc', 'requests', 'yaml', 'typer'}\n"
        "assert not late & never, late\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_names_are_those_that_were_promised():
    assert wfprov.__all__ == ["__version__", "apply_plan", "check", "inspect", "make_plan"]
    assert {name for name in api.__all__ if name[0].islower()} == set(wfprov.__all__[1:])
    assert all(hasattr(api, name) for name in api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'inspct'"):
        _ = wfprov.inspct
    assert wfprov.inspect is api.inspect


VALUES = [getattr(api, n) for n in api.__all__ if dataclasses.is_dataclass(getattr(api, n))]


def parts(hint: object) -> set[object]:
    inside = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal or not inside:
        return {hint}
    return {part for one in inside for part in parts(one)}


@pytest.mark.parametrize("value", VALUES, ids=lambda v: v.__name__)
def test_a_value_is_frozen_documented_and_made_of_values(value):
    assert value.__dataclass_params__.frozen
    assert value.__doc__
    for name, hint in typing.get_type_hints(value).items():
        if name.startswith("_"):
            continue
        for part in parts(hint):
            module = getattr(part, "__module__", "builtins")
            assert module in {"builtins", "typing", "wfprov.api.values"} or part is ..., name


@pytest.mark.usefixtures("stack")
def test_inspect_is_what_the_command_prints(capsys):
    from wfprov.cli.main import run

    found = wfprov.inspect(environment="shop")
    assert run(["inspect", "-e", "shop", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == found.document
    [workflow] = found.workflows
    [site] = workflow.sites
    assert (site.id, site.call, site.location.line) == ("main.charge", "http.post", 2)
    [target] = site.targets
    assert target.auth == api.Auth(
        type="OIDC", audience="https://payments-493817260155.europe-west1.run.app/charge"
    )
    assert [need.permission for need in target.needs] == ["run.routes.invoke"]
    assert [grant.role for grant in workflow.grants] == ["roles/run.invoker"]


def test_a_question_comes_with_its_answer():
    text = "- a: {call: http.get, args: {url: https://a.example, auth: {type: OIDC}}}\n"
    found = wfprov.inspect(text=text, project="acme-shop", region="europe-west1")
    [(site, question)] = found.workflows[0].questions
    assert site == "main.a"
    assert "cloud_run: SERVICE" in question.answer


def test_a_text_stands_for_itself(tmp_path):
    with pytest.raises(api.InputError, match="a text stands for itself"):
        wfprov.inspect(tmp_path / "a.yaml", text="- a: {return: 1}")
    with pytest.raises(api.InputError, match="names no place"):
        wfprov.inspect(text="- a: {return: 1}", project="Not A Project")


@pytest.mark.usefixtures("stack")
def test_a_plan_is_carried_out_and_the_next_one_has_nothing_to_do():
    plan = wfprov.make_plan(environment="shop")
    assert plan.applyable
    assert {c.action for c in plan.due} == {"create", "update"}
    assert "workflows.workflows.create" in plan.deployer_permissions
    report = wfprov.apply_plan(plan)
    assert report.ok
    assert {step.state for step in report.steps} == {"done"}
    assert wfprov.make_plan(environment="shop").due == ()
    assert wfprov.apply_plan(plan) == api.Report(steps=(), ok=True), "all of it is done already"


def test_a_plan_that_something_moved_under_is_refused(stack):
    plan = wfprov.make_plan(environment="shop")
    sent = {
        "names": [
            "//workflows.googleapis.com/projects/acme-shop/locations/europe-west1/workflows/order-intake"
        ],
        "owner": OWNER,
    }
    admin.answer(stack.plane, "POST", "emulator/v1/resources", {}, sent)
    with pytest.raises(api.StalePlanError):
        wfprov.apply_plan(plan)


@pytest.mark.usefixtures("stack")
def test_a_plan_with_an_open_question_is_refused():
    Path("order.yaml").write_text(
        "- a: {call: http.get, args: {url: https://a.example, auth: {type: OIDC}}}\n"
    )
    plan = wfprov.make_plan(environment="shop")
    assert [q.reason for q in plan.questions if q.answer] == ["question"]
    with pytest.raises(api.BlockedError):
        wfprov.apply_plan(plan)


@pytest.mark.usefixtures("stack")
def test_a_plan_shows_no_value_of_a_variable():
    config = Path("wfprov.yaml")
    config.write_text(
        config.read_text().replace(
            "{source: order.yaml}", "{source: order.yaml, env: {A: hunter2}}"
        )
    )
    plan = wfprov.make_plan(environment="shop")
    assert plan.applyable
    assert "hunter2" not in repr(plan)
    assert "hunter2" not in json.dumps(plan.document)
