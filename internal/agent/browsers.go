package agent

// appRules are web views, named by the app that shows them.
func appRules() []Rule {
	return lines(Browsers, None, []line{
		{"instagram", "Instagram", onIPhone + "Mobile/15E148 Instagram 312.0.0.18.111 (iPhone14,5; iOS 17_2; en_US)"},
		{"messengerforios", "Messenger", onIPhone + "Mobile/15E148 [FBAN/MessengerForiOS;FBAV/440.0.0.1]"},
		{"orca-android", "Messenger", inWebView + "[FB_IAB/Orca-Android;FBAV/440.0.0.1;]"},
		{"fban*", "Facebook", onIPhone + "Mobile/15E148 [FBAN/FBIOS;FBAV/444.0.0.1]"},
		{"fb_iab", "Facebook", inWebView + "[FB_IAB/FB4A;FBAV/444.0.0.1;]"},
		{"fbav", "Facebook", inWebView + "[FBAV/444.0.0.1;]"},
		{"micromessenger", "WeChat", onIPhone + "Mobile/15E148 MicroMessenger/8.0.45(0x18002d2a) NetType/WIFI Language/en"},
		{"musical_ly*", "TikTok", onIPhone + "Mobile/15E148 musical_ly_32.9.0 JsSdk/2.0"},
		{"trill_*", "TikTok", inWebView + "trill_320905 JsSdk/1.0 NetType/WIFI"},
		{"bytedancewebview", "TikTok", inWebView + "BytedanceWebview/d8a21c6"},
		{"snapchat", "Snapchat", onIPhone + "Mobile/15E148 Snapchat/12.66.0.28 (like Safari/8617.1.17, panda)"},
		{"linkedinapp", "LinkedIn", onIPhone + "Mobile/15E148 [LinkedInApp]/9.29.3"},
		{"twitter for", "Twitter", onIPhone + "Mobile/15E148 Twitter for iPhone/10.24"},
		{"pinterest", "Pinterest", onIPhone + "Mobile/15E148 [Pinterest/iOS]"},
		{"kakaotalk", "KakaoTalk", inWebView + "KAKAOTALK 10.4.5"},
		{"line/", "LINE", onIPhone + "Mobile/15E148 Safari Line/14.0.0"},
		{"zalo", "Zalo", onIPhone + "Mobile/15E148 Zalo iOS/501"},
		{"weibo*", "Weibo", onIPhone + "Mobile/15E148 Weibo (iPhone14,5__weibo__13.12.2)"},
		{"alipayclient", "Alipay", onIPhone + "Mobile/15E148 AlipayClient/10.5.60"},
		{"telegram-android", "Telegram", inWebView + "Telegram-Android/10.6.1 (Pixel 8; Android 14)"},
		{"teams", "Microsoft Teams", onWindows + blink + "Safari/537.36 Teams/24004.1307"},
		{"slack", "Slack", onMac + blink + "Electron/28.1.0 Safari/537.36 Slack/4.36.136"},
	})
}

