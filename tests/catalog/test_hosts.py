"""Cloud Run, functions, IAP, private endpoints, gateways and foreign hosts."""

from __future__ import annotations

import pytest
from calling import OAUTH2, OIDC, asked, granted, place, target

from wfprov.catalog.target import Certainty, Kind

ORDERS = "//run.googleapis.com/projects/acme/locations/europe-west1/services/orders"
CLIENT = {"type": "OIDC", "audience": "123-abc.apps.googleusercontent.com"}


@pytest.mark.parametrize(
    "url",
    [
        "https://orders-493817260155.europe-west1.run.app",
        "https://orders-493817260155.europe-west1.run.app/charge?x=1",
        "https://orders-493817260155.europe-west1.run.app:443/charge",
        "https://ORDERS-493817260155.europe-west1.run.app/charge",
        "https://canary---orders-493817260155.europe-west1.run.app/charge",
        "https://orders-{project_number}.europe-west1.run.app/{args.path}",
        "https://orders-wvdg6hhtla-ew.a.run.app/charge",
        "https://v2---orders-wvdg6hhtla-ew.a.run.app",
    ],
)
def test_every_run_app_address_names_its_service(url):
    use = target("http.post", url=url, auth=OIDC)
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert asked(use) == {"run.routes.invoke": ORDERS}
    assert use.question is None
    (grant,) = granted(use)
    assert (grant.role, grant.on, grant.excess, grant.inert) == ("roles/run.invoker", ORDERS, 0, 2)


def test_only_an_address_that_names_the_project_is_exact():
    exact = target("http.get", url="https://orders-493817260155.europe-west1.run.app", auth=OIDC)
    hashed = target("http.get", url="https://orders-wvdg6hhtla-ew.a.run.app", auth=OIDC)
    assert exact.confidence is Certainty.EXACT
    assert hashed.confidence is Certainty.PATTERN


def test_a_service_name_may_hold_dashes_and_lie_in_another_project():
    use = target("http.get", url="https://api-v2-orders-99.us-central1.run.app", auth=OIDC)
    assert use.resource == (
        "//run.googleapis.com/projects/99/locations/us-central1/services/api-v2-orders"
    )


def test_an_unsigned_call_to_a_service_asks_for_nothing():
    use = target("http.get", url="https://orders-493817260155.europe-west1.run.app")
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert use.needs == ()
    assert use.question is None


def test_the_audience_names_the_service_behind_a_domain_of_its_own():
    auth = {"type": "OIDC", "audience": "https://orders-493817260155.europe-west1.run.app"}
    use = target("http.get", url="https://orders.example.com/x", auth=auth)
    assert use.resource == ORDERS
    assert use.question is None


@pytest.mark.parametrize("url", ["https://orders.example.com/x", "{args.url}/x", "https://{env:H}"])
def test_an_oidc_call_to_a_host_that_nothing_names_is_presumed_and_asked_about(url):
    use = target("http.get", url=url, auth=OIDC)
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert use.confidence is Certainty.PATTERN
    assert use.question is not None
    # The grant's resource is all holes, so that nothing can be applied.
    assert all("{" in grant.on for grant in granted(use))


def test_a_question_shows_the_exact_lines_to_write():
    use = target("http.get", url="https://orders.example.com/x", auth=OIDC)
    assert use.question is not None
    assert use.question.answer == (
        "workflows:\n  order-intake:\n    answers:\n      main.step: {cloud_run: SERVICE}"
    )
    known = target("http.get", url="{args.base.url}/x", auth=OIDC).question
    assert known is not None
    assert known.answer == "workflows:\n  order-intake:\n    arguments: {base: {url: VALUE}}"


def test_an_answer_names_the_service():
    told = place(cloud_run="orders")
    use = target("http.get", told, url="https://orders.example.com/x", auth=OIDC)
    assert use.resource == ORDERS
    assert use.question is None


