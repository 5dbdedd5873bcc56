// api_load drives a Kubernetes API over HTTPS and prints one JSON line of figures.
//
// Job: be a client that is not the bottleneck, for tests/bench/api.py. As many closed-loop workers as
// -clients says, each with a connection of its own, spread over the servers. Must not know: whose
// API server it is.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type figures struct {
	Operations int     `json:"operations"`
	Errors     int     `json:"errors"`
	Seconds    float64 `json:"seconds"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Max        float64 `json:"max_ms"`
	Gap        float64 `json:"gap_ms"`
	Deliveries int64   `json:"deliveries"`
	CPU        float64 `json:"cpu"`
	Bytes      int64   `json:"bytes"`
}

type load struct {
	servers   []string
	tls       *tls.Config
	namespace string
	pod       string
	bytes     atomic.Int64
	limit     int
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func processorSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

const kind = "application/json"

func (w *worker) pods() string { return "/api/v1/namespaces/" + w.load.namespace + "/pods" }

func (w *worker) name(number int) string { return fmt.Sprintf("load-%d-%d", w.number, number) }

func (w *worker) create(number int) error {
	_, err := w.call("POST", w.pods(), kind, fmt.Sprintf(w.load.pod, w.name(number)))
	return err
}

func (w *worker) operation(op string) func(number int) error {
	own := w.pods() + "/" + w.name(0)
	switch op {
	case "create", "watch":
		return w.create
	case "delete":
		return func(number int) error {
			_, err := w.call("DELETE", w.pods()+"/"+w.name(number)+"?gracePeriodSeconds=0", "", "")
			return err
		}
	case "get":
		return func(int) error { _, err := w.call("GET", own, "", ""); return err }
	case "get0":
		return func(int) error { _, err := w.call("GET", own+"?resourceVersion=0", "", ""); return err }
	case "list":
		path := fmt.Sprintf("%s?limit=%d", w.pods(), w.load.limit)
		return func(int) error { _, err := w.call("GET", path, "", ""); return err }
	case "patch":
		return func(number int) error {
			body := fmt.Sprintf(`{"metadata":{"labels":{"turn":"%d"}}}`, number)
			_, err := w.call("PATCH", own, "application/merge-patch+json", body)
			return err
		}
	case "apply":
		path := own + "?fieldManager=load&force=true"
		return func(number int) error {
			body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","labels":{"turn":"%d"}}}`, w.name(0), number)
			_, err := w.call("PATCH", path, "application/apply-patch+yaml", body)
			return err
		}
	case "update":
		var last []byte
		return func(number int) error {
			var err error
			if last == nil {
				if last, err = w.call("GET", own, "", ""); err != nil {
					return err
				}
			}
			var object map[string]any
			if err := json.Unmarshal(last, &object); err != nil {
				return err
			}
			object["metadata"].(map[string]any)["labels"] = map[string]string{"turn": fmt.Sprint(number)}
			body, _ := json.Marshal(object)
			last, err = w.call("PUT", own, kind, string(body))
			return err
		}
	}
	fail(fmt.Errorf("no such operation: %s", op))
	return nil
}

// prepare makes what the operation works on.
func (l *load) prepare(op string, workers []*worker, objects int) {
	each := 0
	switch op {
	case "get", "get0", "update", "patch", "apply":
		each = 1
	case "delete", "list":
		each = (objects + len(workers) - 1) / len(workers)
	}
	var group sync.WaitGroup
	for _, one := range workers {
		group.Add(1)
		go func(one *worker) {
			defer group.Done()
			for number := 0; number < each; number++ {
				fail(one.create(number))
			}
		}(one)
	}
	group.Wait()
}

// watch follows all pods and counts events.
func (l *load) watch(number int, ready *sync.WaitGroup, deliveries *atomic.Int64) {
	w := l.worker(number)
	fail(w.send("GET", w.pods()+"?watch=1&resourceVersion=0", "", ""))
	answer, err := w.head()
	fail(err)
	if answer.status != 200 {
		fail(fmt.Errorf("watch: status %d", answer.status))
	}
	ready.Done()
	lines := bufio.NewReaderSize(&body{w.in, answer, 0}, 1<<16)
	for {
		part, err := lines.ReadSlice('\n')
		l.bytes.Add(int64(len(part)))
		if err == nil {
			deliveries.Add(1)
		} else if err != bufio.ErrBufferFull {
			return
		}
	}
}

