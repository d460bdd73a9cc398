"""The text of errors, their built-in types, and that none contains the token."""

import logging
import pickle
import traceback
from http import HTTPStatus

import pytest
import requests
from error_messages import UNPROCESSABLE

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClient,
    ArdoqClientException,
    ArdoqSyncClient,
    AuthorizationError,
    BadRequest,
    ConfigurationError,
    Conflict,
    DeleteBlocked,
    InvalidInput,
    JobRunning,
    MissingArgument,
    NotFoundError,
    PlanDrifted,
    RateLimited,
    RedirectRefused,
    Retries,
    ServiceUnavailable,
    UnexpectedAnswer,
    UnsupportedOperation,
    WriteRefused,
    errors,
)
from ardoqpy.config import Token, read_settings

KINDS = [
    (ArdoqClientException, Exception),
    (ConfigurationError, ValueError),
    (InvalidInput, ValueError),
    (MissingArgument, TypeError),
    (UnsupportedOperation, NotImplementedError),
    (WriteRefused, PermissionError),
    (DeleteBlocked, PermissionError),
    (AuthorizationError, PermissionError),
    (NotFoundError, LookupError),
    (BadRequest, ValueError),
    (Conflict, ArdoqClientException),
    (PlanDrifted, Conflict),
    (JobRunning, ArdoqClientException),
    (RateLimited, ArdoqClientException),
    (ServiceUnavailable, ConnectionError),
    (AmbiguousWrite, ServiceUnavailable),
    (UnexpectedAnswer, ArdoqClientException),
    (RedirectRefused, UnexpectedAnswer),
]
HEARD = '{"message": "No component has the id 1."}'
SAID = "GET /api/item/1 failed with {} Ardoq says: No component has the id 1."
STATUSES = [
    (400, BadRequest, SAID.format("400 Bad Request.")),
    (
        401,
        AuthorizationError,
        (
            f"{SAID.format('401 Unauthorized.')} Make a new token (one unused for 60 days expires), and "
            "check that it is for this host."
        ),
    ),
    (
        403,
        AuthorizationError,
        (f"{SAID.format('403 Forbidden.')} Ask for access, or check the organisation label."),
    ),
    (
        404,
        NotFoundError,
        (f"{SAID.format('404 Not Found.')} Is it the id of that kind of object, and may the token see it?"),
    ),
    (405, ArdoqClientException, SAID.format("405 Method Not Allowed.")),
    (
        409,
        Conflict,
        (
            f"{SAID.format('409 Conflict.')} Ardoq holds a newer state, or has it already: read it again "
            "before you write."
        ),
    ),
    (422, BadRequest, SAID.format(f"{UNPROCESSABLE}.")),
    (500, ServiceUnavailable, SAID.format("500 Internal Server Error.")),
    (501, ServiceUnavailable, SAID.format("501 Not Implemented.")),
    (503, ServiceUnavailable, SAID.format("503 Service Unavailable.")),
]


@pytest.mark.parametrize(("kind", "builtin"), KINDS)
def test_errors_form_one_tree_and_are_built_in_errors(kind, builtin):
    """Every error is an `ArdoqClientException`, and the built-in error that fits."""
    assert issubclass(kind, ArdoqClientException)
    assert issubclass(kind, builtin)


def test_every_error_is_in_the_table_above():
    """Every error has an expected built-in type here."""
    assert sorted(kind.__name__ for kind, _ in KINDS) == sorted(errors.__all__)


@pytest.fixture
def once(new_transport, caller):
    """Call `item/1` by a verb, without retries."""
    return caller(new_transport(retries=Retries(count=0, longest_wait=0)))


@pytest.mark.parametrize(("status", "kind", "sentence"), STATUSES)
def test_each_status_has_its_error(status, kind, sentence, wire, endpoint, once):
    """Each status has one class of error, with 0.8.4's dict, a sentence and attributes."""
    wire.get(endpoint, status=status, body=HEARD)
    with pytest.raises(kind) as caught:
        once("GET")
    error = caught.value
    assert type(error) is kind
    assert str(error) == sentence == error.sentence
    assert error.args == ({"code": status, "reason": HTTPStatus(status).phrase, "text": HEARD},)
    assert (error.status, error.method, error.path) == (status, "GET", "/api/item/1")
    assert error.ardoq_message == "No component has the id 1."


