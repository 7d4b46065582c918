"""What somebody is mailed whose password others guess: enough to know, and not what they like."""

from datetime import timedelta

from gatehouse.accounts.events import AccountLocked
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.outbox.service import publish
from tests.factories import PASSWORD
from tests.login.test_guessing import guess_patiently

SUBJECT = "Somebody tries to guess your password"
NEW = "zebra lantern forty-two orbit"


def subjects(mailbox, user) -> list[str]:
    mailbox.deliver()
    return [letter.subject for letter in mailbox.to(user.email)]


def lock_again_and_again(client, clock, email, rounds) -> None:
    for _ in range(rounds):
        guess_patiently(client, clock, email, 10)
        clock.shift(timedelta(minutes=16))


def test_who_guesses_all_day_mails_the_owner_once(client, mailbox, make, clock):
    """Threat 111: it was four mails an hour, for ever, to whomever one likes."""
    user = make.user()

    lock_again_and_again(client, clock, user.email, 6)
    assert subjects(mailbox, user) == [SUBJECT]
    assert "once a day" in mailbox.to(user.email)[0].text

    clock.shift(timedelta(days=1))
    lock_again_and_again(client, clock, user.email, 2)
    assert subjects(mailbox, user) == [SUBJECT] * 2


def test_other_news_comes_however_often_strangers_guess(client, mailbox, make, clock):
    user = make.user()
    lock_again_and_again(client, clock, user.email, 6)
    assert subjects(mailbox, user) == [SUBJECT]

    sent = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    reply = client.post("/api/v1/users/me/password", json=sent, headers=make.bearer(user))

    assert reply.status_code == 200
    assert subjects(mailbox, user) == [SUBJECT, "Your password was changed"]


def test_a_device_of_theirs_that_is_locked_is_other_news(app, mailbox, make):
    user = make.user()
    for is_known in (False, False, True, True):
        with unit_of_work(app.extensions["gatehouse"], Origin()) as ctx:
            locked = AccountLocked(user_id=user.id, minutes=15, is_known_device=is_known)
            publish(ctx, locked)

    assert subjects(mailbox, user) == [SUBJECT] * 2


def test_nobody_else_is_kept_from_hearing_of_it(client, mailbox, make, clock):
    users = [make.user() for _ in range(3)]
    for user in users:
        guess_patiently(client, clock, user.email, 10)

    assert [subjects(mailbox, user) for user in users] == [[SUBJECT]] * 3
