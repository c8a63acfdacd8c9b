"""A Ray cluster of two nodes gives the bytes that this machine gives, and a worker that dies changes nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest

from freshbits import InputError, audit, read, score
from freshbits.cluster import cluster
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.schema import SIGNAL
from freshbits.signals.machines import Machines
from freshbits.signals.rubric.signal import RubricSignal
from freshbits.signals.signal import Verdict
from freshbits.tally import ray as on_cluster
from freshbits.tally.local import tally as local
from freshbits.worlds.demo import demo_world
from freshbits.worlds.write import write_plain, write_trl, write_verl_v1

ray = pytest.importorskip("ray", reason="Ray is not installed")
ROOT = Path(__file__).parents[1]
MEMORY = 150 * 2**20


@pytest.fixture(scope="module")
def nodes():
    """Two nodes with one processor each, on this machine, and this process connected to them."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Workers find the signals of this file.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
        machines = Cluster(initialize_head=True, head_node_args=head)
        try:
            machines.add_node(num_cpus=1, object_store_memory=MEMORY)
            ray.init(address=machines.address, log_to_driver=False, logging_level=40)
            yield machines
        finally:
            ray.shutdown()
            machines.shutdown()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(on_cluster, "LEAST_PART", 2_000)


@pytest.fixture(scope="module")
def rows():
    return demo_world().log(7, 3)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop([name for name in frame.columns if name.startswith(("extra.", "prompt_id", "group"))])


def trl(frame, here):
    write_trl(frame, here)
    return here


def verl(frame, here):
    """Rows with a group and a sample; two files hold rows that an earlier one holds already."""
    files = write_verl_v1(frame, here)
    lines = files[0].read_text(encoding="utf-8").splitlines(keepends=True)
    with files[-1].open("a", encoding="utf-8") as last:
        last.writelines(lines[10:30])
    return here


def parquet(frame, here):
    """One file that is cut, with prompts that are missing and a score that is not finite."""
    at = pl.int_range(pl.len())
    changed = plain(frame).with_columns(
        pl.when(at % 101 == 100).then(None).otherwise(pl.col("prompt")).alias("prompt"),
        pl.when(at == 333)
        .then(float("inf"))
        .otherwise(pl.col(SIGNAL + "accuracy_reward"))
        .alias(SIGNAL + "accuracy_reward"),
    )
    names = {name: name.removeprefix(SIGNAL) for name in changed.columns if name.startswith(SIGNAL)}
    changed.rename(names).write_parquet(here / "log.parquet", row_group_size=100)
    return here / "log.parquet"


LOGS = {"trl": trl, "verl": verl, "parquet": parquet}


@pytest.mark.parametrize("name", LOGS)
def test_the_report_is_the_same_to_the_last_byte(nodes, rows, tmp_path, name):
    where = LOGS[name](rows, tmp_path)
    here = audit(where, features=["so=contains:so"]).dumps()
    heard: list[str] = []
    there = audit(where, features=["so=contains:so"], engine="ray", progress=heard.append).dumps()
    assert there == here
    parts = [words for words in heard if "part 1 of" in words]
    assert parts
    assert not parts[0].endswith("of 1")


def test_counts_of_a_cut_log_are_the_same_with_problems_and_duplicates(nodes, rows, tmp_path):
    where = verl(rows, tmp_path)
    one, two = read(where), read(where)
    expected = local(one)
    found = on_cluster.tally(two)
    assert found.digest() == expected.digest()
    assert found.degenerate == expected.degenerate
    assert two.problems.sentences() == one.problems.sentences()
    assert two.duplicates == one.duplicates == [20]


def test_a_log_that_is_read_in_one_place_is_the_same_too(nodes, rows):
    names = {name: name.removeprefix(SIGNAL) for name in rows.columns}
    frame = plain(rows.rename(names))
    heard: list[str] = []
    assert on_cluster.tally(read(frame), heard.append).digest() == local(read(frame)).digest()
    assert on_cluster.IN_ONE_PLACE in heard


def killing(inner, mark):
    """Returns how to read a log that kills the first process that has read some of it."""

    def batches(columns):
        for batch in inner(columns):
            yield batch
            if os.getpid() != driver and not os.path.exists(mark):  # noqa: PTH110
                with open(mark, "x", encoding="utf-8"):  # noqa: PTH123
                    os.kill(os.getpid(), signal.SIGKILL)

    driver = os.getpid()
    return batches


