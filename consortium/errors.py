"""Ways a request can be refused. Pages and the API translate them once, at the edge.

404 what you may not see, 403 what you may see but not do (PermissionDenied), 409 what the
rules forbid now (DomainError), 422 what is badly filled in (Invalid).
"""

from collections.abc import Mapping

from django.utils.functional import Promise


class DomainError(Exception):
    """The request is understood and allowed, but the rules say no. HTTP 409.

    The message is a whole sentence in the reader's language that names the rule and says
    what to do next. `status` differs where the portal cannot, rather than the rules forbid.
    """

    status = 409

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class WrongState(DomainError):
    """The object is not in a state from which this is possible."""


class Stale(DomainError):
    """The form was filled in against an older version of the object."""


class Invalid(Exception):
    """What was filled in is not usable. HTTP 422.

    `errors` maps a field name ("" for the whole) to its messages.
    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(m for messages in errors.values() for m in messages))
        self.errors = dict(errors)
