"""What a panel keeps from a member: the same conflicts as a reviewer's, in every place."""

from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from compute_grants.actions import panel
from compute_grants.models import DecisionLetter, Proposal, Review, Tie
from compute_grants.months import months_before
from compute_grants.policies import decision_sets as set_policy
from compute_grants.policies.conflicts import Code, conflicts_between
from compute_grants.policies.panel_interests import interests
from compute_grants.policies.reviews import can_decide
from compute_grants.queries.decision_sets import set_view
from compute_grants.queries.normalised import reviewed, score_rows
from compute_grants.queries.panel import board
from compute_grants.queries.proposals import feedback
from compute_grants.queries.tasks.panel import panel_tasks, to_sign
from compute_grants.queries.waitlist import waitlist
from consortium.models import User
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    PersonFactory,
    deployment_officer,
)
from tests.factories.proposals import TeamMemberFactory
from tests.factories.reviews import ReviewPolicyFactory, TieFactory, WaiverFactory

DAY = timedelta(days=1)


def days(count: int):
    return timezone.localdate() - count * DAY


def months(count: int, *, more: int = 0):
    return months_before(timezone.localdate(), count) - more * DAY


def works(person, institution, since=None, until=None):
    since = since or days(2_000)
    AffiliationFactory.create(user=person, institution=institution, since=since, until=until)


def home(person):
    return person.affiliations.get().institution


def family(judge, proposal):
    TieFactory.create(person=judge, kind="family", other_email=proposal.lead.email)


def family_of_the_lead(judge, proposal):
    TieFactory.create(person=proposal.lead, kind="family", other_email=judge.email)


def adviser_of_a_member(judge, proposal):
    member = TeamMemberFactory.create(proposal=proposal)
    TieFactory.create(person=judge, kind="advising", other_email=member.email, until=days(9_000))


def family_invited_by_address(judge, proposal):
    TeamMemberFactory.create(proposal=proposal, user=None, email="Kin@example.org")
    TieFactory.create(person=judge, kind="family", other_email="kin@example.org")


def co_author(judge, proposal):
    mail = proposal.lead.email
    TieFactory.create(person=judge, other_email=mail, until=months(48))


def co_editor(judge, proposal):
    mail = judge.email
    TieFactory.create(person=proposal.lead, kind="co_editor", other_email=mail, until=months(24))


def former_employer(judge, proposal):
    works(judge, proposal.institution, until=months(12))


def stated_employer(judge, proposal):
    TieFactory.create(person=judge, employment=True, institution=proposal.institution)


def former_colleague(judge, proposal):
    works(proposal.lead, home(judge), until=months(12))


def house_of_a_member(judge, proposal):
    member = TeamMemberFactory.create(proposal=proposal)
    works(member.user, home(judge))


def house_stated_of_a_member(judge, proposal):
    kin = {"user": None, "email": "new@example.org"}
    TeamMemberFactory.create(proposal=proposal, institution=home(judge), **kin)


def group_of_a_member(judge, proposal):
    house = home(judge)
    house.related_group = "g"
    house.save()
    member = TeamMemberFactory.create(proposal=proposal)
    works(member.user, InstitutionFactory.create(related_group="g"))


def on_the_team(judge, proposal):
    TeamMemberFactory.create(proposal=proposal, user=judge)


def declined_for_a_conflict(judge, proposal):
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge, declined=True)


def asked_to_review(judge, proposal):
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge)


CLOSING = [
    *(family, family_of_the_lead, adviser_of_a_member, family_invited_by_address),
    *(co_author, co_editor, former_employer, stated_employer, former_colleague),
    *(house_of_a_member, house_stated_of_a_member, group_of_a_member, on_the_team),
    *(declined_for_a_conflict, asked_to_review),
]


