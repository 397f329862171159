"""All pages and API routes. The MLflow and model-hub gateways are dispatched before Django."""

from django.urls import include, path

from portal.views import design, developers, health, home, preferences

portal_patterns = (
    [
        path("", home.home, name="home"),
        path("dashboard/", home.dashboard, name="dashboard"),
        path("healthz", health.healthz, name="healthz"),
        path("status/", health.status, name="status"),
        path("developers/", developers.developers, name="developers"),
        path("design/", design.gallery, name="design"),
        path("preferences/theme", preferences.set_theme, name="set_theme"),
        path("preferences/time-zone", preferences.time_zone, name="time_zone"),
        path("preferences/language", preferences.set_language, name="set_language"),
    ],
    "portal",
)

urlpatterns = [
    path("", include(portal_patterns)),
    path("accounts/", include("allauth.urls")),
    path("", include("consortium.urls")),
    path("", include("compute_grants.urls")),
    path("", include("registry.urls")),
    path("api/v1/", include("portal.api_urls")),
]
