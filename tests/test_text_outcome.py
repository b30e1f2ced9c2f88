"""A page in place of what was asked for is no document, and a document is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.text.reading import Reading, read
from tests.shared import shared

SCRIPT = "<script>{}</script>"
NAV = "<div class=nav>" + "".join(f"<a href=/{n}>栏目{n}</a>" for n in range(80)) + "</div>"
BODY = (
    "<p>各省、自治区、直辖市商务主管部门：</p>"
    + "<p>为加强对外援助培训，现将有关事项通知如下。</p>" * 40
)


def judged(
    folder: Path, page: str, content_type: str | None = "text/html", name: str = ""
) -> Reading:
    path = folder / "content"
    path.write_text(page)
    return read(path, content_type, name)


@pytest.mark.parametrize(
    ("outcome", "page"),
    [
        ("challenge", SCRIPT.format("$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.nsd=62847;")),
        ("challenge", SCRIPT.format("document.cookie='__jsl_clearance_s=17.1|-1|x'")),
        ("challenge", SCRIPT.format("document.cookie=('_')+('_')+('j')+('s')+('l')")),
        ("challenge", SCRIPT.format("var arg1='24C7B5E1B03B7AB9F0B2A6E2C8D4F6A1B3C5D7E9';")),
        ("challenge", SCRIPT.format("setCookie('acw_sc__v2', x)") + "<noscript>x</noscript>"),
        ("challenge", "<title>Just a moment...</title>" + SCRIPT.format("window._cf_chl_opt={}")),
        ("challenge", '<iframe src="/_Incapsula_Resource?SWUDNSAI=31"></iframe>'),
        ("challenge", SCRIPT.format("AwsWafIntegration.checkForceRefresh()")),
        ("challenge", '<script src="/_sec/cp_challenge/ak-challenge-4-4.htm"></script>'),
        ("challenge", "<title>安全验证</title><p>请完成下方验证后继续访问</p>"),
        ("challenge", "<title>请稍候…</title><p>正在检查</p>"),
        ("challenge", f"{NAV}<p>请输入验证码后继续下载</p><img src=/code.jsp>"),
        ("blocked", "<title>访问异常</title><p>事件ID：1</p>"),
        ("blocked", "<title>Access Denied</title><p>Reference #18.2d351ab8.1557333295.a4e16ab"),
        ("blocked", "<title>Error</title><p>The requested URL was rejected. Your support ID is: 5"),
        ("blocked", "<p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>"),
        ("blocked", "<title>ERROR: The request could not be satisfied</title><h1>403 ERROR</h1>"),
        ("blocked", f"{NAV}<p>您的请求疑似攻击行为，已被拦截</p>"),
        (
            "login",
            "<title>统一身份认证平台</title><form>账号<input>密码<input type=password></form>",
        ),
        ("login", "<title>Sign in - Ministry</title><input type='password'>"),
        ("soft-404", f"<title>404 - 商务部</title>{NAV}<p>返回首页</p>"),
        ("soft-404", f"<title>商务部</title>{NAV}<p>对不起，您访问的页面不存在或已被删除！</p>"),
        ("soft-404", "<title>系统提示</title><p>您无权访问此页面</p>"),
        ("soft-404", "<p>该信息已被删除</p>"),
        ("soft-404", "<title>Page not found | Ministry</title>"),
        ("unavailable", "<title>503 Service Unavailable</title>"),
        ("unavailable", "<h2>gov.example is currently unavailable.</h2>"),
        ("unavailable", "<p>系统繁忙，请稍后再试</p>"),
        ("search", "<title>site:mofcom.gov.cn 研修班 - Google Search</title>" + BODY),
        ("search", "<title>搜索结果</title><form action=/search></form><p>共 3 条</p>"),
        ("redirect", '<meta http-equiv="refresh" content="0; url=/index.html">'),
        ("redirect", SCRIPT.format("window.location.href = '/new/'")),
        ("redirect", "<title>Object moved</title><a href=/x>here</a>"),
        (
            "viewer-stub",
            '<embed name="A1" src="about:blank" type="application/pdf" internalid="A1">',
        ),
        ("viewer-stub", '<div id="viewerContainer"></div><script src="/pdf.js"></script>1 of 0'),
        ("viewer-stub", "<p>Your download will begin shortly.</p>"),
    ],
)
def test_a_page_in_place_of_what_was_asked_for_is_told(
    tmp_path: Path, outcome: str, page: str
) -> None:
    reading = judged(tmp_path, f"<html><body>{page}</body></html>")
    assert reading.outcome == outcome
    assert (reading.outcome_reason or "").endswith("(outcome/1)")


@pytest.mark.parametrize(
    "page",
    [
        f"<title>关于加强网站安全验证工作的通知</title>{NAV}{BODY}",
        f"<title>商务部关于404项目的公告</title>{BODY}",
        "<title>关于系统升级维护的公告</title><p>因系统维护中，2021年6月1日暂停服务。</p>",
        f"<title>通知</title>{SCRIPT.format('$_ts=window[1];$_ts.nsd=1')}{BODY}",
        f"<title>通知</title><p>请输入验证码后继续</p><input type=password>{BODY}",
        "<title>访问统计</title><p>2021年6月1日，本站访问量 25 万。</p>",
        "<title>商务部</title><p>老挝</p>",
        "<title>用户登录</title><p>没有口令框</p>",
        f"<title>通知</title>{SCRIPT.format('showVsbpdfIframe(`/a.pdf`)')}<p>研修班通知</p>",
        f"<title>搜索引擎管理办法</title>{BODY}",
        "",
    ],
)
def test_a_document_that_speaks_of_such_things_is_content(tmp_path: Path, page: str) -> None:
    reading = judged(tmp_path, f"<html><body>{page}</body></html>")
    assert (reading.outcome, reading.outcome_reason) == ("content", None)


@pytest.mark.parametrize(
    ("page", "content_type", "name", "outcome"),
    [
        ("<html><p>附件下载</p></html>", "text/html", "附件.pdf", "viewer-stub"),
        (f"<html>{NAV}<iframe src=/a.pdf></iframe>{BODY}</html>", None, "a.pdf", "viewer-stub"),
        ("<html><title>404</title></html>", "application/pdf", "a.pdf", "soft-404"),
        (f"<html><title>通知</title>{BODY * 3}</html>", "text/html", "a.pdf", "content"),
        ("<html><p>附件</p></html>", "application/msword", "a.doc", "content"),
    ],
)
def test_a_page_in_place_of_a_file_is_no_file(
    tmp_path: Path, page: str, content_type: str | None, name: str, outcome: str
) -> None:
    reading = judged(tmp_path, page, content_type, name)
    assert reading.outcome == outcome
    assert not reading.kind.agrees
    assert reading.kind.real == "text/html"


def outcomes(folder: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(shared(f"data/ministry/{folder}").rglob("*.htm*")):
        reading = read(path, None, path.name)
        if reading.outcome != "content":
            found.setdefault(reading.outcome, []).append(path.name.partition("_2025")[0])
    return found


def test_captures_that_publishers_took_for_pages_of_ministries_are_told() -> None:
    assert outcomes("DailyForkCast+osint-foresight") == {
        "challenge": ["FR_www_gouvernement_fr", "PL_www_prezydent_pl"] * 3,
        "unavailable": ["PL_www_gov_pl"],
    }


@pytest.mark.parametrize(
    "folder",
    [
        "derived_gov.cn_from_sql",
        "edgi-govdata-archiving+web-monitoring-processing",
        "GeneralNewsExtractor+GeneralNewsExtractor",
        "public-law+open-gov-crawlers",
    ],
)
def test_real_pages_are_content(folder: str) -> None:
    assert outcomes(folder) == {}
