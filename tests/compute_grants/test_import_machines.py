"""manage.py import_machines: the public table, again and again, and what is wrong with it."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from compute_grants.machine_table import BadTable, read
from compute_grants.models import Machine
from consortium.models import AuditEvent
from tests.factories import compute_grants as make
from tests.factories.consortium import InstitutionFactory, operator

HEADER = "name,site,country,list,cores,rmax_pf,rpeak_pf,power_kw,gf_per_w,source"
LARGE = 100_000
SAMPLE = Path(settings.BASE_DIR, "compute_grants", "sample", "machines.csv")


@pytest.fixture
def centre(db):
    return InstitutionFactory.create(centre=True)


@pytest.fixture
def take(centre, tmp_path):
    """Run the command on a file or on lines; returns what it printed, errors last."""
    by = operator(centre)

    def run(what, *flags: str, email: str = by.email) -> str:
        path = what
        if not isinstance(what, Path):
            path = tmp_path / "table.csv"
            path.write_text("\n".join([HEADER, *what]), encoding="utf-8")
        out = StringIO()
        arguments = ["--centre", centre.slug, "--as", email, *flags]
        try:
            call_command("import_machines", str(path), *arguments, stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))
        return out.getvalue()

    return run


def test_the_sample_is_taken_in_once_and_every_further_time_changes_nothing(centre, take):
    assert "created  5" in take(SAMPLE)
    frontier = Machine.objects.get(code="frontier")
    assert (frontier.state, frontier.centre, frontier.cluster) == ("draft", centre, "frontier")
    assert (frontier.rmax_gigaflops, frontier.rpeak_gigaflops) == (1_353_000_000, 2_055_720_000)
    assert (frontier.power_watts, frontier.megaflops_per_watt) == (24_607_000, None)
    taihu = Machine.objects.get(code="sunway-taihulight")
    assert (taihu.megaflops_per_watt, taihu.cores, taihu.country) == (6_050, 10_649_600, "CN")
    assert Machine.objects.get(code="tuolumne").cores == 0
    events = AuditEvent.objects.count()
    assert "unchanged  5" in take(SAMPLE)
    assert AuditEvent.objects.count() == events


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(take):
    said = take(SAMPLE, "--dry-run")
    assert "created  5" in said
    assert "nothing was written" in said
    assert not Machine.objects.exists()


def test_a_later_list_changes_only_what_it_says(take):
    take(["Frontier,ORNL,US,TOP500 2024-11 #2,9066176,1353,,24607,,TOP500"])
    Machine.objects.update(name_zh="前沿", nodes=9408)
    said = take(["Frontier,ORNL,US,TOP500 2025-06 #2,,1353.5,,,,TOP500"])
    assert "changed  1" in said
    frontier = Machine.objects.get()
    assert (frontier.rmax_gigaflops, frontier.cores) == (1_353_500_000, 9_066_176)
    assert (frontier.name_zh, frontier.nodes, frontier.listing) == (
        "前沿",
        9408,
        "TOP500 2025-06 #2",
    )


BAD = {
    ",ORNL,US,L,1,1,,1,,S": "name is empty",
    "A1,ORNL,US,L,1,1,,1,,": "source is empty",
    "A2,ORNL,usa,L,1,1,,1,,S": "country",
    "A3,ORNL,US,L,many,1,,1,,S": "cores is not a whole number: many",
    "A4,ORNL,US,L,-1,1,,1,,S": "cores",
    "A5,ORNL,US,L,1,NaN,,1,,S": "rmax_pf is not a number above 0: NaN",
    "A6,ORNL,US,L,1,9,8,1,,S": "rmax_pf is above rpeak_pf",
    "A7,ORNL,US": "another number of cells",
    "A8,ORNL,US,L,1,1,,1,,S,more": "another number of cells",
    "神威,NSCC,CN,L,1,1,,1,,S": "no code can be made of the name",
    "Good,ORNL,US,L,1,1,,1,,S": "stands in line 2 already",
}


def test_every_bad_line_is_named_with_its_number_and_nothing_is_written(take):
    said = take(["Good,ORNL,US,L,1,1,,1,,S", *BAD])
    for number, fault in enumerate(BAD.values(), start=3):
        assert any(
            line.startswith(f"line {number}:") and fault in line for line in said.splitlines()
        ), (number, said)
    assert "nothing was written" in said
    assert not Machine.objects.exists()
    assert "created  1" in take(["Good,ORNL,US,L,1,1,,1,,S", *BAD], "--skip-bad")
    assert Machine.objects.get().code == "good"


def test_another_centres_machine_and_a_retired_one_are_bad_lines(centre, take):
    make.MachineFactory.create(code="theirs")
    make.MachineFactory.create(code="old", centre=centre, retired=True)
    said = take(["Theirs,X,US,L,7,1,,1,,S", "Old,X,US,L,7,1,,1,,S"])
    assert "line 2: Another centre keeps a machine of this code." in said
    assert "line 3: This machine is retired" in said


def test_a_machine_of_a_hundred_thousand_cards_is_an_ordinary_row(take, tmp_path):
    table = tmp_path / "cards.csv"
    table.write_text(
        f"{HEADER},kind,cards,nodes\nGiant,Somewhere,CN,,2000000,,,90000,,Data sheet,"
        f"ai,{LARGE},{LARGE // 8}\n"
    )
    take(table)
    giant = Machine.objects.get()
    assert (giant.cards, giant.nodes, giant.kind) == (LARGE, LARGE // 8, "ai")


def test_only_an_operator_of_the_centre_imports(take):
    assert "operator of the centre" in take(SAMPLE, email=operator().email)
    assert "no such person" in take(SAMPLE, email="nobody@example.org")
    assert not Machine.objects.exists()


def test_another_file_is_no_table():
    with pytest.raises(BadTable, match="cores"):
        read(["name,site\n", "A,B\n"])
    with pytest.raises(BadTable):
        read([])
