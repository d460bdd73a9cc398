"""Answer for the caller, the organisation and its reports."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.serializer import Shapes


def current_user(store: Store, _request: Request) -> Response:
    """Answer whom the token belongs to."""
    return Response(json=Shapes(store).user(store.state.user()))


def notify_by_email(_store: Store, request: Request) -> Response:
    """Answer the message that would have been sent."""
    return Response(assumptions.STATUS_EMAIL_SENT, request.json_object())


def export_report(store: Store, request: Request) -> Response:
    """Answer the rows of a report."""
    shapes = Shapes(store)
    return Response(json=[shapes.exported(row) for row in store.reports.run(request.named["report_id"])])


def switch(_store: Store, request: Request) -> Response:
    """Send the caller to the domain of the organisation."""
    return Response(assumptions.SWITCH_ORG_STATUS, {}, headers={"Location": f"{request.settings.base_url}/"})
