package cinder

// The methods that services have, by Cinder's names.
const (
	methodPublish            = "publish_service_capabilities"
	methodUpdateCapabilities = "update_service_capabilities"
	methodFreeze             = "freeze_host"
	methodThaw               = "thaw_host"
	methodFailover           = "failover"
	methodFailoverCompleted  = "failover_completed"
	methodCleanUp            = "do_cleanup"
	methodCreate             = "create_volume"
	methodGetPools           = "get_pools"
	methodWorkCleanup        = "work_cleanup"
	methodSetLogLevels       = "set_log_levels"
	methodGetLogLevels       = "get_log_levels"
)

// CreateVolume are the arguments of create_volume, which the queue of a volume service's
// host takes.
type CreateVolume struct {
	Volume string `json:"volume_id"`
}
