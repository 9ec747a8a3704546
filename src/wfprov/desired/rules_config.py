"""The rules of the configuration: what can be wrong with wfprov.yaml and environments/."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

UNKNOWN_CONFIG_KEY: Final = Rule(
    slug="unknown-config-key",
    severity=Severity.ERROR,
    summary="A key that the configuration does not have",
    docs="A key that is not read would be a wish that nobody hears: a misspelt `service_acount` "
    "would leave the default in place. Every key is therefore one of a closed list, which the "
    "message gives.",
)
WRONG_CONFIG_TYPE: Final = Rule(
    slug="wrong-config-type",
    severity=Severity.ERROR,
    summary="A value of another type than the key takes",
    docs="For example a list where a text is due. Text that looks like a number or a boolean is "
    "taken as it is written where a text is due (`PORT: 8080`).",
)
BAD_CONFIG_VALUE: Final = Rule(
    slug="bad-config-value",
    severity=Severity.ERROR,
    summary="A value that the key cannot have",
    docs="The type is right, but Google Cloud or wfprov would refuse the value: a project id with "
    "capitals, a zone where a region is due, a call log level that does not exist.",
)
MISSING_CONFIG_KEY: Final = Rule(
    slug="missing-config-key",
    severity=Severity.ERROR,
    summary="A key without which the configuration means nothing",
    docs="`wfprov.yaml` needs `stack`, which marks what the stack owns, and `workflows`; each "
    "workflow needs a `source`.",
)
NO_CONFIG_VERSION: Final = Rule(
    slug="no-config-version",
    severity=Severity.WARNING,
    summary="A configuration that does not say which version of the format it is written in",
    docs="It is read as version 1. Write `version: 1` so that a later wfprov still knows.",
)
RESERVED_ENV_VAR: Final = Rule(
    slug="reserved-env-var",
    severity=Severity.ERROR,
    summary="An environment variable whose name belongs to the platform",
    docs="Names of user environment variables are not empty and begin with neither `GOOGLE` nor "
    "`WORKFLOWS`; the service refuses the workflow otherwise.",
    source="https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows",
)
NO_SUCH_SOURCE: Final = Rule(
    slug="no-such-source",
    severity=Severity.ERROR,
    summary="A source that names no file, or a glob that matches none",
    docs="`source` is a path or a glob, relative to the folder of wfprov.yaml.",
)
REPEATED_WORKFLOW: Final = Rule(
    slug="repeated-workflow",
    severity=Severity.ERROR,
    summary="Two workflows with one name",
    docs="A glob makes a workflow of each file, named for the file. Its name must not be that of "
    "another entry with a source of its own, nor come out of two globs.",
)
REPEATED_SOURCE: Final = Rule(
    slug="repeated-source",
    severity=Severity.ERROR,
    summary="One definition deployed as two workflows",
    docs="Two entries name one file, or an entry names a file that a glob matches too. To set "
    "something for one of the workflows that a glob makes, write an entry with its name and no "
    "`source`.",
)
UNKNOWN_WORKFLOW: Final = Rule(
    slug="unknown-workflow",
    severity=Severity.ERROR,
    summary="Settings for a workflow that there is not",
    docs="An environment file names a workflow that wfprov.yaml does not have, and gives no "
    "`source` for it.",
)

CREDENTIAL_IN_ENV: Final = Rule(
    slug="credential-in-env",
    severity=Severity.ERROR,
    summary="A credential as an environment variable of a workflow",
    docs="Everybody who may read the workflow reads its variables, and the value stands in the "
    "repository. Put it into Secret Manager and read it with "
    "`googleapis.secretmanager.v1.projects.secrets.versions.accessString`; the grant that this "
    "asks for is found by itself. It is recognised by its form alone.",
    source="https://docs.cloud.google.com/workflows/docs/use-environment-variables (not opened)",
)

WRONG_SCHEDULE: Final = Rule(
    slug="wrong-schedule",
    severity=Severity.ERROR,
    summary="A schedule that Cloud Scheduler can not read, or that never comes",
    docs="A schedule has five fields: minute (0-59), hour (0-23), day of the month (1-31), month "
    "(1-12 or JAN-DEC), day of the week (0-7 or SUN-SAT). A field is `*`, a value, a range, a list "
    "of those, or `*/15`. The words of App Engine are read too: `every 15 minutes`, "
    "`every monday 09:00`.",
    source="https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules (2026-11-23)",
)
UNKNOWN_TIME_ZONE: Final = Rule(
    slug="unknown-time-zone",
    severity=Severity.ERROR,
    summary="A time zone that the tz database does not have",
    docs="`time_zone` is a name of the tz database, `Europe/Berlin`; without one it is UTC.",
    source="https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs "
    "(2026-11-23)",
)
UNKNOWN_EVENT_TYPE: Final = Rule(
    slug="unknown-event-type",
    severity=Severity.ERROR,
    summary="A type of event that Eventarc does not have",
    docs="`event` is the type of a CloudEvent, such as `google.cloud.storage.object.v1.finalized`, "
    "`google.cloud.audit.log.v1.written` or `google.cloud.pubsub.topic.v1.messagePublished`. With "
    "a `channel` it is whatever the one who publishes there calls it.",
    source="https://cloud.google.com/eventarc/docs/event-types (2026-11-23)",
)

RULES: Final = (
    WRONG_SCHEDULE,
    UNKNOWN_TIME_ZONE,
    UNKNOWN_EVENT_TYPE,
    CREDENTIAL_IN_ENV,
    UNKNOWN_CONFIG_KEY,
    WRONG_CONFIG_TYPE,
    BAD_CONFIG_VALUE,
    MISSING_CONFIG_KEY,
    NO_CONFIG_VERSION,
    RESERVED_ENV_VAR,
    NO_SUCH_SOURCE,
    REPEATED_WORKFLOW,
    REPEATED_SOURCE,
    UNKNOWN_WORKFLOW,
)
