"""House rules that no tool checks."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "backends").glob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAX_LINES = 320
# Words that say nothing about what lives in a module.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(name: str) -> str:
    return str(load_script("readme_command").readme_command(name))


def test_the_first_screen_of_the_readme_shows_two_commands() -> None:
    first_screen = README.splitlines()[:24]
    assert [line for line in first_screen if line.startswith("python3 ")] == [command("film"), command("tests")]


@pytest.mark.parametrize("name", ["film", "tests"])
def test_a_readme_command_is_one_line_and_needs_python_alone(name: str) -> None:
    line = command(name)
    assert "\n" not in line
    programs = [step.split()[0] for step in line.split("&&")]
    assert all(program == "python3" or program.startswith(".venv/bin/") for program in programs)


def test_the_film_command_renders_the_example_song() -> None:
    assert "suno-video render" in command("film")
    assert (ROOT / command("film").split()[-1]).is_file()


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert '"$(python3 scripts/readme_command.py tests)"' in script
    assert "pytest" not in re.sub(r"#.*|PYTEST_ADDOPTS\S*", "", script)


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy", "lint-imports"])
def test_ci_and_make_check_run_the_same_tools(tool: str) -> None:
    assert tool in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert tool in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    helped = re.findall(r"^([a-z-]+):.*?## ", makefile, re.MULTILINE)
    assert sorted(phony.split()) == sorted(helped)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_our_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    broken = [to for to in targets if "://" not in to and not (page.parent / to).exists()]
    assert broken == []


def test_the_readmes_tables_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    assert load_script("make_readme_figures").current_readme() == README, "run make docs"


def test_the_readme_says_that_we_are_not_affiliated() -> None:
    assert "not affiliated with Suno, Inc." in README


def test_every_decision_is_listed_and_numbered_without_gap() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(page.name for page in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in pages if name not in index] == []


def test_every_example_script_is_explained_and_tested() -> None:
    explained = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    tested = (ROOT / "tests" / "e2e" / "test_examples.py").read_text(encoding="utf-8")
    scripts = [script.name for script in sorted((ROOT / "examples").glob("*.sh"))]
    assert scripts
    assert [name for name in scripts if name not in explained or name not in tested] == []


def test_every_place_in_a_project_folder_is_explained() -> None:
    from suno_video.project.workspace import Project

    project = Project(Path("song.suno-video"))
    places = [getattr(project, name).name for name, kind in vars(Project).items() if isinstance(kind, property)]
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    assert len(places) > 10
    assert [place for place in places if f"`{place}" not in page] == []


def test_every_backend_has_a_page_and_can_be_loaded() -> None:
    ours = PROJECT["project"]["entry-points"]["suno_video.backends"]
    index = (ROOT / "backends" / "README.md").read_text(encoding="utf-8")
    for name in ours:
        assert (ROOT / "backends" / f"{name}.md").is_file()
        assert f"({name}.md)" in index
        (entry,) = [entry for entry in entry_points(group="suno_video.backends") if entry.name == name]
        assert isinstance(entry.load(), type)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT / "src")))
def test_a_module_is_short_and_well_named(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
    assert not set(source.stem.split("_")) & EMPTY_NAMES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT / "src")))
def test_a_module_never_runs_a_shell_or_unpickles(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    shells = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell" and getattr(node.value, "value", None) is not False
    ]
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert shells == []
    assert not names & {"pickle", "marshal", "shelve"}


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    folders = ("src", "tests", "docs", "scripts", "examples", "benchmarks", "configs", "backends", "changes", ".ci")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*")]
    files += [file for file in ROOT.iterdir() if file.name != ".git"]
    places = re.compile(rb"(?<![\w.])/(?:home|Users|root|work)/\w+")
    texts = [file for file in files if file.suffix in (".py", ".sh", ".toml", ".md", ".json", "") and file.is_file()]
    found = [str(file.relative_to(ROOT)) for file in texts if places.search(file.read_bytes())]
    assert len(texts) > 100
    assert found == []


def test_what_is_kept_in_git_stays_small() -> None:
    song = ROOT / "examples" / "lantern-season.mp3"
    pictures = sum(file.stat().st_size for file in (ROOT / "docs" / "pictures").glob("*"))
    assert song.stat().st_size < 1_500_000
    assert pictures < 600_000


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from suno_video.cli.app import run\n"
        "run(['--help'])\n"
        "heavy = {'numpy', 'numba', 'librosa', 'cv2', 'scipy', 'PIL', 'pydantic', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"
