package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzSchemas: whatever a body has, it is taken or refused with status 400.
func FuzzSchemas(f *testing.F) {
	for _, seed := range []string{
		`{"host": "ctl", "binary": "cinder-volume", "disabled_reason": "x"}`, `{"binary": "*", "level": null, "prefix": 7}`,
		`{"name": "c", "binary": null}`, `{"service_id": 1e99, "is_up": "yes", "resource_id": []}`, `[{"a": {"b": [null, true]}}]`, `"'\"\\"`,
		`{"is_up": [], "disabled": {}, "binary": []}`,
	} {
		f.Add([]byte(seed))
	}
	schemas := []schema{
		enableSchema, disableReasonSchema, freezeSchema, failoverSchema, getLogSchema, setLogSchema,
		enableClusterSchema, disableClusterSchema, cleanupSchema,
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return
		}
		for i, s := range schemas {
			b, err := s.check(v)
			var refused *fault
			if err != nil && (!errors.As(err, &refused) || refused.status != 400 || refused.message == "") {
				t.Errorf("schema %d: %v", i, err)
			}
			if err != nil {
				continue
			}
			for name := range b {
				b.text(name)
				boolMember(b, name)
				if _, err := serviceID(b[name]); err != nil && !errors.As(err, &refused) {
					t.Error(err)
				}
			}
		}
	})
}
