"""Rows of several kinds, read in one query."""

import pytest
from django.utils import timezone

from consortium.inbox import Part, Task, named, read_together
from consortium.models import Institution, User
from tests.factories.consortium import InstitutionFactory, member

pytestmark = pytest.mark.django_db


def institutions(order: str, most: int = 20) -> Part[Task]:
    def tell(row) -> Task:
        return Task("Look", row.name_en, f"/{row.slug}/", "")

    return Part(Institution.objects.order_by(order), named("", "name", "slug"), tell, most)


def people() -> Part[Task]:
    def tell(row) -> Task:
        return Task("Meet", row.mail, "/", "", due=row.moment("date_joined"))

    rows = User.objects.order_by("email")
    return Part(rows, {"mail": "email", "date_joined": "date_joined"}, tell)


def test_each_in_its_own_order_and_cut_where_it_says(django_assert_num_queries):
    for name in "bca":
        InstitutionFactory.create(slug=name, name_en=name)
    with django_assert_num_queries(1):
        found = read_together([institutions("-slug", 2), institutions("slug", 1)])
    assert [task.title for task in found] == ["c", "b", "a"]


def test_moments_come_back_as_they_were():
    person = member()
    person.date_joined = timezone.now().replace(microsecond=120_000)
    person.save()
    (task,) = read_together([people()])
    assert task.due == person.date_joined
    assert person.email in [each.title for each in read_together([institutions("pk"), people()])]


def test_nothing_is_asked_of_nobody(django_assert_num_queries):
    nobody = Part(Institution.objects.none(), {"slug": "slug"}, lambda _row: Task("", "", "", ""))
    with django_assert_num_queries(0):
        assert read_together([]) == []
        assert read_together([nobody]) == []
