"""What Discord's Markdown becomes: markup as HTML, everything else escaped."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.demo.client_language import GERMAN
from sandbox.demo.markdown import Reader, plain, shown_time

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = int((NOW + timedelta(hours=3)).timestamp())
ADA = 123456789012345678
READER = Reader(now=NOW, names={ADA: "Ada"})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a fox", "<p>a fox</p>"),
        ("two\nlines", "<p>two<br>lines</p>"),
        ("### Title", "<h3>Title</h3>"),
        ("# One\n## Two", "<h1>One</h1><h2>Two</h2>"),
        ("-# small", "<small>small</small>"),
        ("-# one\n-# two", "<small>one</small><small>two</small>"),
        ("> quoted", "<blockquote>quoted</blockquote>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("**bold** and *slant*", "<p><strong>bold</strong> and <em>slant</em></p>"),
        ("**bold *both***", "<p><strong>bold *both</strong>*</p>"),
        ("__under__ ~~gone~~ _slant_", "<p><u>under</u> <s>gone</s> <em>slant</em></p>"),
        ("snake_case_name", "<p>snake_case_name</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("`a *b* <c>`", "<p><code>a *b* &lt;c&gt;</code></p>"),
        ("``a ` b``", "<p><code>a ` b</code></p>"),
        ("||secret||", '<p><span class="spoiler">secret</span></p>'),
        ("```py\nx < 1\n```", "<pre>x &lt; 1</pre>"),
        ("```never closed", "<pre>never closed</pre>"),
        (f"<@{ADA}> in <#{ADA}>", '<p><span class="mention">@Ada</span> in <span class="mention">#Ada</span></p>'),
        ("<@876543210987654321>", '<p><span class="mention">@unknown</span></p>'),
        ("[here](https://a.example/?b&c)", '<p><a href="https://a.example/?b&amp;c" rel="noreferrer">here</a></p>'),
        ("[no](javascript:alert(1))", "<p>[no](javascript:alert(1))</p>"),
        (f"<t:{LATER}:R>", '<p><time title="22 November 2026 13:00 UTC">in 3 hours</time></p>'),
        (f"<t:{LATER}>", '<p><time title="22 November 2026 13:00 UTC">22 November 2026 13:00</time></p>'),
        ("<t:9999999999999:R>", "<p>&lt;t:9999999999999:R&gt;</p>"),
    ],
)
def test_markup_becomes_html(text: str, html: str) -> None:
    assert READER.html(text) == html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\*not slanted\*", "*not slanted*"),
        (r"\### no heading", "### no heading"),
        (r"\> no quote", "&gt; no quote"),
        (r"\<@123456789012345678>", "&lt;@123456789012345678&gt;"),
        (r"**a \** b**", "<strong>a ** b</strong>"),
        (r"C:\dir", r"C:\dir"),
    ],
)
def test_backslash_shows_the_character_itself(text: str, shown: str) -> None:
    assert READER.html(text) == f"<p>{shown}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "**<img src=x onerror=alert(1)>**",
        '`"><script>`',
        "> <b>quoted</b>",
        "### <i>heading</i>",
        "-# <u>small</u>",
        "||<s>spoiler</s>||",
        "```\n</pre><script>\n```",
        '[<b>label</b>](https://a.example/"onclick="x)',
        'https://a.example/"onclick="x',
    ],
)
def test_html_in_a_text_is_escaped(text: str) -> None:
    shown = READER.html(text)
    for tag in ("<script", "<img", "<b>", "<i>", "</pre><", 'onclick="'):
        assert tag not in shown


@given(st.text(alphabet="<>&\"'`*_~|\\[]()#-:/@t1R htps.\n", max_size=60))
def test_no_text_opens_a_tag_of_its_own(text: str) -> None:
    known = ("p", "br", "h1", "h2", "h3", "small", "blockquote", "ul", "li", "strong", "u", "s", "em", "code", "pre")
    shown = READER.html(text)
    for tag in known:
        shown = shown.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    for made in ('<span class="spoiler">', '<span class="mention">', "</span>", "</a>", "</time>"):
        shown = shown.replace(made, "")
    for piece in shown.split("<")[1:]:
        assert piece.startswith(('a href="http', 'time title="'))
        assert piece.count('"') in {2, 4}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("### Title", "Title"),
        ("-# **small** `code`", "small code"),
        (r"> a \*fox\*", "> a *fox*"),
        (f"renews <t:{LATER}:R>", "renews in 3 hours"),
        ("[here](https://a.example)", "here (https://a.example)"),
        ("||spoiler|| https://a.example", "spoiler https://a.example"),
        ("<t:9999999999999:R>", "<t:9999999999999:R>"),
    ],
)
def test_plain_text_reads_without_markup(text: str, read: str) -> None:
    assert plain(text, now=NOW) == read


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "in 1 second"),
        (1.4, "in 1 second"),
        (45, "in 45 seconds"),
        (60, "in 1 minute"),
        (3 * 3600, "in 3 hours"),
        (-25 * 3600, "1 day ago"),
        (9 * 86_400, "in 9 days"),
        (400 * 86_400, "in 1 year"),
    ],
)
def test_distance_is_worded_in_the_largest_fitting_unit(seconds: float, words: str) -> None:
    assert shown_time(NOW + timedelta(seconds=seconds), "R", now=NOW) == words


@pytest.mark.parametrize(
    ("seconds", "style", "shown"),
    [
        (3 * 3600, "R", "in 3 Stunden"),
        (-86_400, "R", "vor 1 Tag"),
        (0, "f", "22. November 2026 10:00"),
        (0, "F", "Sonntag, 22. November 2026 10:00"),
    ],
)
def test_times_are_told_in_the_readers_language(seconds: int, style: str, shown: str) -> None:
    assert shown_time(NOW + timedelta(seconds=seconds), style, now=NOW, language=GERMAN) == shown
