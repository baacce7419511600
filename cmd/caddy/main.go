// Command caddy is stock Caddy with the XiaojinPro Gateway built in.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/rickyjim626/xjp-gateway"
)

func main() {
	caddycmd.Main()
}
