"""How often the error tables are right: `python -m benchmarks.score_corpus PATH [--vendor tiktok] [--json]`.

PATH is a folder of `*.jsonl` files, or one such file, of real answers with labels; the tables never saw the labels.
Prints for each vendor the rows that are right in type, in `retryable`, in both, and every miss.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from backstay.cli.classify import answer_of, judge
from backstay.errors import BackstayError

AI: Final = frozenset({"anthropic", "claude", "openai", "openai_images", "perplexity", "gemini"})
TYPES: Final = {"RATE_LIMITED": "API_RATE_LIMIT", "OVERLOADED": "SERVICE_UNAVAILABLE", "TIMEOUT": "PLATFORM_TIMEOUT"}
"""Labels whose type is called otherwise; SERVICE_ERROR depends on the vendor."""


@dataclass(slots=True)
class Score:
    """The count of one vendor."""

    vendor: str
    rows: int = 0
    right_in_type: int = 0
    right_in_retryable: int = 0
    right_in_both: int = 0
    misses: list[dict[str, Any]] = field(default_factory=list)


def type_of(label: str, vendor: str) -> str:
    """The type that a label stands for."""
    if label == "SERVICE_ERROR":
        return "AI_MODEL_FAILED" if vendor in AI else "PLATFORM_SERVICE_ERROR"
    return TYPES.get(label, label)


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Every labelled row of a file or of the files of a folder, in the order of their names."""
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def score(rows: Iterable[Mapping[str, Any]]) -> dict[str, Score]:
    """Compare each row's verdict with its label; a vendor without a table misses all of its rows."""
    scores: dict[str, Score] = {}
    for row in rows:
        count(scores.setdefault(row["vendor"], Score(row["vendor"])), row)
    return scores


def count(into: Score, row: Mapping[str, Any]) -> None:
    """Add one row."""
    kind, retryable, rule = verdict_of(row)
    wanted = type_of(row["label"], row["vendor"])
    type_right, retry_right = kind == wanted, retryable is row["retryable"]
    into.rows += 1
    into.right_in_type += type_right
    into.right_in_retryable += retry_right
    into.right_in_both += type_right and retry_right
    if not (type_right and retry_right):
        into.misses.append(
            {"id": row["id"], "wanted": [wanted, row["retryable"]], "got": [kind, retryable], "rule": rule}
        )


def verdict_of(row: Mapping[str, Any]) -> tuple[str | None, bool | None, str | None]:
    """Type, retryable and rule as the table gives them; the error and its cure as the rule where there is no table."""
    try:
        verdict = judge(answer_of(row))
    except BackstayError as error:
        return None, None, f"{error.message}: {error.hint}"
    return (verdict.type, verdict.retryable, verdict.rule) if verdict else (None, None, "success")


def report(scores: Iterable[Score]) -> str:
    """The scores as text, misses below."""
    lines = [f"{'vendor':<14}{'rows':>6}{'type':>16}{'retryable':>16}{'both':>16}"]
    for one in scores:
        shares = (_share(n, one.rows) for n in (one.right_in_type, one.right_in_retryable, one.right_in_both))
        lines.append(f"{one.vendor:<14}{one.rows:>6}" + "".join(f"{share:>16}" for share in shares))
        lines += [f"  {m['id']}: wanted {m['wanted']}, got {m['got']} by {m['rule']}" for m in one.misses]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read, score, print; 2 where there is nothing to read."""
    parser = argparse.ArgumentParser(description="Score the error tables on labelled answers.")
    parser.add_argument("path", type=Path, help="a folder of *.jsonl files, or one of them")
    parser.add_argument("--vendor", help="only this vendor's rows")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if not options.path.exists():
        parser.error(f"path {str(options.path)!r} does not exist; give a folder of *.jsonl files")
    rows = (row for row in rows_of(options.path) if options.vendor in (None, row["vendor"]))
    scores = list(score(rows).values())
    if not scores:
        parser.error(f"path {str(options.path)!r} holds no rows of {options.vendor or 'any vendor'}")
    sys.stdout.write((json.dumps([asdict(one) for one in scores]) if options.json else report(scores)) + "\n")
    return 0


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)"


if __name__ == "__main__":
    sys.exit(main())
