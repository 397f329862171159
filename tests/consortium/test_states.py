import pytest

from consortium.errors import WrongState
from consortium.models import Institution
from consortium.states import require_transition, stateful_models

State = Institution.State


def test_an_allowed_step_passes():
    require_transition(Institution.TRANSITIONS, State.DRAFT, State.SUBMITTED)


def test_a_forbidden_step_names_both_states():
    with pytest.raises(WrongState, match=r"draft.*active"):
        require_transition(Institution.TRANSITIONS, State.DRAFT, State.ACTIVE)


@pytest.mark.parametrize("model", stateful_models(), ids=lambda m: m._meta.label)
def test_every_state_stands_in_its_transitions(model):
    assert set(model.TRANSITIONS) == set(model.State)
    assert all(after <= set(model.State) for after in model.TRANSITIONS.values())
