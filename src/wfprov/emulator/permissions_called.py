"""Rows of the permission table for APIs that workflows call and that have no service here."""

from collections.abc import Mapping
from typing import Final

CALLED: Final[Mapping[str, str]] = {
    # https://cloud.google.com/firestore/docs/security/iam (2026-11-23)
    "firestore": """
        databases.documents.batchGet datastore.entities.get
        databases.documents.beginTransaction datastore.databases.get
        databases.documents.createDocument datastore.entities.create
        databases.documents.delete datastore.entities.delete
        databases.documents.get datastore.entities.get
        databases.documents.list datastore.entities.get datastore.entities.list
        databases.documents.listCollectionIds datastore.entities.list
        databases.documents.patch datastore.entities.update
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
    # https://cloud.google.com/document-ai/docs/reference/rpc (2026-11-23)
    "documentai": """
        processors.batchProcess documentai.processors.processBatch
        processors.process documentai.processors.processOnline
    """,
    # https://cloud.google.com/spanner/docs/iam (excerpt only)
    "spanner": """
        instances.databases.sessions.create spanner.sessions.create
        instances.databases.sessions.delete spanner.sessions.delete
        instances.databases.sessions.commit spanner.databases.write
    """,
    # https://cloud.google.com/sql/docs/mysql/project-access-control (excerpt only)
    "sqladmin": """
        databases.delete cloudsql.databases.delete
        databases.get cloudsql.databases.get
        databases.insert cloudsql.databases.create
        instances.delete cloudsql.instances.delete
        instances.insert cloudsql.instances.create
        operations.get cloudsql.instances.get
    """,
    # https://cloud.google.com/iam/docs/roles-permissions/cloudtranslate (excerpt only)
    "translate": """
        translations.translate cloudtranslate.generalModels.predict
        translateText cloudtranslate.generalModels.predict
    """,
    # https://cloud.google.com/compute/docs/reference/rest/v1/instances (not opened)
    "compute": """
        instances.delete compute.instances.delete
        instances.get compute.instances.get
        instances.insert compute.instances.create
        instances.start compute.instances.start
        instances.stop compute.instances.stop
        zoneOperations.get compute.zoneOperations.get
    """,
    # https://cloud.google.com/kubernetes-engine/docs/reference/rest (not opened)
    "container": """
        clusters.create container.clusters.create
        clusters.get container.clusters.get
        operations.get container.operations.get
        zones.clusters.create container.clusters.create
        zones.clusters.delete container.clusters.delete
        zones.clusters.get container.clusters.get
        zones.operations.get container.operations.get
    """,
    # https://cloud.google.com/build/docs/iam-roles-permissions (not opened)
    "cloudbuild": """
        builds.create cloudbuild.builds.create
        builds.get cloudbuild.builds.get
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
}
