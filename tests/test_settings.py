"""Where settings come from, in which order, and that the token in them is not shown."""

import copy
import pickle
import shutil
from pathlib import Path

import pytest
import requests

from ardoqpy import ArdoqClient, ArdoqSyncClient, ConfigurationError
from ardoqpy.config import Settings, Token, read_settings

EXAMPLE = Path(__file__).parents[1] / "ardoq.cfg.example"
TOKEN = "s3cret-T0ken-of-the-tests"
NAMES = {"host": "ARDOQ_API_HOST", "token": "ARDOQ_API_TOKEN", "org": "ARDOQ_ORG_LABEL"}
PLACES = {
    source: {"host": f"https://{source}.example", "token": f"{source}-token", "org": f"{source}-org"}
    for source in ("argument", "environment", "file")
}


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg file and give its path."""

    def write(settings, section="Ardoq"):
        path = tmp_path / "my.cfg"
        lines = [f"[{section}]", *(f"{key} = {value}" for key, value in settings.items())]
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.mark.parametrize("name", ["host", "token", "org"])
@pytest.mark.parametrize(
    ("sources", "winner"),
    [
        (("argument", "environment", "file"), "argument"),
        (("argument", "file"), "argument"),
        (("argument", "environment"), "argument"),
        (("environment", "file"), "environment"),
        (("environment",), "environment"),
        (("file",), "file"),
    ],
)
def test_arguments_precede_the_environment_and_the_file(name, sources, winner, cfg, monkeypatch):
    """Each setting is taken from the first place that has it, for itself."""
    argument = dict.fromkeys(NAMES)
    file = dict(PLACES["file"])
    if "file" not in sources:
        del file[name]
    if "environment" in sources:
        monkeypatch.setenv(NAMES[name], PLACES["environment"][name])
    if "argument" in sources:
        argument[name] = PLACES["argument"][name]
    client = ArdoqClient(argument["host"], argument["token"], argument["org"], config=cfg(file))
    expected = {**PLACES["file"], name: PLACES[winner][name]}
    assert {"host": client.hosturl, "token": client.token, "org": client.org} == expected


def test_no_file_is_read_that_was_not_named(tmp_path, monkeypatch):
    """An `ardoq.cfg` that happens to lie in the current directory is not used."""
    (tmp_path / "ardoq.cfg").write_text("[Ardoq]\nhost = https://file.example\ntoken = file-token\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError):
        ArdoqClient()


@pytest.mark.parametrize("name", ["host", "token", "org"])
def test_an_empty_variable_is_as_good_as_none(name, cfg, monkeypatch):
    """A variable that is set to nothing does not hide what the file says."""
    monkeypatch.setenv(NAMES[name], "")
    client = ArdoqClient(config=cfg(PLACES["file"]))
    assert {"host": client.hosturl, "token": client.token, "org": client.org} == PLACES["file"]


def test_spaces_around_settings_are_taken_off(monkeypatch):
    """What a shell or a secret store adds around a setting does no harm."""
    monkeypatch.setenv("ARDOQ_API_HOST", " https://a.example/ \n")
    monkeypatch.setenv("ARDOQ_API_TOKEN", " t0ken\n")
    monkeypatch.setenv("ARDOQ_ORG_LABEL", " acme ")
    client = ArdoqClient()
    assert (client.hosturl, client.token, client.org) == ("https://a.example", "t0ken", "acme")


@pytest.mark.parametrize("org", [None, "", "  "])
def test_no_organisation_label_is_needed(org):
    """Where the host names the organisation there is no label."""
    assert ArdoqClient("https://acme.ardoq.com", "t0ken", org).org is None


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"host": "https://a.example", "token": TOKEN, "orgg": "acme"}, "org"),
        ({"host": "https://a.example", "token": TOKEN, "org_label": "acme"}, "org"),
        ({"hosturl": "https://a.example", "token": TOKEN}, "host"),
        ({"host": "https://a.example", f"token{TOKEN}": "x"}, "token"),
    ],
)
def test_a_misspelt_key_in_a_file_is_refused(cfg, settings, missing):
    """A key that is not read, and similar to one that is missing, could lead to another organisation."""
    with pytest.raises(ConfigurationError, match=f"has no '{missing}', but a key that is similar") as caught:
        ArdoqClient(config=cfg(settings))
    assert TOKEN.lower() not in str(caught.value).lower()


def test_other_keys_in_a_file_are_not_read(cfg, monkeypatch):
    """Keys of other programs may be there, if no setting is missing, or if they are like none."""
    client = ArdoqClient("https://a.example", TOKEN, "acme", config=cfg({"hosts": 1, "tokens": 2, "orgs": 3}))
    assert (client.hosturl, client.org) == ("https://a.example", "acme")
    file = cfg({"host": "https://a.example", "token": TOKEN, "workspace": "x", "org": "", "org_id": "7"})
    assert ArdoqClient(config=file).org is None
    monkeypatch.setenv("ARDOQ_ORG_LABEL", "acme")
    assert ArdoqClient(config=cfg({"host": "https://a.example", "token": TOKEN, "org_id": 7})).org == "acme"


def test_a_percent_sign_in_a_file_is_one(cfg):
    """A token with a percent sign is not taken for a placeholder."""
    assert ArdoqClient("https://a.example", config=cfg({"token": "50%(off)s%"})).token == "50%(off)s%"


def test_a_file_may_be_named_as_text_or_path(cfg):
    """`config` takes both."""
    path = cfg(PLACES["file"])
    assert ArdoqClient(config=path).token == ArdoqClient(config=str(path)).token == "file-token"


def test_the_example_file_can_be_read(tmp_path):
    """The example that we ship has the settings' names in it, and lacks nothing but the token."""
    path = tmp_path / "ardoq.cfg"
    shutil.copy(EXAMPLE, path)
    with pytest.raises(ConfigurationError, match=r"^No token is set"):
        ArdoqClient(config=path)
    client = ArdoqClient(config=path, token="t0ken")
    assert (client.hosturl, client.org) == ("https://yourorg.ardoq.com", None)


