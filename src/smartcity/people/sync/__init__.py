"""What changed for one person since their phone last asked.

A person's state is six sections. Of each the phone is told what changed; where something went away
from one (a follow that ended, a report that is not public any more, an alert that is over, a report
that is nobody's by now) or came to it by other ways than a change, that section is told `whole`,
and what the phone had of it before is gone. So nothing has to be remembered of what went away, by
no writer and for no length of time: what a person follows is little, and compared as a whole.

`cursor` is what the phone keeps between two answers, `sections` read, `service` walks through them.
"""