// browserRules are browsers, the most particular first: most of them name
// Chrome or Safari too.
func browserRules() []Rule {
	return append(lines(Browsers, None, []line{
		{"edg/", "Edge", onWindows + blink + "Safari/537.36 Edg/120.0.2210.91"},
		{"edga/", "Edge", onAndroid + blink + "Mobile Safari/537.36 EdgA/120.0.2210.84"},
		{"edgios/", "Edge", onIPhone + "Version/17.0 EdgiOS/120.0.2210.116 Mobile/15E148 Safari/605.1.15"},
		{"edge/", "Edge", onWindows + webKit + "Chrome/70.0.3538.102 Safari/537.36 Edge/18.19042"},
		{"opera mini", "Opera Mini", "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.5.25 Version/10.54"},
		{"opr/", "Opera", onWindows + blink + "Safari/537.36 OPR/106.0.0.0"},
		{"opt/", "Opera", onIPhone + "Version/17.0 Mobile/15E148 Safari/604.1 OPT/4.4.0"},
		{"opios/", "Opera", onIPhone + "OPiOS/16.0.15.124050 Mobile/15E148 Safari/9537.53"},
		{"samsungbrowser/", "Samsung Internet", "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) " + webKit + "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36"},
		{"ucbrowser/", "UC Browser", "Mozilla/5.0 (Linux; U; Android 10; en-US; RMX2030) " + webKit + "Version/4.0 Chrome/100.0 UCBrowser/13.4.0.1306 Mobile Safari/537.36"},
		{"ucweb*", "UC Browser", "UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.2; en-US; example) U2/1.0.0 Mobile"},
		{"vivaldi/", "Vivaldi", onWindows + blink + "Safari/537.36 Vivaldi/6.5.3206.50"},
		{"brave*", "Brave", onIPhone + "Version/17.0 Mobile/15E148 Safari/604.1 Brave/1.61"},
		{"duckduckgo/", "DuckDuckGo", onIPhone + "Version/17.2 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"},
		{"ddg/", "DuckDuckGo", onMac + "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15 Ddg/17.2"},
		{"yabrowser/", "Yandex Browser", onWindows + blink + "YaBrowser/24.1.0.0 Safari/537.36"},
		{"whale/", "Whale", onWindows + blink + "Whale/3.24.223.18 Safari/537.36"},
		{"coc_coc_browser/", "Coc Coc Browser", onWindows + webKit + "coc_coc_browser/120.0.148 Chrome/120.0.0.0 Safari/537.36"},
		{"silk/", "Silk", "Mozilla/5.0 (Linux; Android 9; KFMAWI) " + webKit + "Silk/120.1.1 like Chrome/120.0.0.0 Safari/537.36"},
		{"miuibrowser/", "Mi Browser", "Mozilla/5.0 (Linux; U; Android 13; en-us; 2201116SG) " + webKit + "Version/4.0 Chrome/112.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.9.0"},
		{"huaweibrowser/", "Huawei Browser", "Mozilla/5.0 (Linux; Android 12; NOH-NX9) " + webKit + "Chrome/114.0 HuaweiBrowser/14.0.3 Mobile Safari/537.36"},
		{"heytapbrowser/", "HeyTap Browser", onAndroid + blink + "Mobile Safari/537.36 HeyTapBrowser/45.9.8"},
		{"vivobrowser/", "Vivo Browser", onAndroid + blink + "Mobile Safari/537.36 VivoBrowser/16.2.1"},
		{"mqqbrowser/", "QQ Browser", "Mozilla/5.0 (Linux; U; Android 12; zh-cn; V2197A) " + webKit + "Version/4.0 Chrome/98.0 MQQBrowser/14.6 Mobile Safari/537.36"},
		{"qqbrowser/", "QQ Browser", onWindows + blink + "Safari/537.36 Core/1.94.218 QQBrowser/12.1.5496.400"},
		{"maxthon", "Maxthon", onWindows + blink + "Safari/537.36 Maxthon/7.1"},
		{"2345explorer", "2345 Explorer", onWindows + blink + "Safari/537.36 2345Explorer/10.28"},
		{"metasr", "Sogou Explorer", onWindows + webKit + "Chrome/80.0 Safari/537.36 SE 2.X MetaSr 1.0"},
		{"puffin/", "Puffin", onAndroid + blink + "Mobile Safari/537.36 Puffin/10.0AP"},
		{"gsa/", "Google App", onIPhone + "GSA/297.0.596435795 Mobile/15E148 Safari/604.1"},
		{"focus/", "Firefox Focus", onIPhone + "FxiOS/121.0 Focus/121.0 Mobile/15E148"},
		{"iceweasel/", "Iceweasel", "Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20140205 Firefox/24.0 Iceweasel/24.3.0"},
		{"seamonkey/", "SeaMonkey", "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.18"},
		{"palemoon/", "Pale Moon", "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Goanna/6.5 PaleMoon/33.0"},
		{"waterfox/", "Waterfox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:56.0) Gecko/20100101 Firefox/56.0 Waterfox/56.3"},
		{"conkeror/", "Conkeror", "Mozilla/5.0 (X11; Linux i686; rv:27.0) Gecko/20100101 conkeror/1.0pre"},
		{"konqueror", "Konqueror", "Mozilla/5.0 (compatible; Konqueror/4.14; Linux) KHTML/4.14.2 (like Gecko)"},
		{"falkon/", "Falkon", "Mozilla/5.0 (X11; Linux x86_64) " + webKit + "Falkon/23.08.4 Chrome/108.0.5359.220 Safari/537.36"},
		{"midori/", "Midori", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1 (KHTML, like Gecko) Safari/605.1 Midori/9.0"},
		{"netsurf/", "NetSurf", "NetSurf/3.11 (Linux)"},
		{"dillo/", "Dillo", "Dillo/3.0.5"},
		{"lynx/", "Lynx", "Lynx/2.9.0 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.9"},
		{"w3m/", "w3m", "w3m/0.5.3+git20230121"},
		{"elinks", "ELinks", "ELinks/0.16.1.1 (textmode; Linux 6.5 x86_64; 80x24-2)"},
		{"links (", "Links", "Links (2.29; Linux 6.5 x86_64; GNU C 12.3; text)"},
		{"oculusbrowser/", "Meta Quest Browser", "Mozilla/5.0 (X11; Linux x86_64; Quest 3) " + webKit + "OculusBrowser/31.0.0 Chrome/120.0.0.0 VR Safari/537.36"},
		{"electron/", "Electron", "Mozilla/5.0 (X11; Linux x86_64) " + webKit + "Example/1.0 Chrome/120.0.0.0 Electron/28.1.0 Safari/537.36"},
		{"netfront", "NetFront", "Mozilla/4.0 (PSP (PlayStation Portable); 2.00) NetFront/3.0"},
		{"crios/", "Chrome", onIPhone + "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1"},
		{"fxios/", "Firefox", onIPhone + "FxiOS/121.0 Mobile/15E148 Safari/605.1.15"},
		{"wv)", "Android WebView", inWebView},
		{"chromium/", "Chromium", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36"},
		{"firefox/", "Firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0"},
	}), plainBrowserRules()...)
}

// plainBrowserRules are those that others pretend to be. The version of some
// stands elsewhere: Trident/7.0 is Internet Explorer 11, also where it says it is
// an older MSIE for old pages, and Epiphany repeats the number of Safari.
func plainBrowserRules() []Rule {
	rules := []Rule{
		{Pattern: "epiphany/", Name: "Epiphany", After: "version/", Example: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/605.1.15"},
		{Pattern: "dalvik/", Name: "Android app", Version: -1, Example: "Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)"},
		{Pattern: "cfnetwork", Name: "Apple app", Version: -1, Example: "Example/1 CFNetwork/1490.0.4 Darwin/23.2.0"},
		{Pattern: "trident/7.0", Name: "Internet Explorer", Version: 11, Example: "Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; rv:11.0) like Gecko"},
		{Pattern: "trident/6.0", Name: "Internet Explorer", Version: 10, Example: "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Win64; x64; Trident/6.0)"},
		{Pattern: "trident/5.0", Name: "Internet Explorer", Version: 9, Example: "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)"},
		{Pattern: "trident/4.0", Name: "Internet Explorer", Version: 8, Example: "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/4.0)"},
		{Pattern: "opera/9.80", Name: "Opera", After: "version/", Example: "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18"},
		{Pattern: "opera", Name: "Opera", Example: "Opera/9.64 (X11; Linux i686; U; en) Presto/2.1.1"},
		{Pattern: "msie", Name: "Internet Explorer", Example: "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"},
		{Pattern: "chrome/", Name: "Chrome", Example: onWindows + blink + "Safari/537.36"},
		{Pattern: "version/4.0 mobile safari", Name: "Android Browser", After: "version/", Example: "Mozilla/5.0 (Linux; U; Android 4.0.4; en-us; GT-I9100 Build/IMM76D) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"},
		{Pattern: "version/4.0 safari/534.30", Name: "Android Browser", After: "version/", Example: "Mozilla/5.0 (Linux; U; Android 4.1.2; en-gb; GT-N8020 Build/JZO54K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Safari/534.30"},
		{Pattern: "safari", Name: "Safari", After: "version/", Example: onMac + "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15"},
		{Pattern: "mobilesafari", Name: "Apple app", Version: -1, Example: "MobileSafari/9537.53 Darwin/14.0.0"},
		{Pattern: "applewebkit", Name: "other WebKit", After: "version/", Example: onIPhone + "Mobile/15E148"},
		{Pattern: "gecko/", Name: "other Gecko", After: "rv:", Example: "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101"},
	}
	for i := range rules {
		rules[i].Part = Browsers
	}
	return rules
}
