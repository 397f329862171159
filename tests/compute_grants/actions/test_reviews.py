from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import reviews, technical
from compute_grants.actions.reviews import Mark
from compute_grants.models import Proposal, Review, ReviewAssignment
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Reviewer
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR


@pytest.fixture
def call(db):
    return make.call_with(make.machine().resources.get(), make.machine().resources.get())


@pytest.fixture
def asked(call) -> Proposal:
    """In technical review, asking for time on two machines."""
    return make.proposal_for(call, state="technical_review", hours=100)


@pytest.fixture
def reviewed(call) -> Proposal:
    return make.proposal_for(call, state="peer_review")


@pytest.fixture
def office(db):
    return research_officer()


def centre_of(request):
    return make.operator_of(request.resource.machine.centre)


def judge(request, verdict="feasible", **more):
    by = more.pop("by", None) or centre_of(request)
    return technical.judge_feasibility(request, verdict=verdict, reason="Why.", by=by, **more)


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


# By the centres


def test_the_last_answer_moves_the_proposal_on(asked):
    first, second = asked.requests.all()
    judge(first)
    asked.refresh_from_db()
    assert asked.state == "technical_review"
    judge(second, "partly", cap_seconds=10 * HOUR)
    asked.refresh_from_db()
    assert asked.state == "peer_review"
    assert second.technical_review.ceiling == 10 * HOUR
    assert events() == ["proposal.technically_reviewed"] * 2 + ["proposal.in_peer_review"]


def test_nothing_feasible_stays_with_the_office(asked):
    for request in asked.requests.all():
        assert judge(request, "infeasible").ceiling == 0
    asked.refresh_from_db()
    assert asked.state == "technical_review"


def test_one_machine_that_can_is_enough(asked):
    first, second = asked.requests.all()
    judge(first, "infeasible")
    judge(second)
    asked.refresh_from_db()
    assert asked.state == "peer_review"


def test_a_centre_corrects_itself_while_others_answer(asked):
    first = asked.requests.first()
    judge(first, "infeasible")
    assert judge(first).verdict == "feasible"


@pytest.mark.parametrize(
    ("verdict", "cap"),
    [
        ("partly", None),
        ("partly", 0),
        ("partly", 100 * HOUR),
        ("feasible", HOUR),
        ("infeasible", 1),
    ],
)
def test_a_cap_belongs_to_partly_and_lies_below_what_is_asked(asked, verdict, cap):
    with pytest.raises(Invalid) as caught:
        judge(asked.requests.first(), verdict, cap_seconds=cap)
    assert "cap_hours" in caught.value.errors


@pytest.mark.parametrize("who", [member, operator, research_officer, reviewer])
def test_only_the_machines_own_centre_answers(asked, who):
    with pytest.raises(PermissionDenied):
        judge(asked.requests.first(), by=who())
    assert not events()


def test_not_the_other_centre_that_is_asked_too(asked):
    first, second = asked.requests.all()
    with pytest.raises(PermissionDenied, match="another centre"):
        judge(first, by=centre_of(second))


def test_no_operator_answers_on_their_own_proposal(call):
    request_owner = make.operator_of(call.budgets.first().resource.machine.centre)
    own = make.proposal_for(call, state="technical_review", lead=request_owner)
    with pytest.raises(PermissionDenied, match="your own"):
        judge(own.requests.first(), by=request_owner)


@pytest.mark.parametrize("state", ["submitted", "peer_review", "ranked", "withdrawn"])
def test_only_in_technical_review(call, state):
    proposal = make.proposal_for(call, state=state, feasible=False)
    with pytest.raises(technical.NotUnderReview):
        judge(proposal.requests.first())


# Inviting


def invite(proposal, person, by) -> ReviewAssignment:
    due_at = timezone.now() + timedelta(days=14)
    return reviews.assign(proposal, reviewer=person, due_at=due_at, by=by)


def test_the_office_invites(reviewed, office):
    person = reviewer()
    assert invite(reviewed, person, office).state == "invited"
    assert events() == ["review.invited"]
    with pytest.raises(reviews.AlreadyInvited):
        invite(reviewed, person, office)


@pytest.mark.parametrize("who", [member, operator, reviewer, principal])
def test_nobody_else_invites(reviewed, who):
    with pytest.raises(PermissionDenied):
        invite(reviewed, reviewer(), who())


