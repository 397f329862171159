"""Who may call which route of this app."""

from consortium.access import Table

TABLE: Table = {}