def test_the_example_file_names_every_setting():
    """No setting and no variable is missing in the example."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for key, variable in NAMES.items():
        assert f"\n{key} =" in text
        assert variable in text


def test_the_example_file_filled_in(tmp_path):
    """Filled in as its comments say, the example works."""
    path = tmp_path / "ardoq.cfg"
    path.write_text(
        EXAMPLE.read_text(encoding="utf-8").replace("token =", "token = t0ken").replace("org =", "org = acme")
    )
    client = ArdoqClient(config=path)
    assert (client.token, client.org) == ("t0ken", "acme")


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__, ascii])
def test_a_token_is_not_printed(show):
    """However a token is turned into text by accident, it is not the token."""
    assert show(Token(TOKEN)) == "<token>"


def test_a_token_is_revealed_on_purpose():
    """`reveal()` is the one way."""
    assert Token(TOKEN).reveal() == TOKEN


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_token_does_not_travel(take):
    """Neither a token nor a client that holds one is pickled or copied."""
    for item in (Token(TOKEN), ArdoqClient("https://a.example", TOKEN)._settings.token):
        with pytest.raises(ConfigurationError) as caught:
            take(item)
        assert str(caught.value) == "A token is not pickled: build a new client where it is needed instead."


def test_a_client_does_not_travel():
    """A client is not pickled, since its token would be."""
    with pytest.raises(ConfigurationError):
        pickle.dumps(ArdoqClient("https://a.example", TOKEN)._settings)


def test_a_token_has_no_dict():
    """`vars()` does not show it either."""
    with pytest.raises(TypeError):
        vars(Token(TOKEN))


def test_a_token_is_hidden_in_text():
    """Every occurrence goes, the rest stays."""
    assert Token(TOKEN).redact(f"a {TOKEN} b {TOKEN}") == "a *** b ***"


@pytest.mark.parametrize("kind", [ArdoqClient, ArdoqSyncClient])
def test_a_client_shows_where_it_leads_and_not_with_what(kind):
    """The repr of a client, its transport and all that hangs on it never shows the token."""
    client = kind("https://a.example", TOKEN, session=requests.Session())
    assert repr(client) == f"<{kind.__name__} v1 at https://a.example>"
    assert repr(client.api.transport) == "<Transport to https://a.example/api/>"
    items = [client, vars(client), client.api, vars(client.api), vars(client.api.transport), client._settings]
    items += [vars(client.session), client.session.headers]
    for item in items:
        assert TOKEN not in repr(item)
        assert TOKEN not in str(item)


def test_settings_show_all_but_the_token():
    """The repr of the settings is useful and safe."""
    settings = read_settings("https://a.example", TOKEN, "acme", environ={})
    assert settings == Settings("https://a.example", settings.token, "acme")
    assert repr(settings) == "Settings(hosturl='https://a.example', token=<token>, org='acme')"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("http://localhost:80", True),
        ("http://127.0.0.1", True),
        ("https://[::1]", True),
        ("https://127.0.0.1.example", False),
        ("https://a.example", False),
    ],
)
def test_this_machine_is_known(host, loopback):
    """`loopback` says whether the host is this machine."""
    assert read_settings(host, "t0ken", environ={}).loopback is loopback


def test_a_token_may_be_handed_over_wrapped():
    """`token` takes a `Token` as well as text."""
    assert ArdoqClient("https://a.example", Token(TOKEN)).token == TOKEN
