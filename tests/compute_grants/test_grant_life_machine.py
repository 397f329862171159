"""A grant's life in any order of acts keeps what must never be wrong.

Two grants of one lead on two machines, and everybody who has a say. Hypothesis chooses acts and
amounts; what the rules refuse must leave no trace. After each act:

- the ledger's sums are the balances, and of each machine not an hour is made or lost;
- a call's budget is never below zero;
- what a grant has left is what it was given less what its runs cost, each run once;
- reading the accounting again changes nothing;
- every change of a state has its audit event, and nobody has decided on their own grant.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from compute_grants.actions import allocations, amendments, reclaims, release_schedule, usage
from compute_grants.actions.amendments import Wish
from compute_grants.models import (
    Allocation,
    Amendment,
    AmendmentPart,
    CallBudget,
    Reclaim,
    Tranche,
    UsageRecord,
)
from compute_grants.queries.amendments import waiting_parts
from consortium.errors import DomainError, Invalid
from consortium.models import AuditEvent
from consortium.reconciliation import differences
from tests.factories import allocations as grants
from tests.factories.compute_grants import HOUR, call_with, machine, proposal_for
from tests.factories.consortium import research_officer
from tests.factories.offers import rate

pytestmark = pytest.mark.django_db
REFUSALS = (DomainError, Invalid, PermissionDenied)
WATCHED = (Allocation, Amendment, Reclaim, Tranche)
BUDGET = 2500  # hours: little enough that supplements meet its end
WHICH = st.integers(0, 1)
HOURS = st.integers(1, 400)


class World:
    """What all examples begin from; made once, in the test's own transaction."""

    def __init__(self) -> None:
        today = timezone.localdate()
        term = {"starts_on": today - timedelta(days=280), "ends_on": today + timedelta(days=20)}
        calls = [
            call_with(machine().resources.get(), state="in_review", hours=BUDGET) for _ in range(2)
        ]
        first = proposal_for(calls[0], state="awarded")
        self.lead = first.lead
        second = proposal_for(calls[1], state="awarded", lead=self.lead)
        self.grants = [
            grants.halved(hours=1000, proposal=first, **term),
            grants.active(hours=1000, proposal=second, **term),
        ]
        early = timezone.now() - timedelta(days=280)
        Allocation.objects.update(awarded_at=early)
        for grant, ppm in zip(self.grants, (1_000_000, 400_000), strict=True):
            rate(grant.resource, ppm=ppm)
        self.office = [research_officer(), research_officer()]
        self.centres = [grants.operator_for(grant) for grant in self.grants]
        self.judges = [*self.office, *self.centres]
        # The lead holds an office, too: rights alone must not let them decide on their own.
        self.lead.appointments.create(office="research", since=date(2026, 1, 1))


