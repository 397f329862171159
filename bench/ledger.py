"""How fast the ledger posts, and that it posts right while it does.

Each figure is the posting function's, called by pgbench, beside the bare statements of the
same movement (the UPDATE and the INSERT in one statement: no checks, no idempotency) on
copies of the same tables with the same indexes. The `_action` figures go the whole way
through consortium.actions.ledger, in Python clients that share the cores with the server.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

from django.db import connection

from bench import pgbench
from bench.pgbench import Load
from bench.result import Failed, Peer, Result
from consortium import reconciliation
from consortium.actions import ledger
from consortium.models import Account, Transfer, Unit
from portal.runtime.postgres import Postgres

POSTERS = 64
HOT = 8  # accounts that 64 posters fight over
DEBITS = 200_000
SECONDS = 20  # of each timed run
SPREAD = 1000
BATCH = 100
BATCHERS = 2  # imports run one or two at a time
PROCESSES = 2  # that Python's posters are spread over
SPREAD_FLOOR, BATCH_FLOOR = 4000, 25_000

_BARE_TABLES = """
DROP TABLE IF EXISTS bare_account, bare_transfer;
CREATE TABLE bare_account (LIKE consortium_account INCLUDING ALL);
CREATE TABLE bare_transfer (LIKE consortium_transfer INCLUDING ALL);
INSERT INTO bare_account SELECT * FROM consortium_account;
"""
_BARE = """
WITH paid AS (
    UPDATE bare_account SET available = available - 1, posted_out = posted_out + 1
    WHERE id = :account AND (NOT capped OR available >= 1) RETURNING id, unit
)
INSERT INTO bare_transfer (id, req_hash, debit_id, credit_id, amount, unit, code, reason, created)
SELECT gen_random_uuid(), repeat('0', 64), id, {sink}, 1, unit, 'bench', '', now() FROM paid;
"""
_POST = """
SELECT id FROM ledger_post(gen_random_uuid(), :account, {sink}, 1, 'bench', NULL, '');
"""
# pgbench stops at an error; here a refusal is an answer. It costs a subtransaction a call.
_TRY_POST = """
CREATE OR REPLACE FUNCTION bench_try_post(p_account bigint, p_sink bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_post(gen_random_uuid(), p_account, p_sink, 1, 'bench', NULL, '');
    RETURN true;
EXCEPTION WHEN SQLSTATE 'LG001' THEN
    RETURN false;
END $$;
"""
_PICK = "\\set account random({first}, {last})\n"
_MANY = """
SELECT ledger_post_many(
    array_agg(gen_random_uuid()), array_agg(account), array_agg({sink}::bigint),
    array_agg(amount), array_agg('bench'::text), array_agg(NULL::bigint), array_agg(''::text))
FROM (SELECT {first} + floor(random() * {accounts})::bigint AS account, 1 + n AS amount
      FROM generate_series(1::bigint, {batch}) n) given;
"""
_BARE_MANY = """
WITH given AS (
    SELECT {first} + floor(random() * {accounts})::bigint AS account, 1 + n AS amount
    FROM generate_series(1::bigint, {batch}) n
), made AS (
    INSERT INTO bare_transfer
        (id, req_hash, debit_id, credit_id, amount, unit, code, reason, created)
    SELECT gen_random_uuid(), repeat('0', 64), account, {sink}, amount, 'card_seconds', 'bench',
        '', now()
    FROM given
), locked AS (
    SELECT id FROM bare_account WHERE id IN (SELECT account FROM given) ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE bare_account a SET available = available - o, posted_out = posted_out + o
FROM (SELECT account, sum(amount)::bigint AS o FROM given GROUP BY account) m, locked
WHERE a.id = m.account AND locked.id = a.id;
"""


def contended(server: Postgres, database: str, quick: bool) -> Iterator[Result]:
    """64 posters, few accounts, more debits than there is to take: exact, and 0 overdrawn."""
    debits = DEBITS // 100 if quick else DEBITS
    times = debits // POSTERS
    # A tenth must be refused. Of few debits more, or chance might leave an account unemptied.
    each = times * POSTERS * (6 if quick else 9) // 10 // HOT
    hot, sink = _accounts("contended", HOT, capped=True, holding=each)
    pick = _PICK.format(first=hot[0], last=hot[-1])
    _sql(_TRY_POST)
    _sql(_BARE_TABLES)
    bare = pgbench.run(server, database, Load(pick + _BARE.format(sink=sink), POSTERS, times=times))
    script = f"{pick}SELECT bench_try_post(:account, {sink});"
    rate = pgbench.run(server, database, Load(script, POSTERS, times=times))
    accepted = _must_be_exact(hot, each)
    facts = {
        "posters": POSTERS,
        "accounts": HOT,
        "debits": times * POSTERS,
        "accepted": accepted,
        "refused": times * POSTERS - accepted,
        "overdrawn": 0,
    }
    yield Result("ledger_contended", rate, "debits/s", Peer("bare statements", bare), None, facts)


def spread(server: Postgres, database: str, quick: bool) -> Iterator[Result]:
    """64 posters over 1,000 accounts, each with enough."""
    seconds = 1 if quick else SECONDS
    accounts, sink = _accounts("spread", SPREAD, capped=True, holding=10**9)
    pick = _PICK.format(first=accounts[0], last=accounts[-1])
    _sql(_BARE_TABLES)
    bare = pgbench.run(server, database, _load(pick + _BARE.format(sink=sink), POSTERS, quick))
    rate = pgbench.run(server, database, _load(pick + _POST.format(sink=sink), POSTERS, quick))
    _must_reconcile()
    facts = {"posters": POSTERS, "accounts": SPREAD}
    peer = Peer("bare statements", bare)
    yield Result("ledger_spread", rate, "postings/s", peer, SPREAD_FLOOR, facts)
    posted = _clients(_post_threads, [(accounts, sink, seconds)] * PROCESSES)
    yield Result("ledger_spread_action", posted, "postings/s", peer, None, facts)
    _must_reconcile()


def batch(server: Postgres, database: str, quick: bool) -> Iterator[Result]:
    """Usage of 1,000 allocations posted in batches of 100."""
    seconds = 1 if quick else SECONDS
    accounts, sink = _accounts("batch", SPREAD, capped=False, holding=10**6)
    names = {"first": accounts[0], "accounts": SPREAD, "batch": BATCH, "sink": sink}
    _sql(_BARE_TABLES)
    bare = pgbench.run(server, database, _load(_BARE_MANY.format(**names), BATCHERS, quick))
    rate = pgbench.run(server, database, _load(_MANY.format(**names), BATCHERS, quick))
    _must_reconcile()
    facts = {"importers": BATCHERS, "batch": BATCH, "accounts": SPREAD}
    peer = Peer("bare statements", bare * BATCH)
    yield Result("ledger_batch", rate * BATCH, "postings/s", peer, BATCH_FLOOR, facts)
    posted = _clients(_post_batches, [(accounts, sink, seconds)] * BATCHERS)
    yield Result("ledger_batch_action", posted, "postings/s", peer, None, facts)
    _must_reconcile()


def _load(script: str, clients: int, quick: bool) -> Load:
    """Timed; or a fixed number of times, since a second may pass before 64 clients connect."""
    if quick:
        return Load(script, clients, times=10)
    return Load(script, clients, seconds=SECONDS)


def _accounts(name: str, count: int, *, capped: bool, holding: int) -> tuple[list[int], int]:
    """Ids, one after another, of `count` accounts that hold so much each, and of a usage sink."""
    run = uuid.uuid4().hex[:8]
    kind = Account.Kind.BUDGET if capped else Account.Kind.ALLOCATION
    made = Account.objects.bulk_create(
        Account(unit=Unit.CARD_SECONDS, kind=kind, owner=f"bench.{name}:{run}-{n}", capped=capped)
        for n in range(count)
    )
    source, usage = (
        ledger.open_account(
            unit=Unit.CARD_SECONDS, kind=kind, owner=f"bench.{name}:{run}", capped=False
        )
        for kind in (Account.Kind.SOURCE, Account.Kind.USAGE)
    )
    ledger.post_many(
        [ledger.Posting(uuid.uuid4(), source.pk, a.pk, holding, "bench") for a in made]
    )
    ids = [account.pk for account in made]
    assert ids == list(range(ids[0], ids[0] + count)), "nobody else makes accounts here"
    return ids, usage.pk


def _must_be_exact(hot: list[int], each: int) -> int:
    """Every account emptied to exactly nothing, by exactly as many transfers. Returns those."""
    left = list(Account.objects.filter(pk__in=hot).values_list("available", flat=True))
    accepted = Transfer.objects.filter(debit__in=hot).count()
    if left != [0] * len(hot) or accepted != each * len(hot):
        raise Failed(f"{each} in each of {len(hot)} accounts; {accepted} accepted, left {left}")
    _must_reconcile()
    return accepted


def _must_reconcile() -> None:
    if found := [line for check in reconciliation.LEDGER for line in check.find()]:
        raise Failed("\n".join(found[:10]))


def _clients(
    work: Callable[[list[int], int, int], int], tasks: list[tuple[list[int], int, int]]
) -> float:
    """Postings a second of one process a task, together."""
    connection.close()
    with get_context("fork").Pool(len(tasks)) as pool:
        began = time.monotonic()
        posted = sum(pool.starmap(work, tasks))
        return posted / (time.monotonic() - began)


def _post_one(accounts: list[int], sink: int, seconds: int) -> int:
    rows = Account.objects.in_bulk([*accounts, sink])
    deadline, posted = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        ledger.post(
            key=uuid.uuid4(),
            debit=rows[random.choice(accounts)],  # noqa: S311
            credit=rows[sink],
            amount=1,
            code="bench",
            by=None,
        )
        posted += 1
    return posted


def _post_threads(accounts: list[int], sink: int, seconds: int) -> int:
    """One process's share of the posters, each a thread with a connection of its own."""
    threads = POSTERS // PROCESSES
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: _post_one(accounts, sink, seconds), range(threads)))


def _post_batches(accounts: list[int], sink: int, seconds: int) -> int:
    deadline, posted = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        some = random.choices(accounts, k=BATCH)  # noqa: S311
        posted += len(
            ledger.post_many(
                [ledger.Posting(uuid.uuid4(), a, sink, 1 + n, "bench") for n, a in enumerate(some)]
            )
        )
    return posted


def _sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)
