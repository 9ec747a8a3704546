"""Which permission a method needs: the emulator's own table, then Google's naming convention.

Each block names the page that states it: with the date on which it was read,
or `not opened` where the row was written from knowledge and is to be checked
there. That every permission exists is tested. A line is a method (its id
without the API's name and without `projects.` and `locations.`), then the
permissions, checked on the resource that the request names. `-` means that
none is needed or that the service checks by itself.
"""

from collections.abc import Callable, Mapping
from typing import Final

from wfprov.emulator.discovery import Match
from wfprov.emulator.permissions_called import CALLED

_TABLE: Final[Mapping[str, str]] = {
    # https://cloud.google.com/workflows/docs/access-control (2026-11-23)
    "workflows": """
        workflows.create workflows.workflows.create
        workflows.delete workflows.workflows.delete
        workflows.get workflows.workflows.get
        workflows.list workflows.workflows.list
        workflows.listRevisions workflows.workflows.listRevision
        workflows.patch workflows.workflows.update
        operations.get workflows.operations.get
        operations.list workflows.operations.list
        operations.delete workflows.operations.cancel
        get workflows.locations.get
        list workflows.locations.list
    """,
    # https://cloud.google.com/workflows/docs/access-control (2026-11-23)
    "workflowexecutions": """
        workflows.executions.create workflows.executions.create
        workflows.executions.get workflows.executions.get
        workflows.executions.list workflows.executions.list
        workflows.executions.cancel workflows.executions.cancel
        workflows.executions.exportData workflows.executions.get
        workflows.executions.callbacks.list workflows.callbacks.list
        workflows.executions.stepEntries.get workflows.stepEntries.get
        workflows.executions.stepEntries.list workflows.stepEntries.list
        workflows.triggerPubsubExecution workflows.executions.create
    """,
    # https://docs.cloud.google.com/iam/docs/audit-logging (2026-11-23)
    "iam": """
        serviceAccounts.create iam.serviceAccounts.create
        serviceAccounts.get iam.serviceAccounts.get
        serviceAccounts.list iam.serviceAccounts.list
        serviceAccounts.patch iam.serviceAccounts.update
        serviceAccounts.update iam.serviceAccounts.update
        serviceAccounts.delete iam.serviceAccounts.delete
        serviceAccounts.undelete -
        serviceAccounts.enable iam.serviceAccounts.enable
        serviceAccounts.disable iam.serviceAccounts.disable
        serviceAccounts.signBlob iam.serviceAccounts.signBlob
        serviceAccounts.signJwt iam.serviceAccounts.signJwt
        serviceAccounts.keys.create iam.serviceAccountKeys.create
        serviceAccounts.keys.delete iam.serviceAccountKeys.delete
        serviceAccounts.keys.disable iam.serviceAccountKeys.disable
        serviceAccounts.keys.enable iam.serviceAccountKeys.enable
        serviceAccounts.keys.get iam.serviceAccountKeys.get
        serviceAccounts.keys.list iam.serviceAccountKeys.list
        serviceAccounts.keys.upload iam.serviceAccountKeys.create
        roles.create -
        roles.delete -
        roles.undelete -
        roles.patch -
        roles.list -
        roles.get -
        roles.queryGrantableRoles -
        permissions.queryTestablePermissions -
        workloadIdentityPools.create -
        workloadIdentityPools.get -
        workloadIdentityPools.list -
        workloadIdentityPools.patch -
        workloadIdentityPools.delete -
        workloadIdentityPools.undelete -
        workloadIdentityPools.operations.get -
        workloadIdentityPools.providers.create -
        workloadIdentityPools.providers.get -
        workloadIdentityPools.providers.list -
        workloadIdentityPools.providers.patch -
        workloadIdentityPools.providers.delete -
        workloadIdentityPools.providers.undelete -
        workloadIdentityPools.providers.operations.get -
        iamPolicies.lintPolicy -
        iamPolicies.queryAuditableServices -
    """,
    # https://docs.cloud.google.com/iam/docs/audit-logging/audit-logging-iamcreds (2026-11-23)
    "iamcredentials": """
        serviceAccounts.generateAccessToken -
        serviceAccounts.generateIdToken -
        serviceAccounts.signBlob iam.serviceAccounts.signBlob
        serviceAccounts.signJwt iam.serviceAccounts.signJwt
    """,
    # https://cloudresourcemanager.googleapis.com/$discovery/rest?version=v3 (2026-11-23)
    # getAncestry is of v1, whose text asks for reading the project.
    "cloudresourcemanager": """
        projects.get resourcemanager.projects.get
        projects.list -
        projects.search -
        projects.create -
        projects.delete resourcemanager.projects.delete
        projects.undelete resourcemanager.projects.undelete
        projects.patch resourcemanager.projects.update
        projects.update resourcemanager.projects.update
        projects.getAncestry resourcemanager.projects.get
        projects.getIamPolicy resourcemanager.projects.getIamPolicy
        projects.setIamPolicy resourcemanager.projects.setIamPolicy
        projects.testIamPermissions -
        operations.get -
    """,
    # https://docs.cloud.google.com/service-usage/docs/audit-logging (2026-11-23), which also names
    # servicemanagement.services.bind: everybody has it on the public services that exist here.
    # Getting and listing: https://cloud.google.com/service-usage/docs/access-control (not opened)
    "serviceusage": """
        services.enable serviceusage.services.enable
        services.batchEnable serviceusage.services.enable
        services.disable serviceusage.services.disable
        services.get serviceusage.services.get
        services.batchGet serviceusage.services.get
        services.list serviceusage.services.list
        services.generateServiceIdentity serviceusage.services.enable
        operations.get -
    """,
    # The method's text in https://sts.googleapis.com/$discovery/rest?version=v1 (2026-11-23)
    "sts": "token -",
    # https://cloud.google.com/run/docs/reference/iam/permissions (2026-11-23)
    "run": """
        services.create run.services.create
        services.delete run.services.delete
        services.get run.services.get
        services.list run.services.list
        services.patch run.services.update
        services.replaceService run.services.update
        jobs.create run.jobs.create
        jobs.delete run.jobs.delete
        jobs.get run.jobs.get
        jobs.list run.jobs.list
        jobs.patch run.jobs.update
        jobs.replaceJob run.jobs.update
        jobs.run -
        jobs.executions.get run.executions.get
        jobs.executions.list run.executions.list
        jobs.executions.cancel run.executions.cancel
        jobs.executions.delete run.executions.delete
        jobs.executions.tasks.get run.tasks.get
        jobs.executions.tasks.list run.tasks.list
        executions.get -
        executions.list run.executions.list
        executions.cancel run.executions.cancel
        services.revisions.get run.revisions.get
        services.revisions.list run.revisions.list
        services.revisions.delete run.revisions.delete
        revisions.get run.revisions.get
        revisions.list run.revisions.list
        configurations.get run.configurations.get
        configurations.list run.configurations.list
        routes.get run.routes.get
        routes.list run.routes.list
        operations.get run.operations.get
        operations.list run.operations.list
        operations.delete run.operations.delete
        operations.wait run.operations.get
        list run.locations.list
        workerPools.create run.workerpools.create
        workerPools.get run.workerpools.get
        workerPools.list run.workerpools.list
        workerPools.patch run.workerpools.update
        workerPools.delete run.workerpools.delete
    """,
    # https://docs.cloud.google.com/functions/docs/monitoring/audit-logging (2026-11-23)
    # Operations: https://cloud.google.com/functions/docs/reference/iam/permissions (not opened)
    "cloudfunctions": """
        functions.create cloudfunctions.functions.create
        functions.delete cloudfunctions.functions.delete
        functions.get cloudfunctions.functions.get
        functions.list cloudfunctions.functions.list
        functions.patch cloudfunctions.functions.update
        functions.call cloudfunctions.functions.call
        functions.generateDownloadUrl cloudfunctions.functions.sourceCodeGet
        functions.generateUploadUrl cloudfunctions.functions.sourceCodeSet
        operations.get cloudfunctions.operations.get
        operations.list cloudfunctions.operations.list
    """,
    # https://docs.cloud.google.com/secret-manager/docs/audit-logging (2026-11-23)
    "secretmanager": """
        secrets.create secretmanager.secrets.create
        secrets.delete secretmanager.secrets.delete
        secrets.get secretmanager.secrets.get
        secrets.list secretmanager.secrets.list
        secrets.patch secretmanager.secrets.update
        secrets.addVersion secretmanager.versions.add
        secrets.versions.access secretmanager.versions.access
        secrets.versions.destroy secretmanager.versions.destroy
        secrets.versions.disable secretmanager.versions.disable
        secrets.versions.enable secretmanager.versions.enable
        secrets.versions.get secretmanager.versions.get
        secrets.versions.list secretmanager.versions.list
    """,
    # https://cloud.google.com/pubsub/docs/access-control (2026-11-23)
    # https://docs.cloud.google.com/pubsub/docs/audit-logging (2026-11-23)
    "pubsub": """
        topics.create -
        topics.delete pubsub.topics.delete
        topics.get pubsub.topics.get
        topics.list pubsub.topics.list
        topics.patch pubsub.topics.update
        topics.publish pubsub.topics.publish
        subscriptions.create -
        subscriptions.delete pubsub.subscriptions.delete
        subscriptions.detach pubsub.topics.detachSubscription
        subscriptions.get pubsub.subscriptions.get
        subscriptions.list pubsub.subscriptions.list
        subscriptions.patch pubsub.subscriptions.update
        subscriptions.pull pubsub.subscriptions.consume
        subscriptions.acknowledge pubsub.subscriptions.consume
        subscriptions.modifyAckDeadline pubsub.subscriptions.consume
        subscriptions.modifyPushConfig pubsub.subscriptions.update
        subscriptions.seek pubsub.subscriptions.consume
    """,
    # https://cloud.google.com/storage/docs/access-control/iam-json (2026-11-23)
    "storage": """
        serviceAccount.get -
        buckets.insert -
        buckets.get -
        buckets.list -
        buckets.patch -
        buckets.update -
        buckets.delete -
        buckets.getIamPolicy -
        buckets.setIamPolicy -
        buckets.testIamPermissions -
        objects.copy -
        objects.rewrite -
        objects.get storage.objects.get
        objects.list storage.objects.list
        objects.insert storage.objects.create
        objects.delete storage.objects.delete
        objects.patch storage.objects.update
        objects.update storage.objects.update
        objects.compose storage.objects.create storage.objects.get
        objects.restore storage.objects.create storage.objects.restore
        buckets.lockRetentionPolicy storage.buckets.update
        notifications.delete storage.buckets.update
        notifications.get storage.buckets.get
        notifications.insert storage.buckets.update
        notifications.list storage.buckets.get
    """,
    # https://cloud.google.com/tasks/docs/reference/rest/v2beta3/projects.locations.queues/create
    # (2026-11-23), and so of purge, pause, resume and tasks.create; the other pages (not opened)
    "cloudtasks": """
        queues.create cloudtasks.queues.create
        queues.delete cloudtasks.queues.delete
        queues.get cloudtasks.queues.get
        queues.list cloudtasks.queues.list
        queues.patch cloudtasks.queues.update
        queues.pause cloudtasks.queues.pause
        queues.purge cloudtasks.queues.purge
        queues.resume cloudtasks.queues.resume
        queues.tasks.create cloudtasks.tasks.create
        queues.tasks.delete cloudtasks.tasks.delete
        queues.tasks.get cloudtasks.tasks.get
        queues.tasks.list cloudtasks.tasks.list
        queues.tasks.run cloudtasks.tasks.run
    """,
    # https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs/delete
    # (2026-11-23), and so of create and pause; the pages of the others (not opened)
    "cloudscheduler": """
        jobs.create cloudscheduler.jobs.create
        jobs.delete cloudscheduler.jobs.delete
        jobs.get cloudscheduler.jobs.get
        jobs.list cloudscheduler.jobs.list
        jobs.patch cloudscheduler.jobs.update
        jobs.pause cloudscheduler.jobs.pause
        jobs.resume cloudscheduler.jobs.enable
        jobs.run cloudscheduler.jobs.run
    """,
    # https://bigquery.googleapis.com/$discovery/rest?version=v2 (2026-11-23), method by method
    "bigquery": """
        datasets.insert bigquery.datasets.create
        datasets.get bigquery.datasets.get
        datasets.list -
        datasets.patch bigquery.datasets.get bigquery.datasets.update
        datasets.update bigquery.datasets.update
        datasets.delete bigquery.datasets.delete
        tables.insert bigquery.tables.create
        tables.get bigquery.tables.get
        tables.list bigquery.tables.list
        tables.patch bigquery.tables.get bigquery.tables.update
        tables.update bigquery.tables.update
        tables.delete bigquery.tables.delete
        tabledata.insertAll bigquery.datasets.get bigquery.tables.get bigquery.tables.updateData
        tabledata.list bigquery.tables.getData
        models.get bigquery.models.getMetadata
        models.patch bigquery.models.updateMetadata
        routines.insert bigquery.routines.create
        jobs.delete bigquery.jobs.delete
        jobs.insert bigquery.jobs.create
        jobs.query bigquery.jobs.create
        jobs.get -
        jobs.list -
        jobs.cancel -
        jobs.getQueryResults -
        list -
        getServiceAccount -
    """,
    # https://docs.cloud.google.com/kms/docs/audit-logging (2026-11-23)
    "cloudkms": """
        keyRings.create cloudkms.keyRings.create
        keyRings.get cloudkms.keyRings.get
        keyRings.list cloudkms.keyRings.list
        keyRings.cryptoKeys.create cloudkms.cryptoKeys.create
        keyRings.cryptoKeys.get cloudkms.cryptoKeys.get
        keyRings.cryptoKeys.list cloudkms.cryptoKeys.list
        keyRings.cryptoKeys.patch cloudkms.cryptoKeys.update
        keyRings.cryptoKeys.encrypt cloudkms.cryptoKeyVersions.useToEncrypt
        keyRings.cryptoKeys.decrypt cloudkms.cryptoKeyVersions.useToDecrypt
    """,
    # https://cloud.google.com/iap/docs/managing-access (not opened)
    "iap": """
        getIamPolicy -
        setIamPolicy -
        testIamPermissions -
    """,
    # https://cloud.google.com/logging/docs/access-control (not opened)
    "logging": """
        entries.write -
        entries.list -
    """,
    # https://docs.cloud.google.com/asset-inventory/docs/audit-logging (2026-11-23)
    "cloudasset": """
        searchAllIamPolicies cloudasset.assets.searchAllIamPolicies
        searchAllResources cloudasset.assets.searchAllResources
    """,
    # https://docs.cloud.google.com/policy-intelligence/docs/policy-insights (2026-11-23)
    "recommender": """
        insightTypes.insights.list recommender.iamPolicyInsights.list
        insightTypes.insights.get recommender.iamPolicyInsights.get
    """,
    # https://docs.cloud.google.com/eventarc/standard/docs/audit-logs (2026-11-23)
    "eventarc": """
        triggers.create eventarc.triggers.create
        triggers.delete eventarc.triggers.delete
        triggers.get eventarc.triggers.get
        triggers.list eventarc.triggers.list
        triggers.patch eventarc.triggers.update
        operations.get eventarc.operations.get
    """,
}

