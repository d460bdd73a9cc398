"""Several people and tokens: whose token it is decides who has created and changed something."""

import json
import threading

import pytest
from checker import complaints_about
from emulator_caller import Caller

from ardoqpy.emulator import Emulator, parse_user
from ardoqpy.emulator.assumptions import DEFAULT_USER_EMAIL, DEFAULT_USER_ID, DEFAULT_USER_NAME
from ardoqpy.emulator.seed import SeedError

ANNA_ID, JOB_ID = "5f00aa00bb00cc00dd0000a1", "5f00aa00bb00cc00dd0000a2"
ANNA = {"_id": ANNA_ID, "name": "Anna Berg", "email": "anna@acme.example", "token": "t-anna"}
BOB = {"name": "Bob Dahl", "token": "t-bob"}
JOB = {**ANNA, "_id": JOB_ID, "name": "Nightly job", "email": "job@acme.example", "token": "t-job"}
JOB["serviceAccount"] = True
DEFAULT = {"_id": DEFAULT_USER_ID, "name": DEFAULT_USER_NAME, "email": DEFAULT_USER_EMAIL}


class As(Caller):
    """Call an emulator with another token than its own."""

    def __init__(self, emulator, token):
        super().__init__(emulator)
        self.token = token

    def call(self, method, path, body=None, headers=None):
        """Send a request with the token and return the answer."""
        return super().call(method, path, body, {"Authorization": f"Bearer {self.token}", **(headers or {})})


class People:
    """Hold an emulator and a caller for each of two people, for a job, and for the emulator's own token."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.anna, self.bob = As(emulator, "t-anna"), As(emulator, "t-bob")
        self.job, self.owner = As(emulator, "t-job"), Caller(emulator)


@pytest.fixture
def people():
    """Run an emulator with three users; each answer of v2 has to match the contract."""
    exchanges = []
    with Emulator(users=[ANNA, BOB, JOB], recorder=exchanges.append) as emulator:
        people = People(emulator)
        yield people
        for caller in (people.anna, people.bob, people.job, people.owner):
            caller.close()
        assert emulator.crashes == []
    assert complaints_about(exchanges) == []


def by_v1(entity):
    """Return who has created and who has last changed an entity of v1: id, name and e-mail address."""
    created = (entity["created-by"], entity["createdByName"], entity["createdByEmail"])
    modified = (entity["last-modified-by"], entity["lastModifiedByName"], entity["lastModifiedByEmail"])
    return created, modified


def by_v2(entity):
    """Return who has created and who has last changed an entity of v2: id, name and e-mail address."""
    meta = entity["_meta"]
    return tuple(
        tuple(meta[f"{action}{suffix}"] for suffix in ("", "Name", "Email"))
        for action in ("createdBy", "lastModifiedBy")
    )


def who(user):
    """Return the id, name and e-mail address of a user."""
    return user["_id"], user["name"], user["email"]


def users_of(emulator):
    """Return the stored users by their name."""
    return {user["name"]: user for user in emulator.dump()["users"]}


def test_v1_shows_creator_and_last_editor(people):
    """On v1, a component that Anna creates, and the job changes, names both, in v2's answers too."""
    workspace = people.owner.workspace()
    created = people.anna.component(workspace)
    assert by_v1(created) == (who(ANNA), who(ANNA))
    path = f"/api/component/{created['_id']}"
    changed = people.job.ok("PUT", path, {**created, "description": "by the job"})
    assert by_v1(changed) == by_v1(people.bob.ok("GET", path)) == (who(ANNA), who(JOB))
    assert by_v2(people.bob.ok("GET", f"/api/v2/components/{created['_id']}")) == (who(ANNA), who(JOB))
    bob = users_of(people.emulator)["Bob Dahl"]
    assert by_v1(people.bob.ok("PATCH", path, {"description": "by Bob"})) == (who(ANNA), who(bob))


