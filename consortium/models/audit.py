from __future__ import annotations

from datetime import UTC

from django.db import models
from django.db.models import Func
from django.utils import timezone


class CurrentXid(Func):
    """The transaction's own 64-bit id. The sealer reads only below the oldest one running."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class AuditEvent(models.Model):
    """Who did what to what, and when. Append-only: the database refuses change.

    No foreign keys: the log must never stop a live row from being deleted, and must
    outlive it.
    """

    at = models.DateTimeField(default=timezone.now)
    xid = models.BigIntegerField(db_default=CurrentXid(), editable=False)
    action = models.CharField(max_length=64)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=254)
    target_type = models.CharField(max_length=64)
    target_id = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["target_type", "target_id", "at"], name="audit_by_target"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["xid"], name="audit_by_xid"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action} {self.target_id}"

    @property
    def label(self) -> str:
        from consortium import audit  # noqa: PLC0415  it needs this model

        return audit.label(self.action)

    @property
    def detail_text(self) -> str:
        return ", ".join(f"{key}: {value}" for key, value in self.detail.items())


class AuditSeal(models.Model):
    """A signed Merkle root over a run of audit events, chained to the seal before it.

    leaf = sha256(0x00 || canonical event), node = sha256(0x01 || left || right), as in
    RFC 9162; the signature is Ed25519 over the canonical seal.
    """

    number = models.PositiveBigIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, help_text="Digest of the seal before this one.")
    horizon = models.BigIntegerField(
        help_text="Every transaction below this id had ended: its events are under a seal."
    )
    key_id = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"seal {self.number}"

    def claims(self) -> dict[str, str | int]:
        """What is signed, published and chained: all but the signature and the key's name."""
        return {
            "number": self.number,
            "sealed_at": self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "count": self.count,
            "root": self.root,
            "previous": self.previous,
            "horizon": self.horizon,
        }


class AuditLeaf(models.Model):
    """Where one event stands under which seal. Events themselves are never updated."""

    event_id = models.BigIntegerField(primary_key=True)
    seal = models.ForeignKey(AuditSeal, on_delete=models.PROTECT, related_name="leaves")
    position = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "position"], name="audit_leaf_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}"