_PREFIXES: Final[Mapping[str, str]] = {
    "bigtableadmin": "bigtable",
    "cloudresourcemanager": "resourcemanager",
    "firestore": "datastore",
    "sqladmin": "cloudsql",
}
"""Permission prefixes that are not the API's name.

Source: https://cloud.google.com/iam/docs/roles-permissions (not opened)
"""

_VERBS: Final[Mapping[str, str]] = {"insert": "create", "patch": "update"}


def _read() -> dict[str, tuple[str, ...]]:
    rows: dict[str, tuple[str, ...]] = {}
    for api, text in {**_TABLE, **CALLED}.items():
        for line in text.splitlines():
            method, *needed = line.split() or [""]
            if method:
                rows[f"{api} {method}"] = tuple(name for name in needed if name != "-")
    return rows


_ROWS: Final = _read()


def short_name(api: str, method: str) -> str:
    """A method's name in the table: without the API, and mostly without `projects.locations.`."""
    parts = method.split(".")[1:]
    if api != "cloudresourcemanager":
        parts = [part for part in parts if part not in ("projects", "locations", "namespaces")]
    return ".".join(parts)


def needed(match: Match, exists: Callable[[str], bool]) -> tuple[tuple[str, ...], str]:
    """The permissions of a method and why: `table`, `convention`, or `unknown` (none is checked).

    The convention, `{service}.{collection}.{verb}`, counts only where such a
    permission exists.
    """
    method = match.method
    short = short_name(method.api, method.id)
    found = _ROWS.get(f"{method.api} {short}")
    if found is not None:
        return found, "table"
    if method.action == "testIamPermissions":
        return (), "table"
    parts = short.split(".")
    collection = (
        parts[-2] if len(parts) > 1 else match.resource.rpartition("/")[0].rpartition("/")[2]
    )
    prefix = _PREFIXES.get(method.api, method.api)
    name = f"{prefix}.{collection}.{_VERBS.get(method.action, method.action)}"
    return ((name,), "convention") if exists(name) else ((), "unknown")
