"""Which of some reports changed since a moment: a person's own, and those that they follow."""