def test_v2_shows_creator_and_last_editor(people):
    """On v2, single writes and batches are by the user of their token, in v1's answers too."""
    workspace = people.owner.workspace()["_id"]
    body = {"name": "Web", "rootWorkspace": workspace, "typeId": "p1"}
    types = people.anna.ok("GET", f"/api/v2/workspaces/{workspace}/context")["componentTypes"]
    body["typeId"] = types[0]["typeId"]
    created = people.anna.ok("POST", "/api/v2/components", body, 201)
    assert by_v2(created) == (who(ANNA), who(ANNA))
    path = f"/api/v2/components/{created['_id']}"
    patched = people.job.ok("PATCH", f"{path}?ifVersionMatch=1", {"description": "by the job"})
    assert by_v2(patched) == (who(ANNA), who(JOB))
    bob = who(users_of(people.emulator)["Bob Dahl"])
    update = {"id": created["_id"], "ifVersionMatch": "latest", "body": {"description": "by Bob"}}
    batch = {
        "components": {"create": [{"batchId": "b", "body": {**body, "name": "Till"}}], "update": [update]}
    }
    answer = people.bob.ok("POST", "/api/v2/batch", batch)
    till = answer["components"]["created"][0]["id"]
    assert by_v2(people.anna.ok("GET", path)) == (who(ANNA), bob)
    assert by_v2(people.anna.ok("GET", f"/api/v2/components/{till}")) == (bob, bob)
    assert by_v1(people.anna.ok("GET", f"/api/component/{till}")) == (bob, bob)


def test_every_kind_of_entity_has_a_creator_and_an_editor(people):
    """Models, fields, workspaces, folders, components, references, tags, files and branches: each of v1."""
    anna, job = people.anna, people.job
    types = {"root": {"p1": {"name": "Application"}}, "referenceTypes": {"2": {"name": "uses"}}}
    model = anna.ok("POST", "/api/model", {"name": "Model", **types}, 201)
    field = anna.ok("POST", "/api/field", {"label": "Cost", "type": "Number", "model": model["_id"]}, 201)
    workspace = anna.workspace(componentModel=model["_id"])
    folder = anna.ok("POST", "/api/workspacefolder", {"name": "F"}, 201)
    component = anna.component(workspace)
    reference = anna.reference(component, component)
    tag = anna.ok("POST", "/api/tag", {"name": "t", "rootWorkspace": workspace["_id"]}, 201)
    branch = f"/api/workspace/{workspace['_id']}/branch"
    anna.ok("POST", f"{branch}/create", {"branch-name": "x"}, 201)
    assert [record["created-by"] for record in job.ok("GET", branch)] == [ANNA_ID]
    entities = {"model": model, "field": field, "workspace": workspace, "workspacefolder": folder}
    entities |= {"component": component, "reference": reference, "tag": tag}
    for kind, entity in entities.items():
        assert by_v1(entity) == (who(ANNA), who(ANNA)), kind
        stored = job.ok("GET", f"/api/{kind}/{entity['_id']}")
        changed = job.ok("PUT", f"/api/{kind}/{entity['_id']}", {**stored, "description": "by the job"})
        assert by_v1(changed) == (who(ANNA), who(JOB)), kind


def test_what_changes_along_is_by_the_same_user(people):
    """A tag that loses a component, because the job deletes it, was last changed by the job."""
    component = people.anna.component(people.anna.workspace())
    tag = {"name": "t", "rootWorkspace": component["rootWorkspace"], "components": [component["_id"]]}
    tag = people.anna.ok("POST", "/api/tag", tag, 201)
    people.job.ok("DELETE", f"/api/component/{component['_id']}", status=204)
    changed = people.anna.ok("GET", f"/api/tag/{tag['_id']}")
    assert (changed["components"], by_v1(changed)) == ([], (who(ANNA), who(JOB)))


def test_v1_batch_is_by_the_user_of_its_token(people):
    """What a batch of v1 creates is by the user of its token."""
    item = {"batchId": "b", "name": "Web", "rootWorkspace": people.anna.workspace()["_id"]}
    people.job.ok("POST", "/api/batch", {"op": "create", "data": {"components": [item], "references": []}})
    (component,) = people.anna.ok("GET", "/api/component")
    assert by_v1(component) == (who(JOB), who(JOB))


def test_current_user_is_that_of_the_token(people):
    """Both versions return the user of the token, and never the token."""
    for caller, user in ((people.anna, ANNA), (people.job, JOB)):
        shown = {key: value for key, value in user.items() if key != "token"}
        assert caller.ok("GET", "/api/user/current_user") == {"serviceAccount": False, **shown}
        assert caller.ok("GET", "/api/v2/me")["user"] == {"email": user["email"]}
    assert people.owner.ok("GET", "/api/user/current_user") == DEFAULT
    assert people.owner.ok("GET", "/api/v2/me")["user"] == {"email": DEFAULT_USER_EMAIL}


