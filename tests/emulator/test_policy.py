"""Policies and their enforcement."""

from concurrent.futures import ThreadPoolExecutor

import pytest

GET = "/cloudresourcemanager/v1/projects/shop-dev:getIamPolicy"
SET = "/cloudresourcemanager/v1/projects/shop-dev:setIamPolicy"
SERVICE = "projects/shop-dev/locations/europe-west1/services/api"
RUN = f"/run/v2/{SERVICE}"
OWNERS = {"role": "roles/owner", "members": ["user:ana@example.com"]}


def with_owner(*bindings, **rest):
    return {"policy": {"bindings": [OWNERS, *bindings], **rest}}


def binding(role, *members, **condition):
    found = {"role": role, "members": list(members)}
    if condition:
        found["condition"] = condition
    return found


def test_empty_policy_is_an_etag_and_nothing_else(client):
    client.stand_in(f"//run.googleapis.com/{SERVICE}")
    assert client.ok("GET", f"{RUN}:getIamPolicy") == {"etag": "ACAB"}


def test_stale_etag_is_aborted_and_changes_nothing(client):
    policy = client.policy()
    client.grant("roles/viewer", "user:bob@example.com")
    after = client.policy()
    answer = client.post(SET, with_owner(etag=policy["etag"]))
    assert (answer.status, answer.reason) == (409, "ABORTED")
    assert client.policy() == after


def test_missing_etag_overwrites(client):
    client.grant("roles/viewer", "user:bob@example.com")
    assert client.ok("POST", SET, with_owner())["bindings"] == [OWNERS]


def test_version_is_1_without_conditions_whatever_was_sent(client):
    assert client.ok("POST", SET, with_owner(version=3))["version"] == 1


def test_conditional_binding_needs_version_3(client):
    conditional = binding("roles/viewer", "user:b@example.com", title="t", expression="true")
    answer = client.post(SET, with_owner(conditional, version=1))
    assert answer.status == 400
    assert client.ok("POST", SET, with_owner(conditional, version=3))["version"] == 3


def test_reader_of_version_1_sees_no_condition_but_another_role(client):
    conditional = binding("roles/viewer", "user:b@example.com", title="t", expression="true")
    client.ok("POST", SET, with_owner(conditional, version=3))
    seen = client.ok("POST", GET, {})
    assert seen["version"] == 1
    assert "condition" not in seen["bindings"][1]
    assert seen["bindings"][1]["role"].startswith("roles/viewer_withcond_")
    assert client.policy()["bindings"][1] == conditional


def test_condition_that_does_not_parse_is_refused(client):
    broken = binding("roles/viewer", "user:b@example.com", title="t", expression="resource.name ==")
    assert client.post(SET, with_owner(broken, version=3)).status == 400


def test_account_that_does_not_exist_is_refused_by_name(client):
    email = "nobody@shop-dev.iam.gserviceaccount.com"
    answer = client.post(SET, with_owner(binding("roles/viewer", f"serviceAccount:{email}")))
    assert answer.status == 400
    assert answer.message == f"Service account {email} does not exist."


def test_service_agent_exists_only_after_its_api_created_it(client):
    member = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    body = with_owner(binding("roles/viewer", member))
    assert client.post(SET, body).status == 400
    client.ok(
        "POST",
        "/serviceusage/v1beta1/projects/shop-dev/services/pubsub.googleapis.com"
        ":generateServiceIdentity",
    )
    assert client.post(SET, body).status == 200


@pytest.mark.parametrize("member", ["bob@example.com", "user:bob", "robot:x@y.z", "user:a b@c.d"])
def test_malformed_member_is_refused(client, member):
    assert client.post(SET, with_owner(binding("roles/viewer", member))).status == 400


@pytest.mark.parametrize(
    "member",
    [
        "allUsers",
        "allAuthenticatedUsers",
        "group:team@example.com",
        "domain:example.com",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
        "deleted:serviceAccount:old@shop-dev.iam.gserviceaccount.com?uid=123456789012345678901",
    ],
)
def test_other_kinds_of_member_are_kept(client, member):
    policy = client.ok("POST", SET, with_owner(binding("roles/viewer", member)))
    assert policy["bindings"][1]["members"] == [member]


