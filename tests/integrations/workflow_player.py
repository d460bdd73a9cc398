"""Play a workflow of GitHub Actions: its commands run word for word, and what actions do is played."""

import os
import re
import shlex
import shutil
import subprocess
import sys

#: Programs of a runner that a test plays: a comment is kept, and approvals come from the test.
PROGRAMS = {
    "ardoqpy-sync": f'exec {shlex.quote(sys.executable)} -m ardoqpy_sync "$@"',
    "pip": ":",
    "gh": """\
case "$1" in
    pr) [ "$1 $2 $4" = "pr comment --body-file" ] && cp "$5" "$PLAYED/comment-$3.md" ;;
    api) [ "$2" = repos/acme/architecture/actions/runs/7/approvals ] && cat "$PLAYED/approved-by" ;;
esac""",
}
_NAME = re.compile(r"\b(?:github|needs|secrets|steps)(?:\.\w+)+")


class Workflow:
    """A workflow, and what its runs leave: artifacts, caches and comments."""

    def __init__(self, definition, folder, repository, host):
        """Play in `folder` for the files in `repository`; `host` is that of an emulator."""
        self.definition, self.folder, self.repository = definition, folder, repository
        self.secrets = {"ARDOQ_READ_TOKEN": "reader", "ARDOQ_API_TOKEN": "writer"}
        self.approved_by, self.caches, self.artifacts, self.outputs = "", [], {}, []
        self._host = host
        programs = folder / "programs"
        programs.mkdir()
        for name, script in PROGRAMS.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (programs / name).chmod(0o755)

    def run(self, event, *, ref="refs/heads/main", fork=False):
        """Play a run, and return the result of each job."""
        head = "somebody/architecture" if fork else "acme/architecture"
        context = {
            "github.event_name": event,
            "github.ref": "refs/pull/12/merge" if event == "pull_request" else ref,
            "github.repository": "acme/architecture",
            "github.event.pull_request.head.repo.full_name": head,
            "github.event.pull_request.number": "12",
            "github.token": "github",
            "github.run_id": "7",
            "github.run_attempt": str(len(self.caches)),
        }
        context |= {f"secrets.{name}": "" if fork else value for name, value in self.secrets.items()}
        results = {}
        for name in self.definition["jobs"]:
            results[name] = self.play(name, context, results)
        self.context = context
        return results

    def play(self, name, context, results):
        """Play one job, and return its result."""
        job = self.definition["jobs"][name]
        needed = results.get(job.get("needs"), "success")
        condition = job.get("if", "always()")
        if (needed != "success" and "cancelled()" not in condition) or not evaluate(condition, context):
            return self._finish(name, "skipped", {}, context)
        # The secrets of the environment are those of the job that names it, once somebody has approved.
        (self.folder / "approved-by").write_text(self.approved_by, encoding="utf-8")
        work = self.folder / f"{name}-{len(self.outputs)}"
        work.mkdir()
        result = "success"
        within = dict(context)
        for step in job["steps"]:
            if "if" not in step and result == "failure":
                continue
            if evaluate(step.get("if", "always()"), within) and not self._step(step, work, within):
                result = "failure"
        outputs = {key: fill(value, within) for key, value in job.get("outputs", {}).items()}
        return self._finish(name, result, outputs, context)

    def _finish(self, name, result, outputs, context):
        context[f"needs.{name}.result"] = result
        context.update({f"needs.{name}.outputs.{key}": value for key, value in outputs.items()})
        return result

    def _step(self, step, work, context):
        if "uses" in step:
            return self._action(step["uses"].partition("@")[0], step.get("with", {}), work)
        output = work / ".output"
        output.write_text("", encoding="utf-8")
        settings = {**self.definition["env"], **step.get("env", {})}
        environment = {
            "HOME": str(work),
            "PATH": f"{self.folder / 'programs'}:{os.environ['PATH']}",
            "PLAYED": str(self.folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "acme/architecture",
            "GITHUB_RUN_ID": "7",
            **{key: fill(value, context) for key, value in settings.items()},
            "ARDOQ_API_HOST": self._host,
        }
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.outputs.append(done.stdout + done.stderr)
        lines = output.read_text(encoding="utf-8").splitlines()
        for key, _, value in (line.partition("=") for line in lines):
            context[f"steps.{step['id']}.outputs.{key}"] = value
        return done.returncode == 0

    def _action(self, action, settings, work):
        files = [path for pattern in settings.get("path", "").split() for path in work.glob(pattern)]
        match action:
            case "actions/checkout":
                shutil.copytree(self.repository, work, dirs_exist_ok=True)
            case "actions/upload-artifact":
                self.artifacts[settings["name"]] = {path.name: path.read_bytes() for path in files}
            case "actions/download-artifact":
                for name, content in self.artifacts[settings["name"]].items():
                    (work / name).write_bytes(content)
            case "actions/cache/restore":
                for name, content in self.caches[-1].items() if self.caches else ():
                    (work / name).write_bytes(content)
            case "actions/cache/save":
                self.caches.append({path.name: path.read_bytes() for path in files})
            case _:
                assert action == "actions/setup-python"
        return True


def evaluate(expression, context):
    """Return whether a condition holds; it uses the operators that the recipe has."""
    expression = expression.removeprefix("${{").removesuffix("}}").strip()
    expression = _NAME.sub(lambda match: repr(context.get(match[0], "")), expression)
    for operator, python in {"!cancelled()": "True", "always()": "True", "&&": "and", "||": "or"}.items():
        expression = expression.replace(operator, python)
    return eval(expression, {"__builtins__": {}})


def fill(text, context):
    """Return a text with the values of its expressions."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: context.get(match[1], ""), text)
