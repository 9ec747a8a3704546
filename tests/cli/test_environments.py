"""One definition in many environments: what each lays over the configuration, and where."""

from __future__ import annotations

import pytest

CONFIG = """\
version: 1
stack: shop
workflows:
  order-intake:
    source: order-intake.yaml
    env: {ORDERS_URL: https://orders.example.com, CURRENCY: EUR}
    call_log_level: LOG_ERRORS_ONLY
"""
DEFINITION = """\
main:
  steps:
    - load:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: key, project_id: '${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}'}
    - charge:
        call: http.post
        args:
          url: ${sys.get_env("ORDERS_URL") + "/charge"}
          auth: {type: OIDC}
"""
ENVIRONMENT = """\
project: acme-{0}
project_number: "{1}"
region: {2}
workflows:
  order-intake:
    env: {{ORDERS_URL: "https://orders-{1}.{2}.run.app"}}
"""
PLACES = {
    "dev": ("111111111111", "europe-west1"),
    "staging": ("222222222222", "us-east1"),
    "prod": ("333333333333", "asia-east1"),
}


@pytest.fixture
def shop(session):
    """One definition, three environments."""
    session.write("wfprov.yaml", CONFIG)
    session.write("order-intake.yaml", DEFINITION)
    for name, (number, region) in PLACES.items():
        session.write(f"environments/{name}.yaml", ENVIRONMENT.format(name, number, region))
    return session


@pytest.mark.parametrize("name", PLACES)
def test_one_definition_reaches_the_things_of_each_environment(shop, name):
    _, region = PLACES[name]
    [workflow] = shop.wfprov("inspect", "-e", name, "--format", "json").json["workflows"]
    found = {grant["on"]: grant["role"] for grant in workflow["grants"]}
    assert found == {
        f"//secretmanager.googleapis.com/projects/acme-{name}/secrets/key": (
            "roles/secretmanager.secretAccessor"
        ),
        f"//run.googleapis.com/projects/acme-{name}/locations/{region}/services/orders": (
            "roles/run.invoker"
        ),
        f"//cloudresourcemanager.googleapis.com/projects/acme-{name}": "roles/logging.logWriter",
    }
    assert workflow["source"] == "order-intake.yaml"


@pytest.mark.parametrize("name", PLACES)
def test_the_plan_of_an_environment_marks_its_own_things_and_merges_maps_by_key(shop, name):
    planned = shop.wfprov("plan", "-e", name, "--offline", "--format", "json").json
    [workflow] = [c["after"] for c in planned["changes"] if c["kind"] == "workflow"]
    assert workflow["labels"]["wfprov-stack"] == f"shop__{name}"
    assert sorted(workflow["env"]) == ["CURRENCY", "ORDERS_URL"]
    assert workflow["call_log_level"] == "LOG_ERRORS_ONLY"
    assert workflow["region"] == PLACES[name][1]


@pytest.mark.parametrize(
    ("file", "written", "place"),
    [
        ("environments/dev.yaml", "    call_log_level: LOUD\n", "environments/dev.yaml:7:21"),
        ("wfprov.yaml", "    execution_history_level: LOUD\n", "wfprov.yaml:8:30"),
        ("environments/dev.yaml", "    sourcee: x.yaml\n", "environments/dev.yaml:7:5"),
        ("environments/dev.yaml", "  order-intak: {env: {A: b}}\n", "environments/dev.yaml:7:3"),
    ],
    ids=["value of the environment", "value below", "key", "workflow"],
)
def test_a_finding_points_into_the_file_that_says_it(shop, file, written, place):
    path = shop.folder / file
    path.write_text(path.read_text() + written)
    ended = shop.wfprov("check", "-e", "dev")
    assert ended.code == 1
    assert place in ended.out


def test_what_is_wrong_in_one_environment_is_not_said_of_another(shop):
    path = shop.folder / "environments/dev.yaml"
    path.write_text(path.read_text() + "    call_log_level: LOUD\n")
    assert shop.wfprov("check", "-e", "dev").code == 1
    assert shop.wfprov("check", "-e", "prod").code == 0


def test_a_question_that_one_environment_answers_stays_open_in_the_other(shop):
    shop.write(
        "order-intake.yaml",
        DEFINITION.replace('sys.get_env("ORDERS_URL")', '"https://" + sys.get_env("HOST")'),
    )
    for name in ("dev", "prod"):
        path = shop.folder / f"environments/{name}.yaml"
        path.write_text(path.read_text() + "    answers: {}\n")
    answered = (shop.folder / "environments/dev.yaml").read_text()
    answered = answered.replace(
        "    answers: {}\n", "    answers: {main.charge: {cloud_run: orders}}\n"
    )
    shop.write("environments/dev.yaml", answered)
    assert shop.wfprov("plan", "-e", "dev", "--offline").code == 0
    assert shop.wfprov("plan", "-e", "prod", "--offline").code == 4
