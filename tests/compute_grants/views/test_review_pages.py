"""Pages of reviews, ties, waivers and rebuttal: the act, or a refusal with the text kept."""

import pytest
from django.urls import reverse

from compute_grants.models import Rebuttal, ReviewAssignment, ReviewDraft, Tie, Waiver
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import InstitutionFactory, member, research_officer, reviewer
from tests.factories.proposals import TeamMemberFactory
from tests.factories.reviews import RebuttalWindowFactory, TieFactory, WaiverFactory

DUE = "2030-01-01T17:00"


@pytest.fixture
def office(db) -> Person:
    return Person(research_officer())


@pytest.fixture
def confirmed(db) -> ReviewAssignment:
    return make.AssignmentFactory.create(
        proposal=make.proposal_for(make.call_with(), state="peer_review"), confirmed=True
    )


def typed(assignment, reason="So far.", **more):
    first = assignment.proposal.call.criteria.first()
    return {f"score_{first.pk}": "3", f"reason_{first.pk}": reason} | more


# The review form


def test_anchors_stand_at_each_score(confirmed):
    page = text(Person(confirmed.reviewer).get("review", confirmed.pk))
    assert "5 · outstanding" in page
    assert "4 · very good" in page


def test_a_draft_is_saved_by_the_button_and_comes_back(confirmed):
    person = Person(confirmed.reviewer)
    sent = person.send("review", confirmed.pk, **typed(confirmed, draft="1", version="0"))
    assert sent.status_code == 302
    assert "So far." in text(person.get("review", confirmed.pk))


def test_autosave_answers_in_json(confirmed):
    person = Person(confirmed.reviewer)
    url = reverse("compute_grants:review", args=[confirmed.pk])
    headers = {"Accept": "application/json"}
    answer = person.client.post(url, typed(confirmed, version="0"), headers=headers)
    assert answer.json()["version"] == 1
    newer = person.client.post(url, typed(confirmed, "More.", version="1"), headers=headers)
    assert newer.json()["version"] == 2
    stale = person.client.post(url, typed(confirmed, "Old.", version="1"), headers=headers)
    assert stale.status_code == 409
    assert "changed elsewhere" in stale.json()["message"]
    assert "Old." not in str(ReviewDraft.objects.get().content)


@pytest.mark.parametrize("version", ["", "x", "9" * 30, "-1"])
def test_a_hostile_version_breaks_nothing(confirmed, version):
    person = Person(confirmed.reviewer)
    sent = person.send("review", confirmed.pk, **typed(confirmed, draft="1", version=version))
    assert sent.status_code == 302


def test_the_button_shows_both_texts_where_they_differ(confirmed):
    person = Person(confirmed.reviewer)
    person.send("review", confirmed.pk, **typed(confirmed, "Elsewhere.", draft="1", version="0"))
    page = person.send("review", confirmed.pk, **typed(confirmed, "Here.", draft="1", version="0"))
    assert page.status_code == 409
    assert "Elsewhere." in text(page)
    assert "Here." in text(page)


def test_self_review_has_no_page(confirmed):
    proposal = confirmed.proposal
    proposal.lead = confirmed.reviewer
    proposal.save()
    person = Person(confirmed.reviewer)
    page = person.get("review", confirmed.pk)
    assert page.status_code == 409
    assert "leads this proposal" in text(page)
    confirmed.state = "invited"
    confirmed.save()
    assert "You cannot take this review on" in text(person.get("review_declare", confirmed.pk))
    assert person.send("review_declare", confirmed.pk, answer="none").status_code == 409


def test_decline_with_a_name(confirmed):
    person = Person(confirmed.reviewer)
    assert person.send("review_decline", confirmed.pk, reason="").status_code == 422
    person.send("review_decline", confirmed.pk, reason="No time.", suggestion="Ada")
    assert ReviewAssignment.objects.get(pk=confirmed.pk).suggestion == "Ada"


# The office


def test_the_overdue_come_first_and_can_be_filtered(office, confirmed):
    call = confirmed.proposal.call
    late = make.AssignmentFactory.create(proposal=confirmed.proposal, due_at=make.ago(days=3))
    page = text(office.get("call_reviews", call.code))
    assert page.index(late.reviewer.name) < page.index(confirmed.reviewer.name)
    url = reverse("compute_grants:call_reviews", args=[call.code])
    only = office.client.get(url, {"state": "overdue"}).content.decode()
    assert late.reviewer.name in only
    assert confirmed.reviewer.name not in only


