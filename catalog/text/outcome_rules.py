"""By what pages are known that stand in place of what was asked for (`field/domain.md` 4.4).

A rule that is changed changes what contents are called: then `VERSION` grows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

VERSION = "outcome/1"


class Rule(NamedTuple):
    """A mark of one kind of page."""

    outcome: str
    name: str
    """Whose page it is, or what it says."""
    where: str
    """`script`: anywhere in the source; `title`: the whole title or a part of it between
    separators; `text`: the words of the page itself."""
    pattern: re.Pattern[str]
    most: int
    """Characters of own words that such a page has at the most."""
    needs: re.Pattern[str] | None = None
    """What the source must hold besides."""
    also_notices: bool = False
    """Whether it holds for what looks like a dated notice too."""


def _rule(
    outcome: str, name: str, where: str, pattern: str, most: int, *, needs: str | None = None
) -> Rule:
    return Rule(
        outcome,
        name,
        where,
        re.compile(pattern, re.IGNORECASE),
        most,
        re.compile(needs, re.IGNORECASE) if needs else None,
        also_notices=where == "script",
    )


TESTS = 600
"""Pages that test a browser have a sentence or two. Sites behind such a test carry its scripts in
their real pages as well, which have more words."""
SAYS = 400
NAMED = 1_500
"""Pages whose whole title says what they are may have more words around that."""

CHALLENGES = (
    ("瑞数", r"\$_ts\b\s*[=.\[]|\$_ts=window"),
    ("加速乐", r"__jsl_clearance|\('_'\)\+\('_'\)\+\('j'\)"),
    ("Aliyun WAF", r"acw_sc__v\d|aliyun_waf_|var\s+arg1\s*=\s*'[0-9A-F]{20,}"),
    ("Cloudflare", r"_cf_chl_opt|cf-browser-verification|cf_chl_prog"),
    ("Akamai", r"bm-verify|/_sec/cp_challenge|sec-if-cpt-container|/_sec/verify"),
    ("Incapsula", r"_Incapsula_Resource\?"),
    ("AWS WAF", r"AwsWafIntegration|token\.awswaf\.com|captcha\.awswaf\.com"),
    ("DataDome", r"captcha-delivery\.com"),
    ("PerimeterX", r"px-captcha|_pxAppId"),
    ("F5", r"/TSPD/|\bTSPD_101\b|bobcmn"),
    ("Sucuri", r"sucuri_cloudproxy_js"),
    ("360 网站卫士", r"wzws-waf-cgi|WZWSREL|/wzwschallenge"),
    ("云锁", r"security_session_verify|yunsuo_session"),
    ("EdgeOne", r"__tst_status|EO_Bot_Ssid"),
    ("guard", r"/_guard/(?:html|auto|slide|click|rotate)\.js"),
    ("DDoS-Guard", r"ddos-guard/js-challenge"),
)

RULES = (
    *(_rule("challenge", name, "script", mark, TESTS) for name, mark in CHALLENGES),
    _rule(
        "challenge",
        "a test of the browser",
        "title",
        r"just a moment\W*|请稍[候等]\W*|checking your browser.*|verify(?:ing)? you are human.*"
        r"|(?:安全|人机|访问|滑动|滑块|身份|浏览器)(?:验证|校验|检查|检测)(?:中|页面?)?\W*|验证码|验证中\W*"
        r"|pardon our interruption|are you a robot\??|captcha|security check|human verification"
        r"|un momento\W*|einen moment\W*|un instant\W*",
        NAMED,
    ),
    _rule(
        "challenge",
        "a test of the browser",
        "text",
        r"请(?:输入|完成|拖动|按住|点击).{0,12}(?:验证码|验证|滑块).{0,40}(?:继续|后|访问|下载)"
        r"|verify (?:that )?you are (?:a )?human|enable javascript and cookies to continue"
        r"|checking (?:if the site connection is secure|your browser before accessing)",
        SAYS,
    ),
    _rule(
        "blocked",
        "a refusal",
        "title",
        r"(?:访问|请求)(?:异常|被?拒绝|被?拦截|被?阻断|受限|禁止|过于频繁)\W*|(?:拒绝|禁止|无法)访问\W*"
        r"|安全拦截|网站防火墙|.{0,12}(?:防火墙|waf)拦截.{0,6}|access denied|(?:error )?403\W*(?:forbidden)?"
        r"|forbidden|request rejected|attention required!?|error: the request could not be satisfied"
        r"|(?:you (?:have been|are) )?blocked|405\W*(?:not allowed|blocked)?|too many requests|429\W*.{0,20}",
        NAMED,
    ),
    _rule(
        "blocked",
        "a refusal",
        "text",
        r"您?的?(?:访问|请求|操作|ip).{0,16}(?:存在异常|疑似|有可能对网站造成|已被?(?:拦截|阻断|拒绝|禁止|限制|屏蔽)"
        r"|过于频繁|太频繁|被阻断)|the requested url was rejected|your support id is"
        r"|you don'?t have permission to access .{0,200}on this server|reference\s*(?:#|&#35;|id)\s*[:：]?\s*\d+\.[0-9a-f]"
        r"|incapsula incident id|your (?:request|access|ip).{0,40}(?:blocked|denied)"
        r"|sorry, you have been blocked|request blocked\b",
        SAYS,
    ),
    _rule(
        "login",
        "a login",
        "title",
        r".{0,20}(?:统一身份认证|身份认证|用户登[录陆]|登[录陆](?:页面?|系统)?|单点登[录陆])(?:平台|系统|中心|页面?)?"
        r"|(?:sign|log)[ -]?in.{0,20}|login.{0,20}|cas\W+central authentication service",
        TESTS,
        needs=r"""type\s*=\s*["']?password""",
    ),
    _rule(
        "soft-404",
        "no such page",
        "title",
        r"(?:http |error |错误)?\W*404\W*.{0,24}|.{0,12}(?:page|file) (?:not found|cannot be found).{0,12}|not found"
        r"|.{0,6}(?:页面|网页|文件|信息|文章|内容|栏目)(?:不存在|未找到|找不到|丢失|已删除|走丢).{0,6}"
        r"|(?:找不到|未找到|无法找到).{0,4}(?:页面?|网页|文件|资源)|(?:出错|错误)(?:了|页面?|提示|信息)?\W*"
        r"|系统提示(?:信息)?|提示信息|无权访问",
        NAMED,
    ),
    _rule(
        "soft-404",
        "no such page",
        "text",
        r"您?(?:所?要?(?:访问|请求|查找|查看|浏览|打开)|输入)的(?:页面|网页|内容|信息|文章|文件|地址|网址|资源|栏目|链接)"
        r".{0,12}(?:不存在|删除|找不到|未找到|过期|下线|失效|有误|更名|移动)"
        r"|(?:该|此|本)(?:页面|网页|信息|文章|内容|文件|链接)(?:不存在|已?被?删除|已?下线|已?失效)"
        r"|(?:对不起|抱歉|sorry)[，,！! ].{0,24}(?:不存在|无权|没有权限|找不到|not (?:be )?found|no longer)"
        r"|(?:您?(?:没有|无)权限?(?:访问|查看|浏览)|无权访问)"
        r"|the (?:requested )?(?:page|url|resource|document)(?: you .{0,40})? (?:was|could|can|is)(?: not|not) ?(?:be )?found"
        r"|page (?:not found|does not exist|you (?:are looking for|requested))|\b404\b.{0,40}not found",
        SAYS,
    ),
    _rule(
        "unavailable",
        "out of order",
        "title",
        r"(?:http |error )?\W*50[0-4]\W*.{0,30}|service (?:temporarily )?unavailable|bad gateway|gateway time-?out"
        r"|internal server error|(?:网站|系统)?(?:正在)?(?:维护|升级)(?:中|公告)?\W*|(?:site|under) maintenance"
        r"|服务(?:器(?:内部)?错误|不可用)",
        NAMED,
    ),
    _rule(
        "unavailable",
        "out of order",
        "text",
        r"(?:is )?(?:currently|temporarily) unavailable|jest chwilowo niedostępny|(?:down|closed) for maintenance"
        r"|(?:网站|系统|平台|服务)(?:正在)?(?:升级)?维护中|(?:服务器|系统)(?:内部)?(?:错误|繁忙|异常)[，,。！!]?.{0,12}(?:稍后|重试|再试)"
        r"|数据库连接(?:失败|错误)|error establishing a database connection",
        SAYS,
    ),
    _rule(
        "search",
        "results of a search",
        "title",
        r".{0,80}(?:google search|google 搜索|bing|必应|百度搜索|搜狗搜索|360搜索|yahoo search|at duckduckgo)"
        r"|百度一下，你就知道|.{0,30}search results?.{0,30}|(?:站内|全站)?(?:搜索|检索)(?:结果)?(?:页面?)?",
        20_000,
        needs=r"google|bing|baidu|sogou|so\.com|duckduckgo|yahoo|search",
    ),
    _rule(
        "viewer-stub",
        "a viewer without its file",
        "script",
        r"<embed[^>]+type=[\"']application/pdf[\"'][^>]+internalid|<embed[^>]+src=[\"']about:blank[\"'][^>]+application/pdf"
        r"|id=[\"']viewerContainer[\"']|PDFViewerApplication|chrome-extension://[a-p]{32}/",
        SAYS * 3,
        needs=r"pdf",
    ),
    _rule(
        "viewer-stub",
        "a download that begins by itself",
        "text",
        r"your download (?:will|should) (?:begin|start)|(?:文件|附件)?正在下载|下载即将开始|(?:若|如果?)(?:下载)?.{0,8}没有自动(?:下载|开始)",
        SAYS,
    ),
    _rule(
        "redirect",
        "a page that leads on",
        "title",
        r"redirect notice|redirecting\W*|(?:页面|正在|自动)?(?:跳转|重定向)(?:中|页面?)?\W*|object moved|30[1278] .{0,30}|document moved",
        SAYS,
    ),
    _rule(
        "redirect",
        "a page that leads on",
        "script",
        r"<meta[^>]+http-equiv\s*=\s*[\"']?refresh[^>]+url\s*=|(?:window|document|top|self|parent)\.location(?:\.href)?\s*=\s*[\"'h]"
        r"|location\.(?:replace|assign)\(|location\.href\s*=",
        80,
    ),
)
"""In the order of looking; the first that holds tells the outcome."""

IN_PLACE_OF = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "a viewer",
            (
                r"<(?:embed|object)[^>]+application/pdf|<iframe[^>]+\.(?:pdf|ofd)|pdf(?:\.worker|js|\.js|viewer|-viewer)"
                r"|viewer\.html\?|docs\.google\.com/(?:viewer|gview)|view\.officeapps\.live|showVsbpdfIframe"
                r"|vsb_pdf|ofd(?:viewer|\.js)|flow?paper|flexpaper|weboffice"
            ),
        ),
        ("a page that leads on", r"<meta[^>]+http-equiv\s*=\s*[\"']?refresh"),
    )
)
"""What a page in place of a file holds, where the name or the server promises a file."""
