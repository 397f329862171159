"""The root's public key. It is part of the program, never of its configuration.

Empty in the repository: manage.py build_verifier writes this module anew for one site.
"""

ROOT_PUBLIC_KEY = ""  # base64url of the 32 raw bytes
