"""The statements by which staged job runs become records and what they owe.

`told` are the runs of a batch; `usage_changed` says of each of them what is known of it, what
its record shall say, and by how much its charge moves:

verdict      new, changed, same, or older (exported before what we know already)
take, back   seconds that move on the grant it belongs to, and back to one it was moved from
"""

from compute_grants import charging_sql

# What an accounting row says of a run; the rest of a record is ours.
FACTS = (
    *("account", "job_id", "cluster_user", "partition", "qos", "job_state", "job_name", "stage"),
    *("start_at", "end_at", "used_at", "elapsed_seconds", "card_seconds", "core_seconds"),
    *("memory_bytes", "energy_joules", "energy_source"),
)
_OWN = ("allocation_id", "charging_rule_id", "charged")
_COLUMNS = ("job_id_raw", "submit_at", *FACTS, *_OWN)
_LIST = ", ".join(_COLUMNS)

TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_changed (
    job_id_raw bigint, submit_at timestamptz, account text, job_id text, cluster_user text,
    partition text, qos text, job_state text, job_name text, stage text, start_at timestamptz,
    end_at timestamptz, used_at timestamptz, elapsed_seconds integer, card_seconds bigint,
    core_seconds bigint, memory_bytes bigint, energy_joules bigint, energy_source text,
    allocation_id bigint, charging_rule_id bigint, charged bigint,
    verdict text, record_id bigint, old_allocation bigint, take bigint, back bigint
)
"""

_GRANTS = """
    SELECT a.id, a.slurm_account, a.resource_id, s.unit
    FROM compute_grants_allocation a
    JOIN compute_grants_resource s ON s.id = a.resource_id AND s.machine_id = %(machine)s
    WHERE a.slurm_account IS NOT NULL
"""
# The newest reading of each run: files that overlap tell some runs twice. Of readings that
# have no end the longest counts; among ended ones the last, for records are corrected.
_NEWEST = """
    SELECT DISTINCT ON (job_id_raw, submit) *, "end" IS NOT NULL AS ended
    FROM usage_staged WHERE seq > %(after)s AND seq <= %(upto)s
    ORDER BY job_id_raw, submit, "end" IS NOT NULL DESC,
        CASE WHEN "end" IS NULL THEN elapsed END DESC, seq DESC
"""
# Zero joules of a run that took time is a sensor that did not answer. An estimate gives a card
# (a core, where the machine has no cards) its share of the whole machine's power.
_TOLD = """
    SELECT n.*, elapsed AS elapsed_seconds, to_timestamp(submit) AS submit_at,
        to_timestamp(start) AS start_at,
        to_timestamp("end") AS end_at,
        to_timestamp(coalesce("end", coalesce(start, submit) + elapsed)) AS used_at,
        (to_timestamp(coalesce(start, submit)) AT TIME ZONE %(zone)s)::date AS began_on,
        cards::bigint * elapsed AS card_seconds, cores::bigint * elapsed AS core_seconds,
        energy > 0 OR (energy = 0 AND elapsed = 0) AS measured,
        CASE WHEN %(machine_cards)s > 0 THEN cards ELSE cores END::bigint * elapsed AS share
    FROM newest n
"""
_ENERGY = """
    SELECT t.*,
        CASE WHEN measured THEN energy
            WHEN estimated THEN div(share::numeric * %(watts)s, %(units)s)::bigint END AS joules,
        CASE WHEN measured THEN 'measured' WHEN estimated THEN 'estimated' ELSE 'none' END
            AS source
    FROM (SELECT *, measured IS NOT TRUE AND share > 0 AND %(watts)s > 0 AND %(units)s > 0
            AS estimated FROM told) t
