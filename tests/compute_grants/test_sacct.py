"""The parser against real output, and against every way a file can be wrong."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from compute_grants.sacct import (
    NULL_ENERGY,
    BadFileError,
    Code,
    JobRun,
    Problem,
    SacctReader,
)
from tests.factories.allocations import HEADER, sacct

BASE = {
    "Cluster": "xc1",
    "JobIDRaw": "132",
    "JobID": "132",
    "Account": "ncc2026_0001",
    "User": "lin_1",
    "Partition": "gpu",
    "Submit": "2026-11-24T02:27:27",
    "Start": "2026-11-24T02:27:44",
    "End": "2026-11-24T02:28:44",
    "ElapsedRaw": "60",
    "State": "COMPLETED",
    "AllocTRES": "billing=52,cpu=4,gres/gpu:h100=3,gres/gpu=3,mem=4000M,node=1",
    "ConsumedEnergyRaw": "",
    "Comment": "",
    "JobName": "fit",
}


def line(**fields) -> str:
    return "|".join((BASE | fields)[name] for name in HEADER.split("|"))


def read(*lines, header=HEADER, cluster="xc1"):
    return list(SacctReader(sacct(lines, header), cluster))


def one(**fields) -> JobRun:
    (run,) = read(line(**fields))
    assert isinstance(run, JobRun), run
    return run


def problem(**fields) -> Problem:
    (found,) = read(line(**fields))
    assert isinstance(found, Problem), found
    return found


def refused(data: bytes) -> Problem:
    with pytest.raises(BadFileError) as caught:
        list(SacctReader(BytesIO(data), "xc1"))
    return caught.value.problem


def test_a_run_is_read_with_its_units():
    run = one()
    assert (run.job_id_raw, run.account, run.user) == (132, "ncc2026_0001", "lin_1")
    assert run.submit_at == datetime(2026, 11, 24, 2, 27, 27, tzinfo=UTC)
    assert (run.cards, run.cores, run.elapsed_seconds) == (3, 4, 60)
    assert (run.card_seconds, run.core_seconds) == (180, 240)


def test_typed_and_plain_cards_are_never_added():
    assert one(AllocTRES="gres/gpu:h100=3,gres/gpu=3").cards == 3
    assert one(AllocTRES="gres/gpu:h100=2,gres/gpu:a100=1").cards == 3
    assert one(AllocTRES="gres/gpu=4,gres/npu=2").cards == 6
    assert one(AllocTRES="cpu=4,gres/shard=9").cards == 0
    assert one(AllocTRES="").cores == 0


def test_epoch_and_iso_times_are_the_same_moment():
    iso = one()
    epoch = one(Submit="1795487247", Start="1795487264", End="1795487324")
    assert (iso.submit_at, iso.start_at, iso.end_at) == (
        epoch.submit_at,
        epoch.start_at,
        epoch.end_at,
    )


@pytest.mark.parametrize("unknown", ["Unknown", "None", "", "N/A"])
def test_what_slurm_does_not_know_is_no_time(unknown):
    run = one(Start=unknown, End=unknown, State="PENDING", ElapsedRaw="0")
    assert run.start_at is None
    assert run.end_at is None
    assert run.waiting


def test_the_state_is_its_first_word():
    assert one(State="CANCELLED by 0").state == "CANCELLED"


def test_bars_in_a_job_name_stay_in_it_when_it_is_last():
    assert one(JobName="pipe|in|name").job_name == "pipe|in|name"


def test_bars_in_a_job_name_elsewhere_are_a_bad_row():
    header = "JobName|" + HEADER.removesuffix("|JobName")
    values = line(JobName="").removesuffix("|")
    (bad,) = read(f"a|b|{values}", header=header)
    assert (bad.code, bad.line) == (Code.FIELDS, 2)


def test_columns_may_come_in_any_order():
    names = HEADER.split("|")
    shuffled = [*reversed(names[:-1]), "JobName"]
    values = "|".join(BASE[name] for name in shuffled)
    (run,) = read(values, header="|".join(shuffled))
    assert run == one()


def test_steps_are_not_runs_and_batch_has_the_energy_of_a_batch_only_job():
    job = line()
    batch = line(JobIDRaw="132.batch", User="", Partition="", ConsumedEnergyRaw="606")
    (run,) = read(job, batch)
    assert run.energy_joules == 606
    (run,) = read(line(ConsumedEnergyRaw="406"), batch)
    assert run.energy_joules == 406, "the job row's own sum stands where there is one"
    other = line(JobIDRaw="133.batch", ConsumedEnergyRaw="606")
    (run,) = read(job, other)
    assert run.energy_joules is None, "another job's step"


def test_a_requeued_job_is_two_runs_with_their_own_energy():
    again = {"Submit": "2026-11-24T02:30:00", "Start": "Unknown", "End": "Unknown"}
    runs = read(
        line(State="REQUEUED"),
        line(JobIDRaw="132.batch", ConsumedEnergyRaw="10"),
        line(**again, State="RUNNING"),
        line(JobIDRaw="132.batch", ConsumedEnergyRaw="20"),
    )
    assert [run.energy_joules for run in runs] == [10, 20]
    assert len({run.key for run in runs}) == 2


def test_the_database_null_is_no_energy():
    assert one(ConsumedEnergyRaw=str(NULL_ENERGY)).energy_joules is None
    assert one(ConsumedEnergyRaw="0").energy_joules == 0


@pytest.mark.parametrize(
    ("comment", "stage"),
    [
        ("", "training"),
        ("portal:stage=inference", "inference"),
        ("portal:alloc=42,stage=fine-tuning", "finetuning"),
        ("portal:stage=lunch", "training"),
        ("stage=inference", "training"),
    ],
)
def test_the_stage_is_what_the_comment_states(comment, stage):
    assert one(Comment=comment).stage == stage


def test_counts_with_suffixes_must_be_whole():
    assert one(AllocTRES="cpu=2K").cores == 2048
    assert problem(AllocTRES="cpu=1.95K").code == Code.INEXACT


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"JobIDRaw": "1_[2-5]"}, Code.JOB_ID),
        ({"Submit": "Unknown"}, Code.NO_SUBMIT),
        ({"Submit": "24.11.2026"}, Code.TIME),
        ({"Submit": "2026-11-24"}, Code.TIME),
        ({"Submit": "99999999999999999999"}, Code.TIME),
        ({"Submit": "18446744073709551614"}, Code.TIME),
        ({"Submit": "9" * 4000}, Code.TIME),
        ({"Submit": "-1795487247"}, Code.TIME),
        ({"Submit": "1"}, Code.DATE),
        ({"Submit": "253402300800"}, Code.DATE),
        ({"Submit": "1969-12-31T23:59:59"}, Code.DATE),
        ({"End": "2190-01-01T00:00:00"}, Code.DATE),
        ({"Start": "2026-02-30T00:00:00"}, Code.TIME),
        ({"JobIDRaw": "9" * 19}, Code.JOB_ID),
        ({"JobIDRaw": "-5"}, Code.JOB_ID),
        ({"JobIDRaw": "١٣٢"}, Code.JOB_ID),
        ({"ElapsedRaw": "9" * 4000}, Code.NUMBER),
        ({"ElapsedRaw": "18446744073709551614"}, Code.NUMBER),
        ({"End": "2026-11-23T02:27:27"}, Code.ORDER),
        ({"ElapsedRaw": "-1"}, Code.NUMBER),
        ({"ElapsedRaw": "00:01:00"}, Code.NUMBER),
        ({"ElapsedRaw": ""}, Code.NUMBER),
        ({"ElapsedRaw": "٣"}, Code.NUMBER),
        ({"ElapsedRaw": "99999999999"}, Code.NUMBER),
        ({"State": "CANCELLED+"}, Code.STATE),
        ({"AllocTRES": "cpu"}, Code.TRES),
        ({"AllocTRES": "cpu=many"}, Code.TRES),
        ({"AllocTRES": "gres/gpu=99999999999"}, Code.TRES),
        ({"AllocTRES": "gres/gpu=-8"}, Code.TRES),
        ({"AllocTRES": "cpu=" + "9" * 400}, Code.TRES),
        ({"AllocTRES": "mem=99999999P"}, Code.TRES),
        ({"AllocTRES": "mem=1.95T"}, Code.INEXACT),
        ({"ConsumedEnergyRaw": "1.2K"}, Code.ENERGY),
        ({"ConsumedEnergyRaw": "-1"}, Code.ENERGY),
        ({"ConsumedEnergyRaw": "9" * 4000}, Code.ENERGY),
        ({"ConsumedEnergyRaw": "9999999999999999999"}, Code.ENERGY),
        ({"Cluster": "xc2"}, Code.CLUSTER),
        ({"User": "x" * 65}, Code.TEXT),
        ({"JobName": "a\x00b"}, Code.CONTROL),
    ],
)
def test_a_bad_row_is_named_with_its_line(fields, code):
    found = problem(**fields)
    assert (found.code, found.line) == (code, 2)


def test_the_rest_of_a_file_is_read_past_a_bad_row():
    found = read(line(), line(JobIDRaw="x"), line(JobIDRaw="133"))
    assert [item.job_id_raw for item in found if isinstance(item, JobRun)] == [132, 133]
    assert [item.line for item in found if isinstance(item, Problem)] == [3]


def test_every_bad_line_of_a_hostile_file_is_named_and_the_others_are_read():
    good = [line(JobIDRaw=str(n)).encode() for n in range(1, 6)]
    lines = [
        *(HEADER.encode(), good[0], b"\xff\xfe", b"x" * 200_000, good[1], b"a\x00b", good[2]),
        *("132|中".encode("gb18030"), good[3], line(JobName="\x1b[31m").encode(), good[4]),
    ]
    found = list(SacctReader(BytesIO(b"\n".join(lines) + b"\n" + good[0][:40]), "xc1"))
    assert [run.job_id_raw for run in found if isinstance(run, JobRun)] == [1, 2, 3, 4, 5]
    assert [(item.line, item.code) for item in found if isinstance(item, Problem)] == [
        *((3, Code.ENCODING), (4, Code.TOO_LONG), (6, Code.CONTROL)),
        *((8, Code.ENCODING), (10, Code.CONTROL), (12, Code.CUT)),
    ]


def test_an_endless_line_costs_no_memory():
    class Endless:
        """A header, then 64 MB without a line end, then a row."""

        def __init__(self):
            self.ends = [f"{HEADER}\n".encode()]
            self.left, self.longest = 64 << 20, 0

        def readline(self, limit):
            self.longest = max(self.longest, limit)
            if self.ends:
                return self.ends.pop()
            if self.left:
                self.left -= limit
                if self.left == 0:
                    self.ends = [f"{line()}\n".encode(), b"\n"]
                return b"x" * limit
            return b""

    stream = Endless()
    problem, run = SacctReader(stream, "xc1")
    assert (problem.line, problem.code, run.line) == (2, Code.TOO_LONG, 3)
    assert stream.longest == 65_536


def test_memory_is_read_in_bytes_and_the_qos_where_there_is_one():
    assert one(AllocTRES="cpu=1,mem=2000M").memory_bytes == 2000 * 2**20
    assert one(AllocTRES="cpu=1,mem=1.5G").memory_bytes == 3 * 2**29
    assert one().qos == ""
    header = HEADER.replace("|Submit", "|QOS|Submit")
    (run,) = read(line().replace("|gpu|", "|gpu|long|"), header=header)
    assert run.qos == "long"


def test_a_step_after_a_bad_row_belongs_to_nobody():
    found = read(line(), line(Submit="soon"), line(JobIDRaw="132.batch", ConsumedEnergyRaw="606"))
    assert found[0].energy_joules is None


@pytest.mark.parametrize(
    ("data", "code", "at"),
    [
        (b"", Code.EMPTY, 0),
        (b"sacct: error: no answer\n", Code.NOT_SACCT, 1),
        (b"JobIDRaw|Account|User\n", Code.MISSING_COLUMNS, 1),
        (f"{HEADER}|\n".encode(), Code.TRAILING_BAR, 1),
        (f"{HEADER}|JobName\n".encode(), Code.DOUBLE_COLUMNS, 1),
        (HEADER.encode(), Code.CUT, 1),
        (b"\xff\xfe" + HEADER.encode("utf-16-le") + b"\n", Code.ENCODING, 1),
        (b"x" * 70_000 + b"\n", Code.TOO_LONG, 1),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(data, code, at):
    found = refused(data)
    assert (found.code, found.line) == (code, at)


def test_a_byte_order_mark_windows_line_ends_and_repeated_headers_do_no_harm():
    text = f"\ufeff{HEADER}\r\n{line()}\r\n\r\n{HEADER}\r\n{line(JobIDRaw='133')}\r\n"
    runs = list(SacctReader(BytesIO(text.encode()), "xc1"))
    assert [run.job_id_raw for run in runs] == [132, 133]


def test_without_a_cluster_column_the_given_cluster_counts():
    header = HEADER.removeprefix("Cluster|")
    (run,) = read(line().removeprefix("xc1|"), header=header)
    assert run.cluster == "xc1"
