"""Loading accounting rows and looking at the ledger."""

from datetime import timedelta
from io import BytesIO

from compute_grants.actions import usage
from consortium.actions import ledger
from consortium.reconciliation import differences
from tests.factories.allocations import SUBMIT, sacct

LATER = SUBMIT + timedelta(days=1)


def load(allocation, *rows, by=None, skip_bad=False, source="sacct.psv"):
    return usage.import_sacct(
        machine=allocation.resource.machine,
        stream=rows[0] if isinstance(rows[0], BytesIO) else sacct(rows),
        source=source,
        by=by,
        skip_bad=skip_bad,
    )


def left(allocation) -> int:
    return ledger.balance(allocation.account).available


def used(allocation) -> int:
    return allocation.seconds - left(allocation)


def clean() -> bool:
    return list(differences()) == []