def test_a_host_answer_takes_the_place_of_the_hole():
    told = place(host="orders-493817260155.europe-west1.run.app")
    use = target("http.get", told, url="{result:lookup.url}/charge", auth=OIDC)
    assert use.resource == ORDERS
    assert use.url == "https://orders-493817260155.europe-west1.run.app/charge"


def test_a_function_address_leaves_the_generation_open():
    use = target("http.get", url="https://us-central1-acme.cloudfunctions.net/f", auth=OIDC)
    assert use.kind is Kind.CLOUD_FUNCTION
    assert use.question is not None
    assert "generation" in use.question.message
    assert {need.when for need in use.needs} == {
        "the function is of the 1st generation",
        "the function is of the 2nd generation",
    }


def test_a_function_of_the_first_generation_takes_its_own_invoker():
    told = place(function={"name": "f", "generation": "1"})
    use = target("http.get", told, url="https://us-central1-acme.cloudfunctions.net/f", auth=OIDC)
    (grant,) = granted(use)
    assert grant.role == "roles/cloudfunctions.invoker"
    assert grant.on.endswith(
        "//cloudfunctions.googleapis.com/projects/acme/locations/us-central1/functions/f"
    )


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("google_cloudfunctions_function", "cloudfunctions.functions.invoke"),
        ("data.google_cloudfunctions2_function", "run.routes.invoke"),
    ],
)
def test_terraforms_type_of_a_function_tells_its_generation(kind, permission):
    url = f"https://us-central1-acme.cloudfunctions.net/{{{kind}.f.name}}"
    use = target("http.get", url=url, auth=OIDC)
    assert use.question is None
    assert [need.permission for need in use.needs] == [permission]


def test_a_function_of_the_second_generation_takes_run_invoker_on_its_service():
    told = place(function={"name": "My_F", "generation": "2"})
    use = target(
        "http.get", told, url="https://us-central1-my-app-1.cloudfunctions.net/My_F/x", auth=OIDC
    )
    (grant,) = granted(use)
    assert grant.role == "roles/run.invoker"
    assert grant.on == (
        "//run.googleapis.com/projects/my-app-1/locations/us-central1/services/my-f"
    )


def test_a_client_id_as_audience_is_iap_and_its_resource_a_question():
    use = target("http.get", url="https://intranet.example.com/x", auth=CLIENT)
    assert use.kind is Kind.IAP
    assert use.question is not None
    assert "iap: {resource:" in use.question.answer


def test_an_answer_names_the_iap_resource():
    resource = "projects/493817260155/iap_web/compute/services/42"
    use = target(
        "http.get", place(iap={"resource": resource}), url="https://x.example.com", auth=CLIENT
    )
    assert use.question is None
    (grant,) = granted(use)
    assert grant.role == "roles/iap.httpsResourceAccessor"
    assert grant.on == f"//iap.googleapis.com/{resource}"


def test_iap_in_front_of_a_run_app_address_is_still_iap():
    use = target("http.get", url="https://orders-wvdg6hhtla-ew.a.run.app", auth=CLIENT)
    assert use.kind is Kind.IAP


SERVICE = "projects/net/locations/europe-west1/namespaces/n/services/s"


def test_a_private_endpoint_is_opened_to_the_service_agent():
    told = place(private="projects/vpc-host/global/networks/v")
    use = target("http.get", told, url="http://10.0.0.3/x", private_service_name=SERVICE)
    assert use.kind is Kind.PRIVATE_ENDPOINT
    assert use.principal == "service_agent"
    assert {(g.principal, g.role, g.on) for g in granted(use)} == {
        (
            "service_agent",
            "roles/servicedirectory.viewer",
            "//cloudresourcemanager.googleapis.com/projects/net",
        ),
        (
            "service_agent",
            "roles/servicedirectory.pscAuthorizedService",
            "//cloudresourcemanager.googleapis.com/projects/vpc-host",
        ),
    }


