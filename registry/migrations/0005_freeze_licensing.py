"""Approvals, terms, signatures, publications and money are only ever added; what a gate pinned
and what a licence's sides signed never changes: the database sees to it."""

from consortium.append_only import AppendOnly
from django.db import migrations

ADDED_ONLY = [
    "registry_gateapproval",
    "registry_gateconsent",
    "registry_contributionsnapshot",
    "registry_contribution",
    "registry_licenceterms",
    "registry_signature",
    "registry_licencedownload",
    "registry_trustdocument",
    "registry_statuslist",
    "registry_revenuepolicy",
    "registry_receipt",
    "registry_revenuestatement",
    "registry_statementline",
]
FREEZE = """
CREATE FUNCTION registry_refuse_gate_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.release_id, OLD.checkpoint_id, OLD.manifest_root)
        IS DISTINCT FROM (NEW.release_id, NEW.checkpoint_id, NEW.manifest_root)
        OR (OLD.certificate <> '' AND OLD.certificate <> NEW.certificate) THEN
        RAISE EXCEPTION 'a gate keeps its manifest root and its certificate'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER registry_gate_frozen
    BEFORE UPDATE ON registry_transfergate
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_gate_change();

CREATE FUNCTION registry_refuse_licence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.offering_id, OLD.licensee_id) IS DISTINCT FROM (NEW.offering_id, NEW.licensee_id)
        OR (OLD.document <> '' AND (OLD.document, OLD.document_sha256, OLD.policy_id)
            IS DISTINCT FROM (NEW.document, NEW.document_sha256, NEW.policy_id))
        OR (OLD.token <> '' AND (OLD.token, OLD.status_list, OLD.status_index)
            IS DISTINCT FROM (NEW.token, NEW.status_list, NEW.status_index)) THEN
        RAISE EXCEPTION 'a licence keeps its parties, its agreed document and its token'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER registry_licence_frozen
    BEFORE UPDATE ON registry_licence
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_licence_change();
"""
THAW = """
DROP TRIGGER registry_licence_frozen ON registry_licence;
DROP FUNCTION registry_refuse_licence_change();
DROP TRIGGER registry_gate_frozen ON registry_transfergate;
DROP FUNCTION registry_refuse_gate_change();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_licensing")]

    operations = [
        *(AppendOnly(table) for table in ADDED_ONLY),
        migrations.RunSQL(FREEZE, THAW),
    ]
