"""Which language a reader gets, and what is said in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.core.catalogs import NotACatalog, read_catalog, updated, write_catalog
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


def test_a_saying_is_english_text_until_a_page_says_it():
    german = languages_of(None).known["de"]
    saying = _("%(browser)s on %(system)s", browser="%(system)s {x}", system=_("Unknown device"))

    assert saying == "%(system)s {x} on Unknown device"
    assert german.say(saying) == "%(system)s {x} auf Unbekanntes Gerät"
    assert german.say("Sign in") == "Sign in", "it was not marked: somebody may have typed it"
    assert _("until %(until)s", until=AT) == "until 2026-05-03 09:05 UTC"
    assert IN_ENGLISH.say(_("until %(until)s", until=AT)) == "until 3 May 2026, 09:05 UTC"


def test_languages_are_written_in_their_direction():
    tags = ("en", "de", "he", "ar-EG", "fa")
    assert [Language(tag).direction for tag in tags] == ["ltr", "ltr", "rtl", "rtl", "rtl"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('msgid "a"\nmsgstr "b', "line 1: this is no line"),
        ('\n\nmsgid "a"\nfoo "b"', "line 3: this is no line"),
        ('"a"', "no line of a catalog"),
        ('msgid "a"', "without a msgstr"),
        ('msgid "a"\nmsgstr "b"\nmsgid "c"\nmsgstr "d"', "without a blank line"),
        ('msgid "a %(x)s"\nmsgstr "b %(y)s"', r"takes these values: %\(x\)s"),
        ('msgid "a"\nmsgstr "100 %"', "takes these values: none"),
        ('msgid "a"\nmsgstr "%s"', "takes these values: none"),
        ('msgid "a %(x)s"\nmsgstr "b %(x)d"', r"%\(x\)s"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"', "in 2 forms"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=n;"', "a form that is not there"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=1/n;"', "by zero"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=exit();"', "invalid token"),
        ("\udcff", "codec can't decode"),
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


def test_a_catalog_keeps_what_was_translated_and_takes_up_what_is_new(folder: Path):
    before = read_catalog(folder / "pl.po")
    after = write("pl", folder)

    assert after.entries.keys() == {entry.msgid for entry in marked()}
    assert after.entries["Sign in"].texts == ('Zaloguj "się"',)
    assert after.entries["Sign in"].notes == ("# A note.",)
    assert after.entries["Sign in"].places
    assert after.entries["Sign out"].is_fuzzy
    assert after.entries["%(n)s minute"].texts == ("", "", "")
    assert after.header == before.header
    again = read_catalog(folder / "pl.po")
    assert again.entries.keys() == after.entries.keys()
    assert again.notes == ("# By Kim.",)
    write_catalog(folder / "new.po", updated(again, marked()))
    assert (folder / "new.po").read_text() == (folder / "pl.po").read_text()
