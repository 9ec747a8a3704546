"""Methods that Google still answers and describes, and that its discovery documents leave out."""

from collections.abc import Mapping
from typing import Any, Final

RETIRED: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    # https://docs.cloud.google.com/knowledge-catalog/docs/reference/rest/v1/projects.locations.dataTaxonomies/create
    # (2026-11-28), marked deprecated there.
    "dataplex.v1": (
        {
            "id": "dataplex.projects.locations.dataTaxonomies.create",
            "httpMethod": "POST",
            "path": "v1/{+parent}/dataTaxonomies",
            "parameters": {
                "parent": {"location": "path", "pattern": "^projects/[^/]+/locations/[^/]+$"},
                "dataTaxonomyId": {"location": "query"},
                "validateOnly": {"location": "query"},
            },
            "response": {"$ref": "GoogleLongrunningOperation"},
        },
    ),
}
"""By API and version, in the form of the documents; the schema of a body is left out."""
