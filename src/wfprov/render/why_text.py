"""Why a call has its grants, for people: the chain from the step to the live grant."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wfprov.audit.denial import Cause
from wfprov.audit.model import Fix
from wfprov.audit.question import Refused
from wfprov.audit.why import Called, Reason, Standing, State
from wfprov.catalog.target import Certainty, Kind, TargetUse
from wfprov.core.address import segment_after
from wfprov.desired.names import identity_email
from wfprov.render.audit_text import command_rows
from wfprov.render.names import KINDS, counted, place_in_words, short_name
from wfprov.render.place import Places
from wfprov.render.snippet import WIDTH
from wfprov.render.style import PLAIN, Style, safe, safe_lines

_LABEL: Final = 11
_MOST: Final = 20
_TOKENS: Final = {
    "OIDC": "an ID token (OIDC)",
    "OAuth2": "an access token (OAuth2)",
    "header": "an Authorization header of the author's own",
}
_STATES: Final = {
    State.THERE: ("yes", "green"),
    State.MISSING: ("no", "red"),
    State.UNCLEAR: ("not known", "yellow"),
    State.NOT_CHECKED: ("not checked", "dim"),
}
_OTHER_CAUSES: Final[Mapping[Cause, str]] = {
    # Each says what Google's page on the refusal says; addresses stand in audit.denial.
    Cause.TOKEN: "The request carried no token that the service accepts: no grant mends that. "
    "Compare the token and the audience of the call with what it reaches.",
    Cause.SCOPE: "The access token has too narrow scopes: no grant mends that. Leave `scope` and "
    "`scopes` out of the call's auth, or name one that the method takes.",
    Cause.PERIMETER: "VPC Service Controls turned the request away: no grant mends that. An "
    "ingress or egress rule of the perimeter must let the workflow's identity through.",
    Cause.DISABLED: "The API is not enabled in the project: `wfprov apply` enables those that the "
    "definitions call.",
    Cause.RESTRICTED: "An organization restriction turned the request away: no grant mends that.",
}
_AFTERWARDS: Final = (
    "The grant is there. A refusal that goes on has another cause: the grant is younger than a few "
    "minutes, a deny policy or a principal access boundary, VPC Service Controls, or a token that "
    "another identity signed; `wfprov why` reads none of these."
)


def why_text(
    calls: Sequence[Called],
    ingress: Mapping[str, str],
    style: Style = PLAIN,
    width: int = WIDTH,
) -> str:
    """The chain of each call, a blank line between them; without a last line break."""
    writing = _Writing(ingress, style, width)
    blocks = ["\n".join(writing.call(call)) for call in calls[:_MOST]]
    if len(calls) > _MOST:
        more = counted(len(calls) - _MOST, "more call")
        blocks.append(f"... and {more}: name a step, or `ROLE on RESOURCE`.")
    return "\n\n".join(blocks)


def refusal_text(
    refused: Refused,
    ingress: Mapping[str, str],
    style: Style = PLAIN,
    width: int = WIDTH,
) -> str:
    """What the definitions say of a refusal; without a last line break."""
    writing = _Writing(ingress, style, width)
    blocks = ["\n".join(writing.refused(refused))]
    blocks += ["\n".join(writing.call(call)) for call in refused.calls[:_MOST]]
    if len(refused.calls) > _MOST:
        blocks.append(f"... and {counted(len(refused.calls) - _MOST, 'more call')}.")
    standings = [r.standing for c in refused.calls for r in c.reasons]
    if standings and all(s.state is State.THERE for s in standings):
        blocks.append("\n".join(_rows(_AFTERWARDS, width)))
    return "\n\n".join(blocks)


class _Writing:
    def __init__(self, ingress: Mapping[str, str], style: Style, width: int) -> None:
        self._ingress = ingress
        self._style = style
        self._width = width
        self._places = Places()

    def call(self, call: Called) -> Iterator[str]:
        """The chain of one call."""
        spec = call.subject.inspected.workflow
        at = f"{call.at.source.name}:{self._places.short(call.at)}"
        yield f"{self._style.paint(safe(call.id), 'bold', 'cyan')}  {safe(at)}  ({safe(spec.name)})"
        target = call.target
        if call.site is not None and not call.site.site.reachable:
            yield from self._row("reached", "never: it asks for nothing")
            return
        if target is not None:
            yield from self._row("sends", self._sent(call, target))
            if target.via:
                yield from self._row("by way of", " > ".join(target.via))
            yield from self._row("reaches", self._reached(call, target))
        yield from self._identity(call)
        for reason in call.reasons:
            yield from self._reason(reason, spec.project)
        if target is not None and target.question is not None:
            yield from self._row("open", target.question.message)
            yield from self._row("", "write in wfprov.yaml:")
            for line in safe_lines(target.question.answer.rstrip("\n")):
                yield f"{' ' * (_LABEL + 4)}{line}"
        elif not call.reasons:
            yield from self._row("needs", "nothing that IAM gives: no grant is made for it")

    def refused(self, refused: Refused) -> Iterator[str]:
        """What was read of the refusal, and what it means."""
        denial = refused.denial
        yield self._style.paint("Refused", "bold")
        if refused.permissions:
            yield from self._row("permission", ", ".join(refused.permissions[:4]))
        if denial.resources:
            yield from self._row("on", ", ".join(denial.resources[:2]))
        if denial.path:
            yield from self._row("address", denial.path)
        if denial.principals:
            yield from self._row("to", denial.principals[0])
        if denial.frames:
            frame = denial.frames[0]
            yield from self._row("step", f"{frame.routine}.{frame.step}, line {frame.line}")
        if denial.cause is not Cause.PERMISSION:
            yield ""
            yield from _rows(_OTHER_CAUSES[denial.cause], self._width)
            return
        yield ""
        yield from _rows(_verdict(refused), self._width)

    def _sent(self, call: Called, target: TargetUse) -> str:
        auth = target.auth
        verb = f"{target.method} " if target.method else ""
        what = f"{verb}{target.url}" if target.url else target.api_method or call.site_function
        if auth is None:
            return f"{what} with no token" if target.url else what
        text = f"{what} with {_TOKENS[auth.type]}"
        if auth.type != "header":
            text += f" of {_signer(call)}"
        if auth.audience:
            text += f", audience {auth.audience}"
        if auth.scopes and auth.type == "OAuth2":
            text += f", scopes {', '.join(auth.scopes)}"
        return text

    def _reached(self, call: Called, target: TargetUse) -> str:
        project = call.subject.project
        words = KINDS[target.kind]
        if target.api_method is not None:
            words += f" {target.api_method}"
        if target.resource is not None and target.kind not in {Kind.EXTERNAL, Kind.UNKNOWN}:
            owner = segment_after(target.resource, "projects")
            if target.api_method:
                words += f" on {short_name(target.resource, project)}"
            else:
                shown = place_in_words(target.resource)
                after = target.kind is Kind.IAP  # "tickets behind IAP"
                words = f"{shown} {words}" if after else f"{words} {shown}"
                words += f" in {owner}" if owner not in {None, "-", "_", project} else ""
        if open_to := self._ingress.get(target.resource or ""):
            words += f", ingress: {open_to.replace('_', ' ')}"
        function = target.kind is Kind.CLOUD_FUNCTION  # whose generation its address does not tell
        said = target.note and (function or target.confidence is not Certainty.EXACT)
        return f"{words} ({target.note})" if said else words

    def _identity(self, call: Called) -> Iterator[str]:
        configured = identity_email(call.subject.inspected.workflow)
        live = call.subject.member.partition(":")[2]
        if live != configured.lower() and "{" not in live:
            yield from self._row(
                "runs as", f"{live} where it is deployed, not {configured} as it is configured"
            )

    def _reason(self, reason: Reason, project: str | None) -> Iterator[str]:
        need = reason.need
        text = f"{need.permission} on {short_name(need.on, project)}"
        if need.when:
            text += f", when {need.when}"
        yield from self._row("needs", text)
        source = need.source if need.source.startswith("http") else ""
        if source or need.source:
            yield from self._row("", f"{source or need.source} ({need.tier})", "dim")
        grant = reason.grant
        if grant is not None:
            on = short_name(grant.on, project)
            yield from self._row("granted by", f"{grant.role_name} on {on}")
            yield from self._row("", f"to {reason.member.partition(':')[2]}")
            yield from self._row("", _breadth(reason), "dim")
        yield from self._live(reason.standing)

    def _live(self, standing: Standing) -> Iterator[str]:
        word, colour = _STATES[standing.state]
        said = f"{word}: {standing.how}" if standing.how else word
        rows = list(self._row("live", said))
        rows[0] = rows[0].replace(word, self._style.paint(word, colour), 1)
        yield from rows
        for reason in standing.reasons:
            yield from self._row("", reason)
        for number, fix in enumerate(standing.fixes):
            yield from self._fix("or" if number else "mend", fix)

    def _fix(self, label: str, fix: Fix) -> Iterator[str]:
        margin = f"  {label:<{_LABEL}}  "
        for number, row in enumerate(command_rows(fix.command, self._width - len(margin) - 2)):
            lead = " " * len(margin) if number else margin
            yield lead + self._style.paint(safe(row), "cyan")

    def _row(self, label: str, text: str, *paint: str) -> Iterator[str]:
        margin = f"  {label:<{_LABEL}}  "
        for number, row in enumerate(_rows(safe(text), self._width - len(margin))):
            shown = self._style.paint(row, *paint) if paint else row
            yield (" " * len(margin) if number else margin) + shown


def _signer(call: Called) -> str:
    members = dict.fromkeys(r.member.partition(":")[2] for r in call.reasons)
    return " and ".join(members) or call.subject.member.partition(":")[2]


def _breadth(reason: Reason) -> str:
    grant = reason.grant
    assert grant is not None, "a reason without a grant has no breadth"
    words = [f"{grant.excess} more than asked" if grant.excess else "nothing more than asked"]
    if grant.inert:
        words.append(f"{counted(grant.inert, 'permission')} of the role inert there")
    if grant.condition is not None:
        words.append(f"under the condition {grant.condition.title}")
    if grant.custom_role is not None:
        words.append(f"a custom role: {', '.join(grant.custom_role.permissions)}")
    if grant.breadth:
        words.append(grant.breadth)
    return "; ".join(words)


def _verdict(refused: Refused) -> str:
    named = " or ".join(refused.permissions[:2]) or "it"
    if refused.calls:
        return f"{counted(len(refused.calls), 'call')} of the definitions asks for it:".replace(
            "calls of the definitions asks", "calls of the definitions ask"
        )
    if refused.denial.tells_nothing or not (refused.permissions or refused.elsewhere):
        return (
            "The text names no permission that Google's roles hold, and no call of the definitions "
            "that it fits. Paste the whole message, with its JSON body or the execution's error."
        )
    told = ""
    if refused.stranger:
        told = f"{refused.stranger} is no identity of these workflows. "
    asked = sorted({f"{c.name} {c.id}" for c in refused.elsewhere})
    if refused.elsewhere and refused.stranger:
        told += (
            f"{', '.join(asked[:3])} asks for {named} as its own account, which was not refused. "
        )
    elif refused.elsewhere:
        on = sorted({r.need.on for c in refused.elsewhere for r in c.reasons})
        told += (
            f"{', '.join(asked[:3])} asks for {named}, but on {', '.join(on[:3])}: the refused "
            "resource is not one that the definitions are known to reach. "
        )
    else:
        told += f"Nothing in the definitions asks for {named}. "
    if refused.roles:
        told += f"The narrowest predefined roles that hold it: {', '.join(refused.roles)}."
    return told.strip()


def _rows(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 30), break_long_words=False, break_on_hyphens=False) or [
        ""
    ]
