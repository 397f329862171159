from io import StringIO

from django.core.management import call_command

from consortium.models import ArmAppointment, User
from consortium.roles import Role, roles_of
from tests.factories import consortium as make

PASSWORD = "celadon over ink, 2026"


def run(tmp_path, **options):
    out = StringIO()
    call_command("create_admin", logins=tmp_path / "logins.txt", stdout=out, **options)
    return out.getvalue()


def test_an_empty_site_gets_its_secretariat(db, tmp_path):
    said = run(tmp_path, email="root@example.org", password=PASSWORD)
    admin = User.objects.get()
    assert Role.SECRETARIAT in roles_of(admin)
    assert admin.check_password(PASSWORD)
    assert PASSWORD not in said
    assert (tmp_path / "logins.txt").stat().st_mode & 0o077 == 0


def test_a_second_run_changes_nothing(db, tmp_path):
    run(tmp_path)
    run(tmp_path)
    assert User.objects.count() == ArmAppointment.objects.count() == 1


def test_it_adds_nobody_where_people_exist(db, tmp_path):
    make.member()
    run(tmp_path)
    assert not ArmAppointment.objects.exists()
