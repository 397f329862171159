from django.urls import path

from consortium.views import account, affiliations, audit, effects, institutions, notices, people

app_name = "consortium"
urlpatterns = [
    path("institutions/", institutions.institution_list, name="institution_list"),
    path("institutions/apply/", institutions.institution_apply, name="institution_apply"),
    path("institutions/<slug:slug>/", institutions.institution, name="institution"),
    path("institutions/<slug:slug>/edit/", institutions.institution_edit, name="institution_edit"),
    path(
        "institutions/<slug:slug>/submit/",
        institutions.institution_submit,
        name="institution_submit",
    ),
    path("institutions/<slug:slug>/move/", institutions.institution_move, name="institution_move"),
    path("institutions/<slug:slug>/join/", affiliations.institution_join, name="institution_join"),
    path(
        "institutions/<slug:slug>/people/add/",
        affiliations.affiliation_add,
        name="affiliation_add",
    ),
    path("affiliations/<int:pk>/end/", affiliations.affiliation_end, name="affiliation_end"),
    path(
        "affiliations/requests/<int:pk>/",
        affiliations.affiliation_request,
        name="affiliation_request",
    ),
    path(
        "affiliations/requests/<int:pk>/withdraw/",
        affiliations.affiliation_request_withdraw,
        name="affiliation_request_withdraw",
    ),
    path("people/", people.person_list, name="person_list"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/appoint/", people.person_appoint, name="person_appoint"),
    path("people/<int:pk>/reviewer/", people.person_reviewer, name="person_reviewer"),
    path("people/<int:pk>/close/", people.person_deactivate, name="person_deactivate"),
    path("appointments/<int:pk>/end/", people.appointment_end, name="appointment_end"),
    path("account/", account.account, name="account"),
    path("account/profile/", account.profile, name="profile"),
    path("account/tokens/", account.token_list, name="token_list"),
    path("account/tokens/new/", account.token_create, name="token_create"),
    path("account/tokens/<int:pk>/revoke/", account.token_revoke, name="token_revoke"),
    path("account/notices/", notices.notice_preferences, name="notice_preferences"),
    path("notices/", notices.notice_list, name="notice_list"),
    path("notices/read/", notices.notice_read_all, name="notice_read_all"),
    path("notices/<int:pk>/read/", notices.notice_read, name="notice_read"),
    path("audit/", audit.audit_log, name="audit_log"),
    path("audit/export.csv", audit.audit_export, name="audit_export"),
    path("effects/", effects.effect_list, name="effect_list"),
    path("effects/<int:pk>/retry/", effects.effect_retry, name="effect_retry"),
]
