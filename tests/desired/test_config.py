"""The configuration is read whole or said to be wrong at a place."""

from __future__ import annotations

from fnmatch import fnmatchcase
from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wfprov.catalog.target import Answer
from wfprov.core.checked import Checked
from wfprov.core.span import Source, Span
from wfprov.desired.answers import ANSWER_KINDS, EXAMPLES
from wfprov.desired.config import Overrides, decode, from_paths
from wfprov.desired.layer import CONFIG_KEYS, ENVIRONMENT_KEYS, POLICY_KEYS, WORKFLOW_KEYS
from wfprov.desired.model import Dedicated, Existing, ScheduleTrigger, Shared, Stack, WorkflowSpec
from wfprov.desired.paths import workflow_names
from wfprov.render.place import Places

MINIMAL = """\
version: 1
stack: orders
workflows:
  a: {source: w/a.yaml}
"""


class Disk:
    """Files by name."""

    def __init__(self, *paths: str) -> None:
        self._paths = sorted(paths)

    def matching(self, pattern: str) -> tuple[str, ...]:
        return tuple(path for path in self._paths if fnmatchcase(path, pattern))

    def identity(self, path: str) -> str:
        return path.removeprefix("./")


def read(
    config: str | None,
    environment: str | None = None,
    *,
    files: tuple[str, ...] = ("w/a.yaml", "w/b.yaml"),
    overrides: Overrides | None = None,
    paths: tuple[str, ...] = (),
) -> Checked[Stack]:
    return decode(
        None if config is None else Source("wfprov.yaml", dedent(config)),
        None if environment is None else Source("environments/e.yaml", dedent(environment)),
        environment_name="" if environment is None else "e",
        overrides=overrides or Overrides(),
        sources=Disk(*files),
        paths=paths,
    )


def found(checked: Checked[Stack]) -> list[str]:
    """Each finding as `file:line:col rule message | help`."""
    places = Places()
    shown = []
    for d in checked.diagnostics:
        assert isinstance(d.at, Span)
        where = f"{d.at.source.name}:{places.short(d.at)}"
        shown.append(f"{where} {d.rule.slug}: {d.message}" + (f" | {d.help}" if d.help else ""))
    return shown


def the_workflow(checked: Checked[Stack]) -> WorkflowSpec:
    assert found(checked) == []
    assert checked.value is not None
    [workflow] = checked.value.workflows
    return workflow


def workflow_with(setting: str) -> Checked[Stack]:
    return read(f"{MINIMAL[: MINIMAL.index('  a:')]}  a:\n    source: w/a.yaml\n    {setting}\n")


