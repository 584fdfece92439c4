package cinder

import (
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// Backup is the manager of cinder-backup. It has a place for backups and does nothing
// with it yet.
type Backup struct {
	h           host.Host
	initialized bool
}

// NewBackup is a manager for a service on h.
func NewBackup(h host.Host) *Backup { return &Backup{h: h} }

// backupRPCVersion is the version of the topic cinder-backup.
const backupRPCVersion = "2.3"

// RPCVersion implements Manager.
func (b *Backup) RPCVersion() string { return backupRPCVersion }

// InitHost implements Manager: it finds the place for backups, or not.
func (b *Backup) InitHost(host.Task, *Service) error {
	b.initialized = !b.h.Point(PointSetup)
	return nil
}

// InitHostWithRPC implements Manager.
func (b *Backup) InitHostWithRPC(host.Task) {}

// IsWorking implements Manager.
func (b *Backup) IsWorking() bool { return b.initialized }

// Periodic implements Manager.
func (b *Backup) Periodic() []PeriodicTask { return nil }

// Handle implements Manager.
func (b *Backup) Handle(_ host.Task, r rpc.Request) (any, error) { return nil, noSuchMethod(r) }
