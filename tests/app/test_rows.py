"""Each kind of call, A1 to A10: what is granted, what is reported, and what is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wfprov.app.inspect import inspect
from wfprov.catalog.target import Answer
from wfprov.core.span import Source, Span
from wfprov.desired.model import AccessPolicy, WorkflowSpec
from wfprov.store.facts import open_facts

AT = Span(Source("wfprov.yaml", "answers:\n"), 0, 7)

OIDC = {"type": "OIDC"}
OAUTH2 = {"type": "OAuth2"}
STORAGE_ONLY = OAUTH2 | {"scopes": ["https://www.googleapis.com/auth/devstorage.read_only"]}
CLIENT = {"type": "OIDC", "audience": "123-abc.apps.googleusercontent.com"}

ORDERS = "https://orders-493817260155.europe-west1.run.app"
OTHER = "https://other-493817260155.europe-west1.run.app"
FUNCTION = "https://europe-west1-acme.cloudfunctions.net/hello"
PUBSUB = "https://pubsub.googleapis.com/v1/projects"
PUBLISH = "googleapis.pubsub.v1.projects.topics.publish"
SECRET = "googleapis.secretmanager.v1.projects.secrets.versions.accessString"
CHILD = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.create"
EU = "projects/acme/locations/europe-west1"
PRIVATE = "projects/net/locations/europe-west1/namespaces/n/services/s"
CALLER = "caller@acme.iam.gserviceaccount.com"
JOB = "googleapis.cloudscheduler.v1.projects.locations.jobs.create"

NUMBERED = "projects/493817260155/locations/europe-west1"
IN_ACME = "//cloudresourcemanager.googleapis.com/projects/acme"
TICKETS = "projects/493817260155/iap_web/compute/services/8423907"
IAP_TICKETS = ("roles/iap.httpsResourceAccessor", f"//iap.googleapis.com/{TICKETS}")
BY_ANSWER = {"iap": {"resource": TICKETS}}
PODS = "/api/v1/namespaces/default/pods"
LISTS_PODS = {("container.clusters.get", IN_ACME), ("container.pods.list", IN_ACME)}
IAP_HOLE = ("roles/iap.httpsResourceAccessor",
            "//iap.googleapis.com/projects/{iap_project}/iap_web/{iap_resource}")  # fmt: skip
RUN_ORDERS = ("roles/run.invoker",
              f"//run.googleapis.com/{NUMBERED}/services/orders")  # fmt: skip
PUBLISHER = ("roles/pubsub.publisher", "//pubsub.googleapis.com/projects/acme/topics/t")
JOB_MAKER = ("cloudscheduler.jobs.create", IN_ACME)


def http(url: str, auth: dict[str, Any] | None = None, **more: object):
    return ("http.post", {"url": url} | ({"auth": auth} if auth else {}) | more)


def gke(path: str, **more: object):
    args = {"cluster_id": "c", "location": "europe-west1", "method": "GET", "path": path}
    return ("gke.request", args | more)


def scheduled(**target: object):
    return (JOB, {"parent": EU, "body": {"httpTarget": {"uri": ORDERS} | target}})


ROWS = {
    "A1 a service by OIDC": (http(ORDERS, OIDC), {RUN_ORDERS}, set(), ""),
    "A1 a request that nobody signed": (http(ORDERS), set(), {"unsigned-request-to-service"}, ""),
    "A1 a domain that may be anything": (
        http("https://orders.example.com", OIDC), None, set(), "{cloud_run: SERVICE}"),
    "A1 a job that is run and waited for": (
        ("googleapis.run.v1.namespaces.jobs.run",
         {"name": "namespaces/acme/jobs/j", "location": "europe-west1"}),
        {("roles/run.invoker", f"//run.googleapis.com/{EU}/jobs/j"),
         ("roles/run.viewer", f"//run.googleapis.com/{EU}/jobs/j")}, set(), ""),
    "A2 a function whose generation nobody knows": (
        http(FUNCTION, OIDC),
        {("roles/run.invoker", f"//run.googleapis.com/{EU}/services/hello"),
         ("roles/cloudfunctions.invoker", f"//cloudfunctions.googleapis.com/{EU}/functions/hello")},
        set(), "{function: {name: hello, generation: 2}}"),
    "A2 a function of the 1st generation": (
        http(FUNCTION, OIDC),
        {("roles/cloudfunctions.invoker", f"//cloudfunctions.googleapis.com/{EU}/functions/hello")},
        set(), "", {"function": {"name": "hello", "generation": "1"}}),
    "A2 a function of the 2nd generation": (
        http(FUNCTION, OIDC),
        {("roles/run.invoker", f"//run.googleapis.com/{EU}/services/hello")},
        set(), "", {"function": {"name": "hello", "generation": "2"}}),
    "A2 a function without a signature": (
        http(FUNCTION), set(), {"unsigned-request-to-service"}, ""),
    "A3 a connector": (
        (PUBLISH, {"topic": "projects/acme/topics/t", "body": {}}), {PUBLISHER}, set(), ""),
    "A3 a connector that does not exist": (
        ("googleapis.pubsub.v1.projects.topics.publsh", {"topic": "t"}), set(),
        {"unknown-api-method"}, "{permissions: [PERMISSION]}"),
    "A3 a connector whose files are shared instead": (
        ("googleapis.sheets.v4.spreadsheets.get", {"spreadsheetId": "a"}), set(), set(), ""),
    "A3 a project that an argument tells": (
        (PUBLISH, {"topic": '${"projects/" + args.p + "/topics/t"}', "body": {}}),
        None, set(), "arguments: {p: VALUE}"),
    "A4 an address of a Google API": (
        http(f"{PUBSUB}/acme/topics/t:publish", OAUTH2), {PUBLISHER}, set(), ""),
    "A4 a scope that does not reach the method": (
        http(f"{PUBSUB}/acme/topics/t:publish", STORAGE_ONLY), {PUBLISHER},
        {"scope-too-narrow"}, ""),
    "A4 an address that no method has": (
        http("https://pubsub.googleapis.com/v1/nowhere/x", OAUTH2), set(),
        {"unknown-api-method"}, "{api_method: API.VERSION.RESOURCE.METHOD}"),
    "A4 an API that an argument tells": (
        http('${"https://" + args.api + ".googleapis.com/v1/x"}', OAUTH2), set(), set(),
        "{api_method: API.VERSION.RESOURCE.METHOD}"),
    "A5 a client id before a domain": (
        http("https://x.example.com", CLIENT), {IAP_HOLE}, set(), "{iap: {resource:"),
    "A5 a client id before App Engine": (
        http("https://acme.ew.r.appspot.com", CLIENT), {IAP_HOLE}, set(), "{iap: {resource:"),
    "A5 a client id before Cloud Run": (
        http(ORDERS, CLIENT), {IAP_HOLE}, set(), "{iap: {resource:"),
    "A5 a client id before an address that an argument tells": (
        http("${args.url}", CLIENT), {IAP_HOLE}, set(), "{iap: {resource:"),
    "A5 a client id that an argument tells": (
        http("https://x.example.com", OIDC | {"audience": "${args.client}"}), None, set(),
        "{cloud_run: SERVICE}"),
    "A5 an answer and a client id": (
        http("https://x.example.com", CLIENT), {IAP_TICKETS}, set(), "", BY_ANSWER),
    "A5 an answer before an address that an argument tells": (
        http("${args.url}", CLIENT), {IAP_TICKETS}, set(), "", BY_ANSWER),
    "A5 an answer, and an audience that IAP will refuse": (
        http("https://x.example.com", OIDC), {IAP_TICKETS}, {"iap-audience-not-client-id"}, "",
        BY_ANSWER),
    "A5 an answer, and a request that nobody signed": (
        http("https://x.example.com"), set(), {"unsigned-request-to-service"}, "", BY_ANSWER),
    "A5 an answer, and a token that somebody else made": (
        http("https://x.example.com", headers={"Authorization": "${args.token}"}), set(), set(),
        "", BY_ANSWER),
    "A5 an answer that the address contradicts": (
        http(f"{PUBSUB}/acme/topics/t:publish", OAUTH2), {IAP_TICKETS},
        {"answer-contradicts-call"}, "", BY_ANSWER),
    "A6 a private endpoint": (
        http("http://10.0.0.1", private_service_name=PRIVATE),
        {("roles/servicedirectory.viewer", "//cloudresourcemanager.googleapis.com/projects/net"),
         ("roles/servicedirectory.pscAuthorizedService",
          "//cloudresourcemanager.googleapis.com/projects/{network_project}")},
        set(), "{private: projects/NETWORK_PROJECT/global/networks/NETWORK}"),
    "A6 a private endpoint in a network that an answer names": (
        http("http://10.0.0.1", private_service_name=PRIVATE),
        {("roles/servicedirectory.viewer", "//cloudresourcemanager.googleapis.com/projects/net"),
         ("roles/servicedirectory.pscAuthorizedService",
          "//cloudresourcemanager.googleapis.com/projects/host")},
        set(), "", {"private": "projects/host/global/networks/vpc"}),
    "A6 a private endpoint whose project an argument tells": (
        http("http://10.0.0.1", private_service_name=
             '${"projects/" + args.p + "/locations/europe-west1/namespaces/n/services/s"}'),
        {("roles/servicedirectory.viewer",
          "//cloudresourcemanager.googleapis.com/projects/{args.p}"),
         ("roles/servicedirectory.pscAuthorizedService",
          "//cloudresourcemanager.googleapis.com/projects/net")},
        set(), "arguments: {p: VALUE}", {"private": "projects/net/global/networks/vpc"}),
    "A6 a private address without an endpoint": (http("http://10.0.0.1"), set(), set(), ""),
    "A7 a secret": (
        (SECRET, {"secret_id": "key"}),
        {("roles/secretmanager.secretAccessor",
          "//secretmanager.googleapis.com/projects/acme/secrets/key")}, set(), ""),
    "A7 a secret that an argument names": (
        (SECRET, {"secret_id": "${args.which}"}),
        {("roles/secretmanager.secretAccessor", IN_ACME)}, {"widened-grant"}, ""),
    "A7 a foreign API with a header": (
        http("https://api.example.com", headers={"Authorization": "${args.token}"}),
        set(), set(), ""),
    "A8 a token over plain http": (
        http(ORDERS.replace("https:", "http:"), OIDC), {RUN_ORDERS}, {"oidc-over-http"}, ""),
    "A8 a token for Google sent elsewhere": (
        http("https://api.example.com", OAUTH2), set(), {"oauth2-to-foreign-host"},
        "{external:"),
    "A8 an audience of the service itself": (
        http(f"{ORDERS}/charge", {"type": "OIDC", "audience": ORDERS}), {RUN_ORDERS}, set(), ""),
    "A8 an audience of another service": (
        http(ORDERS, {"type": "OIDC", "audience": OTHER}), {RUN_ORDERS},
        {"audience-of-another-service"}, ""),
    "A8 an address that only an argument tells": (
        http("${args.url}", OIDC), None, set(), "arguments: {url: VALUE}"),
    "A9 a child by its connector": (
        (CHILD, {"parent": f"{EU}/workflows/child"}),
        {("roles/workflows.invoker", IN_ACME)}, set(), ""),
    "A9 a child that an argument tells": (
        (CHILD, {"parent": "${args.p}"}), None, set(), "arguments: {p: VALUE}"),
    "A9 a callback that is waited for": (
        ("events.create_callback_endpoint", {"http_callback_method": "POST"}), set(), set(), ""),
    "A9 a line in the log": (
        ("sys.log", {"text": "x"}), {("roles/logging.logWriter", IN_ACME)}, set(), ""),
    "A9 a gateway, which asks no IAM": (
        http("https://o-1a2b.ew.gateway.dev/v1", OIDC), set(), set(), ""),
    "A9 a sheet, which is shared instead": (
        ("http.get", {"url": "https://sheets.googleapis.com/v4/spreadsheets/a", "auth": OAUTH2}),
        set(),
        {"scope-too-narrow"}, ""),
    "A9 a list of pods": (gke(PODS), LISTS_PODS, set(), ""),
    "A9 pods of a cluster that an argument names": (
        gke(PODS, cluster_id="${args.c}"), LISTS_PODS, set(), ""),
    "A9 a job in a cluster of another project": (
        ("gke.delete_job", {"cluster_id": "c", "project": "other", "job_name": "j"}),
        {("container.clusters.get", "//cloudresourcemanager.googleapis.com/projects/other"),
         ("container.jobs.delete", "//cloudresourcemanager.googleapis.com/projects/other")},
        set(), ""),
    "A9 pods of a project that an argument names": (
        gke(PODS, project="${args.p}"), None, set(), "arguments: {p: VALUE}"),
    "A9 what an argument names in a cluster": (
        gke("${args.path}"), {("roles/container.clusterViewer", IN_ACME)}, set(),
        "{permissions: [container.KIND.VERB]}"),
    "A9 what is done in a cluster that an argument says": (
        gke(PODS, method="${args.verb}"), {("roles/container.clusterViewer", IN_ACME)}, set(),
        "{permissions: [container.KIND.VERB]}"),
    "A9 a function of the cluster that does not exist": (
        ("gke.make_job", {"cluster_id": "c"}), set(), {"unknown-function"},
        "{permissions: [PERMISSION]}"),
    "A10 an account in a body": (
        scheduled(oidcToken={"serviceAccountEmail": CALLER}),
        {JOB_MAKER, ("roles/iam.serviceAccountUser",
                     f"//iam.googleapis.com/projects/-/serviceAccounts/{CALLER}")}, set(), ""),
    "A10 a body without an account": (scheduled(), {JOB_MAKER}, set(), ""),
    "A10 an account that an argument tells": (
        scheduled(oidcToken={"serviceAccountEmail": "${args.who}"}),
        {JOB_MAKER, ("roles/iam.serviceAccountUser",
                     "//iam.googleapis.com/projects/-/serviceAccounts/{args.who}")},
        set(), "arguments: {who: VALUE}"),
}  # fmt: skip
"""By claim: the call, its grants (None: on a name with holes), findings, the answer to write.

