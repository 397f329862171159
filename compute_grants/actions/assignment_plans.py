"""Plans of who reviews what: asked for, computed in the background, changed, applied."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import reviews
from compute_grants.matching.assign import SOLVER, Solution, Stage, solve
from compute_grants.models import AssignmentPlan, Call, PlannedPair, Proposal
from compute_grants.policies import matching as policy
from compute_grants.policies.reviews import Fitness, fitness
from compute_grants.queries.matching import Situation, Wish, situation
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.jobs import nudge
from consortium.models import User
from consortium.states import require_transition

State = AssignmentPlan.State
Outcome = PlannedPair.Outcome
SILENT = timedelta(minutes=5)  # a worker that said nothing for so long is dead
ATTEMPTS = 3
MOST_SECONDS = 120


class NothingToPlan(DomainError):
    """No proposal of the call is in peer review."""


class AtWork(DomainError):
    """A plan of this call is being computed."""


class Stopped(Exception):
    """Raised inside a computation that a person stopped, or that another worker took over."""


@transaction.atomic
def ask(
    call: Call,
    *,
    per_proposal: int,
    most: int,
    least: int = 0,
    seconds: int = 30,
    seed: int = 0,
    based_on: AssignmentPlan | None = None,
    by: User,
) -> AssignmentPlan:
    """Ask for a plan; a worker computes it. Locked pairs of `based_on` stay as they are.

    Raises PermissionDenied, NothingToPlan, AtWork, or Invalid.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    policy.can_plan(by).require()
    check_wish(per_proposal=per_proposal, most=most, least=least, seconds=seconds)
    if based_on is not None and based_on.call_id != call.pk:
        raise Invalid({"based_on": [_("That plan is of another call. Name one of this call.")]})
    if not call.proposals.filter(state=Proposal.State.PEER_REVIEW).exists():
        raise NothingToPlan(
            _("No proposal of this call is in peer review yet. Plan once the centres have judged.")
        )
    if AssignmentPlan.objects.filter(call=call, state__in=AssignmentPlan.LIVE).exists():
        raise AtWork(_("A plan of this call is being computed. Wait for it, or stop it first."))
    plan = AssignmentPlan.objects.create(
        call=call,
        per_proposal=per_proposal,
        most=most,
        least=least,
        seconds=seconds,
        seed=seed,
        based_on=based_on,
        asked_by=by,
    )
    audit.record(
        "plan.asked", plan, by=by, call=call.code, per_proposal=per_proposal, most=most, seed=seed
    )
    nudge("compute_grants.compute_plans")
    return plan


def check_wish(*, per_proposal: int, most: int, least: int, seconds: int) -> None:
    """Raises Invalid where a figure is out of reach."""
    errors: dict[str, list[str]] = {}
    if not 1 <= per_proposal <= 10:  # noqa: PLR2004  said in the message
        errors["per_proposal"] = [_("Give a number from 1 to 10.")]
    if not 1 <= most <= 50:  # noqa: PLR2004  said in the message
        errors["most"] = [_("Give a number from 1 to 50.")]
    if not 0 <= least <= most:
        errors["least"] = [_("Give a number from 0 to the most.")]
    if not 1 <= seconds <= MOST_SECONDS:
        errors["seconds"] = [_("Give a number from 1 to 120.")]
    if errors:
        raise Invalid(errors)


@transaction.atomic
def stop(plan: AssignmentPlan, *, by: User) -> AssignmentPlan:
    """Stop a computation: at once where none began, else before its next stage.

    Raises PermissionDenied or WrongState.
    """
    plan = AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    policy.can_plan(by).require()
    require_transition(AssignmentPlan.TRANSITIONS, plan.state, State.STOPPED)
    plan.stop_asked = True
    plan.save(update_fields=["stop_asked"])
    audit.record("plan.stop_asked", plan, by=by)
    if plan.state == State.QUEUED or _silent(plan):
        _end(plan, State.STOPPED, "plan.stopped")
    return plan


# The worker's side


