"""What staff of the agencies call: log in, the queue, actions on many reports at once."""
