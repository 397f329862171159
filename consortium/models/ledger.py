"""The ledger of time and money: accounts, transfers between them, and holds.

Only the SQL functions of migration `ledger_posting` write these tables; everything else
calls consortium.actions.ledger. Amounts are integers in the account's unit.

Transfers carry no foreign keys in the database: each would lock the rows it points at, and
the busiest of those is the sink that every posting touches. The posting functions check the
accounts instead, and accounts are never deleted.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.people import User


class Unit(models.TextChoices):
    CARD_SECONDS = "card_seconds", _("card-seconds")
    CORE_SECONDS = "core_seconds", _("core-seconds")
    FEN = "fen", _("fen")


class Account(models.Model):
    """A pot of one unit. A capped account can never be overdrawn.

    An uncapped one may go below zero: usage that arrives late must still be posted. `owner`
    names the row it belongs to, as "<app.model>:<pk>".

    A sink is where units come from or end (source, usage, clearing; never capped). Its row
    keeps no balance, because one hot row would serialise every posting: its figures are
    summed from the transfers (consortium.actions.ledger.balance).
    """

    class Kind(models.TextChoices):
        SOURCE = "source", _("source")
        BUDGET = "budget", _("call budget")
        ALLOCATION = "allocation", _("allocation")
        RESERVE = "reserve", _("promised, not yet released")
        USAGE = "usage", _("usage sink")
        CLEARING = "clearing", _("clearing")
        SHARE = "share", _("share of income")

    SINK_KINDS = frozenset({Kind.SOURCE, Kind.USAGE, Kind.CLEARING})

    unit = models.CharField(max_length=16, choices=Unit)
    kind = models.CharField(max_length=16, choices=Kind)
    owner = models.CharField(max_length=96)
    capped = models.BooleanField(default=True)
    sink = models.BooleanField(default=False)
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    posted_in = models.BigIntegerField(default=0)
    posted_out = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "kind", "owner"], name="account_once"),
            models.CheckConstraint(
                name="account_not_overdrawn", condition=Q(capped=False) | Q(available__gte=0)
            ),
            models.CheckConstraint(name="account_holds_not_negative", condition=Q(held__gte=0)),
            models.CheckConstraint(
                name="account_adds_up",
                condition=Q(available=F("posted_in") - F("posted_out") - F("held")),
            ),
            models.CheckConstraint(
                name="account_sink_keeps_no_balance",
                condition=Q(sink=False)
                | Q(capped=False, available=0, held=0, posted_in=0, posted_out=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner} ({self.unit})"


class Transfer(models.Model):
    """One movement between two accounts. Its id is the idempotency key. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    req_hash = models.CharField(max_length=64)
    debit = models.ForeignKey(
        Account, models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit = models.ForeignKey(
        Account, models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    unit = models.CharField(max_length=16, choices=Unit)
    code = models.CharField(max_length=32)
    reverses = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="reversals",
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
    )
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False
    )
    reason = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="transfer_moves_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_between_two", condition=~Q(debit=F("credit"))),
            models.UniqueConstraint(
                name="transfer_reversed_once",
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
            ),
        ]
        indexes = [
            # With the amount inside, a sink's balance is read from the index alone.
            models.Index(name="transfer_out", fields=["debit", "created"], include=["amount"]),
            models.Index(name="transfer_in", fields=["credit", "created"], include=["amount"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.amount} {self.unit}"


class Hold(models.Model):
    """An amount set aside on an account until it is posted, voided or past its expiry."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        POSTED = "posted", _("posted")
        VOIDED = "voided", _("voided")
        EXPIRED = "expired", _("expired")

    TRANSITIONS = {
        State.PENDING: frozenset({State.POSTED, State.VOIDED, State.EXPIRED}),
        State.POSTED: frozenset[State](),
        State.VOIDED: frozenset[State](),
        State.EXPIRED: frozenset[State](),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    code = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    expires_at = models.DateTimeField()
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="hold_keeps_something", condition=Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(name="hold_pending", fields=["expires_at"], condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"hold {self.amount} of {self.account_id}"
