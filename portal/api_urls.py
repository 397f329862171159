"""The API's routes: each app registers its viewsets with the one router."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter

from compute_grants.api import register as register_grants
from consortium.api import register as register_consortium
from consortium.api.people import MeView
from registry.api import register as register_registry

app_name = "api"
router = SimpleRouter()
for register in (register_consortium, register_grants, register_registry):
    register(router)
urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("me/", MeView.as_view(), name="me"),
    *router.urls,
]
