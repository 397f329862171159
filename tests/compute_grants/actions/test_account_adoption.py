"""Accounts that a cluster has already: matched to grants, adopted by an operator's word."""

from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from compute_grants.account_matching import Existing, NotADump, Wanted, propose, read_dump
from compute_grants.actions.account_adoption import Strangers, adopt
from compute_grants.backends.memory import MemoryBackend
from compute_grants.models import Allocation
from consortium.actions import desired
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import AuditEvent, DesiredState
from tests.compute_grants.importing import load
from tests.factories.allocations import awarded, operator_for, row

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DUMP = """\
# To edit this file start with a cluster line for the new cluster
Cluster - 'trial':Fairshare=1:QOS='normal'
Parent - 'root'
User - 'root':DefaultAccount='root':AdminLevel='Administrator':Fairshare=1
Account - 'physics':Description='physics: NCC-2026-0001':Organization='physics':GrpTRESMins=cpu=6
Account - 'labs':Description='labs':Organization='labs':Fairshare=1
Parent - 'labs'
Account - 'lab_a':Description='a lab':Organization='labs':Fairshare=1
Parent - 'physics'
User - 'alice':DefaultAccount='physics':Fairshare=1
User - 'bob':DefaultAccount='physics':Fairshare=1
"""


class TestMatching:
    def test_a_dump_is_read(self):
        accounts = read_dump(DUMP)
        assert accounts["physics"] == Existing(
            "physics", "root", "physics: NCC-2026-0001", frozenset({"alice", "bob"})
        )
        assert accounts["lab_a"].parent == "labs"
        with pytest.raises(NotADump):
            read_dump("Account|User\nx|y\n")

    def test_each_piece_of_evidence_is_named_and_the_best_fit_comes_first(self):
        grants = [
            Wanted("N-1", frozenset({"NCC-2026-0001"}), "ncc1", frozenset({"alice"})),
            Wanted("N-2", frozenset({"N-2"}), "lab_a"),
        ]
        found = propose(read_dump(DUMP), grants)
        assert [(m.account.name, m.number, m.evidence) for m in found[:3]] == [
            ("physics", "N-1", ("description", "alice")),
            ("lab_a", "N-2", ("name",)),
            ("labs", "", ()),
        ]

    def test_where_two_fit_alike_none_is_proposed(self):
        users = frozenset({"alice"})
        grants = [Wanted(n, frozenset({n}), n, users=users) for n in ("n1", "n2")]
        [match] = propose({"x": Existing("x", members=users)}, grants)
        assert (match.number, match.rivals) == ("", ("n1", "n2"))

    def test_a_number_within_a_longer_one_is_no_evidence(self):
        grant = Wanted("NCC-2026-0001", frozenset({"NCC-2026-0001"}), "x")
        [match] = propose({"y": Existing("y", description="NCC-2026-00012")}, [grant])
        assert match.score == 0