def test_every_key_of_the_contract_is_read() -> None:
    checked = read(
        """\
        version: 1
        stack: orders
        workflows:
          order-intake:
            source: w/a.yaml
            templating: terraform
            service_account: dedicated
            env: {ORDERS_URL: https://orders.example.com, PORT: 8080, ON: true}
            call_log_level: LOG_ERRORS_ONLY
            execution_history_level: EXECUTION_HISTORY_DETAILED
            description: Takes an order
            labels: {team: orders}
            crypto_key: projects/p/locations/l/keyRings/r/cryptoKeys/k
            deletion_protection: true
            triggers: [{schedule: "0 6 * * *", time_zone: Europe/Berlin, argument: {}}]
            arguments: {project: acme, deep: {a: [1, null]}}
            answers:
              main.call_partner: {external: "partner API, key in the header"}
              main.other@main.caller: {function: {name: f, generation: 2}}
              main.third: {permissions: [run.routes.invoke]}
        policy:
          forbidden_roles: [roles/owner]
          dedicated_identity: required
          custom_roles: when-narrower
          custom_role_threshold: 5
          prefer_roles: {run.routes.invoke: roles/run.servicesInvoker}
        """,
        """\
        project: acme-prod
        project_number: 493817260155
        region: europe-west1
        endpoint: http://127.0.0.1:8080
        endpoints: {run: https://run.example.com}
        universe_domain: s3nsapis.fr
        """,
    )
    workflow = the_workflow(checked)
    stack = checked.value
    assert stack is not None
    assert (stack.name, stack.environment, stack.project, stack.region) == (
        "orders",
        "e",
        "acme-prod",
        "europe-west1",
    )
    assert stack.project_number == "493817260155"
    assert stack.endpoint == "http://127.0.0.1:8080"
    assert stack.endpoints == {"run": "https://run.example.com"}
    assert stack.universe_domain == "s3nsapis.fr"
    assert stack.policy.forbidden_roles == {"roles/owner"}
    assert stack.policy.dedicated_identity == "required"
    assert stack.policy.custom_roles == "when-narrower"
    assert stack.policy.custom_role_threshold == 5
    assert stack.policy.prefer_roles == {"run.routes.invoke": "roles/run.servicesInvoker"}
    assert workflow.name == "order-intake"
    assert workflow.source_path == "w/a.yaml"
    assert workflow.project_number == "493817260155"
    assert workflow.templating == "terraform"
    assert workflow.service_account == Dedicated()
    assert workflow.env == {
        "ORDERS_URL": "https://orders.example.com",
        "PORT": "8080",
        "ON": "true",
    }
    assert workflow.call_log_level == "LOG_ERRORS_ONLY"
    assert workflow.execution_history_level == "EXECUTION_HISTORY_DETAILED"
    assert workflow.description == "Takes an order"
    assert workflow.labels == {"team": "orders"}
    assert workflow.crypto_key == "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    assert workflow.deletion_protection is True
    [trigger] = workflow.triggers
    assert isinstance(trigger, ScheduleTrigger)
    assert (trigger.schedule, trigger.time_zone) == ("0 6 * * *", "Europe/Berlin")
    assert trigger.argument == "{}"
    assert workflow.arguments == {"project": "acme", "deep": {"a": [1, None]}}
    values = {key: (answer.kind, answer.value) for key, answer in workflow.answers.items()}
    assert values == {
        "main.call_partner": ("external", "partner API, key in the header"),
        "main.other@main.caller": ("function", {"name": "f", "generation": "2"}),
        "main.third": ("permissions", ("run.routes.invoke",)),
    }


def test_defaults_are_those_of_the_model() -> None:
    workflow = the_workflow(read(MINIMAL))
    assert workflow.at is not None
    assert workflow.at.text == "a"
    plain = WorkflowSpec(name="a", source_path="w/a.yaml", at=workflow.at)
    assert workflow == plain


def test_the_environment_is_laid_over_and_maps_are_merged_by_key() -> None:
    workflow = the_workflow(
        read(
            """\
            version: 1
            stack: orders
            workflows:
              a:
                source: w/a.yaml
                description: below
                env: {ONE: below, TWO: below}
                arguments: {deep: {one: below, two: below}}
            """,
            """\
            project: acme-prod
            region: europe-west1
            workflows:
              a:
                project: acme-orders
                description: above
                env: {TWO: above, THREE: above}
                arguments: {deep: {two: above}}
            """,
        )
    )
    assert (workflow.project, workflow.region) == ("acme-orders", "europe-west1")
    assert workflow.description == "above"
    assert workflow.env == {"ONE": "below", "TWO": "above", "THREE": "above"}
    assert workflow.arguments == {"deep": {"one": "below", "two": "above"}}


def test_flags_win_over_the_environment_and_its_number_goes_with_its_project() -> None:
    environment = "project: acme-prod\nproject_number: 12345\nregion: europe-west1\n"
    checked = read(MINIMAL, environment, overrides=Overrides(project="other-project"))
    workflow = the_workflow(checked)
    assert (workflow.project, workflow.project_number) == ("other-project", None)
    assert workflow.region == "europe-west1"


def test_a_service_account_is_an_e_mail_or_shared() -> None:
    existing = the_workflow(workflow_with("service_account: sa@p-1.iam.gserviceaccount.com"))
    assert isinstance(existing.service_account, Existing)
    assert existing.service_account.email == "sa@p-1.iam.gserviceaccount.com"
    shared = the_workflow(workflow_with("service_account: {shared: all-orders}"))
    assert isinstance(shared.service_account, Shared)
    assert shared.service_account.name == "all-orders"


