from django.urls import path

from registry.views import gates, income, labs, licences, models, offerings, releases, signing

app_name = "registry"

_MODEL = "models/<slug:lab>/<str:model>/"
_CHECKPOINT = f"{_MODEL}checkpoints/<int:version>/"
_RELEASE = f"{_MODEL}releases/<str:version>/"

research = [
    path("labs/", labs.lab_list, name="lab_list"),
    path("labs/new/", labs.lab_create, name="lab_create"),
    path("labs/<slug:lab>/", labs.lab, name="lab"),
    path("labs/<slug:lab>/members/", labs.lab_members, name="lab_members"),
    path(
        "labs/<slug:lab>/members/<int:pk>/remove/",
        labs.lab_member_remove,
        name="lab_member_remove",
    ),
    path("models/", models.model_list, name="model_list"),
    path(_MODEL, models.model, name="model"),
    path(f"{_MODEL}edit/", models.model_edit, name="model_edit"),
    path(_CHECKPOINT, models.checkpoint, name="checkpoint"),
    path(f"{_CHECKPOINT}data/", models.checkpoint_data, name="checkpoint_data"),
    path(f"{_CHECKPOINT}retire/", models.checkpoint_retire, name="checkpoint_retire"),
    path(f"{_CHECKPOINT}release/", releases.release_create, name="release_create"),
    path(_RELEASE, releases.release, name="release"),
    path(f"{_RELEASE}files/", releases.release_files, name="release_files"),
    path(f"{_RELEASE}files/<path:path>", releases.release_file, name="release_file"),
    path(f"{_RELEASE}publish/", releases.release_publish, name="release_publish"),
    path(f"{_RELEASE}card/", releases.release_card, name="release_card"),
    path(f"{_RELEASE}terms/", releases.release_terms, name="release_terms"),
    path(f"{_RELEASE}check/", releases.release_check, name="release_check"),
    path(f"{_RELEASE}submit/", releases.release_submit, name="release_submit"),
    path(f"{_RELEASE}decide/", releases.release_decide, name="release_decide"),
    path(f"{_RELEASE}withdraw/", releases.release_withdraw, name="release_withdraw"),
]
_GATE = "transfers/<str:number>/"
_OFFERING = "offerings/<str:code>/"
_LICENCE = "licences/<str:number>/"

deployment = [
    path(f"{_RELEASE}transfer/", gates.gate_request, name="gate_request"),
    path("transfers/", gates.gate_list, name="gate_list"),
    path(_GATE, gates.gate, name="gate"),
    path(f"{_GATE}statements/", gates.gate_restate, name="gate_restate"),
    path(f"{_GATE}check/", gates.gate_check, name="gate_check"),
    path(f"{_GATE}research/", gates.gate_research, name="gate_research"),
    path(f"{_GATE}deployment/", gates.gate_deployment, name="gate_deployment"),
    path(f"{_GATE}consent/<slug:institution>/", gates.gate_consent, name="gate_consent"),
    path(f"{_GATE}cancel/", gates.gate_cancel, name="gate_cancel"),
    path(f"{_GATE}certificate/", gates.gate_certificate, name="gate_certificate"),
    path(f"{_GATE}offering/", offerings.offering_create, name="offering_create"),
    path("offerings/", offerings.offering_list, name="offering_list"),
    path(_OFFERING, offerings.offering, name="offering"),
    path(f"{_OFFERING}offer/", offerings.offering_offer, name="offering_offer"),
    path(f"{_OFFERING}retire/", offerings.offering_retire, name="offering_retire"),
    path(f"{_OFFERING}quote/", offerings.licence_request, name="licence_request"),
    path("licences/", licences.licence_list, name="licence_list"),
    path("licences/status.txt", signing.status_list, name="status_list"),
    path("licences/verifier/<str:name>", signing.verifier, name="verifier"),
    path(_LICENCE, licences.licence, name="licence"),
    path(f"{_LICENCE}offer/", licences.licence_offer, name="licence_offer"),
    path(f"{_LICENCE}counter/", licences.licence_counter, name="licence_counter"),
    # One route for each side, because each side has its own permission.
    path(f"{_LICENCE}accept/", licences.licence_accept, name="licence_accept"),
    path(f"{_LICENCE}accept-counter/", licences.licence_accept, name="licence_accept_counter"),
    path(f"{_LICENCE}decline/", licences.licence_decline, name="licence_decline"),
    path(f"{_LICENCE}close/", licences.licence_decline, name="licence_close"),
    path(f"{_LICENCE}sign/", signing.licence_sign, name="licence_sign"),
    path(f"{_LICENCE}signed/", signing.licence_signed, name="licence_signed"),
    path(f"{_LICENCE}agreement/", signing.licence_agreement, name="licence_agreement"),
    path(f"{_LICENCE}file/", signing.licence_file, name="licence_file"),
    path(f"{_LICENCE}files/", signing.licence_files, name="licence_files"),
    path(f"{_LICENCE}manifest.json", signing.licence_manifest, name="licence_manifest"),
    path(f"{_LICENCE}files/<path:path>", signing.licence_bytes, name="licence_bytes"),
    path(f"{_LICENCE}standing/<slug:change>/", licences.licence_standing, name="licence_standing"),
    path(f"{_LICENCE}receipts/new/", income.receipt_create, name="receipt_create"),
    path(f"{_LICENCE}provenance/", income.licence_provenance, name="licence_provenance"),
    path("statements/", income.statement_list, name="statement_list"),
    path("statements/<str:number>/", income.statement, name="statement"),
    path("statements/<str:number>/lines.csv", income.statement_csv, name="statement_csv"),
]
urlpatterns = [*research, *deployment]
