"""OFD: the lines of each page, with boxes in points."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.text import ofd
from tests.documents import a_package, read


def test_ofd_gives_lines_with_boxes_in_points(tmp_path: Path) -> None:
    ns = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    page = (
        f"<ofd:Page {ns}><ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area><ofd:Content><ofd:Layer>"
        '<ofd:TextObject Boundary="20 30 100 10" Size="5"><ofd:TextCode X="0" Y="5" DeltaX="g 3 5">商务部通</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject Boundary="40 30 100 10" Size="5"><ofd:TextCode X="0" Y="5">知</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject Boundary="20 50 100 10" Size="5"><ofd:TextCode X="0" Y="5">第二行</ofd:TextCode></ofd:TextObject>'
        "</ofd:Layer></ofd:Content></ofd:Page>"
    )
    path = a_package(
        tmp_path / "a.ofd",
        **{
            "OFD.xml": f"<ofd:OFD {ns}><ofd:DocBody><ofd:DocInfo><ofd:Title>题目</ofd:Title></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f'<ofd:Document {ns}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
            "Doc_0/Pages/Page_0/Content.xml": page,
        },
    )
    found = read(ofd.extract, path)
    assert [p.text for p in found.passages] == ["商务部通知", "第二行"]
    assert found.passages[0].at.box == pytest.approx((56.69, 742.68, 127.56, 756.85), abs=0.1)
    assert ("title", "题目") in found.properties
