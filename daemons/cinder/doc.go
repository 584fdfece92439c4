// Package cinder has the services of OpenStack's block storage, as far as their life and
// death go: cinder-volume, cinder-scheduler and cinder-backup, which say every
// report_interval in a row of a database that they are alive.
//
//	store := cinder.NewStore(database) // of package db, on the service's loop
//	s, err := cinder.New(h, loop, cinder.Config{
//		Host: "ctl@lvm", Binary: cinder.BinaryVolume,
//		Store: store, Brokers: brokers, Options: cinder.DefaultOptions(),
//	}, cinder.NewVolume(driver))
//	s.Start()
//
// The row is the only sign of life: no process talks to another to learn of it. Whoever
// wants to know whether a service is up ([Liveness]) compares the row's stamp, which the
// service took from its own clock, with the clock of the machine at hand.
//
// A [Service] is what all of them have in common: the row, the heartbeat, periodic tasks,
// the RPC server. A [Manager] is what makes one of them volume, scheduler or backup. The
// HTTP API is package api, the database package db, messaging package rpc.
//
// The reference is Cinder Zed (21.3), and what it does was observed. Where its behaviour
// is a known weakness, ours is what it should be, and the historical one can be planted
// ([Defects]); docs/cinder.md lists them.
package cinder