def test_a_glob_makes_a_workflow_of_each_file_and_an_entry_without_source_refines_it() -> None:
    checked = read(
        """\
        version: 1
        stack: orders
        workflows:
          all: {source: w/*.yaml, call_log_level: LOG_NONE, labels: {team: orders}}
          b: {labels: {tier: one}}
        """,
        "workflows: {a: {region: europe-west4}, all: {description: ours}}",
    )
    assert found(checked) == []
    assert checked.value is not None
    a, b = checked.value.workflows
    assert (a.name, a.source_path, a.region, a.description) == (
        "a",
        "w/a.yaml",
        "europe-west4",
        "ours",
    )
    assert (b.name, b.region, b.call_log_level) == ("b", None, "LOG_NONE")
    assert b.labels == {"team": "orders", "tier": "one"}


def test_paths_select_workflows_and_others_are_named_for_their_files() -> None:
    checked = read(
        """\
        version: 1
        stack: orders
        workflows:
          orders: {source: w/a.yaml, call_log_level: LOG_NONE}
          rest: {source: w/b.yaml}
        """,
        "project: acme-prod",
        paths=("x/other.yaml", "./w/a.yaml"),
    )
    assert found(checked) == []
    assert checked.value is not None
    other, orders = checked.value.workflows
    assert (other.name, other.source_path, other.project, other.at) == (
        "other",
        "x/other.yaml",
        "acme-prod",
        None,
    )
    assert (orders.name, orders.call_log_level) == ("orders", "LOG_NONE")


def test_without_a_configuration_paths_project_and_region_are_enough() -> None:
    checked = from_paths(
        ["w/a.yaml", "-"], project="acme-prod", region="us-central1", sources=Disk()
    )
    assert found(checked) == []
    assert checked.value is not None
    assert [(w.name, w.project, w.region) for w in checked.value.workflows] == [
        ("a", "acme-prod", "us-central1"),
        ("workflow", "acme-prod", "us-central1"),
    ]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["workflows/order-intake.yaml"], ["order-intake"]),
        (["Order intake (new).yml"], ["Order-intake-new"]),
        (["9-lives.json"], ["w-9-lives"]),
        (["w.workflows.yaml.tftpl"], ["w-workflows"]),
        (["a/main.yaml", "b/main.yaml", "c/x.yaml"], ["a-main", "b-main", "x"]),
        (["p/a/main.yaml", "q/a/main.yaml"], ["p-a-main", "q-a-main"]),
        (["main.yaml", "a/main.yaml"], ["main", "a-main"]),
        (["main.yaml", "main.json"], ["main", "main-2"]),
        (["é.yaml"], ["workflow"]),
        ([f"{'x' * 80}.yaml"], ["x" * 64]),
    ],
)
def test_names_of_files_are_workflow_ids(paths: list[str], names: list[str]) -> None:
    assert workflow_names(paths) == tuple(names)


@given(st.lists(st.text(max_size=80), max_size=8, unique=True))
def test_names_of_files_are_distinct(paths: list[str]) -> None:
    names = workflow_names(paths)
    assert len(set(names)) == len(paths)


@pytest.mark.parametrize("kind", ANSWER_KINDS)
def test_every_answer_is_read_as_its_example_shows(kind: str) -> None:
    answer = the_workflow(workflow_with(f"answers: {{main.s: {EXAMPLES[kind]}}}")).answers["main.s"]
    assert isinstance(answer, Answer)
    assert (answer.key, answer.kind) == ("main.s", kind)


KEYS = ", ".join(WORKFLOW_KEYS)
KINDS = ", ".join(ANSWER_KINDS)


