package agent

// scannerRules look for weak spots, or measure what is there.
func scannerRules() []Rule {
	return lines(Bots, Scanner, []line{
		{"zgrab", "zgrab", "Mozilla/5.0 zgrab/0.x"},
		{"masscan", "masscan", "masscan/1.3 (https://github.com/robertdavidgraham/masscan)"},
		{"nmap", "Nmap", like + "Nmap Scripting Engine; https://nmap.org/book/nse.html)"},
		{"nikto", "Nikto", "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)"},
		{"sqlmap", "sqlmap", "sqlmap/1.8.2#stable (https://sqlmap.org)"},
		{"nuclei", "Nuclei", "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)"},
		{"httpx - open-source", "ProjectDiscovery httpx", "httpx - Open-source project (github.com/projectdiscovery/httpx)"},
		{"wpscan", "WPScan", "WPScan v3.8.25 (https://wpscan.com/wordpress-security-scanner)"},
		{"censysinspect", "CensysInspect", like + "CensysInspect/1.1; +https://about.censys.io/)"},
		{"censys*", "Censys", like + "Censys/1.0; https://censys.io)"},
		{"shodan*", "Shodan", "Mozilla/5.0 (compatible; Shodan/1.0; https://www.shodan.io)"},
		{"internetmeasurement", "InternetMeasurement", like + "InternetMeasurement/1.0; +https://internet-measurement.com/)"},
		{"expanse", "Palo Alto Networks", "Expanse, a Palo Alto Networks company, searches across the global IPv4 space, scaninfo@paloaltonetworks.com"},
		{"palo alto networks", "Palo Alto Networks", "Hello from Palo Alto Networks, find out more about our scans in https://docs-cortex.paloaltonetworks.com/"},
		{"netcraft*", "Netcraft", like + "NetcraftSurveyAgent/1.0; +info@netcraft.com)"},
		{"l9explore", "LeakIX", "l9explore/1.2.2"},
		{"l9tcpid", "LeakIX", "Mozilla/5.0 (l9tcpid/v1.1.0)"},
		{"l9scan", "LeakIX", "Mozilla/5.0 (l9scan/2.0.1313e26373e2937383e2639323; +https://leakix.net)"},
		{"dirbuster", "DirBuster", "DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)"},
		{"gobuster", "gobuster", "gobuster/3.6"},
		{"feroxbuster", "feroxbuster", "feroxbuster/2.10.1"},
		{"fuzz faster u fool", "ffuf", "Fuzz Faster U Fool v2.1.0"},
		{"ffuf", "ffuf", "ffuf/2.1.0"},
		{"wfuzz", "Wfuzz", "Wfuzz/3.1.0"},
		{"acunetix*", "Acunetix", onWindows + blink + "Safari/537.36 (Acunetix-Product)"},
		{"nessus*", "Nessus", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0) Nessus"},
		{"openvas*", "OpenVAS", "Mozilla/5.0 [en] (X11, U; OpenVAS-VT 22.4.0)"},
		{"qualys*", "Qualys", "QualysGuard/1.0"},
		{"arachni", "Arachni", "Arachni/v1.6.1.3"},
		{"w3af*", "w3af", "w3af.org"},
		{"whatweb", "WhatWeb", "WhatWeb/0.5.5"},
		{"zmeu", "ZmEu", "ZmEu"},
		{"jorgee", "Jorgee", "Mozilla/5.0 Jorgee"},
		{"burp suite", "Burp Suite", "Mozilla/5.0 (Windows NT 10.0; rv:78.0) Gecko/20100101 Burp Suite Professional"},
		{"docs.getodin.com", "Odin", like + "Odin; https://docs.getodin.com/)"},
		{"modatscanner", "Modat", like + "ModatScanner/1.1; +https://modat.io/)"},
		{"bitsightbot", "Bitsight", like + "BitSightBot/1.0)"},
		{"detectify", "Detectify", like + "Detectify; +https://detectify.com/bot)"},
	})
}