def compute_waiting() -> int:
    """Compute every plan that waits, and those whose worker died. Returns how many were taken.

    Safe to run twice at once and to be killed anywhere: a plan is claimed by one worker, whose
    results count only while its claim holds.
    """
    done = 0
    while (plan := _claim()) is not None:
        _compute(plan)
        done += 1
    return done


@transaction.atomic
def _claim() -> AssignmentPlan | None:
    dead = Q(state=State.RUNNING, taken_at__lt=timezone.now() - SILENT)
    rows = AssignmentPlan.objects.filter(Q(state=State.QUEUED) | dead).order_by("pk")
    plan = rows.select_for_update(skip_locked=True).first()
    if plan is None:
        return None
    if plan.stop_asked:
        return _end(plan, State.STOPPED, "plan.stopped")
    if plan.attempt >= ATTEMPTS:
        plan.failure = "three workers died"
        return _end(plan, State.FAILED, "plan.failed")
    if plan.state == State.QUEUED:
        require_transition(AssignmentPlan.TRANSITIONS, plan.state, State.RUNNING)
        audit.record("plan.begun", plan, by=None)
    plan.state, plan.stage = State.RUNNING, ""
    plan.attempt += 1
    plan.taken_at = timezone.now()
    plan.save()
    return plan


def _silent(plan: AssignmentPlan) -> bool:
    return plan.taken_at is not None and plan.taken_at < timezone.now() - SILENT


def _end(plan: AssignmentPlan, state: str, event: str) -> AssignmentPlan:
    require_transition(AssignmentPlan.TRANSITIONS, plan.state, state)
    plan.state, plan.stage, plan.ended_at = state, "", timezone.now()
    plan.save()
    audit.record(event, plan, by=None, failure=plan.failure)
    return plan


def _compute(plan: AssignmentPlan) -> None:
    if plan.state != State.RUNNING:  # it was ended when it was claimed
        return
    try:
        locked = _locked_before(plan)
        found = situation(plan.call, wish_of(plan), locked)
        solution = solve(
            found.problem,
            seed=plan.seed,
            seconds=float(plan.seconds),
            on_stage=lambda stage: _say(plan, stage),
        )
        _keep(plan, found, solution, locked)
    except Stopped:
        return
    except Exception as error:
        _fail(plan, error)
        raise


def wish_of(plan: AssignmentPlan) -> Wish:
    return Wish(plan.per_proposal, plan.most, plan.least)


def _locked_before(plan: AssignmentPlan) -> list[tuple[int, int]]:
    if plan.based_on_id is None:
        return []
    rows = PlannedPair.objects.filter(plan=plan.based_on_id, locked=True)
    return list(rows.values_list("proposal", "reviewer"))


def _mine(plan: AssignmentPlan) -> AssignmentPlan:
    """The plan, locked, while this worker's claim on it holds. Raises Stopped where it does not."""
    now = AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    if now.state != State.RUNNING or now.attempt != plan.attempt:
        raise Stopped
    return now


def _say(plan: AssignmentPlan, stage: Stage) -> None:
    """Say what is being done; ends the computation where a person asked for that."""
    with transaction.atomic():
        now = _mine(plan)
        if not now.stop_asked:
            now.stage, now.taken_at = stage, timezone.now()
            now.save(update_fields=["stage", "taken_at"])
            return
        _end(now, State.STOPPED, "plan.stopped")
    raise Stopped


@transaction.atomic
def _fail(plan: AssignmentPlan, error: Exception) -> None:
    now = AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    if now.state == State.RUNNING and now.attempt == plan.attempt:
        now.failure = type(error).__name__
        _end(now, State.FAILED, "plan.failed")
        _tell("plan.failed", now)


