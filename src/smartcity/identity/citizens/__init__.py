"""Citizens who logged in: one account for all the devices of one person."""
