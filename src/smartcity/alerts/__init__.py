"""Alerts: what the city tells everybody who follows an area, and how it takes it back.

`model.py` is what an alert is, `area.py` whom it is for, `lifecycle.py` what may happen to it and
by whom, `steps.py` what happens then, `service.py` in which order; `cap.py` and `atom.py` write it
for other systems (Common Alerting Protocol 1.2), `current.py` keeps in memory what everybody
reads, `deliveries/` is the plan of telling phones. Sending itself does not belong here.
"""
