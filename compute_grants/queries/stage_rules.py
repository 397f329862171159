"""The stages that a machine's jobs belong to."""

from compute_grants import stage_rules
from compute_grants.models import Machine


def rules_of(machine: Machine) -> stage_rules.StageOf:
    """A function of (partition, qos, comment), by the machine's rules as they are now."""
    rows = machine.stage_rules.values_list("field", "value", "stage")
    return stage_rules.by_rules(stage_rules.StageRule(*row) for row in rows)
