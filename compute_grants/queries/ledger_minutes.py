"""What the ledger charged the grants of a machine, in minutes as Slurm counts them."""

from __future__ import annotations

from django.db.models import Sum

from compute_grants.models import Machine, UsageRecord


def ledger_minutes(machine: Machine) -> dict[str, dict[str, int]]:
    """Whole minutes by account of the cluster and TRES, rounded down. One query."""
    rows = (
        UsageRecord.objects.filter(
            allocation__resource__machine=machine, allocation__slurm_account__isnull=False
        )
        .order_by()
        .values_list("allocation__slurm_account", "allocation__resource__tres")
        .annotate(seconds=Sum("charged"))
    )
    return {account or "": {tres: int(seconds) // 60} for account, tres, seconds in rows}