@pytest.mark.parametrize(
    ("setting", "finding"),
    [
        (
            "service_acount: dedicated",
            (
                "6:5 unknown-config-key: a workflow has no key `service_acount`"
                f" | did you mean `service_account`? (one of {KEYS})"
            ),
        ),
        ("source: [a]", "6:5 duplicate-key"),
        ("env: [A]", "6:10 wrong-config-type: `env` must be a map, not a list"),
        (
            "env: {A: [1]}",
            (
                "6:14 wrong-config-type: the value of an environment variable must be a text,"
                " not a list"
            ),
        ),
        (
            "env: {A: }",
            (
                "6:14 wrong-config-type: the value of an environment variable must be a text,"
                " not nothing"
            ),
        ),
        (
            "env: {GOOGLE_REGION: a}",
            (
                "6:11 reserved-env-var: `GOOGLE_REGION` cannot be an environment variable of yours"
                " | choose a name that begins with neither GOOGLE nor WORKFLOWS"
            ),
        ),
        (
            "env: {WORKFLOWSX: a}",
            (
                "6:11 reserved-env-var: `WORKFLOWSX` cannot be an environment variable of yours"
                " | choose a name that begins with neither GOOGLE nor WORKFLOWS"
            ),
        ),
        (
            "call_log_level: LOG_ERROR_ONLY",
            (
                "6:21 bad-config-value: `LOG_ERROR_ONLY` is not a call log level"
                " | did you mean `LOG_ERRORS_ONLY`?"
                " (one of LOG_ALL_CALLS, LOG_ERRORS_ONLY, LOG_NONE)"
            ),
        ),
        (
            "execution_history_level: DETAILED",
            (
                "6:30 bad-config-value: `DETAILED` is not an execution history level"
                " | did you mean `EXECUTION_HISTORY_DETAILED`?"
                " (one of EXECUTION_HISTORY_BASIC, EXECUTION_HISTORY_DETAILED)"
            ),
        ),
        (
            "templating: jinja",
            (
                "6:17 bad-config-value: `jinja` is not a templating"
                " | one of none, terraform, cloudbuild, auto"
            ),
        ),
        (
            "service_account: default",
            (
                "6:22 bad-config-value: `default` is not a service account"
                " | write `dedicated`, an e-mail address, or {shared: NAME}"
            ),
        ),
        (
            "service_account: {shared: A}",
            (
                "6:31 bad-config-value: `A` is not a name for a shared service account"
                " | 6 to 30 lower-case letters, digits and hyphens, beginning with a letter"
            ),
        ),
        (
            "service_account: {}",
            "6:22 missing-config-key: `service_account` names no account | write {shared: NAME}",
        ),
        (
            "deletion_protection: yes",
            "6:26 wrong-config-type: `deletion_protection` must be true or false, not `yes`",
        ),
        (
            "project: Acme",
            (
                "6:14 bad-config-value: `Acme` is not a project id | an id has 6 to 30 lower-case"
                " letters, digits and hyphens and begins with a letter; a number goes into"
                " `project_number`, in the environment file"
            ),
        ),
        (
            "region: europe-west1-b",
            (
                "6:13 bad-config-value: `europe-west1-b` is not a region"
                " | for example europe-west1; a zone (europe-west1-b) is not a region"
            ),
        ),
        (
            "labels: {Team: a}",
            (
                "6:14 bad-config-value: `Team` cannot be the key of a label"
                " | at most 63 lower-case letters, digits, - and _, beginning with a letter"
            ),
        ),
        (
            "labels: {team: A B}",
            (
                "6:20 bad-config-value: `A B` cannot be the value of a label"
                " | at most 63 lower-case letters, digits, - and _"
            ),
        ),
        (
            "crypto_key: k",
            (
                "6:17 bad-config-value: `k` is not a key"
                " | write projects/P/locations/L/keyRings/R/cryptoKeys/K"
            ),
        ),
        (
            "triggers: {schedule: x}",
            "6:15 wrong-config-type: `triggers` must be a list, not a map",
        ),
        (
            "triggers: [{time_zone: x}]",
            (
                "6:16 missing-config-key: a trigger says neither `schedule` nor `event`"
                ' | write one of them: schedule: "0 6 * * *", or event: google.cloud....'
            ),
        ),
        (
            'triggers: [{schedule: "0 6 * * *", timezone: y}]',
            (
                "6:40 unknown-config-key: a schedule trigger has no key `timezone`"
                " | did you mean `time_zone`? (one of schedule, time_zone, argument, paused, name, "
                "service_account, retry)"
            ),
        ),
        (
            'triggers: [{schedule: "0 6 * *"}]',
            (
                "6:27 wrong-schedule: `0 6 * *` is no schedule: it has 4 fields, and a schedule "
                "has five"
                ' | minute, hour, day, month, weekday: "0 6 * * MON-FRI", or `every 15 minutes`'
            ),
        ),
        (
            "triggers: [{event: google.cloud.storage.object.v1.finalised}]",
            (
                "6:24 unknown-event-type: `google.cloud.storage.object.v1.finalised` is no type of "
                "event that is known"
                " | did you mean google.cloud.storage.object.v1.finalized?"
            ),
        ),
        (
            "triggers: [{event: google.cloud.storage.object.v1.finalized}]",
            (
                "6:17 missing-config-key: events of the type "
                "google.cloud.storage.object.v1.finalized are filtered by `bucket`"
                " | write filters: {bucket: ...}"
            ),
        ),
        (
            "triggers: [{event: google.cloud.storage.object.v1.deleted, filters: {buckets: b}}]",
            (
                "6:74 bad-config-value: events of the type google.cloud.storage.object.v1.deleted "
                "have no `buckets` | did you mean `bucket`? (one of bucket)"
            ),
        ),
        (
            'triggers: [{schedule: "0 6 * * *", event: google.cloud.audit.log.v1.written}]',
            (
                "6:16 missing-config-key: a trigger says both `schedule` and `event`"
                ' | write one of them: schedule: "0 6 * * *", or event: google.cloud....'
            ),
        ),
        (
            'triggers: [{schedule: "0 6 * * *", retry: {attempts: 6}}]',
            "6:58 bad-config-value: 6 attempts; a job has 5",
        ),
        (
            'triggers: [{schedule: "0 6 * * *", paused: "yes"}]',
            "6:48 wrong-config-type: `paused` must be true or false, not `yes`",
        ),
        (
            'triggers: [{schedule: "0 6 * * *", argument: {key: AKIAABCDEFGHIJKLMNOP}}]',
            (
                "6:50 credential-in-env: the argument of the schedule holds an access key of AWS"
                " | put it into Secret Manager and let the workflow read it"
            ),
        ),
        (
            "answers: {main.s: external}",
            (
                "6:23 wrong-config-type: an answer must be a map such as"
                ' {external: "partner API, key in the header"}, not `external`'
            ),
        ),
        (
            "answers: {main.s: {fuction: {}}}",
            (
                "6:24 unknown-config-key: there is no answer `fuction`"
                f" | did you mean `function`? (one of {KINDS})"
            ),
        ),
        (
            "answers: {main.s: {}}",
            (
                "6:23 bad-config-value: an answer says one thing, this one says nothing"
                f" | one of {KINDS}"
            ),
        ),
        (
            "answers: {main.s: {host: a, external: b}}",
            f"6:23 bad-config-value: an answer says one thing, this one says 2 | one of {KINDS}",
        ),
        (
            "answers: {main.s: {function: {name: f}}}",
            (
                "6:34 missing-config-key: the answer `function` has no `generation`"
                " | write {function: {name: tax, generation: 2}}"
            ),
        ),
        (
            "answers: {main.s: {function: {name: f, generation: 3}}}",
            "6:56 bad-config-value: `3` is not a generation | one of 1, 2",
        ),
        (
            "answers: {main.s: {permissions: [run]}}",
            "6:38 bad-config-value: `run` is not a permission | as run.routes.invoke",
        ),
        (
            "answers: {main.s: {permissions: []}}",
            "6:37 bad-config-value: `permissions` is empty | {permissions: [run.routes.invoke]}",
        ),
        (
            "answers: {a@b@c: {host: x}}",
            (
                "6:15 bad-config-value: `a@b@c` is not the id of a call site | as `wfprov inspect`"
                " shows it: main.STEP, or main.STEP@CALLER for one way there"
            ),
        ),
        (
            f"description: {'x' * 1001}",
            "6:18 bad-config-value: 1001 characters; the service takes 1000",
        ),
        (
            f"env: {{A: {'x' * 4097}}}",
            "6:14 bad-config-value: the value is longer than the 4096 bytes the service takes",
        ),
    ],
)
def test_a_wrong_setting_is_named_at_its_place(setting: str, finding: str) -> None:
    [shown] = found(workflow_with(setting))
    assert shown.startswith(f"wfprov.yaml:{finding}")
    assert "duplicate-key" in finding or shown == f"wfprov.yaml:{finding}"