def test_a_rate_limit_becomes_an_error(wire, endpoint, once):
    """The error of a 429 names the wait that Ardoq asks for."""
    wire.get(endpoint, status=429, body=HEARD, headers={"Retry-After": "60"})
    with pytest.raises(RateLimited) as caught:
        once("GET")
    assert str(caught.value) == (
        "Ardoq limits the rate (429 for GET /api/item/1): waiting for it would take 60 seconds in all, "
        "longer than this client may. Ardoq says: No component has the id 1."
    )
    assert caught.value.args[0] == {"code": 429, "reason": "Too Many Requests", "text": HEARD}
    assert caught.value.status == 429


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "POST"])
def test_an_uncertain_write_is_ambiguous(verb, wire, endpoint, once):
    """The error of an ambiguous write names the request, the reason and the remedy."""
    wire.add(verb, endpoint, status=503, body=HEARD)
    with pytest.raises(AmbiguousWrite) as caught:
        once(verb)
    assert str(caught.value) == (
        f"{verb} /api/item/1 was sent and got no usable answer (503 Service Unavailable): it may have been "
        "carried out, or not. Look in Ardoq before you send it again. Ardoq says: No component has the id 1."
    )
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", None),
        (b"Not Found", None),
        (b"<html>gone</html>", None),
        (b"[]", None),
        (b'{"message": 5}', None),
        (b'{"message": " "}', None),
        (b'{"error": "no"}', None),
        (b"[" * 100_000, None),
        (b'{"message": "Gone."}', "Gone."),
        ('{"message": "Ærø"}'.encode(), "Ærø"),
    ],
)
def test_the_message_of_an_error_body(body, message, wire, endpoint, once):
    """Any body of an error response gives an error with that body as `text`."""
    wire.get(endpoint, status=404, body=body)
    with pytest.raises(NotFoundError) as caught:
        once("GET")
    assert caught.value.ardoq_message == message
    assert caught.value.args[0]["text"] == body.decode()
    assert ("Ardoq says: " in str(caught.value)) == (message is not None)


def test_no_answer_has_no_code(wire, endpoint, once):
    """If Ardoq did not answer, `code` and `status` are None, and the sentence names the reason."""
    wire.get(endpoint, body=requests.ReadTimeout("timed out"))
    with pytest.raises(ServiceUnavailable) as caught:
        once("GET")
    error = caught.value
    assert error.args == ({"code": None, "reason": "no data arrived within the time-out", "text": ""},)
    assert error.status is None
    assert str(error) == "No answer to GET /api/item/1: no data arrived within the time-out."


def test_a_web_page_instead_of_json(wire, endpoint, once):
    """A login page is recognised as such."""
    page = "<!DOCTYPE html><html>Log in</html>"
    wire.get(endpoint, body=page, content_type="text/html")
    with pytest.raises(UnexpectedAnswer) as caught:
        once("GET")
    assert str(caught.value) == (
        "Cannot read the answer to GET /api/item/1: the answer is not JSON but 34 bytes of text/html. "
        "It looks like a web page: is the host right, and the token valid?"
    )
    assert caught.value.args[0] == {
        "code": None,
        "reason": "the answer is not JSON but 34 bytes of text/html",
        "text": page,
    }


@pytest.mark.parametrize(("kind", "_builtin"), KINDS)
@pytest.mark.parametrize("detail", ["A sentence.", {"code": 404, "reason": "Not Found", "text": "x"}])
def test_errors_travel_between_processes(detail, kind, _builtin):
    """An error that is pickled and unpickled is the same error."""
    error = kind(detail, sentence="It went wrong.", method="GET", path="/api/x", ardoq_message="No.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.args, str(again), vars(again)) == (error.args, str(error), vars(error))


def test_an_error_made_by_hand_reads_as_a_sentence():
    """0.8.4's dict alone, or text alone, also makes a readable error."""
    assert str(ArdoqClientException("So it is.")) == "So it is."
    error = ArdoqClientException({"code": 404, "reason": "Not Found", "text": "x"})
    assert str(error) == "Ardoq answered 404 Not Found: x"
    assert error.status == 404


def _rendered(error):
    """Render an error with its causes and all locals, as an error reporter does."""
    waiting, seen, parts = [error], [], []
    while waiting:
        exception = waiting.pop()
        if exception is None or exception in seen:
            continue
        seen.append(exception)
        waiting += [exception.__context__, exception.__cause__]
        parts += [str(exception), repr(exception), repr(exception.args), repr(vars(exception))]
        # The first frame is the test's own.
        trace = traceback.TracebackException(
            type(exception), exception, exception.__traceback__.tb_next, capture_locals=True
        )
        parts += trace.format()
    return "\n".join(parts)


ANSWERS = {
    "401": {"status": 401, "json": {"message": "{}"}},
    "404": {"status": 404, "body": "{}"},
    "409": {"status": 409, "body": "{}"},
    "422": {"status": 422, "json": {"message": "The token is {}."}},
    "429": {"status": 429, "body": "{}", "headers": {"Retry-After": "999"}},
    "503": {"status": 503, "body": "{}"},
    "no JSON": {"body": "Token token={}"},
    "to itself": {"status": 302, "headers": {"Location": "/api/there"}},
    "header": {"status": 302, "headers": {"Location": "https://evil.example/?token={}"}},
}


def _holding(value, token):
    if isinstance(value, dict):
        return {key: _holding(part, token) for key, part in value.items()}
    return value.replace("{}", token) if isinstance(value, str) else value


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("verb", ["PUT", "POST", "DELETE"])
def test_the_token_is_in_no_error_even_if_ardoq_repeats_it(verb, answer, wire, endpoint, token, once, caplog):
    """No text, attribute, traceback local or earlier error shows the token, though the answer contains it."""
    wire.add(verb, endpoint, **_holding(answer, token))
    with caplog.at_level(logging.DEBUG), pytest.raises(ArdoqClientException) as caught:
        once(verb)
    assert token not in _rendered(caught.value)
    assert token not in caplog.text


@pytest.mark.parametrize(
    "problem",
    [
        requests.ConnectionError("broken with {}"),
        requests.ReadTimeout("{}"),
        requests.exceptions.InvalidHeader("{}"),
        requests.exceptions.SSLError("CERTIFICATE {}"),
    ],
)
def test_the_token_is_in_no_error_of_the_connection(problem, wire, endpoint, token, once):
    """The same if the underlying problem quotes the token."""
    wire.get(endpoint, body=type(problem)(problem.args[0].replace("{}", token)))
    with pytest.raises(ServiceUnavailable) as caught:
        once("GET")
    assert token not in _rendered(caught.value)


def test_the_token_is_in_no_error_of_a_body(wire, token, once):
    """The same if nothing is sent."""
    with pytest.raises(InvalidInput) as caught:
        once.transport.put("item/1", {"a": object()})
    assert token not in _rendered(caught.value)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "cut-off", "html"])
