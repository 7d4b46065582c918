"""Which names can be an organization's own, and when a proof is lost. Pure."""

import re
from datetime import timedelta

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
CHALLENGE = "_gatehouse-challenge"
VALUE = "gatehouse-verification="
LONGEST = 253 - len(CHALLENGE) - 1
TWO_LETTERS = 2

CHECK_AGAIN = timedelta(days=1)
LOST_AFTER = timedelta(days=7)  # without the record
LOST_UNHEARD_AFTER = timedelta(days=30)  # without any answer, which may be our fault

QUICK = 0.5  # seconds for an answer, after which nobody rests
REST = 10  # times as long as it took, and twice that after each further slow answer
LONGEST_REST = 300.0  # seconds

# Names that are in no DNS, or that everybody has.
NOBODYS = frozenset({"arpa", "invalid", "localhost", "onion"})
# Below a country, these are registries far more often than companies: co.uk, com.au, ac.jp.
_REGISTRIES = """
ac asn blog co com edu gen go gob gouv gov gv id ind info int ltd me mil mod ne net nic nom or
org plc sch school
"""
# Where anybody gets a name below.
_SHARED = """
amazonaws.com appspot.com azurestaticapps.net azurewebsites.net blogspot.com br.com cdn77.org
cloudapp.azure.com cloudapp.net cloudfront.net cn.com co.com ddns.net de.com duckdns.org
dyndns.org eu.com eu.org firebaseapp.com fly.dev gb.net github.io gitlab.io herokuapp.com
home.arpa hopto.org in.net jp.net myshopify.com netlify.app ngrok-free.app ngrok.io no-ip.org
onmicrosoft.com onrender.com pages.dev railway.app repl.co ru.com run.app s3.amazonaws.com
sa.com se.net sharepoint.com surge.sh trafficmanager.net uk.com uk.net us.com vercel.app web.app
wordpress.com workers.dev za.com zapto.org
"""
# Where anybody gets an address.
_FREE_MAIL = """
126.com 139.com 163.com aim.com aol.com att.net bellsouth.net bk.ru bluewin.ch btinternet.com
charter.net comcast.net cox.net daum.net duck.com earthlink.net email.com fastmail.com
fastmail.fm foxmail.com free.fr freenet.de gmail.com googlemail.com gmx.com gmx.net hanmail.net
hey.com hushmail.com icloud.com inbox.ru iinet.net.au inbox.lv interia.pl juno.com laposte.net
libero.it list.ru live.com mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com
netzero.net o2.pl onet.pl orange.fr outlook.com pm.me posteo.de proton.me protonmail.ch
protonmail.com qq.com rediffmail.com riseup.net rocketmail.com sapo.pt sbcglobal.net seznam.cz
sfr.fr shaw.ca sina.com sky.com t-online.de telus.net tiscali.it tuta.com tuta.io tutanota.com
ukr.net uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl ya.ru yandex.com yandex.ru
yeah.net ymail.com zoho.com zohomail.com
"""
# These have endings for many countries.
FREE_MAIL_ANYWHERE = frozenset({"gmx", "hotmail", "live", "outlook", "yahoo", "yandex"})
REGISTRIES, SHARED, FREE_MAIL = (
    frozenset(text.split()) for text in (_REGISTRIES, _SHARED, _FREE_MAIL)
)
MOST_LABELS_ANYWHERE = 3  # yahoo.co.uk


def problem_with(name: str) -> str:
    """Why no organization can prove ``name``, which is in lower case ASCII; nothing if one can."""
    labels = name.split(".")
    if len(name) > LONGEST or not all(LABEL.fullmatch(label) for label in labels):
        return "Must be a domain such as example.com."
    if labels[-1].isdigit() or labels[-1] in NOBODYS:
        return "Must be a domain that can be looked up in the DNS."
    if is_public_suffix(labels):
        return "Anybody can have a name below this one. Name a domain of your own below it."
    if is_free_mail(labels):
        return "Anybody can have an address at this provider, so it cannot be yours alone."
    return ""


def is_public_suffix(labels: list[str]) -> bool:
    """Whether it belongs to many, as far as can be told without the list of all such names."""
    below_a_country = len(labels) == TWO_LETTERS and len(labels[-1]) == TWO_LETTERS
    is_registry = below_a_country and labels[0] in REGISTRIES
    return len(labels) == 1 or is_registry or ".".join(labels) in SHARED


def is_free_mail(labels: list[str]) -> bool:
    is_anywhere = labels[0] in FREE_MAIL_ANYWHERE and len(labels) <= MOST_LABELS_ANYWHERE
    return ".".join(labels) in FREE_MAIL or is_anywhere


def record_name(domain: str) -> str:
    return f"{CHALLENGE}.{domain}"


def proves(texts: list[str], challenge: str) -> bool:
    return any(text.strip() == f"{VALUE}{challenge}" for text in texts)


def is_lost(failing_for: timedelta, *, was_heard: bool) -> bool:
    """Whether a proof that was not seen for so long is over. ``was_heard``: the DNS answered."""
    return failing_for >= (LOST_AFTER if was_heard else LOST_UNHEARD_AFTER)


def rest_after(took: float, slow_before: int) -> float:
    """How long whoever waited for the DNS so long lets others go first; ``slow_before``: how many
    slow answers in a row they had had already. Seconds.
    """
    return 0.0 if took < QUICK else min(LONGEST_REST, took * REST * 2 ** min(slow_before, 10))