@pytest.mark.parametrize("bind", CLOSING)
def test_what_closes_a_proposal(call, judge, proposal, bind, django_assert_num_queries):
    other = make.proposal_for(call, state="ranked")
    assert interests(judge, [proposal, other]) == frozenset()
    assert can_decide(judge, proposal)
    bind(judge, proposal)
    judge = User.objects.get(pk=judge.pk)  # who they are and where they work is read once a request
    with django_assert_num_queries(3):
        assert interests(judge, [proposal, other]) == {proposal.pk}
    assert set(Proposal.objects.visible_to(judge)) == {other}
    assert not can_decide(judge, Proposal.objects.get(pk=proposal.pk))
    assert can_decide(judge, other)


def past_windows(judge, proposal):
    mail, lead = proposal.lead.email, proposal.lead
    TieFactory.create(person=judge, other_email=mail, until=months(48, more=1))
    TieFactory.create(person=judge, kind="co_editor", other_email=mail, until=months(24, more=1))
    TieFactory.create(person=judge, kind="family", other_email=mail, retracted=True)
    works(judge, proposal.institution, until=months(12, more=1))
    works(lead, home_now(judge), until=months(12, more=1))


def home_now(person):
    return person.affiliations.get(until=None).institution


def declined_for_time(judge, proposal):
    time = {"state": "declined", "declared": True, "decline_reason": "No time."}
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge, **time)


def invitation_taken_back(judge, proposal):
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge, state="withdrawn")


def tied_to_who_declined(judge, proposal):
    member = TeamMemberFactory.create(proposal=proposal, declined=True)
    TieFactory.create(person=judge, kind="family", other_email=member.email)


@pytest.mark.parametrize(
    "bind", [past_windows, declined_for_time, invitation_taken_back, tied_to_who_declined]
)
def test_what_closes_nothing(judge, proposal, bind):
    bind(judge, proposal)
    assert interests(judge, [proposal]) == frozenset()
    assert proposal in Proposal.objects.visible_to(judge)


def test_the_windows_in_force_count(judge, proposal):
    TieFactory.create(person=judge, other_email=proposal.lead.email, until=months(48, more=1))
    assert not interests(judge, [proposal])
    ReviewPolicyFactory.create(collaborator_months=60)
    assert interests(User.objects.get(pk=judge.pk), [proposal])


def test_the_other_side_of_the_wall_judges_nothing(proposal):
    assert interests(deployment_officer(), [proposal]) == {proposal.pk}


def test_a_waiver_is_leave_to_review_not_to_decide(judge, proposal):
    tie = TieFactory.create(person=judge, other_email=proposal.lead.email)
    ground = f"{Code.COLLABORATION}:{tie.pk}"
    WaiverFactory.create(proposal=proposal, reviewer=judge, ground=ground, approved=True)
    assert not conflicts_between([proposal], [judge])
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge, confirmed=True)
    assert proposal in Proposal.objects.visible_to(judge)  # as its reviewer
    assert not can_decide(judge, proposal)


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_what_is_found_of_reviewers(db, seed):
    """The filter and the reading of many at once, on a world of random ties, say the same."""
    pick = Random(seed)  # noqa: S311  a test's
    groups = ["", "", "g", "h"]
    houses = [InstitutionFactory.create(related_group=pick.choice(groups)) for _ in range(7)]
    people = PersonFactory.create_batch(14)
    for person in people:
        for house in pick.sample(houses, pick.randint(0, 2)):
            works(person, house, until=pick.choice([None, days(100), days(500)]))
    for _ in range(10):
        one, two = pick.sample(people, 2)
        until = pick.choice([None, days(400), days(1_000), days(2_000)])
        kind = pick.choice([k for k in Tie.Kind if k != Tie.Kind.EMPLOYMENT])
        TieFactory.create(person=one, kind=kind, other_email=two.email, until=until)
    for _ in range(3):
        house, until = pick.choice(houses), pick.choice([None, days(100), days(500)])
        TieFactory.create(
            person=pick.choice(people), employment=True, institution=house, until=until
        )
    call, proposals = make.call_with(state="in_review"), []
    for _ in range(8):
        lead, *team = pick.sample(people, pick.randint(1, 3))
        made = make.ProposalFactory.create(
            call=call, lead=lead, institution=pick.choice(houses), peer_review=True
        )
        for person in team:
            state = {pick.choice(["invited", "confirmed", "declined"]): True}
            TeamMemberFactory.create(proposal=made, user=person, **state)
        proposals.append(made)
    found = set(conflicts_between(proposals, people, waived=True))
    mine = {(pk, person.pk) for person in people for pk in interests(person, proposals)}
    assert mine == found and 0 < len(found) < len(proposals) * len(people)


