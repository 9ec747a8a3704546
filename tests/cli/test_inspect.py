"""`wfprov inspect` and `wfprov check`, as a user runs them: no configuration, no cloud."""

from __future__ import annotations

import pytest

ORDERS = """\
main:
  params: [order]
  steps:
    - where:
        assign:
          - base: https://orders-493817260155.europe-west1.run.app
    - charge_card:
        call: http.post
        args:
          url: ${base + "/charge"}
          auth: {type: OIDC}
          body: ${order}
    - key:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: partner-key}
        result: key
    - say:
        call: sys.log
        args: {text: done}
"""
WHERE = ("--project", "acme-prod", "--region", "europe-west1")


def by_id(ended) -> dict:
    return {site["id"]: site for site in ended.json["workflows"][0]["sites"]}


def test_each_call_is_listed_with_its_need_and_the_grant_that_answers_it(session):
    session.write("orders.yaml", ORDERS)
    ended = session.wfprov("inspect", "orders.yaml", "--format", "json", *WHERE)
    assert ended.code == 0
    sites = by_id(ended)
    assert list(sites) == ["main.charge_card", "main.key", "main.say"]
    (target,) = sites["main.charge_card"]["targets"]
    service = "//run.googleapis.com/projects/493817260155/locations/europe-west1/services/orders"
    assert target["kind"] == "cloud_run_service"
    assert target["url"] == "https://orders-493817260155.europe-west1.run.app/charge"
    assert target["resource"] == service
    assert [n["permission"] for n in target["needs"]] == ["run.routes.invoke"]
    grants = {(g["role"], g["on"]): g for g in ended.json["workflows"][0]["grants"]}
    assert grants["roles/run.invoker", service]["because"] == ["main.charge_card"]
    secret = "//secretmanager.googleapis.com/projects/acme-prod/secrets/partner-key"
    assert ("roles/secretmanager.secretAccessor", secret) in grants
    project = "//cloudresourcemanager.googleapis.com/projects/acme-prod"
    assert grants["roles/logging.logWriter", project]["because"] == ["main.say"]


def test_a_place_is_one_based_and_half_open(session):
    session.write("orders.yaml", ORDERS)
    ended = session.wfprov("inspect", "orders.yaml", "--format", "json", *WHERE)
    place = by_id(ended)["main.charge_card"]["location"]
    assert place["file"] == "orders.yaml"
    assert place["start"] == {"line": 8, "column": 15}
    assert place["end"] == {"line": 8, "column": 24}


def test_text_names_the_step_the_service_and_the_role(session):
    session.write("orders.yaml", ORDERS)
    ended = session.wfprov("inspect", "orders.yaml", *WHERE)
    assert ended.code == 0
    for part in ("main.charge_card", "roles/run.invoker", "orders", "partner-key"):
        assert part in ended.out


def test_an_unknown_host_is_a_question_with_lines_to_write_and_no_certain_grant(session):
    session.write(
        "notify.yaml",
        "main:\n  params: [args]\n  steps:\n    - notify:\n        call: http.post\n"
        '        args: {url: "${args.host}", auth: {type: OIDC}}\n',
    )
    ended = session.wfprov("inspect", "notify.yaml", "--format", "json", *WHERE)
    assert ended.code == 0
    (target,) = by_id(ended)["main.notify"]["targets"]
    assert "args.host" in target["question"]["hole"]
    assert target["question"]["answer"].startswith("workflows:\n  notify:\n")
    assert all("{args.host}" in g["on"] for g in ended.json["workflows"][0]["grants"])


def test_an_external_api_with_a_header_needs_no_grant(session):
    session.write(
        "partner.yaml",
        "- call_partner:\n    call: http.get\n    args:\n      url: https://api.partner.example/v1\n"
        '      headers: {Authorization: "${\\"Bearer \\" + sys.get_env(\\"KEY\\")}"}\n',
    )
    ended = session.wfprov("inspect", "partner.yaml", "--format", "json", *WHERE)
    (target,) = by_id(ended)["main.call_partner"]["targets"]
    assert target["kind"] == "external"
    assert target["needs"] == []
    assert target["question"] is None


