"""What is drawn from the code is drawn anew after every change, and says everything."""

import pytest

from consortium.access import the_table
from consortium.roles import Permission, Role
from consortium.states import stateful_models
from portal.docs import DOCUMENTS, FOLDER, permissions, states


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_is_fresh(name):
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == DOCUMENTS[name](), "run manage.py render_docs"


def test_every_state_is_drawn():
    text = states()
    for model in stateful_models():
        assert f"## {model._meta.label}" in text
        for state in model.State:
            assert f"    {state.value}: " in text


def test_every_state_has_its_transitions():
    for model in stateful_models():
        assert set(model.TRANSITIONS) == set(model.State), model
        following = set().union(*model.TRANSITIONS.values())
        unreachable = set(model.State) - following - {next(iter(model.TRANSITIONS))}
        assert unreachable == set(), model


def test_every_permission_role_and_rule_is_listed():
    text = permissions()
    for permission in Permission:
        assert f"| `{permission.value}`" in text
    for role in Role:
        assert role.replace("_", " ") in text
    rules = sum(len(rules) for rules in the_table().values())
    assert text.count("| `/") == rules
