package agent

import (
	"bytes"
	"strings"
	"testing"
)

// visitors are agents in the form of real ones, each with what is known about
// it: Browser Version | System | Device, or Bot Version | Kind.
func visitors() string { return people + bots }

const people = `
Chrome 124 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36
Chrome 109 | Windows 7 | desktop = Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.168 Safari/537.36
Chrome 49 | Windows XP | desktop = Mozilla/5.0 (Windows NT 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36
Chrome 123 | macOS | desktop = Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36
Chrome 122 | Linux | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36
Chrome 121 | ChromeOS | desktop = Mozilla/5.0 (X11; CrOS aarch64 15662.88.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Safari/537.36
Chrome 124 | Android | phone = Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36
Chrome 124 | Android | tablet = Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36
Chrome 124 | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/124.0.6367.68 Mobile/15E148 Safari/604.1
Chrome 122 | iPadOS | tablet = Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/122.0.6261.89 Mobile/15E148 Safari/604.1
Chrome 30 | Android | phone = Mozilla/5.0 (Linux; Android 4.4.2; Nexus 4 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36
Chrome 87 | Android | phone = Mozilla/5.0 (Linux; Android 10; CUBOT P40) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.101 Mobile Safari/537.36
Chromium 79 | Ubuntu | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/79.0.3945.79 Chrome/79.0.3945.79 Safari/537.36
Edge 124 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0
Edge 123 | macOS | desktop = Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36 Edg/123.0.2420.97
Edge 122 | Android | phone = Mozilla/5.0 (Linux; Android 10; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.6261.119 Mobile Safari/537.36 EdgA/122.0.2365.99
Edge 124 | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/124.2478.50 Mobile/15E148 Safari/605.1.15
Edge 17 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/17.17134
Edge 15 | Windows Phone | phone = Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063
Edge 44 | Xbox | console = Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/44.18363.8131
Safari 17 | macOS | desktop = Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15
Safari 5 | Windows 7 | desktop = Mozilla/5.0 (Windows; U; Windows NT 6.1; en-US) AppleWebKit/533.19.4 (KHTML, like Gecko) Version/5.0.3 Safari/533.19.4
Safari 17 | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1
Safari 12 | iPadOS | tablet = Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1
Safari 6 | iOS | phone = Mozilla/5.0 (iPod touch; CPU iPhone OS 6_1_6 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 Mobile/10B500 Safari/8536.25
Safari | Linux | desktop = Mozilla/5.0 (X11; U; Linux x86_64; C) AppleWebKit/533.3 (KHTML, like Gecko) Qt/4.7.4 Safari/533.3
Firefox 125 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0
Firefox 124 | macOS | desktop = Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:124.0) Gecko/20100101 Firefox/124.0
Firefox 115 | Ubuntu | desktop = Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0
Firefox 124 | Fedora | desktop = Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0
Firefox 78 | Debian | desktop = Mozilla/5.0 (X11; Debian; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0
Firefox 123 | FreeBSD | desktop = Mozilla/5.0 (X11; FreeBSD amd64; rv:123.0) Gecko/20100101 Firefox/123.0
Firefox 122 | OpenBSD | desktop = Mozilla/5.0 (X11; OpenBSD amd64; rv:122.0) Gecko/20100101 Firefox/122.0
Firefox 125 | Android | phone = Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0
Firefox 68 | Android | tablet = Mozilla/5.0 (Android 9; Tablet; rv:68.0) Gecko/68.0 Firefox/68.0
Firefox 125 | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/125.0 Mobile/15E148 Safari/605.1.15
Firefox 3 | Windows Server 2003 | desktop = Mozilla/5.0 (Windows; U; Windows NT 5.2; en-US; rv:1.9.0.10) Gecko/2009042316 Firefox/3.0.10
Firefox Focus 8 | Android | phone = Mozilla/5.0 (Linux; Android 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Focus/8.0.15 Chrome/75.0 Mobile Safari/537.36
Opera 109 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36 OPR/109.0.0.0
Opera 76 | Android | phone = Mozilla/5.0 (Linux; Android 13; SM-A047F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0 Mobile Safari/537.36 OPR/76.2.4027.73374
Opera 12 | Linux | desktop = Opera/9.80 (X11; Linux x86_64) Presto/2.12.388 Version/12.15
Opera 9 | Windows XP | desktop = Opera/9.27 (Windows NT 5.1; U; en)
Opera Mini 8 |  | phone = Opera/9.80 (J2ME/MIDP; Opera Mini/8.0.35158/36.2534; U; en) Presto/2.12.423 Version/12.16
Opera 12 | Android | phone = Opera/9.80 (Android 4.1.2; Linux; Opera Mobi/ADR-1305251841) Presto/2.11.355 Version/12.10
Samsung Internet 24 | Android | phone = Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36
Samsung Internet 4 | Tizen | tv = Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.5) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/69.0.3497.106 TV Safari/537.36
UC Browser 12 | Android | phone = Mozilla/5.0 (Linux; U; Android 9; en-US; Redmi 7A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.108 UCBrowser/12.13.2.1208 Mobile Safari/537.36
Vivaldi 6 | Linux | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36 Vivaldi/6.6.3271.55
DuckDuckGo 7 | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15
DuckDuckGo 5 | Android | phone = Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/118.0.0.0 Mobile DuckDuckGo/5 Safari/537.36
Yandex Browser 24 | Android | phone = Mozilla/5.0 (Linux; arm_64; Android 12; M2101K7BNY) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.299 YaBrowser/24.1.7.299.00 SA/3 Mobile Safari/537.36
Internet Explorer 11 | Windows 7 | desktop = Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; AS; rv:11.0) like Gecko
Internet Explorer 11 | Windows 10/11 | desktop = Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E)
Internet Explorer 8 | Windows Vista | desktop = Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0; Trident/4.0; Tablet PC 2.0)
Internet Explorer 7 | Windows XP | desktop = Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)
Internet Explorer 6 | Windows 2000 | desktop = Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.01; SV1)
Internet Explorer 9 | Windows Phone | phone = Mozilla/5.0 (compatible; MSIE 9.0; Windows Phone OS 7.5; Trident/5.0; IEMobile/9.0; HTC; Radar)
Instagram 327 | Android | phone = Mozilla/5.0 (Linux; Android 13; SM-G991B Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/122.0 Mobile Safari/537.36 Instagram 327.1.0.43.89 Android (33/13; 480dpi)
Facebook | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 17_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21D61 [FBAN/FBIOS;FBAV/456.0.0.40.109;FBBV/578]
Facebook | Android | phone = Mozilla/5.0 (Linux; Android 12; M2004J19C Build/SP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/121.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/449.0.0.36;]
WeChat 8 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0 Safari/537.36 NetType/WIFI MicroMessenger/8.0.20 WindowsWechat
LINE 13 | Android | phone = Mozilla/5.0 (Linux; Android 12; SC-51B Build/SP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0 Mobile Safari/537.36 Line/13.19.1/IAB
Android WebView | Android | phone = Mozilla/5.0 (Linux; Android 11; moto g power Build/RRQ31; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/110.0.5481.65 Mobile Safari/537.36
Android Browser 4 | Android | phone = Mozilla/5.0 (Linux; U; Android 2.3.7; de-de; Desire Build/GRI40) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1
Android app | Android |  = Dalvik/2.1.0 (Linux; U; Android 11; Redmi Note 8 Build/RKQ1.201004.002)
Apple app |  |  = Weather/1 CFNetwork/1494.0.7 Darwin/23.4.0
other WebKit | iOS | phone = Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148
Silk 112 | Android | tablet = Mozilla/5.0 (Linux; Android 9; KFONWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.5.1 like Chrome/112.0.5615.213 Safari/537.36
Silk 120 | Android | tv = Mozilla/5.0 (Linux; Android 9; AFTSS Build/PS7646) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.1 like Chrome/120.0 Safari/537.36
Konqueror 5 | Linux | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Konqueror/5.0 Chrome/83.0 Safari/537.36
Epiphany 16 | Linux | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Safari/605.1.15 Epiphany/605.1.15
Lynx 2 |  |  = Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.1.1d
w3m |  |  = w3m/0.5.3+git20210102
Electron 27 | Windows 10/11 | desktop = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) notes/2.4.1 Chrome/118.0 Electron/27.3.2 Safari/537.36
Slack 4 | Linux | desktop = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Electron/28.2.1 Safari/537.36 Slack/4.37.94
Chrome 79 | webOS | tv = Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager
Safari 4 | Tizen | tv = Mozilla/5.0 (SMART-TV; Linux; Tizen 4.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/4.0 TV Safari/538.1
Safari 13 | PlayStation | console = Mozilla/5.0 (PlayStation 4 11.02) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15
other WebKit | Nintendo | console = Mozilla/5.0 (Nintendo WiiU) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0.4.2.12 NintendoBrowser/4.3.1.11264.US
Firefox 48 | KaiOS | phone = Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1
 | watchOS | watch = NewsReader/4.1 (com.example.news; watchOS 9.4; Watch6,7)
 |  | phone = Nokia6300/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1
 |  |  = Mozilla/5.0
 |  |  = Mozilla/4.0 (compatible;)
 |  |  = -
 |  |  = something unheard of
 |  |  = Robotics of a botanist/1.0
`

