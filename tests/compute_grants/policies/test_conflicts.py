"""Who may not review what, case by case."""

from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from compute_grants.models import Tie
from compute_grants.months import months_before
from compute_grants.policies.conflicts import (
    NEVER_WAIVED,
    Code,
    Reason,
    conflicts_between,
    detected_conflicts,
    weigh,
)
from consortium.models import Affiliation
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    deployment_officer,
    reviewer,
)
from tests.factories.proposals import TeamMemberFactory
from tests.factories.reviews import ReviewPolicyFactory, TieFactory, WaiverFactory

DAY = timedelta(days=1)


@pytest.fixture
def proposal(db):
    return make.ProposalFactory.create(peer_review=True)


@pytest.fixture
def person(db):
    return reviewer()


def months_ago(months: int, *, days: int = 0) -> date:
    return months_before(timezone.localdate(), months) - timedelta(days=days)


def codes(proposal, person, **more) -> list[Code]:
    found = conflicts_between([proposal], [person], **more)
    return [reason.code for reason in found.get((proposal.pk, person.pk), [])]


def works(person, institution, *, until=None):
    since = (until or timezone.localdate()) - 100 * DAY
    AffiliationFactory.create(user=person, institution=institution, since=since, until=until)


def tie(kind, one, other, *, until=None, **more) -> Tie:
    return TieFactory.create(person=one, other_email=other.email, kind=kind, until=until, **more)


def test_strangers_have_none(proposal, person):
    assert codes(proposal, person) == []
    assert conflicts_between([proposal], [person]) == {}


def test_nobody_and_nothing(proposal, person):
    assert conflicts_between([], [person]) == {}
    assert conflicts_between([proposal], []) == {}


def test_where_people_work_is_known_besides(proposal, person, django_assert_num_queries):
    """Also where an employment that was stated has not ended yet, and not where it has."""
    grouped, left = InstitutionFactory.create(related_group="g"), InstitutionFactory.create()
    today, stated = timezone.localdate(), {"kind": Tie.Kind.EMPLOYMENT, "other_email": ""}
    TieFactory.create(person=person, institution=grouped, until=today + DAY, **stated)
    TieFactory.create(person=person, institution=left, until=today - DAY, **stated)
    home = person.affiliations.values_list("institution", flat=True)
    here = {"group g", *(f"institution {pk}" for pk in home)}
    with django_assert_num_queries(3):
        found = weigh([proposal], [person])
    assert found.houses == {person.pk: here}
    assert weigh([], [person]).houses == found.houses


# Own


def test_the_lead(proposal):
    assert Code.LEAD in codes(proposal, proposal.lead)


def test_the_other_side_of_the_wall(proposal):
    assert codes(proposal, deployment_officer()) == [Code.WALL]


def test_the_team(proposal, person):
    TeamMemberFactory.create(proposal=proposal, user=person, confirmed=True)
    assert Code.TEAM in codes(proposal, person)
    colleague = reviewer(person.affiliations.get().institution)
    assert codes(proposal, colleague) == [Code.INSTITUTION]
    friend = reviewer()
    tie(Tie.Kind.CO_EDITOR, friend, person)
    assert codes(proposal, friend) == [Code.CO_EDITOR]
    WaiverFactory.create(proposal=proposal, reviewer=person, ground="team:0", approved=True)
    assert Code.TEAM in codes(proposal, person)


# Institutions: (where the reviewer stands to the proposal's house) -> the conflict


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (None, [Code.INSTITUTION]),
        (0, [Code.INSTITUTION]),  # today is the last day, inclusive
        (1, [Code.FORMER_EMPLOYER]),
        (200, [Code.FORMER_EMPLOYER]),
        (500, []),
    ],
)
@pytest.mark.parametrize("related", [False, True], ids=["same", "group"])
@pytest.mark.parametrize("how", ["affiliation", "tie"])
def test_the_proposals_house(person, left, found, related, how):
    house = InstitutionFactory.create(related_group="north" if related else "")
    sister = InstitutionFactory.create(related_group="north") if related else house
    proposal = make.ProposalFactory.create(peer_review=True, institution=house)
    until = None if left is None else timezone.localdate() - left * DAY
    if how == "affiliation":
        works(person, sister, until=until)
    else:
        TieFactory.create(employment=True, person=person, institution=sister, until=until)
    assert codes(proposal, person) == found


