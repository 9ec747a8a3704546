"""Rules of the platform: each where it is true, where it is not, and where nobody can tell."""

from __future__ import annotations

import pytest
from calling import OAUTH2, OIDC, PLACE, facts, place, target

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.catalog.match import match
from wfprov.catalog.target import Certainty
from wfprov.core.rule import Confidence, Severity
from wfprov.core.span import Source
from wfprov.language.parser import parse

RUN = "https://orders-493817260155.europe-west1.run.app"
HASHED = "https://orders-wvdg6hhtla-ew.a.run.app"
FUNCTION = "https://europe-west1-acme.cloudfunctions.net/tax"
DOMAIN = "https://orders.example.com"
API = "https://run.googleapis.com/v2/projects/acme/locations/eu/services"
SCOPED = f"{{url: '{API}', auth: {{type: OAuth2, scopes: ['https://x.example']}}}}"
CLIENT = "123-abc.apps.googleusercontent.com"


def found(url: object, auth: object = None, at=PLACE) -> list[str]:
    args = {"url": url} if auth is None else {"url": url, "auth": auth}
    return [d.rule.slug for d in target("http.get", at, **args).diagnostics]


@pytest.mark.parametrize(
    ("slug", "url", "auth"),
    [
        ("oidc-over-http", "http://orders-493817260155.europe-west1.run.app", OIDC),
        (
            "oidc-over-http",
            API.replace("https", "http"),
            OAUTH2,
        ),
        ("oauth2-to-foreign-host", "https://example.com/x", OAUTH2),
        ("oauth2-to-foreign-host", RUN, OAUTH2),
        ("oauth2-to-foreign-host", FUNCTION, OAUTH2),
        ("oauth2-to-foreign-host", "https://googleapis.com.example.com", OAUTH2),
        (
            "oidc-to-google-api",
            API,
            OIDC,
        ),
        (
            "unsigned-google-api",
            API,
            None,
        ),
        ("unsigned-request-to-service", RUN, None),
        ("unsigned-request-to-service", FUNCTION, None),
        ("unknown-auth-type", RUN, {"type": "Oidc"}),
        ("unknown-auth-type", RUN, {"type": "Basic"}),
        ("unknown-auth-type", RUN, {"audience": RUN}),
        ("unknown-auth-type", RUN, "OIDC"),
        ("audience-of-another-service", RUN, {**OIDC, "audience": RUN.replace("orders", "x")}),
        ("custom-audience", RUN, {**OIDC, "audience": DOMAIN}),
        ("custom-audience", RUN, {**OIDC, "audience": "orders"}),
        ("audience-of-another-service", FUNCTION, {**OIDC, "audience": FUNCTION + "-rate"}),
        ("url-without-scheme", "ORDERS_URL", OIDC),
        ("url-without-scheme", "orders.example.com/x", None),
        ("url-without-scheme", "ftp://orders.example.com/x", None),
        ("url-without-scheme", "texthttps://orders.example.com/x", None),
        ("url-without-scheme", None, OIDC),
        ("url-without-scheme", 5, None),
        ("url-without-scheme", {"url": RUN}, None),
        ("gke-control-plane-by-address", "https://34.1.2.3/api/v1/namespaces", OIDC),
        ("gke-control-plane-by-address", "https://34.1.2.3/apis/batch/v1/jobs", None),
        ("unknown-option", RUN, {**OIDC, "audiance": RUN}),
    ],
)
def test_what_cannot_work_is_found(slug, url, auth):
    assert slug in found(url, auth)


@pytest.mark.parametrize(
    ("url", "auth"),
    [
        (RUN, OIDC),
        (RUN + "/charge", {**OIDC, "audience": RUN}),
        (RUN + "/charge", {**OIDC, "audience": HASHED}),
        (HASHED, {**OIDC, "audience": RUN}),
        ("https://v2---orders-wvdg6hhtla-ew.a.run.app", {**OIDC, "audience": HASHED}),
        (DOMAIN, {**OIDC, "audience": RUN}),
        (FUNCTION, {**OIDC, "audience": FUNCTION}),
        (API, OAUTH2),
        ("https://europe-west1-run.googleapis.com/v2/projects/acme/locations/eu/services", OAUTH2),
        ("https://www.googleapis.com/storage/v1/b/x/o/y?key=k", None),
        ("https://example.com/x", None),
        ("http://example.com/x", None),
        ("http://34.1.2.3/shop/api/v1", None),
    ],
)
def test_what_works_is_left_alone(url, auth):
    assert found(url, auth) == []


@pytest.mark.parametrize(
    ("url", "auth"),
    [
        ("{args.url}/x", OIDC),
        ("{args.url}/x", OAUTH2),
        ("{args.url}", None),
        ("{args.scheme}://orders.example.com", OIDC),
        ("https://{args.host}/x", OAUTH2),
        ("https://{args.api}.googleapis.com/v1/x", OAUTH2),
        (RUN, {**OIDC, "audience": "{args.audience}"}),
        (RUN, {**OIDC, "audience": "https://{args.host}"}),
        ("https://{args.name}-493817260155.europe-west1.run.app", {**OIDC, "audience": RUN}),
        (FUNCTION, {**OIDC, "audience": "https://europe-west1-acme.cloudfunctions.net/{args.f}"}),
        (RUN, "{args.auth}"),
        (RUN, {"type": "{args.type}"}),
        (RUN, {"type": "O{args.type}"}),
    ],
)
def test_what_the_definition_does_not_tell_is_not_called_wrong(url, auth):
    assert found(url, auth) == []


