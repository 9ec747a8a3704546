"""wfprov: provisions Google Cloud Workflows with exactly the access they need.

`wfprov.inspect`, `wfprov.check`, `wfprov.make_plan` and `wfprov.apply_plan` are the Python API; it
is loaded when it is first asked for, so `import wfprov` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wfprov.api import apply_plan, check, inspect, make_plan

__version__ = "0.1.0"
__all__ = ["__version__", "apply_plan", "check", "inspect", "make_plan"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("wfprov.api"), name)
    raise AttributeError(f"module 'wfprov' has no attribute {name!r}")
