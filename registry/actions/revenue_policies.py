"""How income is to be shared, version by version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import transaction

from consortium import audit
from consortium.models import User
from registry import waterfall
from registry.models import RevenuePolicy
from registry.verifier.jws import canonical
from registry.waterfall import Policy


def policy_digest(rules: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(dict(rules))).hexdigest()


@transaction.atomic
def policy_in_force() -> RevenuePolicy:
    """The newest revenue policy; the founding one is put on record when there is none."""
    newest = RevenuePolicy.objects.first()
    return newest or adopt_policy(waterfall.FOUNDING, by=None)


@transaction.atomic
def adopt_policy(policy: Policy, *, by: User | None) -> RevenuePolicy:
    """Put a policy on record as the newest version. Licences agreed before keep theirs."""
    newest = RevenuePolicy.objects.first()
    rules = policy.as_json()
    row = RevenuePolicy.objects.create(
        version=newest.version + 1 if newest else 1,
        rules=rules,
        document_sha256=policy_digest(rules),
    )
    audit.record("revenue_policy.adopted", row, by=by, sha256=row.document_sha256)
    return row
