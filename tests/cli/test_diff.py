"""`wfprov diff` as its users run it."""

import pytest

CONFIG = """\
version: 1
stack: shop
workflows:
  order-intake:
    source: order-intake.yaml
"""
DEFINITION = """\
main:
  steps:
    - load:
        call: googleapis.secretmanager.v1.projects.secrets.versions.access
        args:
          name: ${"projects/" + sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + "/secrets/key/versions/1"}
    - charge:
        call: http.post
        args:
          url: ${sys.get_env("ORDERS_URL") + "/charge"}
          auth: {type: OIDC}
"""
ENVIRONMENT = """\
project: acme-{0}
project_number: "{1}"
region: europe-west1
workflows:
  order-intake:
    env: {{ORDERS_URL: "https://{2}-{1}.europe-west1.run.app"}}
"""


@pytest.fixture
def shop(session):
    """A stack with three environments: prod and dev alike, staging on another service."""
    session.write("wfprov.yaml", CONFIG)
    session.write("order-intake.yaml", DEFINITION)
    for name, number, service in (
        ("dev", "111111111111", "orders"),
        ("prod", "333333333333", "orders"),
        ("staging", "222222222222", "orders-next"),
    ):
        session.write(f"environments/{name}.yaml", ENVIRONMENT.format(name, number, service))
    return session


def test_environments_that_differ_in_project_alone_do_not_differ(shop):
    ended = shop.wfprov("diff", "dev", "prod", "--detailed-exitcode")
    assert ended.code == 0, ended.err
    assert "dev and prod do not differ" in ended.out


def test_access_that_one_environment_has_is_shown_with_the_call_that_asks(shop):
    ended = shop.wfprov("diff", "staging", "prod", "--detailed-exitcode")
    assert ended.code == 2, ended.err
    first, second = ended.out.split("prod has, and staging lacks")
    assert "staging has, and prod lacks" in first
    assert "roles/run.invoker on service orders-next in acme-staging" in first
    assert "main.charge  order-intake.yaml:" in first
    assert "roles/run.invoker on service orders in acme-prod" in second
    assert "secretAccessor" not in ended.out


def test_a_key_of_env_is_named_and_its_value_is_not(shop):
    shop.write(
        "environments/dev.yaml",
        ENVIRONMENT.format("dev", "111111111111", "orders").replace(
            "env: {", 'env: {TOKEN: "hush", '
        ),
    )
    ended = shop.wfprov("diff", "dev", "prod", "--format", "json")
    assert ended.code == 0, ended.err
    assert [i["what"] for i in ended.json["only_left"]] == ["TOKEN"]
    assert "hush" not in ended.out


def test_a_workflow_of_one_environment_only_is_shown_whole(shop):
    shop.write("extra.yaml", DEFINITION)
    other = "  extra:\n    source: extra.yaml\n    env: {ORDERS_URL: https://example.com}\n"
    path = shop.folder / "environments/dev.yaml"
    path.write_text(path.read_text() + other)
    ended = shop.wfprov("diff", "dev", "prod")
    assert "the workflow itself" in ended.out
    assert "prod has, and dev lacks" not in ended.out


def test_an_environment_that_is_not_there_is_wrong_usage(shop):
    ended = shop.wfprov("diff", "dev", "prodd")
    assert ended.code == 3
    assert "dev, prod, staging" in ended.err


def test_a_definition_with_an_error_ends_with_1_and_the_rest_is_compared(shop):
    shop.write("order-intake.yaml", DEFINITION + "        next: nowhere\n")
    ended = shop.wfprov("diff", "dev", "prod")
    assert ended.code == 1
    assert "in both" in ended.out
    assert "nowhere" in ended.err
