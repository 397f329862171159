"""The made-up call from its announcement to its ranking, through the portal's own actions."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import calls, panel, proposals, rates, reviews, technical
from compute_grants.models import (
    Call,
    FusionStage,
    Proposal,
    Resource,
    ResourceRequest,
    ReviewAssignment,
)
from compute_grants.policies.conflicts import conflicts_between
from consortium.errors import DomainError
from consortium.models import Institution, User
from portal.demo import clock, loading
from portal.demo.volume.content import REASONS, RUBRIC, TOPICS
from portal.demo.volume.ground import HOUR, Ground, lay

SUBMITTED, REVIEWED, RANKED = "submitted", "reviewed", "ranked"
STAGES = (SUBMITTED, REVIEWED, RANKED)
REVIEWS_EACH = 3
OFFERED_PERCENT = 25  # of a year of what is certified
DEMAND = 2.2  # times what is offered
OPENS, WRITES, CLOSES, CHECKS, INVITES, REVIEWS, RANKS = -45, -30, -20, -18, -15, -5, -1
YEAR = 365 * 86_400
CREDIT_GIGAFLOPS = 320_000  # a card of which an hour is worth a credit
MILLION = 1_000_000
TWO_MACHINES, INFEASIBLE, PARTLY = 0.25, 0.03, 0.15  # shares of proposals, of requests


class InUse(DomainError):
    """People use this site; a made-up call would stand among theirs."""


class MadeBefore(DomainError):
    """A call was made up from the same seed."""


@dataclass(frozen=True, slots=True)
class Size:
    proposals: int = 300
    machines: int = 10
    reviewers: int = 80
    seed: int = 1

    @property
    def key(self) -> str:
        """What tells this call's people and machines from another seed's."""
        return f"v{self.seed}"

    @property
    def leads(self) -> int:
        """Some lead two proposals."""
        return max(1, round(self.proposals * 0.8))


@dataclass(slots=True)
class Made:
    """What came of it: the call, counts by name, and (step, how, seconds)."""

    call: Call | None = None
    counts: Counter[str] = field(default_factory=Counter)
    steps: list[tuple[str, str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, how: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.steps.append((name, how, time.monotonic() - began))


def require_demo_site() -> None:
    """Raises InUse unless the database is a test's, is empty, or holds the demo and such calls."""
    name = str(connection.settings_dict["NAME"])
    if name.startswith(("test", "bench")) or not User.objects.exists():
        return
    if not loading.strangers():
        return
    raise InUse(_("People use this site. Make the call up on a demo or an empty one, or force it."))


def make(size: Size, *, until: str, say: Callable[[str], object]) -> Made:
    """All of it in one transaction. Raises MadeBefore."""
    if Institution.objects.filter(slug__startswith=f"{size.key}-").exists():
        raise MadeBefore(_("A call was made up from this seed before. Choose another one."))
    random, made = Random(size.seed), Made()  # noqa: S311  nobody guesses it
    with transaction.atomic(), clock.travelling():
        for name, how, act in _steps(size, random, made, until):
            with made.step(name, how):
                act()
            say(f"  {name} ({how}): {made.steps[-1][2]:.1f} s")
    return made


