"""Per lesson: named wrong answers, each with the sentence that helps.

Never in a student's copy.
"""
