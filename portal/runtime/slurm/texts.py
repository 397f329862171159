"""The configuration files, from a plan. What is unusual in them has its reason beside it."""

from portal.runtime.config import HOST

from .plan import CARDS, CORES, MEMORY_MB, Plan


def slurm_conf(plan: Plan, host: str) -> str:
    """host: this machine's short name, which Slurm compares with gethostname."""
    return f"""\
ClusterName={plan.name}
SlurmctldHost={host}({HOST})
SlurmctldPort={plan.slurmctld_port}
SlurmUser=slurm
SlurmdUser=root
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={plan.munge_socket}
CredType=cred/munge
StateSaveLocation={plan.folder}/state
SlurmdSpoolDir={plan.folder}/spool/%n
SlurmctldPidFile={plan.run}/slurmctld.pid
SlurmdPidFile={plan.run}/slurmd-%n.pid
SlurmctldDebug=info
SlurmdDebug=info
MpiDefault=none
# no control groups: a container may have none to give
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=5,energy=5
AcctGatherEnergyType=acct_gather_energy/{"rapl" if plan.energy else "none"}
AcctGatherNodeFreq=5
# the nodes pretend to be larger than this machine
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=60
InactiveLimit=0
KillWait=2
MinJobAge=60
MaxJobCount=200000
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=2,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
GresTypes=gpu
# limits are budgets: what was used stays used
PriorityType=priority/multifactor
PriorityDecayHalfLife=0
PriorityUsageResetPeriod=NONE
PriorityCalcPeriod=1
PriorityWeightAge=1000
PriorityWeightAssoc=10000
PriorityWeightFairshare=10000
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost={HOST}
AccountingStoragePort={plan.slurmdbd_port}
AccountingStoragePass={plan.munge_socket}
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStorageTRES=gres/gpu,gres/gpu:h100,energy
AccountingStoreFlags=job_comment
NodeName=n[1-{plan.nodes}] NodeHostname={host} NodeAddr={HOST} \
Port=[{plan.slurmd_ports.start}-{plan.slurmd_ports.stop - 1}] \
Sockets=2 CoresPerSocket={CORES // 2} ThreadsPerCore=1 RealMemory={MEMORY_MB} \
Gres=gpu:h100:{CARDS} State=UNKNOWN
PartitionName=cpu Nodes=n[1-{plan.nodes}] Default=YES MaxTime=2-00:00:00 DefaultTime=00:10:00
PartitionName=gpu Nodes=n[1-{plan.nodes}] MaxTime=2-00:00:00 DefaultTime=00:10:00
"""


def slurmdbd_conf(plan: Plan) -> str:
    """The database knows its client by the user id at the other end: there is no password."""
    return f"""\
DbdHost=localhost
DbdAddr={HOST}
DbdPort={plan.slurmdbd_port}
CommunicationParameters=NoInAddrAny
SlurmUser=slurm
AuthType=auth/munge
AuthInfo=socket={plan.munge_socket}
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
PidFile={plan.run}/slurmdbd.pid
DebugLevel=info
"""


def gres_conf(plan: Plan) -> str:
    """Plain files stand for the cards' devices."""
    return (
        f"NodeName=n[1-{plan.nodes}] Name=gpu Type=h100 File={plan.folder}/cards/[0-{CARDS - 1}]\n"
    )


def init_sql() -> str:
    return (
        "CREATE DATABASE IF NOT EXISTS slurm_acct_db;\n"
        "CREATE USER IF NOT EXISTS slurm@localhost IDENTIFIED VIA unix_socket;\n"
        "GRANT ALL ON slurm_acct_db.* TO slurm@localhost;\n"
    )


def mariadb_options(plan: Plan) -> list[str]:
    """No port: a private socket. innodb-lock-wait-timeout is what slurmdbd insists on."""
    return [
        "--no-defaults",
        f"--datadir={plan.folder}/sql",
        f"--socket={plan.sql_socket}",
        f"--pid-file={plan.run}/mariadbd.pid",
        f"--init-file={plan.etc}/init.sql",
        "--skip-networking",
        "--innodb-buffer-pool-size=128M",
        "--innodb-log-file-size=64M",
        "--innodb-lock-wait-timeout=900",
        "--innodb-flush-log-at-trx-commit=2",
        "--max-allowed-packet=64M",
    ]


def env_sh(plan: Plan) -> str:
    return f"export SLURM_CONF={plan.conf} TZ=UTC\n"
