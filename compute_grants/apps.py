from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComputeGrantsConfig(AppConfig):
    name = "compute_grants"
    verbose_name = _("Compute grants")

    def ready(self) -> None:
        from compute_grants import events, reconciliation
        from consortium import audit
        from consortium import reconciliation as books

        audit.register_events(events.EVENTS)
        books.register(*reconciliation.CHECKS)
