"""What devices have read of alerts, which lie in no inbox."""
