from django.urls import path

from registry.views import labs, models, releases

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
urlpatterns = [*research]
