"""All the micro benchmarks, one after the other, each in a process of its own: `python -m bench.micro [NAME...]`."""

import subprocess
import sys
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("micro_") for path in Path(__file__).parent.glob("micro_*.py"))


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    unknown = set(wanted) - set(NAMES)
    if unknown:
        print(f"no micro benchmark goes by {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        return 2
    failed = []
    for name in wanted:
        print(f"\n== {name}: {_says(name)}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.micro_{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


def _says(name: str) -> str:
    """The first line of its docstring."""
    text = Path(__file__).with_name(f"micro_{name}.py").read_text()
    return text.lstrip('"').partition("\n")[0].partition(":")[0].strip('."')


if __name__ == "__main__":
    sys.exit(main())
