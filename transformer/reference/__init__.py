"""Every formula of the course in NumPy, float64: what answers are compared with.

One module a lesson, of the lesson's name. Written for clarity, not speed, and
independent of the lessons' own solutions. Masks are boolean: True means *may attend*.
Imports numpy only.
"""
