"""Addresses of the panel."""

from django.urls import path

from compute_grants.views import panel

URLS = [
    path("calls/<slug:code>/board/", panel.board, name="board"),
    path("calls/<slug:code>/board.csv", panel.board_csv, name="board_csv"),
    path("calls/<slug:code>/rank/", panel.rank, name="call_rank"),
    path("proposals/<slug:number>/panel-conflict/", panel.recuse, name="panel_conflict"),
    path("proposals/<slug:number>/decision/", panel.receipt, name="decision_receipt"),
]