class GrantLife(RuleBasedStateMachine):
    world: World  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.runs: dict[tuple[int, int], str] = {}  # (grant, job): its last accounting row
        self.states = self._states()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def grant(self, which: int) -> Allocation:
        return Allocation.objects.select_related("proposal", "resource__machine").get(
            pk=self.world.grants[which].pk
        )

    def attempt(self, act) -> bool:
        """Do it, or see that a refusal left everything as it was."""
        before = self._everything()
        try:
            with transaction.atomic():
                act()
        except REFUSALS:
            assert self._everything() == before
            return False
        return True

    def _everything(self) -> tuple:
        return (
            list(
                Allocation.objects.order_by("pk").values_list("seconds", "held_seconds", "ends_on")
            ),
            list(CallBudget.objects.order_by("pk").values_list("account__available", flat=True)),
            self._states(),
            AuditEvent.objects.count(),
        )

    def _states(self) -> dict[tuple[str, int], str]:
        return {
            (model._meta.label_lower, pk): state
            for model in WATCHED
            for pk, state in model.objects.values_list("pk", "state")
        }

    # Usage, on time, late and corrected

    @rule(which=WHICH, job=st.integers(1, 4), hours=st.integers(1, 150), ended=st.booleans())
    def read_usage(self, which: int, job: int, hours: int, ended: bool) -> None:
        """A run for the first time, or a correction of one; also of a grant that is over."""
        row = grants.row(
            self.grant(which),
            job=job,
            elapsed=hours * 450,
            cards=8,
            state="COMPLETED" if ended else "RUNNING",
        )
        before = self.runs.get((which, job))
        if before is None or "COMPLETED" not in before or ended:
            self.runs[which, job] = row
        self._read(which, [row])

    @rule(which=WHICH)
    def read_again(self, which: int) -> None:
        rows = [row for (grant, _job), row in self.runs.items() if grant == which]
        if not rows:
            return
        self._read(which, rows)
        before = self._everything()[:3], self._charged()
        done = self._read(which, rows)
        assert (done.recorded, done.corrected) == (0, 0)
        assert (self._everything()[:3], self._charged()) == before

    def _read(self, which: int, rows: list[str]):
        resource = self.world.grants[which].resource
        return usage.import_sacct(
            machine=resource.machine, stream=grants.sacct(rows), source="s", by=None
        )

    def _charged(self) -> list:
        return list(UsageRecord.objects.order_by("pk").values_list("pk", "charged"))

    # Requests

    @rule(which=WHICH, hours=st.integers(1, 150), kind=st.sampled_from(["supplement", "advance"]))
    def ask_for_hours(self, which: int, hours: int, kind: str) -> None:
        self._ask(which, kind, seconds=hours * HOUR)

    @rule(which=WHICH, hours=HOURS)
    def ask_for_a_transfer(self, which: int, hours: int) -> None:
        self._ask(which, "transfer", seconds=hours * HOUR, other=self.grant(1 - which))

    @rule(which=WHICH, days=st.integers(1, 200), kind=st.sampled_from(["extension", "renewal"]))
    def ask_for_time(self, which: int, days: int, kind: str) -> None:
        ends_on = self.grant(which).ends_on + timedelta(days=days)
        self._ask(which, kind, ends_on=ends_on, seconds=None)

    def _ask(self, which: int, kind: str, **wish) -> None:
        grant, lead = self.grant(which), self.world.lead

        def act() -> None:
            draft = amendments.ask(grant, kind=kind, wish=Wish(reason="x", **wish), by=lead)
            amendments.submit(draft, by=lead)

        self.attempt(act)

    @rule(which=WHICH, n=st.integers(0, 3))
    def appeal(self, which: int, n: int) -> None:
        """Against a refusal; others than those who refused decide, by `decide` below."""
        refused = list(Amendment.objects.filter(allocation=self.grant(which), state="refused"))
        if refused:
            self._ask(which, "appeal", against=refused[n % len(refused)])

    @rule(which=WHICH, hours=st.integers(-300, 300))
    def adjust(self, which: int, hours: int) -> None:
        grant, by = self.grant(which), self.world.office[0]

        def act() -> None:
            wish = Wish(reason="x", seconds=hours * HOUR)
            amendments.submit(amendments.ask(grant, kind="adjustment", wish=wish, by=by), by=by)

        self.attempt(act)

    @rule(approve=st.integers(0, 3), n=st.integers(0, 9))
    def decide(self, approve: int, n: int) -> None:
        """Whoever may, gives a word; a no one time in four."""
        pending = list(Amendment.objects.pending().order_by("pk"))
        if not pending:
            return
        request = pending[n % len(pending)]
        words = len(waiting_parts(request))
        given = any(
            self.attempt(
                lambda by=by: amendments.decide(request, approve=approve > 0, reason="x", by=by)
            )
            for by in self.world.judges
        )
        request.refresh_from_db()
        if not given:
            assert len(waiting_parts(request)) == words

    @rule()
    def the_lead_decides_on_nothing(self) -> None:
        lead = self.world.lead
        row = Reclaim.objects.open().first()
        part = Tranche.objects.filter(state="planned").select_related("allocation").first()
        acts = [lambda: allocations.suspend(self.grant(0), reason="x", by=lead)]
        acts += [
            lambda request=request: amendments.decide(request, approve=True, reason="x", by=lead)
            for request in Amendment.objects.pending()
        ]
        if row:
            acts.append(lambda: reclaims.apply(row, by=lead, today=row.due_on))
            acts.append(lambda: reclaims.cancel(row, reason="x", by=lead))
        if part:
            acts.append(lambda: release_schedule.release(part, by=lead))
        for act in acts:
            assert not self.attempt(act)

    # Parts, unused hours, states

    @rule(withheld=st.booleans())
    def the_part_that_waits(self, withheld: bool) -> None:
        part = Tranche.objects.filter(state="planned").select_related("allocation").first()
        if part is None:
            return
        by = self.world.centres[0]
        if withheld:
            self.attempt(lambda: release_schedule.withhold(part, reason="x", by=by))
        else:
            self.attempt(lambda: release_schedule.release(part, by=by))

    @rule(steps=st.sampled_from([4, 4, 4, 3, 2, 1]), approve=st.booleans(), twice=st.booleans())
    def unused_hours(self, steps: int, approve: bool, twice: bool) -> None:
        """As far as `steps` says: notice, an exemption asked for, decided, hours taken."""
        planned = reclaims.plan(by=self.world.office[0])
        for outcome in reclaims.give_notices(planned, by=self.world.office[0]):
            assert not outcome.refusal
        for row in Reclaim.objects.filter(state="noticed"):
            if steps in {2, 3}:
                self._exemption(row, decided=steps == 3, approve=approve)
            for _ in range((steps == 4) * (1 + twice)):
                self.attempt(
                    lambda row=row: reclaims.apply(row, by=self.world.office[1], today=row.due_on)
                )

    def _exemption(self, row: Reclaim, *, decided: bool, approve: bool) -> None:
        asked = self.attempt(lambda: reclaims.ask_exemption(row, reason="x", by=self.world.lead))
        if asked and decided:
            by = self.world.office[1]
            assert self.attempt(
                lambda: reclaims.decide_exemption(row, approve=approve, reason="x", by=by)
            )

    @rule(which=WHICH, act=st.sampled_from(["suspend", "resume"]))
    def suspend_or_resume(self, which: int, act: str) -> None:
        grant, by = self.grant(which), self.world.centres[which]
        if act == "suspend":
            self.attempt(lambda: allocations.suspend(grant, reason="x", by=by))
        else:
            self.attempt(lambda: allocations.resume(grant, by=by))

    @rule(which=WHICH, surely=st.integers(0, 19))
    def close(self, which: int, surely: int) -> None:
        """One time in twenty, so that most lives are long."""
        if surely == 0:
            self.attempt(lambda: allocations.close(self.grant(which), reason="x", by=None))

    # What must never be wrong

    @invariant()
    def the_books_agree(self) -> None:
        assert list(differences()) == []

    @invariant()
    def no_hour_is_made_or_lost(self) -> None:
        for grant in self.world.grants:
            budget = CallBudget.objects.select_related("account").get(resource=grant.resource_id)
            row = self.grant(self.world.grants.index(grant))
            assert budget.account is not None
            assert budget.account.available >= 0
            held = budget.account.held
            assert budget.account.available + held + row.promised_seconds == BUDGET * HOUR

    @invariant()
    def each_run_is_charged_once(self) -> None:
        for which, grant in enumerate(self.world.grants):
            row = Allocation.objects.select_related("account").get(pk=grant.pk)
            assert row.account is not None
            charged = UsageRecord.objects.filter(allocation=row).aggregate(n=Sum("charged"))["n"]
            assert row.account.available == row.seconds - int(charged or 0)
            jobs = {job for grant_no, job in self.runs if grant_no == which}
            assert UsageRecord.objects.filter(allocation=row).count() == len(jobs)
            for record in UsageRecord.objects.filter(allocation=row):
                assert record.charged == record.card_seconds

    @invariant()
    def every_change_of_a_state_has_its_event(self) -> None:
        now = self._states()
        changed = {key for key, state in now.items() if self.states.get(key, state) != state}
        for label, pk in changed:
            noun = "compute_grants.allocation" if label.endswith("tranche") else label
            target = Tranche.objects.get(pk=pk).allocation_id if noun != label else pk
            events = AuditEvent.objects.filter(target_type=noun, target_id=str(target))
            assert events.exists(), (label, pk, now[label, pk])
        assert not set(self.states) - set(now), "rows are never deleted"
        self.states = now

    @invariant()
    def nobody_decided_on_their_own(self) -> None:
        lead = self.world.lead
        assert not AmendmentPart.objects.filter(by=lead).exists()
        assert not Reclaim.objects.filter(decided_by=lead).exists()
        assert not Tranche.objects.filter(decided_by=lead).exists()


def test_any_life_of_a_grant_keeps_the_invariants():
    GrantLife.world = World()
    run_state_machine_as_test(
        GrantLife,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
