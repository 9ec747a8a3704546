"""Service accounts and roles, as the real service answers."""

import re

ACCOUNTS = "/iam/v1/projects/shop-dev/serviceAccounts"
EMAIL = "orders-wf@shop-dev.iam.gserviceaccount.com"


def test_new_account_has_the_recorded_fields(client):
    account = client.ok(
        "POST",
        ACCOUNTS,
        {"accountId": "orders-wf", "serviceAccount": {"displayName": "O", "description": "D"}},
    )
    assert set(account) == {
        "name", "projectId", "uniqueId", "email", "displayName", "description", "etag",
        "oauth2ClientId",
    }  # fmt: skip
    assert re.fullmatch(r"1\d{20}", account["uniqueId"])
    assert account["name"] == f"projects/shop-dev/serviceAccounts/{EMAIL}"


def test_account_is_found_by_wildcard_project_number_and_unique_id(client):
    client.account("orders-wf")
    first = client.ok("GET", f"/iam/v1/projects/-/serviceAccounts/{EMAIL}")
    for reference in (
        f"projects/123456789012/serviceAccounts/{EMAIL}",
        f"projects/-/serviceAccounts/{first['uniqueId']}",
    ):
        assert client.ok("GET", f"/iam/v1/{reference}") == first


def test_patch_answers_name_and_changed_fields_only(client):
    client.account("orders-wf")
    answer = client.ok(
        "PATCH",
        f"{ACCOUNTS}/{EMAIL}",
        {"serviceAccount": {"description": "new"}, "updateMask": "description"},
    )
    assert answer == {
        "name": f"projects/shop-dev/serviceAccounts/{EMAIL}",
        "description": "new",
    }


def test_unknown_account_is_404_for_those_who_may_look(client):
    answer = client.get(f"{ACCOUNTS}/{EMAIL}")
    assert (answer.status, answer.message) == (404, "Unknown service account")
    assert client.as_("user:eve@example.com").get(f"{ACCOUNTS}/{EMAIL}").status == 403


def test_second_account_of_a_name_conflicts(client):
    client.account("orders-wf")
    answer = client.post(ACCOUNTS, {"accountId": "orders-wf"})
    assert (answer.status, answer.reason) == (409, "ALREADY_EXISTS")


def test_account_ids_have_6_to_30_characters(client):
    for identifier in ("order", "a" * 31, "Orders-wf", "1orders", "orders-"):
        assert client.post(ACCOUNTS, {"accountId": identifier}).status == 400, identifier


def test_project_holds_100_accounts(client):
    for number in range(100):
        client.account(f"account-{number:03d}")
    answer = client.post(ACCOUNTS, {"accountId": "one-too-many"})
    assert (answer.status, answer.reason) == (429, "RESOURCE_EXHAUSTED")


def test_deleted_account_stays_in_policies_with_its_uid(client):
    client.account("orders-wf")
    unique = client.ok("GET", f"{ACCOUNTS}/{EMAIL}")["uniqueId"]
    client.grant("roles/run.invoker", f"serviceAccount:{EMAIL}")
    before = client.policy()["etag"]
    assert client.ok("DELETE", f"{ACCOUNTS}/{EMAIL}") == {}
    after = client.policy()
    assert after["bindings"][-1]["members"] == [f"deleted:serviceAccount:{EMAIL}?uid={unique}"]
    assert after["etag"] != before


def test_recreated_account_is_another_identity(client):
    client.account("orders-wf")
    old = client.ok("GET", f"{ACCOUNTS}/{EMAIL}")["uniqueId"]
    client.grant("roles/workflows.viewer", f"serviceAccount:{EMAIL}")
    client.enable("workflows")
    path = "/workflows/v1/projects/shop-dev/locations/l/workflows"
    assert client.as_(f"serviceAccount:{EMAIL}").get(path).status == 200
    client.ok("DELETE", f"{ACCOUNTS}/{EMAIL}")
    client.account("orders-wf")
    assert client.ok("GET", f"{ACCOUNTS}/{EMAIL}")["uniqueId"] != old
    assert client.as_(f"serviceAccount:{EMAIL}").get(path).status == 403


