"""The map: every report as one row of columns in memory, and what is drawn from them.

Reading must cost the database nothing, so each API process keeps the columns itself, fed by the
feed. No report's text lives here, and nothing that only some may see is ever drawn.
"""
