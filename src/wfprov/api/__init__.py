"""The Python API: inspect, check, make_plan and apply_plan, and the values that they return.

What is in `__all__` is stable: names and fields are added to, and none changes its meaning within a
major version. Values are frozen; words such as kinds, severities and actions are those of the JSON
documents (`wfprov schema inspect`, `wfprov schema plan`).
"""

from __future__ import annotations

from wfprov.api.values import (
    Auth,
    Change,
    Condition,
    Finding,
    Grant,
    Inspection,
    Location,
    Need,
    OpenQuestion,
    Plan,
    Question,
    Report,
    Site,
    Step,
    Target,
    WorkflowAccess,
)
from wfprov.api.verbs import apply_plan, check, inspect, make_plan
from wfprov.core.errors import (
    BlockedError,
    CloudError,
    InputError,
    StalePlanError,
    WfprovError,
)

__all__ = [
    "Auth",
    "BlockedError",
    "Change",
    "CloudError",
    "Condition",
    "Finding",
    "Grant",
    "InputError",
    "Inspection",
    "Location",
    "Need",
    "OpenQuestion",
    "Plan",
    "Question",
    "Report",
    "Site",
    "StalePlanError",
    "Step",
    "Target",
    "WfprovError",
    "WorkflowAccess",
    "apply_plan",
    "check",
    "inspect",
    "make_plan",
]
