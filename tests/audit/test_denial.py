"""Refusals as Google words them, in the forms in which people paste them."""

from __future__ import annotations

import json
import time

import pytest

from wfprov.audit.denial import LONGEST, Cause, denial

QUEUE = "projects/acme/locations/us-central1/queues/mail"
SERVICE = "//run.googleapis.com/projects/acme/locations/europe-west1/services/orders"
BODY = {
    "error": {
        "code": 403,
        "message": "Permission denied.",
        "status": "PERMISSION_DENIED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "cloudtasks.googleapis.com",
                "metadata": {"permission": "cloudtasks.tasks.create", "resource": QUEUE},
            }
        ],
    }
}
PAGE = (
    "<html><head><title>403 Forbidden</title></head><body text=#000000><h1>Error: Forbidden</h1>"
    "<h2>Your client does not have permission to get URL <code>/charge</code> from this server."
    "</h2></body></html>"
)
EXECUTION = (
    'HTTP server responded with error code 403\nin step "charge", routine "pay", line: 12\n'
    'in step "all", routine "main", line: 3\n'
    + json.dumps({"body": PAGE, "code": 403, "tags": ["HttpError"]})
)


@pytest.mark.parametrize(
    ("text", "permission", "resource"),
    [
        (
            f"Permission 'run.routes.invoke' denied on resource '{SERVICE}' (or it may not exist).",
            "run.routes.invoke",
            SERVICE,
        ),
        (
            ("PERMISSION_DENIED: Permission 'secretmanager.versions.access' denied for resource "
            "'projects/acme/secrets/key/versions/latest' (or it may not exist)."),
            "secretmanager.versions.access",
            "projects/acme/secrets/key/versions/latest",
        ),
        (
            ("PERMISSION_DENIED: The principal (user or service account) lacks IAM permission "
            f'"cloudtasks.tasks.create" for the resource "{QUEUE}" (or the resource may not '
            "exist)."),
            "cloudtasks.tasks.create",
            QUEUE,
        ),
        (
            ("403 POST https://bigquery.googleapis.com/bigquery/v2/projects/acme/jobs?prettyPrint"
            "=false: Access Denied: Project acme: User does not have bigquery.jobs.create "
            "permission in project acme."),
            "bigquery.jobs.create",
            "projects/acme",
        ),
        (
            ("googleapi: Error 403: Access Denied: Dataset acme:sales: Permission "
            "bigquery.tables.create denied on dataset acme:sales (or it may not exist)., "
            "accessDenied"),
            "bigquery.tables.create",
            "//bigquery.googleapis.com/projects/acme/datasets/sales",
        ),
        (
            "Access Denied: Table acme:sales.orders: User does not have permission to query table",
            "",
            "//bigquery.googleapis.com/projects/acme/datasets/sales/tables/orders",
        ),
        (
            ("Permission \u2018iam.serviceaccounts.actAs\u2019 denied on service account "
            "runner@acme.iam.gserviceaccount.com (or it may not exist)."),
            "iam.serviceaccounts.actAs",
            "runner@acme.iam.gserviceaccount.com",
        ),
        (
            ("Required 'compute.instances.stop' permission for "
            "'projects/acme/zones/europe-west1-b/instances/vm'"),
            "compute.instances.stop",
            "projects/acme/zones/europe-west1-b/instances/vm",
        ),
        (json.dumps(BODY), "cloudtasks.tasks.create", QUEUE),
        (
            "error code 403\n" + json.dumps({"body": json.dumps(BODY), "code": 403}),
            "cloudtasks.tasks.create",
            QUEUE,
        ),
        (
            ('status = StatusCode.PERMISSION_DENIED details = "The caller lacks the permission '
            f'cloudtasks.tasks.create" on {QUEUE}'),
            "cloudtasks.tasks.create",
            QUEUE,
        ),
    ],
)  # fmt: skip
def test_a_refusal_tells_the_permission_and_the_resource(text, permission, resource):
    found = denial(text)
    assert found.cause is Cause.PERMISSION
    assert found.permissions[:1] == ((permission,) if permission else ())
    assert found.resources[0] == resource


def test_cloud_storage_names_the_identity():
    email = "orders@acme.iam.gserviceaccount.com"
    found = denial(
        f"{email} does not have storage.objects.get access to the Google Cloud Storage object. "
        "Permission 'storage.objects.get' denied on resource (or it may not exist)."
    )
    assert found.principals == (email,)
    assert found.permissions == ("storage.objects.get",)


def test_a_page_of_cloud_run_tells_the_address_and_so_the_permission():
    found = denial(PAGE)
    assert found.path == "/charge"
    assert "run.routes.invoke" in found.permissions


def test_the_error_of_an_execution_names_the_steps_innermost_first():
    found = denial(EXECUTION)
    assert [(f.routine, f.step, f.line) for f in found.frames] == [
        ("pay", "charge", 12),
        ("main", "all", 3),
    ]
    assert found.path == "/charge"
    assert found.status == 403


def test_a_page_of_iap_asks_for_its_permission():
    found = denial("You don't have access. 403 https://tickets.example.com/api")
    assert found.permissions == ("iap.webServiceVersions.accessViaIAP",)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
            Cause.PERIMETER,
        ),
        (
            "Cloud Tasks API has not been used in project 12 before or it is disabled",
            Cause.DISABLED,
        ),
        ("Request had insufficient authentication scopes.", Cause.SCOPE),
        ('{"reason": "ORG_RESTRICTION_VIOLATION"}', Cause.RESTRICTED),
        (
            "The request was not authenticated. Either allow unauthenticated invocations",
            Cause.TOKEN,
        ),
        ("Invalid IAP credentials: JWT audience doesn't match this application", Cause.TOKEN),
    ],
)
def test_what_is_no_matter_of_grants_is_told_apart(text, cause):
    assert denial(text).cause is cause


@pytest.mark.parametrize("text", ["The caller does not have permission", "403", "no idea"])
def test_a_text_that_tells_nothing_is_known_to(text):
    assert denial(text).tells_nothing


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        '{"a":' * 50_000,
        "a@" * 50_000,
        "projects/" * 20_000,
        "permission 'a.b.c " * 9_000,
        "<" * 100_000,
        "a.b." * 50_000,
        'in step "' * 9_000,
        "on the a b c '" * 9_000,
    ],
    ids=range(9),
)  # fmt: skip
def test_a_hostile_text_is_read_in_bounded_time(text):
    start = time.process_time()
    denial(text)
    assert time.process_time() - start < 2
    assert len(text) > LONGEST
