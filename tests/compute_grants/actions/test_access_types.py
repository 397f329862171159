import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from compute_grants.actions import access_types
from compute_grants.models import AccessType
from compute_grants.policies import eligibility
from compute_grants.queries.access_types import size_errors
from compute_grants.queries.rates import rates_on
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.factories import allocations as grants
from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import member, operator, research_officer

HOUR = make.HOUR
FIELDS = {
    "code": "regular",
    "name_en": "Regular",
    "name_zh": "常规",
    "depth": "peer",
    "reviewers": 3,
    "months": 12,
}


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def resource(db):
    return make.machine().resources.get()


def test_a_change_is_the_next_version(office, resource):
    first = access_types.create(
        by=office, limits=[access_types.Limit(resource, 100 * HOUR)], **FIELDS
    )
    second = access_types.revise(first, by=office, months=6)
    assert (second.version, second.months, second.code) == (2, 6, "regular")
    assert second.limits.get().max_seconds == 100 * HOUR
    assert AccessType.objects.get(current=True) == second
    assert AccessType.objects.get(version=1).months == 12
    with pytest.raises(access_types.Superseded):
        access_types.revise(first, by=office, months=7)


def test_no_change_is_no_version(office):
    first = access_types.create(by=office, **FIELDS)
    assert access_types.revise(first, by=office, months=12) == first
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["access_type.created"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reviewers": 0}, "reviewers"),
        ({"min_credit_seconds": 2, "max_credit_seconds": 1}, "max_credit_seconds"),
    ],
)
def test_what_a_type_must_be(office, wrong, field):
    with pytest.raises(Invalid) as caught:
        access_types.create(by=office, **FIELDS | wrong)
    assert set(caught.value.errors) == {field}


def test_limits_are_named_once_and_in_order(office, resource):
    for limits in (
        [access_types.Limit(resource, 5, 6)],
        [access_types.Limit(resource, 0)],
        [access_types.Limit(resource, 5), access_types.Limit(resource, 6)],
    ):
        with pytest.raises(Invalid):
            access_types.create(by=office, limits=limits, **FIELDS)


def test_codes_are_taken_once(office):
    access_types.create(by=office, **FIELDS)
    with pytest.raises(Invalid):
        access_types.create(by=office, **FIELDS)
    with pytest.raises(IntegrityError), transaction.atomic():
        offers.access_type(code="regular", version=2)


@pytest.mark.parametrize("who", [member, operator])
def test_only_the_office(db, who):
    with pytest.raises(PermissionDenied):
        access_types.create(by=who(), **FIELDS)


def test_a_technical_check_has_no_reviewers(office):
    made = access_types.create(by=office, **FIELDS | {"depth": "technical"})
    assert made.reviewers == 0


def test_sizes_by_resource_and_in_credits(office, resource):
    other = make.machine().resources.get()
    offers.rate(resource, 2_000_000)
    made = access_types.create(
        by=office,
        limits=[access_types.Limit(other, 100 * HOUR, 10 * HOUR)],
        max_credit_seconds=1_000 * HOUR,
        min_credit_seconds=50 * HOUR,
        **FIELDS,
    )
    rates = rates_on([resource], timezone.localdate())
    assert size_errors(made, [(resource, 500 * HOUR)], rates) == []
    assert "1,000.0" in size_errors(made, [(resource, 500 * HOUR + 1)], rates)[0].replace(
        "1,000. ", "1,000.0 "
    )
    assert "begins at 50" in size_errors(made, [(resource, 24 * HOUR)], rates)[0]
    # Without a rate for each there is no sum to compare.
    assert size_errors(made, [(resource, 24 * HOUR), (other, 10 * HOUR)], rates) == []
    assert "at most 100 card-hours" in size_errors(made, [(other, 101 * HOUR)], rates)[0]
    assert "begins at 10 card-hours" in size_errors(made, [(other, 9 * HOUR)], rates)[0]


def test_a_benchmark_award_opens_the_larger_types(office):
    asked = offers.access_type(needs_benchmark=True)
    grant = grants.active()
    lead = grant.proposal.lead
    assert "benchmark award" in str(eligibility.may_use(lead, asked).reason)
    grant.proposal.access_type = offers.access_type(gives_benchmark=True)
    grant.proposal.save()
    assert eligibility.may_use(lead, asked)
    assert eligibility.may_use(member(), offers.access_type())