A fifth says what wfprov.yaml answers for the call already.
"""


def read(call: str, args: dict[str, Any], answered: dict[str, Any]):
    text = json.dumps(
        {"main": {"params": ["args"], "steps": [{"do": {"call": call, "args": args}}]}}
    )
    told = [Answer(key="main.do", kind=kind, value=it, at=AT) for kind, it in answered.items()]
    answers = {answer.key: answer for answer in told}
    spec = WorkflowSpec(
        name="w", source_path="w.json", project="acme", region="europe-west1", answers=answers
    )
    return inspect(spec, Source("w.json", text), open_facts(), AccessPolicy())


@pytest.mark.parametrize("row", list(ROWS))
def test_a_call_of_this_kind_gets_its_grants_findings_and_questions(row):
    (call, args), grants, findings, answer, *told = ROWS[row]
    found = read(call, args, told[0] if told else {})
    given = {
        (role, grant.on)
        for grant in found.grants
        for role in ([grant.role] if grant.role else grant.custom_role.permissions)
    }
    if grants is None:
        assert given
        assert all("{" in on for _, on in given)
    else:
        assert given == grants
    assert {d.rule.slug for d in found.diagnostics} == findings
    asked = [u.question.answer for s in found.sites for u in s.targets if u.question is not None]
    assert bool(asked) == bool(answer)
    assert all(answer in one for one in asked)


@pytest.mark.parametrize(("level", "logs"), [("LOG_ALL_CALLS", True), ("LOG_NONE", False)])
def test_a9_the_level_of_call_logging_decides_whether_the_account_writes_logs(level, logs):
    """Row A9: Workflows writes the log of calls with the workflow's own account."""
    text = json.dumps({"main": {"steps": [{"do": {"return": 1}}]}})
    spec = WorkflowSpec(
        name="w",
        source_path="w.json",
        project="acme",
        region="europe-west1",
        call_log_level=level,
    )
    found = inspect(spec, Source("w.json", text), open_facts(), AccessPolicy())
    assert any(grant.role == "roles/logging.logWriter" for grant in found.grants) is logs


ABOUT = {"A10": "roles/iam.serviceAccountUser"}
"""The role that a row is about, where its calls need others as well."""


def sort_of(row: str, grants: set[tuple[str, str]] | None, findings: set[str], answer: str) -> str:
    """Doubtful where something is asked or widened, positive where the row's grant is all."""
    if answer or "widened-grant" in findings:
        return "doubtful"
    roles = {role for role, _ in grants or ()}
    given = ABOUT[row] in roles if row in ABOUT else bool(roles)
    return "positive" if given and not findings else "negative"


def test_every_row_has_a_positive_a_negative_and_a_doubtful_case():
    sorts: dict[str, set[str]] = {f"A{number}": set() for number in range(1, 11)}
    for name, (_, grants, findings, answer, *_) in ROWS.items():
        row = name.split()[0]
        sorts[row].add(sort_of(row, grants, findings, answer))
    assert {row: found for row, found in sorts.items() if len(found) < 3} == {}