def test_the_token_is_in_no_error_over_a_real_socket(fault, server, token):
    """The same with the errors of a real connection."""
    server.token = token
    with ArdoqClient(server.url, Token(token), retries=0) as client:
        server.fail(fault)
        with pytest.raises(ArdoqClientException) as caught:
            client.create_workspace({"name": "W"})
    assert token not in _rendered(caught.value)


def test_a_wrong_token_is_not_shown(server, token):
    """The error about a rejected token does not show it."""
    with ArdoqClient(server.url, Token(token)) as client, pytest.raises(AuthorizationError) as caught:
        client.get_workspaces()
    assert token not in _rendered(caught.value)


REFUSED = {
    "read_settings": lambda token: read_settings("ardoq.example", token, environ={}),
    "no_host": lambda token: ArdoqClient(None, token),
    "timeout": lambda token: ArdoqClient("https://ardoq.example", token, timeout=-1),
    "retries": lambda token: ArdoqClient("https://ardoq.example", token, retries=-1),
    "version": lambda token: ArdoqClient("https://ardoq.example", token, version="v3"),
    "org": lambda token: ArdoqClient("https://ardoq.example", token, "a b"),
    "line_break": lambda token: ArdoqClient("https://ardoq.example", f"{token}\nx"),
    "bytes": lambda token: ArdoqClient("https://ardoq.example", token.encode()),
    "sync_by_place": lambda token: ArdoqSyncClient("https://ardoq.example", token, timeout=-1),
    "sync_by_name": lambda token: ArdoqSyncClient("https://ardoq.example", token=token, timeout=-1),
    "sync_on_error": lambda token: ArdoqSyncClient("https://ardoq.example", token, on_error="skip"),
}


def _below(error, frames):
    """Render an error without the outermost frames, which contain the locals of the caller."""
    for _ in range(frames):
        error.__traceback__ = error.__traceback__.tb_next
    return _rendered(error)


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_the_token_is_in_no_error_of_a_setting(refused, token):
    """The error about another setting, or about the token itself, does not show the token."""
    with pytest.raises(ArdoqClientException) as caught:
        refused(token)
    assert token not in _below(caught.value, 1)


def test_the_token_of_the_environment_is_in_no_error(token, monkeypatch):
    """A token from the environment is not shown if another setting is missing."""
    monkeypatch.setenv("ARDOQ_API_TOKEN", token)
    with pytest.raises(ConfigurationError) as caught:
        ArdoqClient()
    assert token not in _below(caught.value, 0)


CFG = {
    "no_host": b"[Ardoq]\ntoken = {}\n",
    "broken": b"[Ardoq]\nhost = https://ardoq.example\n{}\n",
    "no_section_at_all": b"token = {}\n",
    "twice": b"[Ardoq]\ntoken = {}\ntoken = {}\n",
    "other_section": b"[Other]\ntoken = {}\n",
    "not_utf8": b"[Ardoq]\ntoken = {}\xe9\n",
}


@pytest.mark.parametrize("content", CFG.values(), ids=CFG)
def test_the_token_of_a_file_is_in_no_error(content, token, tmp_path):
    """A token in the cfg file is in no error about the file, nor in what led to it."""
    path = tmp_path / "ardoq.cfg"
    path.write_bytes(content.replace(b"{}", token.encode()))
    with pytest.raises(ConfigurationError) as caught:
        ArdoqClient(config=path)
    assert token not in _below(caught.value, 0)


@pytest.mark.parametrize(
    "settings", [{"hosturl": None}, {"hosturl": "https://ardoq.example", "version": "v3"}]
)
def test_a_client_that_could_not_be_made_has_a_repr(settings, token):
    """A reporter that shows locals can show the client whose constructor failed."""
    with pytest.raises(ArdoqClientException) as caught:
        ArdoqClient(**settings, token=token)
    traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    client = caught.value.__traceback__.tb_next.tb_frame.f_locals["self"]
    assert token not in repr(client)