func main() {
	servers := flag.String("servers", "", "comma separated https URLs")
	ca := flag.String("ca", "", "PEM file")
	certificate := flag.String("cert", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	op := flag.String("op", "create", "create | get | get0 | list | update | patch | apply | delete | watch")
	clients := flag.Int("clients", 1, "operations in flight")
	seconds := flag.Float64("seconds", 5, "how long")
	namespace := flag.String("namespace", "default", "of the pods")
	pod := flag.String("pod", "", "file: a pod as JSON, %s for its name")
	objects := flag.Int("objects", 0, "pods made before (list, delete)")
	limit := flag.Int("limit", 500, "of a list")
	watchers := flag.Int("watchers", 0, "watch: how many")
	flag.Parse()
	pool := x509.NewCertPool()
	text, err := os.ReadFile(*ca)
	fail(err)
	pool.AppendCertsFromPEM(text)
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	fail(err)
	template, err := os.ReadFile(*pod)
	fail(err)
	l := &load{
		servers:   strings.Split(*servers, ","),
		tls:       &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		namespace: *namespace,
		pod:       string(template),
		limit:     *limit,
	}
	workers := make([]*worker, *clients)
	for number := range workers {
		workers[number] = l.worker(number)
	}
	l.prepare(*op, workers, *objects)
	var deliveries atomic.Int64
	if *watchers > 0 {
		var ready sync.WaitGroup
		ready.Add(*watchers)
		for number := 0; number < *watchers; number++ {
			go l.watch(number, &ready, &deliveries)
		}
		ready.Wait()
		time.Sleep(300 * time.Millisecond)
		deliveries.Store(0)
	}
	l.bytes.Store(0)
	result := l.drive(workers, *op, *seconds, *objects)
	if *watchers > 0 {
		wanted := int64(*watchers) * int64(result.Operations)
		for limit := time.Now().Add(20 * time.Second); deliveries.Load() < wanted && time.Now().Before(limit); {
			time.Sleep(time.Millisecond)
			result.Seconds += 0.001
		}
		result.Deliveries = deliveries.Load()
	}
	result.Bytes = l.bytes.Load()
	line, _ := json.Marshal(result)
	fmt.Println(string(line))
}

func (l *load) drive(workers []*worker, op string, seconds float64, objects int) figures {
	began, used := time.Now(), processorSeconds()
	end := began.Add(time.Duration(seconds * float64(time.Second)))
	each := 1 << 62
	if op == "delete" {
		each = (objects + len(workers) - 1) / len(workers)
	}
	times := make([][]float64, len(workers))
	ends := make([][]float64, len(workers))
	var errors atomic.Int64
	var group sync.WaitGroup
	for at, one := range workers {
		group.Add(1)
		go func(at int, one *worker) {
			defer group.Done()
			operation := one.operation(op)
			for number := 0; number < each; number++ {
				start := time.Now()
				if !start.Before(end) {
					return
				}
				if err := operation(number); err != nil {
					if errors.Add(1) < 4 {
						fmt.Fprintln(os.Stderr, err)
					}
					time.Sleep(time.Millisecond)
					continue
				}
				now := time.Now()
				times[at] = append(times[at], now.Sub(start).Seconds()*1000)
				ends[at] = append(ends[at], now.Sub(began).Seconds())
			}
		}(at, one)
	}
	group.Wait()
	took := time.Since(began).Seconds()
	all, moments := []float64{}, []float64{0}
	for at := range workers {
		all = append(all, times[at]...)
		moments = append(moments, ends[at]...)
	}
	sort.Float64s(all)
	sort.Float64s(moments)
	result := figures{Operations: len(all), Errors: int(errors.Load()), Seconds: took, CPU: (processorSeconds() - used) / took}
	for at := 1; at < len(moments); at++ {
		if gap := (moments[at] - moments[at-1]) * 1000; gap > result.Gap {
			result.Gap = gap
		}
	}
	if len(all) > 0 {
		result.P50, result.P99, result.Max = all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	}
	return result
}
