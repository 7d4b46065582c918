"""The contact domain's declaration."""

from gatehouse.contact import emails, jobs
from gatehouse.contact.routes import api
from gatehouse.core.domain import Domain

domain = Domain(
    apis=(api,),
    handlers=(jobs.mail_enquiry,),
    mails=(emails.enquiry,),
    jobs=(jobs.purge_enquiries,),
)
