"""How long, how often and how much: everything that bounds a question, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a question may take at most."""

    n_repairs: int = 3
    """How often the faults of an answer are sent back to the model that gave it."""
    n_tries: int = 5
    """How often one request is sent to a service that is busy or away."""
    answer_s: float = 300.0
    """For one answer: a long one of a large model takes minutes."""
    first_pause_s: float = 1.0
    """Before the second try; each further pause is twice as long, unless the service asks for a longer one."""
    most_wait_s: float = 180.0
    """All pauses of one question together; a service that asks for more is left."""
    inline_bytes: int = 14 * MIB
    """Attachments of more in all are uploaded first. Gemini takes 20 MB a request, and base64 makes 3 bytes into 4."""
    upload_bytes: int = 200 * MIB
    """More is not sent at all."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
