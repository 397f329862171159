from django.db import migrations, models


def give_one(apps, _schema_editor):
    """Internal review had no number; one of the office reads each proposal."""
    rows = apps.get_model("compute_grants", "AccessType").objects
    rows.filter(depth="internal", reviewers=0).update(reviewers=1)


def take_back(apps, _schema_editor):
    apps.get_model("compute_grants", "AccessType").objects.filter(depth="internal").update(
        reviewers=0
    )


class Migration(migrations.Migration):
    dependencies = [
        ("compute_grants", "0023_index_long_lists"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="accesstype", name="access_type_peers_review"),
        migrations.RunPython(give_one, take_back),
        migrations.AddConstraint(
            model_name="accesstype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("depth", "technical"), ("reviewers", 0)),
                    models.Q(
                        models.Q(("depth", "technical"), _negated=True), ("reviewers__gte", 1)
                    ),
                    _connector="OR",
                ),
                name="access_type_has_reviewers",
            ),
        ),
    ]
