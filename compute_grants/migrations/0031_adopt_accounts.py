import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compute_grants", "0030_note_drift"),
    ]

    operations = [
        migrations.AddField(
            model_name="allocation",
            name="left_accounts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=31), blank=True, default=list, size=None
            ),
        ),
    ]