"""
# An export without steps has no energy for batch-only jobs, and one may lack the QOS: what was
# known of them is kept.
_KEPT = ("qos", "energy_joules", "energy_source")
_PLAIN = [name for name in FACTS if name not in _KEPT]
_OWED = charging_sql.units(
    unit="g.unit", rule="u", cards="t.cards", cores="t.cores", memory="t.memory_bytes"
)
_JUDGED = f"""
    SELECT t.job_id_raw, t.submit_at, {", ".join(f"t.{name}" for name in _PLAIN)},
        coalesce(nullif(t.qos, ''), r.qos, '') AS qos,
        CASE WHEN k.energy THEN r.energy_joules ELSE t.joules END AS energy_joules,
        CASE WHEN k.energy THEN r.energy_source ELSE t.source END AS energy_source,
        g.id AS allocation_id, u.id AS charging_rule_id,
        CASE WHEN g.id IS NULL THEN 0 ELSE {_OWED}::bigint * t.elapsed_seconds END AS charged,
        r.id AS record_id, r.allocation_id AS old_allocation, r.charged AS old_charged,
        CASE WHEN r.id IS NULL THEN 'new'
            WHEN t.end_at IS NULL AND (r.end_at IS NOT NULL
                OR t.elapsed_seconds < r.elapsed_seconds) THEN 'older'
            WHEN ({", ".join(f"t.{name}" for name in _PLAIN)}, g.id)
                    IS DISTINCT FROM ({", ".join(f"r.{name}" for name in _PLAIN)}, r.allocation_id)
                OR t.qos NOT IN ('', r.qos)
                OR NOT k.energy
                    AND (t.joules, t.source) IS DISTINCT FROM (r.energy_joules, r.energy_source)
            THEN 'changed' ELSE 'same' END AS verdict
    FROM energy t
    LEFT JOIN compute_grants_usagerecord r
        ON r.cluster = %(cluster)s AND r.job_id_raw = t.job_id_raw AND r.submit_at = t.submit_at
    CROSS JOIN LATERAL (
        SELECT coalesce(r.energy_source = 'measured' AND t.source <> 'measured', false) AS energy
    ) k
    LEFT JOIN grants g ON g.slurm_account = t.account
    LEFT JOIN rules u ON {charging_sql.in_force("u", "g.resource_id", "t.began_on")}
"""  # noqa: S608  constants of this module
_MOVES = """
    CASE WHEN allocation_id IS NULL THEN 0
        WHEN allocation_id = old_allocation THEN charged - old_charged ELSE charged END,
    CASE WHEN old_allocation IS DISTINCT FROM allocation_id THEN -coalesce(old_charged, 0)
        ELSE 0 END
"""

JUDGE = f"""
INSERT INTO usage_changed ({_LIST}, verdict, record_id, old_allocation, take, back)
WITH grants AS MATERIALIZED ({_GRANTS}), rules AS MATERIALIZED ({charging_sql.RULES}),
newest AS ({_NEWEST}), told AS ({_TOLD}), energy AS ({_ENERGY}), judged AS ({_JUDGED})
SELECT {_LIST}, verdict, record_id, old_allocation, {_MOVES} FROM judged
"""  # noqa: S608  constants of this module

# Runs that were recorded before their account had a grant.
JUDGE_KNOWN = f"""
INSERT INTO usage_changed ({_LIST}, verdict, record_id, old_allocation, take, back)
WITH grants AS MATERIALIZED ({_GRANTS}), rules AS MATERIALIZED ({charging_sql.RULES}),
waiting AS (
    SELECT r.*, g.id AS grant_id, g.resource_id, g.unit,
        (coalesce(r.start_at, r.submit_at) AT TIME ZONE %(zone)s)::date AS began_on,
        coalesce(r.card_seconds / nullif(r.elapsed_seconds, 0), 0) AS cards,
        coalesce(r.core_seconds / nullif(r.elapsed_seconds, 0), 0) AS cores
    FROM compute_grants_usagerecord r JOIN grants g ON g.slurm_account = r.account
    WHERE r.allocation_id IS NULL AND r.cluster = %(cluster)s
    ORDER BY r.id LIMIT %(limit)s
), priced AS (
    SELECT w.*, u.id AS rule_id, {
    charging_sql.units(
        unit="w.unit", rule="u", cards="w.cards", cores="w.cores", memory="w.memory_bytes"
    )
}::bigint * w.elapsed_seconds AS owed
    FROM waiting w LEFT JOIN rules u ON {charging_sql.in_force("u", "w.resource_id", "w.began_on")}
)
SELECT job_id_raw, submit_at, {", ".join(FACTS)}, grant_id, rule_id, owed,
    'changed', id, NULL, owed, 0
