"""Which language a reader gets, and what is said in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatehouse.core.catalogs import NotACatalog, places_in, problems_of, read_catalog, read_entries
from gatehouse.core.languages import (
    IN_ENGLISH,
    Language,
    languages_of,
    wishes_of,
    wishes_of_browser,
)
from gatehouse.core.sayings import _, _n
from gatehouse.core.settings import SettingsRefused, read_settings
from scripts.words import marked, write

AT = datetime(2026, 5, 3, 9, 5, tzinfo=UTC)
POLISH = r"""
# By Kim.
msgid ""
msgstr ""
"Language: pl\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

#: gatehouse/core/languages.py
msgid "%(n)s hour"
msgid_plural "%(n)s hours"
msgstr[0] "%(n)s godzina"
msgstr[1] "%(n)s godziny"
msgstr[2] "%(n)s godzin"

# A note.
msgid "Sign in"
msgstr "Zaloguj "
"\"si\u0119\""

#, fuzzy
msgid "Sign out"
msgstr "Zaloguj"

#~ msgid "Gone"
#~ msgstr "Nie ma"

msgctxt "elsewhere"
msgid "Cancel"
msgstr "Anuluj"
"""  # noqa: E501


TWO = 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n'


def plural(rule: str) -> str:
    return f'msgid ""\nmsgstr "Plural-Forms: {rule};\\n"\n'


HEADER_OF_THREE = plural("nplurals=3; plural=n % 3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pl.po").write_text(POLISH.replace(r"\u0119", "ę"))
    (tmp_path / "pt_BR.po").write_text('msgid "Sign in"\nmsgstr "Entrar"\n')
    (tmp_path / "de.po").write_text('msgid "Sign in"\nmsgstr "Einloggen"\n')
    (tmp_path / "en.po").write_text('msgid "Sign in"\nmsgstr "Log in"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("ui_locales", "header", "tag"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT", "de"),
        (None, "DE-at-1996", "de"),
        (None, "de-x-private", "de"),
        (None, "pt-BR", "pt-BR"),
        (None, "pt-br-x-a", "pt-BR"),
        (None, "pt", "en"),
        (None, "pt-PT", "en"),
        (None, "fr, de;q=0.5, en;q=0.4", "de"),
        (None, "en;q=0.4, de;q=0.5", "de"),
        (None, "de;q=0, pl;q=0.1", "pl"),
        (None, "en, de", "en"),
        (None, "de , pl", "de"),
        (None, "de; q=0.3, pl; q=0.8", "pl"),
        (None, "*", "en"),
        (None, "*;q=0.9, de;q=0.5", "de"),
        ("pl", "de", "pl"),
        ("fr pl de", "de", "pl"),
        ("fr-CA se", "de-CH", "de"),
        ("de-AT-1996", "", "de"),
        ("en", "de", "en"),
        ("", "de", "de"),
        # What nobody should send.
        ("  ", "de", "de"),
        ("../../etc/passwd %s \x00 <b>", "de", "de"),
        ("de" + "-x" * 9000, "pl", "pl"),
        ("xx " * 5000 + "de", "pl", "pl"),
        (None, "de;q=high, pl;q=2, pt-BR;q=nan", "en"),
        (None, "de;level=1", "en"),
        (None, ";;,,=;q=1,q=1", "en"),
        (None, "xx," * 50_000 + "de", "en"),
        (None, "-" * 100_000, "en"),
        (None, "de\u0000\u00e9", "en"),
    ],
)
def test_the_dearest_language_that_is_there_is_found(
    folder: Path, ui_locales: str | None, header: str, tag: str
):
    """CORE-35: by RFC 4647 3.4, the application's wish first; junk is harmless."""
    found = languages_of(folder).choose(wishes_of(ui_locales), wishes_of_browser(header))

    assert found.tag == tag


def test_little_of_what_is_sent_is_read():
    assert len(wishes_of("a " * 100_000)) <= 20
    assert len(wishes_of_browser("a," * 100_000)) <= 20


def test_an_operator_adds_languages_and_changes_words(folder: Path):
    known = languages_of(folder)

    assert known.tags == ["de", "en", "pl", "pt-BR"]
    assert known.known["pl"].gettext("Sign in") == 'Zaloguj "się"'
    assert known.known["en"].gettext("Sign in") == "Log in"
    assert known.known["de"].gettext("Sign in") == "Einloggen"
    assert known.known["de"].gettext("Cancel") == "Abbrechen"
    assert languages_of(None).known["de"].gettext("Sign in") == "Anmelden"


def test_what_is_not_translated_is_said_in_english(folder: Path):
    polish = languages_of(folder).known["pl"]

    assert [polish.gettext(text) for text in ("Sign out", "Gone", "Cancel", "New")] == [
        *("Sign out", "Gone", "Cancel", "New")
    ]
    assert polish.say(_n("%(n)s minute", "%(n)s minutes", 3)) == "3 minutes"


