"""What a run of the award optimiser is given: the panel's parameters and the call as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Call, CallBudget, CallRound, Proposal, ResourceRequest
from compute_grants.optimise.problem import Floor, Machine, Problem, Request, Rules
from compute_grants.optimise.problem import Proposal as Entry
from compute_grants.queries.normalised import adjusted
from compute_grants.queries.panel import standings_of
from compute_grants.queries.rates import rates_on
from compute_grants.queries.rounds import within
from consortium.errors import DomainError, Invalid
from consortium.models import Institution

HOUR = 3600
PERCENT = 100
MOST = 10**6


class NothingToAward(DomainError):
    """No ranked proposal with a score."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the panel chooses.

    merit: the "raw" mean of the reviews, or "adjusted" for how strict their reviewers are.
    weigh: "each" proposal the same, or by the "size" of what it asks. alpha, beta: what counts
    that it is awarded at all, and that it gets all it asked. floors: percent of the time offered
    (in credits) by kind of institution. budgets: seconds by resource id in place of what the call
    has left. cap_percent: of all time offered, the most for one proposal. give_up_percent: of the
    merit, for floors and the panel's order.
    """

    merit: str = "raw"
    weigh: str = "each"
    alpha: float = 1.0
    beta: float = 1.0
    min_share_percent: int = 50
    min_machine_percent: int = 10
    max_machines: int = 2
    min_merit: float = 0.0
    cap_percent: int = 100
    give_up_percent: float = 0.05
    seed: int = 0
    limit_seconds: int = 60
    floors: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    def rules(self) -> Rules:
        return Rules(
            alpha=self.alpha,
            beta=self.beta,
            min_share=self.min_share_percent / PERCENT,
            min_machine_share=self.min_machine_percent / PERCENT,
            max_machines=self.max_machines,
            min_merit=self.min_merit,
            merit_tolerance=self.give_up_percent / PERCENT,
            seed=self.seed,
        )


# Each figure with the least and the most it may be.
RANGES: dict[str, tuple[float, float]] = {
    "alpha": (0, 100),
    "beta": (0, 100),
    "min_share_percent": (1, 100),
    "min_machine_percent": (0, 100),
    "max_machines": (1, 12),
    "min_merit": (0, 5),
    "cap_percent": (1, 100),
    "give_up_percent": (0, 20),
    "seed": (0, MOST),
    "limit_seconds": (5, 300),
}


def check(call: Call, parameters: Parameters) -> None:
    """Raises Invalid by field."""
    errors: dict[str, list[str]] = {}
    for name, (least, most) in RANGES.items():
        if not least <= getattr(parameters, name) <= most:
            message = _("Choose a number between %(least)s and %(most)s.")
            errors[name] = [message % {"least": f"{least:g}", "most": f"{most:g}"}]
    if parameters.merit not in {"raw", "adjusted"}:
        errors["merit"] = [_("Take the scores as they are, or adjusted for strictness.")]
    if parameters.weigh not in {"each", "size"}:
        errors["weigh"] = [_("Weigh each proposal the same, or by the size of what it asks.")]
    if not parameters.alpha and not parameters.beta:
        errors["alpha"] = [_("One of the two must count for something.")]
    floors = parameters.floors
    if set(floors) - set(Institution.Kind.values) or any(v < 0 for v in floors.values()):
        errors["floors"] = [_("A floor is a share from 0 to 100 % for a kind of institution.")]
    elif sum(floors.values()) > PERCENT:
        errors["floors"] = [_("The floors together are more than all the time. Lower one.")]
    offered = {str(pk) for pk in call.budgets.values_list("resource_id", flat=True)}
    if set(parameters.budgets) - offered or any(v < 0 for v in parameters.budgets.values()):
        errors["budgets"] = [_("Give a budget, not below zero, only for what the call offers.")]
    if errors:
        raise Invalid(errors)


def problem_of(call: Call, parameters: Parameters, call_round: CallRound | None = None) -> Problem:
    """The call as it stands: every ranked or waitlisted proposal, in the panel's order.

    call_round: those of this round only, against what earlier rounds left of the call's time.
    Five queries. Raises Invalid, NothingToAward, or NoRate where times of several resources
    cannot be compared.
    """
    check(call, parameters)
    budgets = list(call.budgets.select_related("resource__machine", "account").order_by("pk"))
    machines = _machines(budgets, parameters.budgets)
    ranked = _ranked(call, parameters.merit, call_round)
    if not ranked or not machines:
        raise NothingToAward(
            _("No ranked proposal has a score and asks time of this call. Rank proposals first.")
        )
    total = sum(machine.credits(machine.capacity) for machine in machines.values())
    entries = [
        _entry(proposal, mean, machines, total * parameters.cap_percent / PERCENT)
        for proposal, mean in ranked
    ]
    if parameters.weigh == "size":
        entries = _by_size(entries, machines)
    floors = [
        Floor(kind, total * percent / PERCENT)
        for kind, percent in sorted(parameters.floors.items())
        if percent
    ]
    return Problem(tuple(machines.values()), tuple(entries), tuple(floors), parameters.rules())


def _machines(budgets: list[CallBudget], instead: Mapping[str, int]) -> dict[int, Machine]:
    """By resource id. An hour of the only resource of a call is a credit."""
    resources = [budget.resource for budget in budgets]
    rates: dict[int, Any] = {resource.pk: 1 for resource in resources}
    if len(resources) > 1:
        rates = dict(rates_on(resources, timezone.localdate()))
    return {
        budget.resource_id: Machine(
            key=str(budget.resource_id),
            capacity=instead.get(
                str(budget.resource_id), budget.account.available if budget.account else 0
            ),
            rate=float(rates[budget.resource_id]),
            host=budget.resource.machine.code,
        )
        for budget in budgets
    }


def _ranked(call: Call, merit: str, call_round: CallRound | None) -> list[tuple[Proposal, float]]:
    """Those to be decided that have a score, the best first."""
    asked = ResourceRequest.objects.select_related("technical_review").order_by("pk")
    proposals = list(
        call.proposals.filter(
            within(call_round), state__in=[Proposal.State.RANKED, Proposal.State.WAITLISTED]
        )
        .select_related("institution", "access_type")
        .prefetch_related(Prefetch("requests", queryset=asked, to_attr="asked"))
        .order_by("number")
    )
    scores = _scores(call, proposals, merit, call_round)
    scored = [(p, score) for p in proposals if (score := scores.get(p.pk)) is not None]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].number))


def _scores(
    call: Call, proposals: list[Proposal], merit: str, call_round: CallRound | None
) -> dict[int, float | None]:
    if merit == "adjusted":
        return {pk: max(0.0, found.score) for pk, found in adjusted(call, call_round).items()}
    return {pk: standing.mean for pk, standing in standings_of(proposals).items()}


def _entry(proposal: Proposal, mean: float, machines: Mapping[int, Machine], cap: float) -> Entry:
    rows: list[ResourceRequest] = proposal.asked  # type: ignore[attr-defined]  # prefetched
    requests = tuple(
        Request(str(row.resource_id), row.seconds, _ceiling(row))
        for row in rows
        if row.resource_id in machines
    )
    limit = proposal.access_type.max_credit_seconds if proposal.access_type else None
    return Entry(
        key=proposal.number,
        merit=round(mean, 6),
        requests=requests,
        kind=proposal.institution.kind,
        cap_credits=cap if limit is None else min(cap, limit / HOUR),
    )


def _ceiling(row: ResourceRequest) -> int:
    """What the centre found feasible; nothing while it has not answered."""
    found = getattr(row, "technical_review", None)
    if found is None:
        return 0
    found.request = row
    return int(found.ceiling)


def _by_size(entries: list[Entry], machines: Mapping[int, Machine]) -> list[Entry]:
    """Weighed by the credits each asks, so that a large one counts as several small ones."""
    sizes = [
        sum(machines[int(r.machine)].credits(r.asked) for r in entry.requests) for entry in entries
    ]
    mean = sum(sizes) / len(sizes) or 1.0
    return [
        Entry(
            key=entry.key,
            merit=entry.merit,
            requests=entry.requests,
            kind=entry.kind,
            weight=size / mean if size else 1.0,
            cap_credits=entry.cap_credits,
        )
        for entry, size in zip(entries, sizes, strict=True)
    ]
