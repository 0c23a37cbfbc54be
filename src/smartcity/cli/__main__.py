"""`python -m smartcity.cli`: the same command, by the interpreter that is running."""

from smartcity.cli.main import main

main()
