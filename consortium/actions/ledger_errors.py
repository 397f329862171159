"""What the ledger refuses, by the SQLSTATE its functions raise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

from django.db import DatabaseError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consortium.errors import DomainError
from consortium.models import Unit


class LedgerRefusal(DomainError):
    """A request the ledger does not carry out. Nothing was moved."""


class Overdrawn(LedgerRefusal):
    """A capped account is short. `needed` and `available` are in `unit`."""

    def __init__(self, needed: int, available: int, unit: str) -> None:
        self.needed, self.available, self.unit = needed, available, unit
        super().__init__(
            format_lazy(
                _(
                    "The account has {available} {unit} left and this needs {needed}. "
                    "Lower the amount, or have the account topped up first."
                ),
                available=available,
                needed=needed,
                unit=Unit(unit).label,
            )
        )


class KeyReused(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _("This request's key was used for another request. Send it with a new key.")
        )


class UnitMismatch(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(_("The two accounts are in different units. Choose accounts of one unit."))


class AccountMissing(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _("A movement needs two different accounts that exist. Choose other accounts.")
        )


class AmountNotPositive(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _("Only an amount above zero can be moved. To move it back, reverse the transfer.")
        )


class AmountTooLarge(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _("No account can hold this much. Check the amount, and enter it in the right unit.")
        )


class NotReversible(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _(
                "A transfer is reversed once, and a reversal is not reversed. "
                "Post a new transfer instead."
            )
        )


class HoldOver(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _(
                "The hold was posted, voided or has expired, or is smaller than this amount. "
                "Place a new hold."
            )
        )


class SinkCannotHold(LedgerRefusal):
    def __init__(self) -> None:
        super().__init__(
            _("This account keeps no balance to hold from. Hold from the account that pays.")
        )


OVERDRAWN = "LG001"  # the one that carries figures
_BY_SQLSTATE: dict[str, Callable[[], LedgerRefusal]] = {
    "22003": AmountTooLarge,  # PostgreSQL's own: more than 2**63 - 1
    "LG002": KeyReused,
    "LG003": UnitMismatch,
    "LG004": AccountMissing,
    "LG005": AmountNotPositive,
    "LG006": NotReversible,
    "LG007": HoldOver,
    "LG008": SinkCannotHold,
}


def raise_from(error: DatabaseError) -> NoReturn:
    """Raise the refusal that `error` stands for, or `error` itself."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if state in _BY_SQLSTATE:
        refusal = _BY_SQLSTATE[state]()
        raise refusal from error
    if state != OVERDRAWN:
        raise error
    detail = json.loads(cause.diag.message_detail)  # type: ignore[union-attr]
    raise Overdrawn(detail["needed"], detail["available"], detail["unit"]) from error
