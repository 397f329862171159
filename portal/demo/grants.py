"""Calls, proposals, reviews and awards, each step at its day and by the person it belongs to."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import (
    acceptances,
    access_types,
    call_terms,
    calls,
    decision_sets,
    panel,
    proposals,
    reviews,
    technical,
)
from compute_grants.actions.decision_sets import Choice
from compute_grants.actions.rounds import Window
from compute_grants.models import (
    Acceptance,
    AccessType,
    Call,
    DecisionLetter,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
)
from compute_grants.queries.decision_content import sha256_of
from consortium.models import Institution, User
from portal.demo import clock, proposal_parts
from portal.demo.content_calls import (
    ACCESS_TYPES,
    CALLS,
    DECISION_DAYS,
    REVIEW_DAYS,
    RUBRIC,
    RULES_EN,
    RULES_ZH,
    TERMS,
    CallRow,
    Terms,
)
from portal.demo.content_machines import MACHINES
from portal.demo.content_people import PEOPLE
from portal.demo.content_proposals import PROPOSALS, ProposalRow
from portal.demo.machines import resource
from portal.demo.people import person

HOUR = 3600
OFFICE = "shen.ruolan"
PANEL = ("ouyang.qin", "kong.lingyi", "p.solheim")
REVIEWERS = tuple(row.handle for row in PEOPLE if row.topics and not row.panel)
STATES = [state.value for state in Call.State]
# The steps a proposal takes, in order; each row of the demo stops after its own.
STEPS = ("draft", "submitted", "technical_review", "peer_review", "ranked", "decided")
REACHES = {
    "draft": "draft",
    "withdrawn": "submitted",
    "returned": "submitted",
    "submitted": "submitted",
    "technical_review": "technical_review",
    "peer_review": "peer_review",
    "ranked": "ranked",
}


def load() -> None:
    with clock.at(clock.days(-450)):
        _make_access_types()
    for row in CALLS:
        _run_call(row, [p for p in PROPOSALS if p.call == row.key])


def _reaches(row: CallRow, state: str) -> bool:
    return STATES.index(row.reaches) >= STATES.index(state)


def _steps(row: ProposalRow) -> tuple[str, ...]:
    last = REACHES.get(row.reaches, "decided")
    return STEPS[: STEPS.index(last) + 1]


def _run_call(row: CallRow, rows: Iterable[ProposalRow]) -> None:
    rows = list(rows)
    with clock.at(clock.days(min(row.opens, 0) - 14)):
        call = _publish(row)
    if not _reaches(row, "open"):
        return
    with clock.at(clock.days(row.opens) + timedelta(minutes=1)):
        call = calls.open_(call, by=person(OFFICE))
    drafts = {p: _draft(call, row, p) for p in rows}
    if not _reaches(row, "in_review"):
        return
    with clock.at(clock.days(row.closes) + timedelta(minutes=1)):
        call = calls.close_to_review(call, by=person(OFFICE))
    _review(call, row, drafts)
    with clock.at(clock.days(row.closes + 11)):
        _decide(call, row, drafts)


def _publish(row: CallRow) -> Call:
    office = person(OFFICE)
    awards = TERMS.get(row.key, Terms()).awards
    call = calls.create(
        by=office,
        kind=row.kind,
        stage=row.stage,
        title_en=row.title_en,
        title_zh=row.title_zh,
        summary_en=row.summary_en,
        summary_zh=row.summary_zh,
        rules_en=RULES_EN,
        rules_zh=RULES_ZH,
        opens_at=clock.days(row.opens),
        closes_at=clock.days(row.closes),
        awards_from=awards and clock.days(awards[0]).date(),
        awards_until=awards and clock.days(awards[1]).date(),
    )
    lines = [
        calls.Line(name_en, name_zh, weight, anchors_en, anchors_zh)
        for name_en, name_zh, anchors_en, anchors_zh, weight in RUBRIC
    ]
    calls.set_rubric(call, lines=lines, by=office)
    for (machine, tres), hours in row.budget.items():
        calls.set_budget(call, resource=resource(machine, tres), seconds=hours * HOUR, by=office)
    call = _set_terms(call, row)
    calls.set_panel(call, panel=[person(handle) for handle in PANEL], by=office)
    if _reaches(row, "published"):
        call = calls.publish(call, by=office)
        for handle in TERMS.get(row.key, Terms()).followers:
            call_terms.follow(call, by=person(handle))
    return call


def _make_access_types() -> None:
    for row in ACCESS_TYPES:
        access_types.create(
            by=person(OFFICE),
            code=row.code,
            name_en=row.name_en,
            name_zh=row.name_zh,
            description_en=row.description_en,
            description_zh=row.description_zh,
            depth=row.depth,
            reviewers=row.reviewers,
            months=row.months,
            min_credit_seconds=row.least and row.least * HOUR,
            max_credit_seconds=row.most and row.most * HOUR,
            needs_benchmark=row.needs_benchmark,
            gives_benchmark=row.gives_benchmark,
        )


def _set_terms(call: Call, row: CallRow) -> Call:
    """Rounds with the days of reviews and decisions, eligibility rules and access types."""
    terms, office = TERMS.get(row.key, Terms()), person(OFFICE)
    windows = [
        Window(
            clock.days(opens),
            clock.days(closes),
            clock.days(closes + REVIEW_DAYS),
            clock.days(closes + DECISION_DAYS),
        )
        for opens, closes in ((row.opens, row.closes), *terms.more)
    ]
    call = call_terms.set_rounds(call, windows=windows, by=office)
    if terms.conditions:
        conditions = [call_terms.Condition(*condition) for condition in terms.conditions]
        call = call_terms.set_eligibility(call, conditions=conditions, by=office)
    if terms.access_types:
        kinds = AccessType.objects.filter(code__in=terms.access_types, current=True)
        call = call_terms.set_access(call, access_types=list(kinds), by=office)
    return call


def _institution(handle: str) -> Institution:
    slug = next(row.institution for row in PEOPLE if row.handle == handle)
    return Institution.objects.get(slug=slug)


def _draft(call: Call, row: CallRow, wanted: ProposalRow) -> Proposal:
    """The lead writes within the window, a few days after it opened."""
    last = min(0, row.closes)
    with clock.at(clock.days(row.opens + (last - row.opens) * 0.6)):
        lead = person(wanted.lead)
        proposal = proposals.start(
            call,
            institution=_institution(wanted.lead),
            by=lead,
            title_en=wanted.title_en,
            title_zh=wanted.title_zh,
            summary=wanted.summary,
        )
        if wanted.reaches == "draft":
            proposal_parts.invite_colleague(proposal, wanted, lead)
            return proposal
        _fill_in(proposal, wanted, lead)
        proposals.submit(proposal, by=lead)
        if wanted.reaches == "withdrawn":
            proposals.withdraw(proposal, reason="Merged into another proposal.", by=lead)
        if wanted.reaches == "returned":
            reason = "State the origin and licence of the hospital data."
            proposals.send_back(proposal, reason=reason, by=person(OFFICE))
    return proposal


def _fill_in(proposal: Proposal, wanted: ProposalRow, lead: User) -> None:
    proposals.save(
        proposal,
        version=Proposal.objects.get(pk=proposal.pk).version,
        by=lead,
        science_case=(
            f"{wanted.summary} The question, the method and the checks against measurements are "
            "set out with the figures of a pilot run, and the results that would make us stop."
        ),
        software=(
            "PyTorch in a container, under a BSD licence; the training code is the group's own "
            "and open. Nothing is to be installed by the centre."
        ),
        data_ethics=(
            "All data sets carry a licence that allows training; their origin is documented. "
            "No personal data leaves the institution that holds it."
        ),
        energy=("Runs that do not improve are stopped early; the pilot's checkpoints are reused."),
    )
    proposals.ask(
        proposal,
        resource=resource(wanted.machine, wanted.tres),
        precision=wanted.precision,
        seconds=wanted.hours * HOUR,
        cards=wanted.width,
        justification=(
            f"{wanted.hours:,} hours at {wanted.precision} over widths up to {wanted.width:,}; "
            "pilot runs scaled to a quarter of that width at 91 % efficiency."
        ),
        by=lead,
    )
    proposal_parts.fill_in(proposal, wanted, lead)


def _review(call: Call, row: CallRow, drafts: dict[ProposalRow, Proposal]) -> None:
    with clock.at(clock.days(row.closes + 1)):
        for wanted, proposal in drafts.items():
            if "technical_review" in _steps(wanted):
                proposals.send_to_centres(proposal, by=person(OFFICE))
    with clock.at(clock.days(row.closes + 3)):
        for wanted, proposal in drafts.items():
            if "peer_review" in _steps(wanted):
                _judge_feasibility(proposal)
                _invite(call, proposal)
    with clock.at(clock.days(row.closes + 9)):
        for wanted, proposal in drafts.items():
            if "ranked" in _steps(wanted):
                _score(call, proposal, generous=wanted.reaches != "rejected")


def _judge_feasibility(proposal: Proposal) -> None:
    requests = ResourceRequest.objects.filter(proposal=proposal)
    for request in requests.select_related("resource__machine"):
        code = request.resource.machine.code
        operator = next(row.operator for row in MACHINES if row.code == code)
        technical.judge_feasibility(
            request,
            verdict="feasible",
            reason="Width and memory fit; checkpoints fit the scratch file system.",
            by=person(operator),
        )


def _invite(call: Call, proposal: Proposal) -> None:
    """The office invites the first reviewers without a conflict."""
    invited = 0
    for handle in REVIEWERS:
        if invited == call.reviewers_per_proposal:
            return
        try:
            reviews.assign(
                proposal,
                reviewer=person(handle),
                due_at=timezone.now() + timedelta(days=14),
                by=person(OFFICE),
            )
        except reviews.Conflict:
            continue
        invited += 1


def _score(call: Call, proposal: Proposal, *, generous: bool) -> None:
    for assignment in ReviewAssignment.objects.filter(proposal=proposal):
        reviewer = User.objects.get(pk=assignment.reviewer_id)
        reviews.declare(assignment, conflict="", by=reviewer)
        marks = {
            criterion.pk: reviews.Mark(
                _mark(proposal.number, reviewer.email, criterion.name_en, generous=generous),
                f"{criterion.name_en}: the pilot figures support this score.",
            )
            for criterion in call.criteria.all()
        }
        comment = "Clear plan; the scaling evidence is the strongest part."
        reviews.submit(assignment, marks=marks, comment=comment, by=reviewer)


def _mark(*parts: str, generous: bool) -> int:
    """A score that is the same at every loading: 3 to 5, or 1 to 3."""
    digit = hashlib.sha256("|".join(parts).encode()).digest()[0] % 3
    return 3 + digit if generous else 1 + digit


def _judges(proposal: Proposal) -> tuple[str, str]:
    """Two of the panel who have no interest in the proposal: who prepares, and who signs too."""
    home = proposal.institution.slug
    rows = {row.handle: row for row in PEOPLE}
    first, second = [handle for handle in PANEL if rows[handle].institution != home][:2]
    return first, second


def _decide(call: Call, row: CallRow, drafts: dict[ProposalRow, Proposal]) -> None:
    """One set of decisions for each pair of the panel that can sign it."""
    if any("ranked" in _steps(wanted) for wanted in drafts):
        panel.rank(call, by=person(PANEL[0]))
    sets: dict[tuple[str, str], list[Choice]] = {}
    for wanted, proposal in drafts.items():
        if "decided" in _steps(wanted):
            sets.setdefault(_judges(proposal), []).append(_choice(proposal, wanted))
    for (first, second), choices in sets.items():
        found = decision_sets.prepare(call, choices=choices, by=person(first))
        decision_sets.propose(found, by=person(first))
        for handle in (first, second):
            found = decision_sets.sign(
                found, content_sha256=sha256_of(found), by=person(handle), method="password"
            )
    for acceptance in Acceptance.objects.open().filter(decision__proposal__call=call):
        letter = DecisionLetter.objects.get(decision=acceptance.decision)
        lead = User.objects.get(pk=acceptance.decision.proposal.lead_id)
        acceptances.accept(acceptance, letter_sha256=letter.sha256, by=lead)
    if _reaches(row, "decided"):
        call = calls.decide(call, by=person(OFFICE))
    if _reaches(row, "closed"):
        calls.close(call, by=person(OFFICE))


def _choice(proposal: Proposal, wanted: ProposalRow) -> Choice:
    if wanted.reaches == "rejected":
        reason = "Ranked below the cut line; the budget ends two places above."
        return Choice(proposal, "rejected", reason=reason)
    if wanted.reaches == "waitlisted":
        reason = "Above the quality line; no hours left on this machine."
        return Choice(proposal, "waitlisted", reason=reason)
    request = ResourceRequest.objects.get(proposal=proposal)
    starts = timezone.localdate() + timedelta(days=7)
    return Choice(
        proposal,
        "awarded",
        {request.pk: wanted.awarded * HOUR},
        starts,
        starts + timedelta(days=365 if wanted.call != "root-2025" else 540),
        "Among the best in merit and in use of the machine.",
    )
