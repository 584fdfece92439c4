package api

// The services' binaries, which are also the topics that they serve.
const (
	binScheduler = "cinder-scheduler"
	binVolume    = "cinder-volume"
	binBackup    = "cinder-backup"
	binAPI       = "cinder-api"
)
