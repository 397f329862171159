"""What every backend promises. The trial cluster is verified here against the real one."""

import pytest

from compute_grants.backends import ClusterAccount, ClusterError


def test_an_account_is_made_once_open_and_empty_and_keeps_its_parent(backend, name):
    assert backend.account(name) is None
    backend.ensure_account(name, parent="consortium", description="NCC-2026-0001")
    assert backend.account(name) == ClusterAccount(name=name, parent="consortium")
    backend.set_limits(name, {"gres/gpu": 60})
    before = backend.account(name)
    backend.ensure_account(name, parent="root", description="other")
    assert backend.account(name) == before


def test_a_parent_is_not_made_by_the_way(backend, name):
    with pytest.raises(ClusterError):
        backend.ensure_account(name, parent=f"{name}_parent", description="x")
    assert {name, f"{name}_parent"}.isdisjoint(backend.snapshot())


def test_the_snapshot_has_every_account_as_account_has_it(backend, account):
    backend.ensure_member(account, "alice")
    backend.set_limits(account, {"cpu": 5})
    backend.set_service(account, priority="low", max_jobs=3)
    backend.close(account)
    snapshot = backend.snapshot()
    assert snapshot[account] == backend.account(account)
    assert snapshot[account] == ClusterAccount(
        name=account,
        parent="consortium",
        members=frozenset({"alice"}),
        limits={"cpu": 5},
        open=False,
        priority="low",
        max_jobs=3,
    )
    assert snapshot["consortium"].parent == "root"
    assert "root" in snapshot


def test_members_come_go_and_come_again(backend, account):
    for user in ("alice", "alice", "bob"):
        backend.ensure_member(account, user)
    for _ in range(2):
        backend.drop_member(account, "alice")
        assert backend.account(account).members == {"bob"}
    backend.drop_member(account, "carol")  # never was one
    backend.ensure_member(account, "alice")
    assert backend.account(account).members == {"alice", "bob"}


def test_a_member_of_two_accounts_is_dropped_from_one(backend, account):
    """From the first, which Slurm keeps as the user's default."""
    second = f"{account}_b"
    backend.ensure_account(second, parent="consortium", description="x")
    for each in (account, second):
        backend.ensure_member(each, "dave")
    backend.drop_member(account, "dave")
    assert backend.account(account).members == frozenset()
    assert backend.account(second).members == {"dave"}


def test_a_dropped_member_stays_dropped_whatever_becomes_of_the_account(backend, account):
    backend.ensure_member(account, "alice")
    backend.drop_member(account, "alice")
    backend.set_service(account, priority="low", max_jobs=2)
    backend.reopen(account)
    backend.set_service(account, priority="normal", max_jobs=None)
    assert backend.account(account).members == frozenset()


def test_limits_are_totals_and_merge_by_tres(backend, account):
    for _ in range(2):
        backend.set_limits(account, {"gres/gpu": 600, "cpu": 0})
        assert backend.account(account).limits == {"gres/gpu": 600, "cpu": 0}
    backend.set_limits(account, {"gres/gpu": 30, "gres/gpu:h100": 10**15})
    expected = {"gres/gpu": 30, "cpu": 0, "gres/gpu:h100": 10**15}
    assert backend.account(account).limits == expected


def test_limits_that_are_no_whole_minutes_are_refused_and_nothing_changes(backend, account):
    wrong = [
        *({"cpu": minutes} for minutes in (-1, 1.5, "60", True, 10**15 + 1)),
        *({tres: 1} for tres in ("", "cpu,mem", "cpu=1;", "CPU")),
    ]
    for limits in wrong:
        with pytest.raises(ClusterError):
            backend.set_limits(account, {"gres/gpu": 5} | limits)
    assert backend.account(account).limits == {}


def test_service_is_absolute(backend, account):
    for _ in range(2):
        backend.set_service(account, priority="low", max_jobs=3)
        found = backend.account(account)
        assert (found.priority, found.max_jobs, found.open) == ("low", 3, True)
    backend.set_service(account, priority="normal", max_jobs=None)
    assert backend.account(account) == ClusterAccount(name=account, parent="consortium")


