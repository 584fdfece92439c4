package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Whose metrics a MetricPayload is about. (Ceph: src/mgr/MetricTypes.h.)
const (
	MetricOSD uint32 = 0
	MetricMDS uint32 = 1
)

// MetricPayload is a query of metrics in a MgrConfigure, or the answer in a
// MgrReport. Its content stays encoded.
type MetricPayload struct {
	Kind    uint32 // MetricOSD or MetricMDS
	Content RawStruct
}

func encodeOptionalMetric(e *wire.Encoder, m *MetricPayload) {
	e.Bool(m != nil)
	if m != nil {
		e.U32(m.Kind)
		m.Content.encode(e)
	}
}

func decodeOptionalMetric(d *wire.Decoder) *MetricPayload {
	if !d.Bool() {
		return nil
	}
	return &MetricPayload{Kind: d.U32(), Content: decodeRawStruct(d)}
}

// OSDMetricQuery asks an OSD for metrics, of which it limits the number. Query and
// limits stay encoded. (Ceph: src/mgr/OSDPerfMetricTypes.h.)
type OSDMetricQuery struct {
	Query  RawStruct
	Limits []RawStruct
}

func encodeOSDMetricQueries(e *wire.Encoder, list []OSDMetricQuery) {
	e.U32(uint32(len(list)))
	for i := range list {
		list[i].Query.encode(e)
		encodeRawStructs(e, list[i].Limits)
	}
}

func decodeOSDMetricQueries(d *wire.Decoder) []OSDMetricQuery {
	return wire.List(d, rawStructBytes+4, "metric queries", func() OSDMetricQuery {
		return OSDMetricQuery{Query: decodeRawStruct(d), Limits: decodeRawStructs(d, "metric limits")}
	})
}

// OSDMetricReport is an OSD's answer to a query. Both stay encoded.
type OSDMetricReport struct{ Query, Report RawStruct }

func encodeOSDMetricReports(e *wire.Encoder, list []OSDMetricReport) {
	e.U32(uint32(len(list)))
	for i := range list {
		list[i].Query.encode(e)
		list[i].Report.encode(e)
	}
}

func decodeOSDMetricReports(d *wire.Decoder) []OSDMetricReport {
	return wire.List(d, 2*rawStructBytes, "metric reports", func() OSDMetricReport {
		return OSDMetricReport{Query: decodeRawStruct(d), Report: decodeRawStruct(d)}
	})
}
