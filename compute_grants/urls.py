from django.urls import URLPattern

app_name = "compute_grants"
urlpatterns: list[URLPattern] = []
