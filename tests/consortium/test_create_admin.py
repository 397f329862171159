from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from consortium.models import ArmAppointment, User
from consortium.roles import Role, roles_of

PASSWORD = "celadon over ink, 2026"


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return str(path)


def run(password_file, email="root@example.org"):
    out = StringIO()
    call_command("create_admin", email=email, password_file=password_file, stdout=out)
    return out.getvalue()


def test_an_empty_site_gets_its_secretariat(db, password_file):
    said = run(password_file)
    admin = User.objects.get()
    assert Role.SECRETARIAT in roles_of(admin)
    assert admin.check_password(PASSWORD)
    assert "root@example.org" in said
    assert PASSWORD not in said


def test_a_second_run_changes_nothing(db, password_file):
    run(password_file)
    run(password_file)
    assert User.objects.count() == ArmAppointment.objects.count() == 1


def test_it_does_not_add_to_a_secretariat_that_exists(db, password_file):
    run(password_file)
    with pytest.raises(PermissionDenied):
        run(password_file, email="second@example.org")
    assert User.objects.count() == 1


def test_a_weak_password_is_refused(db, tmp_path):
    weak = tmp_path / "weak"
    weak.write_text("12345")
    with pytest.raises(CommandError):
        run(str(weak))
    assert not User.objects.exists()
