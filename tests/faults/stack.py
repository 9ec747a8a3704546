"""The stack of the campaign in two versions, and what others have around it."""

from __future__ import annotations

PROJECT, NUMBER, REGION = "acme-shop", "493817260155", "europe-west1"
OWNER = "user:ana@example.com"
HERE = f"projects/{PROJECT}/locations/{REGION}"
CALLED = (
    f"//run.googleapis.com/{HERE}/services/payments",
    f"//run.googleapis.com/{HERE}/jobs/nightly",
    f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/partner-key",
    f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders",
    "//storage.googleapis.com/projects/_/buckets/acme-orders",
    f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales",
    f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales/tables/refunds",
    f"//cloudtasks.googleapis.com/{HERE}/queues/mail",
)
ACCOUNTS = ("order-intake", "refunds", "refunds-trigger", "orders-shop-deployer")
AGENT = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"

CONFIG = """\
version: 1
stack: orders
workflows:
  order-intake: {source: workflows/order-intake.yaml, env: {PARTNER_TOKEN: s3cret-value}}
  refunds:
    source: workflows/refunds.yaml
    triggers:
      - {schedule: "0 6 * * *", argument: {}, paused: true}
      - {event: google.cloud.storage.object.v1.finalized, filters: {bucket: acme-orders}}
policy: {custom_roles: always}
"""
CHANGED = (
    CONFIG.replace('"0 6 * * *"', '"30 7 * * *"')
    .replace("paused: true", "paused: false")
    .replace("object.v1.finalized", "object.v1.deleted")
    .replace("s3cret-value", "s3cret-value-2")
    .replace("refunds.yaml\n", "refunds.yaml\n    call_log_level: LOG_ERRORS_ONLY\n")
)
CHARGE = f"""\
- charge:
    call: http.post
    args:
      url: https://payments-{NUMBER}.{REGION}.run.app/charge
      auth: {{type: OIDC}}
"""
FIRST = {
    "order-intake": CHARGE
    + f"""\
- key:
    call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
    args: {{project_id: {PROJECT}, secret_id: partner-key}}
- tell:
    call: googleapis.pubsub.v1.projects.topics.publish
    args: {{topic: projects/{PROJECT}/topics/orders, body: {{messages: [{{data: aGk=}}]}}}}
- rows:
    call: googleapis.bigquery.v2.tables.insert
    args: {{projectId: {PROJECT}, datasetId: sales}}
- keep:
    call: googleapis.storage.v1.objects.get
    args: {{bucket: acme-orders, object: a.txt}}
- log:
    call: sys.log
    args: {{text: done}}
""",
    "refunds": CHARGE
    + f"""\
- rows:
    call: googleapis.bigquery.v2.tabledata.list
    args: {{projectId: {PROJECT}, datasetId: sales, tableId: refunds}}
- mail:
    call: googleapis.cloudtasks.v2.projects.locations.queues.tasks.list
    args: {{parent: {HERE}/queues/mail}}
""",
}
SECOND = {
    "order-intake": FIRST["order-intake"].replace(
        "googleapis.bigquery.v2.tables.insert", "googleapis.bigquery.v2.datasets.get"
    ),
    "refunds": CHARGE
    + f"""\
- nightly:
    call: googleapis.run.v2.projects.locations.jobs.run
    args: {{name: {HERE}/jobs/nightly}}
- mail:
    call: googleapis.cloudtasks.v2.projects.locations.queues.get
    args: {{name: {HERE}/queues/mail}}
""",
}
FOREIGN = [
    {"role": "roles/run.invoker", "members": ["user:ops@example.com", "allUsers"]},
    {
        "role": "roles/viewer",
        "members": ["group:auditors@example.com"],
        "condition": {"title": "t", "description": "kept", "expression": "true"},
    },
]
AUDIT = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
SCENES = ("create", "change", "revive", "destroy", "bootstrap", "again")
"""An empty project; the second version over the first, with `--prune`; after a destroy; a destroy;
a bootstrap in an empty project; one over a pool and a provider that somebody has deleted.
"""
