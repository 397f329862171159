from pathlib import Path

from django.db import migrations

# The functions as they are now, all of them again: the key of a hold is no other transfer's.
_FUNCTIONS = Path(__file__).with_name("0002_ledger_posting.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):

    dependencies = [
        ('consortium', '0006_account_kind_reserve'),
    ]

    operations = [
        migrations.RunSQL(_FUNCTIONS, migrations.RunSQL.noop),
    ]
