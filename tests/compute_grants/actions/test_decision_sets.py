"""Preparing decisions, signing them by two, publishing all or none."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compute_grants.actions import decision_sets as actions
from compute_grants.actions import panel
from compute_grants.models import (
    Allocation,
    AwardLine,
    DecisionItem,
    DecisionSet,
    PanelDecision,
    Proposal,
    TechnicalReview,
)
from consortium.actions import ledger
from consortium.errors import Invalid, Stale, WrongState
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import (
    InstitutionFactory,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR
QUERIES_FOR_AN_AWARD = 43


@pytest.fixture
def judges(call):
    return [make.panellist(call) for _ in range(3)]


def ranked(call, hours: int = 600, **fields) -> Proposal:
    return make.proposal_for(call, state="ranked", hours=hours, **fields)


def left(call) -> int:
    return ledger.balance(call.budgets.get().account).available // HOUR


def state(proposal: Proposal) -> str:
    return Proposal.objects.get(pk=proposal.pk).state


def test_two_signatures_publish_every_item(call, judges):
    first, second, third = (ranked(call) for _ in range(3))
    found = sets.proposed(
        judges[0],
        sets.choice(first, hours=400),
        sets.choice(second, "rejected"),
        sets.choice(third, "waitlisted"),
    )
    sets.sign(found, judges[0])
    assert [state(p) for p in (first, second, third)] == ["ranked"] * 3
    assert left(call) == 1_000
    assert not Notification.objects.filter(topic="proposals").exists()
    found = sets.sign(found, judges[1])
    assert found.state == "published"
    assert [state(p) for p in (first, second, third)] == ["awarded", "rejected", "waitlisted"]
    assert left(call) == 600
    assert Allocation.objects.get().seconds == AwardLine.objects.get().seconds == 400 * HOUR
    assert PanelDecision.objects.filter(item__set=found, decided_by=judges[1]).count() == 3
    told = Notification.objects.filter(topic="proposals").values_list("person", "code")
    assert set(told) == {
        (first.lead_id, "acceptance.offered"),
        (second.lead_id, "proposal.rejected"),
        (third.lead_id, "proposal.waitlisted"),
    }
    events = AuditEvent.objects.filter(target_type="compute_grants.decisionset").order_by("pk")
    assert [event.action.partition(".")[2] for event in events] == [
        *("prepared", "changed", "proposed", "signed", "signed", "published"),
    ]


def test_publishing_reads_the_programme_once_and_few_rows_for_each_award(db):
    def queries(size: int) -> list[str]:
        call = make.call_with(hours=1_000, state="in_review")
        judges = [make.panellist(call) for _ in range(2)]
        chosen = [sets.choice(ranked(call), hours=100) for _ in range(size)]
        found = sets.sign(sets.proposed(judges[0], *chosen), judges[0])
        with CaptureQueriesContext(connection) as taken:
            sets.sign(found, judges[1])
        return [query["sql"] for query in taken]

    few, many = queries(1), queries(3)
    assert sum("programmepolicy" in sql for sql in many) == 1
    assert (len(many) - len(few)) / 2 <= QUERIES_FOR_AN_AWARD


def test_those_who_may_sign_are_told(call, judges):
    colleague = reviewer(ranked(call).institution, panellist=True)
    call.panel.add(colleague)
    proposal = Proposal.objects.get()
    sets.proposed(judges[0], sets.choice(proposal))
    told = Notification.objects.filter(code="decision_set.proposed")
    assert set(told.values_list("person", flat=True)) == {judges[1].pk, judges[2].pk}


def test_one_person_signs_once(call, judges):
    found = sets.proposed(judges[0], sets.choice(ranked(call)))
    sets.sign(found, judges[0])
    with pytest.raises(actions.AlreadySigned):
        sets.sign(found, judges[0])
    assert found.signatures.count() == 1


def test_what_was_shown_is_what_is_signed(call, judges):
    found = sets.proposed(judges[0], sets.choice(ranked(call)))
    with pytest.raises(Stale):
        actions.sign(found, content_sha256="0" * 64, by=judges[1])


def test_a_change_clears_the_signatures(call, judges):
    proposal = ranked(call)
    found = sets.proposed(judges[0], sets.choice(proposal, hours=10))
    sets.sign(found, judges[0])
    found = actions.put(found, choices=[sets.choice(proposal, hours=20)], by=judges[1])
    assert (found.state, found.signatures.count()) == ("draft", 0)
    with pytest.raises(WrongState):
        sets.sign(found, judges[1])
    found = actions.propose(found, by=judges[1])
    actions.remove(found, proposal=proposal, by=judges[1])
    with pytest.raises(actions.NothingInIt):
        actions.propose(found, by=judges[1])


@pytest.mark.parametrize(
    "who", [member, principal, operator, research_officer, deployment_officer, make.panellist]
)
def test_only_the_calls_panel(call, judges, who):
    proposal = ranked(call)
    outsider = who()
    with pytest.raises(PermissionDenied, match="panel of this call"):
        sets.draft(outsider, sets.choice(proposal))
    found = sets.proposed(judges[0], sets.choice(proposal))
    for act in (
        lambda: sets.sign(found, outsider),
        lambda: actions.put(found, choices=[sets.choice(proposal)], by=outsider),
        lambda: actions.remove(found, proposal=proposal, by=outsider),
        lambda: actions.discard(found, reason="No.", by=outsider),
    ):
        with pytest.raises(PermissionDenied, match="panel of this call"):
            act()


def interested(call, how: str):
    """A proposal, and a member of the panel who has an interest in it."""
    if how == "lead":
        lead = make.panellist(call)
        return ranked(call, lead=lead), lead
    if how == "house":
        proposal = ranked(call)
        person = reviewer(proposal.institution, panellist=True)
    else:
        house, sister = InstitutionFactory.create_batch(2, related_group="north")
        proposal, person = ranked(call, institution=house), reviewer(sister, panellist=True)
    call.panel.add(person)
    return proposal, person


@pytest.mark.parametrize("how", ["lead", "house", "group"])
def test_nobody_prepares_changes_or_signs_where_they_have_an_interest(call, judges, how):
    proposal, person = interested(call, how)
    with pytest.raises(PermissionDenied, match="an interest"):
        sets.draft(person, sets.choice(ranked(call)), sets.choice(proposal))
    found = sets.proposed(judges[0], sets.choice(ranked(call)), sets.choice(proposal))
    with pytest.raises(PermissionDenied, match="Two others"):
        sets.sign(found, person)
    with pytest.raises(PermissionDenied, match="an interest"):
        actions.discard(found, reason="No.", by=person)
    # Split, they sign the rest.
    rest = actions.remove(found, proposal=proposal, by=judges[0])
    actions.propose(rest, by=judges[0])
    sets.sign(rest, person)
    assert sets.sign(rest, judges[1]).state == "published"


def test_all_or_none(call, judges):
    one, two = ranked(call), ranked(call)
    found = sets.proposed(judges[0], sets.choice(one, hours=500), sets.choice(two, hours=500))
    sets.sign(found, judges[0])
    late = ranked(call)
    panel.award(
        late,
        seconds={late.requests.get().pk: 1 * HOUR},
        starts_on=sets.START,
        ends_on=sets.END,
        reason="First.",
        by=judges[2],
    )
    with pytest.raises(panel.NotEnoughBudget, match="has 499 hours left"):
        sets.sign(found, judges[1])
    found.refresh_from_db()
    assert (found.state, found.signatures.count()) == ("proposed", 1)
    assert state(one) == state(two) == "ranked"
    assert left(call) == 999


def test_more_than_the_budget_is_not_even_proposed(call, judges):
    found = sets.draft(judges[0], *(sets.choice(ranked(call), hours=501) for _ in range(2)))
    with pytest.raises(panel.NotEnoughBudget, match=r"awards 1,002 hours on .* has 1,000 left"):
        actions.propose(found, by=judges[0])


def test_never_above_the_technical_cap(call, judges):
    proposal = ranked(call)
    TechnicalReview.objects.update(verdict="partly", cap_seconds=100 * HOUR)
    with pytest.raises(panel.AboveCap, match=f"{proposal.number}: on .* at most 100 hours"):
        sets.draft(judges[0], sets.choice(proposal, hours=101))
    found = sets.proposed(judges[0], sets.choice(proposal, hours=100))
    TechnicalReview.objects.update(cap_seconds=50 * HOUR)
    sets.sign(found, judges[0])
    with pytest.raises(panel.AboveCap, match="at most 50 hours"):
        sets.sign(found, judges[1])


def test_withdrawn_meanwhile(call, judges):
    proposal = ranked(call)
    found = sets.proposed(judges[0], sets.choice(proposal))
    sets.sign(found, judges[0])
    Proposal.objects.filter(pk=proposal.pk).update(state="withdrawn")
    with pytest.raises(WrongState, match=f"{proposal.number} is “withdrawn” now"):
        sets.sign(found, judges[1])


def test_a_proposal_stands_in_one_open_set(call, judges):
    proposal = ranked(call)
    found = sets.draft(judges[0], sets.choice(proposal))
    with pytest.raises(actions.InAnotherSet, match=found.number):
        sets.draft(judges[1], sets.choice(proposal, "rejected"))
    actions.discard(found, reason="Another way.", by=judges[0])
    assert sets.draft(judges[1], sets.choice(proposal, "rejected")).pk
    with pytest.raises(WrongState):
        actions.put(found, choices=[sets.choice(ranked(call))], by=judges[0])


def test_one_decision_goes_to_the_draft_of_the_call(call, judges):
    first, second = ranked(call), ranked(call)
    found = actions.put_in_draft(sets.choice(first, hours=10), by=judges[0])
    assert actions.put_in_draft(sets.choice(second, "rejected"), by=judges[1]) == found
    again = actions.put_in_draft(sets.choice(first, "waitlisted"), by=judges[1])
    assert again == found
    assert list(found.items.values_list("outcome", flat=True)) == ["waitlisted", "rejected"]
    assert not found.items.get(proposal=first).lines.exists()


def test_whose_interest_is_in_the_draft_gets_a_draft_of_their_own(call, judges):
    proposal, person = interested(call, "house")
    found = sets.draft(judges[0], sets.choice(proposal))
    other = actions.put_in_draft(sets.choice(ranked(call)), by=person)
    assert other != found
    assert DecisionSet.objects.count() == 2


class Run:
    """Stands for an award run."""

    pk = 7


def test_a_departure_from_the_run_needs_its_reason(call, judges):
    proposal = ranked(call)
    found = sets.draft(judges[0], sets.choice(proposal, hours=100), run=Run)
    assert found.run_pk == 7
    same = sets.choice(proposal, hours=100, reason="Better words.")
    actions.put(found, choices=[same], by=judges[0])
    less = sets.choice(proposal, hours=99)
    with pytest.raises(Invalid, match="departs from the award run"):
        actions.put(found, choices=[less], by=judges[0])
    said = sets.choice(proposal, hours=99, override_reason="Half is idle.")
    actions.put(found, choices=[said], by=judges[0])
    item = DecisionItem.objects.get()
    assert (item.override_reason, item.lines.get().seconds) == ("Half is idle.", 99 * HOUR)
    other = ranked(call)
    actions.put(found, choices=[sets.choice(other)], by=judges[0])  # not the run's to say
    assert found.items.get(proposal=other).adopted == {}


def test_what_is_taken_out_is_recorded_with_what_the_run_gave(call, judges):
    proposal = ranked(call)
    found = sets.draft(judges[0], sets.choice(proposal, hours=100), run=Run)
    actions.remove(found, proposal=proposal, by=judges[0])
    removed = AuditEvent.objects.get(action="decision_set.item_removed")
    assert removed.detail["run_gave"]["outcome"] == "awarded"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"reason": " "}, "reason"),
        ({"ends_on": None}, "ends_on"),
        ({"starts_on": sets.END}, "ends_on"),
        ({"seconds": {}}, ""),
        ({"seconds": {0: 5}}, ""),
    ],
)
def test_badly_filled_in(call, judges, changes, name):
    with pytest.raises(Invalid) as caught:
        sets.draft(judges[0], sets.choice(ranked(call), **changes))
    assert list(caught.value.errors) == [name]
    assert not DecisionSet.objects.exists()


def test_what_cannot_be_decided(call, judges):
    early = make.proposal_for(call, state="peer_review", feasible=True)
    with pytest.raises(WrongState, match=early.number):
        sets.draft(judges[0], sets.choice(early))
    elsewhere = ranked(make.call_with(state="in_review"))
    with pytest.raises(Invalid, match="another call"):
        actions.prepare(call, choices=[sets.choice(elsewhere)], by=judges[0])
    twice = ranked(call)
    with pytest.raises(Invalid, match="each of them once"):
        sets.draft(judges[0], sets.choice(twice), sets.choice(twice))
    call.state = "decided"
    call.save()
    with pytest.raises(panel.NotYetDeciding):
        sets.draft(judges[0], sets.choice(ranked(call)))
    waiting = make.proposal_for(call, state="waitlisted")
    assert sets.published(judges[0], judges[1], sets.choice(waiting)).state == "published"


def test_discarding_says_why_and_is_final(call, judges):
    found = sets.proposed(judges[0], sets.choice(ranked(call)))
    with pytest.raises(Invalid):
        actions.discard(found, reason=" ", by=judges[0])
    actions.discard(found, reason="The budget changed.", by=judges[1])
    for act in (
        lambda: actions.propose(found, by=judges[0]),
        lambda: sets.sign(found, judges[0]),
        lambda: actions.discard(found, reason="Again.", by=judges[0]),
    ):
        with pytest.raises(WrongState):
            act()
