"""A call of the size of a national programme, made up from a seed: manage.py generate_call.

Institutions, people, machines, certified capacity, invitations and declarations are only volume:
they are written in bulk, without audit events (invitations after one look at every conflict).
Whatever a rule judges goes through the portal's actions: the call and its budget, every
submission, technical review and peer review, and the ranking.
"""
