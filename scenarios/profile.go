package scenarios

// Profile scales time.
type Profile string

// The profiles.
const (
	// ProfileDefault is Ceph's own timings.
	ProfileDefault Profile = "default"
	// ProfileFast divides every timing of the daemons and of the plan by ten, for
	// worlds in real time.
	ProfileFast Profile = "fast"
)

// Profiles lists them.
func Profiles() []string { return []string{string(ProfileDefault), string(ProfileFast)} }

func (p Profile) divisor() int {
	if p == ProfileFast {
		return 10
	}
	return 1
}
