"""What section tags in lyrics mean."""

from __future__ import annotations

import pytest

from suno_video.core.sectiontags import SectionTag, read_section_tag


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Verse 1: Female", "verse"),
        ("[Pre-Chorus]", "prechorus"),
        ("PreChorus", "prechorus"),
        ("Post-Chorus", "chorus"),
        ("Final Chorus", "chorus"),
        ("Hook", "chorus"),
        ("Guitar Solo", "solo"),
        ("Instrumental Break", "solo"),
        ("Instrumental Intro", "intro"),
        ("Build-Up", "build"),
        ("Beat Drop", "drop"),
        ("Break", "breakdown"),
        ("Middle 8", "bridge"),
        ("Big Finish", "outro"),
        ("Fade Out", "outro"),
        ("End", "outro"),
        ("End of Verse", None),
        ("Refrão", "chorus"),
        ("Brücke", "bridge"),
        ("Припев", "chorus"),
        ("サビ", "chorus"),
        ("후렴", "chorus"),
        ("Applause", None),
        ("Mood: dark", None),
        ("", None),
        ("]" * 10_000, None),
    ],
)
def test_a_tag_names_its_part_in_any_spelling_and_anything_else_names_none(text, label):
    assert read_section_tag(text).label == label


def test_a_tag_says_who_sings_and_which_verse_it_is():
    assert read_section_tag("Verse 2: Female") == SectionTag("verse", 2, "female")
    assert read_section_tag("Verse 1 - Anna & Bo") == SectionTag("verse", 1, "Anna & Bo")
    assert read_section_tag("Female Vocal") == SectionTag(None, None, "female")
    assert read_section_tag("Chorus: soft") == SectionTag("chorus")
    assert read_section_tag("Chorus x2").number is None


def test_solos_and_drops_are_without_voice_unless_the_tag_says_so():
    assert read_section_tag("Guitar Solo").is_instrumental
    assert read_section_tag("Outro (no vocals)").is_instrumental
    assert not read_section_tag("Drop with vocals").is_instrumental
    assert not read_section_tag("Chorus").is_instrumental