def test_the_leads_other_institution_counts_too(proposal, person):
    second = InstitutionFactory.create()
    works(proposal.lead, second)
    works(person, second)
    assert codes(proposal, person) == [Code.INSTITUTION]


@pytest.mark.parametrize(("left", "found"), [(30, [Code.FORMER_COLLEAGUE]), (500, [])])
def test_the_other_direction_what_the_lead_left(proposal, person, left, found):
    mine = person.affiliations.get().institution
    works(proposal.lead, mine, until=timezone.localdate() - left * DAY)
    assert codes(proposal, person) == found


def test_two_who_left_the_same_house_are_no_colleagues(proposal, person):
    old = InstitutionFactory.create()
    for who in (person, proposal.lead):
        works(who, old, until=timezone.localdate() - 30 * DAY)
    assert codes(proposal, person) == []


def test_who_changed_roles_has_not_left(proposal, person):
    works(person, proposal.institution, until=timezone.localdate() - 30 * DAY)
    AffiliationFactory.create(
        user=person, institution=proposal.institution, role=Affiliation.Role.PRINCIPAL
    )
    assert codes(proposal, person) == [Code.INSTITUTION]


def test_a_suspended_member_is_still_a_home(proposal, person):
    works(person, proposal.institution)
    proposal.institution.state = "suspended"
    proposal.institution.save()
    assert codes(proposal, person) == [Code.INSTITUTION]


def test_an_affiliation_that_has_not_begun_is_none(proposal, person):
    AffiliationFactory.create(
        user=person,
        institution=proposal.institution,
        since=timezone.localdate() + DAY,
    )
    assert codes(proposal, person) == []


def test_institutions_without_a_group_are_not_one_group(person):
    proposal = make.ProposalFactory.create(peer_review=True)
    works(person, InstitutionFactory.create(related_group=""))
    assert codes(proposal, person) == []


# Ties between people: kind x how long ago x direction -> the conflict

WINDOWS = [
    (Tie.Kind.COLLABORATION, 48, Code.COLLABORATION),
    (Tie.Kind.CO_EDITOR, 24, Code.CO_EDITOR),
]


@pytest.mark.parametrize("direction", ["declared", "by the lead"])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("moment", ["lasting", "last day", "a day late"])
def test_ties_with_a_window(proposal, person, direction, window, moment):
    kind, months, code = window
    until = {
        "lasting": None,
        "last day": months_ago(months),
        "a day late": months_ago(months, days=1),
    }[moment]
    one, other = (person, proposal.lead) if direction == "declared" else (proposal.lead, person)
    tie(kind, one, other, until=until)
    assert codes(proposal, person) == ([] if moment == "a day late" else [code])


@pytest.mark.parametrize("direction", ["declared", "by the lead"])
@pytest.mark.parametrize("kind", [Tie.Kind.ADVISING, Tie.Kind.FAMILY])
@pytest.mark.parametrize("until", [None, date(1990, 1, 1)])
def test_ties_for_ever(proposal, person, direction, kind, until):
    one, other = (person, proposal.lead) if direction == "declared" else (proposal.lead, person)
    tie(kind, one, other, until=until)
    assert codes(proposal, person) == [Code(kind.value)]


def test_a_tie_with_somebody_else_is_none(proposal, person):
    tie(Tie.Kind.FAMILY, person, reviewer())
    TieFactory.create(person=person)
    assert codes(proposal, person) == []


@pytest.mark.parametrize("employment", [False, True])
def test_a_tie_taken_back_counts_no_more(proposal, person, employment):
    if employment:
        TieFactory.create(
            employment=True, retracted=True, person=person, institution=proposal.institution
        )
    else:
        tie(Tie.Kind.FAMILY, person, proposal.lead, retracted=True)
    assert codes(proposal, person) == []


