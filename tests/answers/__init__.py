"""Right answers in every form a student may give them, by lesson."""
