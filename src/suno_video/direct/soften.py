"""A milder wording for a prompt that a service refused: the same picture without what moderation stumbles over."""

from __future__ import annotations

import re

# Left: what filters refuse, as word beginnings. Right: what shows the same feeling without it.
_MILDER = {
    r"blood\w*|gore|gory": "red light",
    r"guns?|pistols?|rifles?|weapons?|kni(?:fe|ves)|swords?|bombs?": "shadows",
    r"kill\w*|murder\w*|shoot\w*|stab\w*|attack\w*": "facing",
    r"dead|dying|corpses?|suicid\w*|death": "still",
    r"nud\w*|naked|topless|sex\w*|erotic\w*|lingerie|seducti\w*|bare skin": "elegant",
    r"drugs?|cocaine|heroin|needles?|drunk\w*|cigarettes?|smoking": "haze",
    r"war|riots?|violen\w*|fight\w*|hatred|hate": "tension",
    r"demons?|devils?|satan\w*|hell": "dark figures",
    r"child(?:ren)?|kids?|girls?|boys?|teen\w*|schoolgirls?": "people",
    r"young (?:woman|man|women|men)": "a person",
}
_WORDS = re.compile("|".join(rf"(?P<m{n}>\b(?:{pattern})\b)" for n, pattern in enumerate(_MILDER)), re.IGNORECASE)
_MILD = list(_MILDER.values())
MANNER = "calm, tasteful, fully clothed, no violence"


def soften_prompt(prompt: str) -> str:
    """Reword a prompt so that a moderation filter has less to refuse. Never gives the same text back."""

    def milder(match: re.Match[str]) -> str:
        return _MILD[int(str(match.lastgroup)[1:])]

    return f"{_WORDS.sub(milder, prompt)}, {MANNER}"