@pytest.mark.parametrize(
    ("config", "finding"),
    [
        ("", "1:1 missing-config-key: the file is empty | `wfprov init` writes one to start from"),
        ("- a", "1:1 wrong-config-type: wfprov.yaml must be a map, not a list"),
        (
            "stack: s\nworkflows: {a: {source: w/a.yaml}}",
            "1:1 no-config-version: no `version`; read as 1 | write version: 1",
        ),
        (
            "version: 2\nstack: s\nworkflows: {a: {source: w/a.yaml}}",
            (
                "1:10 bad-config-value: this wfprov reads version 1 of wfprov.yaml"
                " | write version: 1, or install the wfprov that wrote the file"
            ),
        ),
        (
            "version: 1\nworkflows: {a: {source: w/a.yaml}}",
            (
                "1:1 missing-config-key: there is no `stack`: nothing would mark what belongs to it"
                " | write stack: NAME"
            ),
        ),
        (
            "version: 1\nstack: s",
            (
                "1:1 missing-config-key: there are no `workflows`"
                " | write workflows: {NAME: {source: PATH}}"
            ),
        ),
        (
            "version: 1\nstack: My Stack\nworkflows: {a: {source: w/a.yaml}}",
            (
                "2:8 bad-config-value: `My Stack` is not a stack's name"
                " | it marks what the stack owns,"
                " as a label: at most 63 lower-case letters, digits, hyphens and underscores,"
                " beginning with a letter"
            ),
        ),
        (
            f"{MINIMAL}project: acme-prod",
            (
                "5:1 unknown-config-key: wfprov.yaml has no key `project`"
                " | one of version, stack, workflows, policy"
            ),
        ),
        (
            f"{MINIMAL}  b:\n",
            (
                "5:3 missing-config-key: the workflow `b` has no `source` | write source: PATH;"
                " without one, an entry adds to a workflow that a glob makes (a)"
            ),
        ),
        (
            f"{MINIMAL}  '1b': {{source: w/b.yaml}}\n",
            (
                "5:3 bad-config-value: `1b` cannot name a workflow | at most 64 letters, digits,"
                " hyphens and underscores, beginning with a letter and ending with a letter"
                " or digit"
            ),
        ),
        (
            f"{MINIMAL}  b: {{source: w/bb.yaml}}\n",
            (
                "5:15 no-such-source: there is no file `w/bb.yaml`"
                " | did you mean `w/b.yaml`? (one of w/a.yaml, w/b.yaml)"
            ),
        ),
        (
            f"{MINIMAL}  b: {{source: x/*.yaml}}\n",
            (
                "5:15 no-such-source: no file matches `x/*.yaml`"
                " | a source is relative to the folder of wfprov.yaml"
            ),
        ),
        (
            f"{MINIMAL}  b: {{source: w/a.yaml}}\n",
            (
                "5:15 repeated-source: `w/a.yaml` is the source of `a` already"
                " | leave `source` out of an entry that adds to what a glob makes"
            ),
        ),
        (
            f"{MINIMAL.replace('w/a.yaml', 'w/b.yaml')}  all: {{source: w/a*.yaml}}\n",
            (
                "5:17 repeated-workflow: `w/a.yaml` and `w/b.yaml` would both be `a`"
                " | give one of them an entry with another name"
            ),
        ),
        (
            f"{MINIMAL}policy: {{forbidden_roles: [owner]}}\n",
            (
                "5:28 bad-config-value: `owner` is not a role"
                " | write roles/NAME or projects/P/roles/NAME"
            ),
        ),
        (
            f"{MINIMAL}policy: {{custom_roles: sometimes}}\n",
            (
                "5:24 bad-config-value: `sometimes` is not a choice for `custom_roles`"
                " | one of never, when-narrower, always"
            ),
        ),
        (
            f"{MINIMAL}policy: {{custom_role_threshold: many}}\n",
            "5:33 wrong-config-type: `custom_role_threshold` must be a whole number, not `many`",
        ),
        (
            f"{MINIMAL}policy: {{prefer_roles: {{run: roles/run.invoker}}}}\n",
            "5:25 bad-config-value: `run` is not a permission | for example run.routes.invoke",
        ),
    ],
)
def test_a_wrong_configuration_is_named_at_its_place(config: str, finding: str) -> None:
    assert found(read(config)) == [f"wfprov.yaml:{finding}"]