def test_a_worker_killed_in_the_middle_of_a_part_changes_nothing(nodes, rows, tmp_path):
    log = read(parquet(rows, tmp_path))
    expected = local(read(tmp_path / "log.parquet"))
    mark = tmp_path / "killed"
    found = on_cluster.tally(replace(log, read=killing(log.read, str(mark))))
    assert mark.exists()
    assert found.rows == expected.rows
    assert found.digest() == expected.digest()


@dataclass(frozen=True)
class Dying:
    """Says how long completions are; the first worker that is asked dies; every answer is written down."""

    mark: str
    times: int = 1
    name: ClassVar[str] = "dying"
    origin: ClassVar[str] = "external"
    key: ClassVar[str] = "dying 1"
    needs: ClassVar[tuple[str, ...]] = ()
    whole_groups: ClassVar[bool] = False
    batch: ClassVar[int] = 100

    def score(self, items):
        for number in range(self.times):
            mark = Path(f"{self.mark}-{number}")
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        with Path(f"{self.mark}-asked").open("a", encoding="utf-8") as asked:
            asked.writelines(item.completion + "\n" for item in items)
        return [Verdict(float(len(item.completion)), "counted") for item in items]


def completions(count, here):
    frame = pl.DataFrame(
        {"prompt": [f"p{row // 8}" for row in range(count)], "completion": [f"c{row}" * 3 for row in range(count)]}
    )
    frame.write_parquet(here / "texts.parquet")
    return here / "texts.parquet"


