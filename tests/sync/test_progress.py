"""Progress of a run: the calls of a callback, and the bars on a terminal."""

import io
import sys
from types import SimpleNamespace

import pytest
from sync_scenarios import WEB_SHOP, counts, names_in, row

from ardoqpy import ConfigurationError, InvalidInput
from ardoqpy_sync.progress import Progress


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self):
        """Return True."""
        return True


@pytest.fixture
def calls():
    """Return a list for the calls of a callback."""
    return []


@pytest.fixture
def clock():
    """Return a clock that a test sets."""
    return SimpleNamespace(now=0.0)


@pytest.fixture
def progress(calls, clock):
    """Return a progress counter that records its calls."""
    return Progress(lambda *news: calls.append(news), lambda: clock.now)


@pytest.fixture
def client_with_progress(calls, clock, either):
    """Return a sync client, live or simulated, that reports every step."""

    def tell(*news):
        calls.append(news)
        clock.now += 1

    either._engine.log.progress = Progress(tell, lambda: clock.now)
    return either


def test_every_phase_is_reported(client_with_progress, calls):
    """Loaded workspaces, compared rows and writes are reported, with totals where known."""
    sync = client_with_progress
    sync.expect(rows=4)
    sync.load_workspaces(["ws1", "ws2"])
    sync.create_component(row("Web"))
    sync.create_component(row("New"))
    sync.create_reference({**WEB_SHOP, "displayText": "new"})
    sync.del_reference("shop-host")
    sync.get_report()
    by_phase = {
        what: [news[:2] for news in calls if news[2] == what] for what in ("loading", "deciding", "writing")
    }
    assert by_phase["loading"] == [(0, 2), (1, 2), (2, 2)]
    assert by_phase["deciding"] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert by_phase["writing"] == [(1, None), (2, None), (3, None)]


def test_first_use_of_a_workspace_is_reported(client_with_progress, calls):
    """A workspace that a row uses first is added to the total; the number of rows is unknown."""
    client_with_progress.create_component(row("Web"))
    client_with_progress.create_component(row("Host", "ws2"))
    assert calls == [
        (0, 1, "loading"),
        (1, 1, "loading"),
        (1, None, "deciding"),
        (1, 2, "loading"),
        (2, 2, "loading"),
        (2, None, "deciding"),
    ]


@pytest.mark.parametrize("on_error", ["raise", "collect"])
def test_rows_that_fail_are_decided_as_well(new_sync, calls, on_error):
    """A row that fails counts as one, whether its error is raised or collected."""
    sync = new_sync(on_error=on_error, progress=lambda *news: calls.append(news))
    sync.expect(rows=3)
    for bad in ({"name": "Half"}, {"name": "Half"}):
        try:
            sync.create_component(bad)
        except InvalidInput:
            assert on_error == "raise"
    sync.create_component(row("Web"))
    assert calls[-1] == (3, 3, "deciding")


def test_last_call_is_made_with_the_report(new_sync, calls):
    """Delayed calls are made when the report is built, and when the client is closed."""
    sync = new_sync(progress=lambda *news: calls.append(news))
    sync._engine.log.progress._clock = lambda: 0.0
    for _ in range(3):
        sync.create_component(row("Web"))
    assert calls[-1] == (1, None, "deciding")
    sync.get_report()
    assert calls[-1] == (3, None, "deciding")
    sync.create_component(row("Web"))
    sync.close()
    assert calls[-1] == (4, None, "deciding")
    before = len(calls)
    sync.close()
    assert len(calls) == before


def test_a_new_run_begins_at_nothing(client_with_progress, calls):
    """After init_report rows and writes are counted anew."""
    client_with_progress.create_component(row("New"))
    client_with_progress.init_report()
    calls.clear()
    client_with_progress.create_component(row("Newer"))
    client_with_progress.get_report()
    assert [news for news in calls if news[2] != "writing"] == [(1, None, "deciding")]
    assert calls.count((1, None, "writing")) == 1


def test_not_more_than_ten_times_a_second(progress, calls, clock):
    """Two calls about one phase are a tenth of a second apart; the first and the last are always made."""
    progress.expect_rows(1000)
    for _ in range(1000):
        clock.now += 1 / 64
        progress.decided()
    assert calls[0] == (0, 1000, "deciding")
    assert calls[-1] == (1000, 1000, "deciding")
    assert 1000 / 64 * 9 < len(calls) < 1000 / 64 * 10
    assert [news[0] for news in calls] == sorted({news[0] for news in calls})


