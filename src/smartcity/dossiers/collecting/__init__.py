"""Reminds people of results that wait for them: what is not collected leaves a dossier hanging.

Once a day the clock goes through what people follow, never through the dossiers, which are many
more. So it does not matter how a dossier came to be where it is: by an import, by a late message,
before somebody followed it. `rules` says who is due to hear, `service` goes the round.
"""