def test_scores_are_the_same_bytes_though_a_worker_is_killed(nodes, tmp_path):
    log = completions(200, tmp_path)
    for number in range(2):
        (tmp_path / f"here-{number}").touch()  # nobody dies here
    score(str(log), Dying(str(tmp_path / "here")), out=tmp_path / "here.parquet")
    found = score(str(log), Dying(str(tmp_path / "there")), out=tmp_path / "there.parquet", engine="ray")
    assert (tmp_path / "there-0").exists()
    assert (tmp_path / "there.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()
    assert found.signals[0].asked == 200
    assert found.signals[0].scored == 200
    asked = (tmp_path / "there-asked").read_text(encoding="utf-8").splitlines()
    assert len(asked) == len(set(asked)) == 200


def test_a_worker_that_always_dies_is_named_and_a_second_run_goes_on(nodes, tmp_path, monkeypatch):
    monkeypatch.setattr("freshbits.cluster.RETRIES", 1)
    log = completions(200, tmp_path)
    out = tmp_path / "out.parquet"
    with pytest.raises(InputError, match="a worker of the cluster died 2 times at the same part"):
        score(str(log), Dying(str(tmp_path / "there"), times=4), out=out, engine="ray")
    assert not out.exists()
    for number in range(4):
        (tmp_path / f"there-{number}").touch()
    found = score(str(log), Dying(str(tmp_path / "there"), times=4), out=out, engine="ray")
    assert found.signals[0].asked + found.signals[0].resumed == 200
    asked = (tmp_path / "there-asked").read_text(encoding="utf-8").splitlines()
    assert set(asked) == set(pl.read_parquet(log)["completion"])


def test_verifiers_score_the_same_on_the_cluster(nodes, rows, tmp_path):
    log = parquet(rows, tmp_path)
    for engine in ("local", "ray"):
        score(str(log), "majority", "normalised", out=tmp_path / f"{engine}.jsonl", engine=engine)
    assert (tmp_path / "ray.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()


@dataclass(frozen=True)
class Elsewhere(Dying):
    """Depends on the machine that it runs on."""

    @property
    def key(self):
        return f"process {os.getpid()}"


def test_a_machine_that_would_score_otherwise_is_refused(nodes, tmp_path):
    log = completions(8, tmp_path)
    with pytest.raises(InputError, match="a machine of the cluster would score as 'process"):
        score(str(log), Elsewhere(str(tmp_path / "x"), times=0), engine="ray")


def test_judges_and_signals_of_one_process_stay_here(tmp_path):
    log = completions(8, tmp_path)
    with pytest.raises(InputError, match="--engine ray: random must see the whole log at once"):
        score(str(log), "random", engine="ray")
    with pytest.raises(InputError, match="asks a server, whose limits no cluster widens"):
        Machines(object.__new__(RubricSignal), None)


def test_an_error_in_a_file_is_said_as_here(nodes, tmp_path):
    good = '{"prompt": "p", "completion": "c", "reward": 1.0}\n'
    (tmp_path / "log.jsonl").write_text(good * 2_000 + "{oops\n" + good, encoding="utf-8")
    said = []
    for engine in ("local", "ray"):
        with pytest.raises(InputError, match="row 2001: is not a JSON object") as raised:
            audit(tmp_path / "log.jsonl", engine=engine)
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_a_file_that_a_machine_does_not_have_is_named(nodes, rows, tmp_path):
    log = read(parquet(rows, tmp_path))
    moved = replace(log.divisible, files=(tmp_path / "elsewhere.parquet",), cut=None)
    (tmp_path / "elsewhere.parquet").touch()
    parts = moved.parts(10)
    (tmp_path / "elsewhere.parquet").unlink()
    from freshbits.outputs.partition import TEXT
    from freshbits.tally.divided import spread

    with cluster() as machines, pytest.raises(InputError, match="is not there on a machine of the cluster"):
        machines.fetch(machines.send(spread, log, parts[0], TEXT, (), 1, results=3)[0])


def test_the_command_joins_the_cluster_that_is_named(nodes, rows, tmp_path):
    where = trl(rows, tmp_path / "log")
    command = [sys.executable, "-m", "freshbits", "audit", str(where), "--json", "-"]
    done = subprocess.run(
        [*command, "--engine", "ray", "--ray-address", nodes.address], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout.decode() == audit(where).dumps()


@pytest.fixture
def asked(monkeypatch):
    """The addresses that Ray is asked to connect to; nobody is there."""
    found = []

    def init(**options):
        found.append(options["address"])
        raise ConnectionError("nobody there")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return found


def test_no_cluster_is_joined_by_accident(asked):
    with pytest.raises(InputError, match="Ray does not start here"), cluster():
        pass
    assert asked == ["local"]  # starts one, and never looks at the address that a dead one left


def test_the_variable_names_the_cluster_and_nobody_there_is_said_at_once(asked, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as there:
        place = f"127.0.0.1:{there.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", place)
        with pytest.raises(InputError, match=f"there is no Ray cluster to join at {place}"), cluster():
            pass
    assert asked == [place]
    with pytest.raises(InputError, match=f"there is no Ray cluster to join at {place}"), cluster():
        pass
    assert asked == [place]  # nobody listens there now: Ray is not even asked


def test_another_cluster_than_the_connected_one_is_refused(nodes):
    with pytest.raises(InputError, match="connected to another Ray cluster"), cluster("198.51.100.1:6379"):
        pass


def test_without_ray_one_sentence_says_what_to_install(freshbits, monkeypatch, trl_log):
    monkeypatch.setitem(sys.modules, "ray", None)
    ran = freshbits("audit", trl_log, "--engine", "ray")
    assert ran.code == 2
    assert ran.err == "freshbits: Ray is not installed; pip install 'freshbits[ray]'.\n"


def test_an_unknown_engine_and_an_address_without_one_are_named(freshbits, trl_log, tmp_path):
    ran = freshbits("audit", trl_log, "--engine", "spark")
    assert (ran.code, ran.err) == (2, "freshbits: --engine spark: there is no such engine; choose local or ray.\n")
    ran = freshbits("score", completions(8, tmp_path), "--signal", "exact", "-o", tmp_path / "o.jsonl", "--engine", "x")
    assert (ran.code, ran.err) == (2, "freshbits: --engine x: there is no such engine; choose local or ray.\n")
    ran = freshbits("audit", trl_log, "--ray-address", "a:1")
    assert ran.code == 2
    assert ran.err == "freshbits: --ray-address a:1: the engine is local; add --engine ray, or leave it out.\n"


def test_options_that_number_rows_are_read_in_one_place(rows, tmp_path):
    write_plain(plain(rows), tmp_path / "log.parquet")
    assert read(tmp_path / "log.parquet").divisible is not None
    assert read(tmp_path / "log.parquet", ReadOptions(raw=tmp_path / "log.parquet")).divisible is None
