"""The other services: the facts in which each differs from the standard."""

import base64

import pytest

EUROPE = "projects/shop-dev/locations/europe-west1"


def test_stand_ins_are_made_once_with_their_project_and_api(client):
    names = [
        "//run.googleapis.com/projects/new-dev/locations/europe-west1/services/api",
        "//secretmanager.googleapis.com/projects/new-dev/secrets/key",
        "//iam.googleapis.com/projects/-/serviceAccounts/robot-x@new-dev.iam.gserviceaccount.com",
    ]
    body = {"names": names, "owner": "user:ana@example.com"}
    assert client.ok("POST", "/emulator/v1/resources", body)["created"] == names
    assert client.ok("POST", "/emulator/v1/resources", body)["created"] == []
    service = client.ok("GET", f"/run/v2/{names[0].partition('.com/')[2]}")
    number = client.ok("GET", "/cloudresourcemanager/v1/projects/new-dev")["projectNumber"]
    assert f"https://api-{number}.europe-west1.run.app" in service["urls"]
    assert any(url.endswith("-ew.a.run.app") for url in service["urls"])


def test_project_number_is_the_same_every_time(client):
    numbers = set()
    for _ in range(2):
        client.ok("POST", "/emulator/v1/reset", {})
        made = client.ok("POST", "/emulator/v1/projects", {"projectId": "same-dev"})
        numbers.add(made["projectNumber"])
    assert len(numbers) == 1


def test_project_is_found_by_number_and_id_in_both_versions(client):
    old = client.ok("GET", "/cloudresourcemanager/v1/projects/123456789012")
    new = client.ok("GET", "/cloudresourcemanager/v3/projects/shop-dev")
    assert (old["projectId"], old["lifecycleState"]) == ("shop-dev", "ACTIVE")
    assert (new["name"], new["state"]) == ("projects/123456789012", "ACTIVE")
    found = client.ok("GET", "/cloudresourcemanager/v3/projects:search?query=id:shop-*")
    assert found["projects"] == [new]


def test_unknown_project_is_refused_like_a_forbidden_one(client):
    assert client.get("/cloudresourcemanager/v1/projects/nowhere").status == 403
    answer = client.get("/run/v2/projects/nowhere/locations/l/services")
    assert answer.status == 403
    assert answer.body["error"]["details"][0]["reason"] == "CONSUMER_INVALID"


def test_created_project_belongs_to_its_creator(client):
    bob = client.as_("user:bob@example.com")
    begun = bob.ok("POST", "/cloudresourcemanager/v1/projects", {"projectId": "bobs-dev"})
    assert set(begun) == {"name"}
    done = bob.ok("GET", f"/cloudresourcemanager/v1/{begun['name']}")
    assert done["done"] is True
    assert done["response"]["projectId"] == "bobs-dev"
    assert bob.get("/cloudresourcemanager/v1/projects/bobs-dev").status == 200


def test_enabling_answers_a_bare_operation_first_and_a_done_one_again(client):
    path = "/serviceusage/v1/projects/shop-dev/services/run.googleapis.com"
    assert client.ok("GET", path)["state"] == "DISABLED"
    begun = client.ok("POST", f"{path}:enable", {})
    assert set(begun) == {"name"}
    done = client.ok("GET", f"/serviceusage/v1/{begun['name']}")
    assert done["response"]["service"]["name"] == (
        "projects/123456789012/services/run.googleapis.com"
    )
    again = client.ok("POST", f"{path}:enable", {})
    assert (again["name"], again["done"]) == ("operations/noop.DONE_OPERATION", True)
    client.ok("POST", f"{path}:disable", {})
    assert client.ok("GET", path)["state"] == "DISABLED"


