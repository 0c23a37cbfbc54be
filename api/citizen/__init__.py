"""What phones and browsers of citizens call, and staff through the same doors."""
