"""Texts as nobody hopes to get them: any script, emoji, right to left, control characters, markup, piled-up marks."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = (
    *("Paper Stars", "ночь и день", "夜の海", "밤의 바다", "كلمات الليل", "שירים בלילה", "रात का गीत", "เพลงกลางคืน"),
    *("👨‍👩‍👧‍👦", "👍🏽", "🇩🇪🇯🇵", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u202eevil\u202c", "\u2066x\u2069", "\x00\x1b[31m", "\r\n", "\u2028", "\t\t"),
    *("<script>", "a < b > c", "#one #two", "##x", "#@x@#", "@you", "https://evil.example/x", "a.b.c.d", "x,y;z"),
    *(
        '"quoted"',
        "{hashtag|\\#|x}",
        "\\_*~|()[]",
        "z" + "\u0335" * 40,
        "\ud800",
        "e\u0301",
        "\ufdfa",
        "ﷺ" * 20,
        " " * 9,
    ),
)
any_text = st.one_of(
    st.text(st.characters(), max_size=120),
    st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.builds(lambda piece, n: piece * n, st.sampled_from(PIECES), st.integers(1, 150)),
)