def test_an_audience_that_may_be_a_custom_one_is_less_sure_than_another_services():
    def confidence(audience: str) -> Confidence:
        use = target("http.get", url=RUN, auth={**OIDC, "audience": audience})
        return use.diagnostics[0].confidence

    assert confidence(RUN.replace("orders", "charges")) is Confidence.HIGH
    assert confidence(DOMAIN) is Confidence.LOW


def test_an_unsigned_request_to_a_service_is_a_note_since_it_may_be_public():
    (note,) = target("http.get", url=RUN).diagnostics
    assert (note.rule.severity, note.confidence) == (Severity.NOTE, Confidence.LOW)


def test_iap_wants_a_client_id_as_audience():
    told = place(iap={"resource": "projects/493817260155/iap_web/appengine-acme"})
    assert found(DOMAIN, OIDC, told) == ["iap-audience-not-client-id"]
    assert found(DOMAIN, {**OIDC, "audience": CLIENT}, told) == []
    assert found(DOMAIN, {**OIDC, "audience": "{args.client}"}, told) == []
    assert found(DOMAIN, None, told) == ["unsigned-request-to-service"]


def test_a_domain_of_its_own_is_out_of_reach_of_internal_ingress():
    told = place(cloud_run="orders")
    assert found(DOMAIN, OIDC, told) == ["custom-domain-of-service"]
    assert found(RUN, OIDC, told) == []
    assert found("https://{args.host}/x", OIDC, told) == []


def test_a_type_in_the_wrong_case_still_says_what_is_meant():
    use = target("http.get", url=RUN, auth={"type": "Oidc"})
    (wrong,) = use.diagnostics
    assert wrong.help == "write `auth: {type: OIDC}`"
    assert use.auth is not None
    assert use.auth.type == "OIDC"


@pytest.mark.parametrize("auth", ["{args.auth}", {"type": "{args.type}"}, {"type": "{a.x}Auth2"}])
def test_a_signature_that_is_not_told_makes_the_need_conditional(auth):
    use = target("http.get", url=RUN, auth=auth)
    assert use.auth is None
    assert use.confidence is Certainty.PATTERN
    (need,) = use.needs
    assert need.when is not None
    assert need.when.startswith("the request is signed")


def test_a_signature_that_is_not_told_to_a_host_that_is_not_told_is_a_question():
    use = target("http.get", url=DOMAIN, auth={"type": "{args.type}"})
    assert use.question is not None


def test_a_hole_in_a_need_is_never_exact():
    use = target(
        "googleapis.bigquery.v2.jobs.insert",
        projectId="acme",
        body={
            "configuration": {
                "extract": {
                    "sourceTable": {"projectId": "acme", "datasetId": "d", "tableId": "{args.t}"}
                }
            }
        },
    )
    assert any("{" in need.on for need in use.needs)
    assert use.confidence is Certainty.PATTERN


@pytest.mark.parametrize(
    ("args", "slug", "marked"),
    [
        ("{url: 'http://a.example', auth: {type: OIDC}}", "oidc-over-http", "'http://a.example'"),
        ("{url: 'https://a.example', auth: {type: OAuth2}}", "oauth2-to-foreign-host", "OAuth2"),
        ("{url: 'https://a.example', auth: {type: Oidc}}", "unknown-auth-type", "Oidc"),
        ("{url: 'https://a.example', auth: OIDC}", "unknown-auth-type", "OIDC"),
        (
            SCOPED,
            "scope-too-narrow",
            "['https://x.example']",
        ),
        ("{url: FILTER_URL}", "url-without-scheme", "FILTER_URL"),
        ("['http://a.example']", None, ""),
    ],
)
def test_a_finding_points_at_the_argument(args, slug, marked):
    text = f"main:\n  steps:\n    - call:\n        call: http.get\n        args: {args}\n"
    parsed = parse(Source("w.yaml", text))
    assert parsed.value is not None
    (site,) = analyse(parsed.value, Known()).sites
    (use,) = match(site.calls[0], PLACE, facts())
    if slug is None:
        assert use.diagnostics == ()
        return
    (one,) = (d for d in use.diagnostics if d.rule.slug == slug)
    assert text[one.at.start : one.at.end] == marked


def test_a_templates_project_is_presumed_to_be_the_workflows_own():
    topic = "projects/{template:project_id}/topics/t"
    use = target("googleapis.pubsub.v1.projects.topics.publish", topic=topic)
    assert use.resource == "//pubsub.googleapis.com/projects/acme/topics/t"
    assert use.confidence is Certainty.PATTERN
    assert use.question is None
    assert "presumed" in use.note


@pytest.mark.parametrize("hole", ["args.project_id", "template:data_project", "env:PROJECT_ID"])
def test_no_other_hole_is_presumed_to_be_the_project(hole):
    topic = "projects/{" + hole + "}/topics/t"
    use = target("googleapis.pubsub.v1.projects.topics.publish", topic=topic)
    assert use.resource == f"//pubsub.googleapis.com/projects/{{{hole}}}/topics/t"
    assert use.question is not None
