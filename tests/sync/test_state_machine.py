"""Any sequence of calls, with others who write and answers that get lost in between.

After each step three things are compared: what Ardoq holds, what the client's cache shows, and what its
report says. What each row has to come to is foretold out of the cache and of Ardoq as they were before
(`row_oracle`); what a report lists has to be exactly what happened (`state_model`); and as long as nobody
interferes, a simulated client that is given the same calls has to report the same.

In the environment, `STATE_MACHINE_EXAMPLES` says how many sequences are tried for each way of writing, and
`STATE_MACHINE_SEED`, a number, has others tried than the usual ones. With `STATE_MACHINE_SHRINK` a sequence
that shows a mistake is made short, which takes minutes.
"""

import os
from collections import Counter
from functools import partial

from example_counts import examples
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from row_oracle import RowOracle
from state_model import VALUES, StateModel, fact, orphans, stored_attributes, stored_value
from sync_scenarios import (
    COMPONENT_TYPES,
    TOKEN,
    api_mode,
    comparable,
    open_client,
    open_sync_client,
    stored_component,
    stored_reference,
)
from sync_scenarios import seed as seed_of

from ardoqpy import ArdoqClientException, DeleteBlocked

SETTINGS = settings(
    max_examples=int(os.environ.get("STATE_MACHINE_EXAMPLES", examples(25))),
    stateful_step_count=30,
    derandomize="STATE_MACHINE_SEED" not in os.environ,
    phases=[Phase.generate, *([Phase.shrink] if "STATE_MACHINE_SHRINK" in os.environ else [])],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
#: How many writes one batch holds: few, so that several are sent.
BATCH = 5
WORKSPACES = ("ws1", "ws2")
TYPE_NAMES = {"app": "Application", "svc": "Service", "srv": "Server", "dbs": "Database"}
NAMES = ("Web", "WEB", "web", "straße", "STRASSE", "Twin", "Ny ærø", "NY ÆRØ", "New", " ")
#: What only others write: no row may ever touch it.
THEIRS = "areas"
LAYOUTS = [
    (field, equivalent)
    for field, known in VALUES.items()
    if field != THEIRS
    for equivalents in (*known, (None,))
    for equivalent in equivalents
]

numbers = st.integers(0, 11)
sometimes = st.booleans()
seldom = st.integers(0, 4).map(lambda number: number == 4)
values = st.lists(st.sampled_from(LAYOUTS), max_size=3).map(dict)
descriptions = st.sampled_from(({}, {}, {"description": "Said by the source"}, {"description": None}))
texts = st.sampled_from(({}, {"displayText": "one"}, {"displayText": "two"}))
parents = st.one_of(st.none(), st.none(), st.just("null"), numbers)
#: Faults of the next requests that retries overcome.
weathers = st.one_of(
    st.none(),
    st.none(),
    st.tuples(
        st.sampled_from(("503", "500", "drop-before", "drop-after", "drop-after", "cut-off", "html", "429")),
        st.sampled_from((None, "GET", "writes", "writes")),
        st.integers(1, 3),
    ),
)
#: Faults that last as long as a call, so that the client gives up.
outages = st.one_of(
    *[st.none()] * 9,
    st.tuples(
        st.sampled_from(("503", "drop-before", "drop-after", "cut-off", "html")),
        st.sampled_from((None, "POST", "PUT", "PATCH", "DELETE")),
        st.just(500),
    ),
)


def small_world():
    """Return what is there in the beginning: a tree, a pair that a row cannot tell apart, and references."""
    return seed_of(
        [
            stored_component("web", "Web", cost=5, note="plain", areas=["North"]),
            stored_component("shop", "Shop", parent="web", code="S-1"),
            stored_component("till", "Till", parent="shop", type_id="svc", live=True),
            stored_component("twin1", "Twin", cost=0),
            stored_component("twin2", "TWIN", code="K-2"),
            stored_component("host", "Host", "ws2", since="2023-12-31T00:00:00.000Z"),
            stored_component("disk", "Disk", "ws2", type_id="dbs", parent="host"),
        ],
        [
            stored_reference("web-shop", "web", "shop", displayText="one"),
            stored_reference("shop-host", "shop", "host"),
            stored_reference("host-till", "host", "till", 3),
        ],
    )


class Calls(RuleBasedStateMachine):
    """Call a sync client in any order, and write behind its back."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        server.clear_faults()
        server.load(small_world())
        server.clear_requests()
        self.model = StateModel(server)
        self.stack = []
        self.other = self._opened(open_client(server))
        #: What calls can name: pairs of dicts that the client and its twin have handed out.
        self.handles = {"component": [], "reference": []}
        for entity_id, state in self.model.states.items():
            self.handles[state.kind].append(({"_id": entity_id}, {"_id": entity_id}))
        self.calls = 0

    def _opened(self, context):
        self.stack.append(context)
        return context.__enter__()

    def teardown(self):
        """Finish what waits, look once more, and close everything."""
        try:
            self.server.clear_faults()
            self._settle()
        finally:
            for context in reversed(self.stack):
                context.__exit__(ValueError, None, None)

    # -- clients and runs ---------------------------------------------------------------------------------

    @initialize(eager=st.booleans(), collect=st.booleans())
    def first_client(self, eager, collect):
        """Begin with a client."""
        self._begin(eager, collect)

    @rule(eager=st.booleans(), collect=st.booleans(), now=seldom)
    def new_client(self, eager, collect, now):
        """Go on, now and then, with a client that knows nothing yet."""
        if now:
            self._settle()
            self._begin(eager, collect)

    def _begin(self, eager, collect):
        # Of a batch a problem may come up in any later call.
        on_error = "collect" if collect or api_mode.batch else "raise"
        batch = BATCH if api_mode.batch else False
        self.client = self._opened(open_sync_client(self.server, on_error=on_error, batch=batch))
        self.twin = None
        self.model.foreign.clear()
        #: The keys of rows that failed of which nobody can tell whether they were carried out.
        self.doubts = set()
        for kind, pairs in self.handles.items():
            self.handles[kind] = [(live, dict(live)) for live, _ in pairs if live["_id"] is not None]
        if eager:
            self.client.load_workspaces(WORKSPACES)
            self.twin = self._opened(
                open_sync_client(self.server, on_error="collect", batch=batch, simulate=True)
            )
            self.twin.load_workspaces(WORKSPACES)
        self._new_report()

    def _new_report(self):
        self.settled = 0
        #: The ids, and the types, of what rows have named.
        self.named, self.types = set(), set()
        self.fates = {}
        self.meanings = {}
        self.hit_ids = {"component": [], "reference": []}
        #: Whether the fate of every row of this report was foretold.
        self.foretold = True
        self._new_window()

    def _new_window(self):
        #: The ids that the cache had since it was last compared, and whether something was given up since.
        self.known = set(self._cache())
        self.outage = False

    @rule()
    def init_report(self):
        """Begin a new run over the same cache."""
        self._settle()
        for client in (self.client, self.twin):
            if client is not None:
                client.init_report()
        self._new_report()

    @rule()
    def flush(self):
        """Have what waits sent."""
        self._settle()

    def _settle(self):
        self.client.flush()
        self.results_match_predictions_and_reports()

    # -- what is compared ---------------------------------------------------------------------------------

    def _cache(self):
        """Return what the client's cache shows by id; `client.ws` would send what waits."""
        seen = {}
        for workspace in self.client._engine.cache.workspaces.values():
            seen |= {comp["_id"]: fact("component", comp) for comp in workspace.components}
            seen |= {ref["_id"]: fact("reference", ref) for ref in workspace.references}
        return seen

    def _seen(self):
        """Return what the client knows: a workspace that is not loaded yet it will read as it is then."""
        loaded = self.client._engine.cache.workspaces
        states = self.model.states
        return self._cache() | {
            entity_id: state for entity_id, state in states.items() if state.workspace not in loaded
        }

    def _holds(self):
        """Return what Ardoq holds, or will hold once what waits is sent."""
        if not self._waiting():
            return self.model.states
        seen = self._seen()
        for entity_id in orphans(seen):
            del seen[entity_id]
        return seen

    def _waiting(self):
        writes = self.client._engine.writes
        return bool(writes.waiting)

    @invariant()
    def results_match_predictions_and_reports(self):
        """Compare Ardoq, cache and report, unless something waits to be sent."""
        if not hasattr(self, "client") or self._waiting():
            return
        report = self.client.get_report()
        changes = report["changes"][self.settled :]
        written = [change for change in changes if change["action"] != "failed"]
        failed = [change for change in changes if change["action"] == "failed"]
        if self.outage:
            self.model.check_unconfirmed(written, self.known, self._excused(failed))
        else:
            self.model.check(written, self.known, at_once=not api_mode.batch)
            self._compare_with_fates(changes)
        loaded = self.client._engine.cache.workspaces
        cache = self._cache()
        self.model.holds(cache, loaded)
        seen = self._seen()
        self.model.foreign = {
            entity_id
            for entity_id in self.model.foreign
            if seen.get(entity_id) != self.model.states.get(entity_id)
        }
        self._compare_counts(report)
        if self.twin is not None:
            assert comparable(self.twin.get_report()) == comparable(report)
        self.settled = len(report["changes"])
        self._new_window()

    def _excused(self, failed):
        """Return keys and ids of what failed rows mean; whether they were carried out nobody can tell."""
        real, excused = self.client.real_id, set()
        for change in failed:
            if change.get("label") is None:
                excused.add(real(change["_id"]))
                continue
            meaning = self.meanings[change["label"]]
            excused |= {tuple(real(part) if part else part for part in key) for key in meaning["keys"]}
            excused |= {real(entity_id) for entity_id in meaning["ids"] if entity_id}
        self.doubts |= {item for item in excused if isinstance(item, tuple)}
        return excused

    def _compare_with_fates(self, changes):
        """Compare the report of each row with its prediction."""
        reported = {label: [] for label in self.fates}
        for change in changes:
            if change.get("label") in reported:
                reported[change["label"]].append(change)
        for label, expectation in self.fates.items():
            state = [(change["action"], change["_id"]) for change in reported[label]]
            if expectation.outcome == "kept":
                assert state == [], f"{label} changes nothing"
                continue
            assert [action for action, _ in state] == [expectation.outcome], label
            if expectation.outcome == "failed":
                continue
            new = {name: pair["new"] for name, pair in reported[label][0]["attributes"].items()}
            if expectation.outcome == "update":
                assert state[0][1] == self.client.real_id(expectation.id), label
                assert {name: stored_value(name, value) for name, value in new.items()} == self._real(
                    expectation
                ), label
            else:
                assert stored_attributes(new) == stored_attributes(self._real(expectation)), label
        self.fates.clear()

    def _real(self, expectation):
        ends = ("parent", "source", "target")
        return {
            name: self.client.real_id(value) if name in ends and value else value
            for name, value in expectation.attributes.items()
        }

    def _compare_counts(self, report):
        tally = Counter((change["action"], change["kind"]) for change in report["changes"])
        names = {"create": "new", "update": "updated", "delete": "del", "failed": "failed"}
        for kind, short in (("component", "comps"), ("reference", "refs")):
            for action, name in names.items():
                assert report[f"{name}_{short}"] == tally[action, kind]
                state = [
                    change["_id"]
                    for change in report["changes"]
                    if (change["action"], change["kind"]) == (action, kind)
                ]
                assert [entity["_id"] for entity in report[f"{name}_{short}_l"]] == state
            if self.foretold:
                assert report[f"cache_hit_{short}"] == len(self.hit_ids[kind])
        assert (report["status"] == "success") is (not any(tally["failed", kind] for kind in self.handles))
        if self.foretold:
            hits = [self.client.real_id(component) for component in self.hit_ids["component"]]
            assert [component["_id"] for component in report["cache_hit_comps_l"]] == hits
            self._compare_misses(report)

    def _compare_misses(self, report):
        """Compare the cache misses with the loaded entities whose type, but not themselves, rows named."""
        cache = self._cache()
        named = {self.client.real_id(item) for item in self.named}
        missing = {
            entity_id
            for entity_id, state in cache.items()
            if _type_of(state) in self.types and entity_id not in named
        }
        listed = [miss["_id"] for miss in report["cache_miss_comps"] + report["cache_miss_refs"]]
        assert len(listed) == len(set(listed))
        # A type is reported once a row has used it; its entities may be deleted by now.
        assert set(listed) <= missing
        there = {_type_of(state) for entity_id, state in cache.items() if entity_id in named}
        assert {miss for miss in missing if _type_of(cache[miss]) in there} <= set(listed)

    # -- rows ---------------------------------------------------------------------------------------------

    def _fail(self, kind, method, times):
        if method == "writes":
            for each in ("POST", "PUT", "PATCH", "DELETE"):
                self._fail(kind, each, times)
            return
        keys = {} if method is None else {"method": method}
        if kind == "429":
            keys["retry_after"] = 0
            times = 1  # after a 429 a client paces itself, which takes its time
        if kind.isdigit():
            self.server.fail(status=int(kind), times=times, **keys)
        else:
            self.server.fail(kind, times=times, **keys)

    def _call(self, act, weather=None, outage=None):
        """Make a call of the twin (1) and of the client (0), in that weather; return both answers."""
        self.known |= self._cache().keys()
        if outage is not None:
            self.outage, self.foretold, self.twin = True, False, None
            self.fates.clear()
        mirrored = None if self.twin is None else self._calm(partial(act, self.twin, 1))
        for fault in (weather, outage):
            if fault is not None:
                self._fail(*fault)
        answer = self._calm(partial(act, self.client, 0))
        self.server.clear_faults()
        return answer, mirrored

    def _calm(self, act):
        try:
            return act()
        except DeleteBlocked:
            return None
        except ArdoqClientException:
            assert self.client.on_error == "raise"
            return None

    def _row(self, kind, act, predict, keys, weather, outage):
        """Give a row to the client, and compare its answer with the prediction."""
        self.calls += 1
        label = f"row {self.calls}"
        self.named = {self.client.real_id(item) for item in self.named}
        expectation = predict(RowOracle(self._seen(), self._holds(), self.named))
        disturbed = api_mode.batch and (self.model.foreign or self.outage)
        in_doubt = expectation.outcome == "create" and not self.doubts.isdisjoint(keys)
        self.meanings[label] = {"keys": keys, "ids": {expectation.id}}
        answer, mirrored = self._call(partial(act, label), weather, outage)
        its_id = None if answer is None else answer["_id"]
        self.meanings[label]["ids"].add(its_id)
        self.named |= {*expectation.named, *([its_id] if its_id else [])}
        self.types |= {
            _type_of(state) for entity_id, state in self._cache().items() if entity_id in self.named
        }
        if outage is not None or disturbed or in_doubt or self.outage:
            self.foretold = False
        else:
            self.fates[label] = expectation
            assert (its_id is None) is (expectation.outcome == "failed")
            assert expectation.id is None or its_id == self.client.real_id(expectation.id)
            if expectation.outcome == "kept":
                self.hit_ids[kind].append(its_id)
        if its_id is not None and expectation.outcome == "create":
            self.handles[kind].append((answer, mirrored or {"_id": None}))

    def _pair(self, kind, number):
        """Return what stands for something, for the client and for its twin; it may be gone by now."""
        pairs = self.handles[kind]
        return tuple(entity["_id"] or "nothing" for entity in pairs[number % len(pairs)])

    def _parents(self, number):
        if number is None:
            return {}, {}
        if number == "null":
            return {"parent": None}, {"parent": None}
        return tuple({"parent": component} for component in self._pair("component", number))

    @rule(
        ws=st.sampled_from(WORKSPACES),
        kind=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        parent=parents,
        custom=values,
        more=descriptions,
        field=st.sampled_from((None, None, None, "code", "cost")),
        equivalent=st.tuples(st.booleans(), st.booleans()),
        weather=weathers,
        outage=outages,
    )
    def create_component(self, ws, kind, name, parent, custom, more, field, equivalent, weather, outage):
        """Give a row for a component."""
        type_id = COMPONENT_TYPES[ws][kind]
        by_type_name, below = equivalent
        above = self._parents(parent)
        field = field if field is not None and custom.get(field) is not None else None
        typed = {"type": TYPE_NAMES[type_id]} if by_type_name else {"typeId": type_id}
        row = {"name": name, "rootWorkspace": ws, **typed, **more}
        row |= {"customFields": custom} if below else custom

        def act(label, client, which):
            return client.create_component({**row, **above[which]}, field, label=label)

        def predict(oracle):
            wanted = {"name": name, **more, **custom, **above[0]}
            by = None if field is None else (field, stored_value(field, custom[field]))
            return oracle.component(ws, type_id, wanted, by)

        keys = {("component", ws, type_id, name.lower())}
        self._row("component", act, predict, keys, weather, outage)

    @rule(
        start=numbers, end=numbers, kind=st.sampled_from((1, 1, 2, 3)), text=texts, weather=weathers,
        outage=outages,
    )  # fmt: skip
    def create_reference(self, start, end, kind, text, weather, outage):
        """Give a row for a reference."""
        sources, targets = self._pair("component", start), self._pair("component", end)

        def row(which):
            return {"source": sources[which], "target": targets[which], "type": kind, **text}

        self._row(
            "reference",
            lambda label, client, which: client.create_reference(row(which), label=label),
            lambda oracle: oracle.reference(row(0)),
            {("reference", sources[0], targets[0], kind)},
            weather,
            outage,
        )

    @rule(
        number=numbers,
        name=st.sampled_from((None, None, *NAMES)),
        parent=parents,
        custom=values,
        more=descriptions,
        type_id=st.sampled_from((None, None, None, "app", "svc", "dbs")),
        version=st.sampled_from((None, None, 0, 1)),
        weather=weathers,
        outage=outages,
    )
    def update_component(self, number, name, parent, custom, more, type_id, version, weather, outage):
        """Change a component by its id, perhaps at a version: the one that is known, or the one after it."""
        pair, above = self._pair("component", number), self._parents(parent)
        state = self._seen().get(pair[0])
        if state is None or type_id not in COMPONENT_TYPES[state.workspace]:
            type_id = None
        wanted = {**custom, **more, **({"name": name} if name else {})}
        wanted |= {"typeId": type_id} if type_id else {}
        version = None if state is None or version is None else state.version + version
        pinned = {} if version is None else {"_version": version}
        name = name or (state.get("name") if state else "")
        keys = {("component", ws, state, name.lower()) for ws in WORKSPACES for state in TYPE_NAMES}
        self._row(
            "component",
            lambda label, client, which: client.update_component(
                pair[which], {**wanted, **above[which], **pinned}, label=label
            ),
            lambda oracle: oracle.by_id(pair[0], {**wanted, **above[0]}, version),
            keys,
            weather,
            outage,
        )

    @rule(
        number=numbers, text=texts, ends=st.tuples(*[st.one_of(st.none(), st.none(), numbers)] * 2),
        kind=st.sampled_from((None, None, 1, 2)), weather=weathers, outage=outages,
    )  # fmt: skip
    def update_reference(self, number, text, ends, kind, weather, outage):
        """Change a reference by its id, and perhaps where it begins and ends."""
        pair = self._pair("reference", number)
        moved = {
            end: self._pair("component", state)
            for end, state in zip(("source", "target"), ends, strict=True)
            if state is not None
        }

        def row(which):
            state = {end: entity_id[which] for end, entity_id in moved.items()}
            return {**text, **state, **({} if kind is None else {"type": kind})}

        self._row(
            "reference",
            lambda label, client, which: client.update_reference(pair[which], row(which), label=label),
            lambda oracle: oracle.by_id(pair[0], row(0), None),
            set(),
            weather,
            outage,
        )

    # -- deletes ------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(("component", "reference")), number=numbers, weather=weathers, outage=outages)
    def delete(self, kind, number, weather, outage):
        """Delete something by its id."""
        pair = self._pair(kind, number)
        method = "del_component" if kind == "component" else "del_reference"
        self._call(lambda client, which: getattr(client, method)(pair[which]), weather, outage)
        if not self._waiting() and outage is None:
            assert self.client.real_id(pair[0]) not in self.model.read()

    @rule(weather=weathers, along=st.booleans())
    def delete_cache_misses(self, weather, along):
        """Delete what no row has named, where the guard lets it be."""
        self._settle()
        self._call(lambda client, _: client.delete_cache_misses(share=1.0, take_along=along), weather)

    # -- reading ------------------------------------------------------------------------------------------

    @rule(ws=st.sampled_from(WORKSPACES), name=st.sampled_from(NAMES), exact=st.booleans())
    def find_by_name(self, ws, name, exact):
        """Find by name what the cache shows, in its order."""
        result = [component["_id"] for component in self.client.find_component(ws, name, exact=exact)]
        state = {component: state.get("name") for component, state in self._components(ws)}
        if exact:
            assert result == [entity_id for entity_id, named in state.items() if named == name][:1]
        else:
            assert result == [entity_id for entity_id, named in state.items() if name in named]

    @rule(ws=st.sampled_from(WORKSPACES), sought=st.sampled_from(LAYOUTS))
    def find_by_field(self, ws, sought):
        """Find by a field, however its value is spelled, what the cache shows."""
        field, equivalent = sought
        if equivalent is not None:
            result = self.client.find_component(ws, field_name=field, field_value=equivalent)
            state = [
                component
                for component, state in self._components(ws)
                if state.get(field) == stored_value(field, equivalent)
            ]
            assert {entity["_id"] for entity in result} == set(state)
            assert [fact("component", item) for item in result] == [
                self._cache()[entity["_id"]] for entity in result
            ]

    def _components(self, ws):
        cache = self._cache().items()
        return [(item, state) for item, state in cache if (state.kind, state.workspace) == ("component", ws)]

    @rule(number=numbers, weather=weathers)
    def get_component(self, number, weather):
        """Read a component by its id: it is what Ardoq holds, or will hold."""
        one = self._pair("component", number)[0]
        holds = self._holds() if not (self._waiting() and self.model.foreign) else None
        if weather is not None:
            self._fail(*weather)
        try:
            read = fact("component", self.client.get_component(comp_id=one))
        except ArdoqClientException:
            read = None
        self.server.clear_faults()
        if holds is not None:
            assert read == holds.get(self.client.real_id(one))

    @rule(ws=st.sampled_from(WORKSPACES), weather=weathers)
    def get_workspace(self, ws, weather):
        """Read a workspace afresh: from then on the cache shows what Ardoq holds."""
        self._settle()
        if weather is not None:
            self._fail(*weather)
        read = self.client.get_workspace(ws)
        self.server.clear_faults()
        facts = {component["_id"]: fact("component", component) for component in read["components"]}
        facts |= {reference["_id"]: fact("reference", reference) for reference in read["references"] or []}
        assert facts == {
            entity_id: state for entity_id, state in self.model.states.items() if state.workspace == ws
        }
        assert facts == {
            entity_id: state for entity_id, state in self._cache().items() if state.workspace == ws
        }

    # -- others -------------------------------------------------------------------------------------------

    def _others(self, act):
        if self._waiting() and self.model.read() != self.model.states:
            self._settle()  # a part of what waited was sent: who wrote what could not be told apart
        self.results_match_predictions_and_reports()
        if self._waiting():
            self.foretold = False
            self.fates.clear()
        try:
            act()
        except ArdoqClientException:
            return
        for item in self.model.others_did():
            state = self.model.states.get(item)
            pairs = self.handles.get(state.kind, []) if state else []
            if state and all(live["_id"] != item for live, _ in pairs):
                pairs.append(({"_id": item}, {"_id": item}))
        self.twin = None

    @rule(
        number=numbers,
        field=st.sampled_from((THEIRS, THEIRS, "cost", "note")),
        which=st.integers(0, 1),
        now=sometimes,
    )
    def others_edit(self, number, field, which, now):
        """Set a field as another client: mostly one that no row gives."""
        if now:
            one = self.client.real_id(self._pair("component", number)[0])
            value = VALUES[field][which][0]
            self._others(lambda: self.other.patch_component(one, payload={field: value}))

    @rule(number=numbers, name=st.sampled_from(NAMES[:-1]), now=sometimes)
    def others_rename(self, number, name, now):
        """Rename a component as another client."""
        if now:
            one = self.client.real_id(self._pair("component", number)[0])
            self._others(lambda: self.other.patch_component(one, payload={"name": name}))

    @rule(number=numbers, parent=numbers, now=sometimes)
    def others_move(self, number, parent, now):
        """Move a component as another client."""
        if now:
            one, above = (
                self.client.real_id(self._pair("component", state)[0]) for state in (number, parent)
            )
            self._others(lambda: self.other.patch_component(one, payload={"parent": above}))

    @rule(
        ws=st.sampled_from(WORKSPACES),
        kind=st.integers(0, 1),
        name=st.sampled_from(NAMES[:-1]),
        now=sometimes,
    )
    def others_create(self, ws, kind, name, now):
        """Create a component as another client."""
        if now:
            row = {"name": name, "rootWorkspace": ws, "typeId": COMPONENT_TYPES[ws][kind], THEIRS: ["North"]}
            self._others(lambda: self.other.create_component(row))

    @rule(number=numbers, kind=st.sampled_from(("component", "reference")), now=sometimes)
    def others_delete(self, number, kind, now):
        """Delete an entity as another client."""
        if now:
            one = self.client.real_id(self._pair(kind, number)[0])
            delete = self.other.del_component if kind == "component" else self.other.del_reference
            self._others(lambda: delete(one))


def _type_of(state):
    return state.kind, state.workspace, state.get("typeId") or state.get("type")


def test_ardoq_the_cache_and_the_report_agree_after_any_calls(server, version):
    """After any calls in any order, Ardoq holds the rows, and cache and report agree with it."""
    run = partial(run_machine, partial(Calls, server), settings=SETTINGS)
    if "STATE_MACHINE_SEED" in os.environ:
        run = seed(int(os.environ["STATE_MACHINE_SEED"]))(run)
    run()
    assert server.token == TOKEN
