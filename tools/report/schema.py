"""The JSON schema of a report: `python -m tools.report.schema` writes the published `docs/report.schema.json`."""

import json
from pathlib import Path

from tools.report.content import ReportContent

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"


def schema_text() -> str:
    """Write the schema as it is published (JSON Schema 2020-12)."""
    schema = ReportContent.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    PUBLISHED.write_text(schema_text(), encoding="utf-8")
