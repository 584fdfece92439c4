package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// reportCommands are those that tell about the cluster as a whole.
func reportCommands() []command {
	return []command{
		{"mon getmap", "name=epoch,type=CephInt,range=0,req=false", "get monmap", "mon", "r", (*Mon).monGetMap},
	}
}

// monGetMap answers with the monmap as monmaptool reads it.
func (m *Mon) monGetMap(o *op, c *msg.MonCommand, args commandArgs) {
	mm := &m.cfg.MonMap
	if epoch := args.number("epoch", int64(mm.Epoch)); epoch != int64(mm.Epoch) && epoch != 0 {
		m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt, status: fmt.Sprint("there is no map for epoch ", epoch)})
		return
	}
	var e wire.Encoder
	mm.Encode(&e, msg.FeaturesAll)
	m.ack(o, c, result{prefix: args.prefix(), status: fmt.Sprint("got monmap epoch ", mm.Epoch), data: e.Bytes()})
}
