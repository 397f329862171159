"""What must be true between usage, the ledger and the clusters. See consortium.reconciliation."""

from compute_grants import charging_sql
from consortium.reconciliation import SqlCheck

_LINES = """
    SELECT u.id, k.key, k.amount
    FROM compute_grants_usagerecord u
    CROSS JOIN LATERAL unnest(u.transfers, u.amounts) AS k (key, amount)
"""
_USAGE = "t.code IN ('usage', 'usage-correction')"
_DUE = charging_sql.units(
    unit="r.unit",
    rule="c",
    cards="u.card_seconds / greatest(u.elapsed_seconds, 1)",
    cores="u.core_seconds / greatest(u.elapsed_seconds, 1)",
    memory="u.memory_bytes",
)

CHECKS = (
    SqlCheck(
        "usage.without_transfer",
        f"""
        SELECT u.cluster, u.job_id, u.charged, coalesce(n.net, 0)::bigint AS net
        FROM compute_grants_usagerecord u
        LEFT JOIN (
            SELECT l.id, sum(l.amount) AS net, count(*) FILTER (WHERE t.id IS NULL) AS missing
            FROM ({_LINES}) l LEFT JOIN consortium_transfer t ON t.id = l.key AND {_USAGE}
            GROUP BY l.id
        ) n ON n.id = u.id
        WHERE u.charged <> coalesce(n.net, 0) OR n.missing > 0
        ORDER BY u.id
        """,  # noqa: S608  constants of this module
        "job %(job_id)s on %(cluster)s counts as charged %(charged)s, its transfers say %(net)s",
    ),
    SqlCheck(
        "usage.transfer_without_job",
        f"""
        SELECT t.id, t.amount, t.unit, coalesce(abs(n.net), 0)::bigint AS net
        FROM consortium_transfer t
        LEFT JOIN (SELECT l.key, sum(l.amount) AS net FROM ({_LINES}) l GROUP BY l.key) n
            ON n.key = t.id
        WHERE {_USAGE}
            AND n.net IS DISTINCT FROM CASE t.code WHEN 'usage' THEN t.amount ELSE -t.amount END
        ORDER BY t.id
        """,  # noqa: S608  constants of this module
        "transfer %(id)s moved %(amount)s %(unit)s, its job runs make %(net)s",
    ),
    SqlCheck(
        "usage.charged_wrongly",
        f"""
        SELECT u.cluster, u.job_id, u.charged, {_DUE} * u.elapsed_seconds AS due
        FROM compute_grants_usagerecord u
        JOIN compute_grants_allocation a ON a.id = u.allocation_id
        JOIN compute_grants_resource r ON r.id = a.resource_id
        LEFT JOIN compute_grants_chargingrule c ON c.id = u.charging_rule_id
        WHERE u.charged <> {_DUE} * u.elapsed_seconds
        ORDER BY u.id
        """,  # noqa: S608  constants of this module
        "job %(job_id)s on %(cluster)s was charged %(charged)s, due is %(due)s",
    ),
    SqlCheck(
        "usage.of_nothing",
        """
        SELECT u.cluster, u.job_id FROM compute_grants_usagerecord u
        WHERE (u.allocation_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM compute_grants_allocation a WHERE a.id = u.allocation_id))
            OR (u.charging_rule_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM compute_grants_chargingrule c WHERE c.id = u.charging_rule_id))
            OR NOT EXISTS (SELECT FROM compute_grants_usageimport i WHERE i.id = u.read_by_id)
        ORDER BY u.id
        """,
        "job %(job_id)s on %(cluster)s names a grant, a rule or a reading that is not there",
    ),
    SqlCheck(
        "allocation.granted",
        """
        SELECT a.number, a.seconds, coalesce(sum(
            CASE WHEN t.credit_id = a.account_id THEN t.amount ELSE -t.amount END), 0)::bigint
            AS given
        FROM compute_grants_allocation a
        LEFT JOIN consortium_transfer t ON a.account_id IN (t.credit_id, t.debit_id)
            AND t.code NOT IN ('usage', 'usage-correction', 'reversal')
        GROUP BY a.id HAVING a.seconds <> coalesce(sum(
            CASE WHEN t.credit_id = a.account_id THEN t.amount ELSE -t.amount END), 0)
        ORDER BY a.number
        """,
        "%(number)s states %(seconds)s granted, its ledger says %(given)s",
    ),
    SqlCheck(
        "allocation.held",
        """
        SELECT a.number, a.held_seconds, coalesce(c.available, 0) AS reserve,
            coalesce(p.planned, 0)::bigint AS planned
        FROM compute_grants_allocation a
        LEFT JOIN consortium_account c ON c.id = a.reserve_id
        LEFT JOIN (
            SELECT allocation_id, sum(seconds) AS planned FROM compute_grants_tranche
            WHERE state = 'planned' GROUP BY allocation_id) p ON p.allocation_id = a.id
        WHERE a.held_seconds <> coalesce(c.available, 0)
            OR a.held_seconds <> coalesce(p.planned, 0)
        ORDER BY a.number
        """,
        "%(number)s states %(held_seconds)s promised, its reserve has %(reserve)s and its "
        "planned parts make %(planned)s",
    ),
    SqlCheck(
        "amendment.applied",
        """
        SELECT m.number, m.kind, m.seconds FROM compute_grants_amendment m
        WHERE m.state = 'applied' AND m.kind IN ('supplement', 'advance')
            AND NOT EXISTS (SELECT FROM consortium_transfer t
                WHERE t.reason = m.number AND t.code = m.kind AND t.amount = m.seconds)
        ORDER BY m.number
        """,
        "%(number)s was carried out, and no transfer moved its %(seconds)s",
    ),
    SqlCheck(
        "allocation.desired",
        """
        SELECT a.number, a.state, d.spec->>'open' AS open
        FROM compute_grants_allocation a
        LEFT JOIN consortium_desiredstate d ON d.kind = 'allocation' AND d.key = a.number
        WHERE d.id IS NULL
            OR (d.spec->>'open')::boolean
                <> (a.terms_accepted AND a.state IN ('awarded', 'active'))
            OR d.spec->'limits' IS DISTINCT FROM (
                SELECT jsonb_build_object(r.tres,
                    a.seconds * coalesce((d.spec->>'limit_percent')::bigint, 100) / 6000)
                FROM compute_grants_resource r WHERE r.id = a.resource_id)
        ORDER BY a.number
        """,
        "%(number)s is %(state)s, and what is wanted of its cluster differs (open: %(open)s)",
    ),
    SqlCheck(
        "allocation.observed",
        """
        SELECT d.key AS number, d.spec->'limits' AS wanted, d.observed->'limits' AS observed
        FROM consortium_desiredstate d
        WHERE d.kind = 'allocation' AND d.applied_generation = d.generation
            AND (d.observed->'limits' IS DISTINCT FROM d.spec->'limits'
                OR d.observed->'open' IS DISTINCT FROM d.spec->'open')
        ORDER BY d.key
        """,
        "%(number)s counts as settled with limits %(wanted)s, but %(observed)s was read",
    ),
)
