"""Everything that changes a commercial offering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import Invalid
from consortium.models import User
from consortium.states import require_transition
from registry.models import CommercialOffering, TransferGate
from registry.policies import licences as policies

State = CommercialOffering.State


@transaction.atomic
def create(gate: TransferGate, *, details: Mapping[str, Any], by: User) -> CommercialOffering:
    """Draft an offering of what passed `gate`.

    details: code, title_*, summary_*, fields, forms, list_price_fen.
    Raises PermissionDenied, or Invalid for a code that is taken.
    """
    policies.can_create_offering(by, gate).require()
    try:
        with transaction.atomic():
            offering = CommercialOffering.objects.create(gate=gate, created_by=by, **details)
    except IntegrityError:
        raise Invalid({"code": [_("Another offering has this code.")]}) from None
    audit.record("offering.created", offering, by=by, gate=gate.number)
    return offering


@transaction.atomic
def offer(offering: CommercialOffering, *, by: User) -> CommercialOffering:
    """Put it into the catalogue. Raises PermissionDenied, WrongState."""
    offering = _locked(offering)
    policies.can_offer(by, offering).require()
    require_transition(CommercialOffering.TRANSITIONS, offering.state, State.OFFERED)
    offering.state, offering.offered_at = State.OFFERED, timezone.now()
    offering.save(update_fields=["state", "offered_at"])
    audit.record("offering.offered", offering, by=by)
    return offering


@transaction.atomic
def retire(offering: CommercialOffering, *, by: User) -> CommercialOffering:
    """Take it out of the catalogue; licences live on. Raises PermissionDenied, WrongState."""
    offering = _locked(offering)
    policies.can_retire(by, offering).require()
    require_transition(CommercialOffering.TRANSITIONS, offering.state, State.RETIRED)
    offering.state = State.RETIRED
    offering.save(update_fields=["state"])
    audit.record("offering.retired", offering, by=by)
    return offering


def _locked(offering: CommercialOffering) -> CommercialOffering:
    return (
        CommercialOffering.objects.select_for_update(of=("self",))
        .select_related("gate")
        .get(pk=offering.pk)
    )
