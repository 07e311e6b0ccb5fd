"""What each image is made of: a CycloneDX bill of materials (SBOM) of each lock that an image is built from."""

from pathlib import Path

from dev.audit.tools import ROOT, run

IMAGES = ("api", "worker")


def write(folder: Path) -> None:
    """One JSON file for each image, the same for the same lock."""
    folder.mkdir(parents=True, exist_ok=True)
    for image in IMAGES:
        bill = folder / f"{image}.cdx.json"
        lock = f"requirements/{image}.txt"
        run("cyclonedx_py", "requirements", "--output-reproducible", "--output-file", str(bill), lock)
        print(f"Bill of materials: {bill.relative_to(ROOT) if bill.is_relative_to(ROOT) else bill}")
