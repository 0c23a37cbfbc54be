"""The `smartcity` command: the one place that may import everything. One module per command.

Here things are put together and told to a person; whatever a command decides is decided below.
"""
