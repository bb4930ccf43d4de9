"""The ledger as a file: made whole or not at all, checked when it is opened, and its troubles in our own words.

A rollback journal and not a write-ahead log, because the latter can lose commits where several processes write and
check-point at the same instant (SQLite 3.7.0 to 3.51.2, which most Pythons bring), and cannot live on a network disk.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import platformdirs

from suno_video.core.errors import CannotCreateError, ConfigError, DiskError, LedgerBusyError, SunoVideoError
from suno_video.media.atomic import make_folder, remove_parts, replacing, write_trouble
from suno_video.project.ledger_schema import APPLICATION_ID, STEPS, schema_version, upgrade

BUSY_TIMEOUT_S = 30.0
"""A purchase is written in milliseconds: who waits this long waits for something that hangs."""

PRAGMAS = (
    "PRAGMA synchronous = EXTRA",  # a commit is on the disk, and so is the end of its journal, before we buy
    "PRAGMA fullfsync = ON",  # macOS: through the drive's own cache as well
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)

_PLACE_HINT = "Choose another place for the ledger, or give yourself the right to write there."
_DAMAGED_HINT = (
    "Put a backup in its place. Without one, move the file away to begin a new ledger. That one will know nothing of "
    "what was spent and what is still open, so look at your account with each service first."
)


def default_ledger_path() -> Path:
    """Where the one ledger of a user lies, unless a setting says otherwise."""
    return Path(platformdirs.user_data_dir("suno-video")) / "ledger.db"


class LedgerFile:
    """A connection for each operation: safe from threads, processes and forks alike."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # it stays the same file when the program changes its folder

    def prepare(self) -> None:
        """Make the file where there is none, and look through it where there is one.

        Raises:
            CannotCreateError, DiskError: It cannot be made, opened or read, or it is damaged.
            ConfigError: It is no ledger, or a newer version wrote it.
            LedgerBusyError: It stays locked.
        """
        with self._in_our_words():
            if not self.path.exists():
                self._create()
        with self.reading() as db:
            verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise self._damaged(verdict)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state of the ledger, whatever is written meanwhile. Raises as `prepare`."""
        with self._in_our_words(), closing(self._open()) as db:
            db.execute("BEGIN")
            yield db

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that alone may write. At the end all of it counts, or nothing. Raises as `prepare`."""
        with self._in_our_words(), closing(self._open()) as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    def _create(self) -> None:
        """Build the file under another name: nobody ever sees half a ledger, and an empty one is a damaged one."""
        from filelock import FileLock  # brings asyncio along, which most runs do without

        make_folder(self.path.parent)
        with FileLock(f"{self.path}.lock", timeout=BUSY_TIMEOUT_S):
            if self.path.exists():
                return
            remove_parts(self.path)  # of a run that was killed just here
            # The journal of a ledger that was taken away would be played into the new one.
            self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
            with replacing(self.path) as part, closing(sqlite3.connect(part, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = MEMORY")
                upgrade(db)

    def _open(self) -> sqlite3.Connection:
        place = f"{self.path.as_uri()}?mode=rw"  # `rw`, not `rwc`: a ledger that vanished is not made anew
        db = sqlite3.connect(place, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            for pragma in PRAGMAS:
                db.execute(pragma)
            db.row_factory = sqlite3.Row
            self._require_ours(db)
        except BaseException:
            db.close()
            raise
        return db

    def _require_ours(self, db: sqlite3.Connection) -> None:
        version = schema_version(db)
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            if self.path.stat().st_size == 0:
                raise self._damaged("it is empty")
            raise ConfigError(f"{self.path} is not a ledger of suno-video.", _PLACE_HINT)
        if version > len(STEPS):
            raise ConfigError(
                f"{self.path} was written by a newer suno-video (its tables are version {version}, ours {len(STEPS)}).",
                "Update suno-video.",
            )
        if version < len(STEPS):
            upgrade(db)

    @contextlib.contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """Turn what SQLite, the lock and the disk say into errors that a person can act on."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise  # a bug of ours
        except sqlite3.DatabaseError as exc:
            trouble = self._trouble(exc)
            if trouble is None:
                raise
            raise trouble from exc
        except TimeoutError as exc:  # of the lock
            raise self._busy() from exc
        except OSError as exc:
            raise self._elsewhere(write_trouble(self.path, exc)) from exc
        except CannotCreateError as exc:
            raise self._elsewhere(exc) from exc

    def _trouble(self, exc: sqlite3.DatabaseError) -> SunoVideoError | None:
        """What an error of SQLite means for people; None for one that is a bug of ours."""
        # The low byte is the kind of error, the rest tells kinds of that kind.
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self._busy()
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self._damaged(str(exc))
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            return CannotCreateError(f"The ledger {self.path} cannot be used: {exc}.", _PLACE_HINT)
        if code == sqlite3.SQLITE_FULL:
            return self._unwritten("the disk is full", "Free some space")
        if code == sqlite3.SQLITE_IOERR:
            return self._unwritten(str(exc), "Check the disk")
        return None

    @staticmethod
    def _elsewhere(trouble: SunoVideoError) -> SunoVideoError:
        """Another place than that of the film is what helps here."""
        return CannotCreateError(trouble.message, _PLACE_HINT) if isinstance(trouble, CannotCreateError) else trouble

    def _unwritten(self, reason: str, remedy: str) -> SunoVideoError:
        return DiskError(
            f"The ledger {self.path} could not be written: {reason}.",
            f"{remedy} and run the same command again. Nothing is bought that is not written down first.",
        )

    def _damaged(self, reason: str) -> SunoVideoError:
        return DiskError(f"The ledger {self.path} is damaged: {reason}.", _DAMAGED_HINT)

    def _busy(self) -> SunoVideoError:
        return LedgerBusyError(
            f"The ledger {self.path} has been in use by another program for more than {BUSY_TIMEOUT_S:.0f} s.",
            "Close what else works with it, then run the same command again.",
        )
