"""Every real file that lies beside the checkout gives its text, or says why not."""

from __future__ import annotations

import shutil
from pathlib import Path

from catalog.text.reading import read
from tests.shared import shared

SUFFIXES = {
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".ofd", ".rtf"),
    *(".zip", ".rar", ".7z", ".tar", ".gz"),
}
WITHOUT_TEXT = {
    "Page5.ofd": "no-text",
    "PasswordProtected.doc": "encrypted",
    "bad7zip.7z": "unsupported",
    "badrar.rar": "unsupported",
    "badtar.tar": "unsupported",
    "badzip.zip": "unsupported",  # as the three above: its one member is a link to a file outside
    "empty.pdf": "no-text",
    "encrypted.pdf": "encrypted",
    "encryption_openpassword.pdf": "encrypted",
    "encypted_by_libreoffice.odt": "encrypted",
    "greek.pdf": "no-text",
    "password-example.pdf": "encrypted",
    "password-hunter2.pdf": "encrypted",
    "password.xls": "encrypted",
    "password_password_cryptoapi.doc": "encrypted",
    "password_protected.xls": "encrypted",
    "password_protected.xlsx": "encrypted",
    "password_tika_binaryrc4.doc": "encrypted",
    "protected_passtika.xlsx": "encrypted",
    "slides.ppt": "unsupported",
    "veraPDFHiRes.pdf": "no-text",
    "veraPDFHiResChangedHeight.pdf": "no-text",
    "veraPDFHiResWrongObjectID.pdf": "no-text",
}


def test_every_real_file_gives_its_text_or_the_reason_that_a_person_would_give() -> None:
    reasons: dict[str, str | None] = {}
    for path in sorted(files(shared("data/ministry"))):
        found = read(path, None, path.name).extraction
        assert found.code or found.passages, path
        if found.code:
            reasons[path.name] = found.code
    if shutil.which("bsdtar") is None:
        assert reasons.pop("test-documents.rar") == "unsupported"
    assert reasons == WITHOUT_TEXT


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
