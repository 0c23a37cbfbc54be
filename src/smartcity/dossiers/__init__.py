"""Dossiers: administrative procedures in progress, as the agencies' own systems tell us of them.

Codes, the national status table, the on-time rule, look-up with code and secret, and intake in
bulk. Nothing here decides about a dossier, and nothing of another slice is known here: who follows
which dossier is asked through `DossierFollows`.
"""
