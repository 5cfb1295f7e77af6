// Package simulate writes access logs that look like those of a busy site.
//
// A Site draws requests, one Line at a time; a Format puts a Line into the
// words of a web server; a Log does so at the times a pace.Pacer says:
//
//	Site --Next--> Line --Incident--> Line --Format.AppendLine--> bytes --Log.Run--> io.Writer
//	                                   |                                             or File,
//	                                 Truth                                           which rotates
//
// Realistic means what matters to whoever counts: few sections and clients
// make most of the requests and very many make few, a client keeps its agent,
// statuses, sizes and latencies belong to the path, a 304 has no body. Fields
// drawn independently of one another would be simpler, and wrong where it
// hurts: nearly every line would be a new visitor.
//
// The same options and seed give the same requests: each part draws from a
// generator of its own, so that what one draws does not change another. All
// addresses of version 6 lie in 2001:db8::/32, which RFC 3849 keeps for
// documentation; addresses of version 4 are random public ones and mean nobody,
// but for crawlers, scanners and the clients of incidents, which are in the
// networks that RFC 5737 keeps.
package simulate