@pytest.mark.parametrize("header", ["Token token={}", 'Token token="{}"', "Bearer {}"])
def test_each_form_of_the_header_is_accepted(people, header):
    """The token of a user is accepted in each form that the token of the emulator has."""
    sent = {"Authorization": header.format("t-anna")}
    for path in ("/api/user/current_user", "/api/v2/me"):
        answer = people.owner.call("GET", path, headers=sent)
        assert answer.status == 200
        assert "anna@acme.example" in answer.content.decode()


@pytest.mark.parametrize("token", ["t-ann", "T-ANNA", "t-anna ", "Anna Berg", ANNA_ID, "None", ""])
def test_unknown_token_is_rejected(people, token):
    """A token that is not exactly that of a user is 401 on both versions, and writes nothing."""
    stranger = As(people.emulator, f"{token}x" if token.endswith(" ") else token)
    for path in ("/api/workspace", "/api/v2/workspaces", "/_emulator/dump"):
        assert "token" in stranger.rejected(401, "GET", path)
    stranger.rejected(401, "POST", "/api/workspace", {"name": "X"})
    assert people.owner.ok("GET", "/api/workspace") == []
    stranger.close()


def test_without_users_the_token_belongs_to_the_first_user():
    """With a token alone, the only user has an id, a name and an e-mail address, and everything is theirs."""
    with Emulator(token="t") as emulator:
        caller = Caller(emulator)
        assert emulator.dump()["users"] == [DEFAULT]
        assert caller.ok("GET", "/api/user/current_user") == DEFAULT
        assert by_v1(caller.workspace()) == (who(DEFAULT), who(DEFAULT))
        caller.close()
    seed = {"format": 1, "users": [{"name": "A", "role": "admin"}, {"_id": "b", "name": "B"}]}
    with Emulator(seed=seed) as emulator:
        caller = Caller(emulator)
        assert caller.ok("GET", "/api/user/current_user") == {**DEFAULT, "name": "A", "role": "admin"}
        assert emulator.dump()["users"][1:] == [{**DEFAULT, "_id": "b", "name": "B"}]
        caller.close()


def test_users_without_an_id_do_not_replace_each_other():
    """Users of a seed without ids get different ones, and none that the seed uses."""
    seed = {"format": 1, "users": [{"name": "A"}, {"name": "B"}, {**DEFAULT, "name": "C"}]}
    users = Emulator(seed=seed).dump()["users"]
    assert [user["name"] for user in users] == ["A", "B", "C"]
    assert len({user["_id"] for user in users}) == 3
    assert users[2]["_id"] == DEFAULT_USER_ID


def test_failed_request_leaves_no_user_behind(people):
    """After requests of Anna that fail or crash, the next write is by the user of its own token."""
    people.anna.rejected(422, "POST", "/api/workspace", {})
    people.anna.rejected(404, "GET", "/api/component/nothing")
    assert by_v1(people.owner.workspace()) == (who(DEFAULT), who(DEFAULT))
    people.emulator.load(people.emulator.dump())
    assert by_v1(people.job.workspace("B"))[0] == who(JOB)


