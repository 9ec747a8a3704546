"""The access that a change adds, for people at a terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator

from wfprov.desired.new_access import Gate, Judged
from wfprov.render.json import FORMAT_VERSION, grant_document, location
from wfprov.render.markdown import asking, verdict
from wfprov.render.names import short_name
from wfprov.render.place import Places
from wfprov.render.style import PLAIN, Style, safe


def gate_text(gate: Gate, style: Style = PLAIN) -> str:
    """What does not pass first, each with the lines that ask for it; the verdict last."""
    places = Places()
    lines: list[str] = []
    for passes, head, colour in (
        (False, "Not allowed", "red"),
        (True, "Allowed by policy.new_access", "green"),
    ):
        some = [one for one in gate.judged if one.passes is passes]
        if some:
            lines += [style.paint(head, "bold", colour)]
            lines += [line for one in some for line in _one(one, places, style)]
            lines.append("")
    for one in gate.head:
        for site, question in one.questions:
            mark = style.paint("?", "bold", "yellow")
            lines.append(f"{mark} {safe(site.id)}: {safe(question.message)}")
    if gate.questions:
        lines.append("")
    lines.append(style.paint(safe(verdict(gate)), "bold"))
    if gate.refused:
        lines += [
            "  What may pass is said in wfprov.yaml, and read from the base:",
            *(f"      {row}" for row in _suggestion(gate.refused[0])),
        ]
    return "\n".join(lines)


def gate_document(gate: Gate) -> dict[str, object]:
    """The same for machines."""
    places = Places()
    return {
        "format_version": FORMAT_VERSION,
        "stack": gate.stack,
        "environment": gate.environment,
        "base": gate.base,
        "commit": gate.commit,
        "passes": gate.exit_code == 0,
        "new_access": [
            {
                "workflow": one.added.workflow,
                "member": one.added.member,
                "grant": grant_document(one.added.grant),
                "passes": one.passes,
                "locations": [location(why.at, places) for why in one.added.because],
            }
            for one in gate.judged
        ],
        "open_questions": gate.questions,
    }


def _one(one: Judged, places: Places, style: Style) -> Iterator[str]:
    grant = one.added.grant
    custom = grant.custom_role
    role = f"custom role ({', '.join(custom.permissions)})" if custom else grant.role_name
    condition = f"  if {safe(grant.condition.expression)}" if grant.condition else ""
    wide = style.paint(f"  ({safe(grant.breadth)})", "dim") if grant.breadth else ""
    yield f"  {style.paint('+', 'green')} {safe(role)} on {safe(short_name(grant.on))}" + (
        condition + wide
    )
    yield f"      to {safe(one.added.member.partition(':')[2])}"
    for line in asking(one, places):
        yield style.paint(f"      because {safe(line)}", "dim")
    if one.rule is not None and not one.passes:
        yield "      denied by a rule of policy.new_access"


def _suggestion(one: Judged) -> Iterator[str]:
    """The rule that would let exactly this pass."""
    grant = one.added.grant
    custom = grant.custom_role
    alone = custom.permissions[0] if custom and len(custom.permissions) == 1 else "*"
    yield "policy:"
    yield "  new_access:"
    yield f'    allow: [{{role: "{grant.role or alone}", on: "{grant.on}"}}]'
