"""`wfprov plan --new-access` and `--format markdown`, as a pull request's pipeline runs them."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from wfprov.render.markdown import plain

CONFIG = "version: 1\nstack: orders\nworkflows:\n  intake: {source: intake.yaml}\n"
CALL = """\
- {name}:
    call: http.post
    args:
      url: https://{host}-493817260155.europe-west1.run.app/x
      auth: {{type: OIDC}}
"""
WHERE = ("--project", "acme-shop", "--region", "europe-west1")
GATE = ("plan", *WHERE, "--new-access", "--base", "HEAD")
ALLOW = 'policy: {new_access: {allow: [{role: "roles/run.*", level: resource}]}}\n'


@pytest.fixture
def repository(session):
    """A repository whose one workflow calls one service."""

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments],
            cwd=session.folder,
            check=True,
            capture_output=True,
            timeout=60,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
        )

    def commit() -> None:
        git("add", "-A")
        git("commit", "-q", "-m", "a change")

    session.git, session.commit = git, commit
    git("init", "-q")
    session.write("wfprov.yaml", CONFIG)
    session.write("intake.yaml", CALL.format(name="a", host="orders"))
    commit()
    return session


def adds(repository, host: str = "payments") -> None:
    text = (repository.folder / "intake.yaml").read_text()
    repository.write("intake.yaml", text + CALL.format(name="b", host=host))


def test_without_a_change_nothing_is_new(repository):
    ended = repository.wfprov(*GATE)
    assert (ended.code, ended.out) == (0, "This change adds no access, compared with HEAD.\n")


def test_new_access_is_told_with_its_line_and_stops_the_change(repository):
    adds(repository)
    ended = repository.wfprov(*GATE)
    assert ended.code == 4
    assert "+ roles/run.invoker on service payments" in ended.out
    assert "because main.b intake.yaml:7" in ended.out
    assert "orders" not in ended.out.split("1 new grant")[0].replace("orders-", "")


def test_the_rule_that_is_suggested_lets_it_pass_once_the_base_has_it(repository):
    adds(repository)
    said = repository.wfprov(*GATE).out
    rule = said[said.index("      policy:") :].replace("\n      ", "\n").lstrip()
    repository.write("wfprov.yaml", f"{CONFIG}{rule}")
    assert repository.wfprov(*GATE).code == 4, "a change does not let itself pass"
    text = (repository.folder / "intake.yaml").read_text()
    repository.write("intake.yaml", CALL.format(name="a", host="orders"))
    repository.commit()
    repository.write("intake.yaml", text)
    ended = repository.wfprov(*GATE)
    assert ended.code == 0
    assert "all allowed" in ended.out


def test_what_is_denied_does_not_pass_though_it_is_allowed(repository):
    deny = 'policy: {new_access: {allow: [{role: "*"}], deny: [{on: "*/services/payments"}]}}\n'
    repository.write("wfprov.yaml", CONFIG + deny)
    repository.commit()
    adds(repository)
    ended = repository.wfprov(*GATE)
    assert ended.code == 4
    assert "denied by a rule" in ended.out
    repository.write("intake.yaml", CALL.format(name="a", host="other"))
    assert repository.wfprov(*GATE).code == 0


def test_a_project_level_grant_is_not_one_on_a_resource(repository):
    repository.write("wfprov.yaml", CONFIG + ALLOW.replace("roles/run.*", "*"))
    repository.commit()
    text = (repository.folder / "intake.yaml").read_text()
    repository.write("intake.yaml", text + "- log: {call: sys.log, args: {text: a}}\n")
    assert repository.wfprov(*GATE).code == 4


def test_an_absolute_path_is_compared_with_the_base_and_not_with_itself(repository):
    adds(repository)
    path = str(repository.folder / "intake.yaml")
    assert repository.wfprov(*GATE, path).code == 4


def test_a_path_outside_the_repository_has_no_base(repository, tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "other.yaml"
    path.write_text(CALL.format(name="a", host="orders"))
    ended = repository.wfprov(*GATE, str(path))
    assert ended.code not in {0, 4}
    assert "is not in the repository" in ended.err


def test_a_question_does_not_pass(repository):
    adds(repository, "orders")
    text = "main:\n  params: [a]\n  steps:\n    - x: {call: http.get, args: {url: '${a.u}'}}\n"
    repository.write("intake.yaml", text)
    ended = repository.wfprov(*GATE)
    assert ended.code == 4
    assert "1 question open" in ended.out


def test_an_identity_that_is_taken_over_is_new_access(repository):
    shared = "{shared: everyone}"
    config = CONFIG.replace("intake.yaml}", f"intake.yaml, service_account: {shared}}}")
    repository.write("wfprov.yaml", config)
    repository.commit()
    more = f"  other: {{source: other.yaml, service_account: {shared}}}\n"
    repository.write("wfprov.yaml", config + more)
    repository.write("other.yaml", CALL.format(name="a", host="orders"))
    ended = repository.wfprov(*GATE)
    assert ended.code == 4
    assert "because main.a other.yaml:2" in ended.out


def test_a_stack_that_the_base_does_not_have_is_new_as_a_whole(repository):
    repository.write("new/wfprov.yaml", CONFIG.replace("orders", "fresh") + ALLOW)
    repository.write("new/intake.yaml", CALL.format(name="a", host="orders"))
    ended = repository.wfprov(*GATE, "--config", "new/wfprov.yaml")
    assert ended.code == 4, "the policy of the change itself does not count"
    assert "1 new grant" in ended.out


def test_a_configuration_that_only_the_change_has_does_not_shape_the_base(session):
    aimed = CALL.replace("https://{host}-", '${{"https://" + sys.get_env("HOST") + "-')
    text = aimed.replace("/x", '/x"}}').format(name="a")
    session.write("intake.yaml", text)
    subprocess.run(["git", "init", "-q"], cwd=session.folder, check=True, timeout=60)
    for command in (("add", "-A"), ("commit", "-q", "-m", "a")):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *command],
            cwd=session.folder, check=True, timeout=60,
        )  # fmt: skip
    config = CONFIG.replace("intake.yaml}", "intake.yaml, env: {HOST: payments}}")
    session.write("wfprov.yaml", config)
    ended = session.wfprov(*GATE, "intake.yaml")
    assert ended.code == 4
    assert "service payments" in ended.out


def test_nothing_that_a_repository_sets_up_is_run(repository):
    trap = repository.write("trap.sh", "#!/bin/sh\ntouch sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.x.smudge"):
        repository.git("config", name, "./trap.sh")
    repository.write(".gitattributes", "*.yaml filter=x diff=x\n")
    repository.git("config", "diff.x.textconv", "./trap.sh")
    (repository.folder / ".git/hooks/post-checkout").write_text("#!/bin/sh\ntouch sprung\n")
    (repository.folder / ".git/hooks/post-checkout").chmod(0o755)
    adds(repository)
    assert repository.wfprov(*GATE).code == 4
    assert not (repository.folder / "sprung").exists()


@pytest.mark.parametrize("ref", ["nothing", "--output=x", "HEAD; touch sprung", "", "HEAD:intake"])
def test_a_revision_that_is_none_is_told(repository, ref):
    ended = repository.wfprov("plan", *WHERE, "--new-access", f"--base={ref}")
    assert ended.code == 3
    assert "git knows no revision" in ended.err
    assert sorted(p.name for p in repository.folder.iterdir()) == [
        ".git", "intake.yaml", "wfprov.yaml"
    ]  # fmt: skip


def test_outside_a_repository_it_is_told(session, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(session.folder.parent))
    session.write("intake.yaml", CALL.format(name="a", host="orders"))
    ended = session.wfprov(*GATE, "intake.yaml")
    assert ended.code == 3
    assert "not a git repository" in ended.err


def test_a_base_alone_is_wrong_usage(repository):
    assert repository.wfprov("plan", *WHERE, "--base", "HEAD").code == 3
    assert repository.wfprov("plan", *WHERE, "--new-access").code == 3


def test_json_has_each_new_grant_with_its_place(repository):
    adds(repository)
    body = repository.wfprov(*GATE, "--format", "json").json
    (one,) = body["new_access"]
    assert body["passes"] is one["passes"] is False
    assert one["grant"]["role"] == "roles/run.invoker"
    assert one["locations"][0]["start"]["line"] == 7


class TestMarkdown:
    def test_a_comment_is_found_again_by_its_marker(self, repository):
        adds(repository)
        gate = repository.wfprov(*GATE, "--format", "markdown").out
        assert gate.startswith("<!-- wfprov:new-access:orders: -->")
        plan = repository.wfprov("plan", *WHERE, "--offline", "--format", "markdown").out
        assert plan.startswith("<!-- wfprov:plan:orders: -->")
        assert "Plan: " in plan

    def test_hostile_names_stay_text(self, repository):
        evil = "@everyone</summary><b>x</b> | `` ``` [a](http://b)"
        repository.write(
            "intake.yaml",
            f"- {json.dumps(evil)}:\n    call: http.post\n    args:\n"
            "      url: https://pay-493817260155.europe-west1.run.app/x\n"
            "      auth: {type: OIDC}\n",
        )
        gate = repository.wfprov(*GATE, "--format", "markdown").out
        row = next(line for line in gate.splitlines() if "main." in line)
        assert row.count("|") == 6, "no cell is broken up"
        assert "``" not in row
        plan = repository.wfprov("plan", *WHERE, "--offline", "--format", "markdown").out
        body = plan[plan.index("````") :]
        assert body.count("````") == 2, "the fence is longer than any in the text"

    def test_a_long_name_does_not_get_out_of_its_code(self, repository):
        evil = "x" * 700 + "@everyone <b>" + "`" * 30_000
        repository.write(
            "intake.yaml",
            f"main:\n  params: [u]\n  steps:\n  - {json.dumps(evil)}:\n"
            "      call: http.post\n      args: {url: '${u}', auth: {type: OIDC}}\n",
        )
        for arguments in (GATE, ("plan", *WHERE, "--offline")):
            out = repository.wfprov(*arguments, "--format", "markdown").out
            listed = [row for row in out.splitlines() if row.startswith("- `")]
            assert all(row.count("`") % 2 == 0 and "<b>" not in row for row in listed)
            assert len(out) < 65_536

    def test_a_backslash_is_not_all_that_stops_a_mention(self):
        assert plain("@everyone closes #1") == "@&#8203;everyone closes #&#8203;1"

    def test_it_fits_a_comment_with_a_thousand_workflows(self, repository):
        names = [f"workflow-{n:0>40}" for n in range(1000)]
        config = "version: 1\nstack: orders\nworkflows:\n" + "".join(
            f"  {name}: {{source: {name}.yaml}}\n" for name in names
        )
        repository.write("wfprov.yaml", config)
        for number, name in enumerate(names):
            repository.write(f"{name}.yaml", CALL.format(name="a", host=f"service-{number}"))
        for arguments in (GATE, ("plan", *WHERE, "--offline")):
            ended = repository.wfprov(*arguments, "--format", "markdown")
            assert len(ended.out) < 65_536
            assert "more" in ended.out


def test_a_source_that_leads_out_of_the_repository_is_new_each_time(repository, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "intake.yaml"
    elsewhere.write_text(CALL.format(name="a", host="orders"))
    repository.write("wfprov.yaml", CONFIG.replace("intake.yaml", str(elsewhere)))
    repository.commit()
    assert repository.wfprov(*GATE).code == 4
