"""A grant's page says what was made with it, to those who may see that."""

import pytest

from compute_grants.queries.allocations import lineage
from registry.models import Checkpoint
from tests.factories import allocations
from tests.factories import registry as make
from tests.factories.consortium import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def released():
    allocation = allocations.active()
    release = make.release(audience="members")
    Checkpoint.objects.filter(pk=release.checkpoint_id).update(allocation=allocation)
    return release


def test_a_member_sees_the_checkpoint_and_its_release(released):
    reader = member()
    allocation = Checkpoint.objects.get(pk=released.checkpoint_id).allocation
    link = lineage(allocation, reader)[0]
    assert link["number"] == released.checkpoint.number
    assert dict(link["evidence"])["Manifest root"] == released.checkpoint.manifest_root
    assert dict(link["evidence"])["Releases"] == released.version


def test_another_grant_and_a_stranger_see_nothing(released):
    assert lineage(allocations.active(), member()) == []
    draft = make.release(state="draft")
    allocation = allocations.active()
    Checkpoint.objects.filter(pk=draft.checkpoint_id).update(allocation=allocation)
    assert lineage(allocation, member()) == []
