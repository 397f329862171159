"""What each audit event of this app is called on a page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {}

EVENTS |= {
    "gate.requested": _("Technology transfer asked for"),
    "gate.restated": _("Statements changed"),
    "gate.checked": _("Checks run"),
    "gate.contributions_frozen": _("Contributions frozen"),
    "gate.approved_by_research": _("Approved by the non-profit arm"),
    "gate.consented": _("An institution consented"),
    "gate.objected": _("An institution objected"),
    "gate.all_consented": _("Every institution has consented"),
    "gate.approved": _("Approved by the for-profit arm; certificate issued"),
    "gate.refused": _("Transfer refused"),
    "gate.cancelled": _("Transfer cancelled"),
    "offering.created": _("Offering drafted"),
    "offering.offered": _("Offered"),
    "offering.retired": _("Offering retired"),
    "licence.requested": _("Quote asked for"),
    "licence.offered": _("Terms offered"),
    "licence.countered": _("Counter-offer made"),
    "licence.agreed": _("Terms agreed"),
    "licence.declined": _("Negotiation ended"),
    "licence.signed_by_side": _("Signed by one side"),
    "licence.signed": _("Signed by both sides"),
    "licence.activated": _("Licence in force"),
    "licence.suspended": _("Licence suspended"),
    "licence.reinstated": _("Suspension ended"),
    "licence.revoked": _("Licence revoked"),
    "licence.expired": _("Licence expired"),
    "licence.file_downloaded": _("Licence file downloaded"),
    "trust.published": _("Trust document published"),
    "status_list.published": _("Status list published"),
    "revenue_policy.adopted": _("Revenue policy adopted"),
    "receipt.recorded": _("Receipt recorded"),
    "statement.issued": _("Revenue statement issued"),
}