def test_unknown_role_is_refused(client):
    answer = client.post(SET, with_owner(binding("roles/run.invokr", "user:b@example.com")))
    assert answer.status == 400
    assert "roles/run.invokr" in answer.message


def test_policy_holds_1500_members(client):
    many = [f"user:u{number}@example.com" for number in range(1499)]
    assert client.post(SET, with_owner(binding("roles/viewer", *many))).status == 200
    more = binding("roles/viewer", *many, "user:one@example.com")
    answer = client.post(SET, with_owner(more))
    assert answer.status == 400
    assert "1,501" in answer.message


def test_equal_bindings_merge_and_emails_are_lower_case(client):
    policy = client.ok(
        "POST",
        SET,
        with_owner(
            binding("roles/viewer", "user:Bob@Example.com"),
            binding("roles/viewer", "user:bob@example.com", "user:c@example.com"),
        ),
    )
    assert policy["bindings"][1]["members"] == ["user:bob@example.com", "user:c@example.com"]


def test_audit_configs_change_only_when_the_mask_names_them(client):
    audit = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
    client.ok(
        "POST", SET, {**with_owner(auditConfigs=audit), "updateMask": "bindings,auditConfigs"}
    )
    client.ok("POST", SET, with_owner())
    assert client.policy()["auditConfigs"] == audit
    client.ok("POST", SET, {**with_owner(), "updateMask": "bindings,auditConfigs"})
    assert "auditConfigs" not in client.policy()


def test_nobody_is_401_and_a_stranger_403_with_permission_and_resource(client):
    nobody = client.as_(None).post(GET)
    assert (nobody.status, nobody.reason) == (401, "UNAUTHENTICATED")
    stranger = client.as_("user:eve@example.com").post(GET)
    assert stranger.status == 403
    detail = stranger.body["error"]["details"][0]
    assert detail["reason"] == "IAM_PERMISSION_DENIED"
    assert detail["metadata"] == {
        "permission": "resourcemanager.projects.getIamPolicy",
        "resource": "projects/shop-dev",
    }


def test_token_that_names_nobody_is_401(client):
    answer = client.send("POST", GET, {}, {"Authorization": "Bearer ya29.something"})
    assert answer.status == 401


def test_absence_is_not_disclosed_to_those_who_may_not_look(client):
    client.enable("run")
    assert client.get(RUN).status == 404
    assert client.as_("user:eve@example.com").get(RUN).status == 403


def test_grant_on_the_resource_counts_there_only(client):
    client.stand_in(f"//run.googleapis.com/{SERVICE}", f"//run.googleapis.com/{SERVICE}-b")
    body = {"policy": {"bindings": [binding("roles/run.viewer", "user:b@example.com")]}}
    client.ok("POST", f"{RUN}:setIamPolicy", body)
    bob = client.as_("user:b@example.com")
    assert bob.get(RUN).status == 200
    assert bob.get(f"{RUN}-b").status == 403


def test_grant_on_the_project_is_inherited(client):
    client.stand_in(f"//run.googleapis.com/{SERVICE}")
    client.grant("roles/run.viewer", "user:b@example.com")
    assert client.as_("user:b@example.com").get(RUN).status == 200


def test_grant_on_a_folder_is_inherited(client):
    client.ok("POST", "/emulator/v1/projects", {"projectId": "inner-dev", "parent": "folders/77"})
    path = "/cloudresourcemanager/v3/projects/inner-dev"
    assert client.get(path).status == 403
    with client.emulator.plane.world.objects.transaction():
        client.emulator.plane.world.objects.put(
            "policy",
            "//cloudresourcemanager.googleapis.com/folders/77",
            {"etag": "x", "bindings": [OWNERS]},
        )
    assert client.get(path).status == 200


def test_public_resource_needs_no_credentials(client):
    client.stand_in(f"//run.googleapis.com/{SERVICE}")
    body = {"policy": {"bindings": [binding("roles/run.viewer", "allUsers")]}}
    client.ok("POST", f"{RUN}:setIamPolicy", body)
    assert client.as_(None).get(RUN).status == 200


