"""Attachments made by hand: small, of their kind by their first bytes, the same for the same labels."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from cli.ministry.words import filler

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "ofd": "application/ofd",
}
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def make(kind: str, text: str, size: int) -> bytes:
    """A file of one of `MEDIA_TYPES`'s kinds that says `text`, of about `size` bytes."""
    if kind == "pdf":
        return pdf(text, size)
    padding = filler(size, kind, text)
    if kind == "doc":
        return OLE_MAGIC + bytes(504) + text.encode("utf-16-le") + padding
    return _zip(_members(kind, text) | {"media/image1.bin": padding})


def pdf(text: str, size: int) -> bytes:
    """One page with one line in a font that every reader brings along (ISO 32000-1, 9.7.5.2)."""
    line = f"BT /F1 14 Tf 40 780 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode()
    font = b"<< /Type /Font /Subtype %s /BaseFont /STSong-Light %s >>"
    system = b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
    describes = b"/FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 >>"
    resources = b"/Resources << /Font << /F1 5 0 R >> >>"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % resources,
        _stream(line),
        font % (b"/Type0", b"/Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R]"),
        font % (b"/CIDFontType0", system + b" " + describes),
        _stream(filler(size, "pdf", text)),
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(bodies) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def png(width: int, height: int, red: int, green: int, blue: int) -> bytes:
    """An image of one colour (PNG specification, 5.3)."""
    row = b"\x00" + bytes((red, green, blue)) * width
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * height)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
        for tag, body in chunks
    )


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _members(kind: str, text: str) -> dict[str, bytes]:
    """The parts that make a zip file a document of its kind."""
    if kind == "zip":
        return {"说明.txt": text.encode("gbk")}
    if kind == "ofd":
        return {
            "OFD.xml": _xml(
                '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0" DocType="OFD">'
                "<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
            ),
            "Doc_0/Document.xml": _xml(
                f'<ofd:Document xmlns:ofd="http://www.ofdspec.org/2016">{text}</ofd:Document>'
            ),
        }
    main, name = (
        ("word/document.xml", "wordprocessingml.document")
        if kind == "docx"
        else ("xl/workbook.xml", "spreadsheetml.sheet")
    )
    parts = {
        "[Content_Types].xml": _xml(
            f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="bin" ContentType="application/octet-stream"/>'
            f'<Override PartName="/{main}" ContentType='
            f'"application/vnd.openxmlformats-officedocument.{name}.main+xml"/></Types>'
        ),
        "_rels/.rels": _relation(f"{_OFFICE}/officeDocument", main),
    }
    if kind == "docx":
        body = f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"
        return parts | {main: _xml(f'<w:document xmlns:w="{_WORD}">{body}</w:document>')}
    cell = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    return parts | {
        main: _xml(
            f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="报名表" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relation(f"{_OFFICE}/worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": _xml(
            f'<worksheet xmlns="{_SHEET}"><sheetData>{cell}</sheetData></worksheet>'
        ),
    }


def _relation(type_: str, target: str) -> bytes:
    return _xml(
        f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{type_}" Target="{target}"/></Relationships>'
    )


def _xml(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{body}'.encode()


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            # A ZipInfo made by hand has a fixed date, so the file follows from its members alone.
            file.writestr(zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0)), data)
    return out.getvalue()
