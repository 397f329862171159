"""Licences over the API: asked for, negotiated, signed, fetched, governed, traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import CODE, valid_input
from consortium.api.reauthentication import require_recent_proof
from consortium.http import actor, proof_of_identity
from consortium.models import Institution
from registry.actions import licences as actions
from registry.actions import licensed_files, money, signing, standing
from registry.api.income import ReceiptInput, StatementDetailSerializer
from registry.api.licence_data import (
    AcceptInput,
    CounterInput,
    LicenceDetailSerializer,
    LicenceRequestInput,
    LicenceSerializer,
    LicensedFileSerializer,
    OfferTermsInput,
    ProvenanceSerializer,
    SignInput,
)
from registry.api.transfers import GivenReasonInput
from registry.models import CommercialOffering, Licence, Side
from registry.policies import licences as policies
from registry.queries import provenance as chain


@extend_schema_view(
    list=extend_schema(summary="List the licences"),
    retrieve=extend_schema(summary="Read a licence with its terms, agreement and signatures"),
)
class LicenceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Licence]
):
    """Licences of one's institutions; all of them for the deployment office and auditors.

    Who signs, suspends, reinstates or revokes has just proved who they are.
    """

    queryset = Licence.objects.none()
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Licence]]:
        return LicenceSerializer if self.action == "list" else LicenceDetailSerializer

    def get_queryset(self) -> QuerySet[Licence]:
        return Licence.objects.visible_to(actor(self.request)).shown().order_by("-pk")

    # The negotiation

    @extend_schema(
        summary="Ask for a quote",
        request=LicenceRequestInput,
        responses={201: LicenceDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        given = valid_input(LicenceRequestInput, request)
        seen = CommercialOffering.objects.visible_to(actor(request)).shown()
        offering = get_object_or_404(seen, code=given["offering"])
        licensee = get_object_or_404(Institution, slug=given["licensee"])
        made = actions.request(offering, licensee, note=given["note"], by=actor(request))
        return self._done(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Put terms forward for the licensor",
        request=OfferTermsInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def offer(self, request: Request, **_kwargs: Any) -> Response:
        licence, given = self.get_object(), valid_input(OfferTermsInput, request)
        return self._done(actions.offer(licence, **given, by=actor(request)).licence)

    @extend_schema(
        summary="Answer an offer with other terms for the licensee",
        request=CounterInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def counter(self, request: Request, **_kwargs: Any) -> Response:
        licence, given = self.get_object(), valid_input(CounterInput, request)
        return self._done(actions.counter(licence, **given, by=actor(request)).licence)

    @extend_schema(
        summary="Accept the newest terms for the side whose turn it is",
        request=AcceptInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **_kwargs: Any) -> Response:
        licence, given = self.get_object(), valid_input(AcceptInput, request)
        return self._done(actions.accept(licence, **given, by=actor(request)))

    @extend_schema(
        summary="End the negotiation for either side",
        request=GivenReasonInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **_kwargs: Any) -> Response:
        licence, given = self.get_object(), valid_input(GivenReasonInput, request)
        return self._done(actions.decline(licence, **given, by=actor(request)))

    @extend_schema(
        summary="Sign the agreement for one's side; the second signature issues the licence",
        request=SignInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, **_kwargs: Any) -> Response:
        licence, user = self.get_object(), actor(request)
        require_recent_proof(request)
        given = valid_input(SignInput, request)
        side = policies.side_of(user, licence)
        if side is None:
            policies.can_sign(user, licence, Side.LICENSEE).require()
            raise Http404
        method, at = proof_of_identity(request)
        signed = signing.sign(licence, side, **given, method=method, reauthenticated_at=at, by=user)
        return self._done(signed)

    # What a signed licence gives

    @extend_schema(
        summary="Download the licence file",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"], url_path="licence-file", url_name="licence-file")
    def licence_file(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """The .lic file: only for people of the licensee, and while the licence is in force."""
        found = self._downloadable(request)
        text = licensed_files.licence_file(found, by=actor(request))
        response = HttpResponse(text, content_type="text/plain; charset=us-ascii")
        response["Content-Disposition"] = f'attachment; filename="{found.number}.lic"'
        response["Cache-Control"] = "private, no-store"
        return response

    @extend_schema(summary="List the licensed files", responses=LicensedFileSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def files(self, request: Request, **_kwargs: Any) -> Response:
        """Every file with where to fetch it, by the same token or session."""
        found = self._downloadable(request)
        rows = [
            {
                "path": file.path,
                "size": file.size,
                "sha256": file.sha256,
                "href": request.build_absolute_uri(
                    reverse("registry:licence_bytes", args=[found.number, file.path])
                ),
            }
            for file in found.offering.gate.checkpoint.files.select_related("blob")
        ]
        return Response(LicensedFileSerializer(rows, many=True).data)

    @extend_schema(
        summary="Trace everything behind a licence, the evidence computed anew",
        responses=ProvenanceSerializer,
    )
    @action(detail=True, methods=["get"])
    def provenance(self, request: Request, number: str) -> Response:
        """Open also to the institutions that contributed or have income; the terms are not."""
        rows = Licence.objects.traceable_by(actor(request)).filter(state__in=Licence.ISSUED)
        found = get_object_or_404(rows.shown(), number=number)
        return Response(chain.as_json(found, chain.provenance(found)))

    # Its standing, and what it brings in

    @extend_schema(
        summary="Suspend a licence", request=GivenReasonInput, responses=LicenceDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, **_kwargs: Any) -> Response:
        return self._govern(request, standing.suspend)

    @extend_schema(
        summary="End a suspension", request=GivenReasonInput, responses=LicenceDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, **_kwargs: Any) -> Response:
        return self._govern(request, standing.reinstate)

    @extend_schema(
        summary="Revoke a licence for good",
        request=GivenReasonInput,
        responses=LicenceDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **_kwargs: Any) -> Response:
        return self._govern(request, standing.revoke)

    @extend_schema(
        summary="Record a payment, which is shared and posted at once",
        request=ReceiptInput,
        responses={201: StatementDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def receipts(self, request: Request, **_kwargs: Any) -> Response:
        licence, given = self.get_object(), valid_input(ReceiptInput, request)
        statement = money.record_receipt(licence, **given, by=actor(request))
        body = StatementDetailSerializer(statement).data
        return Response(body, status=status.HTTP_201_CREATED)

    def _govern(self, request: Request, act: Callable[..., Licence]) -> Response:
        licence = self.get_object()
        require_recent_proof(request)
        given = valid_input(GivenReasonInput, request)
        return self._done(act(licence, **given, by=actor(request)))

    def _downloadable(self, request: Request) -> Licence:
        """A licence whose files are open to this person. Raises Http404."""
        rows = Licence.objects.downloadable_by(actor(request)).shown()
        return get_object_or_404(rows, number=self.kwargs["number"])

    @staticmethod
    def _done(licence: Licence, code: int = status.HTTP_200_OK) -> Response:
        fresh = Licence.objects.shown().get(pk=licence.pk)
        return Response(LicenceDetailSerializer(fresh).data, status=code)