def test_the_network_behind_a_private_endpoint_is_asked_for():
    use = target("http.get", url="http://10.0.0.3/x", private_service_name=SERVICE)
    assert use.question is not None
    assert "{private: projects/NETWORK_PROJECT" in use.question.answer


def test_a_private_endpoint_behind_iap_needs_both_identities():
    use = target("http.get", url="https://x", private_service_name=SERVICE, auth=CLIENT)
    assert {need.principal for need in use.needs} == {None, "workflow"}


def test_a_gateway_takes_no_grant_and_says_what_to_do():
    use = target("http.get", url="https://gw-abc.ew.gateway.dev/v1", auth=OIDC)
    assert use.kind is Kind.API_GATEWAY
    assert use.needs == ()
    assert "configuration" in use.note


def test_an_authorization_header_makes_a_call_external():
    use = target("http.get", url="https://api.stripe.com", headers={"authorization": "Bearer {k}"})
    assert use.kind is Kind.EXTERNAL
    assert use.auth is not None
    assert use.auth.type == "header"
    assert use.question is None


def test_an_unsigned_call_to_a_known_foreign_host_is_external():
    assert target("http.get", url="https://en.wikipedia.org/w/{page}").kind is Kind.EXTERNAL


@pytest.mark.parametrize("url", ["{args.url}", "https://{args.host}/x", "https://{env:H}.com"])
def test_an_unknown_host_is_never_external_on_a_guess(url):
    use = target("http.get", url=url)
    assert use.kind is Kind.UNKNOWN
    assert use.question is not None


def test_an_answer_makes_any_call_external():
    use = target("http.get", place(external="partner"), url="{args.url}", auth=OIDC)
    assert use.kind is Kind.EXTERNAL
    assert use.question is None
    assert granted(use) == ()


@pytest.mark.parametrize(
    ("url", "auth", "rule"),
    [
        ("http://orders-1.us-east1.run.app", OIDC, "oidc-over-http"),
        ("https://orders-1.us-east1.run.app", OAUTH2, "oauth2-to-foreign-host"),
        ("https://example.com", OAUTH2, "oauth2-to-foreign-host"),
        ("https://pubsub.googleapis.com/v1/projects/p/topics/t", OIDC, "oidc-to-google-api"),
    ],
)
def test_a_signature_that_the_platform_refuses_is_reported(url, auth, rule):
    assert rule in {d.rule.slug for d in target("http.get", url=url, auth=auth).diagnostics}


@pytest.mark.parametrize("url", ["https://{args.host}", "https://x.{args.domain}", "{args.url}"])
def test_a_host_with_a_hole_is_not_accused(url):
    assert target("http.get", url=url, auth=OAUTH2).diagnostics == ()


def test_an_auth_block_that_is_not_known_is_asked_about():
    use = target("http.get", url="{args.url}", auth="{args.auth}")
    assert use.kind is Kind.UNKNOWN
    assert use.question is not None
    assert "args.auth" in use.question.message


def test_a_function_of_no_library_is_unknown():
    use = target("shell.gcloud", cmd="x")
    assert use.kind is Kind.UNKNOWN
    assert use.confidence is Certainty.UNKNOWN


def test_via_is_carried_to_the_target():
    from calling import PLACE, call, facts

    from wfprov.catalog.match import match

    (use,) = match(call("sys.log", via=("main.a", "sub.b")), PLACE, facts())
    assert use.via == ("main.a", "sub.b")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("{text.url_decode}", "what `text.url_decode` gives"),
        ("{json.decode.url}", "what `json.decode` gives"),
        ("{failing}", "an expression that fails when it is run"),
        ("{error.url}", "an error that is caught (.url)"),
        ("{env:HOSTS.orders}", "the environment variable HOSTS (.orders)"),
        ("{host}", "the variable host"),
    ],
)
def test_a_question_calls_only_a_variable_a_variable(url, origin):
    question = target("http.get", url=url).question
    assert question is not None
    assert question.origin == origin