@pytest.mark.parametrize(
    ("tag", "seconds", "said"),
    [
        ("en", 1, "1 second"),
        ("en", 59, "59 seconds"),
        ("en", 60, "1 minute"),
        ("en", 4000, "67 minutes"),
        ("en", 9000, "3 hours"),
        ("de", 1, "1 Sekunde"),
        ("de", 61, "2 Minuten"),
        ("pl", 3 * 3600, "3 godziny"),
        ("pl", 5 * 3600, "5 godzin"),
        ("pl", 22 * 3600, "22 godziny"),
    ],
)
def test_numbers_are_said_in_the_form_that_they_need(
    folder: Path, tag: str, seconds: int, said: str
):
    assert languages_of(folder).known[tag].wait(seconds) == said


def test_a_language_decides_how_times_look():
    assert IN_ENGLISH.moment(AT) == "3 May 2026, 09:05 UTC"
    assert languages_of(None).known["de"].moment(AT) == "3. Mai 2026, 09:05 Uhr UTC"
    assert Language("pt-BR").moment(AT) == "3 de mai. de 2026, 09:05 UTC"
    assert Language("qps").moment(AT) == IN_ENGLISH.moment(AT), "Babel does not know it"


def test_a_saying_is_english_text_until_a_page_says_it():
    german = languages_of(None).known["de"]
    saying = _("%(browser)s on %(system)s", browser="%(system)s {x}", system=_("Unknown device"))

    assert saying == "%(system)s {x} on Unknown device"
    assert german.say(saying) == "%(system)s {x} auf Unbekanntes Gerät"
    assert german.say("Sign in") == "Sign in", "it was not marked: somebody may have typed it"
    assert _("until %(until)s", until=AT) == "until 2026-05-03 09:05 UTC"
    assert IN_ENGLISH.say(_("until %(until)s", until=AT)) == "until 3 May 2026, 09:05 UTC"


def test_languages_are_written_in_their_direction():
    leftwards = ("he", "ar-EG", "fa", "ckb", "dv", "ps", "sd", "ug", "ur", "yi")
    assert {Language(tag).direction for tag in leftwards} == {"rtl"}
    assert {Language(tag).direction for tag in ("en", "de", "pt-BR", "qps", "x-1", "")} == {"ltr"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('msgid "a"\nmsgstr "b', "line 2: this is no line"),
        ('msgid "a"\nmsgstr "b" c', "line 2: this is no line"),
        ('msgid "a"\nmsgstr "b "c" d"', "line 2: this is no line"),
        ('msgid "a"\nmsgstr\t"b"', "line 2: this is no line"),
        ('msgid "a"\nmsgstr[-1] "b"', "line 2: this is no line"),
        ('\n\nmsgid "a"\nfoo "b"', "line 4: this is no line"),
        ('"a"', "line 1: "),
        ('msgid "a"', "line 1: missing msgstr"),
        ('msgid "a %(x)s"\nmsgstr "b %(y)s"', r"takes these values: %\(x\)s"),
        ('msgid "a"\nmsgstr "100 %"', "takes these values: none"),
        ('msgid "a"\nmsgstr "%s"', "takes these values: none"),
        ('msgid "a %(x)s"\nmsgstr "b %(x)d"', r"%\(x\)s"),
        ('msgid "a %(x)s"\nmsgstr "b %(x.__class__)s"', r"%\(x\)s"),
        ('msgid "a %(x)s"\nmsgstr "b %(__class__)s"', r"%\(x\)s"),
        ('msgid "a %(x)s"\nmsgstr "b %(x"', r"%\(x\)s"),
        ('msgid "a %(x)s"\nmsgstr "b %(x)999999999s"', r"%\(x\)s"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"', "in 2 forms"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] ""', "in 2 forms"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[2] "d"', "more translations than"),
        (f"{TWO}\n{HEADER_OF_THREE}", "in 3 forms"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=n;"', "a form that is not there"),
        (plural("nplurals=2; plural=n > 2000 ? 2 : 0"), "a form that is not there"),
        (plural("nplurals=2; plural=1/n"), "by zero"),
        (plural("nplurals=2; plural=exit()"), "invalid token"),
        (plural("nplurals=2; plural=" + "(" * 400 + "n" + ")" * 400), "too complex"),
        (plural("nplurals=2; plural=" + "!" * 2000 + "n"), "too long"),
        (plural("nplurals=two; plural=n"), "invalid literal"),
        (plural("nplurals=999999999; plural=0"), "line 2: no language has that many forms"),
        ('msgid ""\nmsgstr "Language: a b c"', "expected only letters"),
        ("\udcff", "codec can't decode"),
        ("\udcff\udcfe" + 'msgid "a"'.encode("utf-16-le").decode(), "codec can't decode"),
        ("#" * 1024 * 1024 + "#", "larger than 1 MB"),
    ],
)
def test_gatehouse_does_not_start_with_a_catalog_that_would_fail(
    tmp_path: Path, text: str, says: str
):
    (tmp_path / "xx.po").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(NotACatalog, match=says):
        read_catalog(tmp_path / "xx.po")
    with pytest.raises(SettingsRefused, match=r"TRANSLATIONS_DIR: .*xx\.po"):
        read_settings({"FLASK_ENV": "testing", "TRANSLATIONS_DIR": str(tmp_path)})


def test_the_folder_of_translations_has_to_be_there(tmp_path: Path):
    with pytest.raises(SettingsRefused, match="must be a folder"):
        read_settings({"FLASK_ENV": "testing", "TRANSLATIONS_DIR": str(tmp_path / "none")})


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace('msgstr "', '  msgstr  "'),
        lambda text: text.replace("#~", "#~| msgid \"Before\"\n#| msgid 'Before'\n#~"),
        lambda text: text.replace(
            '"Lang', '"POT-Creation-Date: \\n"\n"PO-Revision-Date: 1\\n"\n"Lang'
        ),
        lambda text: text.replace('"Lang', '"Content-Type: text/plain; charset=zip\\n"\n"Lang'),
        lambda text: text.replace("Language: pl", "Language: qps"),
        lambda text: text.replace("Language: pl", "Language: "),
        lambda text: text.replace("nplurals", " nplurals"),
        lambda text: f'{text}\nmsgid "Not\u2028ours \x85"\nmsgstr "%%\u2028"\n',
    ],
)
def test_what_other_tools_write_is_read(tmp_path: Path, change: Callable[[str], str]):
    path = tmp_path / "pl.po"
    path.write_bytes(change(POLISH.replace(r"\u0119", "ę")).encode())

    entries = read_entries(path)

    assert entries["Sign in"].texts == ('Zaloguj "się"',)
    hours = entries["%(n)s hour"]
    assert [hours.texts[hours.choose(n)][-2:] for n in (1, 2, 5, 22)] == ["na", "ny", "in", "ny"]
    assert entries.keys().isdisjoint({"Sign out", "Gone", "Cancel", ""})


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: text.replace('"Lang', '"Content-Type: text/plain; charset=zip\\n"\n"Lang'),
        lambda text: text.replace("Language: pl", "Language: qps").replace("\n\n", "\n"),
    ],
)
def test_what_other_tools_write_is_kept(tmp_path: Path, change: Callable[[str], str]):
    path = tmp_path / "pl.po"
    path.write_bytes(change(POLISH.replace(r"\u0119", "ę")).encode())
    before = read_entries(path)

    write("pl", tmp_path)

    texts = {one: entry.texts for one, entry in read_entries(path).items()}
    assert texts == {one: entry.texts for one, entry in before.items()}