FROM priced
"""  # noqa: S608  constants of this module

COUNTS = """
SELECT count(*), count(*) FILTER (WHERE verdict = 'new'),
    count(*) FILTER (WHERE verdict = 'changed'), count(*) FILTER (WHERE allocation_id IS NULL)
FROM usage_changed
"""
UNKNOWN = """
SELECT account, count(*) FROM usage_changed WHERE allocation_id IS NULL
GROUP BY account ORDER BY count(*) DESC, account LIMIT %s
"""
# One row for each grant and direction; `lines` stands for exactly these runs and rounds.
MOVES = """
SELECT owner, seconds > 0 AS taking, sum(seconds)::bigint, count(*), min(job_id),
    encode(sha256(convert_to(string_agg(
        concat_ws(':', job_id_raw, extract(epoch FROM submit_at)::bigint, round, seconds), ','
        ORDER BY job_id_raw, submit_at), 'UTF8')), 'hex') AS lines
FROM (
    SELECT c.*, coalesce(r.revision, 0) AS round, m.owner, m.seconds
    FROM usage_changed c LEFT JOIN compute_grants_usagerecord r ON r.id = c.record_id
    CROSS JOIN LATERAL (VALUES (c.allocation_id, c.take), (c.old_allocation, c.back))
        AS m (owner, seconds)
    WHERE c.verdict IN ('new', 'changed') AND m.seconds <> 0
) moves
GROUP BY owner, seconds > 0 ORDER BY owner, taking
"""
_POSTED = """
WITH posted AS (
    SELECT * FROM unnest(%(owners)s::bigint[], %(taking)s::boolean[], %(keys)s::uuid[])
        AS p (owner, taking, key)
), lines AS (
    SELECT c.*,
        array_remove(ARRAY[back.key, own.key], NULL) AS transfers,
        array_remove(ARRAY[CASE WHEN back.key IS NOT NULL THEN c.back END,
            CASE WHEN own.key IS NOT NULL THEN c.take END], NULL) AS amounts
    FROM usage_changed c
    LEFT JOIN posted back ON c.back <> 0 AND back.owner = c.old_allocation AND NOT back.taking
    LEFT JOIN posted own
        ON c.take <> 0 AND own.owner = c.allocation_id AND own.taking = (c.take > 0)
    WHERE c.verdict = %(verdict)s
)
"""
INSERT = f"""
{_POSTED}
INSERT INTO compute_grants_usagerecord
    (cluster, {_LIST}, revision, transfers, amounts, read_by_id, read_at)
SELECT %(cluster)s, {_LIST}, (cardinality(transfers) > 0)::integer, transfers, amounts,
    %(read_by)s, clock_timestamp()
FROM lines
"""  # noqa: S608  constants of this module
UPDATE = f"""
{_POSTED}
UPDATE compute_grants_usagerecord r SET
    {", ".join(f"{name} = c.{name}" for name in (*FACTS, *_OWN))},
    revision = r.revision + (cardinality(c.transfers) > 0)::integer,
    transfers = r.transfers || c.transfers, amounts = r.amounts || c.amounts,
    read_by_id = coalesce(%(read_by)s, r.read_by_id),
    read_at = CASE WHEN %(read_by)s::bigint IS NULL THEN r.read_at ELSE clock_timestamp() END
FROM lines c WHERE r.id = c.record_id
"""  # noqa: S608  constants of this module