def test_service_lists_are_filtered_by_state(client):
    client.enable("run", "secretmanager")
    base = "/serviceusage/v1/projects/shop-dev/services?pageSize=200"
    enabled = client.ok("GET", f"{base}&filter=state:ENABLED")["services"]
    names = {service["config"]["name"] for service in enabled}
    assert {"run.googleapis.com", "secretmanager.googleapis.com"} <= names
    assert "pubsub.googleapis.com" not in names
    assert {service["state"] for service in enabled} == {"ENABLED"}


def test_service_that_google_does_not_have_is_refused(client):
    path = "/serviceusage/v1/projects/shop-dev/services/nothing.googleapis.com:enable"
    assert client.post(path).status == 403


def test_run_service_is_created_as_asked(client):
    client.enable("run")
    email = client.account("api-runner")
    body = {"template": {"containers": [{"image": "x"}], "serviceAccount": email}}
    operation = client.ok("POST", f"/run/v2/{EUROPE}/services?serviceId=api", body)
    assert operation["metadata"]["name"] == f"{EUROPE}/services/api"
    service = client.ok("GET", f"/run/v2/{EUROPE}/services/api")
    assert service["template"]["serviceAccount"] == email
    assert service["template"]["timeout"] == "300s"
    assert service["creator"] == "ana@example.com"
    client.ok("PATCH", f"/run/v2/{EUROPE}/services/api", {"labels": {"a": "b"}})
    changed = client.ok("GET", f"/run/v2/{EUROPE}/services/api")
    assert (changed["generation"], changed["template"]) == ("2", service["template"])
    stale = client.patch(f"/run/v2/{EUROPE}/services/api", {"etag": service["etag"]})
    assert stale.reason == "ABORTED"


def test_run_service_has_one_policy_in_both_versions(client):
    client.stand_in(f"//run.googleapis.com/{EUROPE}/services/api")
    body = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}
    new = client.ok("POST", f"/run/v2/{EUROPE}/services/api:setIamPolicy", body)
    old = client.ok("GET", f"/run/v1/{EUROPE}/services/api:getIamPolicy")
    assert new == old
    knative = client.ok("GET", "/run/apis/serving.knative.dev/v1/namespaces/shop-dev/services/api")
    assert knative["status"]["url"] in client.ok("GET", f"/run/v2/{EUROPE}/services/api")["urls"]


def test_job_run_with_overrides_needs_more(client):
    client.stand_in(f"//run.googleapis.com/{EUROPE}/jobs/nightly")
    client.grant("roles/run.invoker", "user:b@example.com")
    bob = client.as_("user:b@example.com")
    path = f"/run/v2/{EUROPE}/jobs/nightly:run"
    assert bob.post(path).status == 200
    refused = bob.post(path, {"overrides": {"taskCount": 2}})
    assert refused.status == 403
    assert "run.jobs.runWithOverrides" in refused.message


def test_functions_of_both_generations_share_v2_only(client):
    client.enable("cloudfunctions", "run")
    first = {
        "name": f"{EUROPE}/functions/old",
        "runtime": "nodejs20",
        "entryPoint": "main",
        "httpsTrigger": {},
    }
    begun = client.ok("POST", f"/cloudfunctions/v1/{EUROPE}/functions", first)
    assert client.ok("GET", f"/cloudfunctions/v1/{begun['name']}")["done"] is True
    client.ok("POST", f"/cloudfunctions/v2/{EUROPE}/functions?functionId=new_one", {})
    both = client.ok("GET", f"/cloudfunctions/v2/{EUROPE}/functions")["functions"]
    assert {f["name"][-3:]: f["environment"] for f in both} == {"old": "GEN_1", "one": "GEN_2"}
    only = client.ok("GET", f"/cloudfunctions/v1/{EUROPE}/functions")["functions"]
    assert [f["name"] for f in only] == [f"{EUROPE}/functions/old"]
    assert client.get(f"/cloudfunctions/v1/{EUROPE}/functions/new_one").status == 404
    assert client.get(f"/run/v2/{EUROPE}/services/new-one").status == 200


