"""Which Terraform resource grants one member one role, by the type of what is granted on.

Only `_iam_member` resources are here: they add a member and leave all others alone. The one for
BigQuery datasets is not: it takes away authorized views, and `google_bigquery_dataset_access`
stands in for it. Names and arguments are those of hashicorp/google 6.50 and 8.7, held against its
schema by a test; forms of import ids are from the pages of the resources.

Source: https://github.com/hashicorp/terraform-provider-google/tree/main/website/docs/r (2026-11-23;
opened: project, service account, Cloud Run service, KMS key, Bigtable instance, subscription, IAP
Cloud Run service, BigQuery dataset and dataset access, Cloud Function; the others not)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MemberResource:
    """A resource of the provider that adds one member.

    `arguments` say which thing, as templates over the ids of the thing's full name by collection,
    `{projects}`; `imported` is the thing's part of an import id.
    """

    type: str
    arguments: Mapping[str, str]
    imported: str


def _project(type: str, path: str, **arguments: str) -> MemberResource:  # noqa: A002
    """A resource whose arguments are a project and some ids, imported by the thing's path."""
    return MemberResource(type, {"project": "{projects}", **arguments}, path)


def _located(type: str, path: str, **arguments: str) -> MemberResource:  # noqa: A002
    return _project(type, path, location="{locations}", **arguments)


_KEY: Final = "{projects}/{locations}/{keyRings}/{cryptoKeys}"
_RING: Final = "{projects}/{locations}/{keyRings}"
_PLACE: Final = "projects/{projects}/locations/{locations}"