def test_the_overview_asks_a_fixed_number_of_queries(
    office, confirmed, django_assert_max_num_queries
):
    code = confirmed.proposal.call.code
    office.get("call_reviews", code)
    for _ in range(30):
        make.AssignmentFactory.create(proposal=confirmed.proposal)
    with django_assert_max_num_queries(12):
        office.get("call_reviews", code)


def test_the_offices_page_asks_a_fixed_number_of_queries(
    office, confirmed, django_assert_max_num_queries
):
    office.get("assignment_list", confirmed.proposal.number)
    for _ in range(20):
        reviewer()
    with django_assert_max_num_queries(20):
        office.get("assignment_list", confirmed.proposal.number)


def test_extend_replace_and_take_back(office, confirmed):
    def act(name, **fields):
        data = {f"{name}-{key}": value for key, value in fields.items()}
        return office.send("assignment", confirmed.pk, act=name, **data)

    assert act("extend", due_at=DUE, reason="").status_code == 422
    assert act("extend", due_at="2020-01-01T00:00", reason="x").status_code == 422
    assert act("extend", due_at=DUE, reason="Travels.").status_code == 302
    colleague, other = reviewer(confirmed.proposal.institution), reviewer()
    refused = act("replace", reviewer=colleague.pk, due_at=DUE, reason="x")
    assert refused.status_code == 422
    assert act("replace", reviewer=other.pk, due_at=DUE, reason="Silent.").status_code == 302
    assert ReviewAssignment.objects.get(pk=confirmed.pk).state == "withdrawn"
    assert act("take_back", reason="x").status_code == 200  # no longer an act of this page


def test_reopen_and_keep(office):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    assignment = make.review_of(proposal).assignment
    office.send(
        "assignment",
        assignment.pk,
        act="reopen",
        **{"reopen-due_at": DUE, "reopen-reason": "Again."},
    )
    person = Person(assignment.reviewer)
    page = text(person.get("review", assignment.pk))
    assert "Again." in page
    assert "Well argued." in page
    assert person.send("review_keep", assignment.pk).status_code == 302
    assert ReviewAssignment.objects.get(pk=assignment.pk).state == "submitted"


def test_nobody_else_manages(confirmed):
    for who in (member(), reviewer(), confirmed.reviewer):
        assert Person(who).get("assignment", confirmed.pk).status_code in {403, 404}


# Ties and waivers


def test_keep_ties(db):
    person = Person(reviewer())
    empty = person.send("tie_list", kind="collaboration")
    assert empty.status_code == 422
    person.send("tie_list", kind="collaboration", other_email="ada@example.org")
    tie = Tie.objects.get()
    assert "ada@example.org" in text(person.get("tie_list"))
    assert person.send("tie_retract", tie.pk, reason="").status_code == 422
    person.send("tie_retract", tie.pk, reason="Another Ada.")
    assert "taken back" in text(person.get("tie_list"))


def test_ties_of_others_are_not_there(db):
    tie = TieFactory.create()
    assert Person(reviewer()).get("tie_retract", tie.pk).status_code == 404


def test_the_list_of_ties_asks_a_fixed_number_of_queries(db, django_assert_max_num_queries):
    person = Person(reviewer())
    person.get("tie_list")
    for _ in range(30):
        TieFactory.create(person=person.user)
    with django_assert_max_num_queries(12):
        person.get("tie_list")


def test_a_waiver_from_asking_to_approval(office):
    person = reviewer()
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    tie = TieFactory.create(person=person, other_email=proposal.lead.email)
    page = text(office.get("assignment_list", proposal.number))
    assert "published or worked with" in page
    sent = office.send(
        "waiver_ask",
        proposal.number,
        person.pk,
        ground=f"collaboration:{tie.pk}",
        reason="The only one.",
    )
    assert sent.status_code == 302
    waiver = Waiver.objects.get()
    assert "A second person" in text(office.get("waiver", waiver.pk))
    assert office.send("waiver", waiver.pk, act="approve").status_code == 403
    second = Person(research_officer())
    assert second.send("waiver", waiver.pk, act="refuse").status_code == 422
    second.send("waiver", waiver.pk, act="approve")
    assert Waiver.objects.get().state == "approved"


def test_the_panel_reads_the_waiver_beside_the_review(db):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    review = make.review_of(proposal)
    WaiverFactory.create(proposal=proposal, reviewer=review.assignment.reviewer, approved=True)
    judge = Person(make.panellist(proposal.call))
    assert "No other expert" in text(judge.get("proposal", proposal.number))


def test_the_windows_page(office):
    data = {
        "since": "2030-01-01",
        "former_employer_months": 6,
        "collaborator_months": 36,
        "co_editor_months": 24,
        "waiver_days": 90,
        "remind_hours_before": 48,
        "escalate_hours_after": 24,
    }
    assert office.send("review_policy", **data, reason="").status_code == 422
    assert office.send("review_policy", **data, reason="Council.").status_code == 302
    assert "1 January 2030" in text(office.get("review_policy"))


