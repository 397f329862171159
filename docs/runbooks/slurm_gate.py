#!/usr/bin/python3
"""The one command that the portal's ssh key may run at a centre: an allow-list of Slurm's.

In ~portal/.ssh/authorized_keys, on one line, before the key:

    restrict,command="/usr/local/bin/slurm_gate.py --cluster NAME" ssh-ed25519 AAAA…

The portal asks for `env TZ=UTC SLURM_TIME_FORMAT=%s sacctmgr …`; ssh hands that over as
SSH_ORIGINAL_COMMAND. It is compared as a whole with the forms below and then run without a shell.
Whatever is not one of them is refused: exit 126, a line on stderr and one in the system's log.
Needs Python 3.6 or later and nothing else.
"""

import argparse
import os
import re
import shutil
import sys
import syslog

PROGRAMS = "/usr/bin:/usr/local/bin:/opt/slurm/bin"
PREFIX = "env TZ=UTC SLURM_TIME_FORMAT=%s "
REFUSED = 126
NAME = r"[a-z][a-z0-9_]{1,30}"
ACCOUNTS = r"ncc[0-9]{4}_[0-9]{4,9}"  # those the portal makes
NUMBER = r"(?:-1|0|[1-9][0-9]{0,15})"
TRES = r"[a-z]+(?:/[a-z0-9_.-]+(?::[a-z0-9_.-]+)?)?"
WORDS = r"[A-Za-z0-9_,:/]+"
MOMENT = r"[0-9A-Za-z:-]+"
DESCRIPTION = r"[A-Za-z0-9_./:-]{1,100}"


def forms(cluster, parent, accounts):
    """Regular expressions of whole commands. Nothing here deletes, and each filter has a name."""
    account = "(?:%s)" % accounts
    limits = r"GrpTRESMins=%s=[0-9]{1,16}(?:,%s=[0-9]{1,16})*" % (TRES, TRES)
    counts = r"(?:GrpJobs|GrpSubmitJobs|MaxJobs|Priority)=%s" % NUMBER
    change = "sacctmgr -i -Q "
    at = "cluster=%s" % cluster
    return [
        r"sacctmgr -nP show assoc where %s(?: account=%s)? WOPLimits format=%s" % (at, NAME, WORDS),
        change
        + r"add account name=%s parent=%s %s description=%s organization=portal"
        % (account, parent, at, DESCRIPTION),
        change + r"add user name=%s account=%s %s" % (NAME, account, at),
        change
        + r"modify user where name=%s account=%s %s set MaxJobs=(-1|0) MaxSubmitJobs=\1"
        % (NAME, account, at),
        change + r"modify account where name=%s %s set %s" % (account, at, limits),
        change + r"modify account where name=%s %s set %s(?: %s){0,3}" % (account, at, counts, counts),
        r"sacct(?: (?:-X|-P|-n|--allusers|--duplicates|--parsable2|--noconvert|--noheader"
        r"|--allocations|(?:-S|-E) %s|--(?:starttime|endtime)=%s|(?:-o |--format=)%s))+"
        % (MOMENT, MOMENT, WORDS),
        r"scontrol -o show assoc_mgr(?: accounts=%s)?(?: flags=[a-z,]+)?" % NAME,
        r"sacctmgr -nP show user format=User,DefaultAccount",
        r"getent passwd(?: %s){1,100}" % NAME,
        r"squeue -h -t PENDING -o %%i/%%u/%%a/%%V/%%r -A %s(?:,%s){0,99}" % (NAME, NAME),
        r"sshare -[alnP]+(?: -A %s)?" % NAME,
    ]


def allowed(command, cluster, parent="consortium", accounts=ACCOUNTS):
    """The argv, where the command is one of the forms; otherwise None."""
    if not command.startswith(PREFIX):
        return None
    rest = command[len(PREFIX) :]
    if any(re.fullmatch(form, rest) for form in forms(cluster, parent, accounts)):
        return rest.split(" ")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--parent", default="consortium")
    parser.add_argument("--accounts", default=ACCOUNTS, help="regular expression of their names")
    told = parser.parse_args()
    command = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    argv = allowed(command, re.escape(told.cluster), re.escape(told.parent), told.accounts)
    program = argv and shutil.which(argv[0], path=PROGRAMS)
    if not program:
        syslog.syslog(syslog.LOG_WARNING, "slurm_gate refused %r" % command[:500])
        sys.stderr.write("slurm_gate: this command is not allowed\n")
        return REFUSED
    kept = {name: os.environ[name] for name in ("SLURM_CONF",) if name in os.environ}
    kept.update(PATH=PROGRAMS, TZ="UTC", SLURM_TIME_FORMAT="%s", LC_ALL="C.UTF-8")
    os.execve(program, argv, kept)


if __name__ == "__main__":
    sys.exit(main())
