"""Another system, kept in a file so that it outlives the worker that changes it; its effects."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from consortium import audit
from consortium.effects import Spec, Waiting
from consortium.models import DesiredState

KIND = "outside"


class Cluster:
    """Accounts with a limit and members. Each call is whole or not at all, as a real one's is.

    It is as unforgiving as the real one: making what is there, or changing what is not, fails.
    """

    def __init__(self, file: str) -> None:
        self.file = Path(file)

    def read(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def _write(self, accounts: dict[str, Any]) -> None:
        draft = self.file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(accounts), encoding="utf-8")
        draft.replace(self.file)

    def create(self, name: str) -> None:
        accounts = self.read()
        if name in accounts:
            raise RuntimeError(f"{name} exists")
        accounts[name] = {"hours": 0, "members": []}
        self._write(accounts)

    def set_hours(self, name: str, hours: int) -> None:
        accounts = self.read()
        accounts[name]["hours"] = hours
        self._write(accounts)

    def add_hours(self, name: str, hours: int) -> None:
        accounts = self.read()
        accounts.setdefault(name, {"hours": 0, "members": []})["hours"] += hours
        self._write(accounts)

    def add_member(self, name: str, member: str) -> None:
        accounts = self.read()
        if member in accounts[name]["members"]:
            raise RuntimeError(f"{member} is in {name}")
        accounts[name]["members"].append(member)
        self._write(accounts)


class AbsoluteEffect:
    """As an effect should be: reads first, sets what is, and can be cut off anywhere."""

    def observe(self, key: str, spec: Spec) -> Spec | None:
        found: Spec | None = Cluster(spec["file"]).read().get(key)
        return found

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:
        wanted = {"hours": spec["hours"], "members": spec["members"]}
        return observed == wanted

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:
        cluster = Cluster(spec["file"])
        if observed is None:
            cluster.create(key)
            observed = {"hours": 0, "members": []}
        for member in spec["members"]:
            if member not in observed["members"]:
                cluster.add_member(key, member)
        cluster.set_hours(key, spec["hours"])

    def settled(self, row: DesiredState) -> None:
        audit.record("outside.settled", row, by=None, generation=row.generation)


class RelativeEffect(AbsoluteEffect):
    """The naive control: adds what was awarded, and believes that it worked."""

    def __init__(self) -> None:
        self.added = False

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:
        done, self.added = self.added, False
        return done

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:
        Cluster(spec["file"]).add_hours(key, spec["hours"])
        self.added = True


class BrokenEffect(AbsoluteEffect):
    """Fails as its spec says."""

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:
        if spec["fails"] == "waiting":
            raise Waiting("The unix account is made on Monday.")
        if spec["fails"] == "error":
            raise RuntimeError("the cluster is down")


class BrokenSettlement(AbsoluteEffect):
    def settled(self, row: DesiredState) -> None:
        super().settled(row)
        raise RuntimeError("the domain says no")
