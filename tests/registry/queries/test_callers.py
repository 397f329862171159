"""The gateway's one query against the rules it stands in for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consortium import tokens
from consortium.models import ApiToken, User
from consortium.roles import standing
from registry.models import Lab
from registry.queries.callers import by_token
from tests.factories import registry as make
from tests.factories.consortium import (
    PersonFactory,
    delegate,
    deployment_officer,
    institution_admin,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
    staff,
)

pytestmark = pytest.mark.django_db
PEOPLE = {
    "person": PersonFactory.create,
    "member": member,
    "principal": principal,
    "delegate": delegate,
    "admin": institution_admin,
    "operator": operator,
    "reviewer": reviewer,
    "panellist": lambda: reviewer(panellist=True),
    "research": research_officer,
    "deployment": deployment_officer,
    "secretariat": lambda: staff("secretariat"),
    "auditor": lambda: staff("auditor"),
    "maintainer": lambda: make.maintainer(make.lab()),
    "lab member": lambda: make.lab_member(make.lab()),
}


def agrees(user: User) -> bool:
    caller = by_token(make.token(user))
    mine, theirs = standing(caller.user), standing(User.objects.get(pk=user.pk))
    labs = Lab.objects.worked_in_by(User.objects.get(pk=user.pk)).order_by("slug")
    assert caller.labs == tuple(labs)
    assert caller.user == user
    return (mine.affiliations, mine.offices, mine.roles, mine.permissions) == (
        *(theirs.affiliations, theirs.offices, theirs.roles, theirs.permissions),
    )


@pytest.mark.parametrize("who", PEOPLE)
def test_it_reads_what_the_rules_read(who, django_assert_num_queries):
    user = PEOPLE[who]()
    assert agrees(user)
    text = make.token(user)
    with django_assert_num_queries(1):
        by_token(text)


@pytest.mark.parametrize("who", ["member", "delegate", "lab member", "maintainer"])
def test_it_agrees_when_something_has_ended(who):
    user = PEOPLE[who]()
    make.leaves_institution(user)
    assert agrees(User.objects.get(pk=user.pk))


def test_it_agrees_on_suspended_institutions_and_ended_offices():
    user = make.maintainer(make.lab())
    user.affiliations.get().institution.__class__.objects.update(state="suspended")
    assert agrees(User.objects.get(pk=user.pk))
    officer = research_officer()
    officer.appointments.update(until=timezone.localdate() - timedelta(days=1))
    assert agrees(User.objects.get(pk=officer.pk))


def test_it_agrees_on_tokens():
    user = member()
    text = make.token(user)
    assert by_token(text).token == tokens.verify(text)
    row = ApiToken.objects.get()
    for change in (
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"digest": "0" * 64},
        {"pepper_version": 9},
    ):
        kept = {name: getattr(row, name) for name in change}
        ApiToken.objects.update(**change)
        assert by_token(text) is None
        assert tokens.verify(text) is None
        ApiToken.objects.update(**kept)
    assert by_token(text)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert by_token(text) is None
    for junk in ("", "omic_", text + "x", text[:-1], "omic_a_b_c"):
        assert by_token(junk) is None
