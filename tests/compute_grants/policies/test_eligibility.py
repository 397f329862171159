from datetime import date, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from compute_grants.actions import call_terms, proposals
from compute_grants.models import Call
from compute_grants.policies import eligibility
from consortium.errors import Invalid
from consortium.models import Affiliation, User
from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import (
    InstitutionFactory,
    deployment_officer,
    member,
    principal,
    research_officer,
)

TODAY = timezone.localdate()


@pytest.fixture
def lead(db) -> User:
    return principal(InstitutionFactory.create(kind="university", tier="associate"))


def call_asking(*conditions: call_terms.Condition, **fields) -> Call:
    period = {
        "awards_from": TODAY + timedelta(days=30),
        "awards_until": TODAY + timedelta(days=395),
    }
    call = make.call_with(state="draft", **period | fields)
    call_terms.set_eligibility(call, conditions=conditions, by=research_officer())
    Call.objects.filter(pk=call.pk).update(state="open")
    call.refresh_from_db()
    return call


RULES = {
    "kind": ("institution_kind", ("university",), ("institute", "centre"), "university"),
    "role": ("role", ("principal", "admin"), ("delegate",), "none of these roles"),
    "tier": ("tier", ("associate",), ("council", "full"), "associate member"),
    "arm": ("arm", ("research",), ("deployment",), "non-profit"),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_of_values(lead, rule):
    kind, met, unmet, reason = RULES[rule]
    assert eligibility.can_lead(lead, call_asking(call_terms.Condition(kind, met)))
    refused = eligibility.can_lead(lead, call_asking(call_terms.Condition(kind, unmet)))
    assert not refused
    assert reason in str(refused.reason)


@pytest.mark.parametrize(("days", "allowed"), [(484, False), (485, True), (None, True)])
def test_contract_lasts_months_past_the_end(lead, days, allowed):
    """The award period ends in 395 days; three months later is day 485 or thereabouts."""
    call = call_asking(call_terms.Condition("contract", months=3))
    needed = eligibility.months_after(call.awards_until, 3)
    if days is not None:
        offers.lead_until(lead, (needed - TODAY).days - (485 - days))
    decision = eligibility.can_lead(lead, call)
    assert bool(decision) is allowed
    if not allowed:
        assert needed.isoformat() in str(decision.reason)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2027-12-15", 3, "2028-03-15"),
        ("2026-11-30", 3, "2027-02-28"),
    ],
)
def test_months_after(day, months, after):
    assert eligibility.months_after(date.fromisoformat(day), months) == (date.fromisoformat(after))


def test_second_factor(lead):
    call = call_asking(call_terms.Condition("second_factor"))
    assert "passkey" in str(eligibility.can_lead(lead, call).reason)
    Authenticator.objects.create(user=lead, type=Authenticator.Type.TOTP, data={})
    assert eligibility.can_lead(lead, call)


def test_overdue_reports(lead, monkeypatch):
    call = call_asking(call_terms.Condition("no_overdue_report"))
    assert eligibility.can_lead(lead, call)
    monkeypatch.setattr(eligibility, "overdue_reports", lambda *_: 2)
    assert "2 reports" in str(eligibility.can_lead(lead, call).reason)


def test_every_rule_is_shown_with_its_reason(lead):
    call = call_asking(
        call_terms.Condition("tier", ("council",)),
        call_terms.Condition("arm", ("research",)),
        call_terms.Condition("second_factor"),
    )
    shown = [(bool(v.decision), str(v.rule)) for v in eligibility.verdicts(lead, call)]
    assert [met for met, _rule in shown] == [True, False, True, False]
    assert "council member" in shown[1][1]
    with translation.override("zh-hans"):
        assert str(eligibility.verdicts(lead, call)[1].rule) != shown[1][1]


def test_the_institution_where_most_is_met_is_judged(lead):
    other = InstitutionFactory.create(kind="institute", tier="council")
    Affiliation.objects.create(
        user=lead, institution=other, role="principal", since=TODAY - timedelta(days=9)
    )
    call = call_asking(
        call_terms.Condition("tier", ("council",)),
        call_terms.Condition("institution_kind", ("institute",)),
    )
    assert eligibility.can_lead(lead, call)
    poor = lead.affiliations.exclude(institution=other).get().institution
    assert not eligibility.can_lead(lead, call, poor)
    assert eligibility.can_lead(lead, call, other)


@pytest.mark.parametrize("who", [member, deployment_officer])
def test_nobody_else_leads_whatever_the_rules(db, who):
    call = call_asking(call_terms.Condition("second_factor"))
    verdicts = eligibility.verdicts(who(), call)
    assert not verdicts[0].decision
    assert len(verdicts) == 2


def test_starting_and_submitting_ask_the_same_rules(lead):
    house = lead.affiliations.get().institution
    call = call_asking(call_terms.Condition("tier", ("associate",)))
    draft = proposals.start(call, institution=house, by=lead)
    house.tier = "observer"
    house.save()
    fresh = User.objects.get(pk=lead.pk)
    with pytest.raises(PermissionDenied, match="another tier"):
        proposals.start(call, institution=house, by=fresh)
    with pytest.raises(PermissionDenied, match="another tier"):
        proposals.submit(draft, by=fresh)


def test_a_fixed_number_of_queries(lead):
    call = call_asking(
        *(call_terms.Condition(kind, met) for kind, met, _unmet, _reason in RULES.values()),
        call_terms.Condition("contract", months=3),
        call_terms.Condition("second_factor"),
        call_terms.Condition("no_overdue_report"),
    )
    fresh = User.objects.get(pk=lead.pk)
    with CaptureQueriesContext(connection) as queries:
        eligibility.verdicts(fresh, Call.objects.get(pk=call.pk))
    assert len(queries) <= 8


BAD = {
    "no such kind": call_terms.Condition("luck"),
    "no values": call_terms.Condition("tier"),
    "an unknown value": call_terms.Condition("tier", ("gold",)),
    "another rule's value": call_terms.Condition("arm", ("council",)),
    "months where none belong": call_terms.Condition("tier", ("full",), months=3),
    "no months": call_terms.Condition("contract"),
    "values where none belong": call_terms.Condition("second_factor", ("yes",)),
}


@pytest.mark.parametrize("why", BAD)
def test_rules_are_well_formed(db, why):
    call = make.call_with(state="draft")
    with pytest.raises(Invalid):
        call_terms.set_eligibility(call, conditions=[BAD[why]], by=research_officer())
    assert not call.eligibility_rules.exists()


def test_a_published_calls_rules_stay(db):
    call = make.call_with()
    with pytest.raises(call_terms.Frozen):
        call_terms.set_eligibility(call, conditions=[], by=research_officer())
