package agent

// monitorRules look whether a site or a server is up, or how fast it is.
func monitorRules() []Rule {
	return lines(Bots, Monitor, []line{
		{"uptimerobot", "UptimeRobot", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"},
		{"pingdom*", "Pingdom", "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"},
		{"statuscake*", "StatusCake", onWindows + blink + "Safari/537.36 (StatusCake)"},
		{"site24x7", "Site24x7", "Site24x7"},
		{"datadogsynthetics", "Datadog", "Mozilla/5.0 (X11; Linux x86_64) " + blink + "Safari/537.36 DatadogSynthetics"},
		{"datadog*", "Datadog", "Datadog/Synthetics"},
		{"newrelic*", "New Relic", "NewRelicPinger/1.0 (1234567)"},
		{"better stack", "Better Stack", "Better Stack Better Uptime Bot Mozilla/5.0 " + blink + "Safari/537.36"},
		{"better uptime", "Better Stack", "Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + blink + "Safari/537.36"},
		{"zabbix*", "Zabbix", "Zabbix 6.4.1"},
		{"check_http", "Nagios check_http", "check_http/v2.3.3 (nagios-plugins 2.3.3)"},
		{"check_curl", "Nagios check_curl", "check_curl/v2.3.5 (monitoring-plugins 2.3.5, libcurl/8.5.0)"},
		{"blackbox*", "Prometheus Blackbox", "Blackbox Exporter/0.25.0"},
		{"prometheus", "Prometheus", "Prometheus/2.53.0"},
		{"kube-probe", "kube-probe", "kube-probe/1.29"},
		{"elb-healthchecker", "ELB-HealthChecker", "ELB-HealthChecker/2.0"},
		{"googlehc", "GoogleHC", "GoogleHC/1.0"},
		{"googlestackdrivermonitoring*", "Google Cloud Monitoring", "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)"},
		{"amazon-route53-health-check*", "Amazon Route 53", "Amazon-Route53-Health-Check-Service (ref 0a1b2c3d; report http://amzn.to/1vsZADi)"},
		{"consul health check", "Consul", "Consul Health Check"},
		{"haproxy*", "HAProxy", "HAProxy/2.8 health check"},
		{"cloudflare-healthchecks", "Cloudflare-Healthchecks", like + "Cloudflare-Healthchecks/1.0; +https://www.cloudflare.com/; healthcheck-id: 0a1b2c)"},
		{"cloudflare-traffic-manager", "Cloudflare-Traffic-Manager", like + "Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/traffic-manager/;)"},
		{"envoy/hc", "Envoy", "Envoy/HC"},
		{"uptime-kuma", "Uptime Kuma", "Uptime-Kuma/1.23.11"},
		{"updown.io", "updown.io", "updown.io daemon 2.11"},
		{"hetrixtools*", "HetrixTools", "HetrixTools Uptime Monitoring Bot. https://hetrix.tools/uptime-monitoring-bot.html"},
		{"freshping*", "Freshping", "FreshpingBot/1.0 (+https://freshping.io/)"},
		{"checkly", "Checkly", "Checkly/1.0 (https://www.checklyhq.com)"},
		{"checkmk*", "Checkmk", "checkmk-active-httpv2/2.3.0"},
		{"monit/", "Monit", "Monit/5.33.0"},
		{"load balancer agent", "Azure Load Balancer", "Load Balancer Agent"},
		{"azure traffic manager*", "Azure Traffic Manager", "Azure Traffic Manager Endpoint Monitor"},
		{"alwayson", "Azure AlwaysOn", "AlwaysOn"},
		{"chrome-lighthouse", "Lighthouse", onMac + blink + "Safari/537.36 Chrome-Lighthouse"},
		{"gtmetrix", "GTmetrix", "Mozilla/5.0 (X11; Linux x86_64) " + blink + "Safari/537.36 GTmetrix"},
	})
}

// feedRules read feeds for their subscribers.
func feedRules() []Rule {
	return lines(Bots, Feed, []line{
		{"feedly*", "Feedly", "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)"},
		{"feedbin", "Feedbin", "Feedbin feed-id:1234 - 1 subscribers"},
		{"inoreader*", "Inoreader", "Mozilla/5.0 (compatible; inoreader.com; 3 subscribers)"},
		{"newsblur*", "NewsBlur", "NewsBlur Feed Fetcher - 4 subscribers - https://www.newsblur.com/site/1234/example"},
		{"miniflux", "Miniflux", "Mozilla/5.0 (compatible; Miniflux/2.1.3; +https://miniflux.app)"},
		{"freshrss", "FreshRSS", "FreshRSS/1.24.0 (Linux; https://freshrss.org)"},
		{"tiny tiny rss", "Tiny Tiny RSS", "Tiny Tiny RSS/23.06 (https://tt-rss.org/)"},
		{"netnewswire", "NetNewsWire", "NetNewsWire (RSS Reader; https://netnewswire.com/)"},
		{"thunderbird", "Thunderbird", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0"},
		{"feedfetcher-google", "FeedFetcher-Google", "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html; 3 subscribers)"},
		{"feedburner", "FeedBurner", "FeedBurner/1.0 (http://www.FeedBurner.com)"},
		{"liferea", "Liferea", "Liferea/1.15.4 (Linux; https://lzone.de/liferea/)"},
		{"newsboat", "Newsboat", "Newsboat/2.35 (Linux x86_64)"},
		{"commafeed", "CommaFeed", "CommaFeed/4.4.0 (https://github.com/Athou/commafeed)"},
		{"theoldreader.com", "The Old Reader", "Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; feed-id=1a2b)"},
		{"bazqux", "BazQux", "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 1 subscribers)"},
		{"reeder", "Reeder", "Reeder/5.4 CFNetwork/1490.0.4 Darwin/23.2.0"},
		{"universalfeedparser", "feedparser", "UniversalFeedParser/5.2.1 +https://code.google.com/p/feedparser/"},
		{"feedparser", "feedparser", "feedparser/6.0.10 +https://github.com/kurtmckee/feedparser/"},
		{"digg feed fetcher", "Digg", "Digg Feed Fetcher 1.0 (" + onMac + "AppleWebKit/534.48.3 (KHTML, like Gecko) Version/5.1 Safari/534.48.3)"},
		{"livejournal.com", "LiveJournal", "LiveJournal.com (webmaster@livejournal.com; for http://www.livejournal.com/users/example/; 2 readers)"},
		{"apple-podcasts", "Apple Podcasts", "Apple-Podcasts/1.0 (https://podcasts.apple.com)"},
		{"itms", "Apple Podcasts", "iTMS"},
	})
}

// previewRules show what a link leads to where somebody posts it.
func previewRules() []Rule {
	return lines(Bots, Preview, []line{
		{"facebookexternalhit", "facebookexternalhit", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
		{"facebookcatalog", "facebookcatalog", "facebookcatalog/1.0"},
		{"telegrambot", "TelegramBot", "TelegramBot (like TwitterBot)"},
		{"twitterbot", "Twitterbot", "Twitterbot/1.0"},
		{"linkedinbot", "LinkedInBot", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"},
		{"slackbot*", "Slackbot", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
		{"slack-imgproxy", "Slackbot", "Slack-ImgProxy (+https://api.slack.com/robots)"},
		{"discordbot", "Discordbot", like + "Discordbot/2.0; +https://discordapp.com)"},
		{"whatsapp", "WhatsApp", "WhatsApp/2.23.20.0 A"},
		{"pinterestbot", "Pinterestbot", like + "Pinterestbot/1.0; +https://www.pinterest.com/bot.html)"},
		{"^pinterest/0", "Pinterestbot", "Pinterest/0.2 (+https://www.pinterest.com/)"},
		{"skypeuripreview", "Skype", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com"},
		{"redditbot", "redditbot", like + "redditbot/1.0; +http://www.reddit.com/feedback)"},
		{"mastodon", "Mastodon", "Mastodon/4.3.0 (http.rb/5.2.0; +https://social.example/)"},
		{"akkoma", "Akkoma", "Akkoma 3.10.4; https://social.example <admin@social.example>"},
		{"pleroma", "Pleroma", "Pleroma 2.6.0; https://social.example <admin@social.example>"},
		{"misskey", "Misskey", "Misskey/2024.2.0 (https://social.example)"},
		{"lemmy", "Lemmy", "Lemmy/0.19.3; +https://social.example"},
		{"gotosocial", "GoToSocial", "gotosocial/0.15.0 (+https://social.example)"},
		{"friendica", "Friendica", "Friendica 'Yellow Archangel' 2024.03; https://social.example"},
		{"pixelfed*", "Pixelfed", "PixelFedBot/1.0.0 (Pixelfed/0.12; +https://social.example)"},
		{"bluesky", "Bluesky", "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"},
		{"google web preview", "Google Web Preview", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google Web Preview) Chrome/27.0.1453 Safari/537.36"},
		{"bingpreview", "BingPreview", "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b"},
		{"embedly", "Embedly", like + "Embedly/0.2; +http://support.embed.ly/)"},
		{"iframely", "Iframely", "Iframely/1.3.1 (+https://iframely.com/docs/about)"},
		{"flipboardproxy", "Flipboard", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.6; rv:12.0) Gecko/20100101 Firefox/12.0 (FlipboardProxy/1.2; +http://flipboard.com/browserproxy)"},
		{"vkshare", "VK", like + "vkShare; +http://vk.com/dev/Share)"},
		{"viber", "Viber", "Viber/20.0.0 CFNetwork/1410 Darwin/22.6.0"},
		{"synapse (bot", "Matrix", "Synapse (bot; +https://github.com/matrix-org/synapse)"},
	})
}

// archiveRules keep copies for later times.
func archiveRules() []Rule {
	return lines(Bots, Archive, []line{
		{"archive.org_bot", "archive.org_bot", like + "archive.org_bot +http://archive.org/details/archive.org_bot)"},
		{"ia_archiver", "ia_archiver", "ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)"},
		{"wayback*", "Wayback Machine", like + "Wayback Machine Live Record; +https://archive.org/details/example)"},
		{"arquivo-web-crawler", "Arquivo.pt", "Arquivo-web-crawler (compatible; heritrix/3.4; +https://arquivo.pt/faq-crawling)"},
		{"heritrix", "Heritrix", like + "heritrix/3.4.0 +https://library.example/harvest)"},
		{"nicecrawler", "NiceCrawler", like + "NiceCrawler/1.1; +http://www.nicecrawler.com/)"},
	})
}
