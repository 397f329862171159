"""The status list, time, use and memory."""

import zlib

import pytest

from registry.verifier import jws, statuslist
from registry.verifier.codes import Code
from registry.verifier.memory import Memory
from registry.verifier.statuslist import Status
from registry.verifier.verify import Use
from tests.registry.verifier.judging import code, judge
from tests.registry.verifier.papers import DAY, NOW, Maker

# Status list


def test_only_its_own_list_counts(maker):
    assert code(maker, maker.bundle(status={"list": "omic-2"})) is Code.WRONG_LIST


def test_an_older_list_is_refused(maker):
    assert code(maker, maker.bundle(status={"epoch": 1})) is Code.EPOCH_ROLLBACK
    memory = Memory(epochs={"omic-1": 8})
    assert code(maker, maker.bundle(), memory=memory) is Code.EPOCH_ROLLBACK
    assert code(maker, maker.bundle(), memory=Memory(epochs={"omic-2": 8})) is Code.OK


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.REVOKED, Code.REVOKED),
        (Status.SUSPENDED, Code.SUSPENDED),
        (Status.SUPERSEDED, Code.SUPERSEDED),
    ],
)
def test_the_list_says_how_it_stands(maker, status, expected):
    maker.statuses = (*maker.statuses[:5], status, *maker.statuses[6:])
    assert code(maker, maker.bundle()) is expected
    assert (
        code(maker, maker.bundle(licence={"rev": maker.licence_claims()["rev"] | {"index": 4}}))
        is Code.OK
    )


def test_a_list_that_does_not_cover_it_is_refused(maker):
    rev = maker.licence_claims()["rev"] | {"index": 8}
    assert code(maker, maker.bundle(licence={"rev": rev})) is Code.BAD_CLAIMS


@pytest.mark.parametrize("lst", ["", "AAAA", "eJw", jws.b64encode(b"x" * 30)])
def test_a_list_that_cannot_be_unpacked_is_refused(maker, lst):
    assert code(maker, maker.bundle(status={"lst": lst})) in (Code.BAD_CLAIMS, Code.BAD_ENCODING)


def test_a_list_with_more_behind_it_is_refused(maker):
    padded = jws.b64encode(jws.b64decode(statuslist.pack(maker.statuses)) + b"more")
    assert code(maker, maker.bundle(status={"lst": padded})) is Code.BAD_CLAIMS


def test_a_list_that_unpacks_without_end_is_refused(maker):
    bomb = jws.b64encode(zlib.compress(bytes(statuslist.LARGEST + 1), 9))
    assert code(maker, maker.bundle(status={"lst": bomb})) is Code.BAD_CLAIMS


def test_a_hundred_thousand_statuses_are_small():
    statuses = [Status.REVOKED if n % 997 == 0 else Status.VALID for n in range(100_000)]
    packed = statuslist.pack(statuses)
    assert len(packed) < 1500
    assert [statuslist.status_at(packed, n) for n in (0, 1, 997, 99_999)] == [
        Status.REVOKED,
        Status.VALID,
        Status.REVOKED,
        Status.VALID,
    ]


# Time


def test_a_clock_set_back_is_refused(maker):
    memory = Memory(floor=NOW)
    assert code(maker, maker.bundle(), now=NOW - 301, memory=memory) is Code.CLOCK_ROLLBACK
    assert code(maker, maker.bundle(), now=NOW - 300, memory=memory) is Code.OK


def test_a_clock_before_any_paper_was_made_is_refused(maker):
    assert code(maker, maker.bundle(), now=NOW - DAY - 301) is Code.CLOCK_ROLLBACK


def test_the_clock_comes_before_the_status(maker):
    maker.statuses = (Status.REVOKED,) * 8
    assert code(maker, maker.bundle(), now=NOW - 2 * DAY) is Code.CLOCK_ROLLBACK


def test_a_licence_begins(maker):
    assert code(maker, maker.bundle(licence={"nbf": NOW + 301})) is Code.NOT_YET_VALID
    assert code(maker, maker.bundle(licence={"nbf": NOW + 300})) is Code.OK


@pytest.mark.parametrize(
    ("age", "expected", "warnings"),
    [
        (30 * DAY, Code.OK, []),
        (30 * DAY + 1, Code.OK, ["STATUS_IN_GRACE"]),
        (45 * DAY, Code.OK, ["STATUS_IN_GRACE"]),
        (45 * DAY + 1, Code.STATUS_STALE, []),
    ],
)
def test_a_status_list_grows_stale(maker, age, expected, warnings):
    status_iat = NOW - DAY
    verdict = judge(maker, maker.bundle(), now=status_iat + age)
    assert (verdict.code, verdict.warnings) == (expected, warnings)


@pytest.mark.parametrize(
    ("after", "expected", "warnings"),
    [
        (-1, Code.OK, []),
        (0, Code.OK, ["LICENCE_IN_GRACE"]),
        (30 * DAY - 1, Code.OK, ["LICENCE_IN_GRACE"]),
        (30 * DAY, Code.EXPIRED, []),
    ],
)
def test_a_licence_ends_with_grace(maker, after, expected, warnings):
    now = NOW + 355 * DAY + after
    verdict = judge(maker, maker.bundle(status={"iat": now}), now=now)
    assert (verdict.code, verdict.warnings) == (expected, warnings)


def test_stale_comes_before_expired(maker):
    assert code(maker, maker.bundle(), now=NOW + 9999 * DAY) is Code.STATUS_STALE


# Use


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (Use(manifest_root="0" * 64), Code.WRONG_MODEL),
        (Use(nodes=3), Code.TOO_MANY_NODES),
        (Use(cards=17), Code.TOO_MANY_CARDS),
        (Use(field="finance"), Code.FIELD_NOT_ALLOWED),
        (Use(region="FR"), Code.REGION_NOT_ALLOWED),
        (Use(public_facing=True), Code.FILING_NEEDED),
        (Use(manifest_root="0" * 64, nodes=3, cards=17), Code.WRONG_MODEL),
        (Use(nodes=3, cards=17), Code.TOO_MANY_NODES),
        (Use(), Code.OK),
    ],
)
def test_use_beyond_the_licence_is_refused(maker, use, expected):
    assert code(maker, maker.bundle(), use=use) is expected


def test_a_bound_licence_runs_on_its_hosts(maker):
    data = maker.bundle(licence={"bind": {"kind": "hosts", "hosts": ["a" * 64]}})
    assert code(maker, data, use=Use(host="a" * 64)) is Code.OK
    assert code(maker, data, use=Use(host="b" * 64)) is Code.WRONG_HOST
    assert code(maker, data, use=Use()) is Code.WRONG_HOST


@pytest.mark.parametrize(
    ("public", "filing", "expected"),
    [
        (True, "GXB-1", Code.OK),
        (True, "", Code.FILING_NEEDED),
        (False, "GXB-1", Code.FILING_NEEDED),
    ],
)
def test_a_public_service_needs_its_filing(maker, public, filing, expected):
    use = maker.licence_claims()["use"] | {"public_facing": public, "filing": filing}
    assert code(maker, maker.bundle(licence={"use": use}), use=Use(public_facing=True)) is expected


# Memory


def test_a_refusal_after_authentic_papers_is_remembered(maker):
    maker.statuses = (Status.REVOKED,) * 8
    verdict = judge(maker, maker.bundle())
    assert verdict.code is Code.REVOKED
    assert verdict.memory.epochs == {"omic-1": 7}
    assert verdict.memory.floor == NOW - DAY


def test_papers_that_are_not_authentic_teach_nothing(maker):
    assert judge(Maker(), maker.bundle()).memory == Memory()
