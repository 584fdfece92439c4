package prometheus

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/wavetank/wavetank/daemons/wire"
)

// namespace is before the name of every metric.
const namespace = "ceph"

// label is a label with its value.
type label struct{ name, value string }

// daemonLabel says of which daemon a value is: "osd.0".
func daemonLabel(name string) label { return label{"ceph_daemon", name} }

// families are metrics by name, as they are gathered.
type families struct {
	byName map[string]*family
	err    error // the first that a metric was refused with
}

type family struct {
	kind    prometheus.ValueType
	labels  []string
	desc    *prometheus.Desc
	help    string
	metrics map[string]prometheus.Metric // by the values of the labels
}

func newFamilies() *families { return &families{byName: map[string]*family{}} }

// add adds a value. Metrics of one name have the kind, the help and the labels of the
// first one; others, and one that is there already, are left out: daemons of different
// versions may declare a counter differently.
func (f *families) add(name, help string, kind prometheus.ValueType, value float64, labels ...label) {
	var names, values []string
	for _, l := range labels {
		names, values = append(names, l.name), append(values, strings.ToValidUTF8(l.value, "?"))
	}
	is := f.byName[name]
	if is == nil {
		is = &family{
			kind: kind, labels: names, help: help, metrics: map[string]prometheus.Metric{},
			desc: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, names, nil),
		}
		f.byName[name] = is
	}
	key := strings.Join(values, "\x00")
	if _, taken := is.metrics[key]; taken || is.kind != kind || !slices.Equal(is.labels, names) {
		return
	}
	m, err := prometheus.NewConstMetric(is.desc, kind, value, values...)
	if err != nil {
		if f.err == nil {
			f.err = err
		}
		return
	}
	is.metrics[key] = m
}

// gathered are the families in the order in which they are written.
func (f *families) gathered() ([]*dto.MetricFamily, error) {
	types := map[prometheus.ValueType]dto.MetricType{
		prometheus.CounterValue: dto.MetricType_COUNTER, prometheus.GaugeValue: dto.MetricType_GAUGE, prometheus.UntypedValue: dto.MetricType_UNTYPED,
	}
	var all []*dto.MetricFamily
	for _, name := range wire.SortedKeys(f.byName) {
		is := f.byName[name]
		full, kind := prometheus.BuildFQName(namespace, "", name), types[is.kind]
		out := &dto.MetricFamily{Name: &full, Help: &is.help, Type: &kind}
		for _, key := range wire.SortedKeys(is.metrics) {
			metric := &dto.Metric{}
			if err := is.metrics[key].Write(metric); err != nil {
				return nil, err
			}
			out.Metric = append(out.Metric, metric)
		}
		if len(out.Metric) > 0 {
			all = append(all, out)
		}
	}
	return all, f.err
}

// metricName is the name of a counter as Ceph's module makes it of the counter's path:
// "paxos.commit_latency" is "paxos_commit_latency".
func metricName(path string) string {
	r := strings.NewReplacer("::", "_", ".", "_", "+", "_plus")
	name := r.Replace(path)
	if strings.HasSuffix(name, "-") {
		name = strings.TrimSuffix(name, "-") + "_minus"
	}
	name = strings.ReplaceAll(name, "-", "_")
	return strings.Map(func(c rune) rune { // what no metric may have
		if c == '_' || c == ':' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, name)
}
