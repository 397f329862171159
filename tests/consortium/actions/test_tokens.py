import pytest
from django.core.exceptions import PermissionDenied

from consortium import tokens as texts
from consortium.actions import tokens
from consortium.errors import Invalid
from consortium.models import Affiliation, ArmAppointment, AuditEvent, Scope
from consortium.roles import Permission, has
from tests.factories import consortium as make


def create(person, **changes):
    values = {"label": "laptop", "scopes": [Scope.PROFILE_READ], "days": 30}
    return tokens.create(**(values | changes), by=person)


def test_a_token_is_made_and_works(person):
    new = create(person)
    assert texts.verify(new.text) == new.token
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id) == ("token.created", person.pk)
    assert new.text not in str(event.detail)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 91}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"label": "  "}, "label"),
    ],
)
def test_input_is_checked(person, changes, field):
    with pytest.raises(Invalid) as error:
        create(person, **changes)
    assert list(error.value.errors) == [field]


def test_ninety_days_are_allowed(person):
    assert create(person, days=90).token.live


def test_scopes_beyond_the_roles_are_refused(person):
    with pytest.raises(tokens.ScopeNotYours, match="grants:write"):
        create(person, scopes=[Scope.PROFILE_READ, Scope.GRANTS_WRITE])


def test_scopes_follow_the_roles(db):
    member = make.member()
    assert create(member, scopes=[Scope.GRANTS_WRITE]).token.scopes == [Scope.GRANTS_WRITE]


def test_the_rights_behind_a_scope_are_read_at_use(db):
    """A scope kept from better days gives nothing once the role is gone."""
    affiliation = make.AffiliationFactory.create(role=Affiliation.Role.MEMBER)
    new = create(affiliation.user, scopes=[Scope.GRANTS_WRITE])
    assert has(texts.verify(new.text).user, Permission.PROPOSAL_WRITE)
    make.ended(affiliation)
    assert not has(texts.verify(new.text).user, Permission.PROPOSAL_WRITE)


def test_twenty_live_tokens_are_enough(person, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_LIVE", 2)
    first = create(person)
    create(person)
    with pytest.raises(tokens.TooManyTokens):
        create(person)
    tokens.revoke(first.token, by=person)
    create(person)


def test_revoking_twice_says_so_once(person):
    new = create(person)
    tokens.revoke(new.token, by=person)
    tokens.revoke(new.token, by=person)
    assert texts.verify(new.text) is None
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_only_the_owner_and_the_secretariat_revoke(person):
    new = create(person)
    with pytest.raises(PermissionDenied):
        tokens.revoke(new.token, by=make.member())
    tokens.revoke(new.token, by=make.staff(ArmAppointment.Office.SECRETARIAT))
    assert texts.verify(new.text) is None
