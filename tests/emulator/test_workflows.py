"""Workflows: what is asked is honoured, revisions are counted, operations take polls."""

import re

SOURCE = "main:\n  steps:\n    - end:\n        return: 1\n"
PARENT = "/workflows/v1/projects/shop-dev/locations/europe-west1"
NAME = "projects/shop-dev/locations/europe-west1/workflows/orders"


def create(client, **body):
    client.enable("workflows")
    return client.post(f"{PARENT}/workflows?workflowId=orders", {"sourceContents": SOURCE, **body})


def test_missing_workflow_is_worded_as_the_cloud_does(client):
    client.enable("workflows")
    answer = client.get(f"{PARENT}/workflows/orders")
    assert (answer.status, answer.reason) == (404, "NOT_FOUND")
    assert answer.message == f"Resource '{NAME}' was not found"


def test_creation_answers_an_operation_without_done(client):
    operation = create(client).body
    assert set(operation) == {"name", "metadata"}
    assert operation["metadata"]["target"] == NAME
    assert operation["metadata"]["verb"] == "create"
    assert "endTime" not in operation["metadata"]
    assert operation["name"].startswith("projects/shop-dev/locations/europe-west1/operations/")


def test_operation_is_pending_for_the_set_number_of_polls(client):
    client.ok("PATCH", "/emulator/v1/settings", {"operationPolls": 2})
    name = create(client).body["name"]
    polls = [client.ok("GET", f"/workflows/v1/{name}") for _ in range(4)]
    assert ["done" in poll for poll in polls] == [False, False, True, True]
    assert polls[2]["response"]["@type"].endswith("google.cloud.workflows.v1.Workflow")
    assert "endTime" in polls[2]["metadata"]
    assert polls[2] == polls[3]


def test_absent_account_becomes_the_default_one(client):
    create(client)
    workflow = client.ok("GET", f"{PARENT}/workflows/orders")
    assert workflow["serviceAccount"] == (
        "projects/shop-dev/serviceAccounts/123456789012-compute@developer.gserviceaccount.com"
    )
    assert workflow["state"] == "ACTIVE"
    assert re.fullmatch(r"000001-[0-9a-f]{3}", workflow["revisionId"])
    assert "labels" not in workflow


def test_asked_account_is_honoured_in_every_form(client):
    email = client.account("orders-wf")
    unique = client.ok("GET", f"/iam/v1/projects/-/serviceAccounts/{email}")["uniqueId"]
    forms = (email, f"projects/-/serviceAccounts/{email}", unique)
    create(client)
    for form in forms:
        client.ok(
            "PATCH",
            f"{PARENT}/workflows/orders?updateMask=service_account",
            {"serviceAccount": form},
        )
        workflow = client.ok("GET", f"{PARENT}/workflows/orders")
        assert workflow["serviceAccount"] == f"projects/shop-dev/serviceAccounts/{email}"


def test_account_that_does_not_exist_is_refused(client):
    answer = create(client, serviceAccount="nobody-here@shop-dev.iam.gserviceaccount.com")
    assert (answer.status, answer.reason) == (400, "INVALID_ARGUMENT")
    assert client.get(f"{PARENT}/workflows/orders").status == 404


def test_deployer_without_act_as_is_refused_naming_it(client):
    email = client.account("orders-wf")
    client.enable("workflows")
    client.grant("roles/workflows.editor", "user:dev@example.com")
    answer = client.as_("user:dev@example.com").post(
        f"{PARENT}/workflows?workflowId=orders",
        {"sourceContents": SOURCE, "serviceAccount": email},
    )
    assert answer.status == 403
    assert "iam.serviceaccounts.actAs" in answer.message


def test_only_source_and_account_make_a_revision(client):
    create(client)
    place = f"{PARENT}/workflows/orders"
    client.ok("PATCH", f"{place}?updateMask=labels", {"labels": {"team": "shop"}})
    assert client.ok("GET", place)["revisionId"].startswith("000001-")
    client.ok("PATCH", f"{place}?updateMask=sourceContents", {"sourceContents": SOURCE + "# 2"})
    changed = client.ok("GET", place)
    assert changed["revisionId"].startswith("000002-")
    assert changed["labels"] == {"team": "shop"}
    revisions = client.ok("GET", f"{place}:listRevisions")["workflows"]
    assert [r["revisionId"][:6] for r in revisions] == ["000002", "000001"]
    assert revisions[1]["sourceContents"] == SOURCE