@given(st.lists(st.sampled_from(POLISH.splitlines() + TWO.splitlines()) | st.text(max_size=9)))
@example(['msgid ""', 'msgstr "POT-Creation-\\n"', '"Date: x"', '"PO-Revision-"', '"Date: \\n1"'])
def test_whatever_stands_in_a_file_its_name_is_said(lines: list[str]):
    with TemporaryDirectory() as folder:
        path = Path(folder, "xx.po")
        path.write_text("\n".join(lines), errors="replace")
        if problems := problems_of(path.parent):
            assert [problem.startswith(f"{path}: ") for problem in problems] == [True]
            return
        entries = read_entries(path)
    for one, entry in entries.items():
        values = dict.fromkeys(places_in(one, entry.many or ""), "")
        assert all(text % values for text in entry.texts)
        assert not entry.many or all(entry.texts[entry.choose(n)] for n in range(300))


def test_a_catalog_keeps_what_was_translated_and_takes_up_what_is_new(folder: Path):
    header = (folder / "pl.po").read_text().strip().partition("\n\n")[0] + "\n"
    after = write("pl", folder)

    assert {message.id for message in after} == {message.id for message in marked()}
    assert after["Sign in"].string == 'Zaloguj "się"'
    assert after["Sign in"].user_comments == ["A note."]
    assert after["Sign in"].locations
    assert after["Sign out"].fuzzy
    text = (folder / "pl.po").read_text()
    assert text.startswith(header)
    assert 'msgid_plural "%(n)s minutes"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""\n' in text
    assert "#: gatehouse/core/languages.py\n" in text
    assert "Gone" not in text
    again = read_catalog(folder / "pl.po")
    assert [message.id for message in again] == [message.id for message in after]
    write("pl", folder)
    assert (folder / "pl.po").read_text() == text


@pytest.mark.parametrize(
    ("tag", "forms"), [("fr", "plural=(n > 1)"), ("ja", "nplurals=1"), ("qps", "(n != 1)")]
)
def test_a_new_catalog_knows_its_forms(tmp_path: Path, tag: str, forms: str):
    write(tag, tmp_path)

    assert f'"Language: {tag}\\n"\n' in (tmp_path / f"{tag}.po").read_text()
    assert forms in (tmp_path / f"{tag}.po").read_text()
    assert read_entries(tmp_path / f"{tag}.po") == {}
    before = (tmp_path / f"{tag}.po").read_bytes()
    write(tag, tmp_path)
    assert (tmp_path / f"{tag}.po").read_bytes() == before
