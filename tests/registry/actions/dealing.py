"""What a negotiation and a licence leave behind, for their tests."""

from consortium.models import AuditEvent
from registry.models import Licence

State = Licence.State


def events_of(licence):
    return list(
        AuditEvent.objects.filter(target_type="registry.licence", target_id=str(licence.pk))
        .order_by("pk")
        .values_list("action", flat=True)
    )
