"""What the real cluster does when something breaks between it and us: never a silent half."""

import contextlib
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from compute_grants.backends import ClusterError, cluster
from compute_grants.backends.slurm import SlurmBackend
from portal.runtime.slurm.cluster import slurmdbd
from tests.slurm_cluster import eventually, run_as

pytestmark = pytest.mark.slurm


@pytest.fixture
def through(slurm_plan, tmp_path):
    """A backend whose every call goes through a shell script that stands before it as "$@"."""

    def make(body: str, timeout: float = 20) -> SlurmBackend:
        script = tmp_path / "between"
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(stat.S_IRWXU)
        prefix = [str(script), *slurm_plan.command_prefix(slurm_plan.service)]
        return SlurmBackend(slurm_plan.name, prefix, timeout)

    return make


def test_a_client_that_is_killed_is_an_error(through):
    with pytest.raises(ClusterError, match="cut short"):
        through("kill -9 $$").close("consortium")


def test_a_client_killed_after_the_change_is_an_error_and_the_next_try_finds_it_done(
    through, slurm, account
):
    """As when a line is cut: only reads come through whole."""
    cut = through('"$@"; case "$*" in *" modify "*) kill -9 $$;; esac')
    with pytest.raises(ClusterError, match="cut short"):
        cut.close(account)
    assert not slurm.account(account).open
    cut.close(account)


def test_too_slow_is_an_error_and_nothing_is_left_running(through, tmp_path):
    slow = through(f'echo $$ > {tmp_path}/pid; sleep 60 & wait; "$@"', timeout=0.3)
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"within 0\.3 s"):
        slow.account("consortium")
    assert time.monotonic() - began < 5
    group = int((tmp_path / "pid").read_text())
    eventually(lambda: group_lives(group), wanted=False)


def group_lives(group: int) -> bool:
    """Whether any process of the group is left that is not dead and waiting to be noticed."""
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat_file.read_text().rpartition(")")[2].split()
            if int(words[2]) == group and words[0] != "Z":
                return True
    return False


def test_a_program_that_is_not_there_is_an_error(slurm_plan):
    with pytest.raises(ClusterError, match="No such file"):
        SlurmBackend(slurm_plan.name, ["/nowhere/ssh", "host"], 5).snapshot()


@pytest.mark.parametrize(
    "garbage",
    [
        "printf 'welcome to the cluster\\n'",
        "printf '\\377\\376|\\n'",
        "printf 'a|b||||||||||||\\n'",
        "printf '%s||||x|||||\\n' a",
        "printf 'a|root|||||cpu|||\\n'",
        "printf '|root||||||||\\n'",
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(through, garbage):
    for call in ("account", "close", "snapshot"):
        arguments = () if call == "snapshot" else ("consortium",)
        with pytest.raises(ClusterError):
            getattr(through(garbage), call)(*arguments)


def test_an_empty_snapshot_is_no_empty_cluster(through):
    with pytest.raises(ClusterError, match="no account at all"):
        through("exit 0").snapshot()


def test_a_cluster_of_another_name_is_an_error_and_not_an_empty_one(slurm_plan):
    prefix = slurm_plan.command_prefix(slurm_plan.service)
    other = SlurmBackend("elsewhere", prefix, 20)
    with pytest.raises(ClusterError):
        other.snapshot()
    with pytest.raises(ClusterError):
        other.ensure_account("grant_x", parent="consortium", description="x")


def test_half_a_change_is_an_error_that_names_what_is_asked_and_what_is_there(
    through, slurm, account
):
    """One of two limits gets lost on the way, and sacctmgr reports success."""
    loses = through(
        'for word; do shift; case "$word" in GrpTRESMins=*) word=GrpTRESMins=cpu=5;; esac;'
        ' set -- "$@" "$word"; done; exec "$@"'
    )
    with pytest.raises(ClusterError) as error:
        loses.set_limits(account, {"cpu": 5, "gres/gpu": 7})
    assert "gres/gpu=7" in str(error.value)
    assert "{'cpu': 5}" in str(error.value)
    assert slurm.account(account).limits == {"cpu": 5}


def test_closing_by_half_is_an_error_and_can_be_repeated(through, slurm, account):
    half = through(
        'for word; do shift; [ "$word" = GrpJobs=0 ] || set -- "$@" "$word"; done; exec "$@"'
    )
    with pytest.raises(ClusterError, match="GrpJobs=0"):
        half.close(account)
    slurm.close(account)
    assert not slurm.account(account).open


def test_a_change_that_prints_an_error_beside_success_is_an_error(through, account):
    with pytest.raises(ClusterError, match="cpu=5"):
        through('case "$*" in *" modify "*) echo done;; *) exec "$@";; esac').set_limits(
            account, {"cpu": 5}
        )


def test_asked_for_what_is_there_already_is_success(through, slurm, account):
    """Another worker adds the member between our look and our change: "Nothing new added"."""
    slurm.ensure_member(account, "alice")
    blind = through(
        'case "$*" in *" show "*)'
        " [ -e $0.seen ] || { : > $0.seen; printf '%s|consortium||||||||\\n' "
        f"{account}; exit 0; }};; esac; "
        'exec "$@"'
    )
    blind.ensure_member(account, "alice")
    assert slurm.account(account).members == {"alice"}


def test_the_accounting_daemon_down_is_an_error_and_nothing_is_lost(slurm, slurm_plan, account):
    slurm.set_limits(account, {"cpu": 5})
    daemon = slurmdbd(slurm_plan)
    os.kill(daemon.pid(), signal.SIGKILL)
    try:
        eventually(daemon.pid, None)
        for call in (
            lambda: slurm.account(account),
            slurm.snapshot,
            lambda: slurm.set_limits(account, {"cpu": 6}),
            lambda: slurm.close(account),
        ):
            with pytest.raises(ClusterError):
                call()
    finally:
        daemon.start()
        daemon.wait(lambda: _answers(slurm, account))
    assert slurm.account(account).limits == {"cpu": 5}
    slurm.set_limits(account, {"cpu": 7})
    eventually(lambda: "cpu=7(0)" in _of_the_scheduler(slurm_plan, account), wanted=True)


def _of_the_scheduler(plan, account) -> str:
    """The account as the daemon that starts jobs knows it."""
    show = ("scontrol", "-o", "show", "assoc_mgr", f"accounts={account}", "flags=assoc")
    return run_as(plan, plan.service, *show).stdout


def _answers(backend, account) -> bool:
    try:
        return backend.account(account) is not None
    except ClusterError:
        return False


@pytest.mark.parametrize("word", ["a b", "a;b", "$(id)", "a|b", "a>b", "a\nb", "", "*", "~", "'"])
def test_no_word_that_a_shell_would_read_otherwise_is_sent(slurm, word):
    with pytest.raises(ClusterError, match="may not be sent"):
        slurm.client.ask("sacctmgr", word)


def test_a_cluster_that_the_settings_do_not_name_is_an_error(settings):
    settings.SLURM_CLUSTERS = {}
    with pytest.raises(ClusterError, match="SLURM_CLUSTERS"):
        cluster("trial", "slurm")