const bots = `
Googlebot 2 | search = Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.60 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Googlebot 2 | search = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/124.0.6367.60 Safari/537.36
Googlebot 2 | search = googlebot/2.1 (+http://www.googlebot.com/bot.html)
Googlebot-Image 1 | search = Googlebot-Image/1.0
Googlebot-Video 1 | search = Googlebot-Video/1.0
Googlebot-News | search = Googlebot-News
Google-InspectionTool 1 | search = Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36 (compatible; Google-InspectionTool/1.0;)
AdsBot-Google | other = Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.1.2 Mobile/15E148 Safari/604.1 (compatible; AdsBot-Google-Mobile; +http://www.google.com/mobile/adsbot.html)
GoogleOther | other = Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36 (compatible; GoogleOther)
Bingbot 2 | search = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36
Applebot | search = Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1 (Applebot/0.1; +http://www.apple.com/go/applebot)
YandexBot 3 | search = Mozilla/5.0 (iPhone; CPU iPhone OS 8_1 like Mac OS X) AppleWebKit/600.1.4 (KHTML, like Gecko) Version/8.0 Mobile/12B411 Safari/600.1.4 (compatible; YandexBot/3.0; +http://yandex.com/bots)
Baiduspider 2 | search = Mozilla/5.0 (Linux;u;Android 4.2.2;zh-cn;) AppleWebKit/534.46 (KHTML,like Gecko) Version/5.1 Mobile Safari/10600.6.3 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)
Baiduspider | search = Baiduspider-image+(+http://www.baidu.com/search/spider.htm)
DuckDuckBot | search = DuckDuckBot-Https/1.1; (+https://duckduckgo.com/duckduckbot)
Sogou 4 | search = Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)
PetalBot | search = Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)
SeznamBot 4 | search = Mozilla/5.0 (compatible; SeznamBot/4.0-RC1; +http://napoveda.seznam.cz/seznambot-intro/)
Qwantbot | search = Mozilla/5.0 (compatible; Qwantbot-prod/4.0; +https://help.qwant.com/bot/)
MojeekBot | search = Mozilla/5.0 (compatible; MojeekBot/0.10; +https://www.mojeek.com/bot.html)
Naver Yeti 1 | search = Mozilla/5.0 (compatible; Yeti/1.1; +http://naver.me/bot)
Coc Coc | search = Mozilla/5.0 (compatible; coccocbot-image/1.0; +http://help.coccoc.com/searchengine)
OAI-SearchBot 1 | search = OAI-SearchBot/1.0; +https://openai.com/searchbot
Claude-SearchBot 1 | search = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-SearchBot/1.0; +Claude-SearchBot@anthropic.com)
PerplexityBot 1 | search = Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://docs.perplexity.ai/docs/perplexity-bot)
YouBot 1 | search = Mozilla/5.0 (X11; Linux x86_64) (compatible; YouBot/1.0; https://about.you.com/youbot/)
GPTBot 1 | ai = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.1; +https://openai.com/gptbot
ClaudeBot 1 | ai = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ClaudeBot/1.0; +claudebot@anthropic.com
anthropic-ai | ai = anthropic-ai
CCBot 2 | ai = CCBot/2.0 (http://commoncrawl.org/faq/)
Bytespider | ai = Mozilla/5.0 (compatible; Bytespider; https://zhanzhang.toutiao.com/)
Amazonbot | ai = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot) Chrome/119.0 Safari/537.36
Meta-ExternalAgent 1 | ai = Meta-ExternalAgent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)
Cohere | ai = cohere-ai
Diffbot 2 | ai = Mozilla/5.0 (compatible; Diffbot/2.0; +http://www.diffbot.com)
Google-CloudVertexBot | ai = Google-CloudVertexBot
Timpibot | ai = Timpibot/0.8 (+http://www.timpi.io)
ImagesiftBot 1 | ai = Mozilla/5.0 (compatible; ImagesiftBot/1.0; +imagesift.com)
omgili | ai = omgili/0.5 +http://omgili.com
ChatGPT-User 1 | assistant = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot
Claude-User 1 | assistant = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +https://www.anthropic.com)
Perplexity-User 1 | assistant = Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)
Meta-ExternalFetcher 1 | assistant = meta-externalfetcher/1.1
MistralAI-User 1 | assistant = Mozilla/5.0 (compatible; MistralAI-User/1.0; +https://docs.mistral.ai/robots)
DuckAssistBot 1 | assistant = DuckAssistBot/1.1; (+http://duckduckgo.com/duckassistbot.html)
AhrefsBot 5 | seo = Mozilla/5.0 (compatible; AhrefsBot/5.2; +http://ahrefs.com/robot/)
SemrushBot | seo = Mozilla/5.0 (compatible; SemrushBot-BA; +http://www.semrush.com/bot.html)
MJ12bot 1 | seo = Mozilla/5.0 (compatible; MJ12bot/v1.4.5; http://www.majestic12.co.uk/bot.php?+)
DotBot 1 | seo = Mozilla/5.0 (compatible; DotBot/1.1; http://www.opensiteexplorer.org/dotbot, help@moz.com)
DataForSeoBot 1 | seo = Mozilla/5.0 (compatible; DataForSeoBot/1.0; +https://dataforseo.com/dataforseo-bot)
BLEXBot 1 | seo = Mozilla/5.0 (compatible; BLEXBot/1.0; +http://webmeup-crawler.com/)
serpstatbot 1 | seo = serpstatbot/1.0 (advanced backlink tracking bot; curl/7.58.0; http://serpstatbot.com/)
Screaming Frog | seo = Screaming Frog SEO Spider/20.1
UptimeRobot 2 | monitor = Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Pingdom | monitor = Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)
Pingdom 2020 | monitor = Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0 Safari/537.36 PingdomTMS/2020.3
StatusCake | monitor = Mozilla/5.0 (Windows NT 6.2; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0 Safari/537.36 StatusCake
Site24x7 | monitor = Mozilla/5.0 (compatible; Site24x7)
Datadog | monitor = Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0 Safari/537.36 DatadogSynthetics
New Relic | monitor = Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 Safari/537.36 NewRelicSynthetics
Better Stack | monitor = Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0 Safari/537.36
Zabbix | monitor = Zabbix
Nagios check_http 2 | monitor = check_http/v2.2 (monitoring-plugins 2.2)
Prometheus Blackbox | monitor = Blackbox-Exporter/0.24
Prometheus 2 | monitor = Prometheus/2.45.0
kube-probe 1 | monitor = kube-probe/1.27+
ELB-HealthChecker 1 | monitor = ELB-HealthChecker/1.0
GoogleHC 1 | monitor = GoogleHC/1.0
Amazon Route 53 | monitor = Amazon-Route53-Health-Check-Service (ref 5a5d1e34; report http://amzn.to/1vsZADi)
Consul | monitor = Consul Health Check
HAProxy | monitor = HAProxy
Cloudflare-Healthchecks 1 | monitor = Mozilla/5.0 (compatible;Cloudflare-Healthchecks/1.0;+https://www.cloudflare.com/; healthcheck-id: 6)
Feedly 1 | feed = FeedlyBot/1.0 (http://feedly.com)
Feedly 1 | feed = Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)
Feedbin | feed = Feedbin feed-id:1373711 - 142 subscribers
Inoreader | feed = Mozilla/5.0 (compatible; inoreader.com-like FeedFetcher-Google)
NewsBlur | feed = NewsBlur Page Fetcher - 12 subscribers - http://www.newsblur.com/site/1/
Miniflux 2 | feed = Mozilla/5.0 (compatible; Miniflux/2.0.51; +https://miniflux.app)
FreshRSS 1 | feed = FreshRSS/1.23.1 (Linux; https://freshrss.org)
Tiny Tiny RSS 21 | feed = Tiny Tiny RSS/21.11 (Unsupported) (http://tt-rss.org/)
NetNewsWire | feed = NetNewsWire (RSS Reader; https://ranchero.com/netnewswire/)
Thunderbird 102 | feed = Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:102.0) Gecko/20100101 Thunderbird/102.15.0
zgrab | scanner = Mozilla/5.0 zgrab/0.x
masscan 1 | scanner = masscan/1.0 (https://github.com/robertdavidgraham/masscan)
Nmap | scanner = Mozilla/5.0 (compatible; Nmap Scripting Engine; http://nmap.org/book/nse.html)
Nikto 2 | scanner = Mozilla/5.00 (Nikto/2.1.5) (Evasions:None) (Test:map_codes)
sqlmap 1 | scanner = sqlmap/1.5.2#stable (http://sqlmap.org)
Nuclei | scanner = Mozilla/5.0 (compatible; Nuclei - Open-source project (github.com/projectdiscovery/nuclei))
WPScan 3 | scanner = WPScan v3.8.7 (https://wpscan.org/)
CensysInspect 1 | scanner = Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)
Shodan | scanner = Shodan-Pull/1.0
InternetMeasurement 1 | scanner = Mozilla/5.0 (compatible; InternetMeasurement/1.0; +https://internet-measurement.com/)
Palo Alto Networks | scanner = Expanse indexes the network perimeters of our customers. If you have any questions or concerns, please reach out to: scaninfo@expanseinc.com
Netcraft 1 | scanner = Mozilla/5.0 (compatible; NetcraftSurveyAgent/1.0; +info@netcraft.com)
LeakIX 1 | scanner = l9explore/1.3.0
DirBuster 1 | scanner = DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)
gobuster 3 | scanner = gobuster/3.1.0
ffuf 1 | scanner = Fuzz Faster U Fool v1.3.1-dev
Acunetix | scanner = Mozilla/5.0 (compatible; Acunetix Web Vulnerability Scanner)
Nessus | scanner = Nessus SOAP v0.0.1 (Nessus.org)
OpenVAS 8 | scanner = Mozilla/5.0 [en] (X11, U; OpenVAS 8.0.9)
Qualys | scanner = Qualys WAS
curl 7 | library = curl/7.88.1
Wget 1 | library = Wget/1.20.3 (linux-gnu)
Wget 2 | library = Wget2/2.0.1
python-requests 2 | library = python-requests/2.28.2
python-urllib 2 | library = Python-urllib/2.7
aiohttp 3 | library = Python/3.9 aiohttp/3.8.1
httpx | library = python-httpx/0.23.3
Scrapy 2 | library = Scrapy/2.5.1 (+https://scrapy.org)
Go-http-client 1 | library = Go-http-client/1.1
Java 11 | library = Java/11.0.18
Java 11 | library = Java-http-client/11.0.17
okhttp 3 | library = okhttp/3.12.1
Apache-HttpClient 5 | library = Apache-HttpClient/5.1.3 (Java/11.0.18)
axios | library = axios/0.27.2
node-fetch 1 | library = node-fetch/1.0 (+https://github.com/bitinn/node-fetch)
undici | library = undici
got 9 | library = got/9.6.0 (https://github.com/sindresorhus/got)
Ruby | library = Ruby
Faraday 1 | library = Faraday v1.10.3
libwww-perl 6 | library = libwww-perl/6.05
PHP 7 | library = PHP/7.4.33
Guzzle 6 | library = GuzzleHttp/6.5.5 curl/7.64.0 PHP/7.3.31
.NET HttpClient | library = .NET HttpClient
PowerShell 5 | library = Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.17763.3770
PowerShell 7 | library = Mozilla/5.0 (Linux; Ubuntu 22.04.1 LTS; en-US) PowerShell/7.3.0
Postman 7 | library = PostmanRuntime/7.29.2
Insomnia 2023 | library = insomnia/2023.5.8
HTTPie 2 | library = HTTPie/2.6.0
k6 | library = k6/0.42.0 (https://k6.io/)
Vegeta | library = vegeta
hey | library = hey/0.0.1
wrk 4 | library = wrk/4.1.0
ApacheBench 2 | library = ApacheBench/2.3
JMeter 5 | library = ApacheJMeter/5.5
Dart 2 | library = Dart/2.18 (dart:io)
reqwest | library = reqwest/0.11.14
Deno 1 | library = Deno/1.30.3
Bun 1 | library = Bun/1.0.0
Headless Chrome 121 | library = Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/121.0.0.0 Safari/537.36
facebookexternalhit 1 | preview = facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php) Facebot Twitterbot/1.0
Twitterbot 1 | preview = Twitterbot/1.0
LinkedInBot 1 | preview = LinkedInBot/1.0 (compatible; Mozilla/5.0; Jakarta Commons-HttpClient/4.3 +http://www.linkedin.com)
Slackbot 1 | preview = Slackbot 1.0 (+https://api.slack.com/robots)
Discordbot 2 | preview = Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)
TelegramBot | preview = TelegramBot (like TwitterBot)
WhatsApp 2 | preview = WhatsApp/2.24.6.77 i
Pinterestbot 1 | preview = Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)
Skype | preview = Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5
redditbot 1 | preview = Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)
Mastodon 4 | preview = http.rb/5.1.1 (Mastodon/4.2.8; +https://mastodon.example/) Bot
Akkoma 3 | preview = Akkoma 3.11.0-0-gd3e2a95; https://fedi.example <mail@fedi.example>
Pleroma 2 | preview = Pleroma 2.5.5-0-g7ff5dd2; https://fedi.example <mail@fedi.example>
archive.org_bot 3 | archive = Mozilla/5.0 (compatible; archive.org_bot/3.3.0 +http://archive.org/details/archive.org_bot)
ia_archiver | archive = ia_archiver
Wayback Machine | archive = Mozilla/5.0 (compatible; Wayback Machine Live Record)
(other bot) | other = Mozilla/5.0 (compatible; FriendlyBot/3.1)
(other bot) | other = tiny-crawler
(other bot) | other = Mozilla/5.0 (compatible; Garden Spider)
(other bot) | other = research/1.2 (+https://lab.example/why)
(other bot) | other = survey (contact: net@lab.example)
(other bot) | other = Bot
`

