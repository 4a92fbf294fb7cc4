"""Per lesson: how each answer is called, on which cases, and which laws hold."""
