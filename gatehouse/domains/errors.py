"""How claiming and proving a domain can fail."""

from gatehouse.core.errors import BadGateway, Conflict, NotFound, TooManyRequests


class DomainNotFound(NotFound):
    message = "This organization has no such domain."


class DomainClaimedAlready(Conflict):
    message = "This organization has claimed this domain already."


class TooManyDomains(Conflict):
    """``details.most`` is how many an organization may have."""

    message = "This organization has as many domains as it may have. Remove one first."


class ChallengeNotFound(Conflict):
    """``details`` holds the name and the value of the record that was looked for."""

    message = "The TXT record is not there yet. Changes of the DNS can take an hour to be seen."


class ProvenElsewhere(Conflict):
    """Told only to somebody who has just proven that the domain is theirs."""

    message = "Another organization has proven this domain. It must remove it there first."


class ResolverAway(BadGateway):
    """502: nothing is known, so nothing was changed."""

    message = "The DNS did not answer. Nothing was changed; try again in a minute."


class ResolverBusy(TooManyRequests):
    """An answer of the DNS may take seconds: few threads wait for one, one for each account and
    organization, and whoever got it slowly comes later.
    """

    message = "Other questions are waiting for the DNS. Try again in a moment."