def test_secrets_are_named_by_project_number_and_keep_versions(client):
    client.enable("secretmanager")
    base = "/secretmanager/v1/projects/shop-dev/secrets"
    secret = client.ok("POST", f"{base}?secretId=key", {"replication": {"automatic": {}}})
    assert secret["name"] == "projects/123456789012/secrets/key"
    assert client.get(f"{base}/key/versions/latest:access").status == 404
    for text in (b"one", b"two"):
        data = base64.b64encode(text).decode()
        client.ok("POST", f"{base}/key:addVersion", {"payload": {"data": data}})
    latest = client.ok("GET", f"{base}/key/versions/latest:access")
    assert latest["name"].endswith("/versions/2")
    assert base64.b64decode(latest["payload"]["data"]) == b"two"
    client.ok("POST", f"{base}/key/versions/2:disable", {})
    assert client.get(f"{base}/key/versions/2:access").reason == "FAILED_PRECONDITION"


def test_bucket_policy_is_put_and_a_stale_etag_is_412(client):
    client.stand_in("//storage.googleapis.com/projects/_/buckets/files")
    policy = client.ok("GET", "/storage/storage/v1/b/files/iam")
    assert policy["kind"] == "storage#policy"
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    client.ok("PUT", "/storage/storage/v1/b/files/iam", policy)
    assert client.put("/storage/storage/v1/b/files/iam", policy).status == 412
    assert client.get("/storage/storage/v1/b/nothing").status == 404


def test_dataset_access_is_its_policy(client):
    client.stand_in("//bigquery.googleapis.com/projects/shop-dev/datasets/sales")
    base = "/bigquery/bigquery/v2/projects/shop-dev/datasets/sales"
    bob = client.as_("user:b@example.com")
    assert bob.get(base).status == 403
    dataset = client.ok("GET", base)
    entry = {"role": "READER", "userByEmail": "b@example.com"}
    body = {"access": [*dataset["access"], entry]}
    stale = client.send("PATCH", base, body, {"If-Match": "other"})
    assert stale.status == 412
    changed = client.send("PATCH", base, body, {"If-Match": dataset["etag"]})
    assert changed.status == 200
    assert bob.get(base).status == 200
    assert changed.body["etag"] != dataset["etag"]
    nobody = {"role": "READER", "userByEmail": "no-one@shop-dev.iam.gserviceaccount.com"}
    assert client.patch(base, {"access": [nobody]}).status == 400


@pytest.mark.parametrize(
    ("resource", "permission"),
    [
        ("iap_web", "iap.web.getIamPolicy"),
        ("iap_web/compute", "iap.webTypes.getIamPolicy"),
        ("iap_web/compute/services/77", "iap.webServices.getIamPolicy"),
        ("iap_web/appengine-shop-dev/services/default/versions/v1",
         "iap.webServiceVersions.getIamPolicy"),
    ],
)  # fmt: skip
def test_iap_resources_take_policies_without_being_created(client, resource, permission):
    path = f"/iap/v1/projects/123456789012/{resource}"
    role = {"role": "roles/iap.httpsResourceAccessor", "members": ["user:b@example.com"]}
    client.ok("POST", f"{path}:setIamPolicy", {"policy": {"bindings": [role]}})
    assert client.ok("POST", f"{path}:getIamPolicy", {})["bindings"] == [role]
    refused = client.as_("user:b@example.com").post(f"{path}:getIamPolicy")
    assert refused.body["error"]["details"][0]["metadata"]["permission"] == permission


def test_queue_has_the_recorded_defaults_and_no_state_at_birth(client):
    client.enable("cloudtasks")
    made = client.ok("POST", f"/cloudtasks/v2/{EUROPE}/queues", {"name": f"{EUROPE}/queues/mail"})
    assert "state" not in made
    queue = client.ok("GET", f"/cloudtasks/v2/{EUROPE}/queues/mail")
    assert queue["state"] == "RUNNING"
    assert queue["rateLimits"]["maxConcurrentDispatches"] == 1000
    assert queue["retryConfig"]["minBackoff"] == "0.100s"


