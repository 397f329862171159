"""Everything that changes an allocation after the panel's word, and the award itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import (
    advances,
    closing,
    late_reports,
    provisioning,
    release_schedule,
    report_dates,
)
from compute_grants.actions.grant_account import budget_of, locked, want
from compute_grants.models import (
    Allocation,
    AllocationMember,
    Amendment,
    Machine,
    Proposal,
    Resource,
)
from compute_grants.policies import allocations as policies
from compute_grants.policies import closures as closure_policy
from consortium import audit
from consortium.actions import ledger
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, WrongState
from consortium.jobs import nudge
from consortium.models import Account, User
from consortium.numbers import numbered
from consortium.states import require_transition

State = Allocation.State
SERIES = "NCC"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")


class AlreadyMember(DomainError):
    pass


class NotMember(DomainError):
    pass


class NameTaken(DomainError):
    """The cluster user name belongs to somebody else."""


def create(
    *,
    proposal: Proposal,
    resource: Resource,
    seconds: int,
    starts_on: date,
    ends_on: date,
    by: User,
    terms_accepted: bool = True,
) -> Allocation:
    """Award time of one resource, in the transaction of the panel's decision.

    The time leaves the call's budget here, less what pays back the lead's advances, and is
    handed out by the release schedule in force; the cluster's account follows by itself. It is
    kept shut where the lead is yet to accept the terms. The lead is the first member. Raises
    PermissionDenied, NoBudget, or ledger.Overdrawn where the budget has less than `seconds` left.
    """
    policies.can_award(by, proposal).require()
    allocation = Allocation(
        proposal=proposal,
        resource=resource,
        seconds=seconds,
        starts_on=starts_on,
        ends_on=ends_on,
        terms_accepted=terms_accepted,
    )
    budget = budget_of(allocation)
    allocation.number = numbered(SERIES, timezone.localdate().year)
    allocation.save(force_insert=True)
    allocation.account = ledger.open_account(
        unit=resource.unit,
        kind=Account.Kind.ALLOCATION,
        owner=ledger.owner_of(allocation),
        capped=False,  # usage that happened is posted, even beyond the award
    )
    seconds -= advances.pay_back(allocation, budget=budget, by=by)
    allocation.seconds = seconds
    allocation.save(update_fields=["account", "seconds"])
    release_schedule.hand_out(allocation, budget=budget, seconds=seconds, by=by)
    _open_membership(allocation, proposal.lead, name="")
    audit.record(
        "allocation.awarded", allocation, by=by, seconds=seconds, resource=str(resource.pk)
    )
    if terms_accepted:
        report_dates.ask_progress(allocation)
    want(allocation)
    return allocation


@transaction.atomic
def add_member(
    allocation: Allocation,
    *,
    user: User,
    cluster_user: str = "",
    role: str = AllocationMember.Role.MEMBER,
    by: User,
) -> AllocationMember:
    """Let a person run jobs. Without a name, the one they have there or one made from the e-mail.

    A deputy may do what the lead may with members, stages and alerts; only the lead names one.

    Raises PermissionDenied, AlreadyMember, NameTaken, Invalid.
    """
    allocation = locked(allocation)
    policies.can_change_members(by, allocation).require()
    if role != AllocationMember.Role.MEMBER:
        policies.can_name_deputies(by, allocation).require()
    if allocation.members.filter(user=user, until__isnull=True).exists():
        raise AlreadyMember(_("This person is a member of the grant already."))
    row = _open_membership(allocation, user, name=cluster_user, role=role)
    audit.record(
        "allocation.member_added",
        allocation,
        by=by,
        member=user.email,
        cluster_user=row.cluster_user,
        role=role,
    )
    notify(
        "allocation.member_added",
        to=[user],
        about=allocation,
        besides=by,
        number=allocation.number,
        name=row.cluster_user,
    )
    want(allocation)
    return row


@transaction.atomic
def remove_member(allocation: Allocation, *, user: User, by: User | None) -> None:
    """From now on the person neither sees the grant nor runs jobs on it.

    by=None: the system, when the person's affiliation ended, the lead's own included; the lead
    is told. Raises PermissionDenied, NotMember.
    """
    allocation = locked(allocation)
    if by is not None:
        policies.can_change_members(by, allocation).require()
    row = allocation.members.filter(user=user, until__isnull=True).first()
    if row is None:
        raise NotMember(_("This person is not a member of the grant."))
    if by is not None and user.pk == allocation.proposal.lead_id:
        raise WrongState(_("The lead stays a member as long as the grant runs."))
    _end_membership(row)
    audit.record("allocation.member_removed", allocation, by=by, member=user.email)
    if by is None:
        notify(
            "allocation.member_left",
            to=[allocation.proposal.lead],
            about=allocation,
            number=allocation.number,
            person=user.email,
        )
    want(allocation)


def suspend(allocation: Allocation, *, reason: str, by: User) -> Allocation:
    """No new jobs until resumed. Raises PermissionDenied, WrongState, Invalid."""
    return _change(allocation, State.SUSPENDED, "allocation.suspended", reason, by)


def resume(allocation: Allocation, *, by: User) -> Allocation:
    """Jobs may start again. Raises PermissionDenied, WrongState."""
    if allocation.state == State.AWARDED:
        raise WrongState(_("The machine is still being told of this grant; nothing to resume."))
    return _change(allocation, State.ACTIVE, "allocation.resumed", None, by)


@transaction.atomic
def close(allocation: Allocation, *, reason: str, by: User | None) -> Allocation:
    """End it for good; by=None: the sweep, after its last day. The lead may, before that.

    Parts never released go back to the call, and requests that wait for a decision end.
    Raises PermissionDenied, WrongState, Invalid.
    """
    if by is not None:
        closure_policy.can_end(by, allocation).require()
    allocation = _change(allocation, State.CLOSED, "allocation.closed", reason, by, asked=True)
    allocation.closed_at = timezone.now()
    allocation.save(update_fields=["closed_at"])
    closing.tidy(allocation)
    return allocation


@transaction.atomic
def record_applied(number: str, account: str, missing: Collection[str] = ()) -> None:
    """The cluster has the account as wanted: an awarded allocation is active from now on.

    missing: names of members that the machine has no user of; they wait until it does.

    One whose terms are not accepted yet stays awarded: its account is there, and shut.
    """
    allocation = Allocation.objects.select_for_update(no_key=True).get(number=number)
    if allocation.slurm_account is None:
        allocation.slurm_account = account
        allocation.save(update_fields=["slurm_account"])
        # Runs of this account may have been imported before it was ours.
        nudge("compute_grants.charge_unmatched")
    provisioning.note_members(allocation, missing)
    if allocation.state != State.AWARDED or not allocation.terms_accepted:
        return
    require_transition(Allocation.TRANSITIONS, allocation.state, State.ACTIVE)
    allocation.state = State.ACTIVE
    allocation.save(update_fields=["state"])
    audit.record("allocation.activated", allocation, by=None, account=account)
    _tell_lead("allocation.activated", allocation, None)


def close_ended(today: date, limit: int = 100) -> int:
    """Close allocations whose last day is over. Returns how many. Safe to repeat.

    A renewal that waits for its decision keeps its grant open until then, and an award that waits
    for its lead's answer ends with that answer, or without one.
    """
    renewals = Amendment.objects.pending().filter(
        allocation=OuterRef("pk"), kind=Amendment.Kind.RENEWAL
    )
    over = Allocation.objects.live().filter(
        ~Exists(renewals), ends_on__lt=today, terms_accepted=True
    )
    ended = list(over.order_by("pk")[:limit])
    for allocation in ended:
        close(allocation, reason=_("Its last day is over."), by=None)
    return len(ended)


@transaction.atomic
def _change(
    allocation: Allocation,
    new: str,
    event: str,
    reason: str | None,
    by: User | None,
    *,
    asked: bool = False,
) -> Allocation:
    """reason: None where none is asked for, and the old one goes. asked: a policy was."""
    allocation = locked(allocation)
    if by is not None and not asked:
        policies.can_manage(by, allocation).require()
    require_transition(Allocation.TRANSITIONS, allocation.state, new)
    if reason is not None and not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the members read it.")]})
    allocation.state, allocation.state_reason = new, (reason or "")[:300]
    allocation.suspended_by_rule = False
    allocation.save(update_fields=["state", "state_reason", "suspended_by_rule"])
    late_reports.forget(allocation)
    audit.record(event, allocation, by=by, reason=allocation.state_reason)
    _tell_lead(event, allocation, by)
    want(allocation)
    return allocation


def _tell_lead(event: str, allocation: Allocation, by: User | None) -> None:
    notify(
        event,
        to=[allocation.proposal.lead],
        about=allocation,
        besides=by,
        number=allocation.number,
        machine=allocation.resource.machine.name,
        reason=allocation.state_reason,
    )


def _open_membership(
    allocation: Allocation, user: User, *, name: str, role: str = AllocationMember.Role.MEMBER
) -> AllocationMember:
    machine = allocation.resource.machine
    name = name.strip().lower() or _known_name(machine, user) or _name_from(user)
    if _NOT_IN_NAMES.search(name) or not name[:1].isalpha() or not 2 <= len(name) <= 31:  # noqa: PLR2004
        message = _("Use 2 to 31 lower-case letters, digits or underscores, a letter first.")
        raise Invalid({"cluster_user": [message]})
    others = AllocationMember.objects.filter(
        allocation__resource__machine=machine, cluster_user=name
    ).exclude(user=user)
    if others.exists():
        raise NameTaken(
            _("“%(name)s” is somebody else's name on %(machine)s. Choose another.")
            % {"name": name, "machine": machine.name}
        )
    today = timezone.localdate()
    return allocation.members.create(user=user, cluster_user=name, role=role, since=today)


def _end_membership(row: AllocationMember) -> None:
    """Over at once: dated rows hold through their last day, so that day is yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    if row.since > yesterday:  # never a full day: the audit log alone remembers it
        row.delete()
        return
    row.until = yesterday
    row.save(update_fields=["until"])


def _known_name(machine: Machine, user: User) -> str:
    rows = AllocationMember.objects.filter(allocation__resource__machine=machine, user=user)
    return rows.order_by("-pk").values_list("cluster_user", flat=True).first() or ""


def _name_from(user: User) -> str:
    """A name that is this person's alone: what stands before the @, and their number."""
    local = _NOT_IN_NAMES.sub("_", user.email.split("@")[0].lower()).strip("_")
    return f"{local if local[:1].isalpha() else f'u{local}'}"[:20].rstrip("_") + f"_{user.pk}"
