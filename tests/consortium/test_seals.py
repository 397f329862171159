"""The audit log: sealed in order, and any edit, deletion or reorder is found."""

import hashlib
import random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from consortium import audit, merkle, seals
from consortium.actions.seals import publish, seal
from consortium.backends.signer import signer
from consortium.models import AuditEvent, AuditLeaf, AuditSeal
from tests.factories.consortium import PersonFactory

TAMPERINGS = 1_000


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.AUDIT_SEAL_FILE = tmp_path / "seals.jsonl"
    settings.SIGNING_KEYS_DIR = tmp_path / "keys"


def write_events(count, by=None):
    with transaction.atomic():
        person = by or PersonFactory.create()
        for n in range(count):
            audit.record("person.created", person, by=None, n=n, name="名字")


def differences(settings):
    return list(seals.wrong(signer().public_key(seals.KEY), settings.AUDIT_SEAL_FILE))


def tamper_mode():
    """What an intruder with the superuser's password would do first."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def undo_tamper_mode():
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")


@pytest.mark.django_db(transaction=True)
def test_events_are_sealed_once_and_published(settings):
    write_events(5)
    assert seal() == 1
    assert seal() == 0
    write_events(3)
    assert seal() == 1
    assert differences(settings) == []
    assert AuditLeaf.objects.count() == 8
    assert [line["number"] for line in seals.published(settings.AUDIT_SEAL_FILE)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_transaction_still_running_waits(settings):
    write_events(1)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
            write_events(2)
            seal()
            assert AuditLeaf.objects.count() == 1
            cursor.execute("COMMIT")
    finally:
        other.close()
    seal()
    assert AuditLeaf.objects.count() == 3
    assert differences(settings) == []


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_commit_and_publication_is_made_good(settings):
    write_events(2)
    seal()
    settings.AUDIT_SEAL_FILE.write_bytes(settings.AUDIT_SEAL_FILE.read_bytes()[:-20])
    assert publish(settings.AUDIT_SEAL_FILE) == 1
    assert len(seals.published(settings.AUDIT_SEAL_FILE)) == 1
    assert differences(settings) == []


@pytest.mark.django_db(transaction=True)
def test_another_database_does_not_hold_a_seal_up(settings):
    elsewhere = connection.copy()
    elsewhere.settings_dict = {**connection.settings_dict, "NAME": "postgres"}
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
            write_events(2)
            assert seal() == 1
            cursor.execute("COMMIT")
    finally:
        elsewhere.close()
    assert differences(settings) == []


def _edit(rng, events):
    AuditEvent.objects.filter(pk=rng.choice(events)).update(
        **rng.choice(
            [
                {"actor_name": "somebody else"},
                {"detail": {"n": rng.random()}},
                {"action": "person.deleted"},
                {"target_id": "0"},
                {"at": "2020-01-01T00:00:00Z"},
            ]
        )
    )


def _delete(rng, events):
    AuditEvent.objects.filter(pk=rng.choice(events)).delete()


def _delete_with_leaf(rng, events):
    pk = rng.choice(events)
    AuditEvent.objects.filter(pk=pk).delete()
    AuditLeaf.objects.filter(pk=pk).delete()


def _swap(rng, events):
    one, two = (AuditEvent.objects.get(pk=pk) for pk in rng.sample(events, 2))
    AuditEvent.objects.filter(pk=one.pk).update(detail=two.detail, at=two.at)
    AuditEvent.objects.filter(pk=two.pk).update(detail=one.detail, at=one.at)


def _swap_leaves(rng, events):
    leaves = list(AuditLeaf.objects.filter(seal__number=rng.choice([1, 2, 3])))
    one, two = rng.sample(leaves, 2)
    AuditLeaf.objects.filter(pk=one.pk).update(position=9_999)
    AuditLeaf.objects.filter(pk=two.pk).update(position=one.position)
    AuditLeaf.objects.filter(pk=one.pk).update(position=two.position)


def _rewrite_with_leaf(rng, events):
    pk = rng.choice(events)
    AuditEvent.objects.filter(pk=pk).update(actor_name="somebody else")
    digest = merkle.leaf(seals.event_bytes(AuditEvent.objects.get(pk=pk)))
    AuditLeaf.objects.filter(pk=pk).update(digest=digest)


def _rewrite_root(rng, events):
    _rewrite_with_leaf(rng, events)
    for row in AuditSeal.objects.all():
        root = merkle.root(list(row.leaves.order_by("position").values_list("digest", flat=True)))
        AuditSeal.objects.filter(pk=row.pk).update(root=root)


def _cut_off_the_end(rng, events):
    last = AuditSeal.objects.order_by("-number").first()
    AuditEvent.objects.filter(pk__in=last.leaves.values("event_id")).delete()
    last.leaves.all().delete()
    last.delete()


def _put_in(rng, events):
    copy = AuditEvent.objects.get(pk=rng.choice(events))
    copy.pk, copy.actor_name = None, "somebody else"
    copy.save(force_insert=True)


WAYS = [
    _edit,
    _delete,
    _delete_with_leaf,
    _swap,
    _swap_leaves,
    _rewrite_with_leaf,
    _rewrite_root,
    _cut_off_the_end,
    _put_in,
]


@pytest.mark.django_db(transaction=True)
def test_every_random_tampering_is_found(settings):
    for _i in range(3):
        write_events(12)
        seal()
    assert differences(settings) == []
    events = list(AuditEvent.objects.values_list("pk", flat=True))
    rng = random.Random(20261124)  # noqa: S311  a repeatable choice
    missed = []
    tamper_mode()
    try:
        for n in range(TAMPERINGS):
            way = WAYS[n % len(WAYS)]
            with transaction.atomic():
                way(rng, events)
                if not differences(settings):
                    missed.append((n, way.__name__))
                transaction.set_rollback(True)
    finally:
        undo_tamper_mode()
    assert missed == []
    assert differences(settings) == []


@pytest.mark.django_db(transaction=True)
def test_the_command_says_clean_or_exits_one(capsys):
    write_events(4)
    seal()
    call_command("audit_verify")
    assert "Clean: 1 seals over 4 events" in capsys.readouterr().out
    tamper_mode()
    AuditEvent.objects.filter(pk=AuditEvent.objects.first().pk).update(actor_name="x")
    undo_tamper_mode()
    with pytest.raises(CommandError, match="1 differences") as refused:
        call_command("audit_verify")
    assert refused.value.returncode == 1


@pytest.mark.parametrize("count", range(1, 18))
def test_the_root_changes_with_any_leaf_and_any_order(count):
    leaves = [merkle.leaf(str(n).encode()) for n in range(count)]
    root = merkle.root(leaves)
    for n in range(count):
        other = leaves.copy()
        other[n] = merkle.leaf(b"other")
        assert merkle.root(other) != root
    if count > 1:
        assert merkle.root(leaves[::-1]) != root


def test_the_root_of_the_rfc_examples():
    """RFC 9162's tree of one leaf is the leaf; of three, ((0,1),2)."""

    def node(a, b):
        joined = bytes.fromhex(a) + bytes.fromhex(b)
        return hashlib.sha256(b"\x01" + joined).hexdigest()

    a, b, c = (merkle.leaf(x) for x in (b"a", b"b", b"c"))
    assert merkle.root([a]) == a
    assert merkle.root([a, b, c]) == node(node(a, b), c)