@pytest.mark.parametrize("state", ["submitted", "technical_review", "ranked", "awarded"])
def test_only_while_in_peer_review(call, office, state):
    proposal = make.proposal_for(call, state=state)
    with pytest.raises(technical.NotUnderReview):
        invite(proposal, reviewer(), office)


def test_a_colleague_is_refused(reviewed, office):
    with pytest.raises(reviews.Conflict, match="institution or its related group"):
        invite(reviewed, reviewer(reviewed.institution), office)


def test_so_is_somebody_of_the_same_group(call, office):
    house = InstitutionFactory.create(related_group="north")
    sister = InstitutionFactory.create(related_group="north")
    proposal = make.proposal_for(call, state="peer_review", institution=house)
    with pytest.raises(reviews.Conflict, match="related group"):
        invite(proposal, reviewer(sister), office)


def test_two_institutions_without_a_group_are_strangers(reviewed, office):
    assert invite(reviewed, reviewer(InstitutionFactory.create()), office).pk


@pytest.mark.parametrize(("days", "refused"), [(1, True), (300, True), (400, False)])
def test_a_former_colleague_waits_a_year(reviewed, office, days, refused):
    person = reviewer()
    left = timezone.localdate() - timedelta(days=days)
    AffiliationFactory.create(user=person, institution=reviewed.institution, since=left, until=left)
    if refused:
        with pytest.raises(reviews.Conflict, match="less than 12 months ago"):
            invite(reviewed, person, office)
    else:
        assert invite(reviewed, person, office).pk


def test_the_lead_is_refused(call, office):
    lead = reviewer()
    proposal = make.proposal_for(call, state="peer_review", lead=lead)
    with pytest.raises(reviews.Conflict, match="leads this"):
        invite(proposal, lead, office)


def test_so_are_the_deployment_office_and_people_of_no_standing(reviewed, office):
    officer = deployment_officer()
    with pytest.raises(reviews.Conflict, match="not a reviewer"):
        invite(reviewed, officer, office)
    Reviewer.objects.create(user=officer, since=timezone.localdate())
    with pytest.raises(reviews.Conflict, match="deployment office"):
        invite(reviewed, officer, office)


def test_standing_that_ended_is_none(reviewed, office):
    person = reviewer()
    person.reviewer.until = timezone.localdate() - timedelta(days=1)
    person.reviewer.save()
    with pytest.raises(reviews.Conflict, match="not a reviewer"):
        invite(reviewed, person, office)


# Declaring


def test_no_conflict_opens_the_proposal(reviewed):
    assignment = make.AssignmentFactory.create(proposal=reviewed)
    person = assignment.reviewer
    assert not Proposal.objects.visible_to(person).exists()
    reviews.declare(assignment, conflict="", by=person)
    assert Proposal.objects.visible_to(person).get() == reviewed
    assert events() == ["review.confirmed"]


def test_a_conflict_declines(reviewed):
    assignment = make.AssignmentFactory.create(proposal=reviewed)
    done = reviews.declare(assignment, conflict="My student.", by=assignment.reviewer)
    assert (done.state, done.conflict) == ("declined", "My student.")
    assert not Proposal.objects.visible_to(assignment.reviewer).exists()


def test_a_conflict_found_while_reading_closes_it_again(reviewed):
    assignment = make.AssignmentFactory.create(proposal=reviewed, confirmed=True)
    reviews.declare(assignment, conflict="Same data.", by=assignment.reviewer)
    assert not Proposal.objects.visible_to(assignment.reviewer).exists()


def test_none_declared_but_one_known(reviewed):
    assignment = make.AssignmentFactory.create(proposal=reviewed)
    AffiliationFactory.create(user=assignment.reviewer, institution=reviewed.institution)
    with pytest.raises(reviews.Conflict):
        reviews.declare(assignment, conflict="", by=assignment.reviewer)
    assignment.refresh_from_db()
    assert assignment.state == "invited"


def test_only_the_invited_declares(reviewed, office):
    assignment = make.AssignmentFactory.create(proposal=reviewed)
    for who in (office, reviewer()):
        with pytest.raises(PermissionDenied):
            reviews.declare(assignment, conflict="", by=who)


@pytest.mark.parametrize("trait", ["declined", "submitted"])
def test_a_declaration_stands(reviewed, trait):
    assignment = make.AssignmentFactory.create(proposal=reviewed, **{trait: True})
    with pytest.raises(WrongState):
        reviews.declare(assignment, conflict="Late.", by=assignment.reviewer)


# Reviewing


