-- The only writers of accounts, transfers and holds.
--
-- READ COMMITTED throughout: every statement below sees what is committed when it starts, and
-- a conditional UPDATE waits for the row and judges its newest version. Rows are locked in id
-- order within a call. A transfer is inserted before the balances move, so that its primary
-- key, the idempotency key, is the gate, and a busy account's row is locked for the shortest
-- time. No exception blocks: each would cost a subtransaction. This file can be run again.
--
-- Refusals, by SQLSTATE (consortium.actions.ledger turns them into errors with sentences):
--   LG001 overdrawn            LG002 key used for another request   LG003 units differ
--   LG004 no such account      LG005 not a positive amount          LG006 cannot be reversed
--   LG007 hold is over         LG008 a sink cannot hold

-- What a key stands for. Actor and reason are left out: a retry by somebody else, or in
-- another language, is the same request. (STABLE as its parts are, so that it is inlined.)
CREATE OR REPLACE FUNCTION ledger_request(
    p_debit bigint, p_credit bigint, p_amount bigint, p_code text, p_reverses uuid
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(
        concat_ws('|', p_debit, p_credit, p_amount, p_code, p_reverses), 'UTF8')), 'hex')
$$;

CREATE OR REPLACE FUNCTION ledger_refuse_overdraft(p_account bigint, p_needed bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    account consortium_account;
BEGIN
    SELECT * INTO account FROM consortium_account WHERE id = p_account;
    RAISE EXCEPTION 'account % has % %, not %',
        p_account, account.available, account.unit, p_needed
        USING ERRCODE = 'LG001', DETAIL = json_build_object(
            'account', p_account, 'unit', account.unit,
            'available', account.available, 'needed', p_needed);
END $$;

-- Move amounts in and out of an account that keeps a balance.
CREATE OR REPLACE FUNCTION ledger_move(p_account bigint, p_in bigint, p_out bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE consortium_account SET
        available = available + p_in - p_out,
        posted_in = posted_in + p_in,
        posted_out = posted_out + p_out
    WHERE id = p_account AND (NOT capped OR available + p_in >= p_out);
    IF NOT FOUND THEN
        PERFORM ledger_refuse_overdraft(p_account, p_out);
    END IF;
END $$;

-- The transfer made under a key before, or nothing; refused if it was another request.
CREATE OR REPLACE FUNCTION ledger_made_before(p_key uuid, p_request text)
RETURNS consortium_transfer LANGUAGE plpgsql AS $$
DECLARE
    made consortium_transfer;
BEGIN
    SELECT * INTO made FROM consortium_transfer WHERE id = p_key;
    IF made.req_hash <> p_request THEN
        RAISE EXCEPTION 'key % was used for another request', p_key USING ERRCODE = 'LG002';
    END IF;
    RETURN made;
END $$;

-- A hold's key is kept for the transfer that posts it, which marks the hold first. Only a caller
-- that uses one key for two things gets here; two that do so at the same moment do not see each
-- other, and reconciliation names them.
CREATE OR REPLACE FUNCTION ledger_refuse_held_keys(p_keys uuid[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held uuid;
BEGIN
    SELECT id INTO held FROM consortium_hold
    WHERE id = ANY (p_keys) AND state <> 'posted' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'key % was used for another request', held USING ERRCODE = 'LG002';
    END IF;
END $$;

-- The transfer of key p_key, made now or, for the same request, before.
CREATE OR REPLACE FUNCTION ledger_post(
    p_key uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_code text,
    p_actor bigint, p_reason text, p_reverses uuid DEFAULT NULL
) RETURNS consortium_transfer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    request text := ledger_request(p_debit, p_credit, p_amount, p_code, p_reverses);
    done consortium_transfer;
    paying_unit text;
    paying_sink boolean;
    enough boolean;
    getting_unit text;
    getting_sink boolean;
BEGIN
    SELECT d.unit, d.sink, NOT d.capped OR d.available >= p_amount, c.unit, c.sink
    INTO paying_unit, paying_sink, enough, getting_unit, getting_sink
    FROM consortium_account d, consortium_account c WHERE d.id = p_debit AND c.id = p_credit;
    -- What is short now may have had enough when this key was first sent.
    IF (enough AND p_amount > 0 AND p_debit <> p_credit AND paying_unit = getting_unit)
        IS NOT TRUE THEN
        done := ledger_made_before(p_key, request);
        IF done.id IS NOT NULL THEN
            RETURN done;
        ELSIF (p_amount > 0) IS NOT TRUE THEN
            RAISE EXCEPTION 'amount % is not positive', p_amount USING ERRCODE = 'LG005';
        ELSIF paying_unit IS NULL OR p_debit = p_credit THEN
            RAISE EXCEPTION 'no accounts % and %', p_debit, p_credit USING ERRCODE = 'LG004';
        ELSIF paying_unit <> getting_unit THEN
            RAISE EXCEPTION 'account % is in %, account % in %',
                p_debit, paying_unit, p_credit, getting_unit USING ERRCODE = 'LG003';
        END IF;
        PERFORM ledger_refuse_overdraft(p_debit, p_amount);
    END IF;

    INSERT INTO consortium_transfer
        (id, req_hash, debit_id, credit_id, amount, unit, code, reverses_id, actor_id, reason,
         created)
    VALUES (p_key, request, p_debit, p_credit, p_amount, paying_unit, p_code, p_reverses,
        p_actor, p_reason, clock_timestamp())
    ON CONFLICT (id) DO NOTHING
    RETURNING * INTO done;
    IF NOT FOUND THEN  -- another session may have committed it while we waited
        RETURN ledger_made_before(p_key, request);
    END IF;
    PERFORM ledger_refuse_held_keys(ARRAY[p_key]);
    IF getting_sink AND NOT paying_sink THEN  -- the usual case, kept short
        UPDATE consortium_account SET
            available = available - p_amount, posted_out = posted_out + p_amount
        WHERE id = p_debit AND (NOT capped OR available >= p_amount);
        IF NOT FOUND THEN
            PERFORM ledger_refuse_overdraft(p_debit, p_amount);
        END IF;
        RETURN done;
    END IF;
    IF NOT paying_sink AND p_debit < p_credit THEN
        PERFORM ledger_move(p_debit, 0, p_amount);
    END IF;
    IF NOT getting_sink THEN
        PERFORM ledger_move(p_credit, p_amount, 0);
    END IF;
    IF NOT paying_sink AND p_debit > p_credit THEN
        PERFORM ledger_move(p_debit, 0, p_amount);
    END IF;
    RETURN done;
END $$;

-- Many postings in one statement, all or none. Returns the keys that were new.
CREATE OR REPLACE FUNCTION ledger_post_many(
    p_keys uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_codes text[],
    p_actors bigint[], p_reasons text[]
) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    fresh uuid[];
    accounts bigint[];
    ins bigint[];
    outs bigint[];
    short bigint[];
BEGIN
    -- Accounts are found by id alone, by subselect or `= ANY`: left to joins, the planner may
    -- read the whole table for every batch.
    WITH given AS MATERIALIZED (
        SELECT g.*,
            (SELECT unit FROM consortium_account WHERE id = g.debit) AS unit,
            (SELECT unit FROM consortium_account WHERE id = g.credit) AS credit_unit
        FROM unnest(p_keys, p_debits, p_credits, p_amounts, p_codes, p_actors, p_reasons)
            AS g (key, debit, credit, amount, code, actor, reason)
    ), made AS (
        INSERT INTO consortium_transfer
            (id, req_hash, debit_id, credit_id, amount, unit, code, actor_id, reason, created)
        SELECT key, ledger_request(debit, credit, amount, code, NULL), debit, credit, amount,
            unit, code, actor, reason, clock_timestamp()
        FROM given
        WHERE amount > 0 AND debit <> credit AND unit = credit_unit
        ORDER BY key
        ON CONFLICT (id) DO NOTHING
        RETURNING id, debit_id, credit_id, amount
    ), moved AS (
        SELECT account, sum(i)::bigint AS i, sum(o)::bigint AS o FROM (
            SELECT debit_id AS account, 0 AS i, amount AS o FROM made
            UNION ALL
            SELECT credit_id, amount, 0 FROM made
        ) sides GROUP BY account
    )
    SELECT (SELECT array_agg(id) FROM made), array_agg(account), array_agg(i), array_agg(o)
    INTO fresh, accounts, ins, outs FROM moved;

    IF coalesce(cardinality(fresh), 0) < cardinality(p_keys) THEN
        PERFORM ledger_check_rest(p_keys, p_debits, p_credits, p_amounts, p_codes);
    END IF;
    PERFORM ledger_refuse_held_keys(fresh);
    WITH locked AS MATERIALIZED (  -- all of them in id order, whatever is asked of them below
        SELECT id, capped, available FROM consortium_account
        WHERE id = ANY (accounts) AND NOT sink ORDER BY id FOR NO KEY UPDATE
    )
    SELECT array_agg(ARRAY[locked.id, m.o]) INTO short FROM locked
    JOIN unnest(accounts, ins, outs) AS m (account, i, o) ON m.account = locked.id
    WHERE locked.capped AND locked.available + m.i < m.o;
    IF short IS NOT NULL THEN
        PERFORM ledger_refuse_overdraft(short[1][1], short[1][2]);
    END IF;
    UPDATE consortium_account a SET
        available = available + m.i - m.o,
        posted_in = posted_in + m.i,
        posted_out = posted_out + m.o
    FROM unnest(accounts, ins, outs) AS m (account, i, o)
    WHERE a.id = ANY (accounts) AND a.id = m.account AND NOT a.sink;
    RETURN coalesce(fresh, '{}');
END $$;

-- Why were some of a batch not inserted? Fine if they had been posted before; else refused.
CREATE OR REPLACE FUNCTION ledger_check_rest(
    p_keys uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_codes text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT g.*, d.id AS d, c.id AS c, d.unit AS debit_unit, c.unit AS credit_unit, t.id AS t
    INTO bad
    FROM unnest(p_keys, p_debits, p_credits, p_amounts, p_codes)
        AS g (key, debit, credit, amount, code)
    LEFT JOIN consortium_transfer t ON t.id = g.key
    LEFT JOIN consortium_account d ON d.id = g.debit
    LEFT JOIN consortium_account c ON c.id = g.credit
    WHERE t.req_hash IS DISTINCT FROM ledger_request(g.debit, g.credit, g.amount, g.code, NULL)
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    ELSIF bad.t IS NOT NULL THEN
        RAISE EXCEPTION 'key % was used for another request', bad.key USING ERRCODE = 'LG002';
    ELSIF bad.amount IS NULL OR bad.amount <= 0 THEN
        RAISE EXCEPTION 'amount % is not positive', bad.amount USING ERRCODE = 'LG005';
    ELSIF bad.d IS NULL OR bad.c IS NULL OR bad.d = bad.c THEN
        RAISE EXCEPTION 'no accounts % and %', bad.debit, bad.credit USING ERRCODE = 'LG004';
    ELSE
        RAISE EXCEPTION 'account % is in %, account % in %',
            bad.debit, bad.debit_unit, bad.credit, bad.credit_unit USING ERRCODE = 'LG003';
    END IF;
END $$;

-- Move everything back, once.
CREATE OR REPLACE FUNCTION ledger_reverse(p_key uuid, p_original uuid, p_actor bigint, p_reason text)
RETURNS consortium_transfer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    original consortium_transfer;
    earlier uuid;
BEGIN
    SELECT * INTO original FROM consortium_transfer WHERE id = p_original;
    SELECT id INTO earlier FROM consortium_transfer WHERE reverses_id = p_original;
    IF original.id IS NULL OR original.reverses_id IS NOT NULL OR earlier <> p_key THEN
        RAISE EXCEPTION 'transfer % cannot be reversed', p_original USING ERRCODE = 'LG006';
    END IF;
    RETURN ledger_post(p_key, original.credit_id, original.debit_id, original.amount,
        'reversal', p_actor, p_reason, p_original);
END $$;

-- Set an amount aside until posted, voided or past its expiry, by the database's clock.
CREATE OR REPLACE FUNCTION ledger_hold(
    p_key uuid, p_account bigint, p_credit bigint, p_amount bigint, p_code text,
    p_lasts interval
) RETURNS consortium_hold LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    done consortium_hold;
    account consortium_account;
    credit consortium_account;
BEGIN
    SELECT * INTO account FROM consortium_account WHERE id = p_account;
    SELECT * INTO credit FROM consortium_account WHERE id = p_credit;
    IF account.id IS NULL OR credit.id IS NULL OR p_account = p_credit THEN
        RAISE EXCEPTION 'no accounts % and %', p_account, p_credit USING ERRCODE = 'LG004';
    ELSIF account.unit <> credit.unit THEN
        RAISE EXCEPTION 'account % is in %, account % in %',
            p_account, account.unit, p_credit, credit.unit USING ERRCODE = 'LG003';
    ELSIF account.sink THEN
        RAISE EXCEPTION 'account % is a sink', p_account USING ERRCODE = 'LG008';
    ELSIF p_amount IS NULL OR p_amount <= 0 THEN
        RAISE EXCEPTION 'amount % is not positive', p_amount USING ERRCODE = 'LG005';
    END IF;
    INSERT INTO consortium_hold
        (id, account_id, credit_id, amount, code, state, expires_at, created)
    VALUES (p_key, p_account, p_credit, p_amount, p_code, 'pending',
        clock_timestamp() + p_lasts, clock_timestamp())
    ON CONFLICT (id) DO NOTHING
    RETURNING * INTO done;
    IF NOT FOUND THEN
        SELECT * INTO done FROM consortium_hold WHERE id = p_key;
        IF (done.account_id, done.credit_id, done.amount, done.code)
            IS DISTINCT FROM (p_account, p_credit, p_amount, p_code::varchar) THEN
            RAISE EXCEPTION 'key % was used for another request', p_key USING ERRCODE = 'LG002';
        END IF;
        RETURN done;
    END IF;
    -- Posting a hold makes the transfer of the same key, so the key must be free there too.
    IF EXISTS (SELECT FROM consortium_transfer WHERE id = p_key) THEN
        RAISE EXCEPTION 'key % was used for another request', p_key USING ERRCODE = 'LG002';
    END IF;
    UPDATE consortium_account SET available = available - p_amount, held = held + p_amount
    WHERE id = p_account AND (NOT capped OR available >= p_amount);
    IF NOT FOUND THEN
        PERFORM ledger_refuse_overdraft(p_account, p_amount);
    END IF;
    RETURN done;
END $$;

-- Give a pending hold's amount back and end it.
CREATE OR REPLACE FUNCTION ledger_release(p_hold consortium_hold, p_state text)
RETURNS consortium_hold LANGUAGE plpgsql AS $$
DECLARE
    done consortium_hold;
BEGIN
    UPDATE consortium_account SET
        available = available + p_hold.amount, held = held - p_hold.amount
    WHERE id = p_hold.account_id;
    UPDATE consortium_hold SET state = p_state WHERE id = p_hold.id RETURNING * INTO done;
    RETURN done;
END $$;

-- Move a hold's amount, or less of it, to where it was meant for. The transfer's key is the
-- hold's own.
CREATE OR REPLACE FUNCTION ledger_post_hold(p_hold uuid, p_amount bigint, p_actor bigint, p_reason text)
RETURNS consortium_transfer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held consortium_hold;
BEGIN
    SELECT * INTO held FROM consortium_hold WHERE id = p_hold FOR UPDATE;
    IF held.state = 'pending' AND held.expires_at > clock_timestamp()
        AND p_amount <= held.amount THEN
        -- In id order, as everywhere; released and moved in one transaction.
        PERFORM FROM consortium_account
            WHERE id IN (held.account_id, held.credit_id) AND NOT sink
            ORDER BY id FOR NO KEY UPDATE;
        PERFORM ledger_release(held, 'posted');
    ELSIF held.state IS DISTINCT FROM 'posted' THEN
        RAISE EXCEPTION 'hold % cannot be posted', p_hold USING ERRCODE = 'LG007';
    END IF;
    RETURN ledger_post(p_hold, held.account_id, held.credit_id, p_amount, held.code,
        p_actor, p_reason);
END $$;

CREATE OR REPLACE FUNCTION ledger_void_hold(p_hold uuid)
RETURNS consortium_hold LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held consortium_hold;
BEGIN
    SELECT * INTO held FROM consortium_hold WHERE id = p_hold FOR UPDATE;
    IF held.state = 'voided' THEN
        RETURN held;
    ELSIF held.state IS DISTINCT FROM 'pending' THEN
        RAISE EXCEPTION 'hold % cannot be voided', p_hold USING ERRCODE = 'LG007';
    END IF;
    RETURN ledger_release(held, 'voided');
END $$;

-- End the holds that are past their expiry, oldest first; those somebody works on wait.
CREATE OR REPLACE FUNCTION ledger_expire_holds(p_limit integer)
RETURNS SETOF consortium_hold LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    due consortium_hold;
BEGIN
    FOR due IN
        SELECT h.* FROM consortium_hold h
        WHERE state = 'pending' AND expires_at <= clock_timestamp()
        ORDER BY account_id, expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    LOOP
        RETURN NEXT ledger_release(due, 'expired');
    END LOOP;
END $$;
