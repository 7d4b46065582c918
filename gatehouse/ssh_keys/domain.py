"""The declaration of the domain of SSH keys."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_keys import jobs
from gatehouse.ssh_keys.emails import key_verified_mail
from gatehouse.ssh_keys.queries import ssh_keys
from gatehouse.ssh_keys.routes import api

domain = Domain(
    apis=(api,),
    reactions=(jobs.delete_ssh_keys_of_an_account_that_goes,),
    handlers=(jobs.tell_of_an_ssh_key,),
    jobs=(jobs.purge_ssh_keys,),
    mails=(key_verified_mail,),
    personal_data=(ssh_keys,),
)
