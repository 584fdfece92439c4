// Package realdb starts database servers, PostgreSQL and MariaDB as Debian packages
// them, on loopback and for a while, so that tests and people can put Cinder's tables
// into them.
//
//	s, err := realdb.Start(realdb.PostgreSQL, "") // a temporary folder
//	defer s.Close()
//	url, err := s.Create("cinder") // postgresql://postgres@127.200.7.1:5432/cinder
//
// They trust everybody who can connect, which is this machine. A server ends with
// [Server.Close], and on Linux with the process that started it. PostgreSQL refuses to
// run as root: then it runs as the user postgres.
package realdb
