"""Cloud Logging v2: writing entries, checked on the project of each log; nothing is kept.

Source: https://cloud.google.com/logging/docs/access-control (not opened)
"""

from typing import Final

from wfprov.emulator.errors import invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.service import Call, Service


def _write(call: Call) -> Json:
    default = call.body.get("logName", "")
    names = {entry.get("logName") or default for entry in call.body.get("entries") or [{}]}
    for name in sorted(names):
        scope = "/".join(str(name).split("/")[:2])
        if "/" not in scope:
            raise invalid("logName must be given for the request or for each entry.")
        call.require("logging.logEntries.create", call.world.full_name("logging", scope))
    return {}


def _list(call: Call) -> Json:
    for scope in call.body.get("resourceNames") or []:
        full = call.world.full_name("logging", "/".join(str(scope).split("/")[:2]))
        call.require("logging.logEntries.list", full)
    return {}


SERVICE: Final = Service(
    api="logging", handlers={"v2": {"entries.write": _write, "entries.list": _list}}
)
