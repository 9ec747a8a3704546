"""Rows of the permission table for APIs that workflows call and that have no service here."""

from collections.abc import Mapping
from typing import Final

CALLED: Final[Mapping[str, str]] = {
    # https://cloud.google.com/firestore/docs/security/iam (2026-11-23)
    # https://docs.cloud.google.com/firestore/native/docs/audit-logging (2026-11-23): writes ask for
    # databases.get too, and a patch or commit for create or update as its precondition tells.
    "firestore": """
        databases.documents.batchGet datastore.entities.get
        databases.documents.beginTransaction datastore.databases.get
        databases.documents.createDocument datastore.entities.create
        databases.documents.delete datastore.entities.delete
        databases.documents.get datastore.entities.get
        databases.documents.list datastore.entities.get datastore.entities.list
        databases.documents.listCollectionIds datastore.entities.list
        databases.documents.commit datastore.databases.get
        databases.documents.patch datastore.databases.get datastore.entities.update
        databases.documents.rollback datastore.databases.get
        databases.documents.runQuery datastore.entities.get datastore.entities.list
        databases.exportDocuments datastore.databases.export
        databases.operations.get datastore.operations.get
    """,
    # https://cloud.google.com/vertex-ai/docs/reference/rest (excerpt only)
    "aiplatform": """
        endpoints.generateContent aiplatform.endpoints.predict
        endpoints.predict aiplatform.endpoints.predict
        publishers.models.generateContent aiplatform.endpoints.predict
        publishers.models.predict aiplatform.endpoints.predict
    """,
    # https://cloud.google.com/dataplex/docs/reference/rest/v1/projects.locations.dataTaxonomies
    # (2026-11-28), the page of create
    "dataplex": """
        dataTaxonomies.create dataplex.dataTaxonomies.create
    """,
    # https://cloud.google.com/document-ai/docs/reference/rpc (2026-11-23)
    "documentai": """
        processors.batchProcess documentai.processors.processBatch
        processors.process documentai.processors.processOnline
    """,
    # https://docs.cloud.google.com/spanner/docs/audit-logging (2026-11-23)
    "spanner": """
        instances.databases.sessions.create spanner.sessions.create
        instances.databases.sessions.delete spanner.sessions.delete
        instances.databases.sessions.batchCreate spanner.sessions.create
        instances.databases.sessions.commit spanner.databases.write
        instances.databases.sessions.executeBatchDml spanner.databases.write
        instances.databases.sessions.executeSql spanner.databases.select
        instances.databases.sessions.get spanner.sessions.get
        instances.databases.sessions.read spanner.databases.read
    """,
    # https://docs.cloud.google.com/sql/docs/sqlserver/audit-logging (2026-11-23)
    "sqladmin": """
        databases.delete cloudsql.databases.delete
        databases.get cloudsql.databases.get
        databases.insert cloudsql.databases.create
        instances.delete cloudsql.instances.delete
        databases.list cloudsql.databases.list
        instances.clone cloudsql.instances.clone
        instances.export cloudsql.instances.export
        instances.get cloudsql.instances.get
        instances.import cloudsql.instances.import
        instances.restart cloudsql.instances.restart
        instances.insert cloudsql.instances.create
        operations.get cloudsql.instances.get
    """,
    # https://cloud.google.com/iam/docs/roles-permissions/cloudtranslate (excerpt only)
    "translate": """
        translations.translate cloudtranslate.generalModels.predict
        translateText cloudtranslate.generalModels.predict
    """,
    # https://cloud.google.com/compute/docs/instances/restarting-an-instance (2026-11-23)
    # https://cloud.google.com/compute/docs/instances/create-start-instance (2026-11-23)
    # Deleting: https://cloud.google.com/compute/docs/instances/deleting-instance (beginning only)
    "compute": """
        instances.delete compute.instances.delete
        instances.get compute.instances.get
        instances.insert compute.instances.create
        instances.start compute.instances.start
        instances.stop compute.instances.stop
        zoneOperations.get compute.zoneOperations.get
    """,
    # https://docs.cloud.google.com/kubernetes-engine/docs/how-to/audit-logging-container
    # (2026-11-23), method by method
    "container": """
        clusters.create container.clusters.create
        clusters.get container.clusters.get
        operations.get container.operations.get
        clusters.delete container.clusters.delete
        clusters.nodePools.create container.clusters.update
        clusters.nodePools.delete container.clusters.update
        clusters.nodePools.get container.clusters.get
        clusters.nodePools.list container.clusters.get
        clusters.nodePools.setSize container.clusters.update
        zones.clusters.setMasterAuth container.clusters.update
        clusters.setMasterAuth container.clusters.update
        zones.clusters.create container.clusters.create
        zones.clusters.delete container.clusters.delete
        zones.clusters.get container.clusters.get
        zones.operations.get container.operations.get
    """,
    # https://docs.cloud.google.com/build/docs/iam-roles-permissions (2026-11-23), no operations
    "cloudbuild": """
        builds.create cloudbuild.builds.create
        builds.cancel cloudbuild.builds.update
        builds.get cloudbuild.builds.get
        builds.list cloudbuild.builds.list
        triggers.create cloudbuild.builds.create
        triggers.delete cloudbuild.builds.create
        triggers.get cloudbuild.builds.get
        triggers.list cloudbuild.builds.list
        triggers.patch cloudbuild.builds.create
        triggers.run cloudbuild.builds.create
        operations.get cloudbuild.operations.get
    """,
    # https://cloud.google.com/iam/docs/roles-permissions/integrations (not opened)
    "integrations": """
        integrations.list integrations.integrations.list
    """,
    # Files of Workspace are shared with the account; no permission of IAM is asked for.
    # https://developers.google.com/workspace/guides/auth-overview (not opened)
    "forms": """
        forms.batchUpdate -
        forms.create -
        forms.get -
        forms.responses.list -
    """,
    "sheets": """
        spreadsheets.batchUpdate -
        spreadsheets.create -
        spreadsheets.get -
        spreadsheets.values.update -
    """,
    # There is no permission that a role could hold for calling these two services.
    # https://cloud.google.com/natural-language/docs/reference/rest (not opened)
    "language": """
        documents.analyzeEntities -
        documents.analyzeSentiment -
    """,
    # https://cloud.google.com/vision/docs/reference/rest/v1/images/annotate (not opened)
    "vision": """
        images.annotate -
    """,
    # https://docs.cloud.google.com/bigquery/docs/audit-logging (2026-11-23)
    "bigquerydatatransfer": """
        dataSources.get bigquery.transfers.get
        dataSources.list bigquery.transfers.get
        transferConfigs.create bigquery.transfers.update
        transferConfigs.delete bigquery.transfers.update
        transferConfigs.get bigquery.transfers.get
        transferConfigs.list bigquery.transfers.get
        transferConfigs.patch bigquery.transfers.update
        transferConfigs.runs.delete bigquery.transfers.update
        transferConfigs.runs.get bigquery.transfers.get
        transferConfigs.runs.list bigquery.transfers.get
        transferConfigs.scheduleRuns bigquery.transfers.update
        transferConfigs.startManualRuns bigquery.transfers.update
    """,
    # https://dataflow.googleapis.com/$discovery/rest?version=v1b3 (2026-11-23)
    "dataflow": """
        jobs.create dataflow.jobs.create resourcemanager.projects.get
        jobs.get dataflow.jobs.get
        jobs.getMetrics dataflow.metrics.get
        jobs.list dataflow.jobs.list
        jobs.messages.list dataflow.messages.list
        templates.create dataflow.jobs.create resourcemanager.projects.get
        templates.get resourcemanager.projects.get
        templates.launch dataflow.jobs.create resourcemanager.projects.get
    """,
    # https://docs.cloud.google.com/dataproc/docs/guides/audit-logging (2026-11-23); the use of the
    # cluster, which the body of a job names, is not checked.
    "dataproc": """
        regions.clusters.create dataproc.clusters.create
        regions.clusters.delete dataproc.clusters.delete
        regions.jobs.get dataproc.jobs.get
        regions.jobs.list dataproc.jobs.list
        regions.jobs.submit dataproc.jobs.create
    """,
}
