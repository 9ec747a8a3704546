"""Who signs and which resource is opened, in the rarer ways of authenticating."""

from __future__ import annotations

import pytest
from calling import OAUTH2, OIDC, PLACE, asked, granted, place, target

from wfprov.catalog.target import SERVICE_AGENT, Certainty, Kind

IAP = "iap.webServiceVersions.accessViaIAP"
CLIENT = {"type": "OIDC", "audience": "123-abc.apps.googleusercontent.com"}


@pytest.mark.parametrize(
    "resource",
    [
        "projects/493817260155/iap_web/appengine-acme/services/default",
        "projects/493817260155/iap_web/compute/services/8423907",
        "projects/493817260155/iap_web/cloud_run-europe-west1/services/backoffice",
    ],
)
def test_iap_is_opened_on_the_resource_that_the_answer_names(resource):
    use = target("http.get", place(iap={"resource": resource}), url="https://x.test", auth=CLIENT)
    assert (use.kind, use.question) == (Kind.IAP, None)
    (grant,) = granted(use)
    assert grant.role == "roles/iap.httpsResourceAccessor"
    assert grant.on == f"//iap.googleapis.com/{resource}"


def test_iap_by_answer_needs_no_client_id_in_the_audience():
    resource = "projects/493817260155/iap_web/compute/services/8423907"
    use = target("http.get", place(iap={"resource": resource}), url="https://x.test", auth=OIDC)
    assert asked(use) == {IAP: f"//iap.googleapis.com/{resource}"}


def test_an_iap_resource_that_nobody_named_is_never_granted_wider():
    use = target("http.get", url="https://x.test", auth=CLIENT)
    assert use.question is not None
    assert all("{iap_" in grant.on for grant in granted(use))


@pytest.mark.parametrize(
    "url",
    [
        "https://green---payments-493817260155.europe-west1.run.app/charge",
        "https://green---payments-abcdefghij-ew.a.run.app/charge",
    ],
)
def test_a_tag_in_the_address_does_not_change_the_service(url):
    (grant,) = granted(target("http.post", url=url, auth=OIDC))
    assert grant.on.endswith("/locations/europe-west1/services/payments")


@pytest.mark.parametrize("audience", ["payments-api", "https://pay.acme.test"])
def test_a_custom_audience_names_no_service_so_that_nothing_is_granted_on_a_guess(audience):
    use = target(
        "http.post", url="https://pay.acme.test", auth={"type": "OIDC", "audience": audience}
    )
    assert use.confidence is Certainty.PATTERN
    assert use.question is not None
    assert all("{host:" in grant.on for grant in granted(use))


def test_a_custom_audience_does_not_hide_the_service_that_the_address_names():
    use = target(
        "http.post",
        url="https://payments-493817260155.europe-west1.run.app",
        auth={"type": "OIDC", "audience": "payments-api"},
    )
    assert use.question is None
    assert list(asked(use)) == ["run.routes.invoke"]


def test_a_private_endpoint_in_another_project_is_opened_there_and_to_the_agent():
    use = target(
        "http.get",
        place(private="projects/net/global/networks/vpc"),
        url="http://10.1.2.3",
        private_service_name="projects/directory/locations/l/namespaces/n/services/s",
    )
    assert use.question is None
    roles = {(g.role, g.on.rsplit("/", 1)[-1]) for g in granted(use)}
    assert roles == {
        ("roles/servicedirectory.viewer", "directory"),
        ("roles/servicedirectory.pscAuthorizedService", "net"),
    }
    assert {g.principal for g in granted(use)} == {SERVICE_AGENT}


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"scopes": "https://www.googleapis.com/auth/devstorage.read_only"}, ["scope-too-narrow"]),
        ({"scopes": ["https://www.googleapis.com/auth/pubsub"]}, []),
        ({"scopes": "{args.scope}"}, []),
        ({"timeout": 10}, []),
    ],
)
def test_scopes_that_a_connector_call_asks_for_must_reach_its_method(params, errors):
    use = target(
        "googleapis.pubsub.v1.projects.topics.publish",
        topic="projects/acme/topics/t",
        connector_params=params,
    )
    assert [d.rule.slug for d in use.diagnostics] == errors
    assert all("auth/pubsub" in (d.help or "") or "cloud-platform" in (d.help or "")
               for d in use.diagnostics)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (
            "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.create",
            {"parent": "projects/other/locations/europe-west1/workflows/child"},
        ),
        ("experimental.executions.run", {"workflow_id": "child", "project_id": "other"}),
        (
            "http.post",
            {
                "url": "https://workflowexecutions.googleapis.com/v1/projects/other/locations/"
                "europe-west1/workflows/child/executions",
                "auth": OAUTH2,
            },
        ),
    ],
)
def test_a_child_in_another_project_is_started_with_a_grant_there_three_ways(function, arguments):
    use = target(function, **arguments)
    assert use.kind is Kind.WORKFLOW
    (grant,) = granted(use)
    assert grant.role == "roles/workflows.invoker"
    assert grant.on == "//cloudresourcemanager.googleapis.com/projects/other"


@pytest.mark.parametrize(
    ("url", "auth", "kind", "advice"),
    [
        (
            "https://orders-1a2b3c.ew.gateway.dev/v1",
            OIDC,
            Kind.API_GATEWAY,
            "in the API's configuration",
        ),
        (
            "https://sheets.googleapis.com/v4/spreadsheets/abc",
            OAUTH2,
            Kind.WORKSPACE_API,
            "sharing the file with the service account address",
        ),
    ],
)
def test_where_no_role_helps_the_note_says_what_does(url, auth, kind, advice):
    use = target("http.get", url=url, auth=auth)
    assert (use.kind, use.needs, use.question) == (kind, (), None)
    assert advice in use.note


def test_the_own_account_needs_nothing_on_itself_to_sign():
    use = target("http.get", url="https://s-493817260155.europe-west1.run.app", auth=OIDC)
    assert PLACE.project == "acme"
    assert [n.permission for n in use.needs] == ["run.routes.invoke"]