def test_users_write_at_the_same_time(people):
    """Eight threads of four users write at once, and each component is by the user of its token."""
    workspace = people.owner.workspace()
    tokens = {"t-anna": "Anna Berg", "t-bob": "Bob Dahl", "t-job": "Nightly job"}
    tokens[people.emulator.token] = DEFAULT_USER_NAME

    def create(token):
        caller = As(people.emulator, token)
        for _ in range(10):
            caller.component(workspace, tokens[token])
        caller.close()

    threads = [threading.Thread(target=create, args=(token,)) for token in [*tokens, *tokens]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    components = people.owner.ok("GET", "/api/component")
    assert len(components) == 80
    assert all(item["name"] == item["createdByName"] == item["lastModifiedByName"] for item in components)


def test_users_of_a_seed_have_tokens():
    """A seed gives users tokens; the emulator's token belongs to the first user without one."""
    carl = {"_id": "carl", "name": "Carl", "email": "carl@acme.example"}
    seed = {"format": 1, "users": [ANNA, carl, JOB, BOB]}
    with Emulator(seed=seed) as emulator:
        stored = users_of(emulator)
        assert list(stored) == ["Anna Berg", "Carl", "Nightly job", "Bob Dahl"]
        assert stored["Anna Berg"] == {**ANNA, "serviceAccount": False}
        assert stored["Nightly job"] == JOB
        assert stored["Bob Dahl"]["email"] == "bob.dahl@emulator.example"
        assert len(stored["Bob Dahl"]["_id"]) == 24
        callers = [Caller(emulator), As(emulator, "t-job"), As(emulator, "t-bob")]
        shown = [caller.ok("GET", "/api/user/current_user")["name"] for caller in callers]
        assert shown == ["Carl", "Nightly job", "Bob Dahl"]
        dump = emulator.dump()
        assert Emulator(seed=json.loads(json.dumps(dump))).dump() == dump
        for caller in callers:
            caller.close()


def test_user_may_have_the_token_of_the_emulator():
    """The emulator's token belongs to the user who has it, else to a user that is added."""
    for token, name in (("emulator-token", "Job"), ("t-job", DEFAULT_USER_NAME)):
        with Emulator(seed={"format": 1, "users": [{"name": "Job", "token": token}]}) as emulator:
            caller = Caller(emulator)
            assert caller.ok("GET", "/api/user/current_user")["name"] == name
            caller.close()


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"name": "B", "token": "t-anna"}, "its token is that of Anna Berg"),
        ({"name": "B", "token": "b", "email": "anna@acme.example"}, "its e-mail address is that of Anna"),
        ({"token": "b"}, "needs 'name' as text"),
        ({"name": " ", "token": "b"}, "needs 'name' as text"),
        ({"name": "B", "token": ""}, "needs 'token' as text"),
        ({"name": "B", "token": 5}, "needs 'token' as text"),
        ({"name": "B", "token": "b", "email": 5}, "needs 'email' as text"),
        ({"name": "B", "token": "s3 cret"}, "without blanks"),
        ({"name": "B", "token": "s3crét"}, "without blanks"),
        ({"name": "B", "token": "b", "serviceAccount": "yes"}, "true or false"),
    ],
)
def test_invalid_users_are_rejected(user, expected):
    """An invalid user of a seed or of the start is a ValueError that names the user, but not the token."""
    emulator, user = Emulator(users=[ANNA]), {"_id": "new", **user}
    before = emulator.dump()
    for start in ({"seed": {"format": 1, "users": [ANNA, user]}}, {"users": [BOB, user], "seed": before}):
        with pytest.raises(SeedError, match=expected) as rejected:
            Emulator(**start)
        assert "t-anna" not in str(rejected.value)
        assert "s3" not in str(rejected.value)
        assert ("users[1]" if "users" not in start else "User 2") in str(rejected.value)
    with pytest.raises(SeedError, match=expected):
        emulator.add_users(BOB, user)
    assert emulator.dump() == before


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([{"name": "A"}], "needs 'token'"),
        ([{"name": "A", "token": "a", "role": "admin"}], "there is no 'role'"),
        ([{"name": "A", "token": "a"}, {"name": "B", "token": "a"}], "of user 1"),
        ([{"name": "A", "token": "a"}, {"name": "a", "token": "b"}], "of user 1"),
        ([{**ANNA, "_id": "ws"}], "the id ws is not that of a user"),
        (["Anna"], "has to be an object"),
    ],
)
def test_users_of_the_start_are_checked(users, expected):
    """Users of the start need a token, known keys, and an id, token and e-mail address of their own."""
    with pytest.raises(ValueError, match=expected):
        Emulator(users=users, seed={"format": 1, "workspaces": [{"_id": "ws", "name": "Apps"}]})


def test_users_of_the_start_are_kept(people):
    """A load or a reset keeps the users of the start, with their ids, and drops those added later."""
    ids = {name: user["_id"] for name, user in users_of(people.emulator).items()}
    people.emulator.add_users({"name": "Later", "token": "t-later"})
    later = As(people.emulator, "t-later")
    assert by_v1(later.workspace())[0][1:] == ("Later", "later@emulator.example")
    people.emulator.reset()
    assert {name: user["_id"] for name, user in users_of(people.emulator).items()} == ids
    later.rejected(401, "GET", "/api/workspace")
    people.owner.ok("POST", "/_emulator/seed", {"format": 1, "workspaces": [{"name": "W"}]}, 204)
    assert list(users_of(people.emulator)) == list(ids)
    assert [item["name"] for item in people.anna.ok("GET", "/api/workspace")] == ["W"]
    later.close()


