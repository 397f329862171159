"""Who sees a model, its checkpoints and its releases: the audience, and the wall."""

import pytest
from django.contrib.auth.models import AnonymousUser

from consortium.models import ArmAppointment
from registry.models import Checkpoint, Model, ResearchRelease
from tests.factories import registry as make
from tests.factories.consortium import (
    InstitutionFactory,
    PersonFactory,
    delegate,
    deployment_officer,
    institution_admin,
    member,
    research_officer,
    staff,
)

pytestmark = pytest.mark.django_db


def sees(user, release) -> tuple[bool, bool, bool]:
    """(the release, its checkpoint, its model)"""
    return (
        ResearchRelease.objects.visible_to(user).filter(pk=release.pk).exists(),
        Checkpoint.objects.visible_to(user).filter(pk=release.checkpoint_id).exists(),
        Model.objects.visible_to(user).filter(pk=release.model_id).exists(),
    )


@pytest.mark.parametrize("state", ["draft", "checks", "under_review", "embargoed"])
def test_unreleased_work_is_for_the_lab_and_the_office(state):
    release = make.release(state=state, **({} if state == "draft" else {"audience": "public"}))
    house = release.model.lab.institution
    for user in (
        make.maintainer(release.model.lab),
        make.lab_member(release.model.lab),
        institution_admin(house),
        delegate(house),
        research_officer(),
        staff(ArmAppointment.Office.AUDITOR),
    ):
        assert sees(user, release) == (True, True, True), user
    for user in (
        AnonymousUser(),
        PersonFactory.create(),
        member(),
        member(house),
        delegate(),
        deployment_officer(),
        staff(ArmAppointment.Office.SECRETARIAT),
    ):
        assert sees(user, release) == (False, False, False), user


def test_the_deployment_office_has_no_way_round_the_wall():
    release = make.release(state="draft")
    officer = deployment_officer()
    make.joins(officer, release.model.lab.institution)
    for office in (ArmAppointment.Office.RESEARCH, ArmAppointment.Office.AUDITOR):
        ArmAppointment.objects.create(user=officer, office=office, since="2026-01-01")
    fresh = type(officer).objects.get(pk=officer.pk)
    assert sees(fresh, release) == (False, False, False)


@pytest.mark.parametrize("state", ["released", "withdrawn"])
@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        ("public", {"anonymous", "person", "member", "named", "deployment"}),
        ("members", {"member", "named", "deployment"}),
        ("institutions", {"named"}),
    ],
)
def test_a_release_reaches_its_audience(state, audience, reached):
    named = InstitutionFactory.create()
    release = make.release(state=state, audience=audience, institutions=[named])
    people = {
        "anonymous": AnonymousUser(),
        "person": PersonFactory.create(),
        "member": member(),
        "named": member(named),
        "deployment": deployment_officer(),
    }
    for who, user in people.items():
        assert sees(user, release) == ((who in reached,) * 3), who


def test_who_leaves_is_no_longer_a_member():
    release = make.release(audience="members")
    user = member()
    assert sees(user, release)[0]
    make.leaves_institution(user)
    assert not sees(type(user).objects.get(pk=user.pk), release)[0]
