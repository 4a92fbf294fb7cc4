"""The attack bank: what submissions have done to graders, and what they must earn.

A module a section of the bank; `classroom` grades them beside honest students.
"""

from tests.attacks import (
    accidents,
    damage,
    death,
    exhaustion,
    tampering,
    theft,
    with_keras,
)
from tests.attacks.paper import ALL, ENTERED, NOTHING, REFUSED, REST, Attack, Paper

__all__ = [
    "ALL",
    "ATTACKS",
    "NOTHING",
    "REFUSED",
    "REST",
    "SECTIONS",
    "Attack",
    "Paper",
]
SECTIONS = (tampering, theft, damage, exhaustion, death, with_keras, accidents)
ATTACKS = [attack for module in SECTIONS for attack in ENTERED[module.__name__]]