def _keep(
    plan: AssignmentPlan,
    found: Situation,
    solution: Solution,
    locked: Iterable[tuple[int, int]],
) -> None:
    with transaction.atomic():
        now = _mine(plan)
        now.pairs.all().delete()
        PlannedPair.objects.bulk_create(
            planned(now, found, row, column, locked=pair_ids in set(locked))
            for row, column in solution.pairs
            for pair_ids in [(found.proposals[row].pk, found.people[column].pk)]
        )
        now.inputs, now.solver = found.facts(), SOLVER
        now.total, now.worst, now.bound = solution.total, solution.worst, solution.bound
        now.gap, now.proved = solution.gap, solution.optimal
        now.short = [
            {
                "proposal": found.proposals[each.row].pk,
                "missing": each.missing,
                "fit": each.fit,
                "houses": each.houses,
                "cause": each.cause,
            }
            for each in solution.short
        ]
        _end(now, State.DONE, "plan.computed")
        _tell("plan.computed", now)


def planned(
    plan: AssignmentPlan, found: Situation, row: int, column: int, **more: bool
) -> PlannedPair:
    """A pair with its explanation, not saved."""
    ground = found.affinity.ground(row, column)
    return PlannedPair(
        plan=plan,
        proposal=found.proposals[row],
        reviewer=found.people[column],
        affinity=float(found.problem.affinity[row, column]),
        topics=ground.topics,
        terms=ground.terms,
        **more,
    )


def _tell(code: str, plan: AssignmentPlan) -> None:
    notify(code, to=[plan.asked_by], about=plan, call=plan.call.code)


# Applying it


def apply(
    plan: AssignmentPlan, *, pairs: Iterable[int], due_at: datetime, by: User
) -> AssignmentPlan:
    """Invite the reviewers of these pairs (ids); the others are left out. Each pair keeps what
    became of it: every invitation passes the ordinary action with all its rules.

    Raises PermissionDenied, WrongState (a second time), or Invalid.
    """
    chosen = set(pairs)
    with transaction.atomic():
        plan = AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
        policy.can_plan(by).require()
        require_transition(AssignmentPlan.TRANSITIONS, plan.state, State.APPLIED)
        rows = list(
            plan.pairs.select_related(
                "reviewer",
                *("proposal__institution", "proposal__lead", "proposal__call"),
                "proposal__access_type",
            ).order_by("proposal", "pk")
        )
        _check_apply(rows, chosen, due_at)
        proposals = {row.proposal_id: row.proposal for row in rows}.values()
        closed = policy.own_side(by, proposals)
        known = fitness(proposals, {row.reviewer for row in rows})
        for row in rows:
            if row.pk not in chosen:
                row.outcome = Outcome.LEFT
            elif row.proposal_id in closed:
                row.outcome = Outcome.LEFT
                row.outcome_reason = _(
                    "You have an interest in this proposal. A colleague invites."
                )
            else:
                _invite(row, due_at, known, by)
        PlannedPair.objects.bulk_update(rows, ["outcome", "outcome_reason", "assignment"])
        plan.state, plan.applied_by, plan.applied_at = State.APPLIED, by, timezone.now()
        plan.save(update_fields=["state", "applied_by", "applied_at"])
        invited = sum(row.outcome == Outcome.INVITED for row in rows)
        audit.record(
            "plan.applied", plan, by=by, pairs=sorted(chosen), invited=invited, of=len(rows)
        )
    return plan


def _check_apply(rows: list[PlannedPair], chosen: set[int], due_at: datetime) -> None:
    errors: dict[str, list[str]] = {}
    if not chosen:
        errors["pairs"] = [_("Choose at least one pair.")]
    if not chosen <= {row.pk for row in rows}:
        errors["pairs"] = [_("Some of these pairs are not in the plan any more. Check them again.")]
    if due_at <= timezone.now():
        errors["due_at"] = [_("Choose a due time in the future.")]
    if errors:
        raise Invalid(errors)


def _invite(row: PlannedPair, due_at: datetime, known: Fitness, by: User) -> None:
    """Invite, or keep why not."""
    try:
        with transaction.atomic():
            row.assignment = reviews.assign(
                row.proposal, reviewer=row.reviewer, due_at=due_at, by=by, known=known
            )
        row.outcome = Outcome.INVITED
    except DomainError as error:
        row.outcome, row.outcome_reason = Outcome.REFUSED, str(error)