// eachVisitor calls yield with every line of visitors.
func eachVisitor(t *testing.T, yield func(want, agent string)) {
	t.Helper()
	for _, l := range strings.Split(visitors(), "\n") {
		if l == "" {
			continue
		}
		want, agent, ok := strings.Cut(l, " = ")
		if !ok {
			t.Fatalf("no \" = \" in %q", l)
		}
		yield(want, agent)
	}
}

func TestVisitorsAreTakenForWhatTheyAre(t *testing.T) {
	n := 0
	eachVisitor(t, func(want, agent string) {
		n++
		a := Classify([]byte(agent))
		if got := written(a); got != want {
			t.Errorf("got  %s\nwant %s\n%s", got, want, agent)
		}
		if a.Bot != "" && (a.Browser != "" || a.System != "" || a.Device != "bot" || a.Kind == None) {
			t.Errorf("%s: a bot has a kind, and no browser or system: %+v", agent, a)
		}
		if a.Bot == "" && a.Kind != None {
			t.Errorf("%s: no bot has a kind: %+v", agent, a)
		}
	})
	if n < 200 {
		t.Errorf("%d agents: the table is not what it was", n)
	}
}

func TestNothingIsKnownOfAnEmptyAgent(t *testing.T) {
	for _, none := range [][]byte{nil, {}, []byte("-")} {
		if got := Classify(none); got != (Agent{}) {
			t.Errorf("%q: got %+v", none, got)
		}
	}
}