def test_masked_field_that_is_not_sent_is_removed(client):
    create(client, description="old", userEnvVars={"A": "1"})
    client.ok("PATCH", f"{PARENT}/workflows/orders?updateMask=description,userEnvVars", {})
    workflow = client.ok("GET", f"{PARENT}/workflows/orders")
    assert "description" not in workflow
    assert "userEnvVars" not in workflow


def test_enums_may_be_numbers(client):
    create(client, callLogLevel=2)
    assert client.ok("GET", f"{PARENT}/workflows/orders")["callLogLevel"] == "LOG_ERRORS_ONLY"


def test_unknown_field_is_refused_by_name(client):
    answer = create(client, serviceAcount="x")
    assert answer.status == 400
    assert 'Unknown name "serviceAcount"' in answer.message


def test_broken_source_is_refused_with_its_place(client):
    answer = create(client, sourceContents="main:\n  steps: [\n")
    assert answer.status == 400
    assert answer.message.startswith("main.yaml:3:1: parse error")


def test_source_over_128_kilobytes_is_refused(client):
    assert create(client, sourceContents=SOURCE + "#" * 128 * 1024).status == 400


def test_second_creation_conflicts(client):
    create(client)
    answer = create(client)
    assert (answer.status, answer.reason) == (409, "ALREADY_EXISTS")


def test_bad_workflow_ids_are_refused(client):
    client.enable("workflows")
    for identifier in ("1abc", "a-", "a.b", "x" * 65, ""):
        answer = client.post(
            f"{PARENT}/workflows?workflowId={identifier}", {"sourceContents": SOURCE}
        )
        assert answer.status == 400, identifier


def test_deletion_ends_in_an_empty_response(client):
    create(client)
    operation = client.ok("DELETE", f"{PARENT}/workflows/orders")
    assert operation["metadata"]["verb"] == "delete"
    done = client.ok("GET", f"/workflows/v1/{operation['name']}")
    assert done["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    assert client.get(f"{PARENT}/workflows/orders").status == 404


def test_lists_page_and_span_locations(client):
    client.enable("workflows")
    for number in range(5):
        location = "europe-west1" if number % 2 else "us-central1"
        client.ok(
            "POST",
            f"/workflows/v1/projects/shop-dev/locations/{location}/workflows?workflowId=w{number}",
            {"sourceContents": SOURCE},
        )
    base = "/workflows/v1/projects/123456789012/locations/-/workflows?pageSize=2"
    seen, token = [], ""
    while True:
        page = client.ok("GET", f"{base}&pageToken={token}")
        assert len(page["workflows"]) <= 2
        seen += [w["name"] for w in page["workflows"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert sorted(name[-2:] for name in seen) == ["w0", "w1", "w2", "w3", "w4"]
    assert all(name.startswith("projects/shop-dev/") for name in seen)


def test_empty_list_is_an_empty_object(client):
    client.enable("workflows")
    assert client.ok("GET", f"{PARENT}/workflows") == {}


def test_execution_is_recorded_and_can_be_cancelled(client):
    create(client)
    client.enable("workflowexecutions")
    base = f"/workflowexecutions/v1/{NAME}/executions"
    execution = client.ok("POST", base, {"argument": "{}"})
    assert execution["workflowRevisionId"].startswith("000001-")
    assert client.ok("GET", f"/workflowexecutions/v1/{execution['name']}") == execution
    assert client.ok("GET", base)["executions"] == [execution]
    cancelled = client.ok("POST", f"/workflowexecutions/v1/{execution['name']}:cancel", {})
    assert cancelled["state"] == "CANCELLED"
    again = client.post(f"/workflowexecutions/v1/{execution['name']}:cancel")
    assert again.reason == "FAILED_PRECONDITION"


def test_api_that_is_not_enabled_says_so(client):
    answer = client.get(f"{PARENT}/workflows")
    assert answer.status == 403
    detail = answer.body["error"]["details"][0]
    assert detail["reason"] == "SERVICE_DISABLED"
    assert detail["metadata"] == {
        "service": "workflows.googleapis.com",
        "consumer": "projects/123456789012",
    }
