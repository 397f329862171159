"""The API's routes: each app registers its viewsets with the one router."""

from rest_framework.routers import SimpleRouter

from compute_grants.api import register as register_grants
from consortium.api import register as register_consortium
from registry.api import register as register_registry

app_name = "api"
router = SimpleRouter()
for register in (register_consortium, register_grants, register_registry):
    register(router)
urlpatterns = router.urls
