"""SmartCity: citizens' reports, dossier status and notifications for a city.

This package is the domain. It knows no HTTP (that is `api`) and no scheduler (that is `workers`);
only `smartcity.cli` may import those.
"""
