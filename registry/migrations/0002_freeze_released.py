"""Released files never change and downloads are only ever added: the database sees to it."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION registry_is_released(checkpoint bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM registry_researchrelease AS r
        WHERE r.checkpoint_id = checkpoint AND r.state IN ('embargoed', 'released', 'withdrawn')
    )
$$;

CREATE FUNCTION registry_refuse_file_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP <> 'INSERT' AND registry_is_released(OLD.checkpoint_id))
        OR (TG_OP <> 'DELETE' AND registry_is_released(NEW.checkpoint_id)) THEN
        RAISE EXCEPTION 'the files of a released checkpoint never change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER registry_files_frozen
    BEFORE INSERT OR UPDATE OR DELETE ON registry_checkpointfile
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_file_change();

CREATE FUNCTION registry_refuse_root_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.manifest_root, OLD.model_id, OLD.version)
        IS DISTINCT FROM (NEW.manifest_root, NEW.model_id, NEW.version) THEN
        RAISE EXCEPTION 'a checkpoint keeps its manifest, its model and its version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER registry_root_frozen
    BEFORE UPDATE ON registry_checkpoint
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_root_change();

CREATE FUNCTION registry_refuse_release_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('embargoed', 'released', 'withdrawn')
        AND (OLD.checkpoint_id, OLD.model_id, OLD.version, OLD.licence)
        IS DISTINCT FROM (NEW.checkpoint_id, NEW.model_id, NEW.version, NEW.licence) THEN
        RAISE EXCEPTION 'a release keeps its checkpoint, its version and its licence'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER registry_release_frozen
    BEFORE UPDATE ON registry_researchrelease
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_release_change();

CREATE FUNCTION registry_refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'download records are only ever added'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER registry_downloads_append_only
    BEFORE UPDATE OR DELETE ON registry_downloadrecord
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_record_change();
"""
THAW = """
DROP TRIGGER registry_downloads_append_only ON registry_downloadrecord;
DROP FUNCTION registry_refuse_record_change();
DROP TRIGGER registry_release_frozen ON registry_researchrelease;
DROP FUNCTION registry_refuse_release_change();
DROP TRIGGER registry_root_frozen ON registry_checkpoint;
DROP FUNCTION registry_refuse_root_change();
DROP TRIGGER registry_files_frozen ON registry_checkpointfile;
DROP FUNCTION registry_refuse_file_change();
DROP FUNCTION registry_is_released(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
