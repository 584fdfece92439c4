package cinder

// Defects are planted bugs, most of which Cinder had or has, for proving that the
// scenarios find such bugs. All are off by default.
type Defects struct {
	// RestartTouchesHeartbeat stamps the row when a process starts, so that one that
	// crashes again and again and never works is up for ever. Cinder does.
	RestartTouchesHeartbeat bool
	// NoIntervalCheck lets report_interval be longer than service_down_time (Launchpad
	// 1255685).
	NoIntervalCheck bool
	// HeartbeatDiesOnError ends the heartbeat with the first error of the database
	// (Launchpad 1466991).
	HeartbeatDiesOnError bool
	// HeartbeatIgnoresManager reports a service as alive that cannot work (Launchpad
	// 1446750).
	HeartbeatIgnoresManager bool
	// NoCreatedAtFallback takes a row that has had no heartbeat yet for dead, however
	// new it is (Launchpad 1495938, where the list failed).
	NoCreatedAtFallback bool
	// OneSidedAge takes a row with a stamp of the future for alive, however far that is.
	// Cinder does everywhere but in the list of services.
	OneSidedAge bool
	// RacingRows leaves two processes of one name a row each, if both have made one.
	// Cinder does.
	RacingRows bool
	// FailoverForgets leaves the row as it was when a target is refused: failing over, for
	// ever.
	FailoverForgets bool
	// SchedulesDisabled has schedulers choose among disabled backends too.
	SchedulesDisabled bool
	// HeartbeatUnbounded lets a beat wait for its database for as long as that takes.
	HeartbeatUnbounded bool
}
