"""What must hold once a call is decided and its grants are open, proved from stored rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import QuerySet, Sum

from bench.result import Failed
from compute_grants.models import (
    Acceptance,
    Allocation,
    AwardLine,
    Call,
    CallBudget,
    Capacity,
    DecisionLetter,
    DecisionSet,
    PanelDecision,
    Proposal,
)
from compute_grants.queries.award_letters import sha256_of as letter_sha256
from compute_grants.queries.decision_content import sha256_of

State = Proposal.State
Answer = Acceptance.State
Outcome = PanelDecision.Outcome
DECIDED = (State.AWARDED, State.WAITLISTED, State.REJECTED)
GIVEN_BACK = (Answer.DECLINED, Answer.LAPSED)


def check(call: Call) -> None:
    """Raises Failed, naming everything that is not as it must be."""
    found = [
        *_budgets(call),
        *_caps(call),
        *_signatures(call),
        *_awards(call),
        *_grants(call),
        *_declined(call),
    ]
    if found:
        raise Failed("\n".join(found))


def _budgets(call: Call) -> Iterator[str]:
    """By resource: what is awarded against the budget, its account, and what is certified."""
    standing = AwardLine.objects.filter(decision__proposal__call=call)
    standing = standing.exclude(decision__acceptance__state__in=GIVEN_BACK)
    awarded = _sums(standing.values_list("request__resource", "seconds"))
    grants = Allocation.objects.filter(proposal__call=call)
    granted = _sums((row.resource_id, row.promised_seconds) for row in grants)
    budgets = list(CallBudget.objects.filter(call=call).select_related("account", "resource"))
    for budget in budgets:
        given, account = awarded[budget.resource_id], budget.account
        if account is None or account.available < 0:
            yield f"{budget}: its account is overdrawn"
        elif not given == granted[budget.resource_id] == budget.seconds - account.available:
            yield f"{budget}: awarded {given}, granted {granted[budget.resource_id]}, ledger not so"
        if given > budget.seconds:
            yield f"{budget}: awarded {given} of {budget.seconds}"
        if given > (there := _certified(call, budget)):
            yield f"{budget}: awarded {given}, certified {there}"
    if outside := set(awarded) - {budget.resource_id for budget in budgets}:
        yield f"awarded on resources without a budget: {outside}"


def _sums(rows: Iterable[tuple[int, int]]) -> defaultdict[int, int]:
    sums: defaultdict[int, int] = defaultdict(int)
    for key, seconds in rows:
        sums[key] += seconds
    return sums


def _certified(call: Call, budget: CallBudget) -> int:
    """Seconds of the months in which awards of the call may be used."""
    rows = Capacity.objects.filter(resource=budget.resource_id)
    if call.awards_from and call.awards_until:
        rows = rows.filter(month__gte=call.awards_from.replace(day=1), month__lte=call.awards_until)
    total: int = rows.aggregate(all=Sum("seconds", default=0))["all"]
    return total


def _caps(call: Call) -> Iterator[str]:
    lines = AwardLine.objects.filter(decision__proposal__call=call)
    for line in lines.select_related("request__technical_review", "decision__proposal"):
        review = line.request.technical_review
        cap = 0 if review.verdict == "infeasible" else line.request.seconds
        if review.cap_seconds is not None:
            cap = min(cap, review.cap_seconds)
        if not 0 < line.seconds <= cap:
            yield f"{line.decision.proposal.number}: awarded {line.seconds}, cap {cap}"


def _signatures(call: Call) -> Iterator[str]:
    """Two people signed what each published set says to this day."""
    for found in call.decision_sets.filter(state=DecisionSet.State.PUBLISHED):
        signatures = list(found.signatures.all())
        if len({row.by_id for row in signatures}) < DecisionSet.SIGNATURES:
            yield f"{found}: signed by {len(signatures)}"
        if {row.content_sha256 for row in signatures} != {sha256_of(found)}:
            yield f"{found}: says something else than was signed"


def _decisions(call: Call, outcome: str) -> QuerySet[PanelDecision]:
    rows = PanelDecision.objects.filter(proposal__call=call, outcome=outcome)
    return rows.select_related("proposal", "letter", "acceptance").prefetch_related("lines")


def _awards(call: Call) -> Iterator[str]:
    """Each awarded proposal has one award, with its letter, and its lead's answer to that."""
    awards = list(_decisions(call, Outcome.AWARDED))
    numbers = sorted(row.proposal.number for row in awards)
    states = call.proposals.filter(state=State.AWARDED).order_by("number")
    if numbers != list(states.values_list("number", flat=True)):
        yield "awards are not those of the awarded proposals, one each"
    for row in awards:
        number, letter = row.proposal.number, _letter(row)
        answer = getattr(row, "acceptance", None)
        if letter is None:
            yield f"{number}: no letter, or not the one that was issued"
            continue
        written = sorted(line["seconds"] for line in letter.content["lines"])
        if written != sorted(line.seconds for line in row.lines.all()):
            yield f"{number}: the letter says {written}"
        if answer is None or answer.state == Answer.OFFERED:
            yield f"{number}: not answered"
        elif answer.state == Answer.ACCEPTED and answer.letter_sha256 != letter.sha256:
            yield f"{number}: another letter was accepted"


def _letter(row: PanelDecision) -> DecisionLetter | None:
    """The decision's letter, if it still is what was issued."""
    found: DecisionLetter | None = getattr(row, "letter", None)
    return found if found and found.sha256 == letter_sha256(found.content) else None


def _grants(call: Call) -> Iterator[str]:
    """One for each line of an award: open where it was accepted, else closed and empty."""
    for row in _decisions(call, Outcome.AWARDED):
        answer = getattr(row, "acceptance", None)
        accepted = answer is not None and answer.state == Answer.ACCEPTED
        grants = list(Allocation.objects.filter(proposal=row.proposal_id))
        if len(grants) != len(row.lines.all()):
            yield f"{row.proposal.number}: {len(grants)} grants"
        for grant in grants:
            if accepted != (grant.state == Allocation.State.ACTIVE):
                yield f"{grant}: {grant.state}, accepted: {accepted}"
            if not accepted and grant.promised_seconds:
                yield f"{grant}: given back, and holds {grant.promised_seconds}"


def _declined(call: Call) -> Iterator[str]:
    """Nothing is undecided; whoever got no time was told why."""
    for proposal in call.proposals.prefetch_related("decisions"):
        decisions = list(proposal.decisions.all())
        if proposal.state not in DECIDED or not decisions:
            yield f"{proposal.number} is {proposal.state}, decided {len(decisions)} times"
        elif not all(row.reason.strip() for row in decisions):
            yield f"{proposal.number}: {proposal.state} without a reason"
    for row in _decisions(call, Outcome.REJECTED):
        if _letter(row) is None:
            yield f"{row.proposal.number}: no letter, or not the one that was issued"
