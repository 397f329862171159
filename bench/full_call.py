"""A call of full size from submission to published decisions, by API and pages, timed by step.

Proposals are made up and submitted as `manage.py generate_call` does. From there on people act
as they would: each by a session of their own, through the routes of the site.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from random import Random
from typing import Any

from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.db.models import F
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from bench.result import Failed, Peer, Result
from compute_grants.actions import calls
from compute_grants.models import (
    Call,
    CallBudget,
    DecisionSet,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
)
from compute_grants.queries.panel import standings_of
from consortium.models import Affiliation, ArmAppointment, User
from portal.demo.volume import run
from portal.runtime.postgres import Postgres

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
State = Proposal.State
QUICK = run.Size(proposals=6, machines=3, reviewers=8, seed=9)


def full_call(_server: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """One line a step: its seconds, beside those of making and submitting the proposals."""
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        walk = Walk(QUICK if quick else run.Size())
        for name, seconds in walk.go():
            facts = {"proposals": walk.size.proposals, "counts": dict(walk.counts)}
            peer = Peer("made up and submitted", walk.made_in)
            yield Result(f"full_call_{name}", seconds, "s", peer, None, facts)


class Walk:
    """The call and its people. Raises Failed where an answer is not what it must be."""

    def __init__(self, size: run.Size) -> None:
        self.size = size
        self.random = Random(size.seed)  # noqa: S311  nobody guesses it
        self.counts: Counter[str] = Counter()
        self.sessions: dict[int, Client] = {}
        began = time.monotonic()
        made = run.make(size, until=run.SUBMITTED, say=lambda _line: None)
        self.made_in = time.monotonic() - began
        assert made.call
        self.call: Call = made.call

    def go(self) -> Iterator[tuple[str, float]]:
        """(step, seconds) of each step as it ends."""
        for name, act in self._steps():
            began = time.monotonic()
            act()
            yield name, time.monotonic() - began

    def _steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "closed", self.close
        yield "sent_to_centres", self.send_on
        yield "technical_reviews", self.judge
        yield "invitations", self.invite
        yield "declarations", self.declare
        yield "reviews", self.review
        yield "ranking", self.rank
        yield "decisions_prepared", self.prepare
        yield "two_signatures_and_published", self.sign
        yield "pages", self.look
        yield "checked", self.check

    # People

    def _people(self, **terms: Any) -> list[User]:
        domain = f"@{self.size.key}.consortium.example"
        return list(User.objects.filter(email__endswith=domain, **terms).order_by("pk").distinct())

    @property
    def office(self) -> User:
        return self._people(appointments__office=ArmAppointment.Office.RESEARCH)[0]

    def as_(self, user: User) -> Client:
        """A session in which this person proved who they are a moment ago."""
        if user.pk not in self.sessions:
            client = Client()
            client.force_login(user, backend=BACKEND)
            session = client.session
            proof = {"method": "password", "at": time.time(), "reauthenticated": True}
            session["account_authentication_methods"] = [proof]
            session["account_authentication_methods_user"] = user_id_to_str(user)
            session.save()
            self.sessions[user.pk] = client
        return self.sessions[user.pk]

    def post(self, user: User, route: str, args: list[Any], **data: Any) -> Any:
        answer = self.as_(user).post(
            reverse(route, args=args), json.dumps(data, default=str), "application/json"
        )
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}:
            raise Failed(f"{route} {args}: {answer.status_code} {answer.content.decode()[:400]}")
        return answer.json() if answer.content else None

    # Steps

    def close(self) -> None:
        """By the clock: its last round is over."""
        self.call = calls.close_to_review(self.call, by=None)

    def send_on(self) -> None:
        office = self.office
        for number in self._numbers(State.SUBMITTED):
            self.post(office, "api:proposal-send-to-centres", [number])

    def _numbers(self, *states: str) -> list[str]:
        rows = self.call.proposals.filter(state__in=states).order_by("pk")
        return list(rows.values_list("number", flat=True))

    def judge(self) -> None:
        """One request in six is capped at three quarters; the rest is feasible."""
        operators = {
            row.institution_id: row.user
            for row in Affiliation.objects.filter(
                user__in=self._people(), role=Affiliation.Role.OPERATOR
            ).select_related("user")
        }
        rows = ResourceRequest.objects.filter(proposal__call=self.call)
        for row in rows.select_related("proposal", "resource__machine").order_by("pk"):
            capped = row.pk % 6 == 0
            self.post(
                operators[row.resource.machine.centre_id],
                "api:proposal-technical-review",
                [row.proposal.number],
                request=row.pk,
                verdict="partly" if capped else "feasible",
                cap_seconds=row.seconds * 3 // 4 if capped else None,
                reason="The scaling table supports it.",
            )
            self.counts["technical reviews"] += 1

    def invite(self) -> None:
        """Whoever has no conflict and the least to do; the API judges each pair again."""
        office, due_at = self.office, timezone.now() + timedelta(days=14)
        for proposal, reviewers in run.pairs(self.call, self._reviewers(), {}):
            for reviewer in reviewers:
                self.post(
                    office,
                    "api:proposal-assign",
                    [proposal.number],
                    reviewer=reviewer.pk,
                    due_at=due_at.isoformat(),
                )
                self.counts["invitations"] += 1

    def _reviewers(self) -> list[tuple[User, tuple[int, ...]]]:
        return [(person, ()) for person in self._people(reviewer__panellist=False)]

    def _assignments(self, state: str) -> list[ReviewAssignment]:
        rows = ReviewAssignment.objects.filter(proposal__call=self.call, state=state)
        return list(rows.select_related("reviewer").order_by("pk"))

    def declare(self) -> None:
        for row in self._assignments(ReviewAssignment.State.INVITED):
            self.post(row.reviewer, "api:review-declare", [row.pk], conflict="")

    def review(self) -> None:
        criteria = list(self.call.criteria.values_list("pk", flat=True))
        merit = {pk: self.random.gauss(3.2, 0.7) for pk in self._ids()}
        for row in self._assignments(ReviewAssignment.State.CONFIRMED):
            scores = [
                {
                    "criterion": criterion,
                    "value": min(5, max(0, round(self.random.gauss(merit[row.proposal_id], 0.6)))),
                    "reason": "The pilot figures support this score.",
                }
                for criterion in criteria
            ]
            self.post(
                row.reviewer, "api:review-submit", [row.pk], scores=scores, comment="Sound plan."
            )
            self.counts["reviews"] += 1

    def _ids(self) -> list[int]:
        return list(self.call.proposals.order_by("pk").values_list("pk", flat=True))

    def rank(self) -> None:
        chair = self._panel()[0]
        self.post(chair, "api:call-rank", [self.call.code])
        self.counts["ranked"] = len(self._numbers(State.RANKED))

    def _panel(self) -> list[User]:
        return list(self.call.panel.order_by("pk"))

    def prepare(self) -> None:
        """Down the ranking while the budgets last; what no longer fits waits."""
        chair = self._panel()[0]
        made = self.post(
            chair, "api:decisionset-list", [], call=self.call.code, choices=self._choices()
        )
        self.number = made["number"]
        self.post(chair, "api:decisionset-propose", [self.number])

    def _choices(self) -> list[dict[str, Any]]:
        left = {
            row.resource_id: row.account.available if row.account else 0
            for row in CallBudget.objects.filter(call=self.call).select_related("account")
        }
        rows = list(self.call.proposals.filter(state=State.RANKED).order_by("number"))
        standings = standings_of(rows)
        rows.sort(key=lambda row: -(standings[row.pk].mean or 0))
        today = timezone.localdate()
        chosen = []
        for row in rows:
            lines = self._lines(row, left)
            choice: dict[str, Any] = {"proposal": row.number, "reason": "By its rank."}
            if lines:
                dates = {"starts_on": today, "ends_on": today + timedelta(days=365)}
                choice |= {"outcome": "awarded", "lines": lines, **dates}
            else:
                choice |= {"outcome": "waitlisted"}
            self.counts[choice["outcome"]] += 1
            chosen.append(choice)
        return chosen

    def _lines(self, proposal: Proposal, left: dict[int, int]) -> list[dict[str, int]]:
        """Of each request what is feasible, where the budget still has all of it."""
        lines = []
        for row in proposal.requests.select_related("technical_review"):
            row.technical_review.request = row
            seconds = row.technical_review.ceiling
            if 0 < seconds <= left[row.resource_id]:
                left[row.resource_id] -= seconds
                lines.append({"request": row.pk, "seconds": seconds})
        return lines

    def sign(self) -> None:
        """Two of the panel, each having read the same content. The second signature publishes."""
        for person in self._panel()[1:3]:
            address = reverse("api:decisionset-detail", args=[self.number])
            digest = self.as_(person).get(address).json()["sha256"]
            self.post(person, "api:decisionset-sign", [self.number], content_sha256=digest)

    def look(self) -> None:
        """What the chair, the office and a lead then open."""
        lead = self.call.proposals.select_related("lead").first()
        assert lead
        for person, route, args in (
            (self._panel()[0], "compute_grants:board", [self.call.code]),
            (self._panel()[0], "compute_grants:decision_set", [self.number]),
            (self.office, "compute_grants:proposal_list", []),
            (self.office, "compute_grants:statistics", ["demand"]),
            (self.office, "compute_grants:statistics", ["timing"]),
            (lead.lead, "compute_grants:proposal", [lead.number]),
        ):
            answer = self.as_(person).get(reverse(route, args=args))
            if answer.status_code != HTTPStatus.OK:
                raise Failed(f"{route} {args}: {answer.status_code}")

    def check(self) -> None:
        """Everything decided and published; no budget overdrawn, in ledger and in awards."""
        found = DecisionSet.objects.get(number=self.number)
        if found.state != DecisionSet.State.PUBLISHED:
            raise Failed(f"{self.number} is {found.state}")
        if waiting := self._numbers(State.RANKED, State.PEER_REVIEW):
            raise Failed(f"not decided: {waiting}")
        for budget in CallBudget.objects.filter(call=self.call).select_related("account"):
            account = budget.account
            if account is None or account.available < 0 or account.posted_out > budget.seconds:
                raise Failed(f"overdrawn: {budget}")
        awarded = self.call.proposals.filter(state=State.AWARDED, allocations__isnull=True)
        if awarded.exists():
            raise Failed(f"awarded without a grant: {awarded.count()}")
        over = ResourceRequest.objects.filter(
            proposal__call=self.call, awards__seconds__gt=F("seconds")
        )
        if over.exists():
            raise Failed(f"more than was asked: {over.count()}")