def test_task_with_a_token_needs_act_as(client):
    client.stand_in(f"//cloudtasks.googleapis.com/{EUROPE}/queues/mail")
    email = client.account("task-caller")
    client.grant("roles/cloudtasks.enqueuer", "user:b@example.com")
    request = {"url": "https://x.example", "oidcToken": {"serviceAccountEmail": email}}
    path = f"/cloudtasks/v2/{EUROPE}/queues/mail/tasks"
    refused = client.as_("user:b@example.com").post(path, {"task": {"httpRequest": request}})
    assert refused.status == 403
    assert "actAs" in refused.message
    assert client.post(path, {"task": {"httpRequest": request}}).status == 200


def test_topic_is_put_published_to_and_deleted(client):
    client.enable("pubsub")
    path = "/pubsub/v1/projects/shop-dev/topics/orders"
    assert client.get(path).message == "Resource not found (resource=orders)."
    assert client.ok("PUT", path, {}) == {"name": "projects/shop-dev/topics/orders"}
    sent = client.ok("POST", f"{path}:publish", {"messages": [{"data": "aGk="}]})
    assert len(sent["messageIds"]) == 1
    subscription = {"topic": "projects/shop-dev/topics/orders"}
    client.ok("PUT", "/pubsub/v1/projects/shop-dev/subscriptions/s", subscription)
    assert client.ok("DELETE", path) == {}


def test_any_api_answers_by_its_discovery_document(client):
    base = "/eventarc/v1/projects/shop-dev/locations/europe-west1/channels"
    client.enable("eventarc")
    operation = client.ok("POST", f"{base}?channelId=t", {"labels": {"a": "b"}})
    assert client.ok("GET", f"/eventarc/v1/{operation['name']}")["done"] is True
    assert client.ok("GET", f"{base}/t")["labels"] == {"a": "b"}
    assert [t["name"] for t in client.ok("GET", base)["channels"]] == [f"{EUROPE}/channels/t"]
    assert client.as_("user:eve@example.com").get(f"{base}/t").status == 403
    client.ok("DELETE", f"{base}/t")
    assert client.get(f"{base}/t").status == 404


def test_older_apis_have_operations_with_a_status(client):
    base = "/compute/compute/v1/projects/shop-dev/zones/europe-west1-b"
    operation = client.ok("POST", f"{base}/instances", {"name": "vm"})
    assert client.ok("GET", f"{base}/operations/{operation['name']}")["status"] == "DONE"
    assert client.ok("GET", f"{base}/instances/vm")["name"] == "vm"
    assert client.ok("POST", f"{base}/instances/vm/stop")["status"] == "DONE"
    assert client.post(f"{base}/instances/other/stop").status == 404


def test_log_entries_are_checked_on_the_project_they_name(client):
    body = {"logName": "projects/shop-dev/logs/x", "entries": [{"textPayload": "hi"}]}
    assert client.post("/logging/v2/entries:write", body).status == 200
    refused = client.as_("user:eve@example.com").post("/logging/v2/entries:write", body)
    assert "logging.logEntries.create" in refused.message


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ({"imageUri": "gs://pictures/a.jpg"}, 403),
        ({"gcsImageUri": "gs://pictures/a.jpg"}, 403),
        ({"imageUri": "https://example.com/a.jpg"}, 200),
    ],
)
def test_a_picture_in_a_bucket_is_read_as_the_caller(client, source, status):
    client.stand_in("//storage.googleapis.com/projects/_/buckets/pictures")
    account = client.as_("serviceAccount:" + client.account("annotator"))
    body = {"requests": [{"image": {"source": source}}]}
    assert account.post("/vision/v1/images:annotate", body).status == status
    client.grant("roles/storage.objectViewer", account.principal)
    assert account.post("/vision/v1/images:annotate", body).status == 200
