"""Accounting as the clusters would report it: sacct text, written for the demo's grants.

The jobs are invented; the format and the states are Slurm's, and they go in through the same
import as real ones.
"""

import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from compute_grants.actions import usage
from compute_grants.models import Allocation, Machine
from consortium.actions import desired
from portal.demo import clock
from portal.demo.content_machines import MACHINES
from portal.demo.content_proposals import PROPOSALS
from portal.demo.people import person

COLUMNS = (
    "Cluster|DBIndex|JobIDRaw|JobID|Account|User|Partition|QOS|Submit|Eligible|Start|End|ElapsedRaw|"
    "Suspended|TimelimitRaw|State|ExitCode|NNodes|AllocCPUS|AllocTRES|ReqTRES|ConsumedEnergyRaw|"
    "TotalCPU|MaxRSS|Comment|JobName"
)
STATES = ("COMPLETED",) * 14 + ("TIMEOUT", "FAILED", "NODE_FAIL", "CANCELLED by 1042")
WATTS_PER_CARD = 560
CORES_PER_CARD = 24
FIRST_JOB = 880_000
LONGEST_SECONDS = 23 * 3600


def load() -> None:
    """Settle what was awarded, then import each cluster's accounting as its operator."""
    while desired.reconcile_due():
        pass
    for row in MACHINES:
        text = "\n".join([COLUMNS, *_rows_of(row.cluster)]) + "\n"
        machine = Machine.objects.get(code=row.code)
        if text.count("\n") > 1:
            usage.import_sacct(
                machine=machine,
                stream=io.BytesIO(text.encode()),
                source=f"{row.cluster}.psv",
                by=person(row.operator),
            )


def _rows_of(cluster: str) -> Iterator[str]:
    job = FIRST_JOB
    granted = Allocation.objects.filter(resource__machine__cluster=cluster)
    for allocation in granted.select_related("proposal", "resource__machine").order_by("pk"):
        wanted = next(p for p in PROPOSALS if p.title_en == allocation.proposal.title_en)
        for line in _jobs(allocation, cluster, wanted.width, wanted.pace, job):
            job += 1
            yield line
        job += 100


def _jobs(
    allocation: Allocation, cluster: str, width: int, pace: float, first: int
) -> Iterator[str]:
    """Jobs at up to `width` cards from the grant's start to now that use `pace` of the award."""
    rng = random.Random(allocation.number)  # noqa: S311  invented jobs, the same at every loading
    left = int(allocation.seconds * pace)
    begin = datetime.combine(allocation.starts_on, datetime.min.time(), UTC)
    span = (clock.days(-1) - begin).total_seconds()
    member = allocation.members.get()
    partition = allocation.resource.machine.partitions.order_by("pk")[0]
    number, used, total = first, 0, left
    while left > 0 and span > 0:
        cards = max(8, width // rng.choice((1, 1, 2, 4)))
        elapsed = min(left // cards or 1, rng.randint(LONGEST_SECONDS // 3, LONGEST_SECONDS))
        seconds = cards * elapsed
        left, used = left - seconds, used + seconds
        end = begin + timedelta(seconds=span * (used / total) ** 0.85)
        job = _Job(
            cluster, number, str(allocation.slurm_account), member.cluster_user, partition.name
        )
        yield _line(job, end=end, elapsed=elapsed, cards=cards, rng=rng)
        number += 1
        if left < cards:
            return


class _Job(NamedTuple):
    cluster: str
    number: int
    account: str
    user: str
    partition: str


def _line(job: _Job, *, end: datetime, elapsed: int, cards: int, rng: random.Random) -> str:
    start = end - timedelta(seconds=elapsed)
    submit = start - timedelta(minutes=rng.randint(1, 600))
    cores = cards * CORES_PER_CARD
    energy = int(cards * elapsed * WATTS_PER_CARD * rng.uniform(0.8, 1.1))
    nodes = max(1, cards // 8)
    tres = f"billing={cores},cpu={cores},energy={energy},gres/gpu={cards},mem={nodes}T,node={nodes}"
    when = [f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in (submit, submit, start, end)]
    state = rng.choice(STATES)
    name = rng.choice(("pretrain", "finetune-3km", "eval", "ablation", "ckpt-convert"))
    ids = [job.cluster, *[str(job.number)] * 3, job.account, job.user, job.partition, "normal"]
    ran = [str(elapsed), "00:00:00", str(LONGEST_SECONDS // 60), state]
    sizes = [str(nodes), str(cores), tres, f"cpu={cores},gres/gpu={cards}", str(energy)]
    code = "1:0" if state == "FAILED" else "0:0"
    return "|".join([*ids, *when, *ran, code, *sizes, "00:00:00", "", "", name])
