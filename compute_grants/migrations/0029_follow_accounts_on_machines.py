import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("asked", "being added"),
    ("waiting", "waits for a user on the machine"),
    ("added", "may run jobs"),
]


def note_those_who_are_there(apps, _schema_editor):
    """Where a machine has the grant's account, it has its members."""
    rows = apps.get_model("compute_grants", "AllocationMember").objects
    rows.filter(allocation__slurm_account__isnull=False).update(state="added")


class Migration(migrations.Migration):
    dependencies = [
        ("compute_grants", "0028_decide_by_round"),
    ]

    operations = [
        migrations.AddField(
            model_name="allocationmember",
            name="state",
            field=models.CharField(choices=STATES, default="asked", max_length=8),
        ),
        migrations.RunPython(note_those_who_are_there, migrations.RunPython.noop),
        migrations.CreateModel(
            name="QueueReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_at", models.DateTimeField()),
                ("jobs", models.JSONField(default=list)),
                (
                    "allocation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="queue",
                        to="compute_grants.allocation",
                    ),
                ),
            ],
        ),
    ]
