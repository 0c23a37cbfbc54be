"""The city's other systems hear of what happens: signed requests, in the order of the feed."""
