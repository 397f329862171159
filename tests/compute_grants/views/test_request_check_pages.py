"""Checks beside each request, the kind of access, and the ranking of machines."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compute_grants.actions import proposals
from compute_grants.models import AccessTypeLimit
from compute_grants.queries.request_checks import checks_of, ranking
from consortium.errors import Invalid
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.offers import access_type, rate
from tests.factories.proposals import TeamMemberFactory

HOUR = make.HOUR


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with(), hours=640)


def ask(lead, draft, **more):
    given = {
        "resource": draft.call.budgets.first().resource_id,
        "precision": "BF16",
        "seconds": 640,
        "cards": 64,
        "justification": "x",
    }
    return lead.send("proposal_resources", draft.number, **given | more)


def test_shown_beside_the_request_and_on_the_check_page(draft):
    lead = Person(draft.lead)
    assert ask(lead, draft, runs=2, run_seconds=5, memory_bytes="40.5").status_code == 302
    row = draft.requests.get()
    assert (row.runs, row.run_seconds, row.memory_bytes) == (2, 5 * HOUR, 40_500_000_000)
    for page in ("proposal_resources", "proposal_check"):
        shown = text(lead.get(page, draft.number))
        assert "2 runs × 64 × 5.0 h = 640 h, as asked." in shown
        assert "kWh and" in shown and "40.5 GB of 125.0 GB" in shown


def test_what_does_not_fit_keeps_it_from_being_submitted(draft):
    lead = Person(draft.lead)
    ask(lead, draft, memory_bytes="200")
    draft.refresh_from_db()
    sent = lead.send("proposal_check", draft.number, version=draft.version)
    assert sent.status_code == 422 and "200.0 GB are needed" in text(sent)
    with pytest.raises(Invalid) as caught:
        proposals.submit(draft, by=draft.lead)
    assert list(caught.value.errors) == ["requests"]


def test_the_ranking_is_explained(draft):
    lead = Person(draft.lead)
    page = text(lead.get("proposal_resources", draft.number))
    assert "Machines of this call at BF16" in page and ">100<" in page
    url = f"/proposals/{draft.number}/resources/?precision=FP8"
    assert "states no peak at this precision" in text(lead.client.get(url))
    url = f"/proposals/{draft.number}/resources/?precision=none"
    assert lead.client.get(url).status_code == 200


def test_the_kind_of_access_and_its_limits(draft):
    small = access_type()
    resource = draft.call.budgets.get().resource
    AccessTypeLimit.objects.create(access_type=small, resource=resource, max_seconds=100 * HOUR)
    draft.call.access_types.set([small])
    lead = Person(draft.lead)
    with pytest.raises(Invalid) as caught:
        proposals.submit(draft, by=draft.lead)
    assert list(caught.value.errors) == ["access_type"]
    assert small.name in text(lead.get("proposal_resources", draft.number))
    assert lead.send("proposal_access", draft.number, access_type=small.pk).status_code == 302
    with pytest.raises(Invalid, match="allows at most 100"):
        proposals.submit(draft, by=draft.lead)
    draft.requests.update(seconds=100 * HOUR)
    assert proposals.submit(draft, by=draft.lead).content["access_type"] == small.code


def test_only_the_calls_own_kinds(draft):
    with pytest.raises(Invalid, match="does not offer"):
        proposals.choose_access(draft, access_type=access_type(), by=draft.lead)


def test_a_fixed_number_of_queries(draft):
    more = make.proposal_for(make.call_with(*[make.machine().resources.get() for _ in range(4)]))
    counts = []
    for proposal in (draft, more):
        rows = list(proposal.requests.select_related("resource__machine"))
        with CaptureQueriesContext(connection) as asked:
            checks_of(proposal, rows)
            ranking(proposal.call, "BF16")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


def sold_in_credits(draft, language="en", **limits):
    """The draft under a kind of access that counts in credits; its lead reads `language`."""
    draft.access_type = access_type(**{"max_credit_seconds": 10_000 * HOUR} | limits)
    draft.save()
    draft.lead.language = language
    draft.lead.save()
    return Person(draft.lead)


@pytest.mark.parametrize(
    ("language", "machine_of", "words"),
    [
        ("en", "name_en", "{} has no exchange rate for card-hours on"),
        ("zh-hans", "name_zh", "没有卡时的兑换率。请联系研发办公室设定。"),
    ],
)
def test_a_resource_without_a_rate_is_a_failed_check(draft, language, machine_of, words):
    lead = sold_in_credits(draft, language)
    priced, asked = make.machine().resources.get(), draft.requests.get()
    rate(priced)
    more = draft.requests.create(
        resource=priced, precision="BF16", seconds=HOUR, cards=1, justification="x"
    )
    words = words.format(getattr(asked.resource.machine, machine_of))
    for page in ("proposal_resources", "proposal_check"):
        shown = lead.get(page, draft.number)
        assert shown.status_code == 200 and words in text(shown)
        assert getattr(asked.resource.machine, machine_of) in text(shown)
    found = {
        each.request.pk: [check.code for check in each.checks if check.level == "error"]
        for each in shown.context["checked"]
    }
    assert found == {asked.pk: ["rate"], more.pk: []}
    sent = lead.send("proposal_check", draft.number, version=draft.version)
    assert sent.status_code == 422 and words in text(sent)
    assert words in str(Api(draft.lead).post(f"proposals/{draft.number}/submit/", status=422))
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_with_a_rate_for_each_the_sum_in_credits_is_checked(draft):
    sold_in_credits(draft, max_credit_seconds=100 * HOUR)
    resource = draft.requests.get().resource
    held = rate(resource, until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Invalid, match="expired on"):
        proposals.submit(draft, by=draft.lead)
    held.delete()
    rate(resource)
    with pytest.raises(Invalid, match="is worth 640 credits"):
        proposals.submit(draft, by=draft.lead)
    draft.requests.update(seconds=100 * HOUR)
    assert proposals.submit(draft, by=draft.lead)


@pytest.mark.parametrize("page", ["proposal_resources", "proposal_check"])
def test_few_queries_with_everything_there(draft, page):
    lead, resource = sold_in_credits(draft), draft.requests.get().resource
    AccessTypeLimit.objects.create(
        access_type=draft.access_type, resource=resource, max_seconds=1_000 * HOUR
    )
    draft.call.access_types.set([draft.access_type])
    rate(resource)
    TeamMemberFactory.create_batch(2, proposal=draft, confirmed=True)
    lead.get(page, draft.number)
    with CaptureQueriesContext(connection) as asked:
        assert lead.get(page, draft.number).status_code == 200
    assert len(asked) < 15


def test_over_the_api(draft):
    lead, path = Api(draft.lead), f"proposals/{draft.number}"
    found = lead.get(f"{path}/checks/")
    assert found[0]["worst"] == "warn"
    energy = next(row for row in found[0]["checks"] if row["code"] == "energy")
    assert energy["numbers"]["joules"] == 640 * HOUR * 2_000_000 // 2048
    ranked = lead.get(f"{path}/machines/?precision=BF16")
    assert ranked[0]["score"] == 100 and ranked[0]["fits"]
    lead.get(f"{path}/machines/?precision=FP4", status=422)
    lead.post(f"{path}/access/", status=404, access_type="none")
    kind = access_type()
    draft.call.access_types.set([kind])
    lead.post(f"{path}/access/", access_type=kind.code)
    draft.refresh_from_db()
    assert draft.access_type == kind
