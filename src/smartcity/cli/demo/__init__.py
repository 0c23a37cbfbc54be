"""What `smartcity up --demo` puts into a database, so that one can look around at once.

Its texts stand in the pack (`samples.toml`), so nothing of a city is here. `samples.py` reads them,
`dice.py` and `wording.py` choose among them. `lives.py` lists what happens to reports, `reports.py`
sends them and `walk.py` leads each through its life. `photos.py`, `dossiers.py` and `people.py` add
the rest, and `loading.py` does it all in order, once.
"""

from smartcity.cli.demo.loading import load_demo
from smartcity.cli.demo.samples import load_samples

__all__ = ["load_demo", "load_samples"]
