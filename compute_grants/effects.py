"""Making a cluster's account match its allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute_grants.actions import allocations
from compute_grants.backends import cluster

if TYPE_CHECKING:
    from compute_grants.backends import ClusterBackend
    from consortium.effects import Spec
    from consortium.models import DesiredState


def _backend(spec: Spec) -> ClusterBackend:
    return cluster(spec["cluster"], spec["backend"])


class AllocationEffect:
    """Kind "allocation"; key: the allocation's number; spec: actions.grant_account.wanted.

    Only what the portal manages is compared: a TRES without a limit of ours, and the account's
    parent and description once it exists, are the centre's. A member of whom the machine knows
    no user is `missing` and held against nobody: the rest is done, and actions.provisioning looks
    for that user again. An association made before its user is there would not work for a while.
    """

    def observe(self, key: str, spec: Spec) -> Spec | None:  # noqa: ARG002  the Protocol's
        backend = _backend(spec)
        found = backend.account(spec["account"])
        if found is None:
            return None
        left = [backend.account(name) for name in spec.get("left", ())]
        return {
            "left_open": [account.name for account in left if account and account.open],
            "account": found.name,
            "members": sorted(found.members),
            "missing": sorted(_missing(backend, set(spec["members"]) - found.members)),
            "limits": {tres: found.limits.get(tres) for tres in sorted(spec["limits"])},
            "open": found.open,
            "priority": found.priority,
            "max_jobs": found.max_jobs,
        }

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:
        if observed is None or observed.get("left_open"):
            return False
        if sorted([*observed["members"], *observed["missing"]]) != spec["members"]:
            return False
        parts = ("limits", "open", "priority", "max_jobs")
        return all(observed[part] == spec[part] for part in parts if part in spec)

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:  # noqa: ARG002
        """Close first and open last, so that a cut in between never leaves too much open."""
        backend, account = _backend(spec), spec["account"]
        for name in spec.get("left", ()):
            if backend.account(name):
                backend.close(name)
        if observed is None:
            backend.ensure_account(account, parent=spec["parent"], description=spec["description"])
        if not spec["open"]:
            backend.close(account)
        backend.set_limits(account, spec["limits"])
        if "priority" in spec:
            backend.set_service(account, priority=spec["priority"], max_jobs=spec["max_jobs"])
        have = set(observed["members"]) if observed else set()
        for user in sorted(have - set(spec["members"])):
            backend.drop_member(account, user)
        newcomers = set(spec["members"]) - have
        for user in sorted(newcomers - _missing(backend, newcomers)):
            backend.ensure_member(account, user)
        if spec["open"]:
            backend.reopen(account)

    def settled(self, row: DesiredState) -> None:
        missing = (row.observed or {}).get("missing", ())
        allocations.record_applied(row.key, row.spec["account"], missing=missing)


def _missing(backend: ClusterBackend, newcomers: set[str]) -> set[str]:
    """Those of whom the machine knows no user; it is not asked about nobody."""
    return newcomers - backend.known_users(newcomers) if newcomers else set()
