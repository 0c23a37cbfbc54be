"""The map: every report as one row of columns in memory, and what is drawn from them.

Reading must cost the database nothing, so each API process keeps the columns itself, fed by the
feed. `columns` and `layers` are how the rows stand, `pins` keeps them up to date and answers,
`clusters` draws; `tiles`, `mvt` and `geojson` are the forms of the answer. `rows` shows the columns
to those who count. No report's text lives here, and nothing that only some may see is ever drawn.
"""