@pytest.mark.parametrize(
    ("environment", "finding"),
    [
        (
            "projct: acme-prod",
            (
                "1:1 unknown-config-key: environment `e` has no key `projct`"
                f" | did you mean `project`? (one of {', '.join(ENVIRONMENT_KEYS)})"
            ),
        ),
        (
            "project_number: acme",
            "1:17 bad-config-value: `acme` is not a project number",
        ),
        (
            "endpoint: emulated",
            (
                "1:11 bad-config-value: `emulated` is not an endpoint"
                " | write `embedded`, `cloud`, or an address such as http://127.0.0.1:8080"
            ),
        ),
        (
            "endpoints: {run.googleapis.com: https://x}",
            (
                "1:13 bad-config-value: `run.googleapis.com` is not the short name of an API"
                " | write what stands before .googleapis.com: run, workflows, iam"
            ),
        ),
        (
            "endpoints: {run: x}",
            "1:18 bad-config-value: `x` is not an address | for example http://127.0.0.1:8080",
        ),
        (
            "workflows: {aa: {region: europe-west1}}",
            (
                "1:13 unknown-workflow: wfprov.yaml has no workflow `aa`"
                " | did you mean `a`? (one of a)"
            ),
        ),
    ],
)
def test_a_wrong_environment_is_named_at_its_place(environment: str, finding: str) -> None:
    assert found(read(MINIMAL, environment)) == [f"environments/e.yaml:{finding}"]


