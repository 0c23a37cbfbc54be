"""What each person chose to be told through: channels by kind. The inbox has everything anyway."""
