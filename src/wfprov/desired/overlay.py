"""An environment laid over wfprov.yaml: single values are replaced, maps are merged by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from wfprov.desired.layer import Layer, PolicyLayer, WorkflowLayer
from wfprov.desired.model import AccessPolicy


def over(upper: WorkflowLayer, lower: WorkflowLayer) -> WorkflowLayer:
    """What two layers say of one workflow; the place is the lower one's."""
    merged: dict[str, Any] = {
        f.name: _merged(getattr(upper, f.name), getattr(lower, f.name))
        for f in fields(WorkflowLayer)
        if f.name != "at"
    }
    return WorkflowLayer(at=lower.at, **merged)


def layer_over(upper: Layer, lower: Layer) -> Layer:
    """What two files say, workflow by workflow; those of the upper alone come last."""
    flat: dict[str, Any] = {
        f.name: _merged(getattr(upper, f.name), getattr(lower, f.name))
        for f in fields(Layer)
        if f.name not in {"workflows", "policy"}
    }
    workflows = {
        name: over(upper.workflows[name], below) if name in upper.workflows else below
        for name, below in lower.workflows.items()
    }
    return Layer(
        **flat,
        workflows={**upper.workflows, **workflows},
        policy=_policy(upper.policy, lower.policy),
    )


def access_policy(layer: PolicyLayer) -> AccessPolicy:
    """The policy with the defaults where nothing is written."""
    written: dict[str, Any] = {
        f.name: value for f in fields(PolicyLayer) if (value := getattr(layer, f.name)) is not None
    }
    return AccessPolicy(**written)


def _policy(upper: PolicyLayer, lower: PolicyLayer) -> PolicyLayer:
    merged: dict[str, Any] = {
        f.name: _merged(getattr(upper, f.name), getattr(lower, f.name)) for f in fields(PolicyLayer)
    }
    return PolicyLayer(**merged)


def _merged(upper: object, lower: object) -> object:
    if isinstance(upper, Mapping) and isinstance(lower, Mapping):
        return {**lower, **{k: _merged(v, lower.get(k)) for k, v in upper.items()}}
    return lower if upper is None else upper
