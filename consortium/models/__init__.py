"""What every domain stands on."""

from consortium.models.audit import AuditEvent, AuditLeaf, AuditSeal
from consortium.models.bilingual import NamedInBoth, localized, reading_zh
from consortium.models.desired import DesiredState
from consortium.models.files import StoredFile
from consortium.models.institutions import (
    Affiliation,
    Arm,
    ArmAppointment,
    Institution,
    in_force,
)
from consortium.models.joining import AffiliationRequest
from consortium.models.ledger import Account, Hold, Transfer, Unit
from consortium.models.notices import Digest, NoticePreference, Notification, Topic
from consortium.models.numbers import NumberSeries
from consortium.models.people import Reviewer, User
from consortium.models.tokens import ApiToken, Scope

__all__ = [
    "Account",
    "Affiliation",
    "AffiliationRequest",
    "ApiToken",
    "Arm",
    "ArmAppointment",
    "AuditEvent",
    "AuditLeaf",
    "AuditSeal",
    "DesiredState",
    "Digest",
    "Hold",
    "Institution",
    "NamedInBoth",
    "NoticePreference",
    "Notification",
    "NumberSeries",
    "Reviewer",
    "Scope",
    "StoredFile",
    "Topic",
    "Transfer",
    "Unit",
    "User",
    "in_force",
    "localized",
    "reading_zh",
]