# Rebuttal


def test_the_lead_reads_without_names_and_answers_once(office):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    reviews = [make.review_of(proposal) for _ in range(2)]
    lead = Person(proposal.lead)
    assert lead.get("rebuttal", proposal.number).status_code == 404
    office.send("rebuttal_open", proposal.number, until=DUE)
    page = text(lead.get("rebuttal", proposal.number))
    assert "Well argued." in page
    assert "Between us." not in page
    assert not any(review.assignment.reviewer.name in page for review in reviews)
    pk = reviews[0].pk
    empty = lead.send("rebuttal", proposal.number, review=pk, **{f"r{pk}-text": ""})
    assert empty.status_code == 422
    lead.send("rebuttal", proposal.number, review=pk, **{f"r{pk}-text": "Table 2."})
    assert Rebuttal.objects.get().text == "Table 2."
    again = lead.send("rebuttal", proposal.number, review=pk, **{f"r{pk}-text": "More."})
    assert again.status_code == 409
    seen = text(Person(reviews[0].assignment.reviewer).get("review", reviews[0].assignment.pk))
    assert "Table 2." in seen
    assert "Revise my review" in seen
    judge = Person(make.panellist(proposal.call))
    assert "Table 2." in text(judge.get("proposal", proposal.number))


def test_reviews_of_another_proposal_cannot_be_answered(db):
    window = RebuttalWindowFactory.create()
    other = make.review_of(make.ProposalFactory.create(peer_review=True))
    lead = Person(window.proposal.lead)
    field = {f"r{other.pk}-text": "x"}
    assert (
        lead.send("rebuttal", window.proposal.number, review=other.pk, **field).status_code == 404
    )
    assert lead.send("rebuttal", window.proposal.number, review="x").status_code == 404


def test_rebuttal_is_not_for_others(db):
    window = RebuttalWindowFactory.create()
    for who in (member(window.proposal.institution), reviewer()):
        assert Person(who).get("rebuttal", window.proposal.number).status_code in {403, 404}


def test_the_declaration_names_everybody_it_is_about(db):
    invited = make.AssignmentFactory.create()
    house = InstitutionFactory.create(name_en="Institute of Tides")
    TeamMemberFactory.create(proposal=invited.proposal, user__name_en="Wu Lan", institution=house)
    TeamMemberFactory.create(proposal=invited.proposal, user__name_en="Not Coming", declined=True)
    page = text(Person(invited.reviewer).get("review_declare", invited.pk))
    assert "Wu Lan" in page and "Institute of Tides" in page
    assert "Not Coming" not in page


# Ties that the portal found


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["found by the portal", "Dispute"]), ("zh-hans", ["系统发现", "提出异议"])],
)
def test_what_was_found_stands_with_its_evidence_on_both_pages(db, language, words):
    tie = TieFactory.create(found=True, person=member(), with_person=member())
    number = tie.evidence.get().proposal.number
    for one, other in ((tie.person, tie.with_person), (tie.with_person, tie.person)):
        person = Person(one)
        page = text(person.client.get(reverse("compute_grants:tie_list"), {"lang": language}))
        assert other.email in page
        for expected in (number, *words):
            assert expected in page


def test_a_dispute_and_its_answer(office):
    tie = TieFactory.create(found=True, person=member(), with_person=member())
    person = Person(tie.with_person)
    assert person.send("tie_dispute", tie.pk, reason="").status_code == 422
    assert person.send("tie_dispute", tie.pk, reason="Not my paper.").status_code == 302
    assert "Read the dispute" in text(person.get("tie_list"))
    dispute = tie.disputes.get()
    page = text(office.get("tie_dispute_answer", dispute.pk))
    assert "Not my paper." in page
    assert tie.evidence.get().proposal.number in page
    assert "Let the tie stand" not in text(person.get("tie_dispute_answer", dispute.pk))
    assert person.send("tie_dispute_answer", dispute.pk, act="accept", note="x").status_code == 403
    sent = office.send("tie_dispute_answer", dispute.pk, act="accept", note="Another person.")
    assert sent.status_code == 302
    assert "Another person." in text(person.get("tie_dispute_answer", dispute.pk))
    assert "taken back" in text(person.get("tie_list"))
    assert Person(reviewer()).get("tie_dispute_answer", dispute.pk).status_code == 404
    assert Person(reviewer()).get("tie_dispute", tie.pk).status_code == 404
