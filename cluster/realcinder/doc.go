// Package realcinder asks our Cinder what people ask theirs: with the cinder and
// openstack commands, as Debian packages them.
//
//	cli, err := realcinder.Find("http://127.0.0.1:8776/v3")
//	rows, err := cli.Cinder("service-list", "--withreplication")
//	fmt.Println(rows[0]["State"])
//
// Keystone is not needed: the commands are told where the API is, and authenticate by
// noauth.
package realcinder
