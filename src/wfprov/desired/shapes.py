"""The shapes that Google Cloud asks of names, and wfprov of its own.

Each fact about Google names its page, read 2026-11-23.
"""

from __future__ import annotations

import re
from typing import Final

PROJECT: Final = re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""https://cloud.google.com/resource-manager/docs/creating-managing-projects; an id of old may have
its domain in front, `example.com:project`."""
PROJECT_HINT: Final = (
    "an id has 6 to 30 lower-case letters, digits and hyphens and begins with a letter; "
    "a number goes into `project_number`, in the environment file"
)
PROJECT_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")

REGION: Final = re.compile(r"[a-z]+(?:-[a-z]+)+[0-9]+")
"""https://cloud.google.com/workflows/docs/locations"""
REGION_HINT: Final = "for example europe-west1; a zone (europe-west1-b) is not a region"

WORKFLOW: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
"""https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows/create"""
WORKFLOW_HINT: Final = (
    "at most 64 letters, digits, hyphens and underscores, beginning with a letter and ending "
    "with a letter or digit"
)

STACK: Final = re.compile(r"[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?")
"""What fits in a label's value: https://cloud.google.com/compute/docs/labeling-resources#requirements"""
STACK_HINT: Final = (
    "it marks what the stack owns, as a label: at most 63 lower-case letters, digits, hyphens "
    "and underscores, beginning with a letter"
)

EMAIL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
SHARED_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{4,28}[a-z0-9])")
"""https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create"""

LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
RESERVED_LABELS: Final = ("goog-", "wfprov-")
"""Keys that Google or wfprov writes; a resource keeps Google's whatever is asked:
https://docs.cloud.google.com/resource-manager/docs/labels-overview (not opened)"""
MAX_LABELS: Final = 64
"""https://cloud.google.com/compute/docs/labeling-resources#requirements"""

RESERVED_PREFIXES: Final = ("GOOGLE", "WORKFLOWS")
MAX_ENV_VARS: Final = 20
MAX_ENV_VALUE_BYTES: Final = 4096
MAX_DESCRIPTION: Final = 1000
"""https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows"""

CRYPTO_KEY: Final = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
"""https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows"""

ROLE: Final = re.compile(r"(?:(?:projects|organizations)/[^/\s]+/)?roles/[A-Za-z0-9_.]+")
PERMISSION: Final = re.compile(r"[a-z][a-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*){2}")
"""https://cloud.google.com/iam/docs/roles-overview"""
PERMISSION_ON: Final = re.compile(rf"{PERMISSION.pattern}(?: on //[a-z][a-z0-9.-]*/\S+)?")
"""A permission, and the full name of the resource that it is needed on where a question asks."""

NAME_IN_RUN: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A Cloud Run service or job: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create
(not opened)"""
NAME_OF_FUNCTION: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
"""A function of either generation: https://cloud.google.com/functions/docs/release-notes
(April 04, 2023; not opened)"""

API: Final = re.compile(r"[a-z][a-z0-9]*")
DOMAIN: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
ADDRESS: Final = re.compile(r"https?://[^\s/]+(?:/\S*)?")
ADDRESS_HINT: Final = "for example http://127.0.0.1:8080"
ENDPOINT: Final = re.compile(rf"embedded|cloud|{ADDRESS.pattern}")
ENDPOINT_HINT: Final = "write `embedded`, `cloud`, or an address such as http://127.0.0.1:8080"
