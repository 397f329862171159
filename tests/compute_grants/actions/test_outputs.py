"""What came of grants: identifiers, recording, and the downloads."""

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from compute_grants.actions import allocations, outputs
from compute_grants.models import Output
from compute_grants.queries.outputs import bibtex, csv_lines, output_rows
from consortium.errors import Invalid, WrongState
from consortium.identifiers import normal_doi, normal_orcid, orcid_check_digit, parse_author
from tests.factories.allocations import active, operator_for
from tests.factories.consortium import member, research_officer
from tests.factories.outputs import ORCID, output_of, work

# Identifiers


@pytest.mark.parametrize(
    "text",
    [
        "10.1000/182",
        "https://doi.org/10.1000/182",
        "http://dx.doi.org/10.1000/182",
        "doi: 10.1000/182",
        " DOI:10.1000/182 ",
    ],
)
def test_a_doi_is_written_in_one_way(text):
    assert normal_doi(text) == "10.1000/182"


def test_a_doi_does_not_differ_by_case_or_by_percent_signs():
    assert normal_doi("10.1002/(SICI)1%3A2") == "10.1002/(sici)1:2"


@pytest.mark.parametrize("text", ["", "10.1000", "11.1000/1", "10.1/x", "10.1000/a b", "x" * 300])
def test_what_is_no_doi(text):
    with pytest.raises(ValueError, match="is no DOI"):
        normal_doi(text)


@pytest.mark.parametrize(
    "text", [ORCID, "0000000218250097", f"https://orcid.org/{ORCID}", f" orcid.org/{ORCID} "]
)
def test_an_orcid_is_written_in_one_way(text):
    assert normal_orcid(text) == ORCID


def test_an_orcid_may_end_in_x():
    assert normal_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"


@given(st.integers(0, 10**15 - 1), st.integers(0, 14), st.integers(1, 9))
def test_a_wrong_digit_is_always_found(number, place, more):
    digits = f"{number:015d}"
    right = orcid_check_digit(digits)
    other = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert normal_orcid(digits + right).replace("-", "") == digits + right
    assert orcid_check_digit(other) != right
    with pytest.raises(ValueError, match="does not fit"):
        normal_orcid(other + right)


@pytest.mark.parametrize(
    ("line", "author"),
    [
        (f"Chen Yi, {ORCID}", ("Chen Yi", ORCID)),
        (f"陈一 (https://orcid.org/{ORCID})", ("陈一", ORCID)),
        ("Carberry, Josiah", ("Carberry, Josiah", "")),
    ],
)
def test_an_author_on_a_line(line, author):
    assert parse_author(line) == author


@pytest.mark.parametrize("line", [ORCID, "Chen Yi 0000-0002-1825", "Chen Yi orcid"])
def test_a_line_that_is_no_author(line):
    with pytest.raises(ValueError, match="ORCID"):
        parse_author(line)


# Recording

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant():
    return active()


def test_one_output_names_several_grants(grant):
    lead = grant.proposal.lead
    other = active(resource=grant.resource, proposal=grant.proposal)
    output = output_of(grant, other, doi="https://doi.org/10.5555/ABC")
    assert output.doi == "10.5555/abc"
    assert [author.orcid for author in output.authors.all()] == [ORCID, ""]
    assert list(grant.outputs.all()) == list(other.outputs.all()) == [output]
    changed = outputs.change(output, work(title="New"), grants=[grant], by=lead)
    assert (changed.title, list(other.outputs.all())) == ("New", [])


def test_only_members_of_every_grant_it_names(grant):
    lead = grant.proposal.lead
    foreign = active(resource=grant.resource)
    for who in (member(), operator_for(grant), research_officer()):
        with pytest.raises(PermissionDenied, match="members of a grant"):
            outputs.add(work(), grants=[grant], by=who)
    with pytest.raises(PermissionDenied):
        outputs.add(work(), grants=[grant, foreign], by=lead)
    output = output_of(grant)
    for act in (outputs.remove, lambda o, by: outputs.change(o, work(), grants=[grant], by=by)):
        with pytest.raises(PermissionDenied):
            act(output, by=foreign.proposal.lead)


def test_a_member_of_another_grant_takes_no_grant_out(grant):
    friend = member()
    other = active(resource=grant.resource, proposal=grant.proposal)
    allocations.add_member(other, user=friend, by=grant.proposal.lead)
    output = output_of(grant, other)
    with pytest.raises(PermissionDenied):
        outputs.change(output, work(), grants=[other], by=friend)
    assert outputs.change(output, work(title="Better"), grants=[grant, other], by=friend).pk


def test_the_same_doi_twice(grant):
    first = output_of(grant)
    with pytest.raises(outputs.AlreadyRecorded, match=first.number):
        output_of(grant, doi="DOI:10.5555/12345678")
    outputs.change(first, work(year=2025), grants=[grant], by=grant.proposal.lead)
    outputs.remove(first, by=grant.proposal.lead)
    assert output_of(grant).pk
    assert output_of(active()).pk  # whom the first is hidden from is not told of it


def test_what_is_taken_back_stays_on_record(grant):
    output = output_of(grant)
    outputs.remove(output, by=grant.proposal.lead)
    assert not Output.objects.visible_to(grant.proposal.lead).exists()
    assert Output.objects.filter(pk=output.pk).exists()
    for act in (outputs.remove, lambda o, by: outputs.change(o, work(), grants=[grant], by=by)):
        with pytest.raises(WrongState):
            act(output, by=grant.proposal.lead)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"doi": "nonsense"}, "doi"),
        ({"authors": []}, "authors"),
        ({"authors": [outputs.Author("A", "0000-0002-1825-0098")]}, "authors"),
        ({"year": 1900}, "year"),
        ({"title": " "}, "title"),
    ],
)
def test_what_an_output_needs(grant, fields, field):
    with pytest.raises(Invalid) as caught:
        output_of(grant, **fields)
    assert list(caught.value.errors) == [field]


def test_a_report_of_another_grant(grant):
    other = active(resource=grant.resource, proposal=grant.proposal)
    with pytest.raises(Invalid) as caught:
        outputs.add(work(), grants=[grant], report=other.reports.get(), by=grant.proposal.lead)
    assert "report" in caught.value.errors


# Downloads


def test_bibtex_cannot_be_broken_out_of(grant):
    output_of(
        grant,
        kind="software",
        title="50% faster} @evil{x",
        authors=[outputs.Author("Sun and Moon Lab"), outputs.Author("A_B")],
        doi="",
        url="https://example.org/a_b",
    )
    text = bibtex(output_rows(grant.proposal.lead))
    assert text.startswith("@misc{OUT-")
    assert r"title = {{50\% faster\} @evil\{x}}" in text
    assert r"author = {{Sun and Moon Lab} and A\_B}" in text
    assert "url = {https://example.org/a_b}" in text
    assert text.count("{") == text.count("}")


def test_csv_has_everything(grant):
    output_of(grant)
    (line,) = csv_lines(output_rows(grant.proposal.lead))
    assert line[3:5] == ["Chen Yi; Josiah Carberry", ORCID]
    assert line[-1] == grant.number
