"""The panel's board: order, rank intervals, the cut line, and what is hidden."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compute_grants.queries.calls import offers
from compute_grants.queries.panel import board, cut_lines, demand
from tests.factories import compute_grants as make
from tests.factories.consortium import reviewer

HOUR = make.HOUR
MOST_QUERIES = 11
STANDING = 4  # of the person, on every page


@pytest.fixture
def judge(call, client):
    person = make.panellist(call)
    client.force_login(person)
    return person


def ranked(call, score=4, hours=600, state="ranked", **fields):
    proposal = make.proposal_for(call, state=state, hours=hours, **fields)
    make.review_of(proposal, (score,) * 3)
    return proposal


def get(client, call, name="board", **query):
    return client.get(reverse(f"compute_grants:{name}", args=[call.code]), query)


def test_the_cut_line_is_where_the_time_ends(call, judge):
    """Feasible hours of what is undecided count; awarded, rejected and masked ones do not."""
    ranked(call, 5, hours=900, state="rejected")
    first, second = ranked(call, 4, hours=600), ranked(call, 3, hours=500)
    ranked(call, 5, hours=900, lead=judge)
    ranked(call, 2, hours=300)
    rows = board(call, judge)
    cuts = cut_lines(rows, offers(call))
    assert set(cuts) == {second.number}
    (cut,) = cuts[second.number]
    assert (cut.asked, cut.left) == (1_100 * HOUR, 1_000 * HOUR)
    review = first.requests.get().technical_review
    review.verdict, review.cap_seconds = "partly", 400 * HOUR
    review.save()
    rows = board(call, judge)
    assert len(cut_lines(rows, offers(call))) == 1
    assert second.number not in cut_lines(rows, offers(call))
    (row,) = demand(rows, offers(call))
    assert (row.offered, row.left, row.asked) == (1_000 * HOUR, 1_000 * HOUR, 1_200 * HOUR)


def test_by_the_adjusted_score(call, judge):
    """A strict reviewer's three is worth more than a mild one's four."""
    strict, mild = reviewer(), reviewer()
    one, two, both = (make.proposal_for(call, state="ranked") for _ in range(3))
    for proposal, person, score in (
        (one, strict, 3),
        (both, strict, 1),
        (two, mild, 4),
        (both, mild, 5),
    ):
        make.review_of(proposal, (score,) * 3, by=person)
    assert [row.number for row in board(call, judge)] == [two.number, one.number, both.number]
    fair = board(call, judge, "adjusted")
    assert fair[0].number == one.number
    assert fair[0].adjusted.rank_low <= fair[0].rank <= fair[0].adjusted.rank_high


def test_pages_show_it(call, judge, client):
    ranked(call, 4, hours=600)
    low = ranked(call, 3, hours=500)
    body = get(client, call).content.decode()
    assert "Cut line" in body and low.number in body
    assert "Cut line" in get(client, call, order="adjusted").content.decode()


def test_filters_keep_masked_rows(call, judge, client):
    mine = ranked(call, lead=judge)
    wait, gone = ranked(call, state="waitlisted"), ranked(call, state="rejected")
    shown = [row.number for row, _cuts in get(client, call, state="waitlisted").context["rows"]]
    assert sorted(shown) == sorted([mine.number, wait.number])
    assert gone.number not in shown
    assert get(client, call, kind="nothing", state="x").status_code == 200


def test_where_the_own_side_stands_is_hidden(call, judge):
    best, own, low = ranked(call, 5), ranked(call, 4, lead=judge), ranked(call, 3)
    assert [row.number for row in board(call, judge)] == [best.number, low.number, own.number]


def test_csv(call, judge, client):
    mine, other = ranked(call, lead=judge), ranked(call, 3)
    lines = b"".join(get(client, call, "board_csv").streaming_content).decode().splitlines()
    assert lines[0].startswith("\ufeffrank,proposal")
    assert any(line == f",{mine.number}" + "," * 15 for line in lines)
    assert any(f",{other.number},ranked," in line for line in lines)
    client.force_login(make.panellist())
    assert get(client, call, "board_csv").status_code == 403


def test_as_many_queries_for_many_as_for_few(call, judge, client):
    counts = []
    for _ in range(2):
        for n in range(4):
            ranked(call, n + 1)
        get(client, call)
        with CaptureQueriesContext(connection) as captured:
            assert get(client, call).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= MOST_QUERIES + STANDING