@pytest.mark.parametrize("source", [Tie.Source.DECLARED, Tie.Source.IMPORTED])
def test_a_tie_counts_whoever_recorded_it(proposal, person, source):
    tie(Tie.Kind.ADVISING, person, proposal.lead, source=source)
    assert codes(proposal, person) == [Code.ADVISING]


def test_the_windows_are_data(proposal, person):
    tie(Tie.Kind.COLLABORATION, person, proposal.lead, until=months_ago(30))
    assert codes(proposal, person) == [Code.COLLABORATION]
    ReviewPolicyFactory.create(collaborator_months=24)
    assert codes(proposal, person) == []
    assert codes(proposal, person, today=timezone.localdate() - DAY) == [Code.COLLABORATION]


def test_several_at_once_are_all_named(proposal, person):
    works(person, proposal.institution)
    tie(Tie.Kind.ADVISING, person, proposal.lead)
    assert codes(proposal, person) == [Code.INSTITUTION, Code.ADVISING]
    assert detected_conflicts(proposal, [person])[person.pk].startswith("belongs to")


# Waivers


def waived(proposal, person, **more):
    """A tie and a waiver of it."""
    found = tie(Tie.Kind.CO_EDITOR, person, proposal.lead)
    return WaiverFactory.create(
        proposal=proposal,
        reviewer=person,
        ground=f"co_editor:{found.pk}",
        **{"approved": True} | more,
    )


def test_a_waiver_lifts_its_own_ground(proposal, person):
    waived(proposal, person)
    assert codes(proposal, person) == []
    assert codes(proposal, person, waived=True) == [Code.CO_EDITOR]


@pytest.mark.parametrize(
    "more",
    [
        {"approved": False},
        {"approved": False, "refused": True},
        {"approved": False, "revoked": True},
        {"expires_on": timezone.localdate() - DAY},
    ],
    ids=["asked", "refused", "revoked", "expired"],
)
def test_no_waiver_in_force_lifts_nothing(proposal, person, more):
    waived(proposal, person, **more)
    assert codes(proposal, person) == [Code.CO_EDITOR]


def test_a_waiver_lifts_no_other_ground(proposal, person):
    waived(proposal, person)
    works(person, proposal.institution)
    assert codes(proposal, person) == [Code.INSTITUTION]


def test_a_waiver_is_of_one_person_and_one_proposal(proposal, person):
    waived(proposal, person)
    other = make.ProposalFactory.create(
        peer_review=True, lead=proposal.lead, institution=proposal.institution
    )
    assert codes(other, person) == [Code.CO_EDITOR]


@pytest.mark.parametrize("code", sorted(NEVER_WAIVED))
def test_what_is_never_waived(proposal, code):
    who = {
        Code.LEAD: lambda: proposal.lead,
        Code.WALL: deployment_officer,
        Code.TEAM: lambda: TeamMemberFactory.create(proposal=proposal).user,
    }
    person = who[code]()
    reason = Reason(code)
    WaiverFactory.create(proposal=proposal, reviewer=person, ground=reason.key, approved=True)
    assert not reason.waivable
    assert code in codes(proposal, person)


# In bulk


def test_many_at_once_by_a_fixed_number_of_queries(db, django_assert_max_num_queries):
    proposals = [make.ProposalFactory.create(peer_review=True) for _ in range(6)]
    people = [reviewer() for _ in range(5)]
    works(people[0], proposals[0].institution)
    tie(Tie.Kind.FAMILY, people[1], proposals[1].lead)
    with django_assert_max_num_queries(8):
        few = conflicts_between(proposals[:1], people[:1])
    with django_assert_max_num_queries(8):
        found = conflicts_between(proposals, people)
    assert set(few) == {(proposals[0].pk, people[0].pk)}
    assert set(found) == {
        (proposals[0].pk, people[0].pk),
        (proposals[1].pk, people[1].pk),
    }


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_reason_has_words(language):
    with translation.override(language):
        for code in Code:
            text = Reason(code, 1, "Ada", 48).text
            assert text
            assert "%" not in text


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 11, 24), 12, date(2025, 11, 24)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 48, date(2020, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_months_before(day, months, result):
    assert months_before(day, months) == result