def pairs(
    call: Call, reviewers: list[tuple[User, tuple[int, ...]]], topics: dict[int, int]
) -> Iterator[tuple[Proposal, list[User]]]:
    """Reviewers without a conflict for each proposal of a call that is in peer review.

    Those of its field first (by their topics and `topics` of proposals), then the least busy.
    """
    waiting = list(
        call.proposals.filter(state=Proposal.State.PEER_REVIEW)
        .select_related("institution", "lead")
        .order_by("pk")
    )
    against = conflicts_between(waiting, [person for person, _topics in reviewers])
    most = -(-len(waiting) * REVIEWS_EACH // len(reviewers)) + 2
    load: Counter[int] = Counter()
    for proposal in waiting:
        topic = topics.get(proposal.pk)
        free = sorted(
            (topic not in known, load[person.pk], person.pk, person)
            for person, known in reviewers
            if (proposal.pk, person.pk) not in against and load[person.pk] < most
        )
        chosen = [person for *_key, person in free[:REVIEWS_EACH]]
        load.update(person.pk for person in chosen)
        yield proposal, chosen


Step = tuple[str, str, Callable[[], None]]


def _steps(size: Size, random: Random, made: Made, until: str) -> Iterator[Step]:
    """(name, how, what) in order; each runs before the next is asked for."""
    run = _Run(size, random, made)
    bulk, actions = "in bulk", "through actions"
    yield "institutions, people, machines and capacity", bulk, run.lay
    yield "exchange rates, the call and its budget", actions, run.announce
    yield "proposals written and submitted", actions, run.submit
    if until == SUBMITTED:
        return
    yield "checked and technically reviewed", actions, run.check
    yield "reviewers invited, conflicts declared", bulk, run.invite
    yield "reviews submitted", actions, run.review
    if until == RANKED:
        yield "ranked", actions, run.rank


class _Run:
    """The state between the steps."""

    def __init__(self, size: Size, random: Random, made: Made) -> None:
        self.size, self.random, self.made = size, random, made

    def lay(self) -> None:
        size = self.size
        self.ground: Ground = lay(
            size.key,
            self.random,
            machines=size.machines,
            reviewers=size.reviewers,
            leads=size.leads,
        )
        self.made.counts |= Counter(
            machines=size.machines, reviewers=size.reviewers, leads=size.leads
        )
        self.office = self.ground.office[0]

    def announce(self) -> None:
        today = clock.days(0).date()
        with clock.at(clock.days(OPENS - 14)):
            self._set_rates()
            call = calls.create(
                by=self.office,
                kind=Call.Kind.ROOT_MODEL,
                stage=FusionStage.FOR_AI,
                title_en="Time for models and simulation, full size",
                title_zh="模型与模拟机时征集（完整规模）",
                summary_en="A call of a national programme's size, made up to try the portal with.",
                summary_zh="为检验门户而虚构的一次国家级规模的征集。",
                opens_at=clock.days(OPENS),
                closes_at=clock.days(CLOSES),
                awards_from=today + timedelta(days=14),
                awards_until=today + timedelta(days=379),
                reviewers_per_proposal=REVIEWS_EACH,
            )
            lines = [
                calls.Line(name_en, name_zh, weight, anchors_en, anchors_zh)
                for name_en, name_zh, weight, anchors_en, anchors_zh in RUBRIC
            ]
            calls.set_rubric(call, lines=lines, by=self.office)
            self.offered = {}
            for resource in self.ground.resources:
                hours = self.ground.units[resource.pk] * 360 * 12 * OFFERED_PERCENT // 100
                self.offered[resource.pk] = hours
                calls.set_budget(call, resource=resource, seconds=hours * HOUR, by=self.office)
            calls.set_panel(call, panel=self.ground.panel, by=self.office)
            calls.publish(call, by=self.office)
        with clock.at(clock.days(OPENS) + timedelta(minutes=1)):
            self.call = self.made.call = calls.open_(call, by=None)

    def _set_rates(self) -> None:
        """Without them nobody could weigh an hour of one machine against that of another."""
        for resource in self.ground.resources:
            gigaflops = self.ground.gigaflops[resource.pk]
            rates.set_rate(
                resource,
                since=timezone.localdate(),
                until=None,
                parts_per_million=max(1, gigaflops * MILLION // CREDIT_GIGAFLOPS),
                reason="By the peak of the machine's fastest precision.",
                by=self.office,
            )

    def submit(self) -> None:
        self.topics: dict[int, int] = {}  # by proposal id
        wishes = self._wishes()
        with clock.at(clock.days(WRITES)):
            for place in range(self.size.proposals):
                self._submit(place, wishes[place])
        self.made.counts["requests"] = sum(len(wish) for wish in wishes)
        self.made.counts["proposals"] = self.size.proposals

    def _wishes(self) -> list[list[tuple[Resource, int]]]:
        """What each proposal asks: [(resource, hours)], in sum DEMAND times what is offered."""
        weights: list[list[tuple[Resource, float]]] = []
        sums: dict[int, float] = defaultdict(float)
        for place in range(self.size.proposals):
            first = self.ground.resources[place % len(self.ground.resources)]
            wish = [(first, self.random.lognormvariate(0, 0.9))]
            if self.random.random() < TWO_MACHINES and len(self.ground.resources) > 1:
                others = [r for r in self.ground.resources if r.pk != first.pk]
                wish.append((self.random.choice(others), self.random.lognormvariate(-0.5, 0.8)))
            for resource, weight in wish:
                sums[resource.pk] += weight
            weights.append(wish)
        return [
            [
                (resource, self._hours(resource, weight / sums[resource.pk]))
                for resource, weight in wish
            ]
            for wish in weights
        ]

    def _hours(self, resource: Resource, share: float) -> int:
        """That share of the demand, in whole thousands; never more than half of the budget."""
        offered = self.offered[resource.pk]
        return max(1000, min(round(share * DEMAND * offered), offered // 2) // 1000 * 1000)

    def _submit(self, place: int, wish: list[tuple[Resource, int]]) -> None:
        lead, institution, topic = self.ground.leads[place % len(self.ground.leads)]
        texts = self._texts(topic)
        proposal = proposals.start(self.call, institution=institution, by=lead, **texts)
        for resource, hours in wish:
            width = 2 ** self.random.randrange(4, 9)
            while hours > width * 4000:
                width *= 2
            width = min(width, self.ground.units[resource.pk])
            proposals.ask(
                proposal,
                resource=resource,
                precision=self.random.choice(self.ground.precisions[resource.machine_id]),
                seconds=min(hours * HOUR, width * YEAR),
                cards=width,
                justification=f"{hours:,} hours; pilot runs scaled to {width // 2} at 88 %.",
                by=lead,
            )
        proposals.submit(proposal, by=lead)
        self.topics[proposal.pk] = topic

    def _texts(self, topic: int) -> dict[str, str]:
        field_ = TOPICS[topic]
        place = self.random.randrange(len(field_.questions_en))
        en, zh = field_.questions_en[place], field_.questions_zh[place]
        other = self.random.choice(field_.questions_en)
        return {
            "title_en": f"{en[0].upper()}{en[1:]}",
            "title_zh": zh,
            "summary": (
                f"We ask for time on {en}, in the field of {field_.en}. 研究{field_.zh}：{zh}。"
            ),
            "science_case": (
                f"The open question is {en}. Earlier work on {other} left the behaviour at scale "
                f"unexplored. 本项目研究{zh}，并与{field_.zh}领域已有结果比较。 "
                "We state the baseline, the figures of a pilot run, and the results that would "
                "make us stop."
            ),
            "software": "PyTorch in a container, BSD licence. 使用BSD许可的容器化PyTorch。",
            "energy": "Runs that do not improve are stopped early. 无改进的作业提前终止。",
            "data_ethics": "Licensed data only; origin documented. 数据均有许可，来源可查。",
        }

    def check(self) -> None:
        with clock.at(clock.days(CLOSES) + timedelta(minutes=1)):
            self.call = calls.close_to_review(self.call, by=None)
        with clock.at(clock.days(CHECKS)):
            for proposal in self.call.proposals.order_by("pk"):
                proposals.send_to_centres(proposal, by=self.office)
            requests = ResourceRequest.objects.filter(proposal__call=self.call)
            for request in requests.select_related("resource__machine", "proposal").order_by("pk"):
                self._judge(request)
            self._turn_down()

    def _judge(self, request: ResourceRequest) -> None:
        chance = self.random.random()
        verdict, cap = "feasible", None
        reason = "Width, memory and storage fit."
        if chance < INFEASIBLE:
            verdict, reason = "infeasible", "The software does not run on this machine."
        elif chance < INFEASIBLE + PARTLY:
            verdict, reason = "partly", "The scaling table supports three quarters of it."
            cap = request.seconds * 3 // 4
        operator = self.ground.operators[request.resource.machine.centre_id]
        technical.judge_feasibility(
            request, verdict=verdict, cap_seconds=cap, reason=reason, by=operator
        )
        self.made.counts["technical reviews"] += 1

    def _turn_down(self) -> None:
        """What no centre can run is turned down without peer review."""
        stuck = self.call.proposals.filter(state=Proposal.State.TECHNICAL_REVIEW)
        for proposal in stuck.order_by("pk"):
            panel.reject_infeasible(proposal, reason="No centre can run it.", by=self.office)
            self.made.counts["infeasible"] += 1

    def invite(self) -> None:
        """Everybody declares no conflict: only people whom the portal knows of none are asked."""
        with clock.at(clock.days(INVITES)):
            now = timezone.now()
            rows = ReviewAssignment.objects.bulk_create(
                ReviewAssignment(
                    proposal=proposal,
                    reviewer=reviewer,
                    state=ReviewAssignment.State.CONFIRMED,
                    assigned_by=self.office,
                    assigned_at=now,
                    declared_at=now,
                    due_at=now + timedelta(days=30),
                )
                for proposal, people in pairs(self.call, self.ground.reviewers, self.topics)
                for reviewer in people
            )
            self.made.counts["invitations"] = len(rows)

    def review(self) -> None:
        criteria = list(self.call.criteria.all())
        merit = {pk: self.random.gauss(3.2, 0.7) for pk in self.topics}
        strict = {person.pk: self.random.gauss(0, 0.4) for person, _t in self.ground.reviewers}
        people = {person.pk: person for person, _topics in self.ground.reviewers}
        rows = ReviewAssignment.objects.filter(proposal__call=self.call).order_by("pk")
        with clock.at(clock.days(REVIEWS)):
            for assignment in rows:
                by = people[assignment.reviewer_id]
                mean = merit[assignment.proposal_id] + strict[by.pk]
                marks = {
                    criterion.pk: reviews.Mark(
                        min(5, max(0, round(self.random.gauss(mean, 0.6)))),
                        self.random.choice(REASONS),
                    )
                    for criterion in criteria
                }
                reviews.submit(assignment, marks=marks, comment=REASONS[0], by=by)
                self.made.counts["reviews"] += 1

    def rank(self) -> None:
        with clock.at(clock.days(RANKS)):
            self.made.counts["ranked"] = panel.rank(self.call, by=self.ground.panel[0])
