"""The launcher behind `make run`: it starts what the portal needs, and then the portal.

It stands alone. Nothing here imports Django or a domain, so that it can start, watch and stop the
site whatever state the site is in.
"""
