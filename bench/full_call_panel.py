"""The panel's part of the run-through: from the ranking to grants that are open."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from bench.full_call_people import People
from bench.result import Failed
from compute_grants import tasks
from compute_grants.models import (
    Acceptance,
    AwardLine,
    AwardRun,
    Call,
    DecisionSet,
    Proposal,
    ResourceRequest,
    WaitlistPlace,
)
from compute_grants.optimise.solve import GAP
from compute_grants.queries.panel import standings_of
from consortium.actions import desired
from portal.demo.volume import run

State = Proposal.State
Answer = Acceptance.State
LIMIT_SECONDS = 60
FLOORS = {"university": 30, "institute": 20}  # percent of the time
MIN_SHARE = 80  # percent of a request, below which an award makes no sense
LETTERS = 5  # that are laid out as PDF
PATIENT = 20  # waiting leads who say that little would do
LEAST_PERCENT = 5


class PanelWalk(People):
    """What the panel and the leads do, and the workers behind them."""

    set_number: str
    run_pk: int

    def __init__(self, size: run.Size, call: Call) -> None:
        super().__init__(size, call)
        self.page_seconds: dict[str, float] = {}

    def rank(self) -> None:
        self.post(self.chair, "api:call-rank", [self.call.code])
        self.counts["ranked"] = len(self.numbers(State.RANKED))

    def normalise(self) -> None:
        """Scores adjusted for how strict reviewers are, over the API and on the page."""
        found = self.get(self.chair, "api:normalisation-detail", [self.call.code])
        if len(found["proposals"]) != self.counts["ranked"]:
            raise Failed(f"{len(found['proposals'])} of {self.counts['ranked']} were adjusted")
        self.open(self.chair, "compute_grants:normalisation", [self.call.code])

    def optimise(self) -> None:
        """Asked for, computed in a process of its own, read on its page and over the API."""
        chair = self.chair
        asked = self.post(
            chair,
            "api:awardrun-list",
            [],
            call=self.call.code,
            merit="adjusted",
            min_share_percent=MIN_SHARE,
            floors=FLOORS,
            limit_seconds=LIMIT_SECONDS,
        )
        self.run_pk = asked["id"]
        tasks.carry_out_award_run(self.run_pk)
        found = AwardRun.objects.get(pk=self.run_pk)
        if found.state != AwardRun.State.DONE or found.gap is None or found.gap > GAP:
            raise Failed(f"award run {found.state} {found.failure}, gap {found.gap}")
        self.open(chair, "compute_grants:award_run", [self.run_pk])
        result = self.get(chair, "api:awardrun-result", [self.run_pk])
        declined = [row for row in result["rows"] if row["outcome"] == "declined"]
        if mute := [row["number"] for row in declined if not row["reasons"]]:
            raise Failed(f"the award run declines without a reason: {mute}")
        self.counts["awards proposed"] = len(result["rows"]) - len(declined)
        self.counts["gap in millionths"] = round(found.gap * 1_000_000)

    def adopt(self) -> None:
        """The run's awards as a set; the weaker half of those without time is turned down."""
        chair, today = self.chair, timezone.localdate()
        made = self.post(
            chair,
            "api:awardrun-adopt",
            [self.run_pk],
            starts_on=self.call.awards_from or today,
            ends_on=self.call.awards_until or today + timedelta(days=365),
            award_reason="By its merit, and within what is feasible.",
            declined="waitlisted",
            decline_reason="The call's time went to proposals that were judged better.",
        )
        self.set_number = made["set"]
        choices = [
            {
                "proposal": number,
                "outcome": "rejected",
                "reason": "It was judged weaker than those that were awarded time.",
                "override_reason": "Too far down the ranking to wait for time.",
            }
            for number in self._weaker_half()
        ]
        if choices:
            self.post(chair, "api:decisionset-put", [self.set_number], choices=choices)
        self.counts["rejected by the panel"] = len(choices)
        self.post(chair, "api:decisionset-propose", [self.set_number])

    def _weaker_half(self) -> list[str]:
        found = DecisionSet.objects.get(number=self.set_number)
        rows = [
            item.proposal
            for item in found.items.filter(outcome="waitlisted").select_related("proposal")
        ]
        standings = standings_of(rows)
        rows.sort(key=lambda row: (standings[row.pk].mean or 0, row.number))
        return [row.number for row in rows[: len(rows) // 2]]

    def sign(self) -> None:
        self._sign(self.set_number)
        for state in (State.AWARDED, State.WAITLISTED, State.REJECTED):
            self.counts[f"{state.value} by the first set"] = len(self.numbers(state))

    def _sign(self, number: str) -> None:
        """Two of the panel, each having read the same content. The second signature publishes."""
        for person in self.panel()[1:3]:
            digest = self.get(person, "api:decisionset-detail", [number])["sha256"]
            self.post(person, "api:decisionset-sign", [number], content_sha256=digest)
        found = DecisionSet.objects.get(number=number)
        if found.state != DecisionSet.State.PUBLISHED:
            raise Failed(f"{number} is {found.state}")

    # The leads' part

    def read_letters(self) -> None:
        """A few as PDF; whoever holds one can have it checked."""
        for award in self._offered()[:LETTERS]:
            proposal = award.decision.proposal
            body = self.open(proposal.lead, "compute_grants:decision_letter_pdf", [proposal.number])
            if not body.startswith(b"%PDF"):
                raise Failed(f"the letter of {proposal.number} is no PDF")
            self.open(proposal.lead, "compute_grants:letter_check", [award.decision.letter.sha256])
            self.counts["letters as PDF"] += 1

    def _offered(self) -> list[Acceptance]:
        rows = Acceptance.objects.filter(decision__proposal__call=self.call, state=Answer.OFFERED)
        return list(
            rows.select_related("decision__proposal__lead", "decision__letter").order_by("pk")
        )

    def accept(self) -> None:
        """Everybody but one lead, who gives back the most time that somebody waits for."""
        rows = self._offered()
        lines = AwardLine.objects.filter(decision__acceptance__in=rows)
        asked = ResourceRequest.objects.filter(
            proposal__in=WaitlistPlace.objects.waiting().filter(call=self.call).values("proposal")
        )
        wanted = lines.filter(request__resource__in=asked.values("resource")) or lines
        largest = max(wanted, key=lambda line: line.seconds).decision_id
        for row in rows:
            if row.decision_id == largest:
                self._decline(row)
            else:
                self._accept(row)

    def _accept(self, row: Acceptance) -> None:
        proposal = row.decision.proposal
        shown = self.get(proposal.lead, "api:acceptance-detail", [proposal.number])
        self.post(
            proposal.lead,
            "api:acceptance-accept",
            [proposal.number],
            letter_sha256=shown["letter_sha256"],
        )
        self.counts["accepted"] += 1

    def _decline(self, row: Acceptance) -> None:
        proposal = row.decision.proposal
        reason = "Another programme gave the time."
        self.post(proposal.lead, "api:acceptance-decline", [proposal.number], reason=reason)
        self.counts["given back"] += 1

    def open_grants(self) -> None:
        """As workers do: until every machine is as wanted."""
        while done := desired.reconcile_due():
            self.counts["accounts set on machines"] += done

    def move_waitlist(self) -> None:
        """The time that came back is offered to whoever comes next; the panel signs again."""
        places = WaitlistPlace.objects.waiting().in_order().filter(call=self.call)
        for place in places.select_related("proposal__lead")[:PATIENT]:
            number = place.proposal.number
            self.post(
                place.proposal.lead, "api:waitlist-set-least", [number], percent=LEAST_PERCENT
            )
        tasks.move_waitlists()
        found = self.call.decision_sets.filter(state=DecisionSet.State.DRAFT).first()
        self.counts["waiting"] = places.count()
        if found is None:
            return
        self.counts["offered from the waitlist"] = found.items.count()
        self.post(self.chair, "api:decisionset-propose", [found.number])
        self._sign(found.number)
        for row in self._offered():
            self._accept(row)
        self.open_grants()