def test_undelete_restores_account_and_grants(client):
    client.account("orders-wf")
    account = client.ok("GET", f"{ACCOUNTS}/{EMAIL}")
    client.grant("roles/run.invoker", f"serviceAccount:{EMAIL}")
    client.ok("DELETE", f"{ACCOUNTS}/{EMAIL}")
    restored = client.ok("POST", f"{ACCOUNTS}/{account['uniqueId']}:undelete", {})
    assert restored["restoredAccount"] == account
    assert client.policy()["bindings"][-1]["members"] == [f"serviceAccount:{EMAIL}"]


def test_disabled_account_may_do_nothing(client):
    email = client.account("orders-wf")
    client.grant("roles/iam.serviceAccountViewer", f"serviceAccount:{email}")
    robot = client.as_(f"serviceAccount:{email}")
    assert robot.get(ACCOUNTS).status == 200
    client.ok("POST", f"{ACCOUNTS}/{email}:disable", {})
    assert robot.get(ACCOUNTS).status == 403


def test_predefined_role_lists_its_permissions(client):
    role = client.ok("GET", "/iam/v1/roles/run.invoker")
    assert role["stage"] == "GA"
    assert "run.routes.invoke" in role["includedPermissions"]
    assert client.get("/iam/v1/roles/run.invokr").status == 404


def test_custom_role_lives_dies_and_returns(client):
    base = "/iam/v1/projects/shop-dev/roles"
    role = client.ok(
        "POST",
        base,
        {
            "roleId": "test_role",
            "role": {"title": "T", "includedPermissions": ["iam.roles.list", "iam.roles.get"]},
        },
    )
    assert role["includedPermissions"] == ["iam.roles.get", "iam.roles.list"]
    assert "stage" not in role
    changed = client.ok("PATCH", f"{base}/test_role?updateMask=title", {"title": "U"})
    assert (changed["title"], changed["includedPermissions"]) == ("U", role["includedPermissions"])
    stale = client.patch(f"{base}/test_role?updateMask=title", {"title": "V", "etag": role["etag"]})
    assert (stale.status, stale.reason) == (409, "ABORTED")
    assert client.ok("DELETE", f"{base}/test_role")["deleted"] is True
    assert client.ok("GET", f"{base}/test_role")["deleted"] is True
    assert client.ok("GET", base) == {}
    assert len(client.ok("GET", f"{base}?showDeleted=true")["roles"]) == 1
    assert "deleted" not in client.ok("POST", f"{base}/test_role:undelete", {})


def test_custom_role_grants_what_it_holds_until_it_is_deleted(client):
    base = "/iam/v1/projects/shop-dev/roles"
    client.ok(
        "POST",
        base,
        {"roleId": "seer", "role": {"includedPermissions": ["iam.serviceAccounts.list"]}},
    )
    client.grant("projects/shop-dev/roles/seer", "user:dev@example.com")
    dev = client.as_("user:dev@example.com")
    assert dev.get(ACCOUNTS).status == 200
    client.ok("DELETE", f"{base}/seer")
    assert dev.get(ACCOUNTS).status == 403


def test_role_with_an_unknown_permission_is_refused(client):
    answer = client.post(
        "/iam/v1/projects/shop-dev/roles",
        {"roleId": "bad_role", "role": {"includedPermissions": ["iam.roles.fly"]}},
    )
    assert (answer.status, answer.message) == (400, "Permission iam.roles.fly is not valid.")


def test_grantable_roles_of_a_service_are_about_services(client):
    body = {
        "fullResourceName": "//run.googleapis.com/projects/shop-dev/locations/l/services/s",
        "pageSize": 1000,
    }
    roles = client.ok("POST", "/iam/v1/roles:queryGrantableRoles", body)["roles"]
    names = {role["name"] for role in roles}
    assert "roles/run.admin" in names
    assert "roles/secretmanager.secretAccessor" not in names


def test_impersonation_needs_its_own_permission(client):
    email = client.account("orders-wf")
    path = f"/iamcredentials/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    assert client.post(path, {"scope": ["x"]}).status == 403
    client.grant("roles/iam.serviceAccountTokenCreator", "user:ana@example.com")
    token = client.ok("POST", path, {"scope": ["x"]})["accessToken"]
    assert token == client.emulator.token(f"serviceAccount:{email}")
