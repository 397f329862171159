from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComputeGrantsConfig(AppConfig):
    name = "compute_grants"
    verbose_name = _("Compute grants")

    def ready(self) -> None:
        from compute_grants import events, notices, reconciliation
        from consortium import audit
        from consortium import notices as words
        from consortium import reconciliation as books

        audit.register_events(events.EVENTS)
        words.register_notices(notices.NOTICES)
        books.register(*reconciliation.CHECKS)