def test_an_empty_environment_says_nothing() -> None:
    assert found(read(MINIMAL, "# values\n")) == []


def test_a_wrong_flag_is_named_like_a_file() -> None:
    checked = read(MINIMAL, overrides=Overrides(region="europe"))
    assert found(checked) == [
        (
            "--region:1:1 bad-config-value: `europe` is not a region"
            " | for example europe-west1; a zone (europe-west1-b) is not a region"
        )
    ]


def test_environment_variables_are_counted_after_merging() -> None:
    below = ", ".join(f"A{n}: x" for n in range(15))
    above = ", ".join(f"B{n}: x" for n in range(6))
    config = MINIMAL.replace("w/a.yaml", f"w/a.yaml, env: {{{below}}}")
    assert found(read(config)) == []
    assert found(read(config, f"workflows: {{a: {{env: {{{above}}}}}}}")) == [
        (
            "wfprov.yaml:4:3 bad-config-value: `a` has 21 environment variables;"
            " the service takes 20"
            " | put what belongs together into one variable, as JSON"
        )
    ]


def test_broken_yaml_is_all_that_is_said() -> None:
    [shown] = found(read(f"{MINIMAL}policy: [\n", "workflows: {a: {region: europe-west1}}"))
    assert shown.startswith("wfprov.yaml:5:9 invalid-yaml: Not valid YAML")


WORDS = st.sampled_from(
    [
        *(*CONFIG_KEYS, *ENVIRONMENT_KEYS, *WORKFLOW_KEYS, *POLICY_KEYS, *ANSWER_KINDS),
        *("a", "shared", "schedule", "event", "w/*.yaml", "dedicated", "main.s", "1", "~", ""),
    ]
)
TREES = st.recursive(
    WORDS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)


@given(TREES, TREES)
@example({"workflows": {"a": {"answers": {"main.s": {"permissions": None}}}}}, None)
@example(
    {"workflows": {"a": {"triggers": [{"event": None, "filters": {"": None}}]}}},
    {"workflows": {"a": None}},
)
def test_no_tree_of_known_words_raises(config: object, environment: object) -> None:
    checked = read(repr_yaml(config), repr_yaml(environment))
    assert checked.value is not None


