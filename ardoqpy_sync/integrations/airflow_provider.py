"""What Airflow has to know of this package before it imports any of it: an `apache_airflow_provider`."""

from __future__ import annotations

from typing import Any

_HOOK = "ardoqpy_sync.integrations.airflow"


def get_provider_info() -> dict[str, Any]:
    """Return the description of the provider, by Airflow's schema of providers."""
    return {
        "package-name": "ardoqpy",
        "name": "Ardoq",
        "description": "Sync sources into Ardoq.",
        "connection-types": [
            {
                "connection-type": "ardoq",
                "hook-class-name": f"{_HOOK}.ArdoqHook",
                "hook-name": "Ardoq",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "schema", "port", "extra"],
                    "relabeling": {"host": "Host", "password": "Access token"},
                    "placeholders": {"host": "https://yourorg.ardoq.com"},
                },
                "conn-fields": {
                    "org": {
                        "label": "Organization label",
                        "schema": {"type": ["string", "null"]},
                        "description": "Only if the host serves several organizations.",
                    },
                    "version": {
                        "label": "API version",
                        "schema": {"type": ["string", "null"], "enum": ["v1", "v2", None]},
                        "description": "By default that of the job, else v2.",
                    },
                    "rate_limit": {
                        "label": "Requests per second",
                        "schema": {"type": ["number", "null"]},
                        "description": "The most that each task may send; a pool limits how many tasks run.",
                    },
                    "allow_http": {
                        "label": "Allow http://",
                        "schema": {"type": ["boolean", "null"], "default": False},
                        "description": "For an emulator on another machine; the token is sent in clear.",
                    },
                },
            }
        ],
        "hooks": [{"integration-name": "Ardoq", "python-modules": [_HOOK]}],
        "operators": [{"integration-name": "Ardoq", "python-modules": [_HOOK]}],
        "integrations": [{"integration-name": "Ardoq", "tags": ["service"]}],
        "asset-uris": [{"schemes": ["ardoq"], "handler": None}],
    }
