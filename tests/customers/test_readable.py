"""Pages that people can read, whatever was written into them."""

from callserver.customers import readable


def test_every_text_is_shown_as_text() -> None:
    evil = "</td><script>alert(1)</script>&\"'"
    whole = {"customer": [{"name": evil, "numbers": [{evil: evil}], "empty": ""}], "products": []}
    for page in (
        readable.overview(whole, [evil]),
        readable.ticket(
            {"ticket": {"number": evil}, "timeline": [{"text": evil}], "promises": [], "calls": []}
        ),
    ):
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "empty" not in page


def test_lines_lists_and_yes_are_readable() -> None:
    whole = {"customer": [{"notes": "one\ntwo", "vip": True, "tags": ["a", "b"]}], "products": []}
    page = readable.overview(whole, ["1045836"])
    assert "<td>one\ntwo</td>" in page
    assert "<td>yes</td>" in page
    assert "<td>a<br>b</td>" in page
    assert '<a href="tickets/1045836/ticket.html">1045836</a>' in page