@pytest.mark.django_db
class TestAdoption:
    @pytest.fixture
    def grant(self) -> Allocation:
        made = awarded()
        desired.reconcile_due()
        return Allocation.objects.get(pk=made.pk)

    @pytest.fixture
    def cluster(self, grant) -> MemoryBackend:
        backend = MemoryBackend(grant.resource.machine.cluster)
        backend.ensure_account("physics", parent="root", description="x")
        backend.ensure_member("physics", "alice")
        backend.set_limits("physics", {"cpu": 7})
        return backend

    def test_the_account_is_the_grants_and_the_other_is_shut(self, grant, cluster):
        own = grant.slurm_account
        adopt(grant, account="physics", may_stop=["alice"], by=operator_for(grant))
        desired.reconcile_due()
        account = cluster.account("physics")
        lead = grant.members.get().cluster_user
        assert account.limits == {"cpu": 7, "gres/gpu": 60000}
        assert (account.parent, account.open, account.members) == ("root", True, {lead})
        assert not cluster.account(own).open
        assert DesiredState.objects.get().error == ""
        event = AuditEvent.objects.get(action="allocation.account_adopted")
        assert event.detail == {"account": "physics", "before": own, "stopped": ["alice"]}

    def test_one_that_is_opened_again_is_shut_again(self, grant, cluster):
        own = grant.slurm_account
        adopt(grant, account="physics", may_stop=["alice"], by=operator_for(grant))
        desired.reconcile_due()
        cluster.reopen(own)
        desired.look_again(kind="allocation", key=grant.number)
        desired.reconcile_due()
        assert not cluster.account(own).open

    def test_nobody_is_stopped_unconfirmed(self, grant, cluster):
        with pytest.raises(Strangers, match="alice"):
            adopt(grant, account="physics", by=operator_for(grant))
        desired.reconcile_due()
        assert cluster.account("physics").members == {"alice"}

    def test_only_an_operator_of_the_machine_adopts(self, grant, cluster):
        for person in (grant.proposal.lead, operator_for(awarded())):
            with pytest.raises(PermissionDenied):
                adopt(grant, account="physics", may_stop=["alice"], by=person)

    def test_what_is_not_there_or_has_accounts_below_is_refused(self, grant, cluster):
        for name in ("nothing", "consortium", "root"):
            with pytest.raises(Invalid):
                adopt(grant, account=name, by=operator_for(grant))

    def test_another_grants_is_refused(self, grant, cluster):
        other = awarded(resource=grant.resource)
        desired.reconcile_due()
        with pytest.raises(Invalid):
            adopt(grant, account=other.account_name, by=operator_for(grant))

    def test_a_grant_that_was_used_keeps_its_account(self, grant, cluster):
        cluster.set_used(grant.slurm_account, {"gres/gpu": 1})
        with pytest.raises(WrongState):
            adopt(grant, account="physics", may_stop=["alice"], by=operator_for(grant))
        cluster.set_used(grant.slurm_account, {})
        load(grant, row(grant))
        with pytest.raises(WrongState):
            adopt(grant, account="physics", may_stop=["alice"], by=operator_for(grant))

    def test_a_machine_that_does_not_answer_changes_nothing(self, grant, cluster):
        cluster.inject("*", "down")
        with pytest.raises(DomainError, match="does not answer"):
            adopt(grant, account="physics", may_stop=["alice"], by=operator_for(grant))

    def test_the_command_proposes_and_adopts(self, grant, cluster, tmp_path):
        name, out = grant.resource.machine.cluster, StringIO()
        dump = tmp_path / "dump"
        dump.write_text(DUMP.replace("NCC-2026-0001", grant.number))
        call_command("match_accounts", cluster=name, dump=dump, stdout=out)
        assert f"physics\t{grant.number}\t80\tdescription\t" in out.getvalue()
        out = StringIO()
        call_command("match_accounts", cluster=name, stdout=out)
        assert out.getvalue() == "physics\t\t0\t\t\n"
        by = operator_for(grant).email
        chosen = {"cluster": name, "adopt": f"physics={grant.number}", "email": by}
        with pytest.raises(CommandError, match="alice"):
            call_command("match_accounts", **chosen, stdout=out)
        call_command("match_accounts", **chosen, may_stop=["alice"], stdout=out)
        grant.refresh_from_db()
        assert (grant.slurm_account, grant.account_name) == ("physics", "physics")

    def test_the_pages_propose_and_adopt(self, grant, cluster, client):
        cluster.ensure_member("physics", grant.members.get().cluster_user)
        client.force_login(operator_for(grant), backend=BACKEND)
        address = reverse("compute_grants:machine_accounts", args=[grant.resource.machine.code])
        page = client.get(address).content.decode()
        assert f"Adopt for {grant.number}" in page
        form = reverse("compute_grants:allocation_adopt", args=[grant.number])
        refused = client.post(form, {"account": "physics"})
        assert (refused.status_code, "alice" in refused.content.decode()) == (409, True)
        client.post(form, {"account": "physics", "may_stop": "alice"})
        grant.refresh_from_db()
        assert grant.slurm_account == "physics"
        assert "Every account has its grant" in client.get(address).content.decode()
        cluster.inject("*", "down")
        assert "does not answer" in client.get(address).content.decode()

    def test_another_centre_reads_nothing(self, grant, cluster, client):
        client.force_login(operator_for(awarded()), backend=BACKEND)
        address = reverse("compute_grants:machine_accounts", args=[grant.resource.machine.code])
        assert client.get(address).status_code == 403
