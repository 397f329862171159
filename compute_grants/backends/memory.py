"""A cluster that is one JSON file, for trials, demonstrations and tests.

Web, worker and tests are different processes, so the file is the shared memory: each change
is made under a lock and moved into place whole, so that a killed process leaves either the
old state or the new one. Tests switch on faults in the same file, and so in every process.
"""

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from compute_grants.backends.base import (
    ClusterAccount,
    ClusterError,
    WaitingJob,
    checked_description,
    checked_limits,
    checked_name,
    checked_service,
)

State = dict[str, Any]
DOWN = "down"
FAULTS = "faults"
# What a cluster has before the portal comes: its root, and the account its centre made for us.
PARENTS = {"root": "", "consortium": "root"}


class MemoryBackend:
    """See ClusterBackend. `folder` holds one file per cluster.

    Faults, by call name ("set_limits", or "*" for all): "down" fails before anything is done;
    "half" does it and then fails, as a cut connection would.
    """

    def __init__(self, cluster: str, folder: Path | None = None) -> None:
        self.cluster = checked_name(cluster)
        self.folder = folder or Path(settings.STATE_DIR) / "memory-cluster"
        self.path = self.folder / f"{self.cluster}.json"

    def account(self, name: str) -> ClusterAccount | None:
        with self._reading("account") as state:
            row = state["accounts"].get(checked_name(name))
        return _account(name, row) if row else None

    def snapshot(self) -> dict[str, ClusterAccount]:
        with self._reading("snapshot") as state:
            return {name: _account(name, row) for name, row in state["accounts"].items()}

    def fetch_jobs(self, since: datetime, until: datetime) -> BinaryIO:
        raise ClusterError(f"{self.cluster} is no cluster: nothing ran from {since} until {until}")

    def ensure_account(self, name: str, *, parent: str, description: str) -> None:
        fresh = _fresh(checked_name(parent), checked_description(description))
        with self._changing("ensure_account") as state:
            if checked_name(name) not in state["accounts"]:
                _existing(state, parent)
                state["accounts"][name] = fresh

    def ensure_member(self, name: str, user: str) -> None:
        with self._changing("ensure_member") as state:
            row = _existing(state, name)
            row["members"] = sorted({*row["members"], checked_name(user)})
            state["defaults"].setdefault(user, name)

    def drop_member(self, name: str, user: str) -> None:
        with self._changing("drop_member") as state:
            row = _existing(state, name)
            row["members"] = sorted({*row["members"]} - {checked_name(user)})

    def set_limits(self, name: str, limits: Mapping[str, int]) -> None:
        with self._changing("set_limits") as state:
            _existing(state, name)["limits"].update(checked_limits(limits))

    def set_service(self, name: str, *, priority: str, max_jobs: int | None) -> None:
        checked_service(priority, max_jobs)
        with self._changing("set_service") as state:
            _existing(state, name).update(priority=priority, max_jobs=max_jobs)

    def close(self, name: str) -> None:
        with self._changing("close") as state:
            _existing(state, name)["open"] = False

    def reopen(self, name: str) -> None:
        with self._changing("reopen") as state:
            _existing(state, name)["open"] = True

    def default_accounts(self) -> dict[str, str]:
        with self._reading("default_accounts") as state:
            return dict(state["defaults"])

    def used_minutes(self) -> dict[str, dict[str, int]]:
        with self._reading("used_minutes") as state:
            return {name: dict(row.get("used", {})) for name, row in state["accounts"].items()}

    def known_users(self, names: Collection[str]) -> frozenset[str]:
        with self._reading("known_users") as state:
            return frozenset(map(checked_name, names)) - frozenset(state["strangers"])

    def waiting_jobs(self, accounts: Sequence[str]) -> list[WaitingJob]:
        with self._reading("waiting_jobs") as state:
            wanted = frozenset(map(checked_name, accounts))
            found = [_job(row) for row in state["jobs"] if row["account"] in wanted]
        return sorted(found, key=lambda job: job.submitted_at)

    # For tests and trials only.

    def set_strangers(self, *names: str) -> None:
        """From now on these alone are no users of the machine."""
        with self._locked():
            state = self._read()
            state["strangers"] = sorted(names)
            self._write(state)

    def set_used(self, name: str, minutes: Mapping[str, int]) -> None:
        """From now on the account has used this much."""
        with self._locked():
            state = self._read()
            _existing(state, name)["used"] = dict(minutes)
            self._write(state)

    def move(self, name: str, parent: str) -> None:
        """As a centre's administrator would."""
        with self._locked():
            state = self._read()
            _existing(state, name)["parent"] = parent
            self._write(state)

    def set_waiting(self, *jobs: WaitingJob) -> None:
        """From now on these jobs wait, and no others."""
        with self._locked():
            state = self._read()
            state["jobs"] = [
                {
                    **{
                        name: getattr(job, name) for name in ("job_id", "user", "account", "reason")
                    },
                    "submitted_at": int(job.submitted_at.timestamp()),
                }
                for job in jobs
            ]
            self._write(state)

    def inject(self, call: str, fault: str | None) -> None:
        """Make `call` fail with "down" or "half" from now on; None mends it."""
        with self._locked():
            state = self._read()
            state[FAULTS].pop(call, None)
            if fault:
                state[FAULTS][call] = fault
            self._write(state)

    def calls(self) -> dict[str, int]:
        """How often each call was made, refused ones included."""
        with self._locked():
            return dict(self._read()["calls"])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / f"{self.cluster}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise ClusterError(f"{self.cluster}: {error}") from error

    @contextmanager
    def _reading(self, call: str) -> Iterator[State]:
        with self._locked():
            state = self._read()
            _fail(state, call, DOWN)
            yield state

    @contextmanager
    def _changing(self, call: str) -> Iterator[State]:
        with self._locked():
            state = self._read()
            state["calls"][call] = state["calls"].get(call, 0) + 1
            try:
                _fail(state, call, DOWN)
            except ClusterError:
                self._write(state)
                raise
            yield state
            self._write(state)
            _fail(state, call, "half")

    def _read(self) -> State:
        state: State = {"accounts": {}, FAULTS: {}, "calls": {}}
        if self.path.exists():
            state = json.loads(self.path.read_text(encoding="utf-8"))
        state.setdefault("strangers", [])  # users that the machine does not have
        state.setdefault("jobs", [])
        state.setdefault("defaults", {})
        for name, parent in PARENTS.items():
            state["accounts"].setdefault(name, _fresh(parent, ""))
        return state

    def _write(self, state: State) -> None:
        draft = self.path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def _account(name: str, row: State) -> ClusterAccount:
    return ClusterAccount(
        name=name,
        parent=row["parent"],
        members=frozenset(row["members"]),
        limits=dict(row["limits"]),
        open=row["open"],
        priority=row.get("priority", "normal"),
        max_jobs=row.get("max_jobs"),
    )


def _job(row: State) -> WaitingJob:
    return WaitingJob(**{**row, "submitted_at": datetime.fromtimestamp(row["submitted_at"], UTC)})


def _fresh(parent: str, description: str) -> State:
    return {
        "parent": parent,
        "description": description,
        "members": [],
        "limits": {},
        "open": True,
    }


def _existing(state: State, name: str) -> State:
    row: State | None = state["accounts"].get(checked_name(name))
    if row is None:
        raise ClusterError(f"there is no account {name}")
    return row


def _fail(state: State, call: str, kind: str) -> None:
    if kind in {state[FAULTS].get(call), state[FAULTS].get("*")}:
        raise ClusterError(f"{call}: the cluster does not answer")