// otherRules are bots with a purpose of their own.
func otherRules() []Rule {
	return lines(Bots, Other, []line{
		{"adsbot-google*", "AdsBot-Google", "AdsBot-Google (+http://www.google.com/adsbot.html)"},
		{"mediapartners-google", "Mediapartners-Google", "Mediapartners-Google"},
		{"apis-google", "APIs-Google", "APIs-Google (+https://developers.google.com/webmasters/APIs-Google.html)"},
		{"googleother*", "GoogleOther", like + "GoogleOther)"},
		{"google-read-aloud", "Google-Read-Aloud", onAndroid + blink + "Mobile Safari/537.36 (compatible; Google-Read-Aloud; +https://support.google.com/webmasters/answer/1061943)"},
		{"google-site-verification", "Google-Site-Verification", like + "Google-Site-Verification/1.0)"},
		{"google-safety", "Google-Safety", "Google-Safety"},
		{"google favicon", "Google Favicon", onWindows + blink + "Safari/537.36 Google Favicon"},
		{"googleimageproxy", "GoogleImageProxy", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"},
		{"yahoomailproxy", "YahooMailProxy", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"},
		{"let's encrypt", "Let's Encrypt", like + "Let's Encrypt validation server; +https://www.letsencrypt.org)"},
		{"turnitin*", "Turnitin", "Turnitin (https://bit.ly/2UvnfoQ)"},
		{"w3c_validator", "W3C Validator", "W3C_Validator/1.3 http://validator.w3.org/services"},
		{"brandwatch.net", "Brandwatch", "magpie-crawler/1.1 (U; Linux amd64; en-GB; +http://www.brandwatch.net)"},
		{"spinn3r", "Spinn3r", "Mozilla/5.0 (X11; U; Linux x86_64; en-US; rv:1.9.0.19; aggregator:Spinn3r (Spinn3r 3.1); http://spinn3r.com/robot) Gecko/2010040121 Firefox/3.0.19"},
	})
}

// toolRules are programs that somebody runs: downloads, load generators, browsers
// without a screen. A name that is a common word counts at the beginning only.
func toolRules() []Rule {
	return lines(Bots, Library, []line{
		{"headlesschrome", "Headless Chrome", "Mozilla/5.0 (X11; Linux x86_64) " + webKit + "HeadlessChrome/120.0.0.0 Safari/537.36"},
		{"phantomjs", "PhantomJS", "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1"},
		{"playwright", "Playwright", "Playwright/1.41.0 (x64; ubuntu 22.04) node/20.10"},
		{"cypress", "Cypress", onMac + "AppleWebKit/537.36 (KHTML, like Gecko) Cypress/13.6.2 Chrome/114.0.5735.289 Electron/25.8.4 Safari/537.36"},
		{"^curl", "curl", "curl/8.5.0"},
		{"wget*", "Wget", "Wget/1.21.4"},
		{"aria2", "aria2", "aria2/1.37.0"},
		{"httrack", "HTTrack", "Mozilla/4.5 (compatible; HTTrack 3.49; Windows 98)"},
		{"libfetch", "libfetch", "fetch libfetch/2.0"},
		{"gomodulemirror", "Go module mirror", "GoModuleMirror/1.0 (+https://proxy.example/mirror)"},
		{"apachejmeter", "JMeter", "ApacheJMeter/5.6"},
		{"jmeter", "JMeter", "Apache JMeter 5.6"},
		{"gatling", "Gatling", "Gatling/3.10"},
		{"chef client", "Chef", "Chef Client/10.18.2 (ruby-1.9.3-p327; ohai-6.16.0; x86_64-linux; +http://opscode.com)"},
		{"^wordpress", "WordPress", "WordPress/6.4.2; https://blog.example"},
		{"windowspowershell", "PowerShell", "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.3803"},
		{"powershell", "PowerShell", "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.1"},
		{"microsoft-webdav-miniredir", "Microsoft WebDAV", "Microsoft-WebDAV-MiniRedir/10.0.19045"},
		{"postman*", "Postman", "PostmanRuntime/7.36.1"},
		{"insomnia", "Insomnia", "insomnia/8.5.1"},
		{"httpie", "HTTPie", "HTTPie/3.2.2"},
		{"^xh/", "xh", "xh/0.20.1"},
		{"^k6/", "k6", "k6/0.48.0 (https://k6.io/)"},
		{"vegeta", "Vegeta", "vegeta/12.11.1"},
		{"^hey/", "hey", "hey/0.0.1"},
		{"^wrk", "wrk", "wrk/4.2.0"},
		{"^oha/", "oha", "oha/1.1.0"},
		{"apachebench", "ApacheBench", "ApacheBench/2.3"},
		{"siege/", "Siege", "Mozilla/5.0 (pc-x86_64-linux-gnu) Siege/4.1.6"},
		{"h2load", "h2load", "h2load nghttp2/1.58.0"},
		{"autocannon", "autocannon", "autocannon/7.14"},
		{"^git/", "Git", "git/2.43.0"},
		{"^docker", "Docker", "docker/24.0.7 go/go1.20.10 git-commit/311b9ff kernel/6.5.0 os/linux arch/amd64"},
		{"apt-http", "APT", "Debian APT-HTTP/1.3 (2.6.1)"},
		{"libdnf", "DNF", "libdnf (Fedora Linux 39; server; Linux.x86_64)"},
		{"^pip/", "pip", `pip/23.3.2 {"ci":null,"cpu":"x86_64"}`},
		{"^npm/", "npm", "npm/10.2.4 node/v20.10.0 linux x64 workspaces/false"},
		{"nutch*", "Apache Nutch", "example/Nutch-1.19"},
		{"crawl4ai", "Crawl4AI", "Crawl4AI/0.4"},
		{"winhttrack", "HTTrack", "WinHTTrack/3.49"},
	})
}

// libraryRules are programs of which only the library that sends for them is
// known.
func libraryRules() []Rule {
	return lines(Bots, Library, []line{
		{"pycurl", "PycURL", "PycURL/7.45.2 libcurl/8.5.0 OpenSSL/3.0.11"},
		{"libcurl*", "libcurl", "libcurl-agent/1.0"},
		{"python-requests", "python-requests", "python-requests/2.31.0"},
		{"python-urllib", "python-urllib", "Python-urllib/3.11"},
		{"urllib3", "urllib3", "python-urllib3/2.1.0"},
		{"aiohttp", "aiohttp", "Python/3.11 aiohttp/3.9.1"},
		{"python-httpx", "httpx", "python-httpx/0.26.0"},
		{"scrapy", "Scrapy", "Scrapy/2.11.0 (+https://scrapy.org)"},
		{"^python*", "Python", "python/3.11"},
		{"go-http-client", "Go-http-client", "Go-http-client/2.0"},
		{"^go ", "Go-http-client", "Go 1.1 package http"},
		{"^colly", "Colly", "colly - https://github.com/gocolly/colly/v2"},
		{"go-resty", "Resty", "go-resty/2.11.0 (https://github.com/go-resty/resty)"},
		{"fasthttp", "fasthttp", "fasthttp"},
		{"okhttp", "okhttp", "okhttp/4.12.0"},
		{"apache-httpclient", "Apache-HttpClient", "Apache-HttpClient/4.5.14 (Java/17.0.9)"},
		{"apache-httpasyncclient", "Apache-HttpClient", "Apache-HttpAsyncClient/5.2 (Java/17.0.9)"},
		{"commons-httpclient", "Apache-HttpClient", "Jakarta Commons-HttpClient/3.1"},
		{"java-http-client", "Java", "Java-http-client/17.0.9"},
		{"^java/", "Java", "Java/1.8.0_392"},
		{"ktor*", "Ktor", "Ktor client"},
		{"^jersey/", "Jersey", "Jersey/2.41 (HttpUrlConnection 17.0.9)"},
		{"^ahc/", "AsyncHttpClient", "AHC/2.1"},
		{"reactornetty", "Reactor Netty", "ReactorNetty/1.1.14"},
		{"axios", "axios", "axios/1.6.5"},
		{"node-fetch", "node-fetch", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"},
		{"undici", "undici", "undici"},
		{"^got/", "got", "got/11.8.6 (https://github.com/sindresorhus/got)"},
		{"^got (", "got", "got (https://github.com/sindresorhus/got)"},
		{"superagent", "SuperAgent", "node-superagent/8.1.2"},
		{"^node", "Node.js", "node"},
		{"^deno/", "Deno", "Deno/1.39.4"},
		{"^bun/", "Bun", "Bun/1.0.25"},
		{"faraday", "Faraday", "Faraday v2.9.0"},
		{"rest-client", "rest-client", "rest-client/2.1.0 (linux x86_64) ruby/3.2.2p53"},
		{"http.rb", "http.rb", "http.rb/5.1.1"},
		{"mechanize", "Mechanize", "Mechanize/2.9.1 Ruby/3.2.2p53 (http://github.com/sparklemotion/mechanize/)"},
		{"^ruby", "Ruby", "Ruby"},
		{"libwww-perl", "libwww-perl", "libwww-perl/6.72"},
		{"lwp", "libwww-perl", "LWP::Simple/6.72 libwww/6.72"},
		{"http-tiny", "HTTP::Tiny", "HTTP-Tiny/0.088"},
		{"mojolicious", "Mojolicious", "Mojolicious (Perl)"},
		{"guzzle*", "Guzzle", "GuzzleHttp/7"},
		{"symfony httpclient", "Symfony HttpClient", "Symfony HttpClient/Curl"},
		{"http_request2", "PHP", "HTTP_Request2/2.5.1 (http://pear.php.net/package/http_request2) PHP/8.1.2"},
		{"^php", "PHP", "PHP/8.2.14"},
		{"net httpclient", ".NET HttpClient", ".NET HttpClient"},
		{"dotnet", ".NET HttpClient", "dotnet/8.0.1"},
		{"restsharp", "RestSharp", "RestSharp/110.2.0.0"},
		{"winhttp*", "WinHTTP", "Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)"},
		{"^dart/", "Dart", "Dart/3.2 (dart:io)"},
		{"reqwest", "reqwest", "reqwest/0.11.23"},
		{"^hyper/", "hyper", "hyper/0.14"},
		{"^ureq/", "ureq", "ureq/2.9.1"},
		{"hackney", "hackney", "hackney/1.20.1"},
		{"lua-resty-http", "lua-resty-http", "lua-resty-http/0.17 (Lua) ngx_lua/10026"},
		{"appengine-google", "AppEngine", "AppEngine-Google; (+http://code.google.com/appengine; appid: s~example)"},
	})
}

// namelessRules tell bots that no other rule knows. The first one is a phone
// whose name ends like theirs.
func namelessRules() []Rule {
	rules := lines(Bots, None, []line{
		{"cubot", "", "Mozilla/5.0 (Linux; Android 9; CUBOT X19) " + blink + "Mobile Safari/537.36"},
	})
	own := lines(Bots, Other, []line{
		{"*bot", OtherBot, "ExampleBot/1.0"},
		{"*crawler", OtherBot, "example-crawler/1.0"},
		{"*spider", OtherBot, "Mozilla/5.0 (compatible; ExampleSpider)"},
		{"+http", OtherBot, "Example/0.9 (+http://www.example.com/)"},
		{"*@*", OtherBot, "Example/0.9 (webmaster@example.com)"},
	})
	for i := range own {
		own[i].Version = -1
	}
	return append(rules, own...)
}
