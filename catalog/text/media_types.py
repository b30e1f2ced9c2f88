"""Media types: what endings of names mean, which names stand for one format, and which fit together."""

from __future__ import annotations

HTML = "text/html"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
XML = "application/xml"
RSS, ATOM, RDF = "application/rss+xml", "application/atom+xml", "application/rdf+xml"
XHTML, SVG = "application/xhtml+xml", "image/svg+xml"
JSON, NDJSON, CSV, TSV = (
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "text/tab-separated-values",
)
PDF, RTF, OFD = "application/pdf", "application/rtf", "application/ofd"
ZIP, RAR, SEVEN_ZIP, GZIP, TAR = (
    "application/zip",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/gzip",
    "application/x-tar",
)
DOC, XLS, PPT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"
OLE = "application/x-ole-storage"
"""A compound file of none of the known sorts."""
ENCRYPTED = "application/encrypted"
"""An office file that opens with a password only; as file(1) names it."""
OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = f"{OPEN_XML}wordprocessingml.document"
XLSX = f"{OPEN_XML}spreadsheetml.sheet"
PPTX = f"{OPEN_XML}presentationml.presentation"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
ODT, ODS, ODP = (
    f"{OPEN_DOCUMENT}text",
    f"{OPEN_DOCUMENT}spreadsheet",
    f"{OPEN_DOCUMENT}presentation",
)
EPUB = "application/epub+zip"

ENDINGS = {
    **dict.fromkeys(("doc", "dot", "wps"), DOC),
    **dict.fromkeys(("xls", "xlt", "et"), XLS),
    **dict.fromkeys(("ppt", "pps", "dps"), PPT),
    **dict.fromkeys(("docx", "docm", "dotx"), DOCX),
    **dict.fromkeys(("xlsx", "xlsm", "xltx"), XLSX),
    **dict.fromkeys(("pptx", "pptm", "ppsx"), PPTX),
    "odt": ODT,
    "ods": ODS,
    "odp": ODP,
    "epub": EPUB,
    "ofd": OFD,
    "pdf": PDF,
    "rtf": RTF,
    "zip": ZIP,
    "rar": RAR,
    "7z": SEVEN_ZIP,
    "gz": GZIP,
    "tgz": GZIP,
    "tar": TAR,
    "csv": CSV,
    "tsv": TSV,
    "txt": PLAIN,
    "json": JSON,
    "ndjson": NDJSON,
    "xml": XML,
    "rss": RSS,
    "atom": ATOM,
    "md": "text/markdown",
    "css": "text/css",
    **dict.fromkeys(("js", "mjs"), "text/javascript"),
    **dict.fromkeys(("yaml", "yml"), "application/yaml"),
    **dict.fromkeys(("jpg", "jpeg"), "image/jpeg"),
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": SVG,
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
}
"""Of formats that a name promises; `.html`, `.jsp` and the like say how a page is made, not what."""

RECOGNISED = frozenset(ENDINGS.values()) | {HTML}
"""Formats that are known by their bytes: a file that is of none, is none of these."""

SAID_NOTHING = frozenset(
    {
        *("application/octet-stream", "binary/octet-stream", "application/binary", "*/*"),
        *("application/force-download", "application/x-force-download", "application/download"),
        *("application/x-download", "application/x-msdownload", "application/unknown"),
        *("application/x-unknown-content-type", "unknown/unknown", "multipart/form-data"),
    }
)
"""What servers send that do not know: no declaration."""

SAME_AS = {
    **dict.fromkeys(("application/x-pdf", "application/acrobat", "text/pdf"), PDF),
    **dict.fromkeys(("text/rtf", "text/richtext", "application/x-rtf"), RTF),
    **dict.fromkeys(("application/x-zip-compressed", "application/x-zip"), ZIP),
    **dict.fromkeys(("application/x-rar-compressed", "application/x-rar", "application/rar"), RAR),
    **dict.fromkeys(("application/x-gzip", "application/x-gunzip"), GZIP),
    "application/7z": SEVEN_ZIP,
    **dict.fromkeys(("application/doc", "application/vnd.ms-word", "application/x-msword"), DOC),
    **dict.fromkeys(
        ("application/kswps", "application/wps-office.doc", "application/wps-office.wps"), DOC
    ),
    **dict.fromkeys(("application/xls", "application/x-excel", "application/x-msexcel"), XLS),
    **dict.fromkeys(
        ("application/kset", "application/wps-office.xls", "application/wps-office.et"), XLS
    ),
    **dict.fromkeys(("application/mspowerpoint", "application/ksdps", "application/x-ppt"), PPT),
    "application/vnd.ms-word.document.macroenabled.12": DOCX,
    "application/wps-office.docx": DOCX,
    "application/vnd.ms-excel.sheet.macroenabled.12": XLSX,
    "application/wps-office.xlsx": XLSX,
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": PPTX,
    **dict.fromkeys(("image/jpg", "image/pjpeg"), "image/jpeg"),
    "image/x-png": "image/png",
    "image/x-icon": "image/vnd.microsoft.icon",
    "text/xml": XML,
    "text/json": JSON,
    "application/x-ofd": OFD,
    XHTML: HTML,
    **dict.fromkeys(
        ("application/javascript", "application/x-javascript", "application/ecmascript"),
        "text/javascript",
    ),
    **dict.fromkeys(("text/yaml", "text/x-yaml", "application/x-yaml"), "application/yaml"),
    **dict.fromkeys(("application/csv", "text/comma-separated-values"), CSV),
}
"""Other names of a format (IANA's own, old ones, and those that sites invent)."""

IN_WORDS = frozenset(
    {
        PLAIN,
        CSV,
        TSV,
        JSON,
        NDJSON,
        "text/markdown",
        "application/yaml",
        "text/css",
        "text/javascript",
    }
)
"""Formats that are text to look at: one served as another is no contradiction."""

IN_ZIP = frozenset({DOCX, XLSX, PPTX, XLSB, ODT, ODS, ODP, EPUB, OFD, "application/java-archive"})


def by_name(name: str | None) -> str | None:
    """The type that the ending of a file's name promises; `None` where it promises none."""
    _, dot, ending = (name or "").rpartition(".")
    return ENDINGS.get(ending.strip().lower()) if dot else None


def is_xml(media: str) -> bool:
    return media == XML or media.endswith("+xml")


def is_textual(media: str) -> bool:
    return media.startswith("text/") or media in IN_WORDS or media.endswith("+json")


def fits(declared: str, real: str) -> bool:
    """Whether a file of the type `real` is what `declared` says it is."""
    declared, real = SAME_AS.get(declared, declared), SAME_AS.get(real, real)
    if declared == real:
        return True
    if real == UNKNOWN:
        return declared not in RECOGNISED
    return (
        (real in IN_WORDS and is_textual(declared) and declared != HTML)
        or (declared == XML and is_xml(real))
        or (is_xml(declared) and real == XML)
        or (declared == ZIP and real in IN_ZIP)
        or (declared.endswith("+json") and real == JSON)
        or (real == ENCRYPTED and declared in {DOCX, XLSX, PPTX, DOC, XLS, PPT})
    )