@given(st.text(), st.text())
def test_no_text_raises(config: str, environment: str) -> None:
    sources = Disk("w/a.yaml")
    checked = decode(
        Source("c", config),
        Source("e", environment),
        environment_name="e",
        overrides=Overrides(),
        sources=sources,
    )
    assert checked.value is not None


def repr_yaml(tree: object) -> str:
    """The tree as flow YAML."""
    match tree:
        case dict():
            return "{" + ", ".join(f"'{k}': {repr_yaml(v)}" for k, v in tree.items()) + "}"
        case list():
            return "[" + ", ".join(map(repr_yaml, tree)) + "]"
        case str():
            return f"'{tree}'"
        case None:
            return "~"
        case _:
            return str(tree).lower()


@pytest.mark.parametrize("key", ["goog-managed-by", "wfprov-stack"])
def test_labels_of_google_and_of_wfprov_are_refused(key: str) -> None:
    checked = read(MINIMAL.replace("w/a.yaml", f"w/a.yaml, labels: {{{key}: x}}"))
    (found,) = checked.diagnostics
    assert found.is_error
    assert key in found.message


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("AIza" + "x" * 35, "an API key of Google"),
        ("ghp_" + "a1" * 18, "a token of GitHub"),
        ("postgres://app:hunter2@10.0.0.3/orders", "a password in an address"),
        ("Bearer abcdefghijk12345", "an Authorization header"),
    ],
)
def test_a_credential_in_a_variable_is_an_error_and_is_not_repeated(value: str, what: str) -> None:
    checked = read(MINIMAL.replace("w/a.yaml", f'w/a.yaml, env: {{A: "{value}"}}'))
    (found,) = checked.diagnostics
    assert found.rule.slug == "credential-in-env"
    assert what in found.message
    assert value not in found.message


@pytest.mark.parametrize(
    "value", ["https://orders.example.com:8443/a@b", "partner-key", "eyJhbGci"]
)
def test_what_only_resembles_a_credential_is_none(value: str) -> None:
    assert read(MINIMAL.replace("w/a.yaml", f'w/a.yaml, env: {{A: "{value}"}}')).ok


@pytest.mark.parametrize(
    "answer",
    [
        "{cloud_run: projects/acme-data/locations/eu/services/orders}",
        "{cloud_run: 'https://orders-wvdg6hhtla-ew.a.run.app'}",
        "{cloud_run_job: //run.googleapis.com/projects/acme/locations/eu/jobs/nightly}",
        "{function: {name: Tax_Rate, generation: 1}}",
        "{function: {name: projects/acme/locations/eu/functions/tax, generation: 2}}",
        "{iap: {resource: //iap.googleapis.com/projects/1/iap_web/compute/services/7}}",
        "{iap: {resource: projects/1/iap_web}}",
        "{private: acme-net}",
        "{api_method: googleapis.compute.v1.instances.stop}",
        "{host: 'https://api.example.com/v1'}",
    ],
)
def test_an_answer_may_be_written_in_full(answer: str) -> None:
    assert "main.s" in the_workflow(workflow_with(f"answers: {{main.s: {answer}}}")).answers


@pytest.mark.parametrize(
    "answer",
    [
        "{cloud_run: SERVICE}",
        "{cloud_run: 'https://orders.example.com'}",
        "{cloud_run_job: projects/acme/jobs/nightly}",
        "{function: {name: 'a b', generation: 2}}",
        "{function: {name: tax, generation: 3}}",
        "{iap: {resource: projects/NUMBER/iap_web/...}}",
        "{iap: {resource: appengine-acme}}",
        "{private: projects/NETWORK_PROJECT/global/networks/NETWORK}",
        "{api_method: API.VERSION.RESOURCE.METHOD}",
        "{api_method: instances.stop}",
        "{permissions: [PERMISSION]}",
        "{host: HOST}",
        "{external: ''}",
    ],
)
def test_a_placeholder_that_was_not_filled_in_is_no_answer(answer: str) -> None:
    checked = workflow_with(f"answers: {{main.s: {answer}}}")
    assert [d.rule.slug for d in checked.diagnostics] == ["bad-config-value"]
