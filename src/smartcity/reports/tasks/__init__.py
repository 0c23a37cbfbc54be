"""What a report's lead agency asks of others: the checks and the effects of the task actions.

The actions stand in the lifecycle's one table. `store` lists an agency's tasks, `listing` shows
them. Nothing here is told outside the agencies; the helper's supervisors are warned of its date.

Tasks never hang. Resolving is refused while one is open, unless a supervisor says why. Whatever
else ends a report (a refusal, a merge, a withdrawal, the clock) ends its tasks with it: there is
nothing left to help with. A transfer leaves them as they are: the help is still needed, and the new
lead sees, waits for or cancels it; only a task of the new lead itself is then its own work.
"""

from smartcity.reports.tasks.effects import EFFECTS, ended, without_the_lead
from smartcity.reports.tasks.needs import LATEST, due, task, why

__all__ = ["EFFECTS", "LATEST", "due", "ended", "task", "why", "without_the_lead"]
