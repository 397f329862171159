"""Planning what a grant's hours are for."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions.grant_account import locked
from compute_grants.models import Allocation, StagePlan, UsageRecord
from compute_grants.policies import stages as policies
from consortium import audit
from consortium.errors import Invalid
from consortium.models import User

WHOLE = 100


@transaction.atomic
def plan(allocation: Allocation, *, percents: Mapping[str, int], by: User) -> None:
    """Replace the plan: percent of the grant by stage, 100 in all. Zero leaves a stage out.

    Raises PermissionDenied, Invalid.
    """
    allocation = locked(allocation)
    policies.can_plan(by, allocation).require()
    if percents.keys() - set(UsageRecord.Stage.values):
        raise Invalid({"": [_("There is no such stage.")]})
    if sum(percents.values()) != WHOLE or min(percents.values()) < 0:
        raise Invalid({"": [_("The shares of the stages must make 100 percent.")]})
    allocation.stage_plans.all().delete()
    StagePlan.objects.bulk_create(
        StagePlan(allocation=allocation, stage=stage, percent=percent)
        for stage, percent in percents.items()
        if percent
    )
    audit.record("allocation.stages_planned", allocation, by=by, percents=dict(percents))