def test_a_google_api_by_its_address_is_granted_on_the_resource_that_the_path_names(session):
    session.write(
        "publish.yaml",
        "- publish:\n    call: http.post\n    args:\n"
        "      url: https://pubsub.googleapis.com/v1/projects/acme/topics/orders:publish\n"
        "      auth: {type: OAuth2}\n"
        "- read:\n    call: http.get\n    args:\n"
        "      url: https://secretmanager.googleapis.com/v1/projects/acme/secrets/key/versions/1:access\n"
        "      auth: {type: OAuth2}\n",
    )
    ended = session.wfprov("inspect", "publish.yaml", "--format", "json", *WHERE)
    assert {(g["role"], g["on"]) for g in ended.json["workflows"][0]["grants"]} == {
        ("roles/pubsub.publisher", "//pubsub.googleapis.com/projects/acme/topics/orders"),
        (
            "roles/secretmanager.secretAccessor",
            "//secretmanager.googleapis.com/projects/acme/secrets/key",
        ),
    }


def test_standard_input_is_a_definition(session):
    ended = session.wfprov("inspect", "-", "--format", "json", *WHERE, stdin=ORDERS)
    assert ended.code == 0
    assert len(ended.json["workflows"][0]["sites"]) == 3


def test_dead_code_is_listed_and_granted_nothing(session):
    session.write(
        "dead.yaml",
        "- stop:\n    return: 1\n- late:\n    call: sys.log\n    args: {text: never}\n",
    )
    ended = session.wfprov("inspect", "dead.yaml", "--format", "json", *WHERE)
    assert by_id(ended)["main.late"]["reachable"] is False
    assert ended.json["workflows"][0]["grants"] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("main:\n  steps:\n    - a:\n        call: [\n", 4),
        ("main:\n  stepz: []\n", 2),
        ("- a:\n    call: http.get\n    argz: {url: x}\n", 3),
        ("- a:\n    return: ${1 +}\n", 2),
    ],
    ids=["not YAML", "unknown key", "unknown key of a step", "broken expression"],
)
def test_bad_input_is_shown_where_it_is_and_ends_with_one(session, text, line):
    session.write("bad.yaml", text)
    for command in ("check", "inspect"):
        ended = session.wfprov(command, "bad.yaml")
        assert ended.code == 1
        assert f"bad.yaml:{line}:" in ended.out
        assert "error[" in ended.out


def test_a_broken_definition_still_has_its_json(session):
    session.write("bad.yaml", "- a:\n    call: sys.log\n    argz: {text: x}\n")
    ended = session.wfprov("inspect", "bad.yaml", "--format", "json", *WHERE)
    assert ended.code == 1
    assert ended.json["workflows"][0]["ok"] is False
    assert "main.a" in by_id(ended)


@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "nope.yaml"], ["plan", "--nope"]])
def test_no_input_and_wrong_usage_end_with_three(session, arguments):
    ended = session.wfprov(*arguments)
    assert ended.code == 3
    assert ended.err


def test_check_says_nothing_wrong_in_one_line(session):
    session.write("orders.yaml", ORDERS)
    ended = session.wfprov("check", "orders.yaml", *WHERE)
    assert ended.code == 0
    assert ended.err.strip() == "1 definition: nothing to say"


def test_the_same_input_gives_the_same_bytes(session):
    session.write("orders.yaml", ORDERS)
    command = ("inspect", "orders.yaml", "--format", "json", *WHERE)
    assert session.wfprov(*command).out == session.wfprov(*command).out


def test_what_no_role_opens_says_what_to_do_instead(session):
    steps = (
        "- sheet: {call: googleapis.sheets.v4.spreadsheets.values.get,"
        " args: {range: A1, spreadsheetId: x}}\n"
        "- gate: {call: http.get, args: {url: 'https://a-1b2c3.ew.gateway.dev/v1',"
        " auth: {type: OIDC}}}\n"
    )
    session.write("w.yaml", steps)
    ended = session.wfprov("inspect", "w.yaml", *WHERE)
    assert "sharing the file" in ended.out
    assert "x-google-audiences" in ended.out
    assert "0 grants" in ended.out
