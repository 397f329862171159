"""A call of full size from submission to open grants, by API and pages, timed by step.

Proposals are made up and submitted as `manage.py generate_call` does. From there on people act
as they would: each by a session of their own, through the routes of the site. What workers do in
the background is run in place, by the task that they would run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from bench import full_call_check
from bench.full_call_panel import PanelWalk
from bench.result import Failed, Peer, Result
from compute_grants import tasks
from compute_grants.actions import calls
from compute_grants.models import (
    AssignmentPlan,
    PlannedPair,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
)
from consortium.models import Affiliation
from portal.demo.volume import run
from portal.runtime.postgres import Postgres

State = Proposal.State
QUICK = run.Size(proposals=12, machines=2, reviewers=12, seed=9)
# Seconds within which a step has to end on two cores, at full size.
CEILINGS = {"assignment": 15.0, "awards": 60.0}
TO_RANKED = 120.0  # seconds for generate_call, all of it
PLAN_SECONDS = 12
OFTEN = 2  # more reviews than an even share that one person may get


def full_call(_server: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """One line a step: its seconds, beside its limit or those of making up the proposals."""
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        walk = Walk(QUICK if quick else run.Size())
        submitted = Peer("made up and submitted", walk.made_in)
        for name, seconds in walk.go():
            ceiling = CEILINGS.get(name)
            peer = Peer("the limit", ceiling) if ceiling else submitted
            facts = {
                "proposals": walk.size.proposals,
                "cpu_seconds": walk.cpu_seconds,  # of this process alone
                "counts": dict(walk.counts),
            }
            if name == "pages":
                facts["pages"] = walk.page_seconds
            yield Result(f"full_call_{name}", seconds, "s", peer, None, facts, ceiling)
        yield _made_up_to_ranked(walk.size)


def _made_up_to_ranked(size: run.Size) -> Result:
    """The command alone, from another seed."""
    made = run.make(replace(size, seed=size.seed + 1), until=run.RANKED, say=lambda _line: None)
    seconds = sum(seconds for _name, _how, seconds in made.steps)
    facts = {
        "counts": dict(made.counts),
        "steps": {name: round(each, 2) for name, _how, each in made.steps},
    }
    peer = Peer("the limit", TO_RANKED)
    return Result("full_call_made_up_to_ranked", seconds, "s", peer, None, facts, TO_RANKED)


class Walk(PanelWalk):
    """The call and its people. Raises Failed where an answer is not what it must be."""

    def __init__(self, size: run.Size) -> None:
        began = time.monotonic()
        made = run.make(size, until=run.SUBMITTED, say=lambda _line: None)
        self.made_in = time.monotonic() - began
        assert made.call
        super().__init__(size, made.call)
        self.cpu_seconds = 0.0
        self.random = Random(size.seed)  # noqa: S311  nobody guesses it

    def go(self) -> Iterator[tuple[str, float]]:
        """(step, seconds) of each step as it ends."""
        for name, act in self._steps():
            began, busy = time.monotonic(), time.process_time()
            act()
            self.cpu_seconds = round(time.process_time() - busy, 2)
            yield name, time.monotonic() - began

    def _steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "closed", self.close
        yield "sent_to_centres", self.send_on
        yield "technical_reviews", self.judge
        yield "infeasible_rejected", self.turn_down
        yield "assignment", self.plan
        yield "invitations", self.invite
        yield "declarations", self.declare
        yield "reviews", self.review
        yield "ranking", self.rank
        yield "scores_normalised", self.normalise
        yield "awards", self.optimise
        yield "adopted", self.adopt
        yield "two_signatures_and_published", self.sign
        yield "letters", self.read_letters
        yield "acceptances", self.accept
        yield "grants_open", self.open_grants
        yield "waitlist_moved", self.move_waitlist
        yield "pages", self.look
        yield "checked", lambda: full_call_check.check(self.call)

    # Before the reviews

    def close(self) -> None:
        """By the clock: its last round is over."""
        self.call = calls.close_to_review(self.call, by=None)

    def send_on(self) -> None:
        office = self.office
        for number in self.numbers(State.SUBMITTED):
            self.post(office, "api:proposal-send-to-centres", [number])

    def judge(self) -> None:
        """One request in six is capped at three quarters, one in forty cannot run; the rest can."""
        operators = {
            row.institution_id: row.user
            for row in Affiliation.objects.filter(
                user__in=self.people(), role=Affiliation.Role.OPERATOR
            ).select_related("user")
        }
        rows = ResourceRequest.objects.filter(proposal__call=self.call)
        rows = rows.select_related("proposal", "resource__machine").order_by("pk")
        for place, row in enumerate(rows, start=1):
            verdict = "infeasible" if not place % 40 else "feasible" if place % 6 else "partly"
            self.post(
                operators[row.resource.machine.centre_id],
                "api:proposal-technical-review",
                [row.proposal.number],
                request=row.pk,
                verdict=verdict,
                cap_seconds=row.seconds * 3 // 4 if verdict == "partly" else None,
                reason="The scaling table and the software say so.",
            )
            self.counts[f"requests {verdict}"] += 1

    def turn_down(self) -> None:
        for number in self.numbers(State.TECHNICAL_REVIEW):
            self.post(
                self.office,
                "api:proposal-reject-infeasible",
                [number],
                reason="No centre can run it.",
            )
            self.counts["rejected without review"] += 1

    # Reviewers and reviews

    def plan(self) -> None:
        """Looked at beforehand, asked for, computed, read on its page and over the API."""
        office = self.office
        waiting = len(self.numbers(State.PEER_REVIEW))
        most = -(-waiting * run.REVIEWS_EACH // self.size.reviewers) + OFTEN
        wish = {"call": self.call.code, "per_proposal": run.REVIEWS_EACH, "most": most}
        self.post(office, "api:plan-preview", [], **wish)
        asked = self.post(office, "api:plan-list", [], **wish, seconds=PLAN_SECONDS)
        tasks.compute_plans()
        plan = AssignmentPlan.objects.get(pk=asked["id"])
        if plan.state != AssignmentPlan.State.DONE or plan.short:
            raise Failed(f"plan {plan.pk} is {plan.state}, short: {plan.short} {plan.failure}")
        self.open(office, "compute_grants:assignment_plan", [plan.pk])
        self.plan_rows = self.get(office, "api:plan-pairs", [plan.pk])
        self.counts["pairs planned"] = plan.pairs.count()
        self.plan_pk = plan.pk

    def invite(self) -> None:
        """Everybody in the plan; each invitation passes every rule again."""
        pairs = [pair["id"] for row in self.plan_rows for pair in row["pairs"]]
        due_at = timezone.now() + timedelta(days=14)
        self.post(self.office, "api:plan-apply", [self.plan_pk], pairs=pairs, due_at=due_at)
        rows = PlannedPair.objects.filter(plan=self.plan_pk)
        if others := list(rows.exclude(outcome="invited").values_list("outcome_reason", flat=True)):
            raise Failed(f"not invited: {others}")
        self.counts["invitations"] = len(pairs)

    def _assignments(self, state: str) -> list[ReviewAssignment]:
        rows = ReviewAssignment.objects.filter(proposal__call=self.call, state=state)
        return list(rows.select_related("reviewer").order_by("pk"))

    def declare(self) -> None:
        for row in self._assignments(ReviewAssignment.State.INVITED):
            self.post(row.reviewer, "api:review-declare", [row.pk], conflict="")

    def review(self) -> None:
        """Proposals differ in merit and reviewers in how strict they are."""
        criteria = list(self.call.criteria.values_list("pk", flat=True))
        ids = self.call.proposals.order_by("pk").values_list("pk", flat=True)
        merit = {pk: self.random.gauss(3.2, 0.7) for pk in ids}
        strict: defaultdict[int, float] = defaultdict(lambda: self.random.gauss(0, 0.4))
        for row in self._assignments(ReviewAssignment.State.CONFIRMED):
            mean = merit[row.proposal_id] + strict[row.reviewer_id]
            scores = [self._score(criterion, mean) for criterion in criteria]
            self.post(
                row.reviewer, "api:review-submit", [row.pk], scores=scores, comment="Sound plan."
            )
            self.counts["reviews"] += 1

    def _score(self, criterion: int, mean: float) -> dict[str, Any]:
        value = min(5, max(0, round(self.random.gauss(mean, 0.6))))
        reason = "The pilot figures support this score."
        return {"criterion": criterion, "value": value, "reason": reason}

    # Pages

    def look(self) -> None:
        """What the panel, the office and a lead then open."""
        chair, office = self.chair, self.office
        proposal = self.call.proposals.select_related("lead").order_by("pk").first()
        assert proposal
        code, number = self.call.code, proposal.number
        for person, route, args in (
            (chair, "compute_grants:board", [code]),
            (chair, "compute_grants:decision_set", [self.set_number]),
            (chair, "compute_grants:award_run", [self.run_pk]),
            (chair, "compute_grants:normalisation", [code]),
            (chair, "compute_grants:waitlist", [code]),
            (office, "compute_grants:matching", [code]),
            (office, "compute_grants:assignment_plan", [self.plan_pk]),
            (office, "compute_grants:proposal_list", []),
            (office, "compute_grants:statistics", ["demand"]),
            (office, "compute_grants:statistics", ["timing"]),
            (office, "compute_grants:statistics", ["success"]),
            (proposal.lead, "compute_grants:proposal", [number]),
            (proposal.lead, "portal:dashboard", []),
        ):
            began = time.monotonic()
            self.open(person, route, args)
            self.page_seconds[f"{route} {args}"] = round(time.monotonic() - began, 3)