def test_dump_is_loaded_without_doubling_users(people):
    """Loading a dump into an emulator with the same users gives the same dump."""
    people.anna.workspace()
    dump = people.emulator.dump()
    people.emulator.load(dump)
    assert people.emulator.dump() == dump


def test_users_are_copied():
    """Changing a given user afterwards has no effect."""
    user = dict(BOB)
    emulator = Emulator(users=[user])
    user["name"] = "Changed"
    emulator.reset()
    assert "Bob Dahl" in users_of(emulator)
    assert user == {**BOB, "name": "Changed"}


def test_database_keeps_users(tmp_path):
    """With a database, users, tokens, and who wrote what are still there at the next start without users."""
    path = tmp_path / "ardoq.db"
    with Emulator(db=path, users=[ANNA, JOB]) as emulator:
        caller = As(emulator, "t-job")
        workspace = caller.workspace()
        caller.close()
        dump = emulator.dump()
    with Emulator(db=path) as emulator:
        assert emulator.dump() == dump
        caller = As(emulator, "t-anna")
        component = caller.component(workspace)
        assert by_v1(caller.ok("GET", f"/api/workspace/{workspace['_id']}")) == (who(JOB), who(JOB))
        caller.close()
    with Emulator(db=path, users=[JOB]) as emulator:
        caller = As(emulator, "t-job")
        assert by_v1(caller.ok("GET", f"/api/component/{component['_id']}")) == (who(ANNA), who(ANNA))
        caller.close()


@pytest.mark.parametrize(
    ("again", "changed"),
    [
        ({"_id": ANNA_ID, "name": "Anna Dahl", "token": "new"}, {"name": "Anna Dahl", "token": "new"}),
        ({"name": "Anna Dahl", "token": "t-anna"}, {"name": "Anna Dahl"}),
        ({"name": "Anna Berg", "email": "anna@acme.example", "token": "new"}, {"token": "new"}),
    ],
)
def test_user_of_a_database_is_changed(tmp_path, again, changed):
    """A later start changes the user with the same id, token or e-mail address, in the database too."""
    path = tmp_path / "ardoq.db"
    with Emulator(db=path, users=[ANNA]) as emulator:
        before = users_of(emulator)["Anna Berg"]
    with Emulator(db=path, users=[again]) as emulator:
        users = emulator.dump()["users"]
    assert users == [DEFAULT, {**before, **changed}]
    with Emulator(db=path) as emulator:
        assert emulator.dump()["users"] == users


def test_user_without_a_token_gets_one():
    """A user of a seed gets a token by the same e-mail address; the emulator's token is another user's."""
    carl = {"_id": "carl", "name": "Carl", "email": "carl@acme.example"}
    emulator = Emulator(seed={"format": 1, "users": [carl]}, users=[{**carl, "token": "t-carl"}])
    assert emulator.dump()["users"] == [{**carl, "token": "t-carl", "serviceAccount": False}, DEFAULT]


def test_user_is_parsed():
    """A user on the command line has the keys of a user in a seed."""
    text = "name=Anna Berg, token=a=b==,email=a@b,_id=x,serviceAccount=True"
    expected = {"name": "Anna Berg", "token": "a=b==", "email": "a@b", "_id": "x", "serviceAccount": True}
    assert parse_user(text) == expected
    assert parse_user("name=Anna,token=t,serviceAccount=false")["serviceAccount"] is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna=s3cret,s3cret", "part 2 is not of that form"),
        ("", "part 1 is not of that form"),
        ("token=s3cret,token=s3cret", "'token' is given twice in the user"),
        ("name=A,token=s3cret,serviceAccount=s3cret", "has to be true or false"),
    ],
)
def test_invalid_text_of_a_user_is_rejected(text, expected):
    """A mistake is a ValueError with a sentence that does not contain the token."""
    with pytest.raises(ValueError, match=expected) as rejected:
        parse_user(text)
    assert "s3cret" not in str(rejected.value)


def test_rate_limit_is_for_each_token():
    """The requests of one user do not use up the limit of another."""
    with Emulator(users=[ANNA, BOB], rate_limit=1) as emulator:
        anna, bob = As(emulator, "t-anna"), As(emulator, "t-bob")
        assert [anna.call("GET", "/api/tag").status for _ in range(2)] == [200, 429]
        assert bob.call("GET", "/api/tag").status == 200
        anna.close()
        bob.close()
