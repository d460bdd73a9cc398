"""A session that alters what the emulator answers, for a server that answers in another form than Ardoq."""

import io
import json
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse


class AlteredAnswers(HTTPAdapter):
    """Pass each answer of status 200 or 201 through `alter(method, path, answer)`, if that is set."""

    alter = None

    def send(self, request, **options):
        """Send a request, and replace the body of its answer."""
        response = super().send(request, **options)
        if self.alter is None or response.status_code not in (200, 201):
            return response
        answer = self.alter(request.method, urlsplit(request.url).path, json.loads(response.content))
        body = json.dumps(answer).encode()
        altered = requests.Response()
        altered.status_code, altered.url, altered.request = response.status_code, response.url, request
        altered.headers["Content-Type"] = "application/json"
        altered.raw = HTTPResponse(io.BytesIO(body), status=response.status_code, preload_content=False)
        return altered


def session_with(adapter):
    """Return a session that uses the adapter."""
    session = requests.Session()
    session.mount("http://", adapter)
    return session


def without(*keys):
    """Return what removes these keys from all objects of an answer."""

    def alter(value):
        if isinstance(value, dict):
            return {key: alter(part) for key, part in value.items() if key not in keys}
        return [alter(part) for part in value] if isinstance(value, list) else value

    return alter


def with_null(*keys):
    """Return what replaces the values of these keys by null in all objects of an answer."""

    def alter(value):
        if isinstance(value, dict):
            return {key: None if key in keys else alter(part) for key, part in value.items()}
        return [alter(part) for part in value] if isinstance(value, list) else value

    return alter


def wrapped(value):
    """Return an answer as the value of an object."""
    return {"data": value}


def null(_value):
    """Return null for any answer."""
