"""Every finding about the definitions and the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.suppress import heeded
from wfprov.app.wiring import facts
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.rule import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was found in how many definitions; `ignored` counts what comments accept."""

    diagnostics: tuple[Diagnostic, ...]
    definitions: int
    ignored: int = 0

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)

    @property
    def summary(self) -> str:
        """`3 definitions: 1 error, 2 warnings`."""
        files = f"{self.definitions} definition{'s' * (self.definitions != 1)}"
        counts = [
            f"{n} {severity.value}{'s' * (n != 1)}"
            for severity in Severity
            if (n := sum(d.severity is severity for d in self.diagnostics))
        ]
        ignored = f"; {self.ignored} ignored" if self.ignored else ""
        return f"{files}: {', '.join(counts) or 'nothing to say'}{ignored}"


def check(selection: Selection) -> CheckResult:
    """Reads and analyses all that the selection names.

    Raises:
        InputError: there is nothing to read.
    """
    loaded = load(selection)
    inspected = heeded(inspect_stack(loaded, facts()))
    found = [*loaded.diagnostics, *(d for one in inspected for d in one.diagnostics)]
    return CheckResult(
        diagnostics=in_order(found),
        definitions=len(loaded.stack.workflows),
        ignored=sum(one.ignored for one in inspected),
    )
