"""Handle the requests for the current user, reports and the organisation."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.serializer import Serializer


def current_user(store: Store, _request: Request) -> Response:
    """Return the user of the token, without the token."""
    hidden = {"token"} if assumptions.CURRENT_USER_SHOWS_SERVICE_ACCOUNT else {"token", "serviceAccount"}
    return Response(json={key: value for key, value in store.state.user().items() if key not in hidden})


def notify_by_email(_store: Store, request: Request) -> Response:
    """Return the message of the request; nothing is sent."""
    return Response(assumptions.STATUS_EMAIL_SENT, request.json_object())


def export_report(store: Store, request: Request) -> Response:
    """Return the rows of a report."""
    serializer = Serializer(store)
    rows = store.reports.run(request.path_values["report_id"])
    return Response(json=[serializer.report_row(row) for row in rows])


def switch(_store: Store, request: Request) -> Response:
    """Redirect to the domain of the organisation."""
    return Response(assumptions.SWITCH_ORG_STATUS, {}, headers={"Location": f"{request.settings.base_url}/"})
