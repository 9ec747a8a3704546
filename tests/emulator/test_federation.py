"""Pools and providers of Workload Identity Federation, as the API answers for them."""

import pytest

PARENT = "/iam/v1/projects/shop-dev/locations/global"
POOL = f"{PARENT}/workloadIdentityPools/pipelines"
OIDC = {"issuerUri": "https://token.actions.githubusercontent.com"}
PROVIDER = {
    "attributeMapping": {"google.subject": "assertion.sub"},
    "attributeCondition": "assertion.repository == 'acme/orders'",
    "oidc": OIDC,
}


def create_pool(client, pool_id="pipelines", **body):
    return client.post(f"{PARENT}/workloadIdentityPools?workloadIdentityPoolId={pool_id}", body)


def create_provider(client, provider_id="github", **body):
    path = f"{POOL}/providers?workloadIdentityPoolProviderId={provider_id}"
    return client.post(path, {**PROVIDER, **body})


def test_a_pool_is_named_by_number_and_its_operation_is_below_it(client):
    operation = create_pool(client, displayName="Pipelines").body
    assert (
        operation["name"].partition("/operations/")[0].endswith("workloadIdentityPools/pipelines")
    )
    while "done" not in operation:
        operation = client.ok("GET", f"/iam/v1/{operation['name']}")
    made = operation["response"]
    assert made["state"] == "ACTIVE"
    assert made["name"].split("/")[1].isdecimal()
    assert client.ok("GET", POOL) == {k: v for k, v in made.items() if k != "@type"}


@pytest.mark.parametrize("pool_id", ["abc", "gcp-pool", "Pool", "x" * 33])
def test_an_id_has_4_to_32_characters_and_no_prefix_of_google(client, pool_id):
    assert create_pool(client, pool_id).status == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributeMapping": {"attribute.x": "assertion.x"}},
        {"attributeMapping": {"google.subject": "assertion.sub", "x": "assertion.x"}},
        {"attributeCondition": "assertion.repository =="},
        {"attributeCondition": ""},
        {"attributeCondition": "true"},
        {"oidc": {"issuerUri": "http://issuer.example"}},
        {"displayName": "x" * 33},
    ],
    ids=["no subject", "odd key", "no expression", "no condition", "any", "http", "long name"],
)
def test_a_provider_that_would_let_anybody_in_or_makes_no_sense_is_refused(client, wrong):
    create_pool(client)
    assert create_provider(client, **wrong).status == 400
    assert client.get(f"{POOL}/providers/github").status == 404


def test_what_is_deleted_stays_hidden_keeps_its_id_and_comes_back(client):
    create_pool(client)
    create_provider(client)
    client.ok("DELETE", f"{POOL}/providers/github")
    assert client.ok("GET", f"{POOL}/providers") == {}
    [shown] = client.ok("GET", f"{POOL}/providers?showDeleted=true")[
        "workloadIdentityPoolProviders"
    ]
    assert shown["state"] == "DELETED"
    assert create_provider(client).status == 409
    client.ok("POST", f"{POOL}/providers/github:undelete", {})
    assert client.ok("GET", f"{POOL}/providers/github")["state"] == "ACTIVE"


def test_each_method_asks_for_its_own_permission(client):
    create_pool(client)
    eve = client.as_("user:eve@example.com")
    for answer, permission in (
        (eve.get(POOL), "workloadIdentityPools.get"),
        (create_pool(eve, "other-pool"), "workloadIdentityPools.create"),
        (create_provider(eve), "workloadIdentityPoolProviders.create"),
        (eve.patch(f"{POOL}?updateMask=displayName", {}), "workloadIdentityPools.update"),
    ):
        assert answer.status == 403
        assert f"iam.googleapis.com/{permission}" in answer.body["error"]["message"]
