from django.urls import path

from consortium.views import audit

app_name = "consortium"
urlpatterns = [
    path("audit/", audit.audit_log, name="audit_log"),
    path("audit/export.csv", audit.audit_export, name="audit_export"),
]