func TestCapitalsDoNotMatter(t *testing.T) {
	eachVisitor(t, func(want, agent string) {
		for _, form := range []string{strings.ToUpper(agent), strings.ToLower(agent)} {
			if got := written(Classify([]byte(form))); got != want {
				t.Errorf("got  %s\nwant %s\n%s", got, want, form)
			}
		}
	})
}

func TestWhatLiesBeyondTheFirstKibibyteDoesNotMatter(t *testing.T) {
	long := bytes.Repeat([]byte("x "), 1<<19)
	copy(long[looked-len("curl/"):], "Mozilla") // begins within, ends beyond
	copy(long[looked+100:], "Googlebot/2.1 (+http://bot.example)")
	if got := Classify(long); got != (Agent{}) {
		t.Errorf("got %+v", got)
	}
	copy(long[looked-len(" Firefox/9"):], " Firefox/99")
	if got, want := Classify(long), (Agent{Browser: "Firefox", Version: 9}); got != want {
		t.Errorf("got %+v, want %+v: the first KiB ends in the version", got, want)
	}
}

func TestClassifyAllocatesNothing(t *testing.T) {
	eachVisitor(t, func(_, agent string) {
		text := []byte(agent)
		if n := testing.AllocsPerRun(10, func() { Classify(text) }); n > 0 {
			t.Errorf("%g allocations for %s", n, agent)
		}
	})
}

func TestLongNumbersAreNoVersions(t *testing.T) {
	for agent, want := range map[string]int{
		"curl/99999": 99999, "curl/100000": 0, "curl/20100101": 0, "curl/99999999999999999999": 0,
		"curl/": 0, "curl/x": 0, "curl/v3": 3, "curl 4": 4, "curl": 0, "curl/0.9": 0,
	} {
		if got := Classify([]byte(agent)); got.Version != want || got.Bot != "curl" {
			t.Errorf("%s: got %+v, want version %d", agent, got, want)
		}
	}
}