def test_a_service_that_no_cluster_has_is_refused(backend, account):
    for priority, jobs in (("high", 1), ("", 1), ("low", -1), ("low", 1.5), ("low", True)):
        with pytest.raises(ClusterError):
            backend.set_service(account, priority=priority, max_jobs=jobs)
    assert backend.account(account).priority == "normal"


def test_closing_keeps_all_else_and_is_undone_by_reopening(backend, account):
    backend.set_service(account, priority="low", max_jobs=2)
    before = backend.account(account)
    for _ in range(2):
        backend.close(account)
        found = backend.account(account)
        assert (found.open, found.priority, found.max_jobs) == (False, "low", 2)
    for _ in range(2):
        backend.reopen(account)
        assert backend.account(account) == before


def test_a_change_of_service_does_not_open_a_closed_account(backend, account):
    backend.close(account)
    backend.set_service(account, priority="normal", max_jobs=4)
    assert not backend.account(account).open
    backend.reopen(account)
    found = backend.account(account)
    assert (found.open, found.max_jobs) == (True, 4)


def changes(backend, name):
    return (
        lambda: backend.ensure_member(name, "alice"),
        lambda: backend.drop_member(name, "alice"),
        lambda: backend.set_limits(name, {"cpu": 1}),
        lambda: backend.set_service(name, priority="low", max_jobs=1),
        lambda: backend.close(name),
        lambda: backend.reopen(name),
    )


def test_an_account_that_is_missing_is_an_error_and_is_not_made(backend, name):
    for change in changes(backend, name):
        with pytest.raises(ClusterError, match=name):
            change()
    assert backend.account(name) is None


def test_nothing_that_would_be_read_otherwise_reaches_the_cluster(backend, account):
    """Names that Slurm reads as several, as another or as all; texts that a shell would read."""
    before = backend.snapshot()
    make = backend.ensure_account
    for bad in ("", "Root", "a,b", "a b", "a;rm", "%", "-i", "a" * 32, "a\n"):
        for attempt in (
            *changes(backend, bad),
            lambda bad=bad: backend.account(bad),
            lambda bad=bad: make(bad, parent="consortium", description="x"),
            lambda bad=bad: make(f"{account}_c", parent=bad, description="x"),
            lambda bad=bad: backend.ensure_member(account, bad),
            lambda bad=bad: backend.drop_member(account, bad),
        ):
            with pytest.raises(ClusterError):
                attempt()
    for text in ("", "a b", "x;rm", "$(id)", "`id`", "a'b", "一", "a" * 101):
        with pytest.raises(ClusterError):
            make(f"{account}_c", parent="consortium", description=text)
    assert backend.snapshot() == before


def test_users_of_the_machine_are_told_from_strangers(backend):
    if hasattr(backend, "set_strangers"):
        backend.set_strangers("ghost")
    assert backend.known_users(["alice", "ghost", "bob"]) == {"alice", "bob"}
    assert backend.known_users(["ghost"]) == frozenset()
    assert backend.known_users([]) == frozenset()
    with pytest.raises(ClusterError):
        backend.known_users(["alice;id"])


def test_nothing_waits_on_an_account_without_jobs(backend, account):
    assert backend.waiting_jobs([account]) == []
    assert backend.waiting_jobs([]) == []
    with pytest.raises(ClusterError):
        backend.waiting_jobs([f"{account},root"])


def test_the_first_account_of_a_user_is_their_default(backend, account):
    backend.ensure_member(account, "carol")
    first = backend.default_accounts()["carol"]
    backend.ensure_account(f"{account}_b", parent="consortium", description="x")
    backend.ensure_member(f"{account}_b", "carol")
    assert backend.default_accounts()["carol"] == first


def test_an_unused_account_has_used_nothing(backend, account):
    used = backend.used_minutes()[account]
    assert set(used.values()) <= {0}
