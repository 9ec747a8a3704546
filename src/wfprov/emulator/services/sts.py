"""Security Token Service v1: a federated token for one that a pipeline got elsewhere.

Source: https://sts.googleapis.com/$discovery/rest?version=v1 (2026-11-23)
"""

from typing import Final

from wfprov.emulator import federation
from wfprov.emulator.service import Service

SERVICE: Final = Service(api="sts", handlers={"v1": {"token": federation.exchanged}})
