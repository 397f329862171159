import hashlib
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import proposals
from compute_grants.models import Proposal, ResourceRequest, Submission
from compute_grants.queries.proposal_content import content, content_hash
from consortium.errors import DomainError, Invalid, Stale, WrongState
from consortium.models import AuditEvent, Institution
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR
NOT_EDITABLE = sorted(set(Proposal.State) - Proposal.EDITABLE)


@pytest.fixture
def house(db) -> Institution:
    return InstitutionFactory.create()


@pytest.fixture
def lead(house):
    return principal(house)


@pytest.fixture
def call(db):
    return make.call_with(hours=10_000)


@pytest.fixture
def draft(call, lead, house) -> Proposal:
    return make.proposal_for(call, lead=lead, institution=house)


@pytest.fixture
def submitted(call, lead, house) -> Proposal:
    return make.proposal_for(call, lead=lead, institution=house, state="submitted")


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


# Starting


def test_a_principal_starts_a_numbered_draft(call, lead, house):
    proposal = proposals.start(call, institution=house, by=lead)
    assert proposal.number == f"P-{timezone.localdate().year}-0001"
    assert (proposal.state, proposal.lead, proposal.version) == ("draft", lead, 1)
    assert events() == ["proposal.started"]


@pytest.mark.parametrize("who", [member, delegate, operator, reviewer, research_officer])
def test_a_lead_is_pi_eligible(call, house, who):
    with pytest.raises(PermissionDenied, match="PI-eligible"):
        proposals.start(call, institution=house, by=who())


def test_a_lead_applies_for_their_own_institution(call, lead):
    with pytest.raises(PermissionDenied, match="at this institution"):
        proposals.start(call, institution=InstitutionFactory.create(), by=lead)


def test_the_deployment_office_does_not_apply(call, house):
    officer = deployment_officer()
    make.Affiliation.objects.create(
        user=officer, institution=house, role="principal", since=timezone.localdate()
    )
    with pytest.raises(PermissionDenied, match="other side of the wall"):
        proposals.start(call, institution=house, by=officer)


def test_a_suspended_institutions_people_do_not_apply(call, lead, house):
    house.state = "suspended"
    house.save()
    with pytest.raises(PermissionDenied):
        proposals.start(call, institution=house, by=lead)


@pytest.mark.parametrize("state", ["in_review", "decided", "closed"])
def test_no_start_under_a_call_that_is_over(lead, house, state):
    call = make.CallFactory.create(**{state: True})
    with pytest.raises(proposals.CallNotOpen, match="closed at"):
        proposals.start(call, institution=house, by=lead)


def test_no_start_before_it_opens(lead, house):
    call = make.CallFactory.create(published=True)
    with pytest.raises(proposals.CallNotOpen, match="not open yet"):
        proposals.start(call, institution=house, by=lead)


def test_a_call_due_to_open_takes_drafts_before_the_sweep_runs(lead, house):
    call = make.CallFactory.create(published=True, opens_at=timezone.now())
    assert proposals.start(call, institution=house, by=lead).pk


# Saving


def test_save_counts_the_version(draft, lead):
    saved = proposals.save(draft, version=1, by=lead, summary="New")
    assert (saved.version, saved.summary) == (2, "New")
    assert AuditEvent.objects.get().detail == {"version": 2, "changed": ["summary"]}


def test_saving_the_same_changes_nothing(draft, lead):
    saved = proposals.save(draft, version=1, by=lead, summary=draft.summary)
    assert saved.version == 1
    assert not events()


def test_a_stale_form_overwrites_nothing_and_keeps_what_was_typed(draft, lead):
    proposals.save(draft, version=1, by=lead, summary="From the office", science_case="S")
    with pytest.raises(proposals.ChangedElsewhere) as caught:
        proposals.save(draft, version=1, by=lead, summary="From home", science_case="S")
    assert caught.value.typed["summary"] == "From home"
    assert caught.value.now.summary == "From the office"
    assert caught.value.differences == ["summary"]
    assert Proposal.objects.get().summary == "From the office"


def test_a_stale_form_with_the_same_text_is_no_conflict(draft, lead):
    proposals.save(draft, version=1, by=lead, summary="Same")
    assert proposals.save(draft, version=1, by=lead, summary="Same").version == 2


@pytest.mark.parametrize("who", [member, principal, research_officer, operator])
def test_only_the_lead_writes(draft, who):
    with pytest.raises(PermissionDenied, match="lead applicant"):
        proposals.save(draft, version=1, by=who(), summary="x")


