from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsortiumConfig(AppConfig):
    name = "consortium"
    verbose_name = _("Consortium")

    def ready(self) -> None:
        from consortium import audit, events, notices, reconciliation

        audit.register_events(events.EVENTS)
        notices.register_notices(notices.NOTICES)
        reconciliation.register(*reconciliation.LEDGER)