def test_condition_decides_where_the_service_has_attributes(client):
    client.stand_in(
        "//secretmanager.googleapis.com/projects/shop-dev/secrets/key",
        "//secretmanager.googleapis.com/projects/shop-dev/secrets/other",
    )
    client.grant(
        "roles/secretmanager.secretAccessor",
        "user:b@example.com",
        {
            "title": "t",
            "expression": 'resource.name.startsWith("projects/123456789012/secrets/key")',
        },
    )
    bob = client.as_("user:b@example.com")
    base = "/secretmanager/v1/projects/shop-dev/secrets"
    assert bob.get(f"{base}/key/versions/latest:access").status == 200
    assert bob.get(f"{base}/other/versions/latest:access").status == 403


def test_condition_on_a_service_without_attributes_grants_nothing(client):
    client.stand_in(f"//run.googleapis.com/{SERVICE}")
    condition = {"title": "t", "expression": f'resource.name.endsWith("{SERVICE}")'}
    client.grant("roles/run.viewer", "user:b@example.com", condition)
    assert client.as_("user:b@example.com").get(RUN).status == 403


def test_condition_on_time_counts_until_it_is_over(client):
    bob = client.as_("user:b@example.com")
    for year, status in (("2020", 403), ("2999", 200)):
        expression = f'request.time < timestamp("{year}-01-01T00:00:00Z")'
        client.grant("roles/viewer", "user:b@example.com", {"title": "t", "expression": expression})
        assert bob.get("/cloudresourcemanager/v3/projects/shop-dev").status == status


def test_permissions_can_be_tested_without_any(client):
    path = "/cloudresourcemanager/v3/projects/shop-dev:testIamPermissions"
    body = {"permissions": ["run.services.get", "iam.roles.fly", "resourcemanager.projects.get"]}
    assert client.ok("POST", path, body)["permissions"] == [
        "run.services.get", "resourcemanager.projects.get"
    ]  # fmt: skip
    assert client.as_("user:eve@example.com").ok("POST", path, body) == {}


def test_enforcement_can_be_switched_off(client):
    eve = client.as_("user:eve@example.com")
    assert eve.post(GET).status == 403
    client.ok("PATCH", "/emulator/v1/settings", {"enforce": False})
    assert eve.post(GET).status == 200
    assert client.as_(None).post(GET).status == 200


def test_group_members_have_the_grants_of_the_group(client):
    client.grant("roles/viewer", "group:team@example.com")
    bob = client.as_("user:bob@example.com")
    path = "/cloudresourcemanager/v3/projects/shop-dev"
    assert bob.get(path).status == 403
    groups = {"team@example.com": ["user:bob@example.com"]}
    client.ok("PATCH", "/emulator/v1/settings", {"groups": groups})
    assert bob.get(path).status == 200


def test_concurrent_adds_with_etag_lose_nothing(client):
    def add(number):
        while True:
            policy = client.policy()
            member = f"user:u{number}@example.com"
            policy["bindings"].append(binding("roles/viewer", member))
            answer = client.post(SET, {"policy": policy})
            if answer.status == 200:
                return
            assert answer.reason == "ABORTED"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(client.policy()["bindings"][1]["members"]) == 40


def test_grants_of_an_account_are_found_by_asset_search(client):
    email = client.account("orders-wf")
    client.stand_in(f"//run.googleapis.com/{SERVICE}")
    client.enable("cloudasset")
    body = {"policy": {"bindings": [binding("roles/run.invoker", f"serviceAccount:{email}")]}}
    client.ok("POST", f"{RUN}:setIamPolicy", body)
    path = f"/cloudasset/v1/projects/shop-dev:searchAllIamPolicies?query=policy:{email}"
    [result] = client.ok("GET", path)["results"]
    assert result["resource"] == f"//run.googleapis.com/{SERVICE}"
    assert result["policy"]["bindings"] == body["policy"]["bindings"]
