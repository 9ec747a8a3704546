"""The world's refusals.

The tree, with exit codes:

WfprovError
InputError         what was asked for cannot be read                       exit 3
CloudError         the control plane did not do what was asked             exit 1
Unreachable      no answer: endpoint, network, time-out
Unfinished       an operation was begun, and how it ended is not known
NotAuthenticated no usable credentials (401)
Refused          a permission is missing (403); names it
Disabled         the API is not enabled in the project (403 SERVICE_DISABLED)
NotFound         the thing does not exist (404)
Conflict         somebody else changed it (409 ABORTED, 412)
Exists           it is there already (409 ALREADY_EXISTS)
Busy             too many requests, or unavailable (429, 5xx)
Invalid          the request was not acceptable (400)
Blocked            something must be granted first; nothing was changed    exit 4
StalePlan          what a plan rests on has moved                          exit 5
"""

from __future__ import annotations

from wfprov.core.resource import Call


class WfprovError(Exception):
    """A refusal that is shown to the user; `help` says what to do."""

    exit_code = 1

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 (the word users read)
        super().__init__(message)
        self.message = message
        self.help = help


class InputError(WfprovError):
    """What was asked for cannot be read: a missing file, wrong usage."""

    exit_code = 3


class BlockedError(WfprovError):
    """Something must be granted or answered before anything is changed."""

    exit_code = 4


class StalePlanError(WfprovError):
    """What a saved plan rests on has moved; `moved` names each thing."""

    exit_code = 5

    def __init__(self, message: str, *, moved: tuple[str, ...] = (), help: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.moved = moved


class CloudError(WfprovError):
    """The control plane did not do what was asked.

    `call` is the request; `status` Google's canonical code (`PERMISSION_DENIED`), empty when there
    was no answer. `resent` says that the library had sent the same request before by itself and got
    no answer: whatever the refusal says is said of the last sending only. `unsent` says for certain
    that the last sending did not leave this machine: no connection was made, or no token was had.
    """

    resent = False
    unsent = False

    def __init__(
        self,
        message: str,
        *,
        call: Call | None = None,
        status: str = "",
        help: str = "",  # noqa: A002
    ) -> None:
        super().__init__(message, help=help)
        self.call = call
        self.status = status


class UnreachableError(CloudError):
    """No answer: wrong endpoint, no network, time-out.

    The request may have been carried out, unless it is `unsent`.
    """


class UnfinishedError(CloudError):
    """A long-running operation was begun, and how it ended is not known."""


class NotAuthenticatedError(CloudError):
    """There are no credentials, or they are not accepted."""


class RefusedError(CloudError):
    """A permission is missing; it and the resource are named where the answer names them."""

    def __init__(
        self,
        message: str,
        *,
        call: Call | None = None,
        status: str = "PERMISSION_DENIED",
        help: str = "",  # noqa: A002
        permission: str = "",
        resource: str = "",
    ) -> None:
        super().__init__(message, call=call, status=status, help=help)
        self.permission = permission
        self.resource = resource


class ServiceDisabledError(CloudError):
    """The API is not enabled in the project: nothing of it exists there."""


class NotFoundError(CloudError):
    """The thing does not exist."""


class ConflictError(CloudError):
    """Somebody else changed it since it was read."""


class ExistsError(CloudError):
    """It is there already."""


class BusyError(CloudError):
    """Too many requests, or the service is unavailable."""


class InvalidError(CloudError):
    """The request was not acceptable."""
