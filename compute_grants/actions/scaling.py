"""Scaling tables, while a proposal is written."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions.drafting import editable, newer_than, saved
from compute_grants.models import Precision, Proposal, ScalingPoint, SectionName
from consortium.errors import Invalid, Stale
from consortium.models import User

MOST_POINTS = 200


@transaction.atomic
def set_series(
    proposal: Proposal,
    *,
    machine: str,
    precision: str,
    points: Sequence[tuple[int, int]],
    by: User,
    version: int | None = None,
) -> Proposal:
    """Replace what was measured on `machine` at `precision`: (width, milliseconds) of each run.

    No points: the series is removed. `version` is the one the form was opened with. Raises
    PermissionDenied, NotEditable, Stale, or Invalid.
    """
    proposal = editable(proposal, by)
    if version is not None and newer_than(proposal, [SectionName.SCALING], version):
        raise Stale(_("The scaling table was changed elsewhere since you opened it. Look again."))
    machine = machine.strip()
    _check(proposal, machine, precision, points)
    proposal.scaling.filter(machine=machine, precision=precision).delete()
    ScalingPoint.objects.bulk_create(
        ScalingPoint(
            proposal=proposal, machine=machine, precision=precision, width=width, milliseconds=time
        )
        for width, time in points
    )
    return saved(proposal, sections=[SectionName.SCALING], changed=["scaling"], by=by)


def _check(
    proposal: Proposal, machine: str, precision: str, points: Sequence[tuple[int, int]]
) -> None:
    errors: dict[str, list[str]] = {}
    if not machine:
        errors["machine"] = [_("Say where it was measured.")]
    if precision not in Precision:
        errors["precision"] = [_("Choose one of the precisions.")]
    widths = [width for width, _time in points]
    if any(width < 1 or time < 1 for width, time in points):
        errors["points"] = [_("Widths and times are above zero.")]
    elif len(set(widths)) != len(widths):
        errors["points"] = [_("Each width stands once. Give the mean of repeated runs.")]
    elif len(points) == 1:
        errors["points"] = [_("Give at least two widths: efficiency compares them.")]
    others = proposal.scaling.exclude(machine=machine, precision=precision).count()
    if others + len(points) > MOST_POINTS:
        message = _("A proposal states at most %(most)s measurements. Leave some out.")
        errors["points"] = [message % {"most": MOST_POINTS}]
    if errors:
        raise Invalid(errors)