def marks(proposal, *values, reason="Because.") -> dict[int, Mark]:
    criteria = proposal.call.criteria.values_list("pk", flat=True)
    return {pk: Mark(v, reason) for pk, v in zip(criteria, values or (5, 3, 0), strict=True)}


def submit(assignment, given=None, by=None) -> Review:
    given = given if given is not None else marks(assignment.proposal)
    by = by or assignment.reviewer
    return reviews.submit(assignment, marks=given, comment="Good.", by=by)


@pytest.fixture
def confirmed(reviewed) -> ReviewAssignment:
    return make.AssignmentFactory.create(proposal=reviewed, confirmed=True)


def test_submit_a_review(confirmed):
    review = submit(confirmed)
    assert sorted(review.scores.values_list("value", flat=True)) == [0, 3, 5]
    confirmed.refresh_from_db()
    assert confirmed.state == "submitted"
    assert events() == ["review.submitted"]


def test_once(confirmed):
    submit(confirmed)
    with pytest.raises(WrongState):
        submit(confirmed)


@pytest.mark.parametrize("trait", ["", "declined"])
def test_only_after_confirming(reviewed, trait):
    assignment = make.AssignmentFactory.create(proposal=reviewed, **{trait: True} if trait else {})
    with pytest.raises(WrongState):
        submit(assignment)
    assert not Review.objects.exists()


def test_only_by_its_reviewer(confirmed, office):
    for who in (office, reviewer(), confirmed.proposal.lead):
        with pytest.raises(PermissionDenied):
            submit(confirmed, by=who)


def test_not_once_standing_has_ended(confirmed):
    person = confirmed.reviewer
    person.reviewer.until = timezone.localdate() - timedelta(days=1)
    person.reviewer.save()
    with pytest.raises(PermissionDenied, match="standing"):
        submit(confirmed, by=type(person).objects.get(pk=person.pk))


@pytest.mark.parametrize("value", [-1, 6, 100])
def test_scores_run_from_0_to_5(confirmed, value):
    with pytest.raises(Invalid) as caught:
        submit(confirmed, marks(confirmed.proposal, 3, value, 3))
    (field,) = caught.value.errors
    assert field.startswith("score_")


def test_a_reason_for_each(confirmed):
    with pytest.raises(Invalid) as caught:
        submit(confirmed, marks(confirmed.proposal, reason=" "))
    assert {name.split("_")[0] for name in caught.value.errors} == {"reason"}


def test_every_criterion_and_no_other(confirmed):
    given = marks(confirmed.proposal)
    missing = dict(list(given.items())[1:])
    foreign = given | {make.CallFactory.create().criteria.first().pk: Mark(1, "x")}
    for wrong in ({}, missing, foreign):
        with pytest.raises(Invalid, match="every criterion"):
            submit(confirmed, wrong)


@pytest.mark.parametrize("state", ["ranked", "awarded", "withdrawn"])
def test_not_after_peer_review(confirmed, state):
    proposal = confirmed.proposal
    proposal.state = state
    proposal.save()
    with pytest.raises(technical.NotUnderReview):
        submit(confirmed)


# Who reads reviews


def test_others_reviews_stay_hidden_until_mine_is_in(confirmed):
    other = make.review_of(confirmed.proposal)
    assert not Review.objects.visible_to(confirmed.reviewer).exists()
    mine = submit(confirmed)
    assert set(Review.objects.visible_to(confirmed.reviewer)) == {mine, other}


def test_even_for_a_reviewer_on_the_panel(confirmed):
    make.review_of(confirmed.proposal)
    confirmed.proposal.call.panel.add(confirmed.reviewer)
    assert not Review.objects.visible_to(confirmed.reviewer).exists()


def test_who_else_reads_them(reviewed, office):
    review = make.review_of(reviewed)
    assert Review.objects.visible_to(office).get() == review
    assert Review.objects.visible_to(make.panellist(reviewed.call)).get() == review
    others = (
        reviewed.lead,
        make.panellist(),
        make.operator_of(reviewed.requests.first().resource.machine.centre),
        deployment_officer(),
        member(),
        reviewer(),
    )
    for person in others:
        assert not Review.objects.visible_to(person).exists()


def test_a_panel_member_of_the_same_house_does_not(reviewed):
    make.review_of(reviewed)
    colleague = reviewer(reviewed.institution, panellist=True)
    reviewed.call.panel.add(colleague)
    assert not Review.objects.visible_to(colleague).exists()