# Everywhere


def _waiting(tasks, person) -> int:
    return sum(part.rows.count() for part in tasks(person))


@pytest.fixture
def tied(judge, proposal):
    """A proposal with a review that outdoes the others, whose lead is family of the judge."""
    make.review_of(proposal, (5, 5, 5))
    family(judge, proposal)
    return proposal


def test_lists_mask_it(call, judge, tied):
    shown = make.proposal_for(call, state="ranked")
    make.review_of(shown, (3, 3, 3))
    rows = [(row.number, row.masked) for row in board(call, judge)]
    assert rows == [(shown.number, False), (tied.number, True)]
    scores = [(row.number, row.hidden) for row in score_rows(call, reviewed(call), judge)]
    assert scores == [(shown.number, ""), (tied.number, "interest")]
    assert not Review.objects.visible_to(judge).filter(assignment__proposal=tied).exists()
    assert Review.objects.visible_to(judge).filter(assignment__proposal=shown).exists()


def test_sets_mask_it_and_others_sign(call, judge, tied):
    second, third = make.panellist(call), make.panellist(call)
    found = sets.proposed(second, sets.choice(tied))
    assert set_view(found, judge).rows[0].masked
    assert not set_policy.can_sign(judge, found) and not set_policy.can_change(judge, found)
    assert not set_policy.can_prepare(judge, call, [tied])
    assert set(set_policy.signers_of(found)) == {second, third}
    assert _waiting(to_sign, judge) == 0
    assert _waiting(to_sign, third) == 1


def test_nothing_to_decide_waits_for_who_stays_out(judge, tied):
    assert _waiting(panel_tasks, judge) == 0
    assert _waiting(panel_tasks, make.panellist(tied.call)) == 1


def test_a_place_on_the_waitlist_does_not_tell_the_merit(call, judge, tied):
    shown = make.proposal_for(call, state="ranked")
    make.review_of(shown, (3, 3, 3))
    other = make.panellist(call)
    for each in (tied, shown):
        panel.waitlist(each, reason="Later.", by=other)
    rows = [(row.position, row.number, row.masked) for row in waitlist(call, judge)]
    assert rows == [(1, shown.number, False), (None, tied.number, True)]
    assert [row.position for row in waitlist(call, other)] == [1, 2]


@pytest.mark.parametrize("bind", [family, on_the_team, house_of_a_member])
def test_its_letter_is_not_the_panels(call, judge, proposal, bind):
    second, third = make.panellist(call), make.panellist(call)
    sets.published(second, third, sets.choice(proposal))
    assert DecisionLetter.objects.visible_to(judge).count() == 1
    bind(judge, proposal)
    assert DecisionLetter.objects.visible_to(judge).count() == 0
    assert DecisionLetter.objects.visible_to(second).count() == 1
    assert DecisionLetter.objects.visible_to(proposal.lead).count() == 1


def test_reviews_of_who_declined_reach_no_applicant(call):
    proposal = make.proposal_for(call, state="rejected")
    kept, gone = make.review_of(proposal), make.review_of(proposal)
    gone.assignment.state, gone.assignment.conflict = "declined", "We publish together."
    gone.assignment.save()
    assert feedback(proposal) == [kept]