@pytest.mark.parametrize("state", NOT_EDITABLE)
def test_text_is_fixed_outside_drafts(lead, house, state):
    fixed = make.ProposalFactory.create(lead=lead, institution=house, **{state: True})
    with pytest.raises(proposals.NotEditable):
        proposals.save(fixed, version=1, by=lead, summary="x")
    assert Proposal.objects.get().summary == "What we want."


def test_a_returned_proposal_is_edited_again(lead, house):
    returned = make.ProposalFactory.create(lead=lead, institution=house, returned=True)
    assert proposals.save(returned, version=1, by=lead, summary="Better").version == 2


# Asking for time


def ask(proposal, by, **changes) -> ResourceRequest:
    values = {
        "resource": proposal.call.budgets.get().resource,
        "precision": "BF16",
        "seconds": 500 * HOUR,
        "cards": 64,
        "justification": "Scaling measured to 64.",
    }
    return proposals.ask(proposal, by=by, **values | changes)


def test_ask_again_changes_what_was_asked(draft, lead):
    ask(draft, lead, seconds=200 * HOUR)
    request = draft.requests.get()
    assert (request.seconds, request.cards) == (200 * HOUR, 64)
    draft.refresh_from_db()
    assert draft.version == 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"precision": "FP8"}, "precision", "It offers BF16, FP64"),
        ({"seconds": 10_001 * HOUR}, "hours", "offers 10,000 hours"),
        ({"cards": 2049}, "cards", "has 2,048"),
        ({"cards": 1, "seconds": 8761 * HOUR}, "cards", "more than a year"),
    ],
)
def test_what_a_machine_cannot_do_is_refused(draft, lead, changes, field, words):
    with pytest.raises(Invalid) as caught:
        ask(draft, lead, **changes)
    assert words in caught.value.errors[field][0]
    draft.refresh_from_db()
    assert draft.version == 1


@pytest.mark.parametrize(
    "changes",
    [{"precision": "FP64"}, {"seconds": 10_000 * HOUR}, {"cards": 2048}, {"seconds": 1}],
)
def test_the_limits_themselves_are_allowed(draft, lead, changes):
    assert ask(draft, lead, **changes).pk


def test_a_resource_outside_the_call_is_refused(draft, lead):
    with pytest.raises(Invalid) as caught:
        ask(draft, lead, resource=make.machine().resources.get())
    assert "offers no time" in caught.value.errors["resource"][0]


def test_all_that_is_wrong_is_said_at_once(draft, lead):
    with pytest.raises(Invalid) as caught:
        ask(draft, lead, precision="INT8", seconds=20_000 * HOUR, cards=5000)
    assert set(caught.value.errors) == {"precision", "hours", "cards"}


def test_cards_need_the_peak_of_a_partition_with_cards(lead, house):
    machine = make.machine(precisions=())
    cpu = make.PartitionFactory.create(
        machine=machine, accelerator="", accelerators_per_node=0, name="cpu"
    )
    make.PeakRateFactory.create(partition=cpu, precision="FP64")
    call = make.call_with(machine.resources.get())
    draft = make.ProposalFactory.create(call=call, lead=lead, institution=house)
    with pytest.raises(Invalid, match="no peak at FP64"):
        ask(draft, lead, precision="FP64")


def test_drop(draft, lead):
    proposals.drop(draft.requests.get(), by=lead)
    assert not draft.requests.exists()
    with pytest.raises(PermissionDenied):
        ask(draft, member())


# Submitting


