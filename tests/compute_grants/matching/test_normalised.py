"""A call's adjusted scores, as pages and the panel's board read them."""

import pytest

from compute_grants.queries.normalised import adjusted, reviewed
from tests.factories import compute_grants as make
from tests.factories.consortium import reviewer

pytestmark = pytest.mark.django_db


def test_a_call_without_reviews():
    assert adjusted(make.call_with()) == {}


def test_every_reviewed_proposal_once_and_nothing_of_other_calls(django_assert_num_queries):
    call = make.call_with(state="in_review")
    strict, mild = reviewer(), reviewer()
    low, high, unread = (make.proposal_for(call, state="peer_review") for _ in range(3))
    for person, shift in ((strict, 0), (mild, 2)):
        make.review_of(low, (1 + shift,) * 3, by=person)
        make.review_of(high, (2 + shift,) * 3, by=person)
    make.review_of(make.proposal_for(make.call_with(), state="peer_review"))
    with django_assert_num_queries(1):
        found = adjusted(call)
    assert set(found) == {low.pk, high.pk} and unread.pk not in found
    assert found[low.pk].score == pytest.approx(2.0)
    assert found[high.pk].score == pytest.approx(3.0)
    assert 1 <= found[high.pk].rank_low <= found[high.pk].rank_high <= 2
    fit = reviewed(call)
    assert fit.reviews == 4
    by = dict(zip(fit.reviewers, fit.fit.strictness, strict=True))
    assert by[strict.pk] < 0 < by[mild.pk]


def test_reviews_that_do_not_count_are_left_out():
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    make.review_of(proposal, (4, 4, 4))
    late = make.review_of(proposal, (0, 0, 0)).assignment
    late.state = "declined"
    late.save()
    assert adjusted(proposal.call)[proposal.pk].score == pytest.approx(4.0)
    assert reviewed(proposal.call).reviews == 1


def test_a_strict_reader_does_not_decide_the_order():
    call = make.call_with(state="in_review")
    strict, first, second = reviewer(), reviewer(), reviewer()
    a, b, c = (make.proposal_for(call, state="peer_review") for _ in range(3))
    make.review_of(a, (2, 2, 2), by=strict)
    make.review_of(a, (4, 4, 4), by=first)
    make.review_of(b, (4, 4, 4), by=first)
    make.review_of(b, (4, 4, 4), by=second)
    make.review_of(c, (2, 2, 2), by=strict)
    make.review_of(c, (4, 4, 4), by=second)
    found = adjusted(call)
    assert 0 < found[b.pk].score - found[a.pk].score < 1  # by means it would be 1
