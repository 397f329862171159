"""`make demo`: the whole chain against a running portal, with the clients its users have.

Nothing here imports Django: the walk knows the portal as its users do, by its addresses, its
command line and the files it gives out.
"""
