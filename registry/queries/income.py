"""What the waterfall needs to know of a gate, from the snapshots frozen there."""

from __future__ import annotations

from registry.models import TransferGate
from registry.waterfall import Gift, Node


def nodes_behind(gate: TransferGate) -> dict[str, Node]:
    """The gate's checkpoint and all that it descends from, by checkpoint number.

    Two queries per generation of the lineage.
    """
    nodes: dict[str, Node] = {}
    waiting = {gate.number}
    while waiting:
        gates = TransferGate.objects.filter(number__in=waiting).select_related(
            "checkpoint__model__lab", "snapshot"
        )
        waiting = set()
        for found in gates.prefetch_related("snapshot__contributions"):
            nodes[found.checkpoint.number] = _node(found)
            waiting |= {
                row["gate"] for row in found.snapshot.ancestors if row["checkpoint"] not in nodes
            }
    return nodes


def _node(gate: TransferGate) -> Node:
    gifts = tuple(
        Gift(row.institution_id, row.kind, row.amount) for row in gate.snapshot.contributions.all()
    )
    parents = tuple((row["checkpoint"], row["relation"]) for row in gate.snapshot.ancestors)
    return Node(gifts, parents)
