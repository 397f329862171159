"""compute_grants.charging as SQL, for a million runs in one statement.

The formula is stated twice, here and there; a test draws jobs and rules and holds both to the
same answer, and `reconcile` works every charge out again by this one.
"""

# For a run with cards, cores, memory_bytes; a resource's unit; a rule's shares (null: none).
_UNITS = """greatest(
    CASE WHEN {unit} = 'card_seconds' THEN {cards} ELSE {cores} END,
    CASE WHEN {unit} = 'card_seconds' AND {rule}.cores_per_card IS NOT NULL
        THEN ({cores} + {rule}.cores_per_card - 1) / {rule}.cores_per_card ELSE 0 END,
    CASE WHEN {rule}.memory_bytes_per_unit IS NOT NULL
        THEN ({memory} + {rule}.memory_bytes_per_unit - 1) / {rule}.memory_bytes_per_unit
        ELSE 0 END)"""

# The rules of a machine's resources, each with the day it ends; %(machine)s.
RULES = """
    SELECT c.id, c.resource_id, c.since, c.cores_per_card, c.memory_bytes_per_unit,
        lead(c.since) OVER (PARTITION BY c.resource_id ORDER BY c.since) AS until
    FROM compute_grants_chargingrule c
    JOIN compute_grants_resource s ON s.id = c.resource_id AND s.machine_id = %(machine)s
"""


def units(*, unit: str, rule: str, cards: str, cores: str, memory: str) -> str:
    """How many cards or cores the run counts as. Arguments are SQL expressions of ours."""
    return _UNITS.format(unit=unit, rule=rule, cards=cards, cores=cores, memory=memory)


def in_force(rule: str, resource: str, day: str) -> str:
    """Whether a row of RULES is that of a resource on a day."""
    return (
        f"{rule}.resource_id = {resource} AND {rule}.since <= {day} "
        f"AND ({rule}.until IS NULL OR {day} < {rule}.until)"
    )
