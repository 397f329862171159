"""Every call that is there gets its window as its first round; partitions with cards say so."""

from django.db import migrations, models


def fill(apps, schema_editor):
    Partition = apps.get_model("compute_grants", "Partition")
    Partition.objects.filter(accelerators_per_node__gt=0).update(node_type="cpu_gpu")
    Call = apps.get_model("compute_grants", "Call")
    CallRound = apps.get_model("compute_grants", "CallRound")
    CallRound.objects.bulk_create(
        CallRound(call=call, position=1, opens_at=call.opens_at, closes_at=call.closes_at)
        for call in Call.objects.filter(rounds__isnull=True)
    )
    Proposal = apps.get_model("compute_grants", "Proposal")
    for each in CallRound.objects.all():
        Proposal.objects.filter(call=each.call_id, round__isnull=True).update(round=each.pk)


class Migration(migrations.Migration):

    dependencies = [
        ("compute_grants", "0005_add_rounds_rates_access_maintenance"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='partition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accelerators_per_node', 0), ('node_type__in', ['cpu', 'manycore'])), models.Q(('accelerators_per_node__gt', 0), ('node_type__in', ['cpu_gpu', 'superchip', 'domestic'])), _connector='OR'), name='partition_cards_fit_node_type'),
        ),
        migrations.AddConstraint(
            model_name='partition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('node_type', 'domestic'), _negated=True), ('accelerator_origin', 'domestic'), _connector='OR'), name='partition_domestic_accelerator_is_domestic'),
        ),
    ]
