"""`manage.py create_admin`: how an empty site gets its first person."""

import stat

from django.core.management import call_command

from consortium.models import ArmAppointment, User


def test_makes_one_person_at_the_secretariat_who_can_sign_in(db, tmp_path):
    logins = tmp_path / "logins.txt"
    call_command("create_admin", "--logins", str(logins), "--email", "head@office.example")
    admin = User.objects.get()
    offices = ArmAppointment.objects.filter(user=admin).values_list("office", flat=True)
    assert list(offices) == [ArmAppointment.Office.SECRETARIAT]
    password = logins.read_text().partition("password: ")[2].strip()
    assert len(password) >= 15
    assert admin.check_password(password)
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600


def test_changes_nothing_where_people_exist(person, tmp_path):
    call_command("create_admin", "--logins", str(tmp_path / "logins.txt"))
    assert list(User.objects.all()) == [person]
    assert not (tmp_path / "logins.txt").exists()