MEMBER_RESOURCES: Final[Mapping[str, MemberResource]] = {
    "artifactregistry.googleapis.com/projects/locations/repositories": _located(
        "google_artifact_registry_repository_iam_member",
        f"{_PLACE}/repositories/{{repositories}}",
        repository="{repositories}",
    ),
    "bigquery.googleapis.com/projects/datasets/tables": _project(
        "google_bigquery_table_iam_member",
        "projects/{projects}/datasets/{datasets}/tables/{tables}",
        dataset_id="{datasets}",
        table_id="{tables}",
    ),
    "bigqueryconnection.googleapis.com/projects/locations/connections": _located(
        "google_bigquery_connection_iam_member",
        f"{_PLACE}/connections/{{connections}}",
        connection_id="{connections}",
    ),
    "bigtable.googleapis.com/projects/instances": _project(
        "google_bigtable_instance_iam_member",
        "projects/{projects}/instances/{instances}",
        instance="{instances}",
    ),
    "bigtable.googleapis.com/projects/instances/tables": _project(
        "google_bigtable_table_iam_member",
        "projects/{projects}/instances/{instances}/tables/{tables}",
        instance_name="{instances}",
        table="{tables}",
    ),
    "cloudfunctions.googleapis.com/projects/locations/functions": _project(
        "google_cloudfunctions_function_iam_member",
        f"{_PLACE}/functions/{{functions}}",
        region="{locations}",
        cloud_function="{functions}",
    ),
    "cloudkms.googleapis.com/projects/locations/keyRings": MemberResource(
        "google_kms_key_ring_iam_member", {"key_ring_id": _RING}, _RING
    ),
    "cloudkms.googleapis.com/projects/locations/keyRings/cryptoKeys": MemberResource(
        "google_kms_crypto_key_iam_member", {"crypto_key_id": _KEY}, _KEY
    ),
    "cloudresourcemanager.googleapis.com/folders": MemberResource(
        "google_folder_iam_member", {"folder": "folders/{folders}"}, "folders/{folders}"
    ),
    "cloudresourcemanager.googleapis.com/organizations": MemberResource(
        "google_organization_iam_member", {"org_id": "{organizations}"}, "{organizations}"
    ),
    "cloudresourcemanager.googleapis.com/projects": _project(
        "google_project_iam_member", "{projects}"
    ),
    "cloudtasks.googleapis.com/projects/locations/queues": _located(
        "google_cloud_tasks_queue_iam_member", f"{_PLACE}/queues/{{queues}}", name="{queues}"
    ),
    "compute.googleapis.com/projects/regions/subnetworks": _project(
        "google_compute_subnetwork_iam_member",
        "projects/{projects}/regions/{regions}/subnetworks/{subnetworks}",
        region="{regions}",
        subnetwork="{subnetworks}",
    ),
    "compute.googleapis.com/projects/zones/disks": _project(
        "google_compute_disk_iam_member",
        "projects/{projects}/zones/{zones}/disks/{disks}",
        zone="{zones}",
        name="{disks}",
    ),
    "compute.googleapis.com/projects/zones/instances": _project(
        "google_compute_instance_iam_member",
        "projects/{projects}/zones/{zones}/instances/{instances}",
        zone="{zones}",
        instance_name="{instances}",
    ),
    "dataproc.googleapis.com/projects/regions/clusters": _project(
        "google_dataproc_cluster_iam_member",
        "projects/{projects}/regions/{regions}/clusters/{clusters}",
        region="{regions}",
        cluster="{clusters}",
    ),
    "dns.googleapis.com/projects/managedZones": _project(
        "google_dns_managed_zone_iam_member",
        "projects/{projects}/managedZones/{managedZones}",
        managed_zone="{managedZones}",
    ),
    "iap.googleapis.com/projects/iap_web/services compute": _project(
        "google_iap_web_backend_service_iam_member",
        "projects/{projects}/iap_web/compute/services/{services}",
        web_backend_service="{services}",
    ),
    "iap.googleapis.com/projects/iap_web/services compute-": MemberResource(
        "google_iap_web_region_backend_service_iam_member",
        {
            "project": "{projects}",
            "region": "{region}",
            "web_region_backend_service": "{services}",
        },
        "projects/{projects}/iap_web/compute-{region}/services/{services}",
    ),
    "iap.googleapis.com/projects/iap_web/services cloud_run-": MemberResource(
        "google_iap_web_cloud_run_service_iam_member",
        {
            "project": "{projects}",
            "location": "{region}",
            "cloud_run_service_name": "{services}",
        },
        "projects/{projects}/iap_web/cloud_run-{region}/services/{services}",
    ),
    "iam.googleapis.com/projects/serviceAccounts": MemberResource(
        "google_service_account_iam_member",
        {"service_account_id": "projects/{projects}/serviceAccounts/{serviceAccounts}"},
        "projects/{projects}/serviceAccounts/{serviceAccounts}",
    ),
    "pubsub.googleapis.com/projects/schemas": _project(
        "google_pubsub_schema_iam_member",
        "projects/{projects}/schemas/{schemas}",
        schema="{schemas}",
    ),
    "pubsub.googleapis.com/projects/subscriptions": _project(
        "google_pubsub_subscription_iam_member",
        "projects/{projects}/subscriptions/{subscriptions}",
        subscription="{subscriptions}",
    ),
    "pubsub.googleapis.com/projects/topics": _project(
        "google_pubsub_topic_iam_member", "projects/{projects}/topics/{topics}", topic="{topics}"
    ),
    "run.googleapis.com/projects/locations/jobs": _located(
        "google_cloud_run_v2_job_iam_member", f"{_PLACE}/jobs/{{jobs}}", name="{jobs}"
    ),
    "run.googleapis.com/projects/locations/services": _located(
        "google_cloud_run_v2_service_iam_member",
        f"{_PLACE}/services/{{services}}",
        name="{services}",
    ),
    "secretmanager.googleapis.com/projects/locations/secrets": _located(
        "google_secret_manager_regional_secret_iam_member",
        f"{_PLACE}/secrets/{{secrets}}",
        secret_id="{secrets}",  # noqa: S106 (the id of a secret)
    ),
    "secretmanager.googleapis.com/projects/secrets": _project(
        "google_secret_manager_secret_iam_member",
        "projects/{projects}/secrets/{secrets}",
        secret_id="{secrets}",  # noqa: S106 (the id of a secret)
    ),
    "spanner.googleapis.com/projects/instances": _project(
        "google_spanner_instance_iam_member", "{projects}/{instances}", instance="{instances}"
    ),
    "spanner.googleapis.com/projects/instances/databases": _project(
        "google_spanner_database_iam_member",
        "{projects}/{instances}/{databases}",
        instance="{instances}",
        database="{databases}",
    ),
    "storage.googleapis.com/projects/buckets": MemberResource(
        "google_storage_bucket_iam_member", {"bucket": "{buckets}"}, "b/{buckets}"
    ),
}
"""By type; an IAP type ends with the kind of what is behind it, `compute-` where a region follows.
"""


def member_resource(name: str) -> MemberResource | None:
    """The resource for what a full resource name names, filled in; None: the provider has none."""
    service, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    ids = dict(zip(parts[::2], parts[1::2], strict=False))
    kind = f"{service}/{'/'.join(parts[::2])}"
    if "iap_web" in ids:
        behind, dash, ids["region"] = ids["iap_web"].partition("-")
        kind += f" {behind}{dash}"
    found = MEMBER_RESOURCES.get(kind)
    if found is None or len(parts) % 2:
        return None

    def filled(template: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda hole: ids[hole[1]], template)

    arguments = {key: filled(value) for key, value in found.arguments.items()}
    return MemberResource(found.type, arguments, filled(found.imported))
