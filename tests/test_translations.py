"""Every word of a page is marked, and German says all of them."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes
from zxcvbn import feedback

import gatehouse
from gatehouse.accounts.rules import ADVICE
from gatehouse.core.catalogs import places_in, read_catalog, read_entries, translated
from gatehouse.core.languages import SHIPPED, languages_of
from gatehouse.core.rendering import environment
from scripts.words import MARKS, marked

SOURCE = Path(gatehouse.__file__).parent
TEMPLATES = sorted(path for path in SOURCE.glob("*/templates/*.html") if path.parts[-3] != "mail")
GERMAN = read_catalog(SHIPPED / "de.po")
ENTRIES = read_entries(SHIPPED / "de.po")
SPOKEN = ("aria-label", "alt", "title", "placeholder")
LETTER = re.compile(r"[^\W\d_]")
# The sentences that are marked in the text itself, and a block that says no more than a class.
NO_WORDS = re.compile(r"{% trans .*?{% endtrans %}|{% block width %}\w+{% endblock %}", re.DOTALL)
MARKED = {*MARKS, "_gettext", "_ngettext"}
TAGS = re.compile(r"</?\w[^>]*>")


class Words(HTMLParser):
    """What a person would read of a template."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.is_script = False

    def handle_starttag(self, tag, attrs):
        self.is_script = tag in ("script", "style")
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag):
        self.is_script = False

    def handle_data(self, data):
        if not self.is_script:
            self.found.append(data)


def bare_of(path: Path) -> str:
    """A template without its expressions and its marked sentences."""
    parts = environment().lex(NO_WORDS.sub("", path.read_text()))
    return "".join(text for _line, kind, text in parts if kind == "data")


def spoken_outside_of_marks(node: nodes.Node) -> list[str]:
    """Text in expressions that reads like words and is handed to no function that marks it."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in MARKED:
        return []
    if isinstance(node, nodes.Const | nodes.TemplateData):
        text = node.value if isinstance(node, nodes.Const) else ""
        is_said = isinstance(text, str) and re.search(r"[A-Z]|[a-z]+[ ][a-z]", text)
        return [text] if is_said and not text.isupper() and "_" not in text else []
    return [text for child in node.iter_child_nodes() for text in spoken_outside_of_marks(child)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-3::2]))
def test_every_word_of_a_template_is_marked(path: Path):
    words = Words()
    words.feed(bare_of(path))

    assert [text for text in words.found if LETTER.search(text)] == []
    assert spoken_outside_of_marks(environment().parse(path.read_text())) == []


def test_a_word_that_is_not_marked_would_be_found():
    words = Words()
    words.feed('<p aria-label="One">Two</p><script>three</script>')
    tree = environment().parse('{{ f("Four", _("Five"), "six-seven", "eight nine") }}')

    assert words.found == ["One", "Two"]
    assert spoken_outside_of_marks(tree) == ["Four", "eight nine"]


def test_nothing_hides_the_function_that_marks():
    """``first, _ = pair`` would: the name is local to the whole function then."""
    hidden = [
        f"{path.relative_to(SOURCE)}, line {node.lineno}"
        for path in SOURCE.rglob("*.py")
        if re.search(r"from gatehouse\.core\.sayings import .*\b_\b", path.read_text())
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
    ]

    assert hidden == []


def marks_of(path: Path) -> list[str | tuple[str, ...]]:
    """The sentences of a file, by its syntax: Babel looks at words and brackets alone."""
    if path.suffix == ".html":
        return [text for _line, _name, text in environment().extract_translations(path.read_text())]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        name = node.func.id if isinstance(node, ast.Call) and hasattr(node.func, "id") else ""
        if name in ("_", "_n"):
            texts = tuple(ast.literal_eval(one) for one in node.args[: 1 + (name == "_n")])
            found.append(texts if name == "_n" else texts[0])
    return found


def test_every_mark_is_found_and_has_its_text_written_out():
    known = marked()
    for path in (*SOURCE.rglob("*.py"), *TEMPLATES):
        place = (path.relative_to(SOURCE.parent).as_posix(), None)
        for text in marks_of(path):
            one, many = (text, None) if isinstance(text, str) else text[:2]
            assert one in known, path
            assert known[one].id == ((one, many) if many else one)
            assert place in known[one].locations


def test_german_says_every_sentence_and_no_other():
    """``python -m scripts.words de`` adds a new one; this fails until it is translated."""
    known = {message.id: message.locations for message in marked() if message.id}
    german = {message.id: message.locations for message in GERMAN if message.id}

    assert german == known, "run python -m scripts.words de"
    assert german.keys() == {message.id for message in translated(GERMAN)}
    assert '"Plural-Forms: nplurals=2;' in (SHIPPED / "de.po").read_text()


@pytest.mark.parametrize("msgid", ENTRIES, ids=lambda msgid: msgid[:40])
def test_german_has_the_same_values_and_tags(msgid: str):
    for text in ENTRIES[msgid].texts:
        assert places_in(text) == places_in(msgid)
        assert sorted(TAGS.findall(text)) == sorted(TAGS.findall(msgid))
        assert text.strip() == text
        assert (text[-1] in ".?:)") == (msgid[-1] in ".?:)"), text


def test_what_zxcvbn_says_is_known():
    source = Path(feedback.__file__).read_text()
    said = set(re.findall(r"warning = _\(\s*['\"](.+?)['\"]\)", source))
    said |= set(re.findall(r"'warning': _\(['\"](.+?)['\"]\)", source))

    assert len(said) > 10
    assert said <= set(ADVICE)


def test_a_catalog_is_read_when_it_is_needed_and_then_once(monkeypatch: pytest.MonkeyPatch):
    languages_of.cache_clear()
    read = []
    monkeypatch.setattr(
        "gatehouse.core.languages.read_entries", lambda path: read.append(path.name) or ENTRIES
    )
    known = languages_of(None)
    assert read == []
    assert [known.known["de"].gettext("Sign in") for _ in range(3)] == ["Anmelden"] * 3
    assert read == ["de.po"]
    languages_of.cache_clear()