def test_more_than_were_expected(progress, calls, clock):
    """If there are more rows than expected, the total is unknown."""
    progress.expect_rows(1)
    for _ in range(2):
        clock.now += 1
        progress.decided()
    assert calls == [(0, 1, "deciding"), (1, 1, "deciding"), (2, None, "deciding")]


def test_a_workspace_that_cannot_be_loaded_is_not_expected_twice(ardoq, client_with_progress, calls):
    """A load that failed and is tried again is one load."""
    for name in ("none", "ws1"):
        try:
            client_with_progress.load_workspaces([name])
        except LookupError:
            assert name == "none"
    assert calls == [(0, 1, "loading"), (0, 1, "loading"), (1, 1, "loading")]


def test_a_callback_that_fails_damages_nothing(ardoq, new_sync, caplog):
    """A callback that raises is called once, one warning is logged, and the run continues."""
    called = []

    def broken(*news):
        called.append(news)
        raise OSError("in the callback")

    sync = new_sync(progress=broken)
    for name in ("New", "Newer"):
        sync.create_component(row(name))
    assert counts(sync.get_report()) == {"new_comps": 2}
    assert {"New", "Newer"} <= set(names_in(ardoq))
    assert len(called) == 1
    assert [record.message for record in caplog.records if "callback" in record.message] == [
        "The callback for progress failed and is not called again: OSError('in the callback')"
    ]


def test_an_interrupt_goes_through(ardoq, new_sync):
    """What is no mishap of the callback ends the run, and what it had counted is done."""

    def interrupted(done, total, what):
        if what == "deciding":
            raise KeyboardInterrupt

    sync = new_sync(progress=interrupted)
    with pytest.raises(KeyboardInterrupt):
        sync.create_component(row("New"))
    assert counts(sync.get_report()) == {"new_comps": 1}
    assert "New" in names_in(ardoq)


def test_without_it_nothing_is_counted(new_sync):
    """Without a callback nothing is counted, and expecting rows does nothing."""
    for nobody in (None, False):
        sync = new_sync(progress=nobody)
        sync.expect(rows=5)
        sync.create_component(row("Web"))
        assert sync._engine.log.progress is None


@pytest.mark.parametrize("wrong", ["yes", 1, []], ids=repr)
def test_what_cannot_be_called_is_refused(new_sync, wrong):
    """Anything but a function, True, False and None is refused in one sentence."""
    with pytest.raises(ConfigurationError, match="progress is"):
        new_sync(progress=wrong)


@pytest.mark.parametrize("wrong", [-1, 1.5, True, "5", None], ids=repr)
def test_a_number_of_rows_is_a_number(sync, wrong):
    """What is no number of rows is refused."""
    with pytest.raises(InvalidInput, match="rows"):
        sync.expect(rows=wrong)


@pytest.fixture
def terminal(monkeypatch):
    """Give what makes stderr a terminal; called in the test, since pytest sets stderr when a test begins."""
    for name, value in (("TERM", "xterm"), ("COLUMNS", "100")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def begin():
        output = Terminal()
        monkeypatch.setattr(sys, "stderr", output)
        return output

    return begin


def test_bars_are_drawn_on_a_terminal(capsys, terminal, new_sync):
    """With progress=True and rich there, bars go to stderr alone, and the terminal is given back."""
    stderr = terminal()
    sync = new_sync(progress=True)
    sync.expect(rows=2)
    sync.create_component(row("Web"))
    sys.stdout.write("what the script prints\n")
    sync.create_component(row("New"))
    sync.get_report()
    output = stderr.getvalue()
    for part in ("loading", "deciding", "writing", "1/1", "2/2"):
        assert part in output
    assert output.count("\x1b[?25l") == output.count("\x1b[?25h") == 1
    assert capsys.readouterr().out == "what the script prints\n"
    sync.create_component(row("Newer"))
    sync.close()
    assert [stderr.getvalue().count(f"\x1b[?25{end}") for end in "lh"] == [2, 2]


def test_no_bars_in_a_file(new_sync, monkeypatch):
    """Where stderr is no terminal, nothing is written to it."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    sync = new_sync(progress=True)
    sync.create_component(row("New"))
    sync.get_report()
    assert sync._engine.log.progress is None
    assert log.getvalue() == ""


def test_no_bars_without_rich(new_sync, terminal, monkeypatch):
    """Without the extra, no bars are drawn and nothing fails."""
    for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    stderr = terminal()
    sync = new_sync(progress=True)
    sync.create_component(row("New"))
    sync.get_report()
    assert stderr.isatty()
    assert stderr.getvalue() == ""