def test_submit_fixes_what_was_handed_in(draft, lead):
    submission = proposals.submit(draft, by=lead)
    draft.refresh_from_db()
    assert draft.state == "submitted"
    assert submission.submitted_at == draft.submitted_at
    assert submission.content["requests"][0]["precision"] == "BF16"
    text = json.dumps(submission.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert draft.content_hash == hashlib.sha256(text.encode()).hexdigest()
    event = AuditEvent.objects.get()
    assert (event.action, event.detail["content_hash"]) == (
        "proposal.submitted",
        draft.content_hash,
    )


def test_any_change_changes_the_hash(draft):
    before = content_hash(content(draft))
    draft.requests.update(seconds=draft.requests.get().seconds + 1)
    assert content_hash(content(draft)) != before


def test_a_second_submit_is_refused_and_says_when_the_first_was(draft, lead):
    proposals.submit(draft, by=lead)
    with pytest.raises(proposals.AlreadySubmitted, match="was submitted at 20"):
        proposals.submit(draft, by=lead)
    assert Submission.objects.count() == 1


def test_late_by_a_second(draft, lead):
    draft.call.closes_at = timezone.now()
    draft.call.save()
    with pytest.raises(proposals.CallNotOpen, match="closed at"):
        proposals.submit(draft, by=lead)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert not Submission.objects.exists()


def test_in_time_by_a_minute(draft, lead):
    draft.call.closes_at = timezone.now() + timedelta(minutes=1)
    draft.call.save()
    assert proposals.submit(draft, by=lead).pk


@pytest.mark.parametrize("field", sorted(set(proposals.TEXTS) - {"energy"}))
def test_each_section_must_be_filled_in(draft, lead, field):
    setattr(draft, field, " ")
    draft.save()
    with pytest.raises(Invalid) as caught:
        proposals.submit(draft, by=lead)
    assert list(caught.value.errors) == [field]


def test_a_proposal_asks_for_something(draft, lead):
    draft.requests.all().delete()
    with pytest.raises(Invalid) as caught:
        proposals.submit(draft, by=lead)
    assert list(caught.value.errors) == ["requests"]


def test_submit_what_was_checked_and_nothing_newer(draft, lead):
    proposals.save(draft, version=1, by=lead, summary="Newer")
    with pytest.raises(Stale):
        proposals.submit(draft, version=1, by=lead)
    assert proposals.submit(draft, version=2, by=lead).version == 2


def test_a_lead_who_lost_eligibility_cannot_submit(draft, lead):
    lead.affiliations.update(until=timezone.localdate() - timedelta(days=1))
    fresh = type(lead).objects.get(pk=lead.pk)
    with pytest.raises(PermissionDenied):
        proposals.submit(draft, by=fresh)


@pytest.mark.parametrize("who", [principal, research_officer, operator])
def test_nobody_submits_for_another(draft, who):
    with pytest.raises(PermissionDenied):
        proposals.submit(draft, by=who())


@pytest.mark.parametrize("state", sorted(set(NOT_EDITABLE) - {"withdrawn"}))
def test_submit_from_no_later_state(lead, house, state):
    later = make.ProposalFactory.create(lead=lead, institution=house, **{state: True})
    with pytest.raises(proposals.AlreadySubmitted):
        proposals.submit(later, by=lead)


def test_what_was_withdrawn_stays_so(draft, lead):
    proposals.withdraw(draft, by=lead)
    with pytest.raises(WrongState):
        proposals.submit(draft, by=lead)


# Returned, sent on, withdrawn


def test_return_and_submit_again_after_the_deadline(submitted, lead):
    proposals.send_back(submitted, reason="Name the data.", by=research_officer())
    submitted.call.closes_at = timezone.now()
    submitted.call.save()
    proposals.save(submitted, version=1, by=lead, data_ethics="Digits.")
    proposals.submit(submitted, by=lead)
    submitted.refresh_from_db()
    assert (submitted.state, submitted.return_reason) == ("submitted", "")
    assert [s.version for s in submitted.submissions.all()] == [2, 1]
    assert events() == ["proposal.returned", "proposal.saved", "proposal.submitted"]


def test_send_to_the_centres(submitted):
    assert proposals.send_to_centres(submitted, by=research_officer()).state == "technical_review"


@pytest.mark.parametrize("who", [member, operator, reviewer, deployment_officer])
@pytest.mark.parametrize(
    "act",
    [
        lambda p, by: proposals.send_back(p, reason="x", by=by),
        lambda p, by: proposals.send_to_centres(p, by=by),
    ],
    ids=["back", "on"],
)
def test_only_the_office_checks(submitted, who, act):
    with pytest.raises(PermissionDenied):
        act(submitted, who())


def test_no_officer_checks_their_own(call, house):
    officer = research_officer()
    own = make.proposal_for(call, lead=officer, institution=house, state="submitted")
    with pytest.raises(PermissionDenied, match="your own"):
        proposals.send_to_centres(own, by=officer)


@pytest.mark.parametrize("state", sorted(set(Proposal.State) - Proposal.OVER))
def test_withdraw_before_the_decision(lead, house, state):
    traits = {} if state == "draft" else {state: True}
    proposal = make.ProposalFactory.create(lead=lead, institution=house, **traits)
    assert proposals.withdraw(proposal, by=lead, reason="Moved").state == "withdrawn"
    assert AuditEvent.objects.get().detail == {"reason": "Moved"}


@pytest.mark.parametrize("state", sorted(Proposal.OVER))
def test_not_after_it(lead, house, state):
    proposal = make.ProposalFactory.create(lead=lead, institution=house, **{state: True})
    with pytest.raises(DomainError):
        proposals.withdraw(proposal, by=lead)
