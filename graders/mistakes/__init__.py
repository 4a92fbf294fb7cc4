"""Per lesson: named wrong answers, and the sentence that helps. Never in a student's copy."""
