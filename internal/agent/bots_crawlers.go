package agent

// The beginnings that the examples share.
const (
	onWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
	onMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
	onIPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	onAndroid = "Mozilla/5.0 (Linux; Android 14; Pixel 8) "
	inWebView = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 "
	webKit    = "AppleWebKit/537.36 (KHTML, like Gecko) "
	blink     = webKit + "Chrome/120.0.0.0 "
	like      = "Mozilla/5.0 (compatible; "
)

// searchRules are crawlers that gather for a search engine, that of a model
// included.
func searchRules() []Rule {
	return lines(Bots, Search, []line{
		{"googlebot-image", "Googlebot-Image", "Googlebot-Image/1.0"},
		{"googlebot-video", "Googlebot-Video", "Googlebot-Video/1.0"},
		{"googlebot-news", "Googlebot-News", "Googlebot-News"},
		{"googlebot", "Googlebot", like + "Googlebot/2.1; +http://www.google.com/bot.html)"},
		{"google-inspectiontool", "Google-InspectionTool", like + "Google-InspectionTool/1.0;)"},
		{"storebot-google", "Storebot-Google", "Mozilla/5.0 (X11; Linux x86_64; Storebot-Google/1.0) " + blink + "Safari/537.36"},
		{"adidxbot", "AdIdxBot", like + "adidxbot/2.0; +http://www.bing.com/bingbot.htm)"},
		{"bingbot", "Bingbot", like + "bingbot/2.0; +http://www.bing.com/bingbot.htm)"},
		{"msnbot*", "msnbot", "msnbot-media/1.1 (+http://search.msn.com/msnbot.htm)"},
		{"applebot", "Applebot", onMac + "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)"},
		{"yandeximages", "YandexImages", like + "YandexImages/3.0; +http://yandex.com/bots)"},
		{"yandexbot", "YandexBot", like + "YandexBot/3.0; +http://yandex.com/bots)"},
		{"yandexmetrika", "YandexMetrika", like + "YandexMetrika/2.0; +http://yandex.com/bots)"},
		{"baiduspider*", "Baiduspider", like + "Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"},
		{"duckduckbot*", "DuckDuckBot", "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)"},
		{"sogou web spider", "Sogou", "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)"},
		{"petalbot", "PetalBot", like + "PetalBot;+https://webmaster.petalsearch.com/site/petalbot)"},
		{"seznambot", "SeznamBot", like + "SeznamBot/4.0; +https://o-seznam.cz/napoveda/vyhledavani/en/seznambot-crawler/)"},
		{"qwantbot*", "Qwantbot", like + "Qwantbot/1.0; +https://help.qwant.com/bot/)"},
		{"qwantify", "Qwantbot", like + "Qwantify/2.4w; +https://www.qwant.com/)"},
		{"mojeekbot", "MojeekBot", like + "MojeekBot/0.11; +https://www.mojeek.com/bot.html)"},
		{"yeti/", "Naver Yeti", like + "Yeti/1.1; +https://naver.me/spd)"},
		{"coccocbot*", "Coc Coc", like + "coccocbot-web/1.0; +http://help.coccoc.com/searchengine)"},
		{"slurp", "Yahoo! Slurp", like + "Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)"},
		{"exabot*", "Exabot", like + "Exabot/3.0; +http://www.exabot.com/go/robot)"},
		{"daum/", "Daum", like + "Daum/4.1; +http://cs.daum.net/faq/15/4118.html)"},
		{"daumoa", "Daum", like + "MSIE or Firefox mutant; not on Windows server; + http://tab.search.daum.net/aboutWebSearch.html) Daumoa/3.0"},
		{"mail.ru_bot", "Mail.RU_Bot", like + "Linux x86_64; Mail.RU_Bot/2.0; +http://go.mail.ru/help/robots)"},
		{"360spider", "360Spider", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/52.0; 360Spider"},
		{"marginalia*", "Marginalia", "search.marginalia.nu Marginalia/1"},
		{"oai-searchbot", "OAI-SearchBot", onMac + blink + "Safari/537.36; compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot"},
		{"claude-searchbot", "Claude-SearchBot", like + "Claude-SearchBot/1.0; +https://www.anthropic.com)"},
		{"perplexitybot", "PerplexityBot", "Mozilla/5.0 " + webKit + "; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)"},
		{"youbot", "YouBot", like + "YouBot/1.0; +https://about.you.com/youbot/)"},
	})
}

// trainingRules are crawlers that gather texts and pictures for models.
func trainingRules() []Rule {
	return lines(Bots, AI, []line{
		{"gptbot", "GPTBot", "Mozilla/5.0 " + webKit + "; compatible; GPTBot/1.2; +https://openai.com/gptbot)"},
		{"claudebot", "ClaudeBot", "Mozilla/5.0 " + webKit + "; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)"},
		{"claude-web", "Claude-Web", like + "Claude-Web/1.0; +https://www.anthropic.com)"},
		{"anthropic-ai", "anthropic-ai", like + "anthropic-ai/1.0; +http://www.anthropic.com/bot.html)"},
		{"ccbot", "CCBot", "CCBot/2.0 (https://commoncrawl.org/faq/)"},
		{"bytespider", "Bytespider", onAndroid + webKit + "Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)"},
		{"amazonbot", "Amazonbot", onMac + "AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 Safari/600.2.5 (Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)"},
		{"meta-externalagent", "Meta-ExternalAgent", "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)"},
		{"facebookbot", "FacebookBot", like + "FacebookBot/1.0; +https://developers.facebook.com/docs/sharing/webmasters/facebookbot/)"},
		{"cohere*", "Cohere", "cohere-training-data-crawler/1.0 (+http://www.cohere.ai/bot.html)"},
		{"diffbot", "Diffbot", "Mozilla/5.0 (X11; Linux x86_64) " + webKit + "Diffbot/0.1 Safari/537.36 (+http://www.diffbot.com)"},
		{"google-cloudvertexbot", "Google-CloudVertexBot", like + "Google-CloudVertexBot/1.0; +https://cloud.google.com/vertexbot)"},
		{"timpibot", "Timpibot", "Timpibot/0.9 (+http://www.timpi.io)"},
		{"imagesiftbot", "ImagesiftBot", like + "ImagesiftBot; +https://imagesift.com/about)"},
		{"omgili*", "omgili", "omgilibot/0.4 +http://omgili.com"},
		{"webzio*", "Webzio", "webzio-extended/1.0 (+https://webz.io/bot.html)"},
		{"ai2bot*", "AI2Bot", like + "Ai2Bot-Dolma (+https://www.allenai.org/crawler)"},
		{"img2dataset", "img2dataset", "Mozilla/5.0 (X11; Linux x86_64) Firefox/72.0 (compatible; img2dataset; +https://github.com/rom1504/img2dataset)"},
	})
}

// assistantRules fetch a page because a person asked a model about it.
func assistantRules() []Rule {
	return lines(Bots, Assistant, []line{
		{"chatgpt-user", "ChatGPT-User", "Mozilla/5.0 " + webKit + "; compatible; ChatGPT-User/1.0; +https://openai.com/bot"},
		{"claude-user", "Claude-User", "Mozilla/5.0 " + webKit + "; compatible; Claude-User/1.0; +Claude-User@anthropic.com)"},
		{"perplexity-user", "Perplexity-User", "Mozilla/5.0 " + webKit + "; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)"},
		{"meta-externalfetcher", "Meta-ExternalFetcher", "meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)"},
		{"mistralai-user", "MistralAI-User", "Mozilla/5.0 " + webKit + "; compatible; MistralAI-User/1.0; +https://docs.mistral.ai/robots)"},
		{"duckassistbot", "DuckAssistBot", "DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)"},
		{"google-notebooklm", "Google-NotebookLM", "Google-NotebookLM/1.0"},
		{"amzn-user", "Amzn-User", like + "Amzn-User/0.1; +https://developer.amazon.com/amazonbot)"},
	})
}

// seoRules gather links, ranks and prices for those who want to be found.
func seoRules() []Rule {
	return lines(Bots, SEO, []line{
		{"ahrefsbot", "AhrefsBot", like + "AhrefsBot/7.0; +http://ahrefs.com/robot/)"},
		{"ahrefssiteaudit", "AhrefsSiteAudit", like + "AhrefsSiteAudit/6.1; +http://ahrefs.com/robot/site-audit)"},
		{"semrushbot*", "SemrushBot", like + "SemrushBot/7~bl; +http://www.semrush.com/bot.html)"},
		{"mj12bot", "MJ12bot", like + "MJ12bot/v1.4.8; http://mj12bot.com/)"},
		{"dotbot", "DotBot", like + "DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)"},
		{"rogerbot", "rogerbot", "rogerbot/1.2 (https://moz.com/help/guides/moz-procedures/what-is-rogerbot, rogerbot-crawler@moz.com)"},
		{"ezooms", "Ezooms", like + "Ezooms/1.0; help@moz.com)"},
		{"dataforseobot", "DataForSeoBot", like + "DataForSeoBot/1.0; +https://dataforseo.com/dataforseo-bot)"},
		{"blexbot", "BLEXBot", like + "BLEXBot/1.0; +http://webmeup-crawler.com/)"},
		{"serpstatbot", "serpstatbot", "serpstatbot/2.1 (advanced backlink tracking bot; https://serpstatbot.com/; abuse@serpstatbot.com)"},
		{"screaming frog", "Screaming Frog", "Screaming Frog SEO Spider/19.4"},
		{"sistrix*", "SISTRIX", like + "SISTRIX Crawler; http://crawler.sistrix.net/)"},
		{"siteauditbot", "SiteAuditBot", like + "SiteAuditBot/0.97; +http://www.semrush.com/bot.html)"},
		{"seokicks*", "SEOkicks", like + "SEOkicks; +https://www.seokicks.de/robot.html)"},
		{"barkrowler", "Barkrowler", like + "Barkrowler/0.9; +https://babbar.tech/crawler)"},
		{"linkdexbot", "linkdexbot", like + "linkdexbot/2.2; +http://www.linkdex.com/bots/)"},
		{"sitebulb", "Sitebulb", like + "Sitebulb/3.3; +https://sitebulb.com)"},
	})
}
